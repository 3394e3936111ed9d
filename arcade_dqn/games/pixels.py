"""Pictures for the network: grey, small, and the newest few together (Mnih et al. 2015, Methods, Preprocessing)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class FrameStack:
    """The newest `stack` frames as one observation, newest last.

    With stack 1 the observation is the frame itself. Every observation returned is a fresh array (or the very frame
    given, for stack 1) that is never written to again, so callers may keep it.
    """

    def __init__(self, stack: int, frame_shape: Sequence[int], dtype: DTypeLike) -> None:
        self.stack = stack
        self.frame_shape = tuple(frame_shape)
        self.dtype = np.dtype(dtype)
        shape = (stack, *self.frame_shape) if stack > 1 else self.frame_shape
        self.observation: NDArray[Any] = np.zeros(shape, self.dtype)
        """The newest observation, [stack, *frame_shape] or [*frame_shape]; set it to go on from a saved one."""

    def reset(self, frame: NDArray[Any]) -> NDArray[Any]:
        """Begin an episode: its first frame fills the whole stack, so that no frame of another episode is seen."""
        self.observation = np.repeat(frame[np.newaxis], self.stack, axis=0) if self.stack > 1 else frame
        return self.observation

    def push(self, frame: NDArray[Any]) -> NDArray[Any]:
        """The observation after one more frame; the oldest one drops out."""
        if self.stack > 1:
            self.observation = np.concatenate((self.observation[1:], frame[np.newaxis]))
        else:
            self.observation = frame
        return self.observation


def newest_picture(observation: NDArray[Any]) -> NDArray[np.uint8] | None:
    """The newest picture of an observation, uint8 [H, W, 3]; None where it holds none.

    Taken are uint8 [H, W], [stack, H, W] and [H, W, 3].
    """
    if observation.dtype != np.uint8 or observation.ndim < 2:
        return None
    newest = observation[-1] if observation.ndim == 3 and observation.shape[-1] != 3 else observation
    return newest if newest.ndim == 3 else np.repeat(newest[:, :, None], 3, axis=2)


def to_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brightness of a picture, uint8 [H, W, 3] to [H, W] (ITU-R BT.601 weights); grey pictures pass through."""
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 1:
        return picture[:, :, 0]
    weights = np.array((0.299, 0.587, 0.114), np.float32)
    grey: NDArray[np.uint8] = np.rint(picture @ weights).astype(np.uint8)
    return grey


def shrink(grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Scale uint8 [H, W] to [size, size], each new pixel being the mean of the area it covers, in a fresh array."""
    # Imported here because OpenCV belongs to the extra of the pixel games; the rest of this module serves all games.
    import cv2

    if grey.shape == (size, size):
        return grey.copy()
    return np.asarray(cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
