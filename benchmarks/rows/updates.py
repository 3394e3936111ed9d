"""Gradient steps a second: the same network, batch, loss, optimiser, clipping and target copies on both sides."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.plan import Plan, fastest
from benchmarks.report import Line, median
from benchmarks.worker import this_python

PATIENCE = 600.0


@dataclass(frozen=True)
class Network:
    """One network and what is asked of it."""

    label: str
    game: str
    preset: str
    """Tells the size of the pictures, and how many updates come in a call."""
    kind: str
    hidden: tuple[int, ...]
    batch_size: int
    transitions: int
    """Of real play with random actions, that both sides sample from."""
    ratio: float
    share: float
    """Of the arithmetic limit."""
    sampling: float | None
    """Largest share of an update that sampling may take."""


NETWORKS = {
    "mlp": Network("MLP 256-256, batch 64", "CartPole-v1", "cartpole", "mlp", (256, 256), 64, 10_000, 2.0, 0.45, None),
    "minatar": Network(
        "MinAtar conv, batch 32", "MinAtar/Breakout-v1", "minatar", "minatar", (128,), 32, 10_000, 2.5, 0.30, None
    ),
    "nature": Network("Nature conv, batch 32", "ALE/Pong-v5", "atari", "nature", (512,), 32, 4_000, 1.2, 0.45, 0.10),
}
COMMON = {
    "discount": 0.99,
    "learning_rate": 1e-4,
    "adam_epsilon": 1e-7,
    "gradient_clip": 10.0,
    "target_period": 250,
}


def measure(plan: Plan, row: str) -> Iterator[Line]:
    """Both sides in turn, and after each pair the machine's matrix product."""
    network = NETWORKS[row]
    seeds = plan.pick(short=(1,), full=(1, 2, 3))
    turns, seconds = plan.pick(short=3, full=4), plan.pick(short=2.0, full=3.0)
    ours: list[float] = []
    by_threads: dict[int, list[float]] = {}
    rate: list[float] = []
    limit: list[float] = []
    strict: list[float] = []
    sampling: list[float] = []
    facts: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            data = Path(folder) / f"{seed}.npz"
            with plan.worker(
                this_python("benchmarks.ours.collect", network.game, network.preset, network.transitions, data, seed)
            ) as c:
                game = c.read(PATIENCE)
            work = json.dumps(
                {
                    **COMMON,
                    **game,
                    "game": network.game,
                    "preset": network.preset,
                    "kind": network.kind,
                    "hidden": network.hidden,
                    "batch_size": network.batch_size,
                }
            )
            with ExitStack() as stack:
                mine = stack.enter_context(plan.worker(this_python("benchmarks.ours.updates", work, data, seed)))
                facts = mine.read(PATIENCE)
                theirs = stack.enter_context(plan.peer("benchmarks.peers.torch_updates", work, data, seed))
                their_facts = theirs.read(PATIENCE)
                plan.say({"row": row, "ours": facts, "peer": their_facts})
                for turn in range(turns):
                    a = mine.ask(PATIENCE, do="updates", seconds=seconds)
                    b = [theirs.ask(PATIENCE, threads=n, seconds=seconds) for n in their_facts["threads"]]
                    product = mine.ask(PATIENCE, do="matrix product", seconds=seconds / 2)
                    plan.say({"row": row, "seed": seed, "turn": turn, "ours": a, "peer": b, "matrix_product": product})
                    ours.append(a["updates"] / a["seconds"])
                    for number, answer in zip(their_facts["threads"], b, strict=True):
                        by_threads.setdefault(number, []).append(answer["updates"] / answer["seconds"])
                    learning = a["updates"] / (a["seconds"] - a["sampling_seconds"])
                    peak = max(product.values())
                    rate.append(facts["operations_counted"] * learning / 1e9)
                    limit.append(facts["operations_counted"] * learning / peak)
                    strict.append(facts["operations_needed"] * learning / peak)
                    sampling.append(a["sampling_seconds"] / a["seconds"])
    threads = fastest(by_threads)
    peer = by_threads[threads]
    ratios = [a / b for a, b in zip(ours, peer, strict=True)]
    yield Line(
        row,
        network.label,
        "updates/s",
        ours,
        peer,
        "torch",
        ratios,
        aim=f"{network.ratio:g} times",
        met=median(ratios) >= network.ratio,
        notes=(
            f"{facts['updates_in_a_call']} updates in a call here, one in the peer, which ran on "
            f"{threads} thread(s), the fastest of {list(by_threads)} for it",
        ),
        details={"seeds": seeds, "turns": turns, "seconds": seconds},
    )
    yield Line(
        row,
        f"arithmetic of the update, {network.label}",
        "GFLOP/s",
        rate,
        score=limit,
        percent=True,
        aim=f"{network.share:.0%} of a matrix product's rate",
        met=median(limit) >= network.share,
        notes=(
            f"{facts['operations_counted']:,} operations an update; without the gradient of the observations, which "
            f"nothing needs, they are {facts['operations_needed']:,} and the share is {median(strict):.1%}",
        ),
        details={"seeds": seeds},
    )
    wanted = network.sampling
    yield Line(
        row,
        f"sampling's share of an update, {network.label}",
        "",
        (),
        score=sampling,
        percent=True,
        aim="" if wanted is None else f"under {wanted:.0%}",
        met=None if wanted is None else median(sampling) < wanted,
        notes=(f"from a replay of {network.transitions:,} transitions, frames kept with {facts['compression']}",),
        details={"seeds": seeds},
    )
