"""`arcade-dqn bench`: how well the presets learn, measured over seeds."""

from __future__ import annotations

import argparse

from arcade_dqn.cli.tables import print_json
from arcade_dqn.errors import UsageError


def bench(arguments: argparse.Namespace) -> int:
    """`arcade-dqn bench learning`: train every game with every seed that the table lacks, and print the statistics."""
    from dataclasses import asdict

    from arcade_dqn.experiments import learning
    from arcade_dqn.games.catalog import find

    if arguments.seeds is not None and not 1 <= arguments.seeds <= len(learning.SEEDS):
        raise UsageError(f"--seeds {arguments.seeds} is not allowed; it must be from 1 to {len(learning.SEEDS)}")
    games = [find(game).id for game in arguments.games] if arguments.games else list(learning.CLASSIC)
    seeds = learning.SEEDS[: arguments.seeds]
    theirs = learning.read(arguments.against) if arguments.against else []
    results = learning.measure(arguments.out, games, seeds, lambda line: print(line, flush=True))
    shown = [one for one in results if one.game in games and one.seed in seeds]
    print(learning.table(shown, theirs, arguments.against.stem if arguments.against else ""))
    if arguments.json:
        print_json({"table": str(arguments.out), "results": [asdict(one) for one in shown]})
    return 0
