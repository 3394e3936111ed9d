"""Files from strangers: whatever is in them, a reader accepts them or refuses them with its one error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LONG = os.environ.get("FAULTS") == "long"
PROGRAM = Path(__file__).parent / "programs" / "strange_files.py"
MOST_MIB = 256

# Inputs of each kind, in `make test` and in `make faults`. Of truncations and flips there are fewer: all of them, in
# `make test` the truncations and one bit of every byte.
COUNTS = {
    "model": (1_500, 100_000),
    "config": (500, 20_000),
    "summary": (500, 20_000),
    "interventions": (500, 20_000),
    "metrics": (500, 20_000),
    "board": (500, 20_000),
    "checkpoint": (300, 10_000),
    "command": (2_000, 100_000),
    "press": (2_000, 100_000),
    "demonstration": (500, 20_000),
    "model-truncated": (100_000, 100_000),
    "model-flipped": (1_700, 100_000),
    "model-largest": (1, 1),
}


@pytest.mark.parametrize("kind", COUNTS)
def test_the_one_error_never_a_crash_and_little_memory(kind: str, tmp_path: Path) -> None:
    count = COUNTS[kind][LONG]
    done = subprocess.run(
        [sys.executable, str(PROGRAM), kind, str(count), "1", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    print(result)
    assert result["peak_mib"] < MOST_MIB
    assert result["accepted"] + result["refused"] >= min(count, 1_000)
    if kind == "model-largest":
        assert result["accepted"] == 1
    elif kind != "metrics":
        assert result["refused"] > result["accepted"] / 20, "the mutations must mean something"
    if kind == "model-truncated":
        assert result["accepted"] == 0
