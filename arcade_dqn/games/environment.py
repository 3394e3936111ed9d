"""What games that run in Gymnasium share: building, picturing and closing an environment, and discretising its action.

Many of Gymnasium's environments draw with pygame on a surface in memory and call `pygame.display.init()` for it. Every
process but the window should therefore set SDL_VIDEODRIVER=dummy and SDL_AUDIODRIVER=dummy before it renders one. In
the window's own process the call finds the display initialised and changes nothing. Their `close`, however, quits
pygame altogether, a window included: `close_quietly` does not let them.
"""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import replace
from typing import Any

import gymnasium
from gymnasium.wrappers import DiscretizeAction
from numpy.typing import NDArray

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.info import GameInfo

log = logging.getLogger(__name__)


def build(
    id: str, settings: EnvironmentSettings | None, *, render: bool, mode: str = "rgb_array"
) -> gymnasium.Env[Any, Any]:
    """`gymnasium.make`, without the checker and without warnings on the terminal (a text interface may live there).

    Only what is to render is told its `mode`: some environments take no such argument.
    """
    # Importing pygame prints a greeting otherwise. Gymnasium's Box2D games import it even where nothing is drawn.
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    limit = settings.max_episode_steps if settings is not None and settings.max_episode_steps else None
    arguments = dict(settings.arguments) if settings is not None else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawing = {"render_mode": mode} if render else {}
        return gymnasium.make(id, max_episode_steps=limit, disable_env_checker=True, **drawing, **arguments)


def discretised(env: gymnasium.Env[Any, Any], bins: int) -> list[NDArray[Any]]:
    """The continuous action, [1], behind each discrete one: the centres that Gymnasium's DiscretizeAction chooses."""
    wrapper: Any = DiscretizeAction(env, bins=bins)
    table: list[NDArray[Any]] = [wrapper.action(action) for action in range(bins)]
    for value in table:
        value.flags.writeable = False
    return table


def with_values(info: GameInfo, table: list[NDArray[Any]], word: str) -> GameInfo:
    """`info` completed with the actions of a discretised game, from the lowest value to the highest."""
    return replace(
        info,
        actions=tuple(f"{word} {float(value.item()):+.2f}" for value in table),
        keys={"left": 0, "right": len(table) - 1},
        idle_action=len(table) // 2,
    )


def close_quietly(env: gymnasium.Env[Any, Any]) -> None:
    """Close an environment without `pygame.quit()`, which would take this program's own window along.

    One that cannot be closed is left as it is, with a warning in the log: what it was to do is done.
    """
    bare: Any = env.unwrapped
    if getattr(bare, "screen", None) is not None:
        bare.screen = None
    try:
        env.close()
    except Exception as error:  # noqa: BLE001  foreign code may raise anything
        log.warning("%s: closing it failed: %s: %s", env.spec.id if env.spec else "a game", type(error).__name__, error)
