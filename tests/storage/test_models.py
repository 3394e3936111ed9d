"""The list of models, the best of each game, and the models of a run's way."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.config import EnvironmentSettings, NetworkSettings, build
from arcade_dqn.evaluation import ENOUGH_EPISODES, Evaluation
from arcade_dqn.storage import models
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.model_file import ModelInfo, save_model
from arcade_dqn.storage.models import ModelEntry, best_models, find_models, run_models, stages, thin_stages

NETWORK = NetworkSettings(hidden=(3,))
INFO = ModelInfo(
    game="CartPole-v1",
    observation_shape=(4,),
    n_actions=2,
    action_names=("push left", "push right"),
    network=NETWORK,
    environment=EnvironmentSettings(),
)
WEIGHTS = initial_weights(NETWORK, (4,), 2, seed=1)


def test_find_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "saved_models_dir", lambda: tmp_path / "shipped")
    assert find_models(tmp_path / "runs") == []
    run = tmp_path / "runs" / "CartPole-v1" / "one"
    for number, place in enumerate(
        [
            tmp_path / "shipped" / "CartPole-v1" / "agent.safetensors",
            tmp_path / "shipped" / "Acrobot-v1" / "agent.safetensors",
            run / "best.safetensors",
            run / "final.safetensors",
            run / "saved-500.safetensors",
            run / "other.safetensors",
            run.parent / ".hidden" / "best.safetensors",
        ]
    ):
        save_model(place, INFO, WEIGHTS)
        os.utime(place, (1000 + number, 1000 + number))
    (run / "final.safetensors").write_bytes(b"damaged")
    os.utime(run / "final.safetensors", (5000, 5000))
    (run / "saved-600.safetensors").symlink_to("nowhere")
    found = find_models(tmp_path / "runs")
    assert [(entry.path.parent.name, entry.path.stem, entry.shipped) for entry in found] == [
        ("Acrobot-v1", "agent", True),
        ("CartPole-v1", "agent", True),
        ("one", "final", False),
        ("one", "saved-500", False),
        ("one", "best", False),
        ("one", "saved-600", False),
    ]
    assert found[0].info == INFO
    assert (found[0].problem, found[0].modified) == (None, 1001.0)
    assert found[2].info is None
    assert found[2].problem is not None
    assert "not a model file" in found[2].problem
    assert found[5].problem is not None


def test_a_runs_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=f"cannot read the runs in {tmp_path / 'runs'}: "):
        find_models(tmp_path / "runs")


def entry(
    name: str,
    returns: list[float] | None,
    *,
    shipped: bool = False,
    modified: float = 0.0,
    game: EnvironmentSettings = INFO.environment,
    epsilon: float = 0.0,
) -> ModelEntry:
    evaluation = None if returns is None else Evaluation.from_returns(returns, 1, epsilon=epsilon)
    return ModelEntry(Path(name), replace(INFO, environment=game, evaluation=evaluation), None, shipped, modified)


def best(*entries: ModelEntry) -> str:
    (found,) = best_models(entries).values()
    return found.path.name


def test_the_best_model_of_a_game_is_the_shipped_one_in_a_tie() -> None:
    unscored, broken = entry("unscored", None, shipped=True), ModelEntry(Path("broken"), None, "damaged", True, 9.0)
    own = entry("own", [3.0] * 10, modified=5.0)
    newer = entry("newer", [3.0] * 10, modified=6.0)
    shipped = entry("shipped", [3.0] * 10, shipped=True, modified=1.0)
    assert best_models([broken]) == {}
    assert best(broken, unscored) == "unscored"
    assert best(unscored, own, newer, broken) == "newer"
    assert best(newer, shipped, own) == "shipped"
    assert best(shipped, entry("better", [3.5] * 10)) == "better"


def test_the_best_model_is_not_the_luckiest_one() -> None:
    # Mean 45 with a standard error of 15 / sqrt(9) = 5: worth 35 at least. Mean 42, error 15 / sqrt(99): 39 at least.
    lucky, steady = entry("lucky", [30.0, 60.0] * 5), entry("steady", [27.0, 57.0] * 50)
    assert lucky.info is not None and lucky.info.evaluation is not None
    assert lucky.info.evaluation.lower_bound == pytest.approx(45 - 2 * 5)
    assert best(lucky, steady) == "steady"
    # Two games that end alike are no certainty, and one game is nothing at all.
    assert best(entry("two", [60.0, 60.0]), steady) == "steady"
    assert best(entry("one", [60.0]), entry("nine", [10.0] * (ENOUGH_EPISODES - 1))) == "nine"


def test_a_score_under_other_rules_comes_after_those_under_the_same() -> None:
    shipped = entry("shipped", [42.0] * 100, shipped=True)
    easier = entry("easier", [43.0] * 100, game=EnvironmentSettings(sticky_actions=0.0))
    assert best(shipped, easier) == "shipped"
    assert best(shipped, entry("rarely random", [43.0] * 100, epsilon=0.001)) == "shipped"
    assert best(shipped, easier, entry("fairly better", [42.5] * 100)) == "fairly better"
    # Where none ships, the rules are those of the game's default preset; alone, a model is the best there is.
    usual = build(INFO.game, "cartpole").environment
    assert best(entry("usual", [1.0] * 10, game=usual), easier) == "usual"
    assert best(easier) == "easier"
    # How the agent sees the game is no rule of it.
    assert best(shipped, entry("smaller", [43.0] * 100, game=EnvironmentSettings(frame_size=42))) == "smaller"


def save_step(path: Path, steps: int) -> None:
    save_model(path, replace(INFO, training=replace(INFO.training, steps=steps)), WEIGHTS)


def test_the_models_of_a_run_in_the_order_of_their_training(tmp_path: Path) -> None:
    assert run_models(tmp_path) == []
    for name, steps in (("best", 300), ("final", 400), ("saved-250", 250)):
        save_step(tmp_path / f"{name}.safetensors", steps)
    for steps in (1000, 0, 200):
        save_step(tmp_path / "stages" / f"step-{steps}.safetensors", steps)
    (tmp_path / "stages" / "notes.txt").write_text("not one of them")
    (tmp_path / "stages" / "step-7.safetensors").write_text("broken")
    assert [step for step, _ in stages(tmp_path)] == [0, 7, 200, 1000]
    found = run_models(tmp_path)
    assert [entry.path.name for entry in found] == [
        "step-7.safetensors",
        "step-0.safetensors",
        "step-200.safetensors",
        "saved-250.safetensors",
        "best.safetensors",
        "final.safetensors",
        "step-1000.safetensors",
    ]
    assert found[0].info is None
    assert "not a model file" in str(found[0].problem)


def kept_of(tmp_path: Path, steps: list[int], keep: int) -> list[int]:
    for step in steps:
        save_step(tmp_path / "stages" / f"step-{step}.safetensors", step)
        thin_stages(tmp_path, keep, 10)
    return [step for step, _ in stages(tmp_path)]


def test_every_second_stage_goes_when_there_are_too_many(tmp_path: Path) -> None:
    # By hand: the sixth one is too many, so only every second one stays, and the newest.
    assert kept_of(tmp_path, [0, 10, 20, 30, 40, 50], 5) == [0, 20, 40, 50]
    # Several copies of a game go a few steps beyond; 50 is no multiple of 20 and goes when it is not the newest.
    assert kept_of(tmp_path, [63], 5) == [0, 20, 40, 50, 63]
    assert kept_of(tmp_path, [70], 5) == [0, 20, 40, 63, 70]
    assert kept_of(tmp_path, [80, 90], 5) == [0, 40, 80, 90]


@given(st.integers(2, 8), st.integers(2, 40))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_first_and_the_newest_stage_stay_and_gaps_are_alike(tmp_path: Path, keep: int, count: int) -> None:
    folder = tmp_path / f"{keep}-{count}"
    kept = kept_of(folder, list(range(0, 10 * count, 10)), keep)
    assert len(kept) <= keep
    assert len(kept) >= min(count, (keep + 1) // 2)
    assert kept[0] == 0
    assert kept[-1] == 10 * (count - 1)
    if keep > 2:
        # At most twice as wide as they would be if `keep` were spread evenly, and a little at the ends.
        gaps = [after - before for before, after in pairwise(kept)]
        assert max(gaps, default=0) <= 2.5 * max(10, 10 * count / (keep - 1))


def test_a_folder_of_stages_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "stages").write_text("no folder")
    for call in (stages, run_models, lambda run: thin_stages(run, 3, 10)):
        with pytest.raises(StorageError, match="cannot read"):
            call(tmp_path)


def test_one_stage_alone_is_the_newest(tmp_path: Path) -> None:
    assert kept_of(tmp_path, [0, 10, 20], 1) == [20]
