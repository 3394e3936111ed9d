"""What each piece of the DQN family is worth: added to plain DQN, and taken out of the six that are Rainbow.

Everything else is the game's own preset and stays as it is, the network and the learning rate included, so that a
number tells of the piece alone. It was tuned for neither end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arcade_dqn.errors import UsageError
from arcade_dqn.experiments.statistics import Comparison, between, compare, holm, mean_interval
from arcade_dqn.experiments.trials import Result, Trial
from arcade_dqn.games.find import find

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
    """The results as Markdown, a table for each game: each variant's score, and how it differs from its origin."""
    parts = []
    for game in (one for one in BUDGETS if any(result.game == one for result in results)):
        scores = {name: [one.mean for one in results if (one.game, one.variant) == (game, name)] for name in variants()}
        found = _comparisons(scores)
        lines = [
            f"{game}, {BUDGETS[game]:,} steps",
            "",
            "| variant | seeds | mean | 95% interval (t) | against its origin | 95% interval (Welch) | p (Holm) |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, runs in scores.items():
            if not runs:
                continue
            mean = mean_interval(runs)
            cells = [name, str(len(runs)), f"**{mean.value:.1f}**", between(mean) if len(runs) >= _FEWEST else "-"]
            if name in found:
                difference, p_value = found[name]
                cells += [f"{difference.value:+.1f}", between(difference, "+.1f"), f"{p_value:.2f}"]
            else:
                cells += ["-", "-", "-"]
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join([*lines, "", _sentence(scores, found)]))
    return "\n\n".join(parts)


def _comparisons(scores: Mapping[str, Sequence[float]]) -> dict[str, Comparison]:
    """By variant, how it differs from what it came from; p-values are corrected for all comparisons of the game.

    Only where both have seeds enough.
    """
    origins = {name: PLAIN if name[0] == "+" else FULL for name in variants() if name[0] in "+-"}
    pairs = {name: (scores[name], scores[origin]) for name, origin in origins.items()}
    found = {name: compare(*pair) for name, pair in pairs.items() if min(map(len, pair)) >= _FEWEST}
    adjusted = holm([one.p_value for one in found.values()])
    return {name: Comparison(one.difference, p) for (name, one), p in zip(found.items(), adjusted, strict=True)}


def _sentence(scores: Mapping[str, Sequence[float]], found: Mapping[str, Comparison]) -> str:
    """What to use, in a sentence: the pieces of which chance alone is no explanation."""
    if not found:
        return f"With fewer than {_FEWEST} seeds nothing can be said of chance."

    def sure(sign: str, *, better: bool) -> list[str]:
        return [
            name[2:]
            for name, (difference, p_value) in found.items()
            if name[0] == sign and p_value < 0.05 and (difference.value > 0) == better
        ]

    told = {
        "{} helps where it is added to plain DQN": sure("+", better=True),
        "{} hurts there": sure("+", better=False),
        "the six together need {}": sure("-", better=False),
        "the six together do better without {}": sure("-", better=True),
    }
    claims = [sentence.format(", ".join(names)) for sentence, names in told.items() if names]
    sentence = "; ".join(claims) or "no difference is more than chance may explain"
    best = max((name for name in scores if scores[name]), key=lambda name: mean_interval(scores[name]).value)
    return (
        f"With 95% certainty for all {len(found)} comparisons of this game together: {sentence}. "
        f"The highest mean is that of `{best}`, which was chosen for being the highest."
    )
