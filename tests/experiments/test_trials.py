"""Trainings that are measured: what is trained, and what is kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arcade_dqn.config import build
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.experiments import ablation, learning, trials
from arcade_dqn.experiments.trials import Result, Trial

if TYPE_CHECKING:
    from tests.experiments.conftest import Trainings

CARTPOLE = Trial("CartPole-v1", "cartpole", 50_000)
PENDULUM = Trial("Pendulum-v1", "pendulum", 50_000)
ONE = Result("CartPole-v1", 301, 50_000, 4.25, 100, 500.0, 0.0, 500.0, 500.0, "cartpole", CARTPOLE.digest)


def test_what_is_missing_is_trained_and_kept_at_once(tmp_path: Path, trainings: Trainings) -> None:
    out, said = tmp_path / "t.csv", []
    trials.write(out, [ONE])
    results = trials.measure(out, [CARTPOLE, PENDULUM], (301, 302), said.append)
    assert [(one.game, one.seed) for one in results] == [
        ("CartPole-v1", 301),
        ("Pendulum-v1", 301),
        ("CartPole-v1", 302),
        ("Pendulum-v1", 302),
    ]
    assert len(trainings.commands) == len(said) == 3
    command = " ".join(trainings.commands[0])
    for part in ("train Pendulum-v1", "--seed 301", "--preset pendulum", "run.steps=50000", "evaluation.every=0"):
        assert part in command, part
    assert sorted(trials.read(out), key=str) == sorted(results, key=str)
    trials.measure(out, [CARTPOLE], (301, 302), said.append)
    assert len(trainings.commands) == 3


def test_a_variant_is_trained_with_its_overrides_and_is_a_row_of_its_own(tmp_path: Path, trainings: Trainings) -> None:
    variant = Trial("CartPole-v1", "cartpole", 50_000, "+ double", {"learning.double": True, "learning.n_step": 1})
    out = tmp_path / "t.csv"
    trials.write(out, [ONE])
    results = trials.measure(out, [CARTPOLE, variant], (301,), lambda _: None)
    assert [(one.variant, one.mean) for one in results] == [("cartpole", 500.0), ("+ double", 301.0)]
    assert "--set learning.double=true --set learning.n_step=1" in " ".join(trainings.commands[0])


def test_the_digest_is_that_of_all_settings_but_the_seed() -> None:
    assert CARTPOLE.digest == Trial("CartPole-v1", "cartpole", 50_000).digest
    same = build("CartPole-v1", "cartpole").learning.n_step
    assert replace(CARTPOLE, overrides={"learning.n_step": same}).digest == CARTPOLE.digest
    others = [
        replace(CARTPOLE, steps=50_001),
        replace(CARTPOLE, preset="vector"),
        replace(CARTPOLE, overrides={"learning.n_step": same + 1}),
        PENDULUM,
    ]
    assert len({CARTPOLE.digest, *(one.digest for one in others)}) == 5


def test_a_training_that_fails_keeps_what_was_found(tmp_path: Path, trainings: Trainings) -> None:
    out = tmp_path / "t.csv"
    trials.measure(out, [CARTPOLE], (301,), lambda _: None)
    trainings.fails = True
    with pytest.raises(
        ArcadeError, match=r"training CartPole-v1 \(cartpole\) with seed 302 failed: arcade-dqn: out of luck"
    ):
        trials.measure(out, [CARTPOLE], (301, 302), lambda _: None)
    assert [one.seed for one in trials.read(out)] == [301]


def test_trainings_side_by_side_end_in_the_same_table(tmp_path: Path, trainings: Trainings) -> None:
    """Both have to be under way at once: each waits for the other."""
    both = threading.Barrier(2)
    trainings.begun = lambda: both.wait(60)
    results = trials.measure(tmp_path / "t.csv", [CARTPOLE, PENDULUM], (301, 302), lambda _: None, jobs=2)
    assert {(one.game, one.seed) for one in results} == {
        (game, seed) for game in ("CartPole-v1", "Pendulum-v1") for seed in (301, 302)
    }
    assert sorted(trials.read(tmp_path / "t.csv"), key=str) == sorted(results, key=str)


@pytest.mark.parametrize(("cores", "jobs", "threads"), [(2, 1, None), (2, 2, "1"), (8, 3, "2"), (2, 4, "1")])
def test_trainings_side_by_side_share_the_cores(
    tmp_path: Path,
    trainings: Trainings,
    monkeypatch: pytest.MonkeyPatch,
    cores: int,
    jobs: int,
    threads: str | None,
) -> None:
    monkeypatch.setattr(trials, "cores", lambda: cores)
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("A_NAME", "stays")
    trials.measure(tmp_path / "t.csv", [CARTPOLE], (301,), lambda _: None, jobs)
    assert trainings.environments[0].get("TF_NUM_INTRAOP_THREADS") == threads
    assert trainings.environments[0].get("OMP_NUM_THREADS") == threads
    assert trainings.environments[0]["A_NAME"] == "stays"


def test_a_number_of_threads_that_is_set_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    assert trials.environment(2)["TF_NUM_INTRAOP_THREADS"] == "7"


def test_one_that_fails_lets_those_under_way_end_and_begins_no_other(tmp_path: Path) -> None:
    failed, begun = threading.Event(), []

    def fails() -> Result:
        begun.append("fails")
        failed.set()
        raise ArcadeError("out of luck")

    def under_way() -> Result:
        begun.append("under way")
        assert failed.wait(60)
        return ONE

    def never() -> Result:
        begun.append("never")
        return replace(ONE, seed=302)

    with pytest.raises(ArcadeError, match="out of luck"):
        trials.complete(tmp_path / "t.csv", [], [under_way, fails, *[never] * 5], lambda _: None, jobs=2)
    assert ONE in trials.read(tmp_path / "t.csv")
    assert begun.count("never") <= 1  # when the other one's end is seen before the failure
    assert failed.is_set()


def test_a_result_of_other_settings_is_measured_again(tmp_path: Path, trainings: Trainings) -> None:
    out = tmp_path / "t.csv"
    trials.write(out, [replace(ONE, settings="0" * 8), replace(ONE, variant="vector", settings="1" * 8)])
    results = trials.measure(out, [CARTPOLE], (301,), lambda _: None)
    assert len(trainings.commands) == 1
    # Another variant's results stay: they are a row of their own.
    assert sorted((one.variant, one.mean) for one in results) == [("cartpole", 301.0), ("vector", 500.0)]


def test_a_table_that_cannot_be_written_is_told_before_anything_is_trained(
    tmp_path: Path, trainings: Trainings
) -> None:
    with pytest.raises(ArcadeError, match="cannot write"):
        trials.measure(tmp_path / "no" / "x.csv", [CARTPOLE], (301,), lambda _: None)
    assert not trainings.commands


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="not a table of results"):
        trials.read(tmp_path / "x.csv")


def test_the_tables_that_are_kept_are_of_todays_settings() -> None:
    """A younger setting that leaves training as it was goes into `_SINCE`; after any other change one trains again."""
    results = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
    for file, module in (("arcade_dqn.csv", learning), ("ablation.csv", ablation)):
        digests = {(one.game, one.name): one.digest for one in module.trials(list(module.BUDGETS))}
        rows = trials.read(results / file)
        assert rows
        assert {(one.game, one.variant, one.settings) for one in rows} <= {(*k, v) for k, v in digests.items()}


def test_a_younger_setting_leaves_a_digest_as_it_was_until_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    before = CARTPOLE.digest
    monkeypatch.setattr(trials, "_SINCE", {**trials._SINCE, "learning.munchausen": False})
    without = CARTPOLE.digest
    assert without != before
    monkeypatch.setattr(trials, "_SINCE", {**trials._SINCE, "learning.munchausen": True})
    assert CARTPOLE.digest == before
    used = replace(CARTPOLE, overrides={"learning.munchausen": True})
    assert used.digest != CARTPOLE.digest
