"""summary.json: where a run stands, as its trainer last wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from arcade_dqn.link.text import plain
from arcade_dqn.storage.atomic import StorageError, read_small, reason

FINAL_STATES = ("done", "stopped", "failed")
"""States of a summary that need no running trainer."""


def _clean(text: str) -> str:
    return plain(text, 1000)


class Summary(BaseModel):
    """What the list of runs shows, and what a finished run keeps. Texts read from a file are free of control codes."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    state: Annotated[str, AfterValidator(_clean)] = Field(default="starting", max_length=40)
    """A state of the board, or "stopped" for a run that was ended early and can be resumed."""
    step: int = Field(default=0, ge=0)
    steps_total: int = Field(default=0, ge=0)
    episode: int = Field(default=0, ge=0)
    updates: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    """Seconds of training alone, over all sessions of the run."""
    best_evaluation: float | None = None
    """Mean score of the best evaluation, None before the first."""
    last_evaluation: float | None = None
    solved: bool = False
    message: Annotated[str, AfterValidator(_clean)] = Field(default="", max_length=1000)
    """How the run ended, one sentence."""


def read_summary(path: Path) -> Summary | None:
    """The summary in the file, None if there is none yet. Raises StorageError."""
    try:
        return Summary.model_validate_json(read_small(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {reason(error)}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the text"
        raise StorageError(f"{path} is damaged: {where}: {first['msg'].lower()}") from error
    except ValueError as error:
        raise StorageError(f"{path} is damaged: {error}") from error
