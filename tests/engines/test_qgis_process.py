"""Rules of the QGIS process, against the real one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import re
import resource
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from app.domain.errors import InvalidInput, NotFound, StorageFailure, Unavailable
from app.domain.geodesy import CityFrame
from app.engines.qgis_client import FramePool, QgisProcess, available
from app.engines.qgis_protocol import (
    Column,
    Figure,
    LayerStyle,
    LegendEntry,
    MapSource,
    Row,
    Sheet,
    View,
)
from app.engines.qgis_supervisor import Limits, QgisState, QgisStatus
from tests.support.logs import ExpectedLogs

pytestmark = pytest.mark.qgis

FRAME = CityFrame(121 + 28 / 60, 31.2304)
VIEW = View((-200, -100, 200, 100), FRAME.lon0, FRAME.lat0)
RED = LayerStyle("area", "area", "#ff0000")
TITLE = "南京东路街道案件清单"
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'part'"
PATIENCE = 30


class Watched:
    """A QGIS process whose states can be waited for."""

    def __init__(self, **settings: object) -> None:
        self.seen: queue.Queue[QgisStatus] = queue.Queue()
        self.process = QgisProcess(on_status=self.seen.put, **settings)  # type: ignore[arg-type]

    def wait(self, wanted: Callable[[QgisStatus], bool]) -> QgisStatus:
        while True:
            status = self.seen.get(timeout=PATIENCE)
            if wanted(status):
                return status

    def pid(self) -> int:
        return self.process.hello().result(PATIENCE).pid


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GeoPackage 1.2 with one square of 100 m whose corner is the city's middle."""
    path = tmp_path_factory.mktemp("city") / "map.gpkg"
    xs, ys = np.array([0.0, 100, 100, 0]), np.array([0.0, 0, 100, 100])
    square = shapely.Polygon(np.column_stack(FRAME.to_lonlat(xs, ys)))
    areas = geopandas.GeoDataFrame({"name": ["东北"]}, geometry=[square], crs=4326)
    points = shapely.points(np.full(3, FRAME.lon0), np.full(3, FRAME.lat0))
    parts = geopandas.GeoDataFrame({"class": [1, 2, 3]}, geometry=points, crs=4326)
    version = {"VERSION": "1.2"}
    pyogrio.write_dataframe(areas, path, layer="area", dataset_options=version)
    pyogrio.write_dataframe(parts, path, layer="part", dataset_options=version)
    return path


@pytest.fixture(scope="module")
def shared() -> Iterator[QgisProcess]:
    """One process for the tests that leave it alive."""
    process = QgisProcess()
    process.start()
    yield process
    process.close()


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    made.process.start()
    yield made
    made.process.close()


def sheet(city: Path, rows: int = 3) -> Sheet:
    marks = [
        LegendEntry("正常处置", "circle", "#3FB68B"),
        LegendEntry("紧急", "diamond", "#F85149"),
    ]
    return Sheet(
        title=TITLE,
        subtitle="黄浦区 · 早班",
        date="2026-11-23 14:32",
        view=VIEW,
        source=MapSource(city, [RED]),
        legend=[*marks, LegendEntry("街镇", "area", "#ff0000")],
        figures=[Figure("3", "超期", "#F0883E")],
        columns=[Column("案件号", 1), Column("地点", 2), Column("时限", 1, "right")],
        rows=[
            Row((f"案{n}", "汾阳路 150 号长附近", "剩 42 分"), marks[n % 2]) for n in range(rows)
        ],
        dpi=96,
    )


def pixel(pixels: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    """Blue, green, red, alpha at local metres of VIEW."""
    height, width = pixels.shape[:2]
    column, row = int((x + 200) / 400 * width), int((100 - y) / 200 * height)
    return tuple(int(value) for value in pixels[row, column])


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        file.name: (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in folder.iterdir()
    }


def pdf_letters(path: Path) -> set[str]:
    """Every letter that a reader finds when searching the PDF: its fonts' text maps."""
    maps = re.findall(rb"beginbfrange(.*?)endbfrange", path.read_bytes(), re.DOTALL)
    codes = re.findall(rb"<([0-9A-F]{4})>", b"".join(maps))
    return {chr(int(code, 16)) for code in codes}


def pdf_pages(path: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))


def test_that_qgis_says_who_it_is_and_has_the_chinese_font(shared: QgisProcess) -> None:
    versions = shared.hello().result(PATIENCE)
    assert versions.qgis.startswith("3.")
    assert versions.font_found
    assert available() == (True, "")


def test_that_pixels_arrive_where_the_city_frame_puts_them(shared: QgisProcess, city: Path) -> None:
    frame = shared.render(MapSource(city, [RED]), VIEW, 400, 200).result(PATIENCE)
    assert frame.pixels.shape == (200, 400, 4)
    red, white = (0, 0, 255, 255), (255, 255, 255, 255)
    assert [pixel(frame.pixels, x, y) for x, y in ((3, 3), (97, 97))] == [red, red]
    outside = ((-3, 3), (3, -3), (103, 97))
    assert [pixel(frame.pixels, x, y) for x, y in outside] == [white] * 3


def test_that_a_heading_turns_the_map_clockwise_under_the_camera(
    shared: QgisProcess, city: Path
) -> None:
    east_up = View(VIEW.extent, VIEW.lon0, VIEW.lat0, heading=90)
    frame = shared.render(MapSource(city, [RED]), east_up, 400, 200).result(PATIENCE)
    assert pixel(frame.pixels, -50, 50) == (0, 0, 255, 255)
    assert pixel(frame.pixels, 50, 50) == (255, 255, 255, 255)


def test_that_drawing_and_opening_leave_the_map_file_as_it_was(
    shared: QgisProcess, city: Path
) -> None:
    before = contents(city.parent)
    shared.render(MapSource(city, [RED]), VIEW, 64, 32).result(PATIENCE)
    shared.open_project(city).result(PATIENCE)
    assert contents(city.parent) == before


def test_that_qgis_opens_our_geopackage(shared: QgisProcess, city: Path) -> None:
    report = shared.open_project(city).result(PATIENCE)
    assert [layer.name for layer in report.layers] == ["area", "part"]
    for layer, count in zip(report.layers, (1, 3), strict=True):
        assert layer.valid, layer.error
        assert (layer.features, layer.crs) == (count, "EPSG:4326")
        assert layer.first_feature_read
        assert layer.spatial_index


def test_that_rows_that_still_stand_in_the_wal_are_seen(
    shared: QgisProcess, city: Path, tmp_path: Path
) -> None:
    busy = tmp_path / "map.gpkg"
    shutil.copy(city, busy)
    with contextlib.closing(sqlite3.connect(busy)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        for trigger in writer.execute(TRIGGERS).fetchall():
            writer.execute(f"DROP TRIGGER {trigger[0]}")
        writer.execute("INSERT INTO part (class, geom) SELECT class, geom FROM part")
        writer.execute("UPDATE gpkg_ogr_contents SET feature_count = NULL")
        writer.commit()
        counts = [layer.features for layer in shared.open_project(busy).result(PATIENCE).layers]
    assert counts == [1, 6]


def test_that_a_file_that_is_no_map_is_refused(shared: QgisProcess, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.gpkg"
    rubbish.write_bytes(b"rubbish" * 100)
    with pytest.raises(InvalidInput, match=r"rubbish\.gpkg"):
        shared.open_project(rubbish).result(PATIENCE)
    with pytest.raises(NotFound):
        shared.open_project(tmp_path / "none.qgz").result(PATIENCE)


def test_that_a_wrong_layer_or_condition_is_refused_by_name(
    shared: QgisProcess, city: Path
) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        shared.render(MapSource(city, [LayerStyle("nowhere", "area", "#fff")]), VIEW, 9, 9).result(
            PATIENCE
        )
    wrong = LayerStyle("area", "area", "#ffffff", where="no such column = 1")
    with pytest.raises(InvalidInput) as refused:
        shared.render(MapSource(city, [wrong]), VIEW, 9, 9).result(PATIENCE)
    assert refused.value.field == "where"


def test_that_a_sheet_is_a_pdf_with_chinese_text_in_embedded_fonts(
    shared: QgisProcess, city: Path, tmp_path: Path
) -> None:
    printed = shared.print_sheet(sheet(city, rows=60), tmp_path / "清单.pdf").result(PATIENCE)
    (file,) = printed.files
    assert file == tmp_path / "清单.pdf"
    assert pdf_pages(file) == printed.pages > 1
    content = file.read_bytes()
    assert content.count(b"/FontFile2") == 2
    assert b"NotoSansCJK" in content
    assert set(TITLE + "示意图例汾阳路剩分米黄浦区长") <= pdf_letters(file)
    assert list(tmp_path.iterdir()) == [file]


def test_that_a_sheet_is_a_png_a_page_and_shows_map_and_title(
    shared: QgisProcess, city: Path, tmp_path: Path
) -> None:
    printed = shared.print_sheet(sheet(city, rows=60), tmp_path / "list.png").result(PATIENCE)
    assert [file.name for file in printed.files][:2] == ["list.png", "list_2.png"]
    assert len(printed.files) == printed.pages
    assert sorted(tmp_path.iterdir()) == sorted(printed.files)


def test_that_the_windows_own_picture_is_printed(
    shared: QgisProcess, city: Path, tmp_path: Path
) -> None:
    picture = shared.print_sheet(sheet(city), tmp_path / "window.png").result(PATIENCE).files[0]
    width, height = 1123, 794
    view = View((0, 0, width, height), FRAME.lon0, FRAME.lat0)
    windowed = Sheet(**vars(sheet(city)) | {"image": picture.read_bytes(), "view": view})
    printed = shared.print_sheet(windowed, tmp_path / "sheet.pdf").result(PATIENCE)
    content = printed.files[0].read_bytes()
    assert content.count(b"/Subtype /Image") >= 1
    assert len(content) > 20_000


def test_that_a_broken_picture_is_refused_and_leaves_nothing(
    shared: QgisProcess, city: Path, tmp_path: Path
) -> None:
    head = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d49484452 00000190 000000c8") + b"junk"
    broken = Sheet(**vars(sheet(city)) | {"image": head})
    with pytest.raises(InvalidInput) as refused:
        shared.print_sheet(broken, tmp_path / "sheet.pdf").result(PATIENCE)
    assert refused.value.field == "image"
    assert list(tmp_path.iterdir()) == []


def test_that_a_folder_that_is_not_there_is_told_before_printing(
    shared: QgisProcess, city: Path, tmp_path: Path
) -> None:
    with pytest.raises(StorageFailure) as failed:
        shared.print_sheet(sheet(city), tmp_path / "none" / "sheet.pdf")
    assert failed.value.field == "path"


def test_that_a_full_disk_leaves_no_half_pdf(watched: Watched, city: Path, tmp_path: Path) -> None:
    resource.prlimit(watched.pid(), resource.RLIMIT_FSIZE, (4096, 4096))
    old = tmp_path / "sheet.pdf"
    old.write_bytes(b"the sheet of yesterday")
    with pytest.raises((StorageFailure, Unavailable)):
        watched.process.print_sheet(sheet(city), old).result(PATIENCE)
    assert contents(tmp_path).keys() == {"sheet.pdf"}
    assert old.read_bytes() == b"the sheet of yesterday"


def test_that_the_next_call_succeeds_after_a_kill_and_the_restart_is_told(
    watched: Watched, city: Path, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("QGIS stopped")
    first = watched.pid()
    os.kill(first, signal.SIGKILL)
    frame = watched.process.render(MapSource(city, [RED]), VIEW, 400, 200).result(PATIENCE)
    assert pixel(frame.pixels, 50, 50) == (0, 0, 255, 255)
    status = watched.process.status
    assert status.restarts == 1
    assert status.pid != first


def test_that_a_call_that_meets_a_crash_is_tried_once_more(
    watched: Watched, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("QGIS stopped")
    pid = watched.pid()
    os.kill(pid, signal.SIGSTOP)
    call = watched.process.hello()
    os.kill(pid, signal.SIGKILL)
    assert call.result(PATIENCE).pid != pid


def test_that_a_call_that_kills_qgis_twice_fails_and_the_next_one_works(
    watched: Watched, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("QGIS stopped")
    call = None
    for _ in range(2):
        status = watched.wait(lambda status: status.state is QgisState.READY)
        assert status.pid is not None
        os.kill(status.pid, signal.SIGSTOP)
        call = call or watched.process.hello()
        watched.wait(lambda status: status.state is QgisState.BUSY)
        os.kill(status.pid, signal.SIGKILL)
    assert call is not None
    with pytest.raises(Unavailable, match="SIGKILL"):
        call.result(PATIENCE)
    assert watched.process.hello().result(PATIENCE).qgis
    assert watched.process.status.restarts == 2


def test_that_a_newer_picture_cancels_a_stale_one(watched: Watched, city: Path) -> None:
    pid = watched.pid()
    source = MapSource(city, [RED])
    os.kill(pid, signal.SIGSTOP)
    stale = [watched.process.render(source, VIEW, 400, 200) for _ in range(3)]
    other = watched.process.render(source, VIEW, 40, 20, lane="overview")
    newest = watched.process.render(source, VIEW, 400, 200)
    for call in stale:
        with pytest.raises(CancelledError):
            call.result(PATIENCE)
    os.kill(pid, signal.SIGCONT)
    assert newest.result(PATIENCE).pixels.shape == (200, 400, 4)
    assert other.result(PATIENCE).pixels.shape == (20, 40, 4)
    assert watched.process.status.restarts == 0


def test_that_a_cancelled_call_frees_the_way_for_the_next(watched: Watched, city: Path) -> None:
    call = watched.process.render(MapSource(city, [RED]), VIEW, 4000, 2000)
    assert call.cancel()
    assert watched.process.hello().result(PATIENCE).qgis
    assert watched.process.status.restarts == 0


def test_that_a_call_that_hangs_is_timed_out_and_qgis_replaced(
    watched: Watched, city: Path, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("did not answer")
    pid = watched.pid()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Unavailable, match=r"within 0\.2 s"):
        watched.process.open_project(city, timeout_s=0.2).result(PATIENCE)
    assert watched.pid() != pid
    assert watched.process.status.restarts == 1


def test_that_a_process_that_computes_past_its_time_is_waited_for(
    watched: Watched, city: Path
) -> None:
    pid = watched.pid()
    picture = watched.process.render(
        MapSource(city, [RED]), VIEW, 4000, 4000, timeout_s=0.05
    ).result(PATIENCE)
    assert picture.pixels.shape == (4000, 4000, 4)
    assert watched.pid() == pid


def test_that_a_process_without_a_heartbeat_is_replaced(expected_logs: ExpectedLogs) -> None:
    expected_logs.expect("no sign of life")
    watched = Watched(limits=Limits(heartbeat_s=2.0))
    watched.process.start()
    try:
        pid = watched.pid()
        os.kill(pid, signal.SIGSTOP)
        status = watched.wait(lambda status: status.restarts == 1 and status.pid is not None)
        assert status.pid != pid
    finally:
        watched.process.close()


@pytest.mark.parametrize(
    ("python", "reason"), [(Path("/no/python3"), "No such file"), (Path(sys.executable), "qgis")]
)
def test_that_a_missing_qgis_is_a_state_with_its_reason(
    python: Path, reason: str, city: Path, expected_logs: ExpectedLogs
) -> None:
    expected_logs.allow("QGIS stopped")
    watched = Watched(python=python)
    watched.process.start()
    try:
        call = watched.process.render(MapSource(city, [RED]), VIEW, 40, 20)
        with pytest.raises(Unavailable, match=reason) as failed:
            call.result(PATIENCE)
        assert "apt-get install python3-qgis" in failed.value.advice
        assert watched.process.state is QgisState.UNAVAILABLE
        with pytest.raises(Unavailable):
            watched.process.hello().result(PATIENCE)
    finally:
        watched.process.close()


def test_that_a_python_that_is_not_there_is_not_available() -> None:
    there, reason = available(Path("/no/python3"))
    assert not there
    assert "/no/python3" in reason


def test_that_closing_fails_what_waits_and_ends_the_process(watched: Watched) -> None:
    pid = watched.pid()
    os.kill(pid, signal.SIGSTOP)
    waiting = [watched.process.hello() for _ in range(2)]
    os.kill(pid, signal.SIGCONT)
    watched.process.close()
    watched.process.close()
    assert all(call.done() for call in waiting)
    assert not Path(f"/proc/{pid}").exists()
    assert watched.process.state is QgisState.STOPPED
    with pytest.raises(Unavailable, match="not started"):
        watched.process.hello().result(PATIENCE)


def test_that_qgis_dies_with_a_killed_desk() -> None:
    program = (
        "import sys; from app.engines.qgis_client import QgisProcess\n"
        "process = QgisProcess(); process.start()\n"
        "print(process.hello().result(30).pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as desk:
        assert desk.stdout is not None
        pidfd = os.pidfd_open(int(desk.stdout.readline()))
        desk.kill()
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        assert poll.poll(PATIENCE * 1000)
        os.close(pidfd)


def test_that_a_frame_keeps_its_memory_while_anybody_looks_at_it() -> None:
    pool = FramePool()
    first, fd = pool.take(8, 4)
    os.close(fd)
    first[:] = 7
    corner = first[0:1]
    del first
    second, fd = pool.take(8, 4)
    os.close(fd)
    second[:] = 9
    assert (corner == 7).all()
    del corner
    third, fd = pool.take(8, 4)
    os.close(fd)
    assert (third[1:, 1:] == 7).all()
    pool.clear()
