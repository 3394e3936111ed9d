"""The commands `models`, `games`, `runs` and `doctor`, which print tables: in a pipe plain, and at the end as JSON."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any


def runs_dir(arguments: argparse.Namespace) -> Path:
    """Where the runs are: --runs-dir, $ARCADE_DQN_RUNS or ./runs."""
    from arcade_dqn.storage.paths import default_runs_dir

    folder: Path = arguments.runs_dir if arguments.runs_dir is not None else default_runs_dir()
    # What lies in a folder that begins with a dash would be an option of the programs that are started with it.
    return folder.absolute() if str(folder).startswith("-") else folder


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table that fits the terminal; in a pipe, plain columns that are never cut off. Cells lose control codes."""
    from arcade_dqn.link.text import plain

    rows = [[plain(cell, 4000) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from rich import box
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
        for number, column in enumerate(columns):
            # The first column is what one copies from: it stays whole. Paths break rather than lose their end.
            table.add_column(column, no_wrap=number == 0, overflow="fold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        Console(highlight=False).print(table)
        return
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]
    for row in (columns, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_json(table: dict[str, Any]) -> None:
    """One line, so that the last line of standard output is the whole object."""
    print(json.dumps(table, allow_nan=False), flush=True)


def print_settings() -> None:
    """Every setting with its default and what it may be, and the presets."""
    from arcade_dqn.config import as_typed, preset_about, preset_names, setting_table

    print_table(
        "Settings",
        ("setting", "default", "allowed", "what it is"),
        [
            (info.name, f"{as_typed(info.default)} {info.unit}".strip(), info.allowed, info.help)
            for info in setting_table().values()
        ],
    )
    print()
    print_table("Presets", ("preset", "for"), [(name, preset_about(name)) for name in preset_names()])


def games(arguments: argparse.Namespace) -> int:
    """`arcade-dqn games`: the catalogue, with what each game needs."""
    from arcade_dqn.games.catalog import GAMES

    print_table(
        "Games",
        ("game", "observation", "actions", "solved at", "preset", "installed"),
        [
            (
                info.id,
                info.observation,
                ", ".join(info.actions) or "known once it runs",
                _number(info.solved_at),
                info.preset,
                "yes" if info.installed() else f"no: {info.install_command}",
            )
            for info in GAMES
        ],
    )
    if arguments.json:
        print_json(
            {
                "games": [
                    {
                        "id": info.id,
                        "title": info.title,
                        "family": info.family,
                        "summary": info.summary,
                        "observation": info.observation,
                        "actions": list(info.actions),
                        "solved_at": info.solved_at,
                        "preset": info.preset,
                        "extra": info.extra,
                        "installed": info.installed(),
                    }
                    for info in GAMES
                ]
            }
        )
    else:
        print(
            "\nAny other ALE/...-v5 and any registered Gymnasium id with discrete actions can be given by its id, too."
        )
    return 0


def models(arguments: argparse.Namespace) -> int:
    """`arcade-dqn models`: every saved model, with its score; files that are none are listed with the reason."""
    from arcade_dqn.storage.models import find_models

    entries = find_models(runs_dir(arguments))
    rows = []
    for entry in entries:
        if entry.info is None:
            rows.append(("?", "-", "-", _date(entry.modified), f"{entry.path}: {entry.problem}"))
            continue
        score = entry.info.evaluation
        rows.append(
            (
                entry.info.game,
                f"{score.mean:,.1f} ± {score.std:,.1f}" if score else "-",
                f"{entry.info.training.steps:,}",
                "shipped" if entry.shipped else _date(entry.modified),
                str(entry.path),
            )
        )
    if rows:
        print_table("Models", ("game", "score", "steps", "saved", "file"), rows)
    else:
        print("No saved models yet; `arcade-dqn train CartPole-v1` makes one.")
    if arguments.json:
        print_json(
            {
                "models": [
                    {
                        "path": str(entry.path),
                        "shipped": entry.shipped,
                        "modified": entry.modified,
                        "problem": entry.problem,
                        "game": entry.info.game if entry.info else None,
                        "title": entry.info.title if entry.info else None,
                        "steps": entry.info.training.steps if entry.info else None,
                        "evaluation": entry.info.evaluation.to_dict() if entry.info and entry.info.evaluation else None,
                    }
                    for entry in entries
                ]
            }
        )
    return 0


def runs(arguments: argparse.Namespace) -> int:
    """`arcade-dqn runs`: every run with its state, newest first."""
    from arcade_dqn.storage.runs import list_runs

    folder = runs_dir(arguments)
    found = list_runs(folder)
    if found:
        print_table(
            "Runs",
            ("game", "run", "state", "steps", "best", "last", "changed"),
            [
                (
                    run.game,
                    run.name,
                    run.state,
                    f"{run.step:,} of {run.steps_total:,}",
                    _number(run.best_evaluation),
                    _number(run.last_evaluation),
                    _date(run.modified),
                )
                for run in found
            ],
        )
        for run in found:
            if run.problem:
                print(f"{run.game}/{run.name} is broken: {run.problem}")
    else:
        print(f"No runs in {folder.absolute()} yet; `arcade-dqn train CartPole-v1` starts one.")
    if arguments.json:
        print_json(
            {
                "runs": [
                    {
                        "path": str(run.path),
                        "game": run.game,
                        "name": run.name,
                        "state": run.state,
                        "problem": run.problem or None,
                        "step": run.step,
                        "steps_total": run.steps_total,
                        "best_evaluation": _finite(run.best_evaluation),
                        "last_evaluation": _finite(run.last_evaluation),
                        "modified": run.modified,
                    }
                    for run in found
                ]
            }
        )
    return 0


def doctor(arguments: argparse.Namespace) -> int:
    """`arcade-dqn doctor`: exit code 1 if something that is needed is broken."""
    from arcade_dqn.doctor import examine
    from arcade_dqn.link.text import plain

    if sys.stderr.isatty():
        print("asking TensorFlow, which takes some seconds ...", file=sys.stderr)
    checks = examine(runs_dir(arguments))
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.state:<4}  {check.name:<{width}}  {plain(check.text, 1000)}")
        if check.state != "ok":
            print(f"      {'':<{width}}  -> {plain(check.advice, 1000)}")
    healthy = all(check.state != "fail" for check in checks)
    if arguments.json:
        print_json({"healthy": healthy, "checks": [asdict(check) for check in checks]})
    return 0 if healthy else 1


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _number(value: float | None) -> str:
    """A score for a table; unknown ones as a dash."""
    return "-" if value is None or not math.isfinite(value) else f"{value:,.1f}"


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
