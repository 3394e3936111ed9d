"""How well the presets learn: the same games, ten seeds each, a fixed number of steps, and the policy at their end.

The seeds were never used to tune a preset. Nothing is chosen: no best checkpoint, no early stop. A row of the table of
results is one training; what is there already is not trained again.
"""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from arcade_dqn.config import build
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.experiments.statistics import improvement_interval, iqm_interval
from arcade_dqn.storage.atomic import StorageError, reason, write_text

BUDGETS = {
    "CartPole-v1": 50_000,
    "Acrobot-v1": 100_000,
    "MountainCar-v0": 120_000,
    "LunarLander-v3": 100_000,
    "Pendulum-v1": 50_000,
    "MinAtar/Breakout-v1": 1_000_000,
    "MinAtar/Asterix-v1": 1_000_000,
    "MinAtar/Freeway-v1": 1_000_000,
    "MinAtar/SpaceInvaders-v1": 1_000_000,
    "MinAtar/Seaquest-v1": 1_000_000,
}
"""Steps of training."""
CLASSIC = tuple(BUDGETS)[:5]
SEEDS = tuple(range(301, 311))
EPISODES = 100
"""Greedy episodes, on seeds that training never sees, of which the mean is a run's score."""


@dataclass(frozen=True)
class Result:
    """One training."""

    game: str
    seed: int
    steps: int
    seconds: float
    """Of training alone."""
    episodes: int
    mean: float
    std: float
    min: float
    max: float
    preset: str
    settings: str
    """A digest of everything that was set, so that a result of other settings is not taken for one of these."""


def _fixed(game: str) -> dict[str, int]:
    return {
        "run.steps": BUDGETS[game],
        "run.checkpoint_every": 0,
        "run.keep_stages": 0,
        "evaluation.every": 0,
        "evaluation.final_episodes": EPISODES,
    }


def digest(game: str, preset: str) -> str:
    """Eight hexadecimal digits of all settings of the trainings of `game`, but for the seed."""
    return hashlib.sha256(build(game, preset, _fixed(game)).to_json().encode()).hexdigest()[:8]


def train(game: str, seed: int, preset: str) -> Result:
    """Train once, in a program of its own. Raises ArcadeError with its last word if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "arcade_dqn", "train", game, "--json", "--runs-dir", folder),
            *("--preset", preset, "--seed", str(seed)),
            *(part for name, value in _fixed(game).items() for part in ("--set", f"{name}={value}")),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise ArcadeError(f"training {game} with seed {seed} failed: {words[-1]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    score = told["evaluation"]
    return Result(
        game,
        seed,
        told["steps"],
        told["seconds"],
        score["episodes"],
        score["mean"],
        score["std"],
        score["min"],
        score["max"],
        preset,
        digest(game, preset),
    )


def measure(
    out: Path, games: Sequence[str], seeds: Sequence[int], say: Callable[[str], None], preset: str = ""
) -> list[Result]:
    """Train what is missing in the table `out`, writing every result at once. Raises ArcadeError."""
    from arcade_dqn.games.catalog import find

    if odd := [game for game in games if game not in BUDGETS]:
        raise UsageError(f"{odd[0]} has no budget here; the games are {', '.join(BUDGETS)}")
    results = read(out) if out.exists() else []
    wanted = {game: preset or find(game).preset for game in games}
    digests = {game: digest(game, name) for game, name in wanted.items()}
    # What was trained with other settings is no longer true of these.
    results = [
        one
        for one in results
        if one.game not in games or one.preset != wanted[one.game] or one.settings == digests[one.game]
    ]
    write(out, results)  # a table that cannot be written is told before hours are spent
    for seed in seeds:
        for game in games:
            if any((one.game, one.seed, one.preset) == (game, seed, wanted[game]) for one in results):
                continue
            results.append(train(game, seed, wanted[game]))
            write(out, results)
            say(f"{game}, seed {seed}: {results[-1].mean:.1f} after {results[-1].seconds:.0f} s of training")
    return results


def read(path: Path) -> list[Result]:
    """The results in a table. Raises UsageError if it is none."""
    kinds: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "str": str}
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [Result(**{one.name: kinds[str(one.type)](row[one.name]) for one in fields(Result)}) for row in rows]
    except OSError as error:
        raise StorageError(f"cannot read {path}: {reason(error)}") from error
    except (KeyError, ValueError, TypeError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a table of results: {error}; choose another file") from error


def write(path: Path, results: Iterable[Result]) -> None:
    """Replace the table. Raises StorageError."""
    names = [one.name for one in fields(Result)]
    lines = [",".join(names)]
    for result in sorted(results, key=lambda one: (_order(one.game, one.preset), one.seed)):
        row = asdict(result)
        lines.append(",".join(f"{row[name]:.6g}" if isinstance(row[name], float) else str(row[name]) for name in names))
    write_text(path, "\n".join(lines) + "\n")


def table(ours: Sequence[Result], theirs: Sequence[Result] = (), peer: str = "peer") -> str:
    """The results as Markdown: the interquartile mean of each game with its 95% interval, beside a peer's."""
    header = ["game", "preset", "steps", "seeds", "interquartile mean", "95% interval", "lowest", "highest"]
    if theirs:
        header += [peer, "95% interval", "probability of improvement"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    both = []
    for game, preset in sorted({(one.game, one.preset) for one in ours}, key=lambda pair: _order(*pair)):
        scores = [one.mean for one in ours if (one.game, one.preset) == (game, preset)]
        middle = iqm_interval(scores)
        cells = [game, f"`{preset}`", f"{BUDGETS[game]:,}", str(len(scores))]
        cells += [f"**{middle.value:.1f}**", _between(middle[1:])]
        cells += [f"{min(scores):.1f}", f"{max(scores):.1f}"]
        others = [one.mean for one in theirs if one.game == game]
        if others:
            both.append((scores, others))
            other, better = iqm_interval(others), improvement_interval([scores], [others])
            cells += [f"{other.value:.1f}", _between(other[1:]), f"{better.value:.2f} ({_between(better[1:], '.2f')})"]
        elif theirs:
            cells += ["-", "-", "-"]
        lines.append("| " + " | ".join(cells) + " |")
    if both:
        whole = improvement_interval([one for one, _ in both], [other for _, other in both])
        lines += [
            "",
            f"Probability of improvement over {len(both)} games: {whole.value:.2f} ({_between(whole[1:], '.2f')}).",
        ]
    return "\n".join(lines)


def _order(game: str, preset: str) -> tuple[int, str]:
    return list(BUDGETS).index(game), preset


def _between(ends: Sequence[float], style: str = ".1f") -> str:
    low, high = ends
    return f"{low:{style}} to {high:{style}}"
