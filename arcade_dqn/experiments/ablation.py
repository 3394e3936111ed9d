"""What each piece of the DQN family is worth: added to plain DQN, and taken out of the six that are Rainbow.

Everything else is the game's own preset and stays as it is, the network and the learning rate included, so that a
number tells of the piece alone. It was tuned for neither end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arcade_dqn.errors import UsageError
from arcade_dqn.experiments.statistics import Interval, between, improvement_interval, iqm_interval
from arcade_dqn.experiments.trials import Result, Trial
from arcade_dqn.games.catalog import find

BUDGETS = {"LunarLander-v3": 100_000, "MinAtar/Breakout-v1": 200_000}
"""Steps of training."""
SEEDS = tuple(range(401, 406))
"""Never used to tune a preset."""

# The returns of each game, for the atoms of C51.
_RETURNS: Mapping[str, tuple[float, float]] = {"LunarLander-v3": (-300.0, 300.0), "MinAtar/Breakout-v1": (-1.0, 20.0)}
_PIECES: Mapping[str, dict[str, Any]] = {
    "double": {"learning.double": True},
    "dueling": {"network.dueling": True},
    "3-step": {"learning.n_step": 3},
    "prioritised": {"replay.priority_exponent": 0.5, "replay.importance_exponent": 0.4},
    "noisy": {"network.noisy": True, "exploration.epsilon_start": 0.0, "exploration.epsilon_end": 0.0},
    "c51": {"network.head": "c51", "network.atoms": 51},
    "quantiles": {"network.head": "qr", "network.atoms": 51},
    "munchausen": {"learning.munchausen": True},
    "layer norm": {"network.layer_norm": True},
}
_FEWEST = 3
"""Seeds from which on something is said of chance: of one or two every interval would be a certainty."""
SIX = tuple(_PIECES)[:6]
"""Those of Rainbow (Hessel 2018)."""
PLAIN, FULL = "plain", "rainbow's six"
_OFF: Mapping[str, Any] = {
    "learning.double": False,
    "network.dueling": False,
    "learning.n_step": 1,
    "replay.priority_exponent": 0.0,
    "network.noisy": False,
    "network.head": "expected",
    "learning.munchausen": False,
    "network.layer_norm": False,
}


def variants() -> dict[str, tuple[str, ...]]:
    """By name, the pieces of every variant: plain, plain with each, all six, and the six without each."""
    return {
        PLAIN: (),
        **{f"+ {piece}": (piece,) for piece in _PIECES},
        FULL: SIX,
        **{f"- {piece}": tuple(one for one in SIX if one != piece) for piece in SIX},
    }


def trials(games: Sequence[str]) -> list[Trial]:
    """Every variant of each game. Raises UsageError for a game that has no budget."""
    if odd := [game for game in games if game not in BUDGETS]:
        raise UsageError(f"{odd[0]} has no budget here; the games are {', '.join(BUDGETS)}")
    return [_trial(game, name, pieces) for game in games for name, pieces in variants().items()]


def _trial(game: str, name: str, pieces: Sequence[str]) -> Trial:
    low, high = _RETURNS[game]
    overrides = {**_OFF, "network.v_min": low, "network.v_max": high}
    for piece in pieces:
        overrides |= _PIECES[piece]
    return Trial(game, find(game).preset, BUDGETS[game], name, overrides)


def table(results: Sequence[Result]) -> str:
    """The results as Markdown, a table for each game: the score, and how likely a variant beats what it came from."""
    parts = []
    for game in (one for one in BUDGETS if any(result.game == one for result in results)):
        scores = {name: [one.mean for one in results if (one.game, one.variant) == (game, name)] for name in variants()}
        lines = [
            f"{game}, {BUDGETS[game]:,} steps",
            "",
            "| variant | seeds | interquartile mean | 95% interval | beats what it came from |",
            "|---|---|---|---|---|",
        ]
        for name, found in scores.items():
            if not found:
                continue
            middle = iqm_interval(found)
            better = _chance(found, scores[PLAIN] if name[0] == "+" else scores[FULL] if name[0] == "-" else [])
            chance = f"{better.value:.2f} ({between(better, '.2f')})" if better else "-"
            band = between(middle) if len(found) >= _FEWEST else "-"
            lines.append(f"| {name} | {len(found)} | **{middle.value:.1f}** | {band} | {chance} |")
        parts.append("\n".join([*lines, "", _sentence(scores)]))
    return "\n\n".join(parts)


def _sentence(scores: Mapping[str, Sequence[float]]) -> str:
    """What to use, in a sentence: the pieces whose interval lies wholly on one side of an even chance."""
    added = {piece: _chance(scores[f"+ {piece}"], scores[PLAIN]) for piece in _PIECES}
    removed = {piece: _chance(scores[f"- {piece}"], scores[FULL]) for piece in SIX}
    helps = [piece for piece, better in added.items() if better and better.low > 0.5]
    hurts = [piece for piece, better in added.items() if better and better.high < 0.5]
    needed = [piece for piece, better in removed.items() if better and better.high < 0.5]
    if not any(added.values()):
        return f"With fewer than {_FEWEST} seeds nothing can be said of chance."
    best = max((name for name in scores if scores[name]), key=lambda name: iqm_interval(scores[name]).value)
    six = f"; the six together need {_listed(needed)}" if any(removed.values()) else ""
    return (
        f"By their intervals {_listed(helps)} helps here where it is added to plain DQN, {_listed(hurts)} hurts{six}. "
        "By chance alone one piece in five would seem to do either with three seeds, one in twelve with five. "
        f"The highest score is that of `{best}`."
    )


def _chance(found: Sequence[float], origin: Sequence[float]) -> Interval | None:
    """The probability that a variant's training beats one of what it came from; None where either has few seeds."""
    return improvement_interval([found], [origin]) if min(len(found), len(origin)) >= _FEWEST else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "no piece"
