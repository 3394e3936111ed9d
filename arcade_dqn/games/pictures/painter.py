"""Which picture belongs to which environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcade_dqn.games.pictures import acrobot, cartpole, lander, mountaincar, pendulum

Painter = Callable[[int | None, int], NDArray[np.uint8]]
"""Takes the last action (None right after a reset) and the steps since the reset; gives uint8 [400, 600, 3] to keep."""


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
        case "LunarLander-v3":
            return lambda action, elapsed: _lander(env, action or 0, elapsed)
        case _:
            raise ValueError(f"{id} has no picture of our own")


def _lander(env: Any, engine: int, elapsed: int) -> NDArray[np.uint8]:
    sky = env.sky_polys
    ground = lander.Ground(
        heights=(*(float(chunk[0][1]) for chunk in sky), float(sky[-1][1][1])),
        pad=(float(env.helipad_x1), float(env.helipad_x2)),
        pad_height=float(env.helipad_y),
    )
    # A flame that changes from step to step, and yet looks the same whenever the step is drawn again.
    flicker = (elapsed * 7 % 10) / 9
    legs = [(_pose(leg), bool(leg.ground_contact)) for leg in env.legs]
    return lander.draw(ground, _pose(env.lander), legs, engine, flicker)


def _pose(body: Any) -> lander.Pose:
    return lander.Pose(float(body.position.x), float(body.position.y), float(body.angle))
