from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from arcade_dqn.experiments import trials


class Trainings:
    """In place of real trainings: the score is the seed."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.fails = False
        self.begun: Callable[[], object] = lambda: None
        """Called when a training is begun."""

    def __call__(self, command: list[str], *, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        self.environments.append(environment)
        self.begun()
        if self.fails:
            return subprocess.CompletedProcess(command, 1, "", "arcade-dqn: out of luck\n")
        seed = float(command[command.index("--seed") + 1])
        score = {"episodes": 100, "mean": seed, "std": 1.0, "min": seed - 1, "max": seed + 1, "returns": []}
        told = {"steps": 50_000, "seconds": 4.0, "evaluation": score}
        return subprocess.CompletedProcess(command, 0, f"training\n{json.dumps(told)}\n", "")


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> Trainings:
    found = Trainings()
    monkeypatch.setattr(trials, "run", found)
    return found
