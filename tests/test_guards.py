"""The guards of tests/support themselves: what leaks, warns or talks fails its test."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONFTEST = """
pytest_plugins = [
    "tests.support.logs", "tests.support.threads", "tests.support.qt",
    "tests.support.shared", "tests.support.proof",
]
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Make an empty suite that has our guards."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nfilterwarnings = error\nqt_log_level_fail = WARNING\n")
    return pytester


def outcome(suite: pytest.Pytester, *args: str) -> tuple[int, int, str]:
    """Run the suite; return how many passed, how many did not, and what was printed."""
    result = suite.runpytest_subprocess("-p", "no:cacheprovider", *args)
    counts = result.parseoutcomes()
    return (
        counts.get("passed", 0),
        counts.get("failed", 0) + counts.get("errors", 0),
        result.stdout.str(),
    )


def test_that_an_unannounced_warning_in_the_log_fails(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import logging

        def test_talks():
            logging.getLogger("city").warning("the disk is nearly full")
        """
    )
    _, bad, text = outcome(suite)
    assert bad == 1
    assert "the disk is nearly full" in text


def test_that_an_announced_log_line_must_come_and_may_come(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import logging

        def test_comes(expected_logs):
            expected_logs.expect("nearly full")
            logging.getLogger("city").warning("the disk is nearly full")

        def test_stays_away(expected_logs):
            expected_logs.expect("nearly full")

        def test_may_stay_away(expected_logs):
            expected_logs.allow("nearly full")
        """
    )
    passed, bad, text = outcome(suite)
    assert (passed, bad) == (3, 1)
    assert "did not come" in text


def test_that_a_thread_left_running_fails(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import threading

        def test_leaves_a_thread():
            threading.Thread(target=threading.Event().wait, name="forgotten", daemon=True).start()

        def test_waits_for_its_thread():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
        """
    )
    passed, bad, text = outcome(suite)
    assert (passed, bad) == (2, 1)
    assert "forgotten" in text


def test_that_what_qt_leaves_behind_fails(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        from PySide6.QtCore import QThread, QTimer
        from PySide6.QtWidgets import QLabel, QWidget

        KEPT = []

        def test_leaves_a_window(qapp):
            KEPT.append(QLabel("left over"))
            KEPT[-1].setWindowTitle("left over")
            KEPT[-1].show()

        def test_leaves_a_timer(qapp):
            KEPT.append(QTimer())
            KEPT[-1].start(1000)

        def test_leaves_a_qthread(qapp):
            KEPT.append(QThread())
            KEPT[-1].start()

        def test_is_tidy(qtbot):
            window = QWidget()
            qtbot.addWidget(window)
            QTimer(window).start(10)
            window.show()

        def test_leaves_a_cycle_only(qapp):
            window = QWidget()
            window.me = window
        """
    )
    passed, bad, text = outcome(suite)
    assert (passed, bad) == (5, 3)
    for word in ("title 'left over'", "active timer", "running thread"):
        assert word in text


def test_that_a_warning_of_qt_or_python_fails(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import warnings
        from PySide6.QtCore import qWarning

        def test_qt_warns(qapp):
            qWarning("a pixmap is null")

        def test_python_warns():
            warnings.warn("old name", DeprecationWarning)
        """
    )
    assert outcome(suite)[:2] == (0, 2)


def test_that_real_data_are_demanded_in_ci_and_left_out_elsewhere(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.makepyfile(
        """
        def test_reads_real_data(shared_data):
            assert shared_data.is_dir()

        def test_needs_none():
            pass
        """
    )
    monkeypatch.setenv("WANGGE_SHARED_DATA", str(suite.path / "nowhere"))
    monkeypatch.setenv("CI", "true")
    assert "1 tests need the real data" in "".join(outcome_with_errors(suite))
    monkeypatch.setenv("CI", "")
    passed, bad, text = outcome(suite)
    assert (passed, bad) == (1, 0)
    assert "1 deselected" in text
    assert "were left out" in text


def outcome_with_errors(suite: pytest.Pytester) -> tuple[str, str]:
    """Run the suite; return what it printed to both streams."""
    result = suite.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    return result.stdout.str(), result.stderr.str()
