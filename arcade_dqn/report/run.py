"""One picture that tells a run: returns and evaluations, epsilon, replay fill, loss and mean Q."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, FuncFormatter

from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.experiments.curves import running_mean
from arcade_dqn.games.info import GameInfo
from arcade_dqn.link.text import plain
from arcade_dqn.report.style import MOST_POINTS, check_name, slide
from arcade_dqn.stage import palette
from arcade_dqn.stage.palette import hex_colour

Records = Sequence[Mapping[str, Any]]


def draw(records: Records, settings: Settings, info: GameInfo, name: str, out: Path) -> None:
    """Draw the records of metrics.jsonl into `out`: a PNG, SVG or PDF by its suffix.

    Raises UsageError for another suffix, and ArcadeError when there is nothing to draw yet or `out` cannot be written.
    """
    check_name(out)
    if not any(record.get("kind") in ("episode", "train") for record in records):
        raise ArcadeError(f"run {name} has not finished an episode yet, so there is nothing to report")
    with slide(f"{info.title}   {plain(name, 80)}", out) as figure:
        wide, epsilon, replay, loss = figure.subplot_mosaic(
            [["returns"] * 3, ["epsilon", "replay", "loss"]], height_ratios=[2.1, 1]
        ).values()
        _returns(wide, records, info)
        _epsilon(epsilon, records)
        _replay(replay, records, settings)
        _loss(loss, records)
        _mark_interventions(wide, records)
        for axes in (wide, epsilon, replay, loss):
            axes.set_xlim(left=0)
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
            axes.set_xlabel("step")


def _columns(records: Records, kind: str, *names: str) -> list[np.ndarray]:
    """One float array per name from the records of this kind that tell their step; what is no number is nan."""
    chosen = [record for record in records if record.get("kind") == kind and _is_number(record.get("step"))]
    return [
        np.array([float(record[name]) if _is_number(record.get(name)) else np.nan for record in chosen], float)
        for name in names
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _returns(axes: Axes, records: Records, info: GameInfo) -> None:
    step, score = _columns(records, "episode", "step", "return")
    if len(score):
        window = int(np.clip(len(score) // 20, 5, 100))
        every = max(1, len(score) // MOST_POINTS)
        dim, clear = hex_colour(palette.ACCENT_DIM), hex_colour(palette.ACCENT)
        axes.plot(step[::every], score[::every], ".", color=dim, markersize=4, label="episode")
        axes.plot(step[::every], running_mean(score, window)[::every], color=clear, label=f"mean of {window} episodes")
    step, mean, std = _columns(records, "evaluation", "step", "mean", "std")
    if len(mean):
        axes.errorbar(
            step,
            mean,
            std,
            color=hex_colour(palette.CALM),
            marker="o",
            markersize=5,
            capsize=3,
            elinewidth=1,
            linewidth=1.2,
            label="evaluation, greedy (± std)",
        )
    if info.solved_at is not None:
        axes.axhline(info.solved_at, color=hex_colour(palette.GOOD), linestyle="--", linewidth=1)
        axes.annotate(
            f"solved\n{info.solved_at:g}",
            (1, info.solved_at),
            (5, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            color=hex_colour(palette.GOOD),
            fontsize=9,
        )
    axes.set_title("return of an episode")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", ncols=3)


def _epsilon(axes: Axes, records: Records) -> None:
    step, epsilon = _columns(records, "train", "step", "epsilon")
    colour = hex_colour(palette.EXPLORE)
    axes.plot(step, epsilon, color=colour)
    axes.fill_between(step, epsilon, color=colour, alpha=0.18)
    axes.set_ylim(0, 1.05)
    axes.set_title("epsilon: share of random actions")


def _replay(axes: Axes, records: Records, settings: Settings) -> None:
    step, size = _columns(records, "train", "step", "replay")
    colour = hex_colour(palette.ACCENT)
    axes.plot(step, size, color=colour)
    axes.fill_between(step, size, color=colour, alpha=0.18)
    axes.axhline(settings.replay.capacity, color=hex_colour(palette.MUTED), linestyle="--", linewidth=1)
    axes.axhline(settings.replay.learning_start, color=hex_colour(palette.EXPLORE), linestyle=":", linewidth=1)
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_ylim(0, settings.replay.capacity * 1.08)
    axes.set_title("replay: transitions held (dashed: capacity, dotted: learning starts)")


def _loss(axes: Axes, records: Records) -> None:
    step, loss, mean_q = _columns(records, "train", "step", "loss", "mean_q")
    every = max(1, len(step) // MOST_POINTS)
    axes.plot(step[::every], loss[::every], color=hex_colour(palette.MUTED), linewidth=1)
    if np.nanmax(loss, initial=0.0) > 0:
        axes.set_yscale("log")
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    beside = axes.twinx()
    beside.plot(step[::every], mean_q[::every], color=hex_colour(palette.PERSON), linewidth=1.4)
    beside.tick_params(axis="y", colors=hex_colour(palette.PERSON))
    beside.grid(visible=False)
    axes.set_title("loss (grey, left)   mean Q (pink, right)")


def _mark_interventions(axes: Axes, records: Records) -> None:
    """A thin line where a person set something during the run."""
    for record in records:
        if record.get("kind") != "set" or not _is_number(record.get("step")):
            continue
        axes.axvline(record["step"], color=hex_colour(palette.PERSON), linewidth=0.8, alpha=0.7)
        value = record.get("value")
        text = f"{record.get('name')} = {'schedule' if value is None else value}"
        axes.annotate(
            text[:80],
            (record["step"], 1),
            (2, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            rotation=90,
            va="top",
            fontsize=8,
            color=hex_colour(palette.PERSON),
            parse_math=False,
        )
