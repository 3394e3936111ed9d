"""Between an environment's spaces and the network stands one adapter, and it is data: how an observation becomes a
frame, and which of the environment's own actions each number of the agent's means.

An adapter is made from Gymnasium's spaces (`families.gymnasium.spaces`) and needs no library to be applied. It survives
JSON, and what is read back is checked like any settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from arcade_dqn.games.game import EnvironmentFault, Frame
from arcade_dqn.games.pixels import shrink, to_grey

MOST_NUMBERS: Final = 4096
"""The longest vector that is taken: above it, dense layers are the wrong network."""
MOST_ACTIONS: Final = 4096
BITS: Final = 8


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Path = tuple[str | int, ...]
"""The way to a part of the observation: keys of a Dict, places of a Tuple; () is the observation itself."""
_Size = Annotated[int, Field(ge=1, le=MOST_NUMBERS)]
_Name = Annotated[str, Field(max_length=200)]
Layout = Literal["hw", "hwc", "chw"]
"""What the axes of a picture are: height and width, with channels last or first, or without any."""


class Numbers(_Data):
    """A part that is numbers: its `size` entries in row-major order, each times `scale`."""

    kind: Literal["numbers"] = "numbers"
    path: Path
    size: _Size
    scale: float = 1.0


class OneHot(_Data):
    """A part that is one or several choices: choice i becomes `sizes[i]` numbers, of which one is 1."""

    kind: Literal["one_hot"] = "one_hot"
    path: Path
    sizes: Annotated[tuple[_Size, ...], Field(min_length=1)]
    starts: tuple[int, ...]
    """What the first option of each choice is called."""

    @model_validator(mode="after")
    def _each_choice_starts_somewhere(self) -> Self:
        if len(self.sizes) != len(self.starts):
            raise ValueError(f"{len(self.sizes)} choices have {len(self.starts)} starts")
        return self

    @property
    def size(self) -> int:
        return sum(self.sizes)


class VectorView(_Data):
    """Frames are float32 [N]: the parts one after another, as Gymnasium flattens spaces."""

    kind: Literal["vector"] = "vector"
    parts: Annotated[tuple[Annotated[Numbers | OneHot, Field(discriminator="kind")], ...], Field(min_length=1)]
    names: tuple[_Name, ...] = ()
    """What each number is called; () where there is nothing to say but its place."""

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.size > MOST_NUMBERS:
            raise ValueError(f"{self.size} numbers are more than {MOST_NUMBERS}")
        if self.names and len(self.names) != self.size:
            raise ValueError(f"{self.size} numbers have {len(self.names)} names")
        return self

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def frame_shape(self) -> tuple[int, ...]:
        return (self.size,)

    @property
    def frame_dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    def reader(self) -> Callable[[Any], Frame]:
        """From an observation to a frame that nobody writes to any more."""
        readers = [_reader_of(part) for part in self.parts]
        if len(readers) == 1:
            return readers[0]
        return lambda observation: np.concatenate([read(observation) for read in readers])


class PictureView(_Data):
    """Frames are grey uint8 [size, size]."""

    kind: Literal["picture"] = "picture"
    path: Path
    layout: Layout
    low: float
    high: float
    """The numbers that are black and white; 0 and 255 for bytes."""
    size: Annotated[int, Field(ge=1, le=1024)]

    @model_validator(mode="after")
    def _black_is_not_white(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"black, {self.low:g}, is not below white, {self.high:g}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    @property
    def frame_shape(self) -> tuple[int, ...]:
        return (self.size, self.size)

    @property
    def frame_dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8)

    def reader(self) -> Callable[[Any], Frame]:
        """From an observation to a frame that nobody writes to any more."""
        bytes_already = (self.low, self.high) == (0, 255)

        def read(observation: Any) -> Frame:
            picture = channels_last(np.asarray(_at(observation, self.path)), self.layout)
            if not bytes_already or picture.dtype != np.uint8:
                picture = to_bytes(picture, self.low, self.high)
            return shrink(to_grey(np.ascontiguousarray(_colours(picture, self.layout))), self.size)

        return read


class GridView(_Data):
    """A small grid of cells, kept as it is. Frames are [height, width, planes].

    Of `kinds` each channel of a cell becomes `levels` planes, one of which is set (bool); of `bits`, which are for
    bytes of which nobody says what they mean, eight (bool, the lowest bit first); `flags` are bool already, and
    `numbers` stay numbers (float32).
    """

    kind: Literal["grid"] = "grid"
    path: Path
    layout: Layout
    height: _Size
    width: _Size
    channels: _Size
    encoding: Literal["kinds", "bits", "flags", "numbers"]
    low: int = 0
    """The lowest kind."""
    levels: Annotated[int, Field(ge=1, le=256)] = 1
    names: tuple[_Name, ...]

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        if len(self.names) != self.planes:
            raise ValueError(f"{self.planes} planes have {len(self.names)} names")
        return self

    @property
    def planes(self) -> int:
        return self.channels * {"kinds": self.levels, "bits": BITS}.get(self.encoding, 1)

    @property
    def frame_shape(self) -> tuple[int, ...]:
        return (self.height, self.width, self.planes)

    @property
    def frame_dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32 if self.encoding == "numbers" else bool)

    def reader(self) -> Callable[[Any], Frame]:
        """From an observation to a frame that nobody writes to any more."""
        levels = np.arange(self.low, self.low + self.levels)

        def read(observation: Any) -> Frame:
            cells = channels_last(np.asarray(_at(observation, self.path)), self.layout)
            match self.encoding:
                case "numbers":
                    return np.array(cells, np.float32, order="C")
                case "flags":
                    flags: Frame = cells != self.low
                    return flags
                case "kinds":
                    planes = cells[..., None] == levels
                case "bits":
                    planes = (cells[..., None].astype(np.int64) >> np.arange(BITS)) & 1 > 0
            frame: Frame = planes.reshape(*cells.shape[:2], -1)
            return frame

        return read


class ActionTable(_Data):
    """The environment's action behind each of the agent's numbers."""

    dtype: Annotated[str, Field(pattern=r"^(u?int(8|16|32|64)|float(16|32|64)|bool)$")]
    shape: tuple[_Size, ...]
    """() is a single number, such as Gymnasium's Discrete takes."""
    values: Annotated[tuple[tuple[float | int, ...], ...], Field(min_length=1, max_length=MOST_ACTIONS)]
    """Each action's numbers in row-major order."""
    names: tuple[_Name, ...]

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        if len(self.names) != len(self.values):
            raise ValueError(f"{len(self.values)} actions have {len(self.names)} names")
        if any(len(value) != math.prod(self.shape) for value in self.values):
            raise ValueError(f"an action is {math.prod(self.shape)} numbers, and some have others")
        return self

    def chooser(self) -> Callable[[int], Any]:
        """From the agent's number to an action of the space's own type, which the environment may write to."""
        dtype = np.dtype(self.dtype)
        if not self.shape:
            scalars = [dtype.type(value[0]) for value in self.values]
            return scalars.__getitem__
        arrays = [np.array(value, dtype).reshape(self.shape) for value in self.values]
        return lambda action: arrays[action].copy()


class Adapter(_Data):
    """How one environment is presented to the agent, and how the agent's choice is to the environment."""

    observation: Annotated[VectorView | PictureView | GridView, Field(discriminator="kind")]
    actions: ActionTable


def channels_last(picture: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """A picture as [height, width, channels]."""
    if layout == "hw":
        return picture[..., None]
    return picture.transpose(1, 2, 0) if layout == "chw" else picture


def _colours(picture: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    """A picture [height, width, 4] as 1 or 3 channels; others pass through.

    Four channels that come last are red, green, blue and opacity, which says nothing. Four that come first are as a
    rule grey pictures that a wrapper has stacked; their mean shows where something was in any of them.
    """
    if picture.shape[2] != 4:
        return picture
    if layout == "hwc":
        return picture[:, :, :3]
    mean: NDArray[np.uint8] = np.rint(picture.mean(axis=2, keepdims=True)).astype(np.uint8)
    return mean


def to_bytes(picture: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Numbers from `low` to `high` as brightness from 0 to 255; what lies outside is cut. NaN is black."""
    share = (np.asarray(picture, np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    levels: NDArray[np.uint8] = np.rint(np.nan_to_num(np.clip(share, 0, 255), nan=0.0)).astype(np.uint8)
    return levels


def _at(observation: Any, path: Path) -> Any:
    for key in path:
        observation = observation[key]
    return observation


def _reader_of(part: Numbers | OneHot) -> Callable[[Any], Frame]:
    if isinstance(part, Numbers):
        scale = np.float32(part.scale)

        def numbers(observation: Any) -> Frame:
            # A copy, because some environments hand out the array that they go on writing to.
            frame = np.array(_at(observation, part.path), np.float32).reshape(-1)
            return frame if part.scale == 1.0 else frame * scale

        return numbers
    firsts = np.cumsum([0, *part.sizes[:-1]])
    starts, sizes = np.array(part.starts), np.array(part.sizes)

    def one_hot(observation: Any) -> Frame:
        value = _at(observation, part.path)
        chosen = np.asarray(value).reshape(-1) - starts
        if chosen.shape != starts.shape or not ((chosen >= 0) & (chosen < sizes)).all():
            where = "".join(f"[{key!r}]" for key in part.path)
            raise EnvironmentFault(
                f"showed {' '.join(str(value).split())[:80]} as observation{where}, which is not in its observation "
                "space"
            )
        frame = np.zeros(part.size, np.float32)
        frame[firsts + chosen.astype(np.int64)] = 1.0
        return frame

    return one_hot
