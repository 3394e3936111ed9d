"""What the app knows of the other programs at one moment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from arcade_dqn.link.board import Status

Learner = Literal["off", "warming", "ready", "busy"]
"""off: no trainer; warming: it imports TensorFlow; ready: it waits for a run; busy: it has one."""
Phase = Literal["none", "opening", "running", "ended", "died"]
"""Where the newest run is."""


def capital(sentence: str) -> str:
    """The sentence with a capital at its beginning."""
    return sentence[:1].upper() + sentence[1:]


@dataclass(frozen=True)
class Notice:
    """Something that a person should be told, once."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"
    resume: Path | None = None
    """A run that could be resumed because of it."""


@dataclass(frozen=True)
class Snapshot:
    """How the other programs are doing, at one moment."""

    phase: Phase = "none"
    learner: Learner = "off"
    run: Path | None = None
    """The folder of the newest run; it stays after the run's end."""
    game: str = ""
    """The title of the run's game."""
    state: str = ""
    """The run's state as the board has it, or "done", "stopped" or "failed" once it ended."""
    status: Status | None = None
    window: str = ""
    """What the window shows; "" while there is none."""
    notices: tuple[Notice, ...] = ()

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self.phase in ("opening", "running")

    @property
    def sentence(self) -> str:
        """The run in a few words."""
        if not self.running:
            return ""
        if self.status is None or not self.status.steps_total:
            return f"{self.game} is getting ready"
        verb = {"paused": "is paused", "evaluating": "is being scored", "saving": "is being saved"}
        doing = verb.get(self.state, "is training")
        mean = self.status.mean_return
        score = f" · mean return {mean:,.1f}" if mean == mean else ""
        return f"{self.game} {doing}: {self.status.step:,} of {self.status.steps_total:,} steps{score}"

    @property
    def ending(self) -> str:
        """How the run ended, for one who did not look on."""
        how = "has failed" if self.state == "failed" else "has ended its training"
        best = self.status.best_evaluation if self.status is not None else math.nan
        return f"{self.game} {how}" + (f": best evaluation {best:,.1f}" if math.isfinite(best) else "")

    @property
    def headline(self) -> tuple[str, str]:
        """What the title line shows at its right, and its tone."""
        status = self.status
        match self.phase:
            case "opening":
                return f"{self.game} · getting ready", "busy"
            case "running":
                share = f" {status.step / status.steps_total:.0%}" if status and status.steps_total else ""
                return f"{self.game} · {self.state}{share}", "busy"
            case "ended":
                return f"{self.game} · {self.state}", "bad" if self.state == "failed" else "good"
            case "died":
                return f"{self.game} · failed", "bad"
        match self.learner:
            case "warming":
                return "learner warming up", "quiet"
            case "ready":
                return "learner ready", "good"
        return "", "quiet"
