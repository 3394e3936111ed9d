"""The actors' epsilons (Horgan 2018, section 4.1)."""

from __future__ import annotations


def epsilons(actors: int, base: float, alpha: float) -> tuple[float, ...]:
    """Of each actor i of N the probability of a random action, base ** (1 + i / (N - 1) alpha).

    The paper's ladder has no single rung; one actor alone stands in its middle.
    """
    if actors == 1:
        return (base ** (1 + alpha / 2),)
    return tuple(float(base ** (1 + i / (actors - 1) * alpha)) for i in range(actors))
