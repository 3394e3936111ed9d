"""Every setting, once: name, type, bounds, unit and one line of help.

The command line, the settings form, the run folder and the model file all read these definitions. Settings are
immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from arcade_dqn.config.descriptions import SettingInfo, SettingsError, describe, sentence


def _setting(default: Any, help: str, *, unit: str = "", low: float | None = None, high: float | None = None) -> Any:
    return Field(default, ge=low, le=high, description=help, json_schema_extra={"unit": unit} if unit else None)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a recorded name holds characters that cannot be shown")
    return text


class NetworkSettings(_Section):
    """The Q-network. `acting.layers.plan` turns these into layers, for Keras and for NumPy alike."""

    kind: Literal["auto", "mlp", "minatar", "compact", "small_atari", "nature"] = _setting(
        "auto",
        "mlp: dense layers only; minatar: one 3x3 convolution (Young & Tian 2019); "
        "compact: two 4x4 convolutions for pictures of about 42 pixels; small_atari: the two convolutions "
        "of Mnih 2013; nature: the three of Mnih 2015; auto: mlp for vectors, else minatar or nature by size",
    )
    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=0, max_length=8)] = _setting(
        (120, 84), "units of each dense hidden layer (after the convolutions, if any)", unit="units"
    )
    dueling: bool = _setting(
        False, "two streams, the state's value and the actions' advantages, each with the last hidden layer (Wang 2016)"
    )
    noisy: bool = _setting(
        False, "dense layers with learned, factorised noise that explores; off in greedy play (Fortunato 2018)"
    )
    noisy_sigma: float = _setting(0.5, "initial scale of that noise", low=0.0, high=10.0)
    layer_norm: bool = _setting(False, "layer normalisation of each dense hidden layer, before its ReLU (Ba 2016)")
    head: Literal["expected", "c51", "qr"] = _setting(
        "expected",
        "what is learned of the return: its expected value; its distribution over fixed atoms (c51, Bellemare 2017); "
        "its quantiles (qr, Dabney 2018)",
    )
    atoms: int = _setting(51, "atoms of c51, or quantiles of qr", low=2, high=401)
    v_min: float = _setting(-10.0, "return of the lowest atom (c51)", low=-1e6, high=1e6)
    v_max: float = _setting(10.0, "return of the highest atom (c51)", low=-1e6, high=1e6)

    @model_validator(mode="after")
    def _support_is_not_empty(self) -> Self:
        if self.v_min >= self.v_max:
            raise ValueError(
                f"network.v_min = {self.v_min:g} is not below network.v_max = {self.v_max:g}; "
                "choose the lowest and the highest return that the game can give"
            )
        return self


class LearningSettings(_Section):
    """The gradient step."""

    discount: float = _setting(0.99, "gamma: how much a reward one step later counts", low=0.0, high=1.0)
    learning_rate: float = _setting(1e-3, "Adam's step size", low=1e-7, high=1.0)
    anneal_to: float = _setting(
        1.0, "share of the learning rate that is left at run.steps, falling linearly; 1: it stays", low=0.0, high=1.0
    )
    adam_epsilon: float = _setting(1e-7, "Adam's denominator constant", low=1e-12, high=1.0)
    batch_size: int = _setting(64, "transitions in a minibatch", unit="transitions", low=1, high=4096)
    loss: Literal["huber", "mse"] = _setting(
        "huber", "loss of the temporal-difference error (Huber's delta is 1); c51 and qr have their own"
    )
    gradient_clip: float = _setting(10.0, "largest global norm of a gradient; 0 leaves it alone", low=0.0, high=1e6)
    double: bool = _setting(
        False, "Double DQN (van Hasselt 2016): the online network chooses the action, the target network values it"
    )
    munchausen: bool = _setting(
        False, "add the scaled log-policy to the reward, and bootstrap softly (Munchausen DQN, Vieillard 2020)"
    )
    munchausen_alpha: float = _setting(0.9, "scale of that log-policy", low=0.0, high=1.0)
    munchausen_temperature: float = _setting(0.03, "temperature of its softmax policy", low=1e-6, high=100.0)
    munchausen_clip: float = _setting(-1.0, "lowest value of the log-policy's term", low=-1e6, high=0.0)
    n_step: int = _setting(
        1, "rewards summed before bootstrapping (n-step return, Sutton 1988)", unit="steps", low=1, high=20
    )
    train_every: int = _setting(4, "steps between two trainings", unit="steps", low=1, high=100_000)
    updates_per_train: int = _setting(1, "gradient updates in one training", unit="updates", low=1, high=10_000)
    overlap: bool = _setting(
        True,
        "take gradient steps while the game goes on, played with the weights from before them; false: one at a time",
    )
    target_update: Literal["periodic", "soft"] = _setting(
        "periodic", "copy the weights to the target network every target_period, or blend them in by target_tau"
    )
    target_period: int = _setting(
        250, "gradient updates between two copies to the target network", unit="updates", low=1, high=10_000_000
    )
    target_tau: float = _setting(0.005, "share of the online weights blended in at each update", low=1e-6, high=1.0)


class ExplorationSettings(_Section):
    """Epsilon, the probability of a random action."""

    schedule: Literal["linear", "exponential", "episode"] = _setting(
        "linear",
        "linear or exponential: from epsilon_start to epsilon_end over decay_steps steps; "
        "episode: multiplied by episode_decay after each episode",
    )
    epsilon_start: float = _setting(1.0, "epsilon at the first step", low=0.0, high=1.0)
    epsilon_end: float = _setting(0.05, "epsilon when the decay is over", low=0.0, high=1.0)
    decay_steps: int = _setting(
        10_000, "steps from epsilon_start to epsilon_end", unit="steps", low=1, high=1_000_000_000
    )
    episode_decay: float = _setting(0.995, "factor per episode (schedule episode)", low=0.5, high=1.0)

    @model_validator(mode="after")
    def _decays_to_something(self) -> Self:
        if self.schedule == "exponential" and min(self.epsilon_start, self.epsilon_end) <= 0:
            raise ValueError(
                f"exploration.epsilon_end = {self.epsilon_end} cannot be reached exponentially; "
                "choose an epsilon_start and epsilon_end above 0, or exploration.schedule = linear"
            )
        return self


class ReplaySettings(_Section):
    """The replay buffer."""

    capacity: int = _setting(50_000, "transitions kept", unit="transitions", low=1, high=10_000_000)
    learning_start: int = _setting(
        1_000, "transitions collected before the first update", unit="transitions", low=1, high=10_000_000
    )
    priority_exponent: float = _setting(
        0.0,
        "prioritised replay: how much the size of a transition's error counts in sampling; 0: uniform (Schaul 2016)",
        low=0.0,
        high=1.0,
    )
    importance_exponent: float = _setting(
        0.4, "how much of that bias the weights correct at first; rises to 1 over the run", low=0.0, high=1.0
    )
    compression: Literal["none", "lz4"] = _setting("none", "how single frames are kept: as they are, or LZ4-compressed")

    @model_validator(mode="after")
    def _start_within_capacity(self) -> Self:
        if self.learning_start > self.capacity:
            raise ValueError(
                f"replay.learning_start = {self.learning_start} is more than replay.capacity = {self.capacity}; "
                "choose a learning start that the buffer can hold"
            )
        return self


_Name = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_line)]
_Argument = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
_RECORDS = ("imports", "arguments")
"""What the settings of the environment hold that is no setting."""


class EnvironmentSettings(_Section):
    """How the game is presented to the agent. Games that lack a feature ignore its setting."""

    frame_skip: int = _setting(4, "frames that an action is held (Atari)", unit="frames", low=1, high=16)
    stack: int = _setting(1, "newest frames shown to the network together (pixel games)", unit="frames", low=1, high=8)
    frame_size: int = _setting(84, "height and width that pictures are scaled to", unit="pixels", low=32, high=168)
    sticky_actions: float = _setting(
        0.25, "probability that the game repeats the previous action (Atari and MinAtar)", low=0.0, high=0.95
    )
    life_loss: bool = _setting(False, "a lost life ends the return (discount 0) without resetting the game (Atari)")
    noop_max: int = _setting(30, "at most this many no-ops at the start of an episode (Atari)", low=0, high=100)
    clip_rewards: bool = _setting(False, "train on the sign of the reward; reports always show raw scores")
    action_bins: int = _setting(
        9, "values that each continuous action is cut into (Pendulum)", unit="values", low=2, high=101
    )
    observation: Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")] = _setting(
        "", "which part the network sees of a game that shows a Dict or a Tuple of things, by its key; none: all of it"
    )
    copies: int = _setting(
        1, "copies of the game played in step during training, with one forward pass for all", low=1, high=64
    )
    max_episode_steps: int = _setting(
        0, "agent steps after which an episode is cut off; 0: the game's own limit", unit="steps", low=0, high=1_000_000
    )
    imports: Annotated[tuple[_Name, ...], Field(max_length=16)] = ()
    """A record, and no setting: the modules that registered the game of the run. Nothing is imported for it."""

    arguments: Annotated[Mapping[_Argument, JsonValue], Field(max_length=32)] = {}
    """What the environment itself is given (`--env NAME=VALUE`); `games.arguments` says which a file may give."""

    @model_serializer(mode="wrap")
    def _without_empty_records(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # What has nothing to record is written as it was before there were records.
        return {name: value for name, value in write(self).items() if value or name not in _RECORDS}


class EvaluationSettings(_Section):
    """Greedy play on seeds that training never sees."""

    every: int = _setting(
        10_000, "steps between two evaluations during training; 0: none", unit="steps", low=0, high=1_000_000_000
    )
    episodes: int = _setting(10, "episodes in an evaluation during training", unit="episodes", low=1, high=10_000)
    final_episodes: int = _setting(100, "episodes in the evaluation at the end", unit="episodes", low=0, high=10_000)
    stop_when_solved: bool = _setting(
        True, "stop when an evaluation reaches stop_score and final_episodes more episodes confirm it"
    )
    stop_score: float | None = _setting(
        None, "greedy mean return at which the game counts as solved; none: the game's own", low=-1e9, high=1e9
    )
    epsilon: float = _setting(0.0, "probability of a random action in evaluations", low=0.0, high=1.0)


class RunSettings(_Section):
    """The run as a whole."""

    steps: int = _setting(100_000, "agent steps to train", unit="steps", low=1, high=10_000_000_000)
    seed: int = _setting(1, "seed of every random number in the run", low=0, high=2**31 - 1)
    checkpoint_every: int = _setting(
        10_000,
        "steps between two checkpoints; 0: only at the end and when asked",
        unit="steps",
        low=0,
        high=10_000_000_000,
    )
    keep_checkpoints: int = _setting(3, "newest checkpoints kept", low=1, high=1_000)
    keep_stages: int = _setting(
        12,
        "models kept from the run's way, untrained to the newest evaluated, spread evenly; 0: none",
        low=0,
        high=1_000,
    )
    speed_limit: float = _setting(
        0.0, "most training steps a second; 0: as fast as it goes", unit="steps/s", low=0.0, high=1e9
    )


class ClusterSettings(_Section):
    """Many actors and one learner, on Ray (Ape-X, Horgan 2018). Without actors the run plays in its own process.

    Where Ray is belongs to the machine and not to the run, and `cluster.factory.ray_address` tells it: a run that came
    from a stranger must not say where to connect to.
    """

    actors: int = _setting(
        0,
        "actors that play, each a process with its own copies of the game; 0: none, the run plays itself",
        low=0,
        high=100_000,
    )
    shards: int = _setting(1, "parts of the replay buffer, each a process of its own", low=1, high=1_000)
    batch: int = _setting(
        256, "steps that an actor plays before it sends them to a shard", unit="steps", low=1, high=100_000
    )
    max_weight_age: int = _setting(
        4_000,
        "an actor never plays with weights that are more than so many updates old; the learner waits instead",
        unit="updates",
        low=1,
        high=1_000_000_000,
    )
    max_transition_age: int = _setting(
        20_000,
        "transitions that arrive when the weights that played them are more than so many updates old are dropped",
        unit="updates",
        low=1,
        high=1_000_000_000,
    )
    epsilon_base: float = _setting(
        0.4,
        "epsilon of the actor that explores most, once exploration's schedule has fallen below it",
        low=0.0,
        high=1.0,
    )
    epsilon_alpha: float = _setting(
        7.0,
        "how far the others fall off: actor i of N has epsilon_base ** (1 + i / (N - 1) epsilon_alpha)",
        low=0.0,
        high=100.0,
    )


class Settings(_Section):
    """All settings of one run."""

    game: str = Field(
        max_length=120,
        pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?$",
        description="the game's id, as `arcade-dqn games` lists it",
    )
    preset: str = Field(
        default="",
        max_length=120,
        pattern=r"^[A-Za-z0-9_.-]*$",
        description="the preset that these settings started from",
    )
    network: NetworkSettings = NetworkSettings()
    learning: LearningSettings = LearningSettings()
    exploration: ExplorationSettings = ExplorationSettings()
    replay: ReplaySettings = ReplaySettings()
    environment: EnvironmentSettings = EnvironmentSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    run: RunSettings = RunSettings()
    cluster: ClusterSettings = ClusterSettings()

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "settings") -> Settings:
        """Read settings that `to_json` wrote. Raises SettingsError, naming `where`."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            if first["type"] == "json_invalid":
                raise SettingsError(f"{where} is damaged: {first['ctx']['error']}") from error
            raise SettingsError(f"{where}: {sentence(error, setting_table())}") from error

    def to_json(self) -> str:
        return self.model_dump_json(indent=2)


SECTIONS: tuple[str, ...] = tuple(name for name in Settings.model_fields if name not in ("game", "preset"))


@cache
def setting_table() -> Mapping[str, SettingInfo]:
    """Every setting by its dotted name, in the order of definition."""
    table = {}
    for section in SECTIONS:
        model = Settings.model_fields[section].annotation
        assert isinstance(model, type) and issubclass(model, BaseModel)
        for key, field in model.model_fields.items():
            if section == "environment" and key in _RECORDS:
                continue
            table[f"{section}.{key}"] = describe(f"{section}.{key}", field)
    return table
