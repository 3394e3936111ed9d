"""Pictures of classic control: of an environment at play, and of what an agent sees of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from arcade_dqn.games.families.classic import acrobot, cartpole, mountaincar, pendulum
from arcade_dqn.games.game import Picture
from arcade_dqn.games.info import UnplayableGame
from arcade_dqn.games.unwrapped import Painter


def painter(id: str, env: Any) -> Painter:
    """What draws the present state of `env`, the bare Gymnasium environment of this id."""
    match id:
        case "CartPole-v1":
            return lambda action, _: cartpole.draw(float(env.state[0]), float(env.state[2]), action)
        case "Acrobot-v1":
            return lambda action, _: acrobot.draw(
                float(env.state[0]), float(env.state[1]), 0 if action is None else action - 1
            )
        case "MountainCar-v0":
            return lambda action, _: mountaincar.draw(float(env.state[0]), 0 if action is None else action - 1)
        case "Pendulum-v1":
            # Not the action: that is an index, and the environment remembers the torque behind it.
            return lambda _, __: pendulum.draw(float(env.state[0]), 0.0 if env.last_u is None else float(env.last_u))
        case _:
            raise UnplayableGame(
                f"{id} has no picture among those of classic control; in the catalogue its family is gymnasium"
            )


def seen(id: str, numbers: Sequence[float]) -> Picture | None:
    """The picture of one observation, in which nothing is pushed: the numbers do not tell the last action."""
    match id:
        case "CartPole-v1":
            return cartpole.draw(numbers[0], numbers[2], None)
        case "Acrobot-v1":
            return acrobot.draw(math.atan2(numbers[1], numbers[0]), math.atan2(numbers[3], numbers[2]), 0)
        case "MountainCar-v0":
            return mountaincar.draw(numbers[0], 0)
        case "Pendulum-v1":
            return pendulum.draw(math.atan2(numbers[1], numbers[0]), 0.0)
        case _:
            return None
