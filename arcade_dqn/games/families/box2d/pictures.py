"""Pictures of LunarLander: of the environment at play, and of what an agent sees of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from arcade_dqn.games.families.box2d.lander import Ground, Pose, draw
from arcade_dqn.games.game import Picture

_HALF_WIDTH, _HALF_HEIGHT = 10.0, 400 / 30 / 2
"""Half of LunarLander's world, in metres: its positions are told as shares of these."""
_PAD = 400 / 30 / 4
"""Height of the landing pad, in metres."""
_LEG_AWAY, _LEG_DOWN = 20 / 30, 18 / 30
"""From the hull's centre to the middle of a leg, in metres; the height is told from so far above the pad."""


def present(env: Any, engine: int, elapsed: int) -> Picture:
    """The present state of `env`, the bare environment, under the last action, `elapsed` steps after its reset."""
    sky = env.sky_polys
    ground = Ground(
        heights=(*(float(chunk[0][1]) for chunk in sky), float(sky[-1][1][1])),
        pad=(float(env.helipad_x1), float(env.helipad_x2)),
        pad_height=float(env.helipad_y),
    )
    # A flame that changes from step to step, and yet looks the same whenever the step is drawn again.
    flicker = (elapsed * 7 % 10) / 9
    legs = [(_pose(leg), bool(leg.ground_contact)) for leg in env.legs]
    return draw(ground, _pose(env.lander), legs, engine, flicker)


def _pose(body: Any) -> Pose:
    return Pose(float(body.position.x), float(body.position.y), float(body.angle))


def seen(numbers: Sequence[float]) -> Picture:
    """The picture of one observation: over flat ground, for the moon's hills are not among what an agent sees."""
    x = _HALF_WIDTH * (1 + numbers[0])
    y = _PAD + _LEG_DOWN + numbers[1] * _HALF_HEIGHT
    angle = numbers[4]
    ground = Ground((_PAD,) * 12, (8.0, 12.0), _PAD)
    legs = []
    for side, touches in ((1, numbers[6]), (-1, numbers[7])):
        # Where Gymnasium's joints hold a leg that is not pressed: 0.4 radians outwards.
        turn = angle + side * 0.4
        right, up = -side * _LEG_AWAY, _LEG_DOWN
        leg_x = x - (right * math.cos(turn) - up * math.sin(turn))
        leg_y = y - (right * math.sin(turn) + up * math.cos(turn))
        legs.append((Pose(leg_x, leg_y, turn), touches > 0.5))
    return draw(ground, Pose(x, y, angle), legs, 0, 0.0)
