"""What a run asks of a training loop: the one in this process (`training.loop`), or one with actors elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import Settings
from arcade_dqn.games.game import Game
from arcade_dqn.learning.learner import Learner
from arcade_dqn.replay.records import Have
from arcade_dqn.training.demonstration_writer import DemonstrationWriter
from arcade_dqn.training.loop import Step


class ReplayFill(Protocol):
    """How full a replay buffer is, wherever it lies."""

    @property
    def capacity(self) -> int:
        """Most transitions that it holds."""

    def __len__(self) -> int:
        """Transitions that it holds."""


class TrainingLoop(Protocol):
    """An agent that learns, and the counters of its run; `training.loop.Loop` says more of each."""

    settings: Settings
    game: Game
    learner: Learner
    policy: Policy
    demonstrations: DemonstrationWriter
    epsilon_override: float | None
    updates_per_train: int
    step: int
    episode: int
    updates_played: int

    @property
    def replay(self) -> ReplayFill:
        """The replay buffer, as far as everyone may know it."""

    @property
    def epsilon(self) -> float:
        """The probability that the next action is random."""

    @property
    def sound(self) -> bool:
        """Whether every weight is a finite number."""

    def steps(self) -> Iterator[Step]:
        """Train until `run.steps`; a step of zero steps says that nothing has come yet, and lets the driver look."""

    def inspect(self, number: int | None, jump: str) -> dict[str, Any]:
        """A look into the replay buffer, which must not be empty: what `training.inspector` tells."""

    def news(self) -> list[dict[str, Any]]:
        """Events to tell besides the progress, since the last call."""

    def get_state(self, have: Have | None = None) -> dict[str, Any]:
        """Everything that the rest of the run depends on, for a checkpoint."""

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` returned."""

    def lend_game(self) -> Game:
        """A copy of the game to evaluate on, where no other one starts; what was played on it is given up."""

    def close(self) -> None:
        """End everything that the loop started."""


MakeLoop = Callable[[Settings, Sequence[Game]], TrainingLoop]
