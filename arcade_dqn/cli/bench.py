"""`arcade-dqn bench`: how well the presets learn, and what each piece of the family is worth, measured over seeds."""

from __future__ import annotations

import argparse

from arcade_dqn.cli.tables import print_json
from arcade_dqn.errors import UsageError


def bench(arguments: argparse.Namespace) -> int:
    """`arcade-dqn bench learning` or `ablation`: train what the table lacks, and print the statistics."""
    from dataclasses import asdict
    from pathlib import Path

    from arcade_dqn.experiments import ablation, learning, trials
    from arcade_dqn.games.find import find

    learns = arguments.what == "learning"
    all_seeds = learning.SEEDS if learns else ablation.SEEDS
    if arguments.seeds is not None and not 1 <= arguments.seeds <= len(all_seeds):
        raise UsageError(f"--seeds {arguments.seeds} is not allowed; it must be from 1 to {len(all_seeds)}")
    if arguments.jobs < 1:
        raise UsageError(f"--jobs {arguments.jobs} is not allowed; it must be 1 or more")
    if arguments.against and not learns:
        raise UsageError("--against is for `arcade-dqn bench learning`; an ablation has no peer")
    default = learning.CLASSIC if learns else tuple(ablation.BUDGETS)
    games = [find(game).id for game in arguments.games] if arguments.games else list(default)
    seeds = all_seeds[: arguments.seeds]
    wanted = learning.trials(games) if learns else ablation.trials(games)
    theirs = trials.read(arguments.against) if arguments.against else []
    out = arguments.out or Path(f"{arguments.what}.csv")
    results = trials.measure(out, wanted, seeds, lambda line: print(line, flush=True), arguments.jobs)
    names = {(one.game, one.name) for one in wanted}
    shown = [one for one in results if (one.game, one.variant) in names and one.seed in seeds]
    if learns:
        print(learning.table(shown, theirs, arguments.against.stem if arguments.against else ""))
    else:
        print(ablation.table(shown))
    if arguments.json:
        print_json({"table": str(out), "results": [asdict(one) for one in shown]})
    return 0
