from __future__ import annotations

import math

import pytest
from textual.app import App, ComposeResult

from arcade_dqn.tui.widgets.gauge import Gauge, bar_text, mark_cell
from arcade_dqn.tui.widgets.progress import ProgressLine, duration


@pytest.mark.parametrize(
    ("share", "width", "text"),
    [
        (0.0, 4, "    "),
        (1.0, 4, "████"),
        (0.5, 4, "██  "),
        # 0.3 of 5 cells are 12 eighths: one whole cell and a half.
        (0.3, 5, "█▌   "),
        (1 / 8, 1, "▏"),
        (2.0, 3, "███"),
        (-1.0, 3, "   "),
        (math.nan, 3, "   "),
        (0.5, 0, ""),
    ],
)
def test_bar(share: float, width: int, text: str) -> None:
    assert bar_text(share, width) == text


@pytest.mark.parametrize(("mark", "width", "cell"), [(0.0, 10, 0), (0.1, 10, 0), (0.15, 10, 1), (1.0, 10, 9)])
def test_mark(mark: float, width: int, cell: int) -> None:
    assert mark_cell(mark, width) == cell


class Shown(App[None]):
    CSS = "Gauge, ProgressLine { width: 20; }"

    def compose(self) -> ComposeResult:
        yield Gauge("Replay")
        yield ProgressLine()


async def test_gauge_with_its_mark() -> None:
    async with Shown().run_test(size=(20, 4)) as pilot:
        gauge = pilot.app.query_one(Gauge)
        gauge.set(0.5, "250 / 500", mark=0.2)
        assert gauge.render_line(0).text == "Replay     250 / 500"
        assert gauge.render_line(1).text == "███┃██████" + " " * 10
        gauge.set(0.1, "50 / 500", mark=0.2, caption="Replay, filling")
        assert gauge.render_line(1).text == "██ ┃" + " " * 16
        assert gauge.render_line(0).text == "Replay, filling     "
        gauge.set(0.1, "50 / 500", mark=0.2, caption="Replay, filling", shorter="50")
        assert gauge.render_line(0).text == "Replay, filling   50"


async def test_progress_line() -> None:
    async with Shown().run_test(size=(80, 4)) as pilot:
        line = pilot.app.query_one(ProgressLine)
        line.styles.width = 70
        await pilot.pause()
        line.set("TRAINING", "agent", 5_000, 10_000, 65.0, 1_234.0)
        text = "5,000 / 10,000  50%  ETA 1:05  1,234 steps/s"
        assert line.text == f"TRAINING  {text}"
        # 70 cells less the words and 6 of space are 12, half of them filled.
        room = 70 - len("TRAINING") - len(text) - 6
        assert line.render_line(0).text == f" TRAINING  {'█' * (room // 2):<{room}}  {text} "


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "0:05"), (65.4, "1:05"), (3_700, "1:01:40"), (200_000, "55:33:20"), (500_000, "5 d 18 h")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(math.nan) == "-"
