"""From spaces to an adapter, held to Gymnasium's own `flatten`, and the adapter as data."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from pydantic import ValidationError

from arcade_dqn.acting.layers import is_stacked
from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.adapter import (
    ActionTable,
    Adapter,
    GridView,
    Numbers,
    OneHot,
    PictureView,
    VectorView,
)
from arcade_dqn.games.families.gymnasium.spaces import NeedsSetting, actions_of, view_of
from arcade_dqn.games.game import EnvironmentFault
from arcade_dqn.games.info import UnplayableGame

PLAIN = EnvironmentSettings()
VECTORS: list[spaces.Space[Any]] = [
    spaces.Discrete(5),
    spaces.Discrete(4, start=-2),
    spaces.MultiDiscrete([3, 2, 4]),
    spaces.MultiDiscrete(np.array([[2, 3], [4, 2]])),
    spaces.MultiBinary(4),
    spaces.MultiBinary([2, 3]),
    spaces.Box(-1, 1, (), np.float32),
    spaces.Box(-np.inf, np.inf, (3, 2, 2), np.float64),
    spaces.Box(-5, 5, (4,), np.int64),
    spaces.Tuple([spaces.Discrete(32), spaces.Discrete(11, start=1), spaces.Discrete(2)]),
    spaces.Dict(
        zebra=spaces.Box(-1, 1, (2,)),
        ape=spaces.Discrete(3),
        inner=spaces.Dict(bits=spaces.MultiBinary(2), pair=spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1, (1,))])),
    ),
]


@pytest.mark.parametrize("space", VECTORS, ids=str)
def test_vectors_are_what_gymnasium_flattens_to(space: spaces.Space[Any]) -> None:
    view = view_of("X", space, PLAIN)
    assert isinstance(view, VectorView)
    read = view.reader()
    space.seed(7)
    for _ in range(50):
        observation = space.sample()
        frame = read(observation)
        assert (frame.shape, frame.dtype) == (view.frame_shape, np.dtype(np.float32))
        np.testing.assert_array_equal(frame, spaces.flatten(space, observation).astype(np.float32))
    assert len(set(view.names)) == len(view.names)
    assert len(view.names) in ((0,) if isinstance(space, spaces.Box) else (view.size,))


def test_a_frame_is_never_written_to_again() -> None:
    numbers = np.zeros(2, np.float32)
    for space in (spaces.Box(-1, 1, (2,)), spaces.Dict(a=spaces.Box(-1, 1, (2,)), b=spaces.Discrete(2))):
        read = view_of("X", space, PLAIN).reader()
        frame = read(numbers if isinstance(space, spaces.Box) else {"a": numbers, "b": 0})
        numbers += 1
        assert frame[0] == numbers[0] - 1


def test_the_names_of_numbers_say_what_they_are() -> None:
    whole = view_of("X", spaces.Dict(position=spaces.Box(-1, 1, (2,)), carrying=spaces.Discrete(3)), PLAIN)
    assert whole.names == ("position 1", "position 2", "carrying = 0", "carrying = 1", "carrying = 2")
    blackjack = view_of("X", spaces.Tuple([spaces.Discrete(2), spaces.Discrete(2, start=1)]), PLAIN)
    assert blackjack.names == ("part 1 = 0", "part 1 = 1", "part 2 = 1", "part 2 = 2")
    assert view_of("X", spaces.Discrete(2), PLAIN).names == ("state = 0", "state = 1")
    assert view_of("X", spaces.MultiBinary(2), PLAIN).names == ("bit 1", "bit 2")
    assert view_of("X", spaces.MultiDiscrete([2, 1]), PLAIN).names == ("choice 1 = 0", "choice 1 = 1", "choice 2 = 0")


def test_bytes_are_scaled_to_one() -> None:
    read = view_of("X", spaces.Box(0, 255, (128,), np.uint8), PLAIN).reader()
    assert read(np.array([0, 51, 255], np.uint8)).tolist() == pytest.approx([0, 0.2, 1])
    quarters = view_of("X", spaces.Box(0, 4, (2,), np.uint8), PLAIN).reader()
    assert quarters(np.array([1, 4], np.uint8)).tolist() == [0.25, 1]


@pytest.mark.parametrize("shown", [16, -1, 99])
def test_a_choice_that_is_none_is_named(shown: int) -> None:
    read = view_of("X", spaces.Dict(a=spaces.Discrete(16)), PLAIN).reader()
    with pytest.raises(EnvironmentFault, match=rf"^showed {shown} as observation\['a'\], which is not in its"):
        read({"a": shown})


def picture(shape: tuple[int, ...], dtype: Any = np.uint8, low: float = 0, high: float = 255) -> spaces.Box:
    return spaces.Box(low, high, shape, dtype)


@pytest.mark.parametrize(
    ("space", "layout"),
    [
        (picture((40, 60)), "hw"),
        (picture((40, 60, 1)), "hwc"),
        (picture((40, 60, 3)), "hwc"),
        (picture((40, 60, 4)), "hwc"),
        (picture((1, 40, 60)), "chw"),
        (picture((3, 40, 60)), "chw"),
        (picture((4, 40, 60)), "chw"),
        (picture((96, 80), np.float32, 0, 1), "hw"),
        (picture((40, 60, 3), np.float64, -1, 1), "hwc"),
        (picture((40, 60, 3), np.int64, 0, 255), "hwc"),
    ],
    ids=str,
)
def test_pictures_become_grey_squares(space: spaces.Box, layout: str) -> None:
    view = view_of("X", space, EnvironmentSettings(frame_size=32))
    assert isinstance(view, PictureView)
    assert view.layout == layout
    read = view.reader()
    for share, grey in ((0, 0), (0.2, 51), (1, 255)):
        value = space.low.min() + share * (space.high.max() - space.low.min())
        frame = read(np.full(space.shape, value, space.dtype))
        assert (frame.shape, frame.dtype) == ((32, 32), np.dtype(np.uint8))
        assert set(frame.ravel().tolist()) == {grey}


def test_what_is_bright_in_a_corner_is_so_in_the_frame_too() -> None:
    for shape, corner in (((32, 64, 3), np.s_[:16, :32]), ((3, 32, 64), np.s_[:, :16, :32])):
        shown = np.zeros(shape, np.uint8)
        shown[corner] = 255
        frame = view_of("X", picture(shape), EnvironmentSettings(frame_size=32)).reader()(shown)
        assert (frame[:16, :16] == 255).all()
        assert not frame[16:].any()
        assert not frame[:, 16:].any()


@pytest.mark.parametrize("side", [(7, 9), (7, 24), (8, 9), (7, 7), (9, 7), (10, 10)])
def test_no_grid_is_taken_for_a_stack_of_pictures(side: tuple[int, int]) -> None:
    seen = view_of("X", picture((*side, 3)), PLAIN)
    # 24 planes: [7, 9, 24] and the like would read as a stack of 7 pictures, and are shown as numbers.
    assert not is_stacked(seen.frame_shape)
    assert isinstance(seen, GridView) == (side in [(7, 7), (9, 7), (10, 10)])


def test_a_small_grid_is_kept_cell_by_cell() -> None:
    bits = view_of("X", picture((7, 7, 3)), PLAIN)
    assert isinstance(bits, GridView)
    assert (bits.encoding, bits.frame_shape, bits.frame_dtype) == ("bits", (7, 7, 24), np.dtype(bool))
    cells = np.zeros((7, 7, 3), np.uint8)
    cells[2, 5] = 8, 1, 255
    frame = bits.reader()(cells)
    assert np.flatnonzero(frame[2, 5]).tolist() == [3, 8, *range(16, 24)]
    assert frame.sum() == 10
    assert (bits.names[3], bits.names[8]) == ("channel 1, bit 3", "channel 2, bit 0")

    kinds = view_of("X", picture((2 + 7, 8, 1), np.int64, 1, 4), PLAIN)
    assert isinstance(kinds, GridView)
    assert (kinds.encoding, kinds.frame_shape) == ("kinds", (9, 8, 4))
    frame = kinds.reader()(np.full((9, 8, 1), 3))
    assert frame[0, 0].tolist() == [False, False, True, False]
    assert kinds.names[2] == "channel 1 = 3"

    flags = view_of("X", picture((8, 8, 4), np.int8, 0, 1), PLAIN)
    assert isinstance(flags, GridView)
    assert (flags.encoding, flags.frame_shape, flags.frame_dtype) == ("flags", (8, 8, 4), np.dtype(bool))

    first = view_of("X", picture((3, 8, 9), np.float32, 0, 1), PLAIN)
    assert isinstance(first, GridView)
    assert (first.encoding, first.frame_shape, first.frame_dtype) == ("numbers", (8, 9, 3), np.dtype(np.float32))
    shown = np.random.default_rng(1).random((3, 8, 9), np.float32)
    np.testing.assert_array_equal(first.reader()(shown), shown.transpose(1, 2, 0))


@pytest.mark.parametrize(
    "space",
    [
        picture((6, 60, 3)),  # too low to be a picture
        picture((10, 12), np.float32, -1, 1),  # a matrix
        picture((20, 20, 3), np.float32, -np.inf, np.inf),
        picture((7, 24, 3)),  # 24 planes of 7 x 24 would read as 7 pictures of 24 x 24
    ],
    ids=str,
)
def test_what_is_no_picture_is_a_vector(space: spaces.Box) -> None:
    view = view_of("X", space, PLAIN)
    assert isinstance(view, VectorView)
    assert view.frame_shape == (np.prod(space.shape),)


SEVERAL = spaces.Dict(
    image=picture((40, 40, 3)), grid=picture((7, 7, 3)), speed=spaces.Box(-1, 1, (2,)), mission=spaces.Text(20)
)


def test_one_of_several_things_is_chosen_by_its_key() -> None:
    with pytest.raises(
        NeedsSetting,
        match=r"X cannot be played: its observation holds a picture among other things, .* choose it with "
        r"environment.observation = image \(uint8 40 x 40 x 3\) or grid \(uint8 7 x 7 x 3\) or speed \(float32 2\)",
    ):
        view_of("X", SEVERAL, PLAIN)
    shown = {"image": np.full((40, 40, 3), 9, np.uint8), "grid": np.zeros((7, 7, 3), np.uint8), "speed": np.ones(2)}
    for key, shape in (("image", (84, 84)), ("grid", (7, 7, 24)), ("speed", (2,))):
        view = view_of("X", SEVERAL, EnvironmentSettings(observation=key))
        assert view.reader()(shown).shape == view.frame_shape == shape
    assert view.names == ("speed 1", "speed 2")
    with pytest.raises(
        UnplayableGame, match=r"environment.observation = 'imaeg' is no part of what X shows; choose im"
    ):
        view_of("X", SEVERAL, EnvironmentSettings(observation="imaeg"))
    with pytest.raises(UnplayableGame, match=r"cannot be used: X shows one thing alone \(Box\); leave the setting out"):
        view_of("X", picture((40, 40, 3)), EnvironmentSettings(observation="image"))
    pair = spaces.Tuple([spaces.Discrete(3), picture((40, 40))])
    assert view_of("X", pair, EnvironmentSettings(observation="1")).frame_shape == (84, 84)


def test_a_part_that_is_no_number_is_named() -> None:
    without = spaces.Dict(speed=spaces.Box(-1, 1, (2,)), mission=spaces.Text(20))
    with pytest.raises(
        NeedsSetting,
        match=r"its observation's mission is Text, and the network needs numbers, choices or a picture; choose what "
        r"the network sees with environment.observation = speed \(float32 2\)",
    ):
        view_of("X", without, PLAIN)
    with pytest.raises(UnplayableGame, match=r"its observation space is Text, and the network needs numbers, choices"):
        view_of("X", spaces.Text(20), PLAIN)
    with pytest.raises(UnplayableGame, match=r"its observation is 100,000 numbers, which is neither 1 to 4096"):
        view_of("X", spaces.Discrete(100_000), PLAIN)


class Acting(gymnasium.Env[Any, Any]):
    def __init__(self, actions: spaces.Space[Any]) -> None:
        self.action_space, self.observation_space = actions, spaces.Box(-1, 1, (1,))


def table(actions: spaces.Space[Any], settings: EnvironmentSettings = PLAIN) -> ActionTable:
    return actions_of("X", Acting(actions), settings)


@pytest.mark.parametrize(
    ("space", "count", "name"),
    [
        (spaces.Discrete(3, start=5), 3, "action 1"),
        (spaces.Box(0, 3, (1,), np.int64), 4, "value 1"),
        (spaces.MultiDiscrete([3, 2]), 6, "0, 1"),
        (spaces.MultiDiscrete([[2, 2], [2, 2]], start=[[1, 1], [1, 1]]), 16, "1, 1, 1, 2"),
        (spaces.MultiBinary(3), 8, "0, 0, 1"),
        (spaces.Box(0, 1, (2,), np.int8), 4, "value 0, 1"),
        (spaces.Box(np.array([-1, 0], np.float32), np.array([1, 8], np.float32)), 16, "values -0.75, +3.00"),
        (spaces.Box(-1, 1, (1,), np.float64), 4, "value -0.25"),
    ],
    ids=str,
)
def test_every_action_is_one_of_the_spaces_own(space: spaces.Space[Any], count: int, name: str) -> None:
    actions = table(space, EnvironmentSettings(action_bins=4))
    own = actions.chooser()
    taken = [own(number) for number in range(count)]
    assert all(space.contains(action) for action in taken)
    assert all(np.asarray(action).dtype == space.dtype for action in taken)
    assert len({np.asarray(action).tobytes() for action in taken}) == count == len(actions.names)
    assert len(set(actions.names)) == count
    assert actions.names[1] == name
    if actions.shape:
        taken[0][...] = taken[-1]  # some environments write to what they are given
        assert (own(0) != own(count - 1)).any()


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        (spaces.MultiDiscrete([300, 2]), r"its actions \(MultiDiscrete\) have 600 combinations, and .* at most 256"),
        (spaces.MultiBinary(9), r"its actions \(MultiBinary\) have 512 combinations"),
        (spaces.MultiBinary(90), r"have more than a million million combinations"),
        (spaces.Box(0, 1000, (1,), np.int64), r"its actions \(Box\) have 1,001 combinations"),
        (
            spaces.Box(-1, 1, (3,)),
            r"3 numbers of 9 values each, .* 729 combinations, .* environment.action_bins = 6 or",
        ),
        (spaces.Box(-1, 1, (9,)), r"have 387,420,489 combinations"),
        (spaces.Box(-np.inf, 1, (2,)), r"an action is 2 numbers, not all of them bounded"),
        (spaces.Box(-np.inf, np.inf, (1,)), r"an action is a continuous number without bounds"),
        (spaces.Discrete(5000), r"it has 5,000 actions, and .* at most 4096"),
        (spaces.Tuple([spaces.Discrete(2)]), r"its action space is Tuple"),
    ],
    ids=str,
)
def test_too_many_actions_are_refused_with_their_count(space: spaces.Space[Any], reason: str) -> None:
    with pytest.raises(UnplayableGame, match=f"^X cannot be played: .*{reason}"):
        table(space)


@pytest.mark.parametrize("space", [*VECTORS, picture((3, 40, 40)), picture((7, 7, 3))], ids=str)
def test_an_adapter_is_data(space: spaces.Space[Any]) -> None:
    adapter = Adapter(observation=view_of("X", space, PLAIN), actions=table(spaces.Box(-1, 1, (2,), np.float32)))
    again = Adapter.model_validate_json(adapter.model_dump_json())
    assert again == adapter
    space.seed(3)
    shown = space.sample()
    np.testing.assert_array_equal(again.observation.reader()(shown), adapter.observation.reader()(shown))
    np.testing.assert_array_equal(again.actions.chooser()(5), adapter.actions.chooser()(5))


@pytest.mark.parametrize(
    "broken",
    [
        lambda: VectorView(parts=()),
        lambda: VectorView(parts=(Numbers(path=(), size=2),), names=("one",)),
        lambda: VectorView(parts=(Numbers(path=(), size=4096), Numbers(path=(), size=1))),
        lambda: OneHot(path=(), sizes=(2, 3), starts=(0,)),
        lambda: Numbers(path=(), size=0),
        lambda: Numbers(path=(), size=1, scale=float("nan")),
        lambda: PictureView(path=(), layout="hw", low=1, high=1, size=84),
        lambda: GridView(path=(), layout="hw", height=7, width=7, channels=1, encoding="bits", names=("one",)),
        lambda: ActionTable(dtype="object", shape=(), values=((1,),), names=("a",)),
        lambda: ActionTable(dtype="int64", shape=(2,), values=((1,),), names=("a",)),
        lambda: ActionTable(dtype="int64", shape=(), values=((1,),), names=("a", "b")),
    ],
)
def test_a_description_that_does_not_fit_itself_is_refused(broken: Any) -> None:
    with pytest.raises(ValidationError):
        broken()
