"""Pixels, where a picture has to tell a number exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pygame
import pytest

from arcade_dqn.stage import palette
from arcade_dqn.window.panel.bar_charts import draw_compact_row
from arcade_dqn.window.panel.charts import draw_sparkline
from arcade_dqn.window.panel.hud import Hud
from arcade_dqn.window.panel.layout import place
from arcade_dqn.window.panel.numbers import number, number_q
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.panel.state import Gauge, HudState, SaliencyMap, StepValues, View

States = Callable[..., HudState]


def colours(surface: pygame.Surface, y: int, left: int, right: int) -> list[tuple[int, int, int]]:
    return [tuple(surface.get_at((x, y)))[:3] for x in range(left, right)]


@pytest.mark.parametrize("level", [0.25, 0.5, 1 / 3, 0.9])
def test_a_gauge_is_filled_to_the_exact_column(surface: pygame.Surface, hud_state: States, level: float) -> None:
    hud = Hud()
    hud.draw(surface, hud_state(gauges=(Gauge("REPLAY BUFFER", "", level),)), None)
    bar = hud.layout.bar(0)
    edge = bar.left + round(level * bar.width)
    # The ends are rounded: look at the columns between them.
    row = colours(surface, bar.centery, bar.left + bar.height, bar.right - bar.height)
    expected = [
        palette.ACCENT if x < edge else palette.RAISED for x in range(bar.left + bar.height, bar.right - bar.height)
    ]
    assert row == expected


@pytest.mark.parametrize(
    ("value", "tag", "word"),
    [
        ("1,576 / 100,000  1.6%", "before learning", True),
        ("123,456,789 / 1,000,000,000  12%", "before learning", False),
        ("1,576 / 100,000  1.6%", "", False),
    ],
)
def test_a_gauges_word_and_number_never_touch(
    surface: pygame.Surface, hud_state: States, value: str, tag: str, word: bool
) -> None:
    hud = Hud()
    hud.draw(surface, hud_state(gauges=(Gauge("REPLAY BUFFER", value, 0.5, tag=tag),)), None)
    bar = hud.layout.bar(0)
    pixels = pygame.surfarray.array3d(surface)[bar.left : bar.right, bar.top - 24 : bar.top - 2]
    faint = np.flatnonzero((pixels == palette.FAINT).all(axis=2).any(axis=1))
    white = np.flatnonzero((pixels == palette.TEXT).all(axis=2).any(axis=1))
    assert bool(len(faint)) == word
    if word:
        assert faint.max() + 5 < white.min()


def test_an_empty_and_a_full_gauge_and_one_out_of_use(surface: pygame.Surface, hud_state: States) -> None:
    hud = Hud()
    gauges = (Gauge("A", "", 0.0), Gauge("B", "", 1.0), Gauge("C", "", None))
    hud.draw(surface, hud_state(gauges=gauges), None)
    seen = []
    for index in range(3):
        bar = hud.layout.bar(index)
        seen.append(set(colours(surface, bar.centery, bar.left + bar.height, bar.right - bar.height)))
    assert seen == [{palette.RAISED}, {palette.ACCENT}, {palette.BORDER}]


def test_the_tick_stands_where_learning_starts(surface: pygame.Surface, hud_state: States) -> None:
    hud = Hud()
    hud.draw(surface, hud_state(), None)
    bar = hud.layout.bar(1)
    tick = bar.left + round(0.4 * bar.width)
    assert colours(surface, bar.top - 2, tick - 2, tick + 4) == [
        palette.SURFACE, palette.SURFACE, palette.TEXT, palette.TEXT, palette.SURFACE, palette.SURFACE,
    ]  # fmt: skip
    assert colours(surface, bar.centery, tick, tick + 2) == [palette.TEXT] * 2


def test_q_value_bars_go_left_and_right_of_zero(surface: pygame.Surface, hud_state: States) -> None:
    hud = Hud()
    hud.draw(surface, hud_state(), None)
    negative, positive = hud.layout.q_rows
    # The grooves are found by their colours: -2 to 6 puts zero at a quarter of them.
    row = colours(surface, negative.centery, negative.left, negative.right)
    groove = [x for x, colour in enumerate(row) if colour in (palette.ACCENT_DIM, palette.MUTED, palette.RAISED)]
    dim = [x for x, colour in enumerate(row) if colour == palette.ACCENT_DIM]
    bright = [
        x
        for x, colour in enumerate(colours(surface, positive.centery, positive.left, positive.right))
        if colour == palette.ACCENT
    ]
    assert len(dim) == pytest.approx(0.25 * (len(dim) + len(bright)), abs=4)
    # The marker before the chosen action's name has its colour, too.
    bar = [x for x in bright if x > dim[0]]
    assert max(dim) < min(bar)
    assert bar == list(range(bar[0], bar[-1] + 1))
    assert min(bright) < min(dim)
    assert groove


def test_in_two_columns_no_mark_of_zero_goes_through_a_number(surface: pygame.Surface) -> None:
    painter = Painter(1.0)
    surface.fill(palette.SURFACE)
    row = pygame.Rect(10, 10, 120, 16)
    draw_compact_row(surface, painter, row, "", -1.0, "", (-2.0, 0.5), None)
    bar = row.bottom - painter.px(3)
    assert {surface.get_at((x, y))[:3] for x in range(row.left, row.right) for y in range(row.top, bar)} == {
        palette.SURFACE
    }
    assert palette.MUTED in colours(surface, bar + 1, row.left, row.right)


@pytest.mark.parametrize(("width", "fits"), [(400, True), (130, True), (70, False)])
def test_the_returns_heading_is_not_written_over(surface: pygame.Surface, width: int, fits: bool) -> None:
    painter = Painter(1.0)
    surface.fill(palette.SURFACE)
    draw_sparkline(surface, painter, pygame.Rect(0, 0, width, 60), [])
    heading = painter.width("RETURNS", "small")
    gap = {surface.get_at((x, y))[:3] for x in range(heading + 1, heading + 9) for y in range(20)}
    assert gap == {palette.SURFACE}
    beside = {surface.get_at((x, y))[:3] for x in range(heading + 9, width) for y in range(20)}
    assert (beside != {palette.SURFACE}) == fits


@pytest.mark.parametrize("recording", ["", "0:03"])
def test_a_message_leaves_the_lower_half_to_the_paddle(
    surface: pygame.Surface, hud_state: States, recording: str
) -> None:
    picture = np.full((160, 160, 3), 200, np.uint8)
    hud = Hud()
    drawn = []
    for message in ("", "Press a key of the game to begin"):
        hud.draw(surface, hud_state(message=message, recording=recording), picture)
        drawn.append(pygame.surfarray.array3d(surface).astype(int))
    changed = np.argwhere((drawn[0] != drawn[1]).any(axis=2))
    assert len(changed)
    assert changed[:, 1].max() < hud.layout.picture.centery


def test_a_random_choice_has_another_colour_and_a_word(surface: pygame.Surface, hud_state: States) -> None:
    hud = Hud()
    hud.draw(surface, hud_state(chosen_by="explored"), None)
    row = hud.layout.q_rows[1]
    assert palette.EXPLORE in colours(surface, row.centery, row.left, row.right)
    greedy = surface.copy()
    hud.draw(greedy, hud_state(chosen_by="greedy"), None)
    label = hud.layout.q_label
    assert pygame.image.tobytes(surface.subsurface(label), "RGB") != pygame.image.tobytes(
        greedy.subsurface(label), "RGB"
    )


def test_the_picture_is_scaled_by_whole_pixels_with_nothing_between(surface: pygame.Surface, hud_state: States) -> None:
    picture = np.zeros((210, 160, 3), np.uint8)
    picture[100, 80] = (250, 10, 20)
    hud = Hud()
    hud.draw(surface, hud_state(), picture)
    placed = place((160, 210), hud.layout.picture)
    assert placed.size == (480, 630)
    pixels = pygame.surfarray.array3d(surface)[placed.left : placed.right, placed.top : placed.bottom]
    lit = np.argwhere((pixels == (250, 10, 20)).all(axis=2))
    assert lit.min(axis=0).tolist() == [240, 300]
    assert lit.max(axis=0).tolist() == [242, 302]
    assert len(lit) == 9
    outside = surface.get_at((placed.left - 2, placed.centery))
    assert tuple(outside)[:3] == palette.SCREEN


def test_drawing_part_by_part_gives_the_same_as_drawing_anew(surface: pygame.Surface, hud_state: States) -> None:
    pictures = [np.full((400, 600, 3), value, np.uint8) for value in (40, 90)]
    saliency = SaliencyMap(np.array([[0.5, 0], [0, -1]], np.float32), 1.0, (1.0, 1.0), False)
    steps = [
        (hud_state(), pictures[0]),
        (
            hud_state(episode_return=32.0, history=(StepValues((1.0, 0.5), False), StepValues((2.0, 0.5), True))),
            pictures[0],
        ),
        (hud_state(message="saved film.mp4", recording="0:03"), pictures[1]),
        (hud_state(help=(("Keys", ((("Space",), "pause"),)),)), pictures[1]),
        (hud_state(mode="HUMAN", hints=((("H",), "hand back"),)), pictures[0]),
        (hud_state(view=View("")), pictures[0]),
        (hud_state(view=View("chances", "CHANCES", chances=(0.25, 0.75))), pictures[1]),
        (hud_state(view=View("inputs", "INPUTS", saliency=saliency)), pictures[1]),
        (hud_state(view=View("inputs", "INPUTS")), pictures[1]),
        (hud_state(waiting="Waiting"), None),
    ]
    hud = Hud()
    for shown, picture in steps:
        hud.draw(surface, shown, picture)
        fresh = pygame.Surface(surface.get_size())
        Hud().draw(fresh, shown, picture)
        assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(fresh, "RGB"), shown


def test_what_has_not_changed_is_not_drawn(surface: pygame.Surface, hud_state: States) -> None:
    hud = Hud()
    picture = np.zeros((400, 600, 3), np.uint8)
    assert hud.draw(surface, hud_state(), picture) == [surface.get_rect()]
    assert hud.draw(surface, hud_state(), picture) == []
    assert hud.draw(surface, hud_state(), picture.copy()) == [hud.layout.screen]
    hud.draw(surface, hud_state(), picture)
    assert hud.draw(surface, hud_state(episode=8), picture) == [hud.layout.panel]


@pytest.mark.parametrize("size", [(760, 520), (320, 240), (1, 1), (3000, 500)])
def test_every_size_can_be_drawn(size: tuple[int, int], hud_state: States) -> None:
    names = tuple(f"action number {index}" for index in range(18))
    long = hud_state(
        action_names=names,
        q_values=tuple(float(index) - 9 for index in range(18)),
        q_range=(-9.0, 8.0),
        title="A game with quite a long title " * 3,
        message="A message that does not fit " * 9,
        help=(("Keys", ((("Space",), "pause " * 30),)),) * 4,
    )
    Hud().draw(pygame.Surface(size), long, np.zeros((210, 160, 3), np.uint8))


@pytest.mark.parametrize("values", [(float("nan"), 1.0), (float("inf"), float("-inf"))])
def test_a_network_gone_wrong_is_drawn_all_the_same(
    surface: pygame.Surface, hud_state: States, values: tuple[float, float]
) -> None:
    history = tuple(StepValues((value, value), False) for value in values)
    picture = np.zeros((400, 600, 3), np.uint8)
    Hud().draw(surface, hud_state(q_values=values, history=history, returns=values), picture)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (float("-inf"), "-∞"),
        (500.0, "500"),
        (-0.0, "0"),
        (-21.0, "-21"),
        (3.14159, "3.14"),
        (-152.36, "-152.4"),
        (1234.5, "1,234"),
        (123456.0, "123k"),
        (1234567.0, "1.23M"),
    ],
)
def test_scores_in_few_characters(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(-0.001, "0.00"), (1.005, "1.00"), (-12.5, "-12.50"), (512.34, "512.3"), (1e6, "1.00e+06")]
)
def test_q_values_in_few_characters(value: float, text: str) -> None:
    assert number_q(value) == text
