"""How well the presets learn: the same games, ten seeds each, a fixed number of steps, and the policy at their end.

The seeds were never used to tune a preset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from arcade_dqn.errors import UsageError
from arcade_dqn.experiments.statistics import (
    ENOUGH,
    Interval,
    between,
    improvement_interval,
    iqm_interval,
    mean_interval,
)
from arcade_dqn.experiments.trials import Result, Trial
from arcade_dqn.games.find import find

BUDGETS = {
    "CartPole-v1": 50_000,
    "Acrobot-v1": 100_000,
    "MountainCar-v0": 120_000,
    "LunarLander-v3": 100_000,
    "Pendulum-v1": 50_000,
    "MinAtar/Breakout-v1": 1_000_000,
    "MinAtar/Asterix-v1": 1_000_000,
    "MinAtar/Freeway-v1": 1_000_000,
    "MinAtar/SpaceInvaders-v1": 1_000_000,
    "MinAtar/Seaquest-v1": 1_000_000,
}
"""Steps of training."""
CLASSIC = tuple(BUDGETS)[:5]
SEEDS = tuple(range(301, 311))


def trials(games: Sequence[str]) -> list[Trial]:
    """Each game with its own preset. Raises UsageError for a game that has no budget."""
    if odd := [game for game in games if game not in BUDGETS]:
        raise UsageError(f"{odd[0]} has no budget here; the games are {', '.join(BUDGETS)}")
    return [Trial(game, find(game).preset, BUDGETS[game]) for game in games]


def table(ours: Sequence[Result], theirs: Sequence[Result] = (), peer: str = "peer") -> str:
    """The results as Markdown: each game's score over seeds with its 95% interval, beside a peer's.

    With `ENOUGH` seeds everywhere it is the interquartile mean and its bootstrap interval, otherwise the mean and
    Student's t; the header says which.
    """
    seeds = Counter((one.game, one.variant) for one in (*ours, *theirs))
    enough = min(seeds.values(), default=0) >= ENOUGH
    score: Callable[[Sequence[float]], Interval] = iqm_interval if enough else mean_interval
    told, interval = ("interquartile mean", "95% interval") if enough else ("mean", "95% interval (t)")
    header = ["game", "preset", "steps", "seeds", told, interval, "lowest", "highest"]
    if theirs:
        header += [peer, interval, "probability of improvement"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    both = []
    for game, preset in sorted({(one.game, one.variant) for one in ours}, key=lambda pair: _order(*pair)):
        scores = [one.mean for one in ours if (one.game, one.variant) == (game, preset)]
        middle = score(scores)
        cells = [game, f"`{preset}`", f"{BUDGETS[game]:,}", str(len(scores))]
        cells += [f"**{middle.value:.1f}**", between(middle)]
        cells += [f"{min(scores):.1f}", f"{max(scores):.1f}"]
        others = [one.mean for one in theirs if one.game == game]
        if others:
            both.append((scores, others))
            other, better = score(others), improvement_interval([scores], [others])
            # Of few seeds a bootstrap would say "1.00 (1.00 to 1.00)", which is no certainty.
            sure = f" ({between(better, '.2f')})" if enough else ""
            cells += [f"{other.value:.1f}", between(other), f"{better.value:.2f}{sure}"]
        elif theirs:
            cells += ["-", "-", "-"]
        lines.append("| " + " | ".join(cells) + " |")
    if both and enough:
        whole = improvement_interval([one for one, _ in both], [other for _, other in both])
        lines += [
            "",
            f"Probability of improvement over {len(both)} games: {whole.value:.2f} ({between(whole, '.2f')}).",
        ]
    return "\n".join(lines)


def _order(game: str, preset: str) -> tuple[int, str]:
    return list(BUDGETS).index(game), preset
