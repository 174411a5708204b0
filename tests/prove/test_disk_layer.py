"""The disk layer loses what was not synced and nothing else: it bites, and only there."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlcipher3

from tests.prove.disk import WAYS, Cut, compile_layer, launch_env, power_cut
from tests.support.proof import Proof

ROOT = Path(__file__).resolve().parents[2]
WRITER = Path(__file__).with_name("disk") / "writer.py"
KEY = "x'" + "2dd29ca8" * 8 + "'"  # a raw key: deriving one takes longer than the trial


@dataclass(frozen=True)
class Disk:
    """A folder on the forgetful disk."""

    root: Path
    journal: Path
    library: Path

    def run(self, program: str) -> None:
        """Run a Python program under the layer, in the root; it ends as if killed."""
        env = launch_env(self.root, self.journal, self.library)
        subprocess.run(
            [sys.executable, "-S", "-c", f"import os\n{program}\nos._exit(0)"],
            env=env,
            cwd=self.root,
            check=True,
        )

    def commit_until_killed(
        self, synchronous: str, first: int, rows: int, key: str, kill_at: int | None = None
    ) -> int:
        """Have the writer commit from `first` on; return the last row it told, or first - 1.

        It is killed after `rows` rows, or kills itself at its step `kill_at`.
        """
        env = launch_env(self.root, self.journal, self.library, kill_at)
        arguments = [self.root / "log.db", synchronous, str(first), key]
        with subprocess.Popen(
            [sys.executable, WRITER, *arguments], env=env, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            told = b"".join(process.stdout.readline() for _ in range(rows))
            process.kill()
            told += process.stdout.read()
        assert process.returncode == -signal.SIGKILL
        numbers = told.decode().split("\n")[:-1]
        return int(numbers[-1]) if numbers else first - 1

    def empty(self) -> int:
        """Remove all files; return the last row told, which is none."""
        for old in self.root.iterdir():
            old.unlink()
        return 0

    def cut(self, seed: int, way: str | None = None) -> Cut:
        return power_cut(self.root, self.journal, random.Random(seed), way)

    def stored(self, key: str) -> tuple[list[int], str]:
        """Return the rows and what SQLite's integrity check says, as after a boot."""
        database = sqlcipher3.connect(str(self.root / "log.db"))
        try:
            if key:
                database.execute(f'PRAGMA key = "{key}"')
            rows = database.execute("SELECT number FROM step ORDER BY number").fetchall()
            (check,) = database.execute("PRAGMA integrity_check").fetchone()
        finally:
            database.close()
        return [row[0] for row in rows], check


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """An empty folder, its journal beside it, and the compiled layer."""
    made = Disk(tmp_path / "city", tmp_path / "journal", compile_layer(ROOT / "build/disk_layer"))
    made.root.mkdir()
    return made


def test_that_an_unsynced_write_is_lost_and_a_synced_one_stays(disk: Disk) -> None:
    disk.run(
        "fd = os.open('a', os.O_CREAT | os.O_RDWR); os.write(fd, b'kept' * 1000); os.fsync(fd)\n"
        "os.pwrite(fd, b'lost', 8); os.ftruncate(fd, 16); os.write(fd, b'more')"
    )
    assert (disk.root / "a").read_bytes()[8:12] == b"lost"
    assert disk.cut(0, "drop").changes == 3
    assert (disk.root / "a").read_bytes() == b"kept" * 1000
    assert list(disk.journal.iterdir()) == []


def test_that_a_file_that_was_never_synced_is_gone(disk: Disk) -> None:
    disk.run("open('a', 'w').write('never')")
    disk.cut(0, "drop")
    assert list(disk.root.iterdir()) == []


def test_that_a_prefix_is_kept_and_the_last_write_torn_at_a_sector(disk: Disk) -> None:
    seen = set()
    for seed in range(30):
        (disk.root / "a").unlink(missing_ok=True)
        disk.run(
            "fd = os.open('a', os.O_CREAT | os.O_RDWR); os.write(fd, b'o' * 4096); os.fsync(fd)\n"
            "[os.pwrite(fd, letter * 2048, at) for at, letter in ((0, b'1'), (1024, b'2'))]"
        )
        disk.cut(seed, "prefix")
        content = (disk.root / "a").read_bytes()
        sectors = "".join(chr(content[at]) for at in range(0, 4096, 512))
        assert all(
            content[at : at + 512] == content[at : at + 1] * 512 for at in range(0, 4096, 512)
        )
        seen.add(sectors)
    allowed = {"1" * torn + "o" * (8 - torn) for torn in range(5)}
    allowed |= {"11" + "2" * torn + ("11oooo"[torn:]) for torn in range(5)}
    assert seen <= allowed
    assert len(seen) > 4


def test_that_scattered_sectors_each_keep_a_prefix_of_their_own(disk: Disk) -> None:
    disk.run(
        "fd = os.open('a', os.O_CREAT | os.O_RDWR); os.write(fd, b'0' * 51200); os.fsync(fd)\n"
        "[os.pwrite(fd, b'%d' % turn * 51200, 0) for turn in range(1, 6)]"
    )
    disk.cut(4, "scatter")
    content = (disk.root / "a").read_bytes()
    sectors = [content[at : at + 512] for at in range(0, 51200, 512)]
    assert all(sector == sector[:1] * 512 for sector in sectors)
    assert {sector[:1] for sector in sectors} == {b"%d" % turn for turn in range(6)}


@pytest.mark.parametrize("synced", [False, True])
def test_that_a_rename_stands_only_when_its_folder_was_synced(disk: Disk, synced: bool) -> None:
    disk.run(
        "for name in ('old', 'new'):\n"
        "    fd = os.open(name, os.O_CREAT | os.O_WRONLY); os.write(fd, name.encode())\n"
        "    os.fsync(fd)\n"
        "os.replace('new', 'old')\n" + ("os.fsync(os.open('.', os.O_RDONLY))" if synced else "")
    )
    disk.cut(0, "drop")
    names = {path.name: path.read_text() for path in disk.root.iterdir()}
    assert names == ({"old": "new"} if synced else {"old": "old", "new": "new"})


@pytest.mark.parametrize("synced", [False, True])
def test_that_a_removal_stands_only_when_its_folder_was_synced(disk: Disk, synced: bool) -> None:
    disk.run(
        "fd = os.open('a', os.O_CREAT | os.O_WRONLY); os.write(fd, b'old'); os.fsync(fd)\n"
        "os.unlink('a')\n" + ("os.fsync(os.open('.', os.O_RDONLY))" if synced else "")
    )
    disk.cut(0, "drop")
    assert [path.read_text() for path in disk.root.iterdir()] == ([] if synced else ["old"])


def test_that_a_file_cut_to_nothing_on_opening_comes_back(disk: Disk) -> None:
    (disk.root / "a").write_text("the old text")
    disk.run("os.open('a', os.O_TRUNC | os.O_WRONLY)")
    assert (disk.root / "a").read_text() == ""
    disk.cut(0, "drop")
    assert (disk.root / "a").read_text() == "the old text"


def test_that_files_elsewhere_are_left_alone(disk: Disk) -> None:
    disk.run("open('../beside', 'w').write('mine')")
    assert disk.cut(0, "drop") == Cut("drop", 0, 0, 0)
    assert (disk.root.parent / "beside").read_text() == "mine"


def test_that_one_process_syncs_what_another_wrote(disk: Disk) -> None:
    disk.run("fd = os.open('a', os.O_CREAT | os.O_WRONLY); os.write(fd, b'of both')")
    disk.run("os.fsync(os.open('a', os.O_RDONLY))")
    disk.cut(0, "drop")
    assert (disk.root / "a").read_text() == "of both"


def test_that_copies_by_the_kernel_are_seen(disk: Disk) -> None:
    (disk.root / "a").write_text("source")
    disk.run(
        "fds = [os.open(name, os.O_CREAT | os.O_RDWR) for name in 'abc']; os.fsync(fds[1])\n"
        "os.fsync(fds[2]); os.sendfile(fds[1], fds[0], 0, 6)\n"
        "os.writev(fds[2], [b'so', b'urce'])"
    )
    assert [(disk.root / name).read_text() for name in "abc"] == ["source"] * 3
    disk.cut(0, "drop")
    assert [(disk.root / name).read_text() for name in "abc"] == ["source", "", ""]


def test_that_a_record_torn_by_a_kill_is_skipped(disk: Disk) -> None:
    write = "fd = os.open('a', os.O_RDWR); os.pwrite(fd, b'lost' * 30, 0)"
    (disk.root / "a").write_bytes(b"kept" * 100)
    disk.run(write)
    (log,) = disk.journal.glob("*.undo")
    log.write_bytes(log.read_bytes() + log.read_bytes()[:70])
    disk.run(write.replace("0)", "8)"))
    assert disk.cut(0, "drop").changes == 2
    assert (disk.root / "a").read_bytes() == b"kept" * 100


def test_that_a_journal_inside_the_root_is_refused(disk: Disk) -> None:
    with pytest.raises(ValueError, match="outside"):
        launch_env(disk.root, disk.root / "journal", disk.library)


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "encrypted"])
def test_that_no_commit_under_full_sync_is_lost(
    disk: Disk, key: str, proof: Callable[..., Proof]
) -> None:
    """A row told to be committed is there after kill and power cut, and none is half there."""
    trials = proof(f"disk_full_{'encrypted' if key else 'plain'}", full=500, quick=50)
    told = 0
    for trial in trials:
        if trial % 25 == 0:
            told = disk.empty()
        rng = random.Random(trial)
        kill_at = rng.randint(1, 300) if trial % 4 else None
        rows = rng.randint(1, 60) if kill_at is None else 1000
        told = disk.commit_until_killed("FULL", told + 1, rows, key, kill_at)
        cut = disk.cut(trial)
        if told == 0 and kill_at is not None:
            trials.record(trial, lost=0, check="ok", way=cut.way, changes=cut.changes)
            continue  # killed before the first commit: there need not even be a table
        stored, check = disk.stored(key)
        lost = set(range(1, told + 1)) - set(stored)
        trials.record(trial, lost=len(lost), check=check, way=cut.way, changes=cut.changes)
        assert (lost, check) == (set(), "ok"), cut
        told = stored[-1]
    rows_of = trials.rows()
    assert {row["way"] for row in rows_of} == set(WAYS)
    assert sum(row["changes"] > 0 for row in rows_of) > len(rows_of) / 4


def test_that_under_normal_sync_commits_are_lost_but_none_by_half(disk: Disk) -> None:
    """The layer loses no more than a disk may: NORMAL promises a sound file, not the last rows."""
    missing = 0
    for trial in range(6):
        told = disk.commit_until_killed("NORMAL", 1, 60, "")
        disk.cut(trial, "drop")
        rows, check = disk.stored("")
        assert check == "ok"
        assert rows == list(range(1, len(rows) + 1))
        missing += len(rows) < told
        disk.empty()
    assert missing > 0


def test_that_without_sync_the_same_harness_loses_commits(disk: Disk) -> None:
    """The layer bites: what no fsync asked for is gone, and is missed."""
    harmed = 0
    for trial in range(6):
        disk.empty()
        told = disk.commit_until_killed("OFF", 1, 30, "")
        assert disk.cut(trial).changes > 0
        try:
            rows, check = disk.stored("")
        except sqlcipher3.DatabaseError:
            harmed += 1
        else:
            harmed += rows != list(range(1, told + 1)) or check != "ok"
    assert harmed == 6
