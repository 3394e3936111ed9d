from __future__ import annotations

import json
from typing import Any

import pytest

from arcade_dqn.storage.interventions import Intervention, from_json, made_in, to_json


def test_the_changes_that_matter_are_found_in_a_runs_record() -> None:
    records: list[dict[str, Any]] = [
        {"kind": "episode", "step": 3, "return": 1.0},
        {"kind": "set", "step": 5, "name": "epsilon", "value": 0.25},
        {"kind": "set", "step": 6, "name": "speed_limit", "value": 100.0},
        {"kind": "set", "step": 9, "name": "epsilon", "value": None},
        {"kind": "set", "step": 9, "name": "target_period", "value": 7},
    ]
    made = made_in(records)
    assert made == [
        Intervention(5, "epsilon", 0.25),
        Intervention(9, "epsilon", None),
        Intervention(9, "target_period", 7),
    ]
    assert from_json(to_json(made)) == made


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "holds no list of interventions"),
        ('{"interventions": [1]}', "holds no list of interventions"),
        ('{"interventions": [{"step": -1, "name": "epsilon", "value": 0}]}', "at step -1; it must be a whole number"),
        ('{"interventions": [{"step": true, "name": "epsilon", "value": 0}]}', "at step true"),
        ('{"interventions": [{"step": 1, "name": "epsilon", "value": 2}]}', "epsilon = 2 is not allowed"),
        ('{"interventions": [{"step": 1, "name": "seed", "value": 2}]}', 'set cannot change "seed"'),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_json(text)


def test_a_record_that_is_no_intervention_is_refused() -> None:
    with pytest.raises(ValueError, match=r"learning_rate = \"fast\" is not allowed"):
        made_in([json.loads('{"kind": "set", "step": 1, "name": "learning_rate", "value": "fast"}')])
