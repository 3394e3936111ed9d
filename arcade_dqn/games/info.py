"""What is to be known about a game before it is built: facts without any library, and why a game is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Final, Self

from arcade_dqn.errors import ArcadeError, UsageError

EXTRA_MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "atari": ("ale_py", "cv2"),
    "minatar": ("minatar",),
    "box2d": ("Box2D",),
}
"""The modules of each install extra (pyproject.toml) that games may need."""

KEY_ORDER: Final = ("up", "down", "left", "right", "space")
"""The keys of a game in the order in which combinations name them: `up+right+space`."""


class UnknownGame(UsageError):
    """No game has this id or name."""


class AmbiguousGame(UnknownGame):
    """Several games have this name."""


class UnplayableGame(UsageError):
    """The game exists, but its spaces or its start-up make it impossible to play here; the message says why."""


class CannotStart(UnplayableGame):
    """The game did not start; another copy of it may be why."""


class MissingExtra(ArcadeError):
    """The game is known, but the packages that it needs are not installed."""


@dataclass(frozen=True)
class GameInfo:
    """The facts about one game. `actions` and `keys` may be empty until the game is built: see `Game.info`."""

    id: str
    """Gymnasium id: `CartPole-v1`, `MinAtar/Breakout-v1`, `ALE/Pong-v5`."""
    title: str
    family: str
    """The module in `families` that runs it: `atari`."""
    summary: str
    """One line for a visitor."""
    observation: str
    """What the agent sees, in words."""
    actions: tuple[str, ...]
    """Names by action number; () where they are only known once the game is built."""
    solved_at: float | None
    """The mean greedy return from which the game counts as solved."""
    preset: str
    """Name of the default preset."""
    extra: str | None
    """The install extra that the game needs, one of `EXTRA_MODULES`."""
    fps: float
    """Agent steps per second at the game's own speed."""
    keys: Mapping[str, int] = field(default_factory=dict, hash=False)
    """A person's keys: `left`, `right`, `up`, `down`, `space`, or several joined with + in `KEY_ORDER`."""
    idle_action: int = 0
    """The action while a person holds no key."""
    inputs: tuple[str, ...] = ()
    """What the numbers of an observation, or the channels of a picture, are called; () where nobody says."""

    @property
    def slug(self) -> str:
        """The id as a folder name: `ALE-Pong-v5`."""
        return self.id.replace("/", "-")

    def installed(self) -> bool:
        """Whether the game's extra is installed; looks for the modules without importing them."""
        return all(find_spec(module) is not None for module in EXTRA_MODULES.get(self.extra or "", ()))

    @property
    def install_command(self) -> str:
        """The command that installs what this game needs; "" when the base installation has it all."""
        return f'pip install "arcade-dqn[{self.extra}]"' if self.extra else ""

    def with_actions(self, names: Sequence[str]) -> Self:
        """The facts with the action names of the built game, where they had none.

        Raises UnplayableGame where they had another number of them: keys and Q-values would be those of other actions.
        """
        if self.actions and len(self.actions) != len(names):
            raise UnplayableGame(f"{self.id} has {len(names)} actions, and the catalogue names {len(self.actions)}")
        return replace(self, actions=self.actions or tuple(names))

    def action_for(self, held: Collection[str]) -> int:
        """The action for the keys that a person holds now: the largest combination among them, else `idle_action`.

        Of two keys that have no combination (left and right together) the first in `KEY_ORDER` counts.
        """
        best, size = self.idle_action, 0
        for combination, action in self.keys.items():
            parts = combination.split("+")
            if len(parts) > size and all(part in held for part in parts):
                best, size = action, len(parts)
        return best
