"""Pictures of observations: the same as the game's own picture, wherever the observation tells all that is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.families import family_of
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Picture
from arcade_dqn.games.info import GameInfo
from arcade_dqn.games.make import make
from arcade_dqn.games.paint import HERO


def picture_of(info: GameInfo, observation: NDArray[Any]) -> Picture | None:
    return family_of(info).picture_of(info, observation)


@pytest.mark.parametrize("id", ["CartPole-v1", "MountainCar-v0", "Pendulum-v1", "Acrobot-v1", "MinAtar/Breakout-v1"])
def test_it_is_the_games_own_picture(id: str) -> None:
    pytest.importorskip("minatar")
    game = make(id, EnvironmentSettings(), render=True)
    frame = game.reset(5)
    first = game.render()
    seen = picture_of(game.info, frame)
    assert seen is not None
    assert seen.shape == first.shape
    # Observations are in single precision: an edge may fall on the next shade.
    assert np.abs(seen.astype(int) - first.astype(int)).max() <= 3
    game.close()


def test_the_lander_hangs_where_it_is_seen() -> None:
    pytest.importorskip("Box2D")
    game = make("LunarLander-v3", EnvironmentSettings(), render=True)
    game.reset(3)
    frame = game.step(0).frame
    seen, own = picture_of(game.info, frame), game.render()
    assert seen is not None
    hulls = [np.argwhere(np.abs(picture.astype(int) - HERO).max(axis=-1) < 12).mean(axis=0) for picture in (seen, own)]
    assert np.abs(hulls[0] - hulls[1]).max() < 2
    game.close()


def test_of_stacked_grey_pictures_the_newest_is_shown() -> None:
    info = find("ALE/Pong-v5")
    stack = np.stack([np.full((5, 4), shade, np.uint8) for shade in (10, 20, 30, 40)])
    seen = picture_of(info, stack)
    assert seen is not None
    assert seen.shape == (5, 4, 3)
    assert np.unique(seen).tolist() == [40]
    alone = picture_of(info, stack[0])
    assert alone is not None
    assert np.unique(alone).tolist() == [10]


def test_a_vector_of_a_foreign_game_has_no_picture() -> None:
    foreign = GameInfo("Other-v0", "Other", "gymnasium", "", "", (), None, "", None, 30.0)
    assert picture_of(foreign, np.zeros(3, np.float32)) is None
