from __future__ import annotations

from pathlib import Path

import numpy as np

from arcade_dqn.config import build
from arcade_dqn.experiments.curves import Points, groups, mean_and_interval, read_curves, running_mean
from arcade_dqn.storage.run_dir import RunDir


def points(x: list[float], y: list[float]) -> Points:
    return Points(np.array(x, np.float64), np.array(y, np.float64))


def test_the_mean_and_its_interval_where_all_have_something_to_say() -> None:
    x, mean, low, high = mean_and_interval([points([0, 10, 20], [0, 10, 20]), points([10, 30], [20, 40])])
    assert x.tolist() == [10, 20]
    assert mean.tolist() == [15, 25]
    # Two values 10 apart: standard deviation 7.071, over sqrt(2) is 5, times Student's 12.706 for one degree.
    np.testing.assert_allclose(high - mean, [63.53, 63.53], rtol=1e-4)
    np.testing.assert_allclose(mean - low, [63.53, 63.53], rtol=1e-4)


def test_one_curve_has_no_interval_and_none_is_empty() -> None:
    x, mean, low, high = mean_and_interval([points([1, 2], [3, 4]), points([], [])])
    assert (x.tolist(), mean.tolist(), low.tolist(), high.tolist()) == ([1, 2], [3, 4], [3, 4], [3, 4])
    assert all(not len(part) for part in mean_and_interval([points([], [])]))


def test_a_run_is_read_with_its_clock(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", {"run.seed": 7}), "one")
    for record in (
        {"kind": "episode", "step": 50, "return": 9.0},
        {"kind": "train", "step": 100, "seconds": 4.0, "loss": None},
        {"kind": "train", "step": 200, "seconds": 5.0},
        {"kind": "train", "step": 200, "seconds": 6.0},
        {"kind": "evaluation", "step": 150, "mean": 12.0, "seconds": 5.0},
    ):
        run.append_metrics(record)
    run.close()
    curves = read_curves(run.path)
    assert (curves.label, curves.game, curves.seed) == ("one", "CartPole-v1", 7)
    assert curves.clock.x.tolist() == [100, 150, 200]
    assert curves.clock.y.tolist() == [4, 5, 6]
    # Half of the first 100 steps took half of their 4 seconds.
    assert curves.on_clock(curves.returns).x.tolist() == [2.0]


def test_runs_that_differ_by_their_seed_alone_are_one_group(tmp_path: Path) -> None:
    runs = []
    for number, changes in enumerate(({"run.seed": 1}, {"run.seed": 2}, {"run.seed": 1, "learning.double": False})):
        run = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", changes), f"r{number}")
        run.append_metrics({"kind": "evaluation", "step": 10, "mean": float(number), "seconds": 1.0})
        run.close()
        runs.append(read_curves(run.path))
    found = groups(runs, clock=False)
    assert [(group.label, group.runs, group.mean.tolist()) for group in found] == [
        ("r0 and 1 more", 2, [0.5]),
        ("r2", 1, [2.0]),
    ]


def test_a_run_that_a_person_taught_is_no_seed_of_the_others(tmp_path: Path) -> None:
    runs = []
    for seed in (1, 2):
        run = RunDir.create(tmp_path, build("CartPole-v1", "cartpole", {"run.seed": seed}), f"r{seed}")
        run.append_metrics({"kind": "evaluation", "step": 10, "mean": float(seed), "seconds": 1.0})
        if seed == 2:
            run.append_metrics({"kind": "demonstration", "file": "a.safetensors", "step": 5, "steps": 40})
        run.close()
        runs.append(read_curves(run.path))
    assert [group.runs for group in groups(runs, clock=False)] == [1, 1]


def test_running_mean_by_hand() -> None:
    assert running_mean([1.0, 3.0, 5.0, 7.0], 2).tolist() == [1.0, 2.0, 4.0, 6.0]
    assert running_mean(np.array([1.0, 3.0]), 100).tolist() == [1.0, 2.0]
    assert running_mean([], 20).tolist() == []
