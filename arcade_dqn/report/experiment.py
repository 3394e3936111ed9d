"""The report of an experiment: a picture, and the same in words."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.questions import LAST, SEEDS, Results, Variant
from arcade_dqn.report.style import LOOKS, Look, slide
from arcade_dqn.storage.atomic import write_text


def write_report(results: Results, folder: Path) -> tuple[Path, Path]:
    """Write report.png and report.md of a finished experiment into `folder`; returns their paths.

    Raises ArcadeError if runs are missing or the files cannot be written.
    """
    question = results.question
    if not results.complete:
        done = len(results.done)
        raise ArcadeError(
            f"the experiment {question.id!r} has {done} of its {question.runs} runs; "
            f"`arcade-dqn experiment {question.id}` trains the others"
        )
    picture, words = folder / "report.png", folder / "report.md"
    with slide(question.title, picture, results.answer()) as figure:
        curves, finals = figure.subplots(1, 2, width_ratios=[2.2, 1])
        for look, variant in zip(LOOKS, question.variants, strict=False):
            _curve(curves, results, variant, look)
        curves.set_title(f"score of {question.game}: mean of {len(SEEDS)} seeds, and from the lowest to the highest")
        curves.set_xlim(0, question.steps)
        curves.xaxis.set_major_formatter(EngFormatter(sep=""))
        curves.set_xlabel("step")
        curves.legend(loc="upper left")
        _finals(finals, results)
    write_text(words, _in_words(results))
    return picture, words


def _curve(axes: Axes, results: Results, variant: Variant, look: Look) -> None:
    points = np.array(results.spread(variant), np.float64).reshape(-1, 4)
    step, mean, low, high = points.T
    axes.plot(
        step,
        mean,
        color=look.colour,
        linestyle=look.line,
        marker=look.mark,
        markersize=5,
        label=f"{variant.letter}  {variant.label}",
    )
    axes.fill_between(step, low, high, color=look.colour, alpha=0.12, linewidth=0)


def _finals(axes: Axes, results: Results) -> None:
    """A mark for each run, a line at their mean."""
    variants = results.question.variants
    for place, (look, variant) in enumerate(zip(LOOKS, variants, strict=False)):
        scores = results.finals(variant)
        mean = statistics.fmean(scores)
        axes.plot([place - 0.32, place + 0.32], [mean, mean], color=look.colour, linewidth=3)
        axes.plot([place] * len(scores), scores, look.mark, color=look.colour, markersize=8, alpha=0.8)
        axes.annotate(f"{mean:.0f}", (place + 0.36, mean), va="center", fontsize=11)
    axes.set_xlim(-0.6, len(variants) - 0.2)
    axes.set_xticks(range(len(variants)), [variant.letter for variant in variants])
    axes.set_xlabel("variant")
    axes.set_title(f"at the end: mean of the last {LAST} evaluations, each run a mark")


def _in_words(results: Results) -> str:
    question = results.question
    lines = [
        f"# {question.title}",
        "",
        results.answer(),
        "",
        "![curves and scores](report.png)",
        "",
        question.about,
        "",
        "| | variant | changed settings | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean |",
        "|---|---|---|" + "---|" * (len(SEEDS) + 1),
    ]
    for variant in question.variants:
        changes = ", ".join(f"`{name}={value}`" for name, value in variant.changes.items()) or "none"
        scores = results.finals(variant)
        cells = " | ".join(f"{score:.1f}" for score in scores)
        lines.append(f"| {variant.letter} | {variant.label} | {changes} | {cells} | {statistics.fmean(scores):.1f} |")
    lines += [
        "",
        f"Each run trains {question.game} for {question.steps:,} steps with the preset `{question.preset}`, one copy "
        f"of the game, and is scored every {question.every:,} steps by 10 greedy episodes that training never sees. "
        f"Its score here is the mean of its last {LAST} evaluations.",
        f"{len(SEEDS)} seeds tell a large effect from chance, not a small one.",
        "",
        f"Made by `arcade-dqn experiment {question.id}`.",
        "",
    ]
    return "\n".join(lines)
