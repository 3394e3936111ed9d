"""This project and its peers in turn, on one machine, in one run: `python -m benchmarks.compare`.

    python -m benchmarks.compare [--short] [--only ROW ...] [--skip ROW ...] [--out FILE] [--keep DIR]

Prints the machine and the versions, every measurement as a JSON line as it comes, a JSON line for each line of the
table, and the table. README.md here says what the rows are. The first run makes the peers' environment, `.venv-peers`;
a short one ends within ten minutes after that. The exit code is 1 if a row could not be measured; an aim that was not
reached is no failure of the measurement.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.machine import describe
from benchmarks.peers import environment
from benchmarks.plan import Plan
from benchmarks.report import Failure, Line, table
from benchmarks.rows import breakout, cartpole, growth, memory, pong, updates, window
from benchmarks.worker import ROOT, MeasurementFailed, Patience

ROWS: dict[str, Callable[[Plan], Iterator[Line]]] = {
    **{name: partial(updates.measure, row=name) for name in updates.NETWORKS},
    "breakout": breakout.measure,
    "cartpole": cartpole.measure,
    "window": window.measure,
    "memory": memory.measure,
    "growth": growth.measure,
    "pong": pong.measure,
}
WITH_PEERS = frozenset({*updates.NETWORKS, "breakout", "cartpole"})
LONG = frozenset({"pong"})
"""Not in a short run."""
SHORT_SECONDS = 570.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="end within ten minutes; numbers to look at, not to quote")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--skip", nargs="+", choices=ROWS, metavar="ROW", default=())
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report as Markdown, JSON lines included")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep Pong's runs in this folder, to watch or go on with"
    )
    options = parser.parse_args()
    chosen = [name for name in options.only or ROWS if name not in options.skip]
    if options.short:
        if options.only and LONG & set(chosen):
            parser.error(f"{', '.join(LONG & set(chosen))} takes hours and is not part of a short run")
        chosen = [name for name in chosen if name not in LONG]
    lines: list[str] = []

    def say(record: dict[str, Any]) -> None:
        lines.append(json.dumps(record))
        print(lines[-1], flush=True)

    peers: dict[str, str] = {}
    peer_python: str | MeasurementFailed = MeasurementFailed("no chosen row has a peer")
    if WITH_PEERS & set(chosen):
        try:
            peer_python = environment.ensure()
            peers = environment.versions(peer_python)
        except MeasurementFailed as failure:
            peer_python = failure
    head = {
        "command": _command(options),
        "short": options.short,
        "commit": _commit(),
        **describe(),
        **_versions("ale-py", "minatar"),
        "load_average": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "peers": peers,
    }
    say(head)
    begun = time.monotonic()
    plan = Plan(options.short, Patience(SHORT_SECONDS if options.short else None), peer_python, say, options.keep)
    results: list[Line | Failure] = []
    exit_code = 0
    try:
        for name in chosen:
            exit_code |= _measure(name, plan, results)
    except KeyboardInterrupt:
        exit_code = 130
    say({"minutes": round((time.monotonic() - begun) / 60, 1)})
    report = table(results)
    print("\n" + report, flush=True)
    if options.out is not None:
        options.out.write_text(_document(head, report, lines), encoding="utf-8")
    return exit_code


def _measure(name: str, plan: Plan, results: list[Line | Failure]) -> int:
    """One row; 1 if it failed."""
    try:
        for line in ROWS[name](plan):
            results.append(line)
            plan.say(line.to_dict())
    except MeasurementFailed as failure:
        results.append(Failure(name, str(failure)))
        plan.say(results[-1].to_dict())
        return 1
    return 0


def _document(head: dict[str, Any], report: str, lines: list[str]) -> str:
    facts = "".join(f"- {name}: {_plain(value)}\n" for name, value in head.items() if value not in (None, {}))
    raw = "\n".join(lines)
    return f"{facts}\n{report}\n<details><summary>every measurement</summary>\n\n```json\n{raw}\n```\n\n</details>\n"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, text in value.items())
    return f"`{value}`" if isinstance(value, str) and value.startswith("python") else str(value)


def _command(options: argparse.Namespace) -> str:
    """How to measure this again; where the report was written is nobody's business."""
    words = ["python", "-m", "benchmarks.compare", *(["--short"] if options.short else [])]
    for name, rows in (("--only", options.only), ("--skip", options.skip)):
        words += [name, *rows] if rows else []
    return " ".join(words)


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _commit() -> str | None:
    """The checkout's commit, with a + where files differ from it; None where there is no git."""
    try:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        changed = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return None if commit.returncode else commit.stdout.strip() + ("+" if changed.stdout.strip() else "")


if __name__ == "__main__":
    raise SystemExit(main())
