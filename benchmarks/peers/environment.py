"""The peers' own Python environment, `.venv-peers` in the checkout."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.worker import ROOT, MeasurementFailed

FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")

_VERSIONS = """
import importlib.metadata, json, platform
names = ("stable-baselines3", "torch", "numpy", "gymnasium", "minatar")
print(json.dumps({"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}))
"""


def ensure() -> str:
    """The environment's Python; makes the environment the first time, and again when its requirements have changed.

    Raises MeasurementFailed if it cannot be made.
    """
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = FOLDER / ".installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text().strip() != wanted:
        print(f"making {FOLDER.name} for the peers; this takes some minutes once", file=sys.stderr, flush=True)
        _run(sys.executable, "-P", "-m", "venv", "--clear", str(FOLDER))
        _run(str(python), "-P", "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS))
        stamp.write_text(wanted)
    return str(python)


def versions(python: str) -> dict[str, str]:
    """What is installed there."""
    found: dict[str, str] = json.loads(_run(python, "-P", "-c", _VERSIONS))
    return found


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        errors = [line for line in lines if "error" in line.lower()] or lines
        raise MeasurementFailed(f"the peers' environment could not be made: {errors[-1]}")
    return done.stdout
