"""The loop on games small enough to know the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from arcade_dqn.config import Settings, build
from arcade_dqn.games.game import Game, Outcome
from arcade_dqn.games.info import GameInfo
from arcade_dqn.training.actor import Episode, GameFault
from arcade_dqn.training.loop import Loop, Step, learning_share

LENGTH, DISCOUNT = 5, 0.8


class Corridor(Game):
    """Five places in a row; action 1 goes right, 0 left; a reward of 1 for leaving at the right ends the episode."""

    def __init__(self, limit: int = 50, reward: float = 1.0) -> None:
        self.info = GameInfo(
            id="Corridor-v0", title="Corridor", family="gymnasium", summary="", observation="",
            actions=("left", "right"), solved_at=None, preset="vector", extra=None, fps=30, keys={}, idle_action=0,
        )  # fmt: skip
        self.frame_shape, self.frame_dtype = (LENGTH,), np.dtype(np.float32)
        self.frames_between = []
        self.seeds: list[int | None] = []
        self._place, self._steps, self._limit, self._reward = 0, 0, limit, reward

    def _frame(self) -> np.ndarray:
        return np.eye(LENGTH + 1, LENGTH, dtype=np.float32)[self._place]

    def reset(self, seed: int | None = None) -> np.ndarray:
        self.seeds.append(seed)
        self._place = self._steps = 0
        return self._frame()

    def step(self, action: int) -> Outcome:
        self._place = max(0, self._place + (1 if action else -1))
        self._steps += 1
        out = self._place == LENGTH
        return Outcome(self._frame(), self._reward if out else 0.0, out, not out and self._steps >= self._limit, False)

    def render(self) -> np.ndarray:
        return np.zeros((1, 1, 3), np.uint8)

    def get_state(self) -> dict[str, Any] | None:
        return {"place": self._place, "steps": self._steps}

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._place, self._steps = state["place"], state["steps"]

    def close(self) -> None:
        pass


def settings(**overrides: Any) -> Settings:
    preset = {
        "network": {"hidden": [32]},
        "learning": {
            "discount": DISCOUNT, "learning_rate": 5e-3, "batch_size": 32, "train_every": 16, "updates_per_train": 16,
            "target_period": 50,
        },
        "exploration": {"epsilon_start": 1.0, "epsilon_end": 1.0},
        "replay": {"capacity": 1000, "learning_start": 100},
        "run": {"steps": 3000},
    }  # fmt: skip
    return build("Corridor-v0", preset, {name.replace("__", "."): value for name, value in overrides.items()})


def optimal_q() -> np.ndarray:
    value = np.array([DISCOUNT ** (LENGTH - 1 - place) for place in range(LENGTH)])
    left = DISCOUNT * value[np.maximum(np.arange(LENGTH) - 1, 0)]
    return np.stack([left, value], axis=1)


C51 = {"network__head": "c51", "network__atoms": 21, "network__v_min": 0, "network__v_max": 1}


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"learning__double": True, "network__dueling": True},
        {"learning__target_update": "soft", "learning__target_tau": 0.02},
        {"replay__priority_exponent": 0.6, "network__layer_norm": True},
        {"network__head": "qr", "network__atoms": 11},
        {"learning__overlap": False},
        {"environment__copies": 4},
        C51,
        {**C51, "network__noisy": True, "network__noisy_sigma": 0.1, "replay__priority_exponent": 0.5},
    ],
    ids=[
        "dqn",
        "double dueling",
        "soft",
        "prioritised",
        "qr",
        "one at a time",
        "copies",
        "c51",
        "c51 noisy prioritised",
    ],
)
def test_a_small_corridor_is_solved_exactly(overrides: dict[str, Any]) -> None:
    # The limit of 7 truncates most random episodes: only bootstrapping through truncation gives these values.
    chosen = settings(**overrides)
    loop = Loop(chosen, [Corridor(limit=7) for _ in range(chosen.environment.copies)])
    for _ in loop.steps():
        pass
    loop.policy.silence()
    q = loop.policy.q_values(np.eye(LENGTH, dtype=np.float32))
    np.testing.assert_allclose(q, optimal_q(), atol=0.04)


def test_the_last_observation_before_a_truncation_enters_replay() -> None:
    loop = Loop(settings(run__steps=4, exploration__epsilon_start=0, exploration__epsilon_end=0), [Corridor(limit=2)])
    loop.policy.set_weights({**loop.policy.weights, "q/bias": np.array([0.0, 1e6], np.float32)})  # always right
    ends = [bool(step.episodes) for step in loop.steps()]
    batch = loop.replay.get(np.arange(4))
    assert ends == [False, True, False, True]
    assert batch.s_tm1.argmax(1).tolist() == [0, 1, 0, 1]
    assert batch.s_t.argmax(1).tolist() == [1, 2, 1, 2]
    np.testing.assert_allclose(batch.discount_t, DISCOUNT)
    assert loop.episode == 2


def test_termination_zeroes_the_discount_and_reports_the_raw_score_though_training_clips() -> None:
    chosen = settings(
        run__steps=5, exploration__epsilon_start=0, exploration__epsilon_end=0, environment__clip_rewards=True
    )
    loop = Loop(chosen, [Corridor(reward=20.0)])
    loop.policy.set_weights({**loop.policy.weights, "q/bias": np.array([0.0, 1e6], np.float32)})
    last = list(loop.steps())[-1]
    assert last.episodes == (Episode(score=20.0, length=5, step=5),)
    batch = loop.replay.get(np.arange(5))
    np.testing.assert_allclose(batch.discount_t, [DISCOUNT] * 4 + [0])
    assert batch.r_t.tolist() == [0, 0, 0, 0, 1]


def test_only_the_first_reset_seeds_the_game() -> None:
    game = Corridor(limit=3)
    for _ in Loop(settings(run__steps=10), [game]).steps():
        pass
    assert isinstance(game.seeds[0], int)
    assert len(game.seeds) == 4
    assert game.seeds[1:] == [None, None, None]


def test_learning_begins_at_learning_start_and_comes_every_train_every_steps() -> None:
    chosen = settings(run__steps=160, learning__updates_per_train=3, learning__overlap=False)
    loop = Loop(chosen, [Corridor()])
    trained = {step.step: len(step.updates.loss) for step in loop.steps() if step.updates is not None}
    assert trained == {112: 3, 128: 3, 144: 3, 160: 3}
    assert loop.learner.updates == 12


def test_gradient_steps_beside_the_play_count_from_the_next_training_on() -> None:
    loop = Loop(settings(run__steps=150, learning__updates_per_train=3), [Corridor()])
    begun: dict[int, int] = {}
    acting: dict[int, Any] = {}
    reported: dict[int, int] = {}
    for step in loop.steps():
        begun[step.step], acting[step.step] = loop.learner.updates, loop.policy.weights["q/kernel"]
        if step.updates is not None:
            reported[step.step] = len(step.updates.loss)
    assert (begun[111], begun[112], begun[128], begun[144], begun[150]) == (0, 3, 6, 9, 9)
    # Begun at 112 and played from 128 on; those of 144 are waited for at the end.
    assert reported == {128: 3, 144: 3, 150: 3}
    assert loop.updates_played == 9
    assert np.array_equal(acting[127], acting[1])
    assert not np.array_equal(acting[128], acting[127])
    assert np.array_equal(acting[143], acting[128])
    assert np.array_equal(loop.policy.weights["q/kernel"], loop.learner.weights()["q/kernel"])


def test_updates_per_step_are_the_same_for_any_number_of_copies(used_learners: Any) -> None:
    chosen = settings(run__steps=1000, learning__train_every=4, learning__updates_per_train=2, replay__learning_start=1)
    done = []
    for copies in (1, 3, 16):
        with used_learners.at_work():
            loop = Loop(chosen, [Corridor() for _ in range(copies)])
            counts = [step.taken for step in loop.steps()]
        assert counts == [copies] * (1000 // copies) + ([1000 % copies] if 1000 % copies else [])
        done.append(loop.learner.updates)
    assert done == [500, 500, 500]


def test_copies_have_their_own_episodes_seeds_and_windows() -> None:
    games = [Corridor(limit=2), Corridor(limit=3)]
    loop = Loop(
        settings(run__steps=12, exploration__epsilon_start=0, exploration__epsilon_end=0, learning__n_step=2), games
    )
    loop.policy.set_weights({**loop.policy.weights, "q/bias": np.array([0.0, 1e6], np.float32)})  # always right
    told = [step for step in loop.steps() if step.episodes]
    ends = [(step.step, [episode.length for episode in step.episodes]) for step in told]
    ended_at = [episode.step for step in told for episode in step.episodes]
    assert ends == [(4, [2]), (6, [3]), (8, [2]), (12, [2, 3])]
    assert ended_at == [3, 6, 7, 11, 12]
    assert loop.episode == 5
    assert games[0].seeds[0] != games[1].seeds[0]
    assert (games[0].seeds[1:], games[1].seeds[1:]) == ([None, None], [None])
    batch = loop.replay.get(np.arange(loop.replay.added))
    got = list(
        zip(batch.s_tm1.argmax(1).tolist(), batch.s_t.argmax(1).tolist(), batch.discount_t.tolist(), strict=True)
    )
    one, two = pytest.approx(DISCOUNT), pytest.approx(DISCOUNT**2)
    first, second = [(0, 2, two), (1, 2, one)], [(0, 2, two), (1, 3, two), (2, 3, one)]
    # In the order in which they became complete: in step 2 all of the first copy's and one of the second's, and so on.
    assert got == [*first, second[0], *second[1:], *first, second[0], *first, *second[1:]]


def test_of_copies_of_which_one_fails_those_that_have_played_are_counted() -> None:
    games = [Corridor(limit=1), Corridor(limit=1), Corridor(limit=1)]
    loop = Loop(settings(environment__copies=3), games)

    def fail(action: int) -> Outcome:
        raise RuntimeError("broken")

    games[2].step = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="broken"):
        next(loop.steps())
    assert (loop.step, loop.episode, loop.replay.added) == (2, 2, 2)


def test_a_multiple_is_reached_by_the_step_that_passes_it() -> None:
    steps = [Step(step, 3, 0.0, (), None) for step in range(3, 31, 3)]
    assert [step.step for step in steps if step.reached(10)] == [12, 21, 30]
    assert [step.step for step in steps if step.reached(3)] == list(range(3, 31, 3))


def test_the_learning_rate_falls_linearly_to_the_share_that_is_left_at_the_end_of_the_run() -> None:
    chosen = settings(run__steps=400, learning__anneal_to=0.25)
    assert [learning_share(chosen, step) for step in (0, 100, 200, 400, 500)] == [1.0, 0.8125, 0.625, 0.25, 0.25]
    assert learning_share(settings(run__steps=400), 300) == 1.0


def test_gradient_steps_take_the_share_of_their_own_step() -> None:
    # Trained at 112, 128, 144 and 160, of which the last ones have nothing left to change weights with.
    loop = Loop(settings(run__steps=160, learning__anneal_to=0.0, learning__overlap=False), [Corridor()])
    weights = {step.step: loop.learner.weights()["q/kernel"] for step in loop.steps() if step.updates is not None}
    assert [np.array_equal(weights[step], weights[step - 16]) for step in (128, 144, 160)] == [False, False, True]
    assert loop.learner.learning_rate == 5e-3


def test_epsilon_follows_its_schedule_until_a_person_overrides_it() -> None:
    chosen = settings(run__steps=100, exploration__epsilon_end=0.0, exploration__decay_steps=100)
    loop = Loop(chosen, [Corridor()])
    steps = loop.steps()
    assert next(steps).epsilon == 1.0
    assert next(steps).epsilon == pytest.approx(0.99)
    loop.epsilon_override = 0.25
    assert next(steps).epsilon == 0.25
    loop.epsilon_override = None
    assert next(steps).epsilon == pytest.approx(0.97)


RAINBOW = {**C51, "network__noisy": True, "network__dueling": True, "replay__priority_exponent": 0.5}


@pytest.mark.own_learners
@pytest.mark.parametrize(
    ("copies", "overlap", "family"),
    [(1, True, {}), (1, False, {}), (3, False, {}), (3, True, RAINBOW)],
    ids=["overlap", "plain", "copies", "rainbow with copies and overlap"],
)
def test_one_seed_one_result_and_a_restored_run_goes_on_exactly(
    copies: int, overlap: bool, family: dict[str, Any]
) -> None:
    chosen = settings(
        run__steps=400, exploration__epsilon_end=0.1, exploration__decay_steps=300, learning__n_step=3,
        learning__overlap=overlap, learning__anneal_to=0.5, **family,
    )  # fmt: skip

    def make_loop() -> Loop:
        return Loop(chosen, [Corridor(limit=9) for _ in range(copies)])

    whole, again, resumed = make_loop(), make_loop(), make_loop()
    for loop in (whole, again):
        for step in loop.steps():
            if step.step // copies == 201 // copies:
                state = loop.get_state()
    # A learner that has gone further, so that whatever the state does not hold is wrong in it. It need not compile.
    resumed.learner = again.learner
    resumed.set_state(state)
    assert resumed.step == 201
    for _ in resumed.steps():
        pass
    for name, array in whole.policy.weights.items():
        assert np.array_equal(again.policy.weights[name], array)
        assert np.array_equal(resumed.policy.weights[name], array)


def test_a_reward_that_is_not_a_number_is_named() -> None:
    loop = Loop(settings(run__steps=500), [Corridor(reward=float("nan"))])
    with pytest.raises(GameFault, match=r"Corridor-v0 returned the reward nan in step \d+ of an episode"):
        for _ in loop.steps():
            pass
