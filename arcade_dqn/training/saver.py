"""What a run keeps: its checkpoints and its models. A disk that refuses costs a warning, never the training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from arcade_dqn.acting.layers import Weights
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games import imports
from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.checkpoint import CheckpointError, load_newest
from arcade_dqn.storage.checkpoint_writer import CheckpointWriter
from arcade_dqn.storage.model_file import ModelFileError, load_model, read_info, save_model
from arcade_dqn.storage.model_info import ModelInfo, TrainingSummary
from arcade_dqn.storage.models import thin_stages
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.stopwatch import Stopwatch

_MISFITS = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What comes of a state that is whole, but of another network, game or replay buffer."""


class Saver:
    """Saves and loads one run.

    `warn` gets one sentence for everything that could not be done, `saved` the step of every checkpoint that is whole
    and on the disk.
    """

    def __init__(
        self,
        run_dir: RunDir,
        loop: TrainingLoop,
        recorder: Recorder,
        stopwatch: Stopwatch,
        warn: Callable[[str], None],
        saved: Callable[[int], None],
    ) -> None:
        self._run_dir = run_dir
        self._loop = loop
        self._recorder = recorder
        self._stopwatch = stopwatch
        self._warn = warn
        self._saved = saved
        self._checkpoints = CheckpointWriter(run_dir.checkpoints, loop.settings.run.keep_checkpoints)
        self._saving = 0
        """The step of the checkpoint that is being written."""

    def save_checkpoint(self, speed_limit: float, *, wait: bool) -> None:
        """Save everything that the rest of the run depends on, as it is now.

        Without `wait` only the copying is waited for; the writing goes on beside the training, and `settle` tells what
        came of it. A checkpoint that is still being written is waited for first.
        """
        self.settle(wait=True)
        loop, best = self._loop, self._recorder.best_step
        self._saving = loop.step
        try:
            recorder = self._recorder.get_state()
        except StorageError as error:
            self._warn_unsaved(error)
            return
        state = {
            "loop": loop.get_state(self._checkpoints.have),
            "recorder": recorder,
            "seconds": self._stopwatch.seconds,
            "speed_limit": speed_limit,
        }
        self._checkpoints.begin(loop.step, state, () if best is None else (best,))
        self.settle(wait=wait)

    def settle(self, *, wait: bool) -> None:
        """Tell what came of the checkpoint that is being written, once it is over; wait for that if `wait`."""
        try:
            if self._checkpoints.result(wait=wait) is not None:
                self._saved(self._saving)
        except StorageError as error:
            self._warn_unsaved(error)

    def _warn_unsaved(self, error: StorageError) -> None:
        self._warn(f"the checkpoint at step {self._saving:,} could not be saved: {error}")

    def load_checkpoint(self) -> float | None:
        """Go on from the newest checkpoint that is whole, and return its speed limit; None if there is none.

        Raises CheckpointError if there are checkpoints but every one is damaged. One of which only the replay buffer
        is damaged still has the weights, and the run goes on with these rather than not at all.
        """
        lost = ""
        try:
            newest = load_newest(self._run_dir.checkpoints)
        except CheckpointError as error:
            lost = str(error)
            newest = load_newest(self._run_dir.checkpoints, records=False)
        if newest is None:
            if self._run_dir.metrics_size():
                kept = self._run_dir.set_metrics_aside()
                self._warn(
                    "this run was ended before its first checkpoint, so it begins again from step 0; "
                    f"its earlier metrics are kept in {kept.name}, its best model stays until a better one comes"
                )
            return None
        found, state = newest
        for problem in found.damaged:
            self._warn(problem)
        if lost:
            self._warn(
                f"{lost}; all but the replay buffer of step {found.step:,} is whole, so the run goes on from there "
                "with an empty one"
            )
        else:
            self._checkpoints.go_on_from(found.path)
        try:
            self._loop.set_state(state["loop"])
            self._recorder.set_state(state["recorder"])
            self._stopwatch.set(float(state["seconds"]))
            limit = float(state["speed_limit"])
        except _MISFITS as error:
            raise CheckpointError(
                f"the checkpoint {found.path} does not fit the settings of its run, so it was left as it is; was its "
                f"config.json changed? ({type(error).__name__}: {plain(str(error), 200)})"
            ) from error
        if not lost and any(actor["game"] is None for actor in state["loop"]["actors"]):
            game = self._loop.settings.game
            self._warn(f"{game} cannot be saved in mid-game; the run goes on with a new episode")
        return limit

    def best(self) -> ModelInfo | None:
        """What the run's best model so far says of itself; None if there is none that can be read."""
        try:
            return read_info(self._run_dir.best) if self._run_dir.best.exists() else None
        except ModelFileError as error:
            self._warn(f"the best model so far is replaced: {error}")
            return None

    def save_best(self, score: Evaluation) -> bool:
        """Save the present policy as the run's best model; whether that was possible."""
        return self.save_model(self._run_dir.best, score) is not None

    def load_best(self) -> tuple[ModelInfo, Weights] | None:
        """The best model so far with its weights; None if there is none that can be read."""
        try:
            return load_model(self._run_dir.best) if self._run_dir.best.exists() else None
        except ModelFileError as error:
            self._warn(f"the best model so far is replaced: {error}")
            return None

    def write_best(self, model: ModelInfo, weights: Weights, score: Evaluation) -> None:
        """Give the best model, as `load_best` had it, another score."""
        try:
            save_model(self._run_dir.best, replace(model, evaluation=score), weights)
        except StorageError as error:
            self._warn(f"the best model's new score could not be saved: {error}")

    def save_stage(self, evaluation: Evaluation | None) -> None:
        """Keep the present policy among the models that show the run's way."""
        settings = self._loop.settings
        keep, every = settings.run.keep_stages, max(settings.evaluation.every, 1)
        if not keep:
            return
        if self.save_model(self._run_dir.stage(self._loop.step), evaluation) is not None:
            try:
                thin_stages(self._run_dir.path, keep, every)
            except StorageError as error:
                self._warn(str(error))

    def save_model(self, path: Path, evaluation: Evaluation | None) -> Path | None:
        """Save the present policy as a model file; its path, or None if that failed."""
        loop, game = self._loop, self._loop.game
        environment = loop.settings.environment
        # A model is given to others, whom the folders of this machine do not concern.
        info = ModelInfo(
            game=game.info.id,
            title=game.info.title,
            observation_shape=game.observation_shape,
            n_actions=game.n_actions,
            action_names=game.action_names,
            network=loop.settings.network,
            environment=environment.model_copy(update={"imports": imports.shared(environment.imports)}),
            training=TrainingSummary(
                preset=loop.settings.preset,
                steps=loop.step,
                episodes=loop.episode,
                updates=loop.updates_played,
                seconds=round(self._stopwatch.seconds, 3),
                seed=loop.settings.run.seed,
                run=self._run_dir.name,
            ),
            evaluation=evaluation,
        )
        try:
            save_model(path, info, loop.policy.weights)
        except StorageError as error:
            self._warn(f"the model {path.name} could not be saved: {error}")
            return None
        return path
