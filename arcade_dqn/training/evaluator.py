"""Scores a run's agent while it trains, and says when the game is solved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from arcade_dqn.evaluation import Evaluation, training_seed
from arcade_dqn.link.commands import Event
from arcade_dqn.stage.evaluate import EvaluationStopped, evaluate
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.saver import Saver

# Each kind of evaluation has its own unseen episodes, so that the one that decides is never the one that is reported.
_QUICK, _CONFIRMING, _FINAL = 100, 101, 102


class Evaluator:
    """Plays the present policy on unseen episodes.

    Meanwhile the run is in the block that `aside` opens; `should_stop`, which is asked at every step, ends it early.
    `require_sound` raises what is wrong with the weights before the best model is replaced.
    """

    def __init__(
        self,
        loop: TrainingLoop,
        recorder: Recorder,
        saver: Saver,
        emit: Callable[[Event], None],
        aside: Callable[[], AbstractContextManager[None]],
        should_stop: Callable[[], bool],
        require_sound: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._settings = loop.settings.evaluation
        self._recorder = recorder
        self._saver = saver
        self._emit = emit
        self._aside = aside
        self._should_stop = should_stop
        self._require_sound = require_sound
        stop_score = self._settings.stop_score
        self._goal = stop_score if stop_score is not None else loop.game.info.solved_at

    def quick(self) -> None:
        """The evaluation that a person asks for."""
        self._keep_if_best(self._evaluate(self._settings.episodes, _QUICK))

    def decide(self) -> bool:
        """The evaluation that is due; True if it and a longer one on other episodes both reach the goal.

        It counts as done once the run is to go on after it: one that is stopped meanwhile decides again.
        """
        evaluation = self._evaluate(self._settings.episodes, _QUICK)
        if evaluation is None:
            return False
        self._keep_if_best(evaluation)
        self._saver.save_stage(evaluation)
        solved = self._confirmed(evaluation)
        if solved is False:
            self._recorder.evaluated = self._loop.step
        return solved is True

    def _confirmed(self, evaluation: Evaluation) -> bool | None:
        """Whether the game is solved; None if the run is asked to stop before that is known."""
        settings, goal = self._settings, self._goal
        if goal is None or not settings.stop_when_solved or evaluation.mean < goal:
            return False
        if not settings.final_episodes:
            return True
        confirmation = self._evaluate(settings.final_episodes, _CONFIRMING, kept=False)
        return None if confirmation is None else confirmation.mean >= goal

    def final(self) -> Evaluation | None:
        """The evaluation that is reported, of the final policy; None if the run is asked to stop meanwhile."""
        evaluation = self._evaluate(self._settings.final_episodes, _FINAL)
        self._keep_if_best(evaluation)
        return evaluation

    def _evaluate(self, episodes: int, stream: int, *, kept: bool = True) -> Evaluation | None:
        """Score the present policy; None if the run is asked to stop meanwhile.

        Only a score that is `kept` with the model can be the run's best one.
        """
        loop, settings = self._loop, self._loop.settings
        loop.policy.silence()
        with self._aside():
            try:
                evaluation = evaluate(
                    loop.policy,
                    loop.game.info,
                    settings.environment,
                    episodes=episodes,
                    seed=training_seed(settings.run.seed, stream),
                    epsilon=settings.evaluation.epsilon,
                    should_stop=self._should_stop,
                )
            except EvaluationStopped:
                return None
        self._recorder.evaluation(loop.step, evaluation, kept=kept)
        self._emit(
            {
                "event": "evaluation",
                "step": loop.step,
                "mean": evaluation.mean,
                "std": evaluation.std,
                "episodes": evaluation.episodes,
                "solved": self._goal is not None and evaluation.mean >= self._goal,
            }
        )
        return evaluation

    def _keep_if_best(self, evaluation: Evaluation | None) -> None:
        if evaluation is not None:
            self._require_sound()
            self._saver.save_best(evaluation)
