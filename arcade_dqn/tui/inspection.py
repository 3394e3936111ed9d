"""What the trainer told of its replay buffer, ready to be shown: the event read, and its numbers as lines of text."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from textual.content import Content

from arcade_dqn.tui.widgets.braille import short
from arcade_dqn.tui.widgets.gauge import bar_text

Floats = NDArray[np.float64]
_DTYPES = ("uint8", "bool", "float32")
_MOST_ACTIONS = 6
"""Actions that are listed one by one; of more, the rarest share a line."""


@dataclass(frozen=True)
class Transition:
    """One transition of the buffer."""

    number: int
    """Counts all transitions of the run from 0."""
    age: int
    """Transitions that came after it."""
    oldest: int
    newest: int
    """The numbers that the buffer holds, first and last."""
    a_tm1: int
    r_t: float
    discount_t: float
    s_tm1: NDArray[Any]
    s_t: NDArray[Any]
    q_tm1: Floats
    q_t: Floats
    """Q-values of both observations by the newest network."""
    td_error: float
    """r_t + discount_t max q_t - q_tm1[a_tm1]."""
    last_error: float | None
    """In prioritised replay, the size of the error behind its priority: when it was sampled last, or the largest so far
    if it never was."""


@dataclass(frozen=True)
class Inspection:
    """The buffer at one moment, and one of its transitions."""

    game: str
    actions: tuple[str, ...]
    """Names of the actions."""
    inputs: tuple[str, ...]
    """Names of what an observation holds; () where nobody says."""
    n_step: int
    size: int
    ends: float
    action_counts: tuple[int, ...]
    rewards: tuple[tuple[float, float, int], ...]
    errors: tuple[tuple[float, float, int], ...]
    """Each as (low, high, transitions)."""
    errors_of: int
    """Transitions that the errors are of: a sample of all ages."""
    found: bool
    """Whether there is what was asked for: an end, a reward."""
    ages: tuple[tuple[int, float, float], ...]
    """Slices from old to new: the age of the oldest in it, the mean reward, the share of ends."""
    transition: Transition

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Inspection:
        """Read the trainer's event. Raises ValueError, KeyError or TypeError for one that is not whole."""
        contents, one = event["contents"], event["transition"]
        return cls(
            game=str(event["game"]),
            actions=tuple(str(name) for name in event["action_names"]),
            inputs=tuple(str(name) for name in event.get("input_names", ())),
            n_step=int(event["n_step"]),
            size=int(contents["size"]),
            ends=float(contents["ends"]),
            action_counts=tuple(int(count) for count in contents["actions"]),
            rewards=tuple((float(low), float(high), int(count)) for low, high, count in contents["rewards"]),
            errors=tuple((float(low), float(high), int(count)) for low, high, count in contents["errors"]),
            errors_of=int(event["errors_of"]),
            found=bool(event["found"]),
            ages=tuple((int(age), float(reward), float(ends)) for age, reward, ends in contents["ages"]),
            transition=Transition(
                number=int(one["number"]),
                age=int(one["age"]),
                oldest=int(one["oldest"]),
                newest=int(one["newest"]),
                a_tm1=int(one["a_tm1"]),
                r_t=float(one["r_t"]),
                discount_t=float(one["discount_t"]),
                s_tm1=_unpacked(one["s_tm1"]),
                s_t=_unpacked(one["s_t"]),
                q_tm1=np.array(one["q_tm1"], np.float64),
                q_t=np.array(one["q_t"], np.float64),
                td_error=float(one["td_error"]),
                last_error=None if one["last_error"] is None else float(one["last_error"]),
            ),
        )

    # --- as text ---

    def contents(self, width: int, height: int) -> Content:
        """The buffer in lines of `width` cells. A section for which `height` leaves no room has no heading either."""
        # With sums of n rewards each end is within n transitions; a time limit is no end, the return goes on after it.
        per_end = f"1 in {1 / self.ends:,.0f} reaches the end" if self.ends else "none reaches the end"
        step = "single steps" if self.n_step == 1 else f"{self.n_step} steps each"
        # The largest first: the least of them may be cut off where there is little room.
        errors = [(_range(low, high), count) for low, high, count in reversed(self.errors)]
        lines = [
            Content.assemble(f"{self.size:,}", (" transitions, ", "$muted"), step),
            Content.assemble((per_end, "$muted")),
        ]
        for section in (
            _section("Actions", self._action_rows(), width),
            _section("Rewards", [(_range(low, high), count) for low, high, count in self.rewards], width),
            _section(f"TD errors of {self.errors_of} of all ages", errors, width),
        ):
            if len(lines) + _BEFORE_ROWS < height:
                lines += section
        return Content("\n").join(lines)

    def _action_rows(self) -> list[tuple[str, int]]:
        rows = list(zip(self.actions, self.action_counts, strict=False))
        if len(rows) > _MOST_ACTIONS:
            rows.sort(key=lambda row: -row[1])
            kept = rows[: _MOST_ACTIONS - 1]
            rows = [*kept, (f"{len(rows) - len(kept)} others", sum(count for _, count in rows[len(kept) :]))]
        return rows

    def facts(self) -> Content:
        """What the transition is, in two lines."""
        one = self.transition
        follows = f"discount {one.discount_t:.3g}" if one.discount_t else "nothing follows (discount 0)"
        kept = "" if one.last_error is None else f"   priority from {short(one.last_error)}"
        return Content.assemble(
            ("TD error ", "$muted"),
            f"{one.td_error:+.3g}",
            ("   action ", "$muted"),
            (self._name(one.a_tm1), "bold $primary"),
            "\n",
            ("reward ", "$muted"),
            f"{one.r_t:.4g}",
            (", ", "$muted"),
            follows,
            (kept, "$muted"),
        )

    def q_lines(self, width: int) -> Content:
        """The Q-values before and after, a line for each action; ▸ marks the action taken, ◆ the best one after."""
        one = self.transition
        names = max((len(name) for name in self.actions), default=0)
        names = min(names, max(width - 30, 4))
        half = max((width - names - 21) // 2, 2)
        values = np.concatenate([one.q_tm1, one.q_t])
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        best = int(one.q_t.argmax())
        lines = []
        order = list(range(len(one.q_tm1)))
        if len(order) > _MOST_ACTIONS:
            # Where not all may have room, those that matter come first.
            order.sort(key=lambda action: (action != one.a_tm1, action != best, -one.q_tm1[action]))
        for action in order:
            before, after = float(one.q_tm1[action]), float(one.q_t[action])
            taken = action == one.a_tm1
            style = "bold $primary" if taken else ""
            lines.append(
                Content.assemble(
                    ("▸ " if taken else "  ", style),
                    (f"{self._name(action)[:names]:<{names}} ", style),
                    (f"{before:>8.3g} ", style),
                    (bar_text(_share(before, low, high), half), "$agent-dim" if not taken else "$primary"),
                    (f"{after:>8.3g}", "bold" if action == best else ""),
                    ("◆" if action == best else " ", "$accent"),
                    (bar_text(_share(after, low, high), half), "$agent-dim"),
                )
            )
        return Content("\n").join(lines)

    def _name(self, action: int) -> str:
        return self.actions[action] if 0 <= action < len(self.actions) else str(action)


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.0


_BEFORE_ROWS = 2
"""Lines of a section before its first bar: an empty one, and its heading."""


def _section(title: str, rows: Sequence[tuple[str, int]], width: int) -> list[Content]:
    """A heading and a bar for each row, as long as its share of all."""
    if not rows:
        return []
    total = max(sum(count for _, count in rows), 1)
    names = min(max(len(name) for name, _ in rows), max(width // 2, 4))
    room = max(width - names - 7, 1)
    lines = [Content(" "), Content.assemble((title[:width], "$muted"))]
    for name, count in rows:
        share = count / total
        lines.append(
            Content.assemble(
                f"{name[:names]:>{names}} ", (bar_text(share, room), "$primary on $raised"), f"{_percent(share):>6}"
            )
        )
    return lines


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or not share else "<0.1%" if share < 0.001 else f"{share:.1%}"


def _range(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{short(low)} to {short(high)}"


def _unpacked(packed: Mapping[str, Any]) -> NDArray[Any]:
    if packed["dtype"] not in _DTYPES:
        raise ValueError(f"an observation of {packed['dtype']}")
    flat = np.frombuffer(base64.b64decode(packed["data"], validate=True), np.dtype(packed["dtype"]))
    return flat.reshape([int(size) for size in packed["shape"]])
