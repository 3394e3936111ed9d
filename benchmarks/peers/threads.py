"""PyTorch's number of threads: a tiny network is faster on one, a large one on all. A peer gets what suits it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

NUMBERS = sorted({1, os.cpu_count() or 1})
"""The numbers of threads that are tried: one, and one for each processor."""


def use(number: int, step: Callable[[], None], seconds: float = 0.2) -> None:
    """Run on so many threads from now on, after so long a time to get used to it."""
    torch.set_num_threads(number)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        step()


def choose(step: Callable[[], None], *, rounds: int = 5, seconds: float = 0.3) -> int:
    """Try `step` with each number in turn, and keep the number that did most. Nothing else should run meanwhile."""
    best = dict.fromkeys(NUMBERS, 0.0)
    for _ in range(rounds):
        for number in NUMBERS:
            use(number, step)
            count, begun = 0, time.perf_counter()
            while (elapsed := time.perf_counter() - begun) < seconds:
                step()
                count += 1
            best[number] = max(best[number], count / elapsed)
    chosen = max(NUMBERS, key=lambda number: best[number])
    torch.set_num_threads(chosen)
    return chosen
