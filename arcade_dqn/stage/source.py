"""Where the agent on stage comes from: a saved model, or a run that is training right now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from arcade_dqn.acting.layers import Weights, parameter_shapes, unpack
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import EnvironmentSettings, NetworkSettings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games.arguments import of_run
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game
from arcade_dqn.games.info import AmbiguousGame, GameInfo, UnknownGame
from arcade_dqn.games.make import make
from arcade_dqn.link.board import BoardError, BoardReader, Status, is_alive
from arcade_dqn.link.text import plain
from arcade_dqn.storage.model_file import ModelInfo, load_model
from arcade_dqn.storage.models import best_models, find_models, stages
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.run_names import RunError


class SourceError(ArcadeError):
    """There is nothing to watch under this name, or it does not fit the game."""


class Source(ABC):
    """An agent that can be watched: its game, its newest weights, and what its trainer says if it has one.

    Attributes:
        info, environment: the game and how it is presented to the agent.
        network: the architecture of the weights.
        title: what to call it: the model's or the run's name.
        policy: plays with the newest weights; None until a run has published its first.
        temperature: of the softmax policy that a Munchausen agent learns about; None for others, and for a model file,
            which does not tell.
    """

    info: GameInfo
    environment: EnvironmentSettings
    network: NetworkSettings
    title: str
    policy: Policy | None = None
    temperature: float | None = None

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on it."""
        return False

    def make_game(self, *, render: bool = True) -> Game:
        """A copy of the game as the agent knows it. Raises SourceError if the weights do not fit it."""
        game = make(self.info, self.environment, render=render)
        try:
            self._check(game)
        except ArcadeError:
            game.close()
            raise
        return game

    @abstractmethod
    def poll(self) -> bool:
        """Look for newer weights and give them to `policy`; whether there were any. Cheap: for 5 times a second."""

    @abstractmethod
    def _check(self, game: Game) -> None:
        """Raise SourceError if the agent cannot play `game`."""

    def status(self) -> Status | None:
        """What the trainer said last; None if there is no trainer's board to read."""
        return None

    def evaluation(self) -> Evaluation | None:
        """The score that was saved with the weights on stage, if any."""
        return None

    def close(self) -> None:
        """Let go of files."""


class SavedModel(Source):
    """A model file. Raises storage's ModelFileError if it cannot be loaded."""

    def __init__(self, path: Path) -> None:
        model, weights = load_model(path)
        self.path = path
        self.model: ModelInfo = model
        self.environment = model.environment
        self.info = find(model.game, self.environment.imports, self.environment.arguments)
        self.network = model.network
        self.title = model.title or plain(path.stem)
        self.policy = Policy(model.network, tuple(model.observation_shape), model.n_actions, weights)

    def poll(self) -> bool:
        return False

    def evaluation(self) -> Evaluation | None:
        return self.model.evaluation

    def _check(self, game: Game) -> None:
        saved = (tuple(self.model.observation_shape), self.model.n_actions)
        if saved != (game.observation_shape, game.n_actions):
            raise SourceError(
                f"{self.path} was trained on {self.info.id} with observations {saved[0]} and {saved[1]} actions, but "
                f"the installed game has {game.observation_shape} and {game.n_actions}; install the game's version "
                "that it was trained with"
            )


class LiveRun(Source):
    """A run's folder. Follows its board while a trainer is at work; without one, plays its best or final model."""

    def __init__(self, run: RunDir) -> None:
        settings = run.settings()
        self.run = run
        self.environment = settings.environment.model_copy(update={"arguments": of_run(settings.environment.arguments)})
        self.info = find(settings.game, self.environment.imports, self.environment.arguments)
        self.network = settings.network
        self.title = plain(run.path.name)
        if settings.learning.munchausen:
            self.temperature = settings.learning.munchausen_temperature
        self._board: BoardReader | None = None
        self._version = -1
        self._layout: tuple[tuple[int, ...], int] | None = None
        self._model: ModelInfo | None = None
        self._open_board()
        if not self.live:
            self._load_saved()

    @property
    def live(self) -> bool:
        status = self.status()
        return status is not None and is_alive(status)

    def status(self) -> Status | None:
        if self._board is None:
            return None
        try:
            return self._board.status()
        except BoardError:
            # The trainer's next record will be whole again; until then nothing is known.
            return None

    def evaluation(self) -> Evaluation | None:
        return self._model.evaluation if self._model else None

    def poll(self) -> bool:
        self._open_board()
        if self._board is None or (self._model is not None and not self.live):
            return False
        try:
            newer = self._board.weights(newer_than=self._version)
        except BoardError:
            # A trainer that was killed while it wrote: what is on stage stays there.
            newer = None
        if newer is None:
            return False
        self._version, flat = newer
        observation_shape, n_actions = self._game_layout()
        shapes = parameter_shapes(self.network, observation_shape, n_actions)
        self._use(unpack(flat, shapes))
        self._model = None
        return True

    def close(self) -> None:
        if self._board is not None:
            self._board.close()
            self._board = None

    def _open_board(self) -> None:
        """Open the board, or open it again if a new trainer has put another one in its place."""
        if self._board is not None and not self._board.replaced():
            return
        try:
            board = BoardReader(self.run.board)
        except BoardError:
            # None yet, or one that is no use: the run is watched without.
            return
        self.close()
        self._board, self._version = board, -1

    def _load_saved(self) -> None:
        for path in (self.run.best, self.run.final):
            if path.is_file():
                self._model, weights = load_model(path)
                self._layout = (tuple(self._model.observation_shape), self._model.n_actions)
                self._use(weights)
                return

    def _use(self, weights: Weights) -> None:
        if self.policy is None:
            self.policy = Policy(self.network, *self._game_layout(), weights)
        else:
            self.policy.set_weights(weights)

    def _game_layout(self) -> tuple[tuple[int, ...], int]:
        """Observation shape and number of actions: the settings do not tell, so a copy of the game has to."""
        if self._layout is None:
            self.make_game(render=False).close()
        assert self._layout is not None
        return self._layout

    def _check(self, game: Game) -> None:
        layout = (game.observation_shape, game.n_actions)
        if self._layout is not None and self._layout != layout:
            raise SourceError(
                f"the run {self.run.path} has observations {self._layout[0]} and {self._layout[1]} actions, but the "
                f"installed {self.info.id} has {layout[0]} and {layout[1]}; install the game's version of the run"
            )
        self._layout = layout


def open_source(target: str, runs_dir: Path) -> SavedModel | LiveRun:
    """What `target` names: a model file, a run (its folder, GAME/NAME or its name alone), or a game's best model.

    Raises SourceError if it names nothing, AmbiguousGame if it is the name of two games, and the errors of reading what
    it names.
    """
    path = Path(target)
    if path.is_file():
        return SavedModel(path)
    if (path / "config.json").is_file():
        return LiveRun(RunDir.open(path))
    if path.suffix == ".safetensors":
        raise SourceError(f"there is no model file {target}; `arcade-dqn models` lists the saved models")
    try:
        return LiveRun(RunDir.find(target, runs_dir))
    except RunError as error:
        no_run = error
    try:
        info = find(target)
    except AmbiguousGame:
        raise
    except UnknownGame:
        raise SourceError(f"{no_run} (and there is no model file or game of that name)") from no_run
    return SavedModel(best_model(info, runs_dir))


EARLIER = ("untrained", "halfway")
"""What an earlier stage of an agent is called."""


def earlier(source: SavedModel | LiveRun, which: str) -> SavedModel:
    """The same agent before it learned anything, or halfway to what it is. Raises SourceError if that was not kept."""
    folder = source.path.parent if isinstance(source, SavedModel) else source.run.path
    if folder.name == "stages":
        folder = folder.parent
    kept = stages(folder)
    if which == "untrained":
        found = [path for step, path in kept if step == 0]
    else:
        newest = max((step for step, _ in kept), default=0)
        half = (source.model.training.steps if isinstance(source, SavedModel) else newest) / 2
        found = [path for step, path in sorted(kept, key=lambda stage: abs(stage[0] - half)) if step]
    if not found:
        raise SourceError(
            f"{folder} keeps no {which} agent; a run keeps some of its way at its evaluations (run.keep_stages)"
        )
    return SavedModel(found[0])


def best_model(info: GameInfo, runs_dir: Path) -> Path:
    """The saved model of a game with the best evaluation; the shipped one wins a tie. Raises SourceError if none."""
    best = best_models(find_models(runs_dir)).get(info.id)
    if best is None:
        raise SourceError(f"there is no saved model of {info.id} yet; train one with `arcade-dqn train {info.id}`")
    return best.path
