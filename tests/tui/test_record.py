from __future__ import annotations

import math

from arcade_dqn.tui.record import Curve, RunRecord


def test_curve_grows() -> None:
    curve = Curve()
    for x in range(1_000):
        curve.add(x, 2 * x)
    assert len(curve) == 1_000
    assert curve.x[-1] == 999
    assert curve.y.tolist() == [2.0 * x for x in range(1_000)]


def test_curve_that_goes_back_replaces_what_lies_beyond() -> None:
    curve = Curve()
    for x in (1, 2, 3, 4):
        curve.add(x, x)
    curve.add(3, 30)
    assert curve.x.tolist() == [1, 2, 3]
    assert curve.y.tolist() == [1, 2, 30]


def test_live_events() -> None:
    record = RunRecord()
    record.event({"event": "progress", "step": 100, "episodes": [[40, 9.0], [90, 11.0]], "loss": 0.5, "mean_q": None})
    record.event({"event": "evaluation", "step": 100, "mean": 487.5, "std": 12.0, "episodes": 10, "solved": True})
    assert record.returns.x.tolist() == [40, 90]
    assert record.returns.y.tolist() == [9, 11]
    assert record.loss.y.tolist() == [0.5]
    assert len(record.mean_q) == 0
    assert record.evaluations.y.tolist() == [487.5]
    assert record.log[-1][1] == "scored 487.5 ± 12.0 over 10 episodes; solved"


def test_metrics_of_a_run_that_began_earlier() -> None:
    record = RunRecord()
    record.load(
        [
            {"kind": "episode", "step": 10, "return": 5.0},
            {"kind": "train", "step": 20, "loss": 0.25, "mean_q": 3.0},
            {"kind": "evaluation", "step": 30, "mean": 7.0},
            {"kind": "set", "step": 35, "name": "epsilon", "value": 0.1},
            {"kind": "something new", "step": 40},
            {"kind": "episode", "return": 5.0},
            {"kind": "episode", "step": 50, "return": math.nan},
        ]
    )
    assert record.returns.x.tolist() == [10]
    assert record.loss.y.tolist() == [0.25]
    assert record.mean_q.y.tolist() == [3.0]
    assert record.evaluations.x.tolist() == [30]
    assert record.interventions == [35.0]
