"""What an agent sees, as a picture for people: drawn from the observation alone, without a game that is running."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.games.catalog import GameInfo
from arcade_dqn.games.pictures import acrobot, cartpole, lander, mountaincar, pendulum

_LANDER_HALF_WIDTH, _LANDER_HALF_HEIGHT = 10.0, 400 / 30 / 2
"""Half of LunarLander's world, in metres: its positions are told as shares of these."""
_LANDER_PAD = 400 / 30 / 4
"""Height of the landing pad, in metres."""
_LEG_AWAY, _LEG_DOWN = 20 / 30, 18 / 30
"""From the hull's centre to the middle of a leg, in metres; the height is told from so far above the pad."""


def picture_of(info: GameInfo, observation: NDArray[Any]) -> NDArray[np.uint8] | None:
    """The picture, uint8 [H, W, 3], of one observation; None for a vector of a game that has no picture of our own.

    Of stacked grey pictures it is the newest one.
    """
    if info.family == "minatar":
        from arcade_dqn.games.drawing import draw
        from arcade_dqn.games.minatar import channels_of

        return draw(np.asarray(observation, np.bool_), channels_of(info.id))
    if observation.dtype == np.uint8 and observation.ndim >= 2:
        newest = observation[-1] if observation.ndim == 3 and observation.shape[-1] != 3 else observation
        return newest if newest.ndim == 3 else np.repeat(newest[:, :, None], 3, axis=2)
    return _of_vector(info.id, [float(value) for value in observation.ravel()])


def _of_vector(game: str, seen: list[float]) -> NDArray[np.uint8] | None:
    match game:
        case "CartPole-v1":
            return cartpole.draw(seen[0], seen[2], None)
        case "Acrobot-v1":
            return acrobot.draw(math.atan2(seen[1], seen[0]), math.atan2(seen[3], seen[2]), 0)
        case "MountainCar-v0":
            return mountaincar.draw(seen[0], 0)
        case "Pendulum-v1":
            return pendulum.draw(math.atan2(seen[1], seen[0]), 0.0)
        case "LunarLander-v3":
            return _lander(seen)
        case _:
            return None


def _lander(seen: list[float]) -> NDArray[np.uint8]:
    """The lander over flat ground: the moon's hills are not among what it sees."""
    x = _LANDER_HALF_WIDTH * (1 + seen[0])
    y = _LANDER_PAD + _LEG_DOWN + seen[1] * _LANDER_HALF_HEIGHT
    angle = seen[4]
    ground = lander.Ground((_LANDER_PAD,) * 12, (8.0, 12.0), _LANDER_PAD)
    legs = []
    for side, touches in ((1, seen[6]), (-1, seen[7])):
        # Where Gymnasium's joints hold a leg that is not pressed: 0.4 radians outwards.
        turn = angle + side * 0.4
        right, up = -side * _LEG_AWAY, _LEG_DOWN
        leg_x = x - (right * math.cos(turn) - up * math.sin(turn))
        leg_y = y - (right * math.sin(turn) + up * math.cos(turn))
        legs.append((lander.Pose(leg_x, leg_y, turn), touches > 0.5))
    return lander.draw(ground, lander.Pose(x, y, angle), legs, 0, 0.0)
