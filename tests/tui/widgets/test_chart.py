from __future__ import annotations

import numpy as np
import pytest
from textual.app import App, ComposeResult

from arcade_dqn.tui.widgets.chart import Canvas, Chart, Plot, Trace, draw_plot


def trace(x: list[float], y: list[float], draw: str = "line", tone: str = "line") -> Trace:
    return Trace(np.array(x, np.float64), np.array(y, np.float64), draw, tone)  # type: ignore[arg-type]


def text(canvas: Canvas) -> list[str]:
    return ["".join(part for part, _ in row) for row in canvas.rows()]


def tones(canvas: Canvas, row: int) -> list[tuple[str, str]]:
    return canvas.rows()[row]


def test_axes_and_a_rising_line() -> None:
    canvas = draw_plot(Plot((trace([0, 10], [0, 10]),), x_high=10), 16, 5)
    lines = text(canvas)
    # Labels end beside the axis; ticks of 0 and 10 stand in the first and the last row of the plot.
    assert lines[0].startswith("   10┤")
    assert lines[3].startswith("    0┤")
    assert lines[4].startswith("     └0")
    # The line begins at the bottom left and ends at the top right.
    assert lines[3][6] != " "
    assert lines[0][15] != " "
    assert lines[0][6] == " "


def test_a_low_chart_has_a_scale_too() -> None:
    # Pong's: every other step of 20 would be outside.
    lines = text(draw_plot(Plot((trace([0, 10], [-21, -20]),), level=18.0, x_high=10), 40, 8))
    labels = [line[:6].strip() for line in lines[:7] if line[:6].strip("│ ")]
    assert labels == ["20┤", "0┤", "-20┤"]
    assert len([line for line in text(draw_plot(Plot((trace([0, 1], [0, 1]),)), 20, 2)) if "┤" in line]) == 1


def test_marks_lie_over_lines_and_levels_under_them() -> None:
    plot = Plot((trace([0, 10], [5, 5]), trace([9.9], [5], "marks", "mark")), level=5.0)
    canvas = draw_plot(plot, 10, 3, axes=False)
    row = next(row for row in range(3) if "◆" in text(canvas)[row])
    assert tones(canvas, row)[-1] == ("◆", "mark")
    assert tones(canvas, row)[0][1] == "line"
    assert not any("╌" in line for line in text(canvas))


def test_level_and_rule() -> None:
    canvas = draw_plot(Plot((trace([0, 10], [0, 0]),), level=10.0, rules=(5.0,), x_high=10), 10, 4, axes=False)
    assert ("╌╌╌╌╌╌╌╌╌╌", "level") in tones(canvas, 0)
    assert text(canvas)[1] == "     ┊    "


def test_raw_dots_give_way_to_the_line() -> None:
    plot = Plot((trace([0, 10], [1, 1], "dots", "raw"), trace([0, 10], [1, 1])))
    canvas = draw_plot(plot, 4, 2, axes=False)
    assert {tone for row in range(2) for _, tone in tones(canvas, row)} == {"", "line"}


@pytest.mark.parametrize(
    ("values", "level", "expected"),
    [([], None, (0, 1)), ([7], None, (3, 11)), ([0, 450], 475.0, (0, 500)), ([-200, -120], -110.0, (-200, -100))],
)
def test_range_of_values(values: list[float], level: float | None, expected: tuple[float, float]) -> None:
    assert Plot((trace(list(range(len(values))), values),), level).y_range() == pytest.approx(expected)


def test_values_that_are_not_finite_are_left_out() -> None:
    plot = Plot((trace([0, 1, 2], [1, float("nan"), 3]),))
    assert plot.y_range() == (0, 3)
    draw_plot(plot, 20, 5)


@pytest.mark.parametrize("size", [(0, 0), (3, 1), (7, 2), (200, 60)])
def test_any_size_can_be_drawn(size: tuple[int, int]) -> None:
    canvas = draw_plot(Plot((trace([0, 1e6], [-1e9, 1e9]),), level=0.0, rules=(3.0,)), *size)
    assert canvas.codes.shape == (size[1], size[0])


async def test_widget_shows_its_plot_and_says_when_it_is_empty() -> None:
    class Shown(App[None]):
        CSS = "Chart { width: 20; height: 6; }"

        def compose(self) -> ComposeResult:
            yield Chart(empty="nothing yet")

    async with Shown().run_test(size=(20, 6)) as pilot:
        chart = pilot.app.query_one(Chart)
        assert [chart.render_line(y).text.strip() for y in range(6)] == ["", "", "", "nothing yet", "", ""]
        chart.show(Plot((trace([0, 10], [0, 10]),)))
        await pilot.pause()
        lines = [chart.render_line(y).text for y in range(6)]
        assert lines[0].startswith("   10┤")
        assert lines == text(draw_plot(chart.plot, 20, 6))
