"""Scores and Q-values in few characters."""

from __future__ import annotations

import math


def number(value: float | None) -> str:
    """A score or a Q-value in few characters: whole numbers without a point, large ones with separators."""
    if value is None or math.isnan(value):
        return "–"
    value = value or 0.0  # no minus zero
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:.3g}M" if abs(value) < 1e9 else f"{value:.1e}"
    if abs(value) >= 100_000:
        return f"{value / 1_000:.0f}k"
    if abs(value) >= 1_000 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def number_q(value: float) -> str:
    """A Q-value: always with a fraction where there is room, so that the column does not jump."""
    if not math.isfinite(value):
        return number(value)
    value = value if abs(value) >= 0.005 else 0.0
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.1f}" if abs(value) < 10_000 else f"{value:.2e}"
