from __future__ import annotations

import numpy as np

from arcade_dqn.games.pixels import FrameStack, shrink, to_grey


def picture(value: int) -> np.ndarray:
    return np.full((2, 3), value, np.uint8)


def test_a_stack_begins_with_its_first_frame_repeated_and_ends_with_the_newest() -> None:
    stack = FrameStack(3, (2, 3), np.uint8)
    values = [stack.reset(picture(7))[:, 0, 0].tolist()]
    values += [stack.push(picture(value))[:, 0, 0].tolist() for value in (8, 9, 10, 11)]
    assert values == [[7, 7, 7], [7, 7, 8], [7, 8, 9], [8, 9, 10], [9, 10, 11]]
    assert stack.observation.shape == (3, 2, 3)
    assert stack.observation.dtype == np.uint8


def test_a_new_episode_sees_nothing_of_the_old_one() -> None:
    stack = FrameStack(4, (2, 3), np.uint8)
    stack.reset(picture(1))
    stack.push(picture(2))
    assert set(stack.reset(picture(5)).ravel().tolist()) == {5}


def test_observations_may_be_kept() -> None:
    stack = FrameStack(2, (2, 3), np.uint8)
    kept = [stack.reset(picture(0))] + [stack.push(picture(value)) for value in range(1, 5)]
    assert [observation[:, 0, 0].tolist() for observation in kept] == [[0, 0], [0, 1], [1, 2], [2, 3], [3, 4]]


def test_a_stack_of_one_is_the_frame() -> None:
    stack = FrameStack(1, (4,), np.float32)
    assert stack.observation.shape == (4,)
    frame = np.arange(4, dtype=np.float32)
    assert stack.reset(frame) is frame
    assert stack.push(frame) is frame
    assert stack.observation is frame


def test_a_saved_observation_can_be_gone_on_from() -> None:
    stack, other = FrameStack(3, (2, 3), np.uint8), FrameStack(3, (2, 3), np.uint8)
    stack.reset(picture(1))
    other.observation = stack.push(picture(2)).copy()
    np.testing.assert_array_equal(stack.push(picture(3)), other.push(picture(3)))


def test_grey_weighs_the_colours_as_the_eye_does() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [10, 20, 30]]], np.uint8)
    # 0.299 * 255, 0.587 * 255, 0.114 * 255, and 2.99 + 11.74 + 3.42
    assert to_grey(colours).tolist() == [[76, 150, 29, 255, 18]]
    flat = np.zeros((4, 5), np.uint8)
    assert to_grey(flat) is flat
    assert to_grey(np.full((4, 5, 1), 9, np.uint8)).tolist() == np.full((4, 5), 9).tolist()


def test_shrinking_takes_the_mean_of_the_area() -> None:
    grey = np.array([[10, 20, 30, 50], [30, 40, 50, 70], [0, 0, 100, 100], [0, 4, 100, 100]], np.uint8)
    assert shrink(grey, 2).tolist() == [[25, 50], [1, 100]]
    # 3 to 2: the first new pixel covers the first column and half of the second, (60 + 0.5 * 30) / 1.5 = 50.
    assert shrink(np.repeat([[60, 30, 0]], 3, axis=0).astype(np.uint8), 2).tolist() == [[50, 10], [50, 10]]


def test_shrinking_gives_a_fresh_array() -> None:
    grey = np.zeros((4, 4), np.uint8)
    small = shrink(grey, 4)
    grey[:] = 1
    assert not small.any()
