"""A power cut for tests: compile the disk layer, run a process under it, rewind after its kill.

    library = compile_layer(build)
    process = subprocess.Popen(..., env=launch_env(root, journal, library))
    process.kill(); process.wait()
    cut = power_cut(root, journal, random.Random(seed))

What `packaging/disk_layer/disk_layer.c` recorded and no fsync has forgotten is lost, in one of
the ways of a real disk: all of it; all but a prefix, the last write torn at a sector; or each
sector by itself, since caches are written back in any order. Names (files made, moved, removed)
come back in order, as a file system's own journal keeps them.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "packaging" / "disk_layer" / "disk_layer.c"
SECTOR = 512
MAGIC = struct.pack("=Q", 0x57A9D15C1A7E4C01)
HEAD = struct.Struct("=8sQQQQQ")
WAYS = ("drop", "prefix", "scatter")

CutAt = Callable[[int], int]


@dataclass(frozen=True)
class Undo:
    """One recorded change: at `offset`, `length` new bytes over `old`; the size before."""

    offset: int
    length: int
    old: bytes
    size: int


@dataclass(frozen=True)
class Cut:
    """What a power cut took: unsynced changes found, in how many files, names undone."""

    way: str
    changes: int
    files: int
    names: int


def compile_layer(build_dir: Path) -> Path:
    """Return the layer's library, compiled into `build_dir` where it is not up to date."""
    build_dir.mkdir(parents=True, exist_ok=True)
    library = build_dir / "libdisk_layer.so"
    if library.exists() and library.stat().st_mtime >= SOURCE.stat().st_mtime:
        return library
    fresh = build_dir / f"{library.name}.{random.getrandbits(32):08x}"
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-U_FORTIFY_SOURCE"]
    subprocess.run(
        ["gcc", *flags, "-o", fresh, SOURCE, "-lpthread"], check=True, capture_output=True
    )
    return fresh.replace(library)


def launch_env(
    root: Path, journal: Path, library: Path, kill_at: int | None = None
) -> dict[str, str]:
    """Return the environment of a process under the layer: ours and the layer's own.

    `root` is there; `journal` is made, outside it but on the same file system.

    With `kill_at` each process kills itself at that step of its own, where a step is the moment
    before or after a tracked write, sync, renaming and so on: kills from outside hardly ever
    meet the gap between a write and its sync.
    """
    if journal.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"The journal {journal} must lie outside {root}.")
    journal.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ) | {
        "LD_PRELOAD": str(library),
        "WANGGE_DISK_ROOT": str(root),
        "WANGGE_DISK_JOURNAL": str(journal),
    }
    return env if kill_at is None else env | {"WANGGE_DISK_KILL_AT": str(kill_at)}


def power_cut(root: Path, journal: Path, rng: random.Random, way: str | None = None) -> Cut:
    """Rewind `root` to what a disk might hold after a power cut; leaves an empty journal.

    Every process under the layer must be dead. `way` is one of WAYS, at random where None.
    """
    way = way or rng.choice(WAYS)
    names = _undo_names(journal, rng, way)
    changes = files = 0
    for path in _every_file(root, journal):
        log = journal / f"{path.stat().st_ino}.undo"
        if log.exists():
            undos = list(_read(log))
            if undos:
                _rewind(path, undos, rng, way)
                changes, files = changes + len(undos), files + 1
    for shared in root.rglob("*-shm"):
        shared.unlink()  # SQLite's index of the WAL lives in memory: a boot leaves none
    for leftover in journal.iterdir():
        leftover.unlink()
    return Cut(way, changes, files, names)


def _every_file(root: Path, journal: Path) -> Iterator[Path]:
    """Each file once, by one of its names."""
    seen = set()
    for path in [*sorted(root.rglob("*")), *sorted(journal.glob("backup-*"))]:
        if path.is_file() and path.stat().st_ino not in seen:
            seen.add(path.stat().st_ino)
            yield path


def _read(log: Path) -> Iterator[Undo]:
    """Read the records of one file; one torn by a kill is skipped, for its write never came."""
    content = log.read_bytes()
    at = 0
    while at + HEAD.size <= len(content):
        _magic, _kind, offset, length, old_length, size = HEAD.unpack_from(content, at)
        end = at + HEAD.size + old_length
        if end == len(content) or content.startswith(MAGIC, end):
            yield Undo(offset, length, content[at + HEAD.size : end], size)
            at = end
        else:
            at = content.find(MAGIC, at + 1)
            if at < 0:
                return


def _rewind(path: Path, undos: list[Undo], rng: random.Random, way: str) -> None:
    """Undo the changes of one file from the last to where each sector's cut stands."""
    cut_at, size = _cuts(undos, path.stat().st_size, rng, way)
    with path.open("r+b") as file:
        for number in range(len(undos) - 1, -1, -1):
            _undo(file.fileno(), undos[number], number, cut_at)
        file.truncate(size)


def _undo(fd: int, undo: Undo, number: int, cut_at: CutAt) -> None:
    """Put the old bytes back in the sectors whose cut lies at or before this change."""
    end = undo.offset + max(len(undo.old), undo.length)
    at = undo.offset
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        if cut_at(at // SECTOR) <= number:
            old = undo.old[at - undo.offset : upto - undo.offset]
            os.pwrite(fd, old.ljust(upto - at, b"\0"), at)
        at = upto


def _cuts(undos: list[Undo], size: int, rng: random.Random, way: str) -> tuple[CutAt, int]:
    """Return how many changes each sector keeps, and the size that the file keeps."""
    count = len(undos)
    sizes = [*(undo.size for undo in undos), size]
    if way == "drop":
        return (lambda _sector: 0), sizes[0]
    if way == "prefix":
        kept = rng.randrange(count)
        torn = undos[kept]
        end = torn.offset + torn.length
        tear = rng.choice(range(torn.offset // SECTOR, end // SECTOR + 1))
        grown = max(torn.size, min(end, tear * SECTOR)) if torn.length else torn.size
        return (lambda sector: kept + (sector < tear)), grown
    chosen: dict[int, int] = {}

    def scattered(sector: int) -> int:
        if sector not in chosen:
            chosen[sector] = rng.randint(0, count)
        return chosen[sector]

    return scattered, rng.choice(sizes)


def _undo_names(journal: Path, rng: random.Random, way: str) -> int:
    """Undo the last names made, moved and removed; return how many."""
    log = journal / "names"
    if not log.exists():
        return 0
    lines = [line for line in log.read_text("utf-8").splitlines(keepends=True) if line[-1] == "\n"]
    kept = 0 if way == "drop" else rng.randint(0, len(lines))
    for line in reversed(lines[kept:]):
        kind, *parts = line.rstrip("\n").split("\t")
        {"C": _undo_create, "R": _undo_rename, "U": _undo_unlink}[kind](*parts)
    return len(lines) - kept


def _undo_create(inode: str, name: str) -> None:
    path = Path(name)
    if path.exists() and path.stat().st_ino == int(inode):
        path.unlink()


def _undo_rename(old: str, new: str, backup: str) -> None:
    if backup != "-" and not Path(backup).exists():
        return  # killed in the midst of syncing the folder: the new name stands
    Path(new).replace(old)
    if backup != "-":
        Path(new).hardlink_to(backup)


def _undo_unlink(name: str, backup: str) -> None:
    if Path(backup).exists() and not Path(name).exists():
        Path(name).hardlink_to(backup)
