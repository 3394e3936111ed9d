from __future__ import annotations

import itertools

import pygame
import pytest

from arcade_dqn.window.panel.layout import MINIMUM, Layout, columns_for, lay_out, place, scale_for
from arcade_dqn.window.panel.layout import WHOLE as SINGLE_WHOLE
from arcade_dqn.window.two_players.layout import HIGH_STRIP, STRIP, WHOLE, lay_out_two_players


@pytest.mark.parametrize(
    ("size", "scale"),
    [((1280, 720), 1.0), ((1440, 810), 1.125), ((1439, 810), 1.0), ((2560, 1440), 2.0), ((700, 400), 0.75)],
)
def test_the_scale_goes_in_eighths(size: tuple[int, int], scale: float) -> None:
    assert scale_for(size) == scale


def test_pictures_are_scaled_by_whole_pixels_and_centred() -> None:
    room = pygame.Rect(100, 50, 800, 640)
    # 640 // 210 = 3
    assert place((160, 210), room) == pygame.Rect(260, 55, 480, 630)
    assert place((600, 400), room) == pygame.Rect(200, 170, 600, 400)
    assert place((160, 160), room).size == (640, 640)


def test_a_picture_larger_than_its_room_is_shrunk() -> None:
    assert place((600, 400), pygame.Rect(0, 0, 300, 300)) == pygame.Rect(0, 50, 300, 200)


def test_whole_multiples_that_waste_the_room_are_given_up() -> None:
    room = pygame.Rect(0, 0, 610, 440)
    assert place((160, 160), room).size == (320, 320)
    # 2 of 2.75: less than 0.8.
    assert place((160, 160), room, least=0.8).size == (440, 440)
    assert place((160, 210), room, least=0.8).size == (320, 420)


@pytest.mark.parametrize("picture", [(160, 210), (160, 160), (600, 400), (500, 500)])
@pytest.mark.parametrize("strip", [0, STRIP, HIGH_STRIP])
@pytest.mark.parametrize("size", [(1280, 720), MINIMUM, (1000, 1000), (1920, 1080), (3840, 2160)])
def test_two_pictures_lie_side_by_side_and_nothing_overlaps(
    size: tuple[int, int], strip: int, picture: tuple[int, int]
) -> None:
    layout = lay_out_two_players(size, picture, strip=strip)
    window = pygame.Rect((0, 0), size)
    cards = [layout.board, layout.footer, *layout.screens, *(layout.strips or ())]
    assert all(window.contains(card) for card in cards)
    assert not any(one.colliderect(other) for one, other in itertools.combinations(cards, 2))
    assert layout.screens[0].size == layout.screens[1].size
    for screen, room in zip(layout.screens, layout.pictures, strict=True):
        assert screen.contains(place(picture, room, WHOLE))
    assert (layout.strips is not None) == bool(strip)
    if layout.strips is not None:
        assert layout.strips[0].height >= strip * layout.scale - 1


def test_two_players_in_a_window_of_no_size_is_survived() -> None:
    lay_out_two_players((1, 1), (600, 400), strip=STRIP)


@pytest.mark.parametrize("picture", [(160, 210), (160, 160), (600, 400), (500, 500)])
@pytest.mark.parametrize("actions", [2, 6, 9, 18])
@pytest.mark.parametrize("size", [(1280, 720), MINIMUM, (1000, 1000), (1920, 1080), (3840, 2160)])
def test_nothing_overlaps_or_leaves_its_card(size: tuple[int, int], actions: int, picture: tuple[int, int]) -> None:
    layout = lay_out(size, 3, actions, picture, chart=True)
    window = pygame.Rect((0, 0), size)
    cards = [layout.screen, layout.footer, layout.panel, *([layout.chart] if layout.chart else [])]
    assert all(window.contains(card) for card in cards)
    assert not any(one.colliderect(other) for one, other in itertools.combinations(cards, 2))
    parts = _panel_parts(layout)
    assert all(layout.panel.contains(part) for part in parts)
    assert not any(one.colliderect(other) for one, other in itertools.combinations(parts, 2))
    assert layout.screen.contains(place(picture, layout.picture))
    above = [layout.badge, layout.title, layout.subtitle, *layout.tiles, *layout.gauges]
    below = [layout.view, *([layout.view_sparkline] if layout.view_sparkline else [])]
    assert all(layout.panel.contains(part) for part in below)
    assert not any(one.colliderect(other) for one, other in itertools.combinations(above + below, 2))
    assert layout.view.height >= 180 * layout.scale


def _panel_parts(layout: Layout) -> list[pygame.Rect]:
    rows = [layout.badge, layout.title, layout.subtitle, *layout.tiles, *layout.gauges, layout.q_label, *layout.q_rows]
    return rows + ([layout.sparkline] if layout.sparkline else [])


def test_atari_and_minatar_fill_the_default_windows_height() -> None:
    assert place((160, 210), lay_out((1280, 720), 3, 6).picture).size == (480, 630)
    assert place((160, 160), lay_out((1280, 720), 3, 3).picture).size == (640, 640)


def test_a_small_window_is_filled_too() -> None:
    room = lay_out((640, 360), 3, 6, (160, 210)).picture
    # Once is 2/3 of the height.
    assert place((160, 210), room, SINGLE_WHOLE).height == room.height
    assert place((600, 400), lay_out((1280, 720), 3, 2, (600, 400)).picture, SINGLE_WHOLE).size == (600, 400)


def test_a_wide_picture_leaves_room_for_a_chart_and_a_high_one_does_not() -> None:
    wide = lay_out((1280, 720), 3, 2, (600, 400), chart=True)
    assert wide.chart is not None
    assert place((600, 400), wide.picture).size == (600, 400)
    assert lay_out((1280, 720), 3, 2, (600, 400)).chart is None
    assert lay_out((1280, 720), 3, 6, (160, 210), chart=True).chart is None


def test_eighteen_actions_go_in_two_columns() -> None:
    layout = lay_out((1280, 720), 3, 18)
    assert layout.q_columns == 2
    assert {row.left for row in layout.q_rows[:9]} == {layout.q_rows[0].left}
    assert layout.q_rows[9].top == layout.q_rows[0].top
    assert lay_out((1280, 720), 3, 6).q_columns == 1


def test_a_window_of_no_size_is_survived() -> None:
    lay_out((1, 1), 3, 18, (600, 400), chart=True)


def test_rows_take_as_few_columns_as_they_fit_in() -> None:
    # In one column a row is 20 high at least, in more 16.
    assert [columns_for(6, height, 1.0) for height in (120, 119, 48, 47, 1)] == [1, 2, 2, 3, 3]
    assert columns_for(6, 120, 2.0) == 2
    assert columns_for(6, 78, 1.0, least=(26, 26)) == 2
