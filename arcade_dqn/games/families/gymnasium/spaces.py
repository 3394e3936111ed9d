"""From Gymnasium's spaces to an adapter, or to the sentence that says why a deep Q-network cannot play there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.adapter import (
    BITS,
    MOST_ACTIONS,
    MOST_NUMBERS,
    ActionTable,
    GridView,
    Layout,
    Numbers,
    OneHot,
    Path,
    PictureView,
    VectorView,
)
from arcade_dqn.games.environment import discretised
from arcade_dqn.games.info import UnplayableGame

MOST_COMBINATIONS: Final = 256
"""Actions that combine several choices or numbers: above it, a network with an output for each hardly learns."""
SMALLEST_SIDE: Final = 7
"""Cells of height and width from which numbers in two or three dimensions are seen as a picture."""
PICTURE_SIDE: Final = 16
"""Pixels of height and width from which a picture is made grey and scaled; a smaller one is a grid of cells."""
MOST_KINDS: Final = 16
"""Different values of a cell up to which each of them gets a plane of its own."""


class NeedsSetting(UnplayableGame):
    """It can be played once a setting says how; the message names it."""


@dataclass(frozen=True)
class _Shape:
    layout: Layout
    height: int
    width: int
    channels: int


def view_of(name: str, space: spaces.Space[Any], settings: EnvironmentSettings) -> VectorView | PictureView | GridView:
    """How observations of `space` are presented. Raises UnplayableGame with the reason, naming the game by `name`."""
    wrong = f"{name} cannot be played:"
    path: Path = ()
    if settings.observation:
        path, space = _chosen(name, space, settings.observation)
    elif isinstance(space, (spaces.Dict, spaces.Tuple)):
        pictures = [one for _, one in _leaves(space) if _looks_like(one) is not None]
        if pictures:
            raise NeedsSetting(
                f"{wrong} its observation holds a picture among other things, and the network looks at one of them; "
                f"choose it with environment.observation = {_keys(space)}"
            )
    shape = _looks_like(space)
    if shape is not None:
        assert isinstance(space, spaces.Box)
        if min(shape.height, shape.width) < PICTURE_SIDE:
            grid = _grid(space, path, shape)
            # Of [7, 9, 24] nobody could tell whether it is 24 planes or a stack of 7 pictures (acting.layers).
            stack = grid.height <= 8 and grid.height < min(grid.width, grid.planes)
            return _vector(name, space, path) if stack else grid
        low, high = (0.0, 255.0) if space.dtype == np.uint8 else (float(space.low.min()), float(space.high.max()))
        return PictureView(path=path, layout=shape.layout, low=low, high=high, size=settings.frame_size)
    return _vector(name, space, path)


def picture_inside(space: spaces.Space[Any]) -> spaces.Box | None:
    """The first picture in a space that holds several things."""
    return next(
        (one for _, one in _leaves(space) if isinstance(one, spaces.Box) and _looks_like(one) is not None), None
    )


def _chosen(name: str, space: spaces.Space[Any], key: str) -> tuple[Path, spaces.Space[Any]]:
    if isinstance(space, spaces.Dict) and key in space.spaces:
        return (key,), space.spaces[key]
    if isinstance(space, spaces.Tuple) and key.isdecimal() and int(key) < len(space.spaces):
        return (int(key),), space.spaces[int(key)]
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        raise UnplayableGame(
            f"environment.observation = {key!r} is no part of what {name} shows; choose {_keys(space)}"
        )
    raise UnplayableGame(
        f"environment.observation = {key!r} cannot be used: {name} shows one thing alone ({type(space).__name__}); "
        "leave the setting out"
    )


def _keys(space: spaces.Dict | spaces.Tuple[Any]) -> str:
    """The keys that may be chosen, each with what it is."""
    parts = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
    return " or ".join(f"{key} ({_words(part)})" for key, part in parts if _can_be_seen(part))


def _can_be_seen(space: spaces.Space[Any]) -> bool:
    try:
        view_of("", space, EnvironmentSettings())
    except UnplayableGame:
        return False
    return True


def _words(space: spaces.Space[Any]) -> str:
    if isinstance(space, spaces.Box):
        return f"{space.dtype} {' x '.join(map(str, space.shape)) or 'number'}"
    return type(space).__name__


def _looks_like(space: spaces.Space[Any]) -> _Shape | None:
    """The picture that a Box is, if it is one; see `docs/games.md`."""
    if not isinstance(space, spaces.Box) or len(space.shape) not in (2, 3):
        return None
    low, high = float(space.low.min()), float(space.high.max())
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return None
    if len(space.shape) == 2:
        # Few numbers that are no bytes are as likely a matrix: a vector loses nothing of it.
        matrix = space.dtype != np.uint8 and math.prod(space.shape) <= MOST_NUMBERS
        shape = None if matrix else _Shape("hw", space.shape[0], space.shape[1], 1)
    elif space.shape[2] in (1, 3, 4):
        shape = _Shape("hwc", space.shape[0], space.shape[1], space.shape[2])
    elif space.shape[0] in (1, 3, 4):
        shape = _Shape("chw", space.shape[1], space.shape[2], space.shape[0])
    else:
        shape = None
    if shape is None or min(shape.height, shape.width) < SMALLEST_SIDE:
        return None
    if min(shape.height, shape.width) < PICTURE_SIDE and math.prod(space.shape) > MOST_NUMBERS:
        return None
    if space.dtype is not None and np.issubdtype(space.dtype, np.integer) and (low < 0 or high > 255):
        return None
    return shape


def _grid(space: spaces.Box, path: Path, shape: _Shape) -> GridView:
    low, high = float(space.low.min()), float(space.high.max())
    whole = space.dtype == np.bool_ or (space.dtype is not None and np.issubdtype(space.dtype, np.integer))
    encoding: Any = "numbers"
    levels = 1
    each: list[str] = [""]
    if whole and high - low == 1:
        encoding = "flags"
    elif whole and high - low < MOST_KINDS:
        encoding, levels = "kinds", int(high - low) + 1
        each = [f" = {int(low) + kind}" for kind in range(levels)]
    elif whole:
        encoding = "bits"
        each = [f", bit {bit}" for bit in range(BITS)]
    names = tuple(f"channel {channel}{one}" for channel in range(1, shape.channels + 1) for one in each)
    return GridView(
        path=path, layout=shape.layout, height=shape.height, width=shape.width, channels=shape.channels,
        encoding=encoding, low=int(low) if whole else 0, levels=levels, names=names,
    )  # fmt: skip


def _vector(name: str, space: spaces.Space[Any], path: Path) -> VectorView:
    parts: list[Numbers | OneHot] = []
    names: list[str] = []
    size = 0
    for place, one in _leaves(space):
        whole = (*path, *place)
        label = " ".join(f"part {key + 1}" if isinstance(key, int) else key for key in whole)
        count, shown = _part(one, whole)
        if shown is None:
            cure = ""
            if isinstance(space, (spaces.Dict, spaces.Tuple)) and not path and (keys := _keys(space)):
                cure = f"; choose what the network sees with environment.observation = {keys}"
            what = f"its observation space is {type(one).__name__}"
            if place:
                what = f"its observation's {label} is {type(one).__name__}"
            kind = NeedsSetting if cure else UnplayableGame
            raise kind(f"{name} cannot be played: {what}, and the network needs numbers, choices or a picture{cure}")
        size += count
        if size <= MOST_NUMBERS:
            parts.append(shown())
            names += _names(one, label)
    if not 1 <= size <= MOST_NUMBERS:
        raise UnplayableGame(
            f"{name} cannot be played: its observation is {_size_in_words(space, size)}, which is neither 1 to "
            f"{MOST_NUMBERS} numbers nor a picture (height x width, with 1, 3 or 4 channels last or first)"
        )
    plain = isinstance(space, spaces.Box) and not path
    return VectorView(parts=tuple(parts), names=() if plain else tuple(names))


def _size_in_words(space: spaces.Space[Any], size: int) -> str:
    return f"{space.dtype} {space.shape}" if isinstance(space, spaces.Box) else f"{size:,} numbers"


def _leaves(space: spaces.Space[Any]) -> Iterator[tuple[Path, spaces.Space[Any]]]:
    """The spaces without parts, in the order in which Gymnasium flattens them."""
    if isinstance(space, spaces.Dict):
        inner: Any = space.spaces.items()
    elif isinstance(space, spaces.Tuple):
        inner = enumerate(space.spaces)
    else:
        yield (), space
        return
    for key, one in inner:
        for path, leaf in _leaves(one):
            yield (key, *path), leaf


def _part(space: spaces.Space[Any], path: Path) -> tuple[int, Any]:
    """How many numbers a space without parts is, and what makes the description of them; None if it is none."""
    match space:
        case spaces.Discrete():
            count = int(space.n)
            return count, lambda: OneHot(path=path, sizes=(count,), starts=(int(space.start),))
        case spaces.MultiDiscrete():
            sizes = tuple(space.nvec.ravel().tolist())
            return sum(sizes), lambda: OneHot(path=path, sizes=sizes, starts=tuple(space.start.ravel().tolist()))
        case spaces.MultiBinary():
            size = math.prod(space.shape)
            return size, lambda: Numbers(path=path, size=size)
        case spaces.Box():
            size = math.prod(space.shape)
            scale = 1.0
            if space.dtype == np.uint8 and size and space.high.max() > 1:
                scale = 1 / float(space.high.max())
            return size, lambda: Numbers(path=path, size=size, scale=scale)
    return 0, None


def _names(space: spaces.Space[Any], label: str) -> list[str]:
    """What each number of a space without parts is called."""
    match space:
        case spaces.Discrete():
            start = int(space.start)
            return [f"{label or 'state'} = {start + option}" for option in range(int(space.n))]
        case spaces.MultiDiscrete():
            named = []
            choices = zip(space.nvec.ravel().tolist(), space.start.ravel().tolist(), strict=True)
            for number, (size, start) in enumerate(choices, start=1):
                one = f"{label} {number}" if label else f"choice {number}"
                named += [f"{one} = {start + option}" for option in range(size)]
            return named
        case _:
            size = math.prod(space.shape or ())
            word = "bit" if isinstance(space, spaces.MultiBinary) else "number"
            if label and size == 1:
                return [label]
            return [f"{label or word} {number}" for number in range(1, size + 1)]


def actions_of(name: str, env: gymnasium.Env[Any, Any], settings: EnvironmentSettings) -> ActionTable:
    """The actions that the agent chooses among. Raises UnplayableGame with the reason."""
    space = env.action_space
    match space:
        case spaces.Discrete():
            count = int(space.n)
            if count > MOST_ACTIONS:
                raise UnplayableGame(
                    f"{name} cannot be played: it has {count:,} actions, and a deep Q-network chooses among at most "
                    f"{MOST_ACTIONS}"
                )
            first = int(space.start)
            values: list[tuple[Any, ...]] = [(first + action,) for action in range(count)]
            return _table(space.dtype, (), values, [f"action {action}" for action in range(count)])
        case spaces.MultiDiscrete():
            sizes, starts = space.nvec.ravel().tolist(), space.start.ravel().tolist()
            choices = [range(start, start + size) for size, start in zip(sizes, starts, strict=True)]
            return _combined(name, space, choices, "")
        case spaces.MultiBinary():
            return _combined(name, space, [range(2)] * math.prod(space.shape), "")
        case spaces.Box():
            return _numbers(name, env, space, settings)
    raise UnplayableGame(
        f"{name} cannot be played: its action space is {type(space).__name__}, and a deep Q-network chooses one of a "
        "few actions (Discrete, MultiDiscrete, MultiBinary, or bounded numbers cut into values)"
    )


def _numbers(name: str, env: gymnasium.Env[Any, Any], space: spaces.Box, settings: EnvironmentSettings) -> ActionTable:
    numbers = math.prod(space.shape)
    if not numbers or not space.is_bounded():
        kind = "a continuous number without bounds" if numbers == 1 else f"{numbers} numbers, not all of them bounded"
        raise UnplayableGame(
            f"{name} cannot be played: an action is {kind}, and a deep Q-network chooses among a few actions "
            "(bounded numbers can be cut into values, as in Pendulum-v1)"
        )
    lows, highs = space.low.ravel().tolist(), space.high.ravel().tolist()
    if space.dtype is not None and not np.issubdtype(space.dtype, np.floating):
        whole = [range(int(low), int(high) + 1) for low, high in zip(lows, highs, strict=True)]
        return _combined(name, space, whole, "value ")
    bins = settings.action_bins
    if numbers == 1:
        table = [value.item() for value in discretised(env, bins)]
        return _table(space.dtype, space.shape, [(value,) for value in table], [f"value {v:+.2f}" for v in table])
    most = int(MOST_COMBINATIONS ** (1 / numbers) + 1e-9)
    if bins**numbers > MOST_COMBINATIONS and most >= 2:
        raise NeedsSetting(
            f"{name} cannot be played: an action is {numbers} numbers of {bins} values each, which are "
            f"{bins**numbers:,} combinations, and at most {MOST_COMBINATIONS} are taken; choose "
            f"environment.action_bins = {most} or less"
        )
    # The centres of equal parts, as for one number.
    cut = [
        [low + (high - low) * (2 * part + 1) / (2 * bins) for part in range(bins)]
        for low, high in zip(lows, highs, strict=True)
    ]
    return _combined(name, space, cut, "values ")


def _combined(name: str, space: spaces.Space[Any], choices: list[Any], word: str) -> ActionTable:
    """Every combination of the choices, the last one changing fastest."""
    count = math.prod(len(options) for options in choices)
    if not 1 <= count <= MOST_COMBINATIONS:
        raise UnplayableGame(
            f"{name} cannot be played: its actions ({type(space).__name__}) have {_in_words(count)} combinations, and "
            f"a deep Q-network chooses among at most {MOST_COMBINATIONS} of them"
        )
    values = list(itertools.product(*choices))
    names = [
        word + ", ".join(f"{one:+.2f}" if isinstance(one, float) else str(one) for one in value) for value in values
    ]
    return _table(space.dtype, space.shape or (), values, names)


def _in_words(count: int) -> str:
    return f"{count:,}" if count < 10**12 else "more than a million million"


def _table(dtype: Any, shape: tuple[int, ...], values: list[tuple[Any, ...]], names: list[str]) -> ActionTable:
    return ActionTable(dtype=np.dtype(dtype).name, shape=shape, values=tuple(values), names=tuple(names))
