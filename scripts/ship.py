"""Put a run's best agent into saved_models/: `.venv/bin/python scripts/ship.py RUN [--runs-dir D]`.

With it go two earlier stages of the run: untrained, and the one nearest to half of the agent's steps. All three are
scored again on 100 episodes that neither trained nor chose the agent, and that score, not the one it was chosen by,
goes into the file and onto the card. The curve is `arcade-dqn report` of the run.

`scripts/ship.py --again [GAME ...]` scores what is in saved_models/ anew, all of it or these games, where the program
has learned to measure better: files, cards and table.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from arcade_dqn.config import Settings, build
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.games.find import find
from arcade_dqn.report.run import draw
from arcade_dqn.stage.evaluate import evaluate
from arcade_dqn.stage.source import EARLIER, SavedModel, earlier
from arcade_dqn.storage.model_file import save_model
from arcade_dqn.storage.model_info import ModelInfo
from arcade_dqn.storage.run_dir import RunDir

ROOT = Path(__file__).resolve().parents[1]
EPISODES = 100
TABLE_PAGE = ROOT / "saved_models" / "README.md"
MARK, END = "<!-- agents: scripts/ship.py --table -->", "<!-- end of agents -->"
"""Where the table of agents stands in TABLE_PAGE."""
SEED = 20_000
"""Far from every seed that a run is started with, so that no run evaluates on these episodes."""


def ship(run: RunDir, commit: str, weakness: str = "") -> Path:
    """Score, save, and write the card; returns the folder. `commit` is the code that trained the run."""
    settings = run.settings()
    line = command(settings)
    info = find(settings.game)
    folder = ROOT / "saved_models" / info.slug
    best = SavedModel(run.best)
    past = {which: earlier(best, which) for which in EARLIER}
    for old in (folder / "stages").glob("step-*.safetensors"):
        old.unlink()
    before = {which: _scored(one, folder / "stages" / one.path.name, settings) for which, one in past.items()}
    model = _scored(best, folder / "agent.safetensors", settings)
    draw(run.read_metrics(), settings, info, run.name, folder / "curve.png")
    text = card(model, before, commit, line, weakness)
    (folder / "card.md").write_text(text, "utf-8")
    return folder


def ship_again(game: str) -> Path:
    """Score the game's shipped agent and its stages anew; their files and card. The training's facts stay."""
    folder = ROOT / "saved_models" / find(game).slug
    agent = SavedModel(folder / "agent.safetensors")
    settings = build(agent.model.game, agent.model.training.preset)
    old = (folder / "card.md").read_text("utf-8")
    commit, line = re.search(r"\| commit \| (\w+) \|", old), re.search(r"\| made by \| `([^`]+)`", old)
    assert commit is not None and line is not None
    weakness = re.search(r"\| weaknesses \| [^;|]*; ([^|]+) \|", old)
    past = {which: earlier(agent, which) for which in EARLIER}
    before = {which: _scored(one, one.path, settings) for which, one in past.items()}
    model = _scored(agent, agent.path, settings)
    (folder / "card.md").write_text(card(model, before, commit[1], line[1], weakness[1] if weakness else ""), "utf-8")
    return folder


def _scored(source: SavedModel, path: Path, settings: Settings) -> ModelInfo:
    """Score the agent, and save it with its score at `path`."""
    assert source.policy is not None
    evaluation = evaluate(
        source.policy,
        source.info,
        settings.environment,
        episodes=EPISODES,
        seed=SEED,
        epsilon=settings.evaluation.epsilon,
    )
    model = dataclasses.replace(source.model, evaluation=evaluation)
    save_model(path, model, source.policy.weights)
    return model


def command(settings: Settings) -> str:
    """The command that trains such a run. Raises ValueError if it would need more than the preset, a seed, a number of
    steps, and how the run is evaluated.
    """
    preset = build(settings.game, settings.preset)
    evaluation = {
        f"evaluation.{name}": value for name, value in settings.evaluation if value != getattr(preset.evaluation, name)
    }
    overrides = {"run.seed": settings.run.seed, "run.steps": settings.run.steps, **evaluation}
    if build(settings.game, settings.preset, overrides) != settings:
        raise ValueError(f"this run of {settings.game} was not trained with the preset {settings.preset} as it is")
    words = ["arcade-dqn", "train", settings.game, "--preset", settings.preset, "--seed", str(settings.run.seed)]
    if preset.run.steps != settings.run.steps:
        words += ["--steps", str(settings.run.steps)]
    for name, value in evaluation.items():
        words += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    return " ".join(words)


def card(model: ModelInfo, before: Mapping[str, ModelInfo], commit: str, command: str, weakness: str = "") -> str:
    """What the agent is, what it was `before`, and how its score was measured."""
    training, evaluation = model.training, _score(model)
    margin = 1.96 * evaluation.standard_error
    minutes, seconds = divmod(math.floor(training.seconds), 60)
    played = f"{evaluation.episodes} greedy episodes"
    if evaluation.epsilon:
        played = f"{evaluation.episodes} episodes, greedy but for {evaluation.epsilon:g} of the actions,"
    return f"""# {model.title}

An agent for `{model.game}`, the best by its evaluations during one training run.

| | |
|---|---|
| made by | `{command}`, then `scripts/ship.py` |
| commit | {commit} |
| network | {model.network.kind}, hidden {", ".join(map(str, model.network.hidden))}, head {model.network.head} |
| trained for | {training.steps:,} steps, {training.updates:,} updates, {training.episodes:,} episodes |
| training time | {minutes} min {seconds} s of training alone, beside other work |
| machine | {platform.machine()}, 2 cores, no GPU |
| score | **{evaluation.mean:.1f}** (95% interval {evaluation.mean - margin:.1f} to {evaluation.mean + margin:.1f}) |
| measured | {played} on unseen seeds (`--seed {evaluation.seed}`), raw scores |
| before | {"; ".join(f"{_before(one)}: {_score(one).mean:.1f}" for one in before.values())} |
| weaknesses | {_weaknesses(evaluation, weakness)} |
| single episodes | from {evaluation.min:.1f} to {evaluation.max:.1f}, standard deviation {evaluation.std:.1f} |

Measure it again: `arcade-dqn eval saved_models/{find(model.game).slug}/agent.safetensors --seed {evaluation.seed}`

![The run's learning curve](curve.png)
"""


def _score(model: ModelInfo) -> Evaluation:
    assert model.evaluation is not None
    return model.evaluation


def _before(model: ModelInfo) -> str:
    steps = model.training.steps
    return (
        f"after {steps:,} steps (`stages/step-{steps}.safetensors`)"
        if steps
        else "untrained (`stages/step-0.safetensors`)"
    )


def _weaknesses(evaluation: Evaluation, sentence: str) -> str:
    """How low its low games are, and what a person saw it do wrong."""
    low = sorted(evaluation.returns)[math.ceil(len(evaluation.returns) / 10) - 1]
    if evaluation.min == evaluation.max:
        found = f"none in these episodes: every one scores {low:.1f}"
    else:
        found = f"a tenth of the episodes score {low:.1f} or less"
    return found + (f"; {sentence}" if sentence else "")


def table() -> str:
    """All shipped agents in a table, from their files."""
    lines = [
        "| game | mean score | 95% interval | untrained | trained for, steps | preset |",
        "|---|---|---|---|---|---|",
    ]
    order = [info.id for info in GAMES]
    models = [SavedModel(path).model for path in (ROOT / "saved_models").glob("*/agent.safetensors")]
    for model in sorted(models, key=lambda one: order.index(one.game)):
        score, training = _score(model), model.training
        margin = 1.96 * score.standard_error
        first = ROOT / "saved_models" / find(model.game).slug / "stages" / "step-0.safetensors"
        before = f"{_score(SavedModel(first).model).mean:.1f}" if first.exists() else "-"
        between = f"{score.mean - margin:.1f} to {score.mean + margin:.1f}"
        cells = [model.game, f"{score.mean:.1f}", between, before, f"{training.steps:,}", f"`{training.preset}`"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def renew_table() -> None:
    """Put the table into its page, between its marks."""
    before, mark, rest = TABLE_PAGE.read_text("utf-8").partition(MARK)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{TABLE_PAGE.relative_to(ROOT)} has no {MARK} and {END}")
    TABLE_PAGE.write_text(f"{before}{mark}\n{table()}\n{end}{after}", "utf-8")


def present_commit() -> str:
    """The short name of the commit that is checked out."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?")
    parser.add_argument("--again", nargs="*", metavar="GAME", help="score the agents anew (default: all of them)")
    parser.add_argument("--table", action="store_true", help="only renew the table of agents")
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"))
    parser.add_argument("--commit", help="the commit that trained the run (default: the present one)")
    parser.add_argument("--weakness", default="", help="what it does wrong, for its card: a clause without a full stop")
    options = parser.parse_args()
    if options.run is None and options.again is None and not options.table:
        parser.error("name a RUN, or --again, or --table")
    if options.run is not None:
        print(ship(RunDir.find(options.run, options.runs_dir), options.commit or present_commit(), options.weakness))
    for game in [info.id for info in GAMES] if options.again == [] else options.again or ():
        print(ship_again(game), flush=True)
    renew_table()


if __name__ == "__main__":
    main()
