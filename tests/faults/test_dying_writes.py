"""The k-th open, write, fsync or rename fails, or the process dies within it, for every k of a save."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "dying_writer.py"


@pytest.mark.parametrize("how", ["die", "fail"])
@pytest.mark.parametrize(("what", "least"), [("checkpoint", 25), ("model", 5), ("json", 3)])
def test_the_older_or_the_newer_one_is_found_whole(what: str, least: int, how: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), what, how, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    print(result)
    assert result["calls"] >= least
    assert result["older"]
    # A summary is renamed into its place with its last call, and its folder is not forced to the disk.
    assert result["newer"] or what == "json"
    assert result["older"] + result["newer"] == result["calls"]
