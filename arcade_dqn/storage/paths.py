"""Where things lie: the saved models and assets that ship with the program, and the runs.

In a checkout the shipped folders stand beside the package; in an installed wheel they are packed inside it.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def _shipped(name: str) -> Path:
    packed = _PACKAGE / f"_{name}"
    return packed if packed.is_dir() else _PACKAGE.parent / name


def saved_models_dir() -> Path:
    """The folder of the models that ship with the program: GAME/agent*.safetensors with a card each."""
    return _shipped("saved_models")


def assets_dir() -> Path:
    """The folder of fonts, icons, sounds and screenshots."""
    return _shipped("assets")


def default_runs_dir() -> Path:
    """Where runs are kept unless told otherwise: $ARCADE_DQN_RUNS, or `runs` in the current folder."""
    return Path(os.environ.get("ARCADE_DQN_RUNS") or "runs")
