"""The pictures of classic control and LunarLander: where things are, to the pixel."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.families.box2d import lander
from arcade_dqn.games.families.classic import acrobot, cartpole, mountaincar, pendulum
from arcade_dqn.games.families.classic.pictures import painter
from arcade_dqn.games.info import UnplayableGame
from arcade_dqn.games.make import make
from arcade_dqn.games.paint import (
    CREAM,
    FORCE,
    GOLD,
    HERO,
    HERO_DARK,
    METAL,
    METAL_DARK,
    SKY,
    Canvas,
    Colour,
    Ink,
    gradient,
)

Picture = NDArray[np.uint8]
IDS = ["CartPole-v1", "Acrobot-v1", "MountainCar-v0", "Pendulum-v1", "LunarLander-v3"]


def coloured(picture: Picture, colour: Colour, tolerance: int = 12) -> NDArray[np.bool_]:
    """bool [H, W]: which pixels have about this colour."""
    near: NDArray[np.bool_] = np.abs(picture.astype(int) - colour).max(axis=-1) <= tolerance
    return near


def middle(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """(x, y) halfway between the outermost pixels, in the same coordinates as the shapes."""
    rows, columns = np.nonzero(mask)
    return (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2


def at(picture: Picture, x: float, y: float) -> tuple[int, ...]:
    """The colour of the pixel that a point lies in."""
    return tuple(int(part) for part in picture[math.floor(y), math.floor(x)])


# --- shapes ---


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(np.zeros((400, 600, 3), np.uint8))


WHITE = Ink((255, 255, 255))


@pytest.mark.parametrize(
    ("paint", "area"),
    [
        (lambda canvas: canvas.disc((300.25, 200.75), 20, WHITE), math.pi * 400),
        (lambda canvas: canvas.box((300, 200), (30, 10), WHITE, angle=0.7), 1200),
        (lambda canvas: canvas.box((300, 200), (30, 10), WHITE, corner=10), 40 * 20 + math.pi * 100),
        (lambda canvas: canvas.rod((280, 200), (320, 230), 8, WHITE), 50 * 16 + math.pi * 64),
        (lambda canvas: canvas.convex([(300, 200), (340, 200), (300, 260)], WHITE), 1200),
        (lambda canvas: canvas.convex([(300, 260), (340, 200), (300, 200)], WHITE), 1200),  # the other way round
        (lambda canvas: canvas.arc((300, 200), 50, 10, 1.0, 2.0, WHITE), 50 * 2 * 10 + math.pi * 25),
        (lambda canvas: canvas.arc((300, 200), 50, 10, 3.0, -2.0, WHITE), 50 * 2 * 10 + math.pi * 25),
        (lambda canvas: canvas.arc((300, 200), 50, 10, 0.0, math.tau, WHITE), math.tau * 50 * 10),
        (lambda canvas: canvas.disc((-300, 200), 20, WHITE._replace(glow=1.0)), 0),
        (lambda canvas: canvas.disc((0, 0), 20, WHITE), math.pi * 100),
    ],
)
def test_soft_edges_cover_the_exact_area(canvas: Canvas, paint: Callable[[Canvas], None], area: float) -> None:
    paint(canvas)
    assert canvas.pixels.sum() / (3 * 255) == pytest.approx(area, rel=0.01)


def test_a_rim_and_a_glow_lie_inside_and_outside_of_the_edge(canvas: Canvas) -> None:
    canvas.disc((300, 200), 20, Ink((0, 200, 0), rim=(200, 0, 0), glow=0.5))
    assert at(canvas.pixels, 300, 200) == (0, 200, 0)
    assert at(canvas.pixels, 300, 181) == (200, 0, 0)
    near, far = at(canvas.pixels, 300, 175), at(canvas.pixels, 300, 168)
    assert near[0] == far[0] == 0
    assert 100 > near[1] > far[1] > 0
    assert at(canvas.pixels, 300, 160) == (0, 0, 0)


def test_an_arrow_points_along_its_sweep(canvas: Canvas) -> None:
    # From the right, counter-clockwise: the head is at the top, left of the centre.
    canvas.arrow((300, 200), 50, 8, 0.0, math.pi / 2, WHITE)
    assert at(canvas.pixels, 293, 150) == (255, 255, 255)
    assert at(canvas.pixels, 350, 207) == (0, 0, 0)


def test_a_gradient_has_one_colour_in_each_row() -> None:
    picture = gradient([(0, (10, 0, 200)), (200, (20, 0, 100)), (400, (20, 40, 100))])
    assert (picture == picture[:, :1]).all()
    # Rows 100 and 300 have their centres half a pixel below the middle between two stops.
    assert picture[[100, 300], 0].tolist() == [[15, 0, 150], [20, 20, 100]]


# --- CartPole ---


@pytest.mark.parametrize(("x", "column"), [(0.0, 300), (1.2, 450), (-2.0, 50), (0.004, 300.5)])
def test_the_cart_is_where_it_is(x: float, column: float) -> None:
    picture = cartpole.draw(x, 0.0, None)
    assert middle(coloured(picture, HERO))[0] == pytest.approx(column, abs=0.5)


@pytest.mark.parametrize("angle", [-0.2, -0.05, 0.0, 0.12, 1.4])
def test_the_pole_leans_by_its_angle(angle: float) -> None:
    picture = cartpole.draw(0.5, angle, 1)
    danger = min(1.0, abs(angle) / math.radians(12)) ** 2
    colour = picture[math.floor(cartpole.AXLE - 70 * math.cos(angle)), math.floor(362.5 + 70 * math.sin(angle))]
    # 60 to 120 pixels along from the joint all is pole; 5 beyond its tip nothing is.
    for along in (60, 90, 120):
        assert at(picture, 362.5 + along * math.sin(angle), cartpole.AXLE - along * math.cos(angle)) == tuple(colour)
    tip = cartpole.POLE + 12
    assert at(picture, 362.5 + tip * math.sin(angle), cartpole.AXLE - tip * math.cos(angle)) != tuple(colour)
    # Cream while upright, red where the episode ends.
    assert colour[1] == pytest.approx(240 + danger * (92 - 240), abs=2)


def test_the_cart_shows_its_push() -> None:
    left, right, none = (cartpole.draw(0.0, 0.0, push) for push in (0, 1, None))
    assert (left[:, 340:] == right[:, 340:]).all()
    changed = np.nonzero((left != none).any(axis=(0, 2)))[0]
    assert changed.max() < 300
    np.testing.assert_array_equal(left[:, ::-1], right)


def test_a_cart_beyond_the_track_can_be_drawn() -> None:
    assert cartpole.draw(-2.6, 0.3, 0).shape == (400, 600, 3)
    assert cartpole.draw(9.0, -3.0, 1).shape == (400, 600, 3)


# --- Acrobot ---


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.0), (0.5, -1.0), (-2.0, 0.4), (math.pi, 0.1)])
def test_both_links_hang_by_their_angles(first: float, second: float) -> None:
    picture = acrobot.draw(first, second, 0)
    x, y = acrobot.PIVOT
    half = (x + 45 * math.sin(first), y + 45 * math.cos(first))
    assert at(picture, *half) == HERO
    elbow = (x + 90 * math.sin(first), y + 90 * math.cos(first))
    second_half = (elbow[0] + 45 * math.sin(first + second), elbow[1] + 45 * math.cos(first + second))
    assert at(picture, *second_half) == (112, 176, 255)
    tip = (elbow[0] + 90 * math.sin(first + second), elbow[1] + 90 * math.cos(first + second))
    # The height that Gymnasium's reward asks for: 1 above the joint.
    high = -math.cos(first) - math.cos(first + second) > 1.0
    assert at(picture, *tip) == (GOLD if high else CREAM)


def test_the_line_is_one_link_above_the_joint() -> None:
    picture = acrobot.draw(0.0, 0.0, 0)
    assert middle(coloured(picture, GOLD))[1] == acrobot.LINE == acrobot.PIVOT[1] - acrobot.SCALE


def test_the_torque_is_an_arrow_outside_of_the_elbow() -> None:
    still, turning = acrobot.draw(0.0, 1.0, 0), acrobot.draw(0.0, 1.0, 1)
    assert not coloured(still, FORCE, 3).any()
    # The lower link points down to the right, so the free side is below and to the left.
    x, y = middle(coloured(turning, FORCE, 3))
    assert x < acrobot.PIVOT[0] - 10
    assert y > acrobot.PIVOT[1] + acrobot.SCALE
    # Opposite torques are mirror images of each other.
    mirrored = acrobot.draw(0.0, -1.0, -1)[:, ::-1]
    np.testing.assert_array_equal(coloured(mirrored, FORCE, 3), coloured(turning, FORCE, 3))


# --- MountainCar ---


@pytest.mark.parametrize("position", [-1.1, -0.5, 0.0, 0.45])
def test_the_hill_is_gymnasiums_curve(position: float) -> None:
    picture = mountaincar.draw(-0.8 if position > -0.6 else 0.2, 0)
    column, surface = mountaincar.column(position), mountaincar.surface(position)
    assert surface == pytest.approx(400 - (math.sin(3 * position) * 0.45 + 0.55) * 600 / 1.8)
    brightness = picture[:, math.floor(column)].astype(int).sum(axis=1)
    assert brightness[math.floor(surface) - 4] < 100
    assert brightness[math.floor(surface) + 4] > 250


@pytest.mark.parametrize("position", [-1.0, -math.pi / 6, 0.1, 0.5])
def test_the_car_stands_on_the_hill(position: float) -> None:
    picture = mountaincar.draw(position, 0)
    angle = mountaincar.slope(position)
    column, surface = mountaincar.column(position), mountaincar.surface(position)
    # The middle of its body is 18 pixels from the hill, at a right angle to it.
    assert at(picture, column - 18 * math.sin(angle), surface - 18 * math.cos(angle)) == HERO
    for side in (-17, 17):
        hub = (
            column + side * math.cos(angle) - 9.5 * math.sin(angle),
            surface - side * math.sin(angle) - 9.5 * math.cos(angle),
        )
        assert at(picture, *hub) == CREAM


def test_the_car_pushes_by_a_flame_at_its_other_end() -> None:
    bottom = -math.pi / 6
    for push in (-1, 0, 1):
        flame = coloured(mountaincar.draw(bottom, push), FORCE, 6)
        assert flame.any() == bool(push)
        if push:
            assert (middle(flame)[0] - mountaincar.column(bottom)) * push < -30


def test_the_flag_stands_at_the_goal() -> None:
    picture = mountaincar.draw(-0.5, 0)
    assert at(picture, mountaincar.column(0.5), mountaincar.surface(0.5) - 30) == CREAM
    assert at(picture, mountaincar.column(0.5) + 10, mountaincar.surface(0.5) - 45) == GOLD


# --- Pendulum ---


def test_up_is_up() -> None:
    for angle, x, y in ((0.0, 300, 58), (math.pi, 300, 342), (math.pi / 2, 158, 200), (-math.pi / 2, 442, 200)):
        picture = pendulum.draw(angle, 0.0)
        # Half way along there is rod, and where its end should be, the bob; it is golden at the top alone.
        assert at(picture, (x + 300) / 2, (y + 200) / 2) == HERO
        assert at(picture, x, y) == (GOLD if angle == 0 else HERO)
        assert at(picture, 600 - x if x != 300 else x, 400 - y if y != 200 else y) == SKY


def test_the_torque_is_an_arrow_as_long_as_it_is_strong() -> None:
    # The rod hangs, so the arrow is above the motor.
    lengths = [coloured(pendulum.draw(math.pi, torque), FORCE, 3).sum() for torque in (0.0, 0.5, 1.0, 2.0)]
    assert lengths[0] == 0
    assert lengths[1] < lengths[2] < lengths[3]
    left, right = (coloured(pendulum.draw(math.pi, torque), FORCE, 3) for torque in (2.0, -2.0))
    np.testing.assert_array_equal(left, right[:, ::-1])
    # Counter-clockwise above the motor is to the left: there the head reaches further down.
    rows = [np.nonzero(left[:, part].any(axis=1))[0].max() for part in (slice(0, 300), slice(300, 600))]
    assert rows[0] > rows[1]


# --- LunarLander ---

MOON = lander.Ground((2.0, 4.5, 3.0, 2.5, 10 / 3, 10 / 3, 10 / 3, 4.2, 2.0, 5.0, 3.5), (8.0, 12.0), 10 / 3)
BODY = lander.Pose(10.0, 8.0, 0.0)
LEGS = [(lander.Pose(10 + side * 0.75, 7.4, side * 0.5), False) for side in (-1, 1)]


def test_flames_only_with_the_engine_on_and_on_its_side() -> None:
    none, left, main, right = (coloured(lander.draw(MOON, BODY, LEGS, engine), FORCE, 6) for engine in range(4))
    assert not none.any()
    # The body is at (300, 160). The engine that drives to the left burns on the right.
    assert middle(left)[0] > 315
    assert middle(right)[0] < 285
    assert middle(main)[0] == pytest.approx(300, abs=0.5)
    assert middle(main)[1] > 175
    np.testing.assert_array_equal(left, right[:, ::-1])


def test_a_flame_flickers() -> None:
    low, high = (coloured(lander.draw(MOON, BODY, LEGS, 2, flicker), FORCE, 6) for flicker in (0.0, 1.0))
    assert np.nonzero(high.any(axis=1))[0].max() > np.nonzero(low.any(axis=1))[0].max()


@pytest.mark.parametrize("angle", [0.0, 0.5, -1.0])
def test_the_lander_turns_counter_clockwise(angle: float) -> None:
    picture = lander.draw(MOON, lander.Pose(10.0, 8.0, angle), [], 0)
    for up, colour in ((6.0, METAL_DARK), (-5.5, HERO_DARK)):
        assert at(picture, 300 - up * math.sin(angle), 160 - up * math.cos(angle)) == colour


def test_the_ground_goes_through_its_points_and_the_pad_lies_between_the_flags() -> None:
    picture = lander.draw(MOON, BODY, LEGS, 0)
    for index in (1, 3, 7, 8):
        column = picture[:, round(index * 60)].astype(int).sum(axis=1)
        surface = round(400 - MOON.heights[index] * 30)
        assert column[surface - 6] < 110
        assert column[surface + 6] > 250
    pad = coloured(picture[300:310], GOLD, 3)
    assert middle(pad)[0] == 300
    assert np.nonzero(pad.any(axis=0))[0][[0, -1]] == pytest.approx([240, 359], abs=2)
    for flag in (240, 360):
        assert at(picture, flag, 280) == CREAM
        assert at(picture, flag + 9, 263) == GOLD


def test_a_leg_on_the_ground_is_golden() -> None:
    legs = [(pose, pose.x > 10) for pose, _ in LEGS]
    picture = lander.draw(MOON, BODY, legs, 0)
    # The lander's light falls on them a little.
    assert at(picture, *legs[1][0].at(0, -4)) == pytest.approx(GOLD, abs=8)
    assert at(picture, *legs[0][0].at(0, -4)) == pytest.approx(METAL, abs=8)


def test_a_lander_above_the_picture_is_pointed_at() -> None:
    picture = lander.draw(MOON, lander.Pose(15.0, 15.0, 0.0), [], 0)
    x, y = middle(coloured(picture, HERO))
    assert abs(x - 450) <= 1
    assert 8 <= y <= 14


# --- as the games use them ---


@pytest.mark.parametrize("id", IDS)
def test_a_games_pictures_are_fresh_and_follow_the_game(id: str) -> None:
    game = make(id, EnvironmentSettings(), render=True)
    game.reset(seed=3)
    first = game.render()
    assert first.shape == (400, 600, 3)
    assert first.dtype == np.uint8
    assert first.flags.c_contiguous
    kept = first.copy()
    again = game.render()
    assert not np.shares_memory(first, again)
    np.testing.assert_array_equal(first, again)
    first[:] = 0  # what a caller does to a picture is its own affair
    np.testing.assert_array_equal(game.render(), kept)
    for _ in range(5):
        game.step(0)
    later = game.render()
    assert (later != kept).any()
    np.testing.assert_array_equal(later, game.render())
    game.reset(seed=3)
    np.testing.assert_array_equal(game.render(), kept)
    game.close()


CLOSE = 2
"""Levels of colour by which two pictures of the same state may differ: frames are less precise than the state."""


def test_the_pictures_show_the_environments_state() -> None:
    game = make("CartPole-v1", EnvironmentSettings(), render=True)
    frame = game.reset(seed=3)
    for _ in range(5):
        frame = game.step(1).frame
    assert np.abs(game.render().astype(int) - cartpole.draw(float(frame[0]), float(frame[2]), 1)).max() <= CLOSE

    game = make("MountainCar-v0", EnvironmentSettings(), render=True)
    position = float(game.reset(seed=3)[0])
    assert np.abs(game.render().astype(int) - mountaincar.draw(position, 0)).max() <= CLOSE
    position = float(game.step(2).frame[0])
    assert np.abs(game.render().astype(int) - mountaincar.draw(position, 1)).max() <= CLOSE

    game = make("Pendulum-v1", EnvironmentSettings(action_bins=3), render=True)
    game.reset(seed=3)
    cosine, sine, _ = (float(number) for number in game.step(2).frame)
    assert np.abs(game.render().astype(int) - pendulum.draw(math.atan2(sine, cosine), 4 / 3)).max() <= CLOSE


def test_the_lander_is_where_gymnasium_says() -> None:
    game = make("LunarLander-v3", EnvironmentSettings(), render=True)
    game.reset(seed=3)
    for action in (*[0] * 40, 2):
        frame = game.step(action).frame
    flame = coloured(game.render(), FORCE, 6)
    # Observations: x from the middle in half widths; y above the legs' height over the pad in half heights.
    x, y = 300 + 300 * float(frame[0]), 400 - (100 + 18 + 200 * float(frame[1]))
    assert math.hypot(middle(flame)[0] - x, middle(flame)[1] - y) < 45
    assert middle(flame)[1] > y
    hull = coloured(game.render(), HERO)
    assert abs(middle(hull)[0] - x) < 6
    assert abs(middle(hull)[1] - y) < 12


def test_a_restored_game_shows_its_state() -> None:
    game, other = (make("Acrobot-v1", EnvironmentSettings(), render=True) for _ in range(2))
    game.reset(seed=1)
    other.reset(seed=2)
    for action in (0, 2, 2):
        game.step(action)
    state = game.get_state()
    assert state is not None
    other.set_state(state)
    game.step(1)
    other.step(1)
    np.testing.assert_array_equal(game.render(), other.render())


def test_without_render_there_is_no_picture() -> None:
    game = make("CartPole-v1", EnvironmentSettings())
    game.reset(seed=1)
    with pytest.raises(AssertionError, match="made without render=True"):
        game.render()


def test_an_unknown_game_has_no_picture() -> None:
    with pytest.raises(UnplayableGame, match="CartPole-v0 has no picture"):
        painter("CartPole-v0", None)


def test_no_display_is_touched() -> None:
    """Not even without the dummy drivers: four games never load pygame, the fifth one's library does, idly."""
    program = (
        "import sys\n"
        "from arcade_dqn.config import EnvironmentSettings\n"
        "from arcade_dqn.games.make import make\n"
        f"for id in {IDS}:\n"
        "    for render in (False, True):\n"
        "        game = make(id, EnvironmentSettings(), render=render)\n"
        "        game.reset(seed=1), game.step(0), render and game.render(), game.close()\n"
        "    print(id, 'pygame' in sys.modules and (id, sys.modules['pygame'].display.get_init()))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={})
    expected = [f"{id} False" for id in IDS[:4]] + ["LunarLander-v3 ('LunarLander-v3', False)"]
    assert (result.stdout.splitlines(), result.stderr) == (expected, "")
