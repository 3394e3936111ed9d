"""Trainings that are measured: each in a program of its own, and each a row of a table that is kept.

Nothing is chosen: no best checkpoint, no early stop. What the table holds already is not trained again, so that a
measurement of hours can be stopped and goes on where it was.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from arcade_dqn.config import build
from arcade_dqn.errors import ArcadeError, UsageError
from arcade_dqn.link.commands import MAX_EVENT, parse_object
from arcade_dqn.link.process import python, run
from arcade_dqn.storage.atomic import StorageError, reason, write_text

_SINCE: Mapping[str, Any] = {"environment.observation": ""}
"""Settings that are younger than the first tables, by dotted name, with the value under which training is what it was
before them. At that value they are no part of a digest, so that hours of results stay true."""
EPISODES = 100
"""Greedy episodes, on seeds that training never sees, of which the mean is a training's score."""


@dataclass(frozen=True)
class Trial:
    """What is trained, but for the seed."""

    game: str
    preset: str
    steps: int
    """Of training."""
    variant: str = ""
    """What it is called in the table; the preset's own name where it is nothing but the preset."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """By dotted name, what it sets differently from the preset."""

    @property
    def name(self) -> str:
        return self.variant or self.preset

    @property
    def settings(self) -> dict[str, Any]:
        """By dotted name, all that is not the preset's."""
        return {
            **self.overrides,
            "run.steps": self.steps,
            "run.checkpoint_every": 0,
            "run.keep_stages": 0,
            "evaluation.every": 0,
            "evaluation.final_episodes": EPISODES,
        }

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits of all settings but the seed, so that no result is taken for another one's."""
        # Where the actors live is no part of it: these trainings are local.
        whole = build(self.game, self.preset, self.settings).model_dump(mode="json", exclude={"cluster"})
        for name, value in _SINCE.items():
            section, _, setting = name.partition(".")
            if whole[section][setting] == value:
                del whole[section][setting]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:8]


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
    variant: str
    settings: str
    """The trial's digest."""


def train(trial: Trial, seed: int, side_by_side: int = 1) -> Result:
    """Train once, as one of `side_by_side`. Raises ArcadeError with the program's last word if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *python("-m", "arcade_dqn", "train", trial.game, "--json", "--runs-dir", folder),
            *("--preset", trial.preset, "--seed", str(seed)),
            *(part for name, value in trial.settings.items() for part in ("--set", f"{name}={_typed(value)}")),
        ]
        try:
            done = run(command, environment=environment(side_by_side))
        except OSError as error:
            raise ArcadeError(f"cannot train {trial.game} in a program of its own: {reason(error)}") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise ArcadeError(f"training {trial.game} ({trial.name}) with seed {seed} failed: {words[-1]}")
    try:
        told = parse_object((done.stdout.splitlines() or [""])[-1], MAX_EVENT)
        score = told["evaluation"]
    except (ValueError, KeyError) as error:
        raise ArcadeError(f"training {trial.game} ({trial.name}) with seed {seed} told no score: {error}") from error
    return Result(
        trial.game,
        seed,
        told["steps"],
        told["seconds"],
        score["episodes"],
        score["mean"],
        score["std"],
        score["min"],
        score["max"],
        trial.name,
        trial.digest,
    )


def cores() -> int:
    """Processor cores that this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment(side_by_side: int) -> dict[str, str]:
    """A training's environment: beside others it gets its share of the processors' cores, and no thread more.

    TensorFlow would start a thread for every core in every one of them, which then wait for each other. A number of
    threads that the environment sets already stays. Sums are added up in another order by another number of threads, so
    a result is the same to the last bit only for the same share.
    """
    if side_by_side == 1:
        return dict(os.environ)
    share = str(max(1, cores() // side_by_side))
    return {"TF_NUM_INTRAOP_THREADS": share, "OMP_NUM_THREADS": share, **os.environ}


def _typed(value: Any) -> str:
    """A value as one types it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def measure(
    out: Path, trials: Sequence[Trial], seeds: Sequence[int], say: Callable[[str], None], jobs: int = 1
) -> list[Result]:
    """Train what is missing in the table `out`, `jobs` at a time, writing every result at once. All that it then holds.

    Raises ArcadeError if a training fails or the table cannot be read or written.
    """
    results = read(out) if out.exists() else []
    digests = {(one.game, one.name): one.digest for one in trials}
    # What was trained with other settings is no longer true of these.
    results = [one for one in results if digests.get((one.game, one.variant), one.settings) == one.settings]
    have = {(one.game, one.seed, one.variant) for one in results}
    missing = [
        partial(train, trial, seed, jobs)
        for seed in seeds
        for trial in trials
        if (trial.game, seed, trial.name) not in have
    ]
    titles = {(one.game, one.name): f"{one.game}, {one.variant}" if one.variant else one.game for one in trials}

    def tell(newest: Result) -> None:
        title = titles[newest.game, newest.variant]
        say(f"{title}, seed {newest.seed}: {newest.mean:.1f} after {newest.seconds:.0f} s of training")

    return complete(out, results, missing, tell, jobs)


def complete(
    out: Path,
    results: Sequence[Result],
    missing: Sequence[Callable[[], Result]],
    tell: Callable[[Result], None],
    jobs: int = 1,
) -> list[Result]:
    """The results with the missing ones, of which `jobs` at a time are found; the table `out` holds each at once.

    The first that fails is raised, after those that were under way have ended and are kept; no further one is begun.
    """
    results = list(results)
    write(out, results)  # a table that cannot be written is told before hours are spent
    waiting = iter(missing)
    failed: list[BaseException] = []
    with ThreadPoolExecutor(jobs) as pool:
        under_way = {pool.submit(find) for find in islice(waiting, jobs)}
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            failed += [error for future in done if (error := future.exception())]
            for newest in [future.result() for future in done if not future.exception()]:
                results.append(newest)
                write(out, results)
                tell(newest)
            if not failed:
                under_way |= {pool.submit(find) for find in islice(waiting, len(done))}
    if failed:
        raise failed[0]
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
    """Replace the table, by game, variant and seed. Raises StorageError."""
    names = [one.name for one in fields(Result)]
    lines = [",".join(names)]
    for result in sorted(results, key=lambda one: (one.game, one.variant, one.seed)):
        row = asdict(result)
        lines.append(",".join(f"{row[name]:.6g}" if isinstance(row[name], float) else str(row[name]) for name in names))
    write_text(path, "\n".join(lines) + "\n")
