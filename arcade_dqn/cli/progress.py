"""How training shows on the command line: a bar with the time left on a terminal, plain lines in a pipe."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from arcade_dqn.link.text import plain

LINE_SECONDS = 5.0
"""A pipe gets a progress line this often, at most."""


class View(Protocol):
    """Shows the events of one training run (link.commands lists them)."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, event: Mapping[str, Any]) -> None: ...
    def say(self, text: str) -> None:
        """A line that stays, above the bar if there is one."""


def open_view(steps_total: int) -> View:
    """The view that fits standard output."""
    return Bar(steps_total) if sys.stdout.isatty() else Lines(steps_total)


class Returns:
    """The mean of the last 100 episode returns, from the `episodes` that progress events carry."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=100)

    def add(self, event: Mapping[str, Any]) -> None:
        self._last.extend(float(score) for _, score in event.get("episodes", ()))

    def __str__(self) -> str:
        return f"{sum(self._last) / len(self._last):.1f}" if self._last else "-"


def sentence(event: Mapping[str, Any]) -> str | None:
    """An event as a line that is worth keeping; None for those that only move the bar."""
    match event["event"]:
        case "evaluation":
            solved = ", solved" if event.get("solved") else ""
            return (
                f"step {event['step']:,}: evaluation {event['mean']:.1f} ± {event['std']:.1f} "
                f"over {event['episodes']} episodes{solved}"
            )
        case "confirmation":
            return (
                f"step {event['step']:,}: confirmed as {event['mean']:.1f} ± {event['std']:.1f} "
                f"by {event['episodes']} other episodes"
            )
        case "saved":
            return f"step {event['step']:,}: saved {event.get('model') or event.get('path')}"
        case "warning":
            return f"warning: {event['message']}"
        case _:
            return None


def crew(event: Mapping[str, Any]) -> str:
    """How the actors of a run are doing, from its event `cluster`."""
    lost = event["lost_steps"] + event["lost_transitions"]
    return f"{event['alive']} of {event['actors']} actors" + (f", {lost:,} transitions lost" if lost else "")


class _Screen(Console):
    """A terminal whose cursor stays: a program that is ended at once cannot bring it back."""

    def show_cursor(self, show: bool = True) -> bool:
        return False


class Bar:
    """A progress bar on a terminal, with the events worth keeping scrolling away above it."""

    def __init__(self, steps_total: int, console: Console | None = None) -> None:
        self._returns = Returns()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("return {task.fields[mean]}  epsilon {task.fields[epsilon]}{task.fields[crew]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console or _Screen(highlight=False),
            refresh_per_second=5,
            expand=True,
        )
        self._task = self._progress.add_task("starting", total=steps_total, mean="-", epsilon="-", crew="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "state":
            self._progress.update(self._task, description=event["state"])
        elif event["event"] == "cluster":
            self._progress.update(self._task, crew=f"  {crew(event)}")
        elif event["event"] == "progress":
            self._returns.add(event)
            epsilon = f"{event['epsilon']:.3f}"
            self._progress.update(self._task, completed=event["step"], mean=str(self._returns), epsilon=epsilon)
        elif (text := sentence(event)) is not None:
            self.say(text)

    def say(self, text: str) -> None:
        self._progress.console.print(escape(plain(text, 2000)), highlight=False, soft_wrap=True)


class Lines:
    """Plain lines, flushed one by one, for pipes and log files."""

    def __init__(self, steps_total: int) -> None:
        self._total = steps_total
        self._returns = Returns()
        self._started: tuple[float, int] | None = None
        self._said_at = 0.0
        self._crew = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "progress":
            self._show_progress(event)
        elif event["event"] == "cluster":
            self._crew = f", {crew(event)}"
        elif (text := sentence(event)) is not None:
            self.say(text)

    def _show_progress(self, event: Mapping[str, Any]) -> None:
        self._returns.add(event)
        now, step = time.monotonic(), int(event["step"])
        if self._started is None:
            self._started, self._said_at = (now, step), now
        if now - self._said_at < LINE_SECONDS:
            return
        self._said_at = now
        began, first = self._started
        rate = (step - first) / (now - began) if now > began else 0.0
        left = f", {duration((self._total - step) / rate)} left" if rate > 0 else ""
        self.say(
            f"step {step:,} of {self._total:,} ({step / self._total:.0%}): "
            f"return {self._returns}, epsilon {event['epsilon']:.3f}{self._crew}{left}"
        )

    def say(self, text: str) -> None:
        print(plain(text, 2000), flush=True)


@contextlib.contextmanager
def counter(total: int) -> Iterator[Callable[[], None]]:
    """A bar of finished episodes that goes away when all are; nothing where standard output is no terminal."""
    columns = (TextColumn("episodes"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_Screen(), transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)


@contextlib.contextmanager
def ticker(unit: str) -> Iterator[Callable[[float], None]]:
    """A growing amount with its unit, where nobody knows how much it will be; nothing outside a terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:.1f} " + unit))
    with Progress(*columns, console=_Screen(), transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=None)
        yield lambda amount: progress.update(task, completed=amount)


def duration(seconds: float) -> str:
    """`75` as `1:15`, `3700` as `1:01:40`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
