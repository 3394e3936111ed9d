"""What a model file says about its model, and the strict reading of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
)

from arcade_dqn.config import EnvironmentSettings, NetworkSettings
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.link.commands import parse_object
from arcade_dqn.link.text import plain

FORMAT = 2
"""1 said nothing of the epsilon of an evaluation, nor of its cut episodes; what it says else is the same."""
MAX_HEADER = 64 * 1024
MAX_RETURNS = 1000
"""Evaluations of more episodes are saved without the single returns, which would not fit into the header."""
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def _clean(text: str) -> str:
    return plain(text, 200)


class _Score(BaseModel):
    model_config = _STRICT
    episodes: Annotated[int, Field(ge=1, le=1_000_000)]
    mean: float
    std: Annotated[float, Field(ge=0)]
    min: float
    max: float
    returns: Annotated[list[float], Field(max_length=MAX_RETURNS)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    epsilon: Annotated[float, Field(ge=0, le=1)] = 0.0
    cut: Annotated[int, Field(ge=0)] = 0


def _read_evaluation(value: Any) -> Evaluation | None:
    if value is None or isinstance(value, Evaluation):
        return value
    score = _Score.model_validate(value)
    if score.cut > score.episodes:
        raise ValueError("more episodes were cut than played")
    if not score.returns:
        return Evaluation(**{**score.model_dump(), "returns": ()})
    if len(score.returns) != score.episodes:
        raise ValueError("the number of returns is not the number of episodes")
    # The mean and the rest are worked out again: a file cannot claim others than its returns have.
    return Evaluation.from_returns(score.returns, score.seed, epsilon=score.epsilon, cut=score.cut)


def _write_evaluation(evaluation: Evaluation | None) -> dict[str, Any] | None:
    if evaluation is None:
        return None
    return {**evaluation.to_dict(), "returns": list(evaluation.returns) if evaluation.episodes <= MAX_RETURNS else []}


_Text = Annotated[str, Field(max_length=400), AfterValidator(_clean)]
_Count = Annotated[int, Field(ge=0, lt=2**53)]
_Size = Annotated[int, Field(ge=1, le=65_536)]


@dataclass(frozen=True, kw_only=True)
class TrainingSummary:
    """How the weights came about."""

    preset: _Text = ""
    steps: _Count = 0
    episodes: _Count = 0
    updates: _Count = 0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """Seconds of training alone."""
    seed: _Count = 0
    run: _Text = ""
    """The run's name, for people; never used as a path."""

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """Everything about a model but its weights. Texts read from a file are free of control characters."""

    game: Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)?$")]
    """The game's id."""
    observation_shape: Annotated[tuple[_Size, ...], Field(min_length=1, max_length=3)]
    n_actions: Annotated[int, Field(ge=1, le=4096)]
    action_names: tuple[_Text, ...]
    """One for each action."""
    network: NetworkSettings
    environment: EnvironmentSettings
    training: TrainingSummary = TrainingSummary()
    evaluation: Annotated[Evaluation | None, PlainValidator(_read_evaluation), PlainSerializer(_write_evaluation)] = (
        None
    )
    created: Annotated[str, Field(max_length=40, pattern=r"^[0-9TZ:.+-]*$")] = field(
        default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    )
    """ISO 8601, UTC."""
    title: _Text = ""
    format: int = FORMAT

    __pydantic_config__ = _STRICT


_INFO = TypeAdapter(ModelInfo)


def write_info(info: ModelInfo) -> str:
    """The text that `parse_info` reads."""
    return _INFO.dump_json(info).decode()


def parse_info(text: str) -> ModelInfo:
    """The description in `text`. Raises ValueError with the rest of a sentence that begins with the file."""
    try:
        table = parse_object(text, MAX_HEADER)
    except ValueError as error:
        raise ValueError(f"has a description that {error}") from error
    version = table.get("format")
    if type(version) is not int or version < 1:
        raise ValueError("has a description without a format number")
    if version > FORMAT:
        raise ValueError(f"has format {version}, newer than the {FORMAT} that this version reads; update arcade-dqn")
    try:
        info = _INFO.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(
            f"has a description with a mistake at {plain(where, 80) or 'its top'}: {first['msg']}"
        ) from error
    if len(info.action_names) != info.n_actions:
        raise ValueError(f"names {len(info.action_names)} actions, but has {info.n_actions}")
    return info
