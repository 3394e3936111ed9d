"""Scores a run's agent while it trains, and says when the game is solved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from arcade_dqn.acting.layers import Weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.evaluation import Evaluation, training_seed
from arcade_dqn.games.game import Game
from arcade_dqn.link.commands import Event
from arcade_dqn.stage.evaluate import EvaluationStopped, evaluate
from arcade_dqn.training.failure import require_finite_weights
from arcade_dqn.training.loop_interface import TrainingLoop
from arcade_dqn.training.recorder import Recorder
from arcade_dqn.training.saver import Saver

# Each kind of evaluation has its own unseen episodes, so that the one that decides is never the one that is reported.
_QUICK, _CONFIRMING, _FINAL, _BEST = 100, 101, 102, 103


class Evaluator:
    """Plays the present policy on unseen episodes.

    Meanwhile the run is in the block that `aside` opens; `should_stop`, which is asked at every step, ends it early.
    Diverged is raised where the weights are not finite, before the best model is replaced.

    The best of many short evaluations is as a rule the luckiest. So a policy becomes the run's best model only if other
    episodes confirm what the quick ones say, and it is saved with the score of those; at the end of a run the best
    model is scored once more, on `final_episodes` that have chosen nothing.
    """

    def __init__(
        self,
        loop: TrainingLoop,
        recorder: Recorder,
        saver: Saver,
        emit: Callable[[Event], None],
        aside: Callable[[], AbstractContextManager[None]],
        should_stop: Callable[[], bool],
    ) -> None:
        self._loop = loop
        self._settings = loop.settings.evaluation
        self._recorder = recorder
        self._saver = saver
        self._emit = emit
        self._aside = aside
        self._should_stop = should_stop
        stop_score = self._settings.stop_score
        self._lent = False
        self._goal = stop_score if stop_score is not None else loop.game.info.solved_at

    def quick(self) -> None:
        """The evaluation that a person asks for."""
        evaluation = self._evaluate(self._settings.episodes, _QUICK)
        if evaluation is not None:
            self._consider(evaluation)

    def decide(self) -> bool:
        """The evaluation that is due; True if it and a longer one on other episodes both reach the goal.

        It counts as done once the run is to go on after it: one that is stopped meanwhile decides again.
        """
        settings, goal = self._settings, self._goal
        evaluation = self._evaluate(settings.episodes, _QUICK)
        if evaluation is None:
            return False
        self._saver.save_stage(evaluation)
        solved = goal is not None and settings.stop_when_solved and evaluation.mean >= goal
        confirmation = None
        if solved and settings.final_episodes:
            confirmation = self._confirm(settings.final_episodes)
            if confirmation is None:
                return False
            solved = goal is not None and confirmation.mean >= goal
        if not self._consider(evaluation, confirmation):
            return False
        if not solved:
            self._recorder.evaluated = self._loop.step
        return solved

    def final(self) -> Evaluation | None:
        """The evaluation that is reported, of the final policy; None if the run is asked to stop meanwhile."""
        episodes = self._settings.final_episodes
        evaluation = self._evaluate(episodes, _FINAL)
        if evaluation is None:
            return None
        self._score_best(evaluation, episodes)
        return evaluation

    def _score_best(self, final: Evaluation, episodes: int) -> None:
        """Choose the better of best model and final policy, and score it on episodes that did not choose it."""
        best = self._saver.load_best()
        if best is None or best[0].evaluation is None or _same(best[1], self._loop.policy.weights):
            # There is no other policy, or it was the best before: these episodes have not chosen it.
            self._keep(final)
            return
        model, weights = best
        if model.evaluation is not None and final.mean >= model.evaluation.mean:
            score = self._evaluate(episodes, _BEST, confirming=True)
            if score is not None:
                self._keep(score)
            return
        policy = Policy(model.network, model.observation_shape, model.n_actions, weights)
        score = self._evaluate(episodes, _BEST, confirming=True, policy=policy, step=model.training.steps)
        if score is not None:
            self._saver.write_best(model, weights, score)
            self._recorder.best(model.training.steps, score)

    def _consider(self, evaluation: Evaluation, confirmation: Evaluation | None = None) -> bool:
        """Keep the present policy as the best model if two evaluations say so; False if asked to stop meanwhile."""
        # The file may be of a step that a kill has taken from the run again. Whether anything is confirmed hangs on the
        # run alone, so that one that was resumed does what it did before; but the file is no worse for it.
        file = self._saver.best()
        best = self._recorder.best_evaluation if file is not None else None
        if best is not None and evaluation.mean < best:
            return True
        confirmation = confirmation or self._confirm(self._settings.episodes)
        if confirmation is None:
            return False
        if best is None or confirmation.mean >= best:
            self._keep(confirmation, file.evaluation if file is not None else None)
        return True

    def _confirm(self, episodes: int) -> Evaluation | None:
        return self._evaluate(episodes, _CONFIRMING, confirming=True)

    def _keep(self, score: Evaluation, in_file: Evaluation | None = None) -> None:
        """Save the present policy as the best model, with this score, unless the file has a higher one."""
        require_finite_weights(self._loop)
        if (in_file is not None and score.mean < in_file.mean) or self._saver.save_best(score):
            self._recorder.best(self._loop.step, score)

    def _evaluate(
        self,
        episodes: int,
        stream: int,
        *,
        confirming: bool = False,
        policy: Policy | None = None,
        step: int | None = None,
    ) -> Evaluation | None:
        """Score the present policy, or that of an earlier `step`; None if the run is asked to stop meanwhile.

        What only confirms another evaluation is told as a confirmation, and is no point of the learning curve.
        """
        loop, settings = self._loop, self._loop.settings
        loop.policy.silence()
        with self._aside():
            try:
                evaluation = evaluate(
                    policy or loop.policy,
                    loop.game.info,
                    settings.environment,
                    episodes=episodes,
                    seed=training_seed(settings.run.seed, stream),
                    epsilon=settings.evaluation.epsilon,
                    should_stop=self._should_stop,
                    lend=self._lend_game,
                )
            except EvaluationStopped:
                return None
        step = loop.step if step is None else step
        self._recorder.evaluation(step, evaluation, confirming=confirming)
        told = {
            "step": step,
            "mean": evaluation.mean,
            "std": evaluation.std,
            "episodes": evaluation.episodes,
            "solved": self._goal is not None and evaluation.mean >= self._goal,
        }
        self._emit({"event": "confirmation", **told} if confirming else {"event": "evaluation", **told})
        return evaluation

    def _lend_game(self) -> Game:
        if not self._lent:
            self._lent = True
            message = (
                f"no second copy of {self._loop.game.info.id} starts beside the training's own: evaluations are played "
                "on that one, and the episode under way is given up for each of them"
            )
            self._emit({"event": "warning", "message": message})
        return self._loop.lend_game()


def _same(one: Weights, other: Weights) -> bool:
    """Whether two policies are the same: that of a step that a run came to twice may be, or not."""
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
