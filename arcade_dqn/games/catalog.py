"""What can be played: facts about each game, without importing any game library.

`GAMES` lists the games that the arcade shows. `find` also accepts every other `ALE/...-v5` and every plain registered
Gymnasium id with a discrete action space and a Box observation; only for those it looks into Gymnasium.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from typing import Final, Literal

from arcade_dqn.errors import UsageError

Family = Literal["classic", "box2d", "minatar", "atari", "other"]
Extra = Literal["atari", "minatar", "box2d"]

_EXTRA_MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "atari": ("ale_py", "cv2"),
    "minatar": ("minatar",),
    "box2d": ("Box2D",),
}


class UnknownGame(UsageError):
    """No game has this id or name."""


class AmbiguousGame(UnknownGame):
    """Several games have this name."""


class UnplayableGame(UsageError):
    """The game exists, but its spaces or its start-up make it impossible to play here; the message says why."""


@dataclass(frozen=True)
class GameInfo:
    """The facts about one game. `actions` and `keys` may be empty until the game is built: see `Game.info`."""

    id: str
    """Gymnasium id: `CartPole-v1`, `MinAtar/Breakout-v1`, `ALE/Pong-v5`."""
    title: str
    family: Family
    summary: str
    """One line for a visitor."""
    observation: str
    """What the agent sees, in words."""
    actions: tuple[str, ...]
    """Names by action number; () where they are only known once the game is built."""
    solved_at: float | None
    """The mean greedy return from which the game counts as solved."""
    preset: str
    """Name of the default preset."""
    extra: Extra | None
    """The install extra that the game needs."""
    fps: float
    """Agent steps per second at the game's own speed."""
    keys: Mapping[str, int] = field(default_factory=dict, hash=False)
    """A person's keys: `left`, `right`, `up`, `down`, `space`, or several joined with + in `KEY_ORDER`."""
    idle_action: int = 0
    """The action while a person holds no key."""
    inputs: tuple[str, ...] = ()
    """What the numbers of an observation, or the channels of a picture, are called; () where nobody says."""

    @property
    def slug(self) -> str:
        """The id as a folder name: `ALE-Pong-v5`."""
        return self.id.replace("/", "-")

    def installed(self) -> bool:
        """Whether the game's extra is installed; looks for the modules without importing them."""
        return all(find_spec(module) is not None for module in _EXTRA_MODULES.get(self.extra or "", ()))

    @property
    def install_command(self) -> str:
        """The command that installs what this game needs; "" when the base installation has it all."""
        return f'pip install "arcade-dqn[{self.extra}]"' if self.extra else ""

    def action_for(self, held: Collection[str]) -> int:
        """The action for the keys that a person holds now: the largest combination among them, else `idle_action`.

        Of two keys that have no combination (left and right together) the first in `KEY_ORDER` counts.
        """
        best, size = self.idle_action, 0
        for combination, action in self.keys.items():
            parts = combination.split("+")
            if len(parts) > size and all(part in held for part in parts):
                best, size = action, len(parts)
        return best


KEY_ORDER: Final = ("up", "down", "left", "right", "space")
"""The keys of a game in the order in which combinations name them: `up+right+space`."""


def _keys(**actions: int) -> Mapping[str, int]:
    return {key: actions[key] for key in KEY_ORDER if key in actions}


def _minatar(
    name: str, summary: str, objects: int, actions: tuple[str, ...], solved_at: float, keys: Mapping[str, int]
) -> GameInfo:
    return GameInfo(
        id=f"MinAtar/{name.replace(' ', '')}-v1",
        title=f"MinAtar {name}",
        family="minatar",
        summary=summary,
        observation=f"10 x 10 cells, {objects} kinds of object",
        actions=actions,
        solved_at=solved_at,
        preset="minatar",
        extra="minatar",
        # MinAtar has no clock; at 12 steps a second a person can follow and play it.
        fps=12.0,
        keys=keys,
    )


def _atari(
    id: str,
    title: str,
    summary: str,
    actions: tuple[str, ...] = (),
    solved_at: float | None = None,
    keys: Mapping[str, int] | None = None,
    preset: str = "atari",
    side: int = 84,
) -> GameInfo:
    return GameInfo(
        id=id,
        title=title,
        family="atari",
        summary=summary,
        observation=f"{side} x {side} grey picture, the newest 4",
        actions=actions,
        solved_at=solved_at,
        preset=preset,
        extra="atari",
        # The console draws 60 frames a second and an agent's action is held for 4 of them.
        fps=15.0,
        keys=keys or {},
    )


GAMES: Final[tuple[GameInfo, ...]] = (
    GameInfo(
        id="CartPole-v1",
        title="CartPole",
        family="classic",
        summary="Balance a pole on a cart by pushing the cart left and right, for up to 500 steps.",
        observation="4 numbers: cart position and speed, pole angle and angular speed",
        actions=("push left", "push right"),
        solved_at=475.0,
        preset="cartpole",
        extra=None,
        fps=50.0,
        keys=_keys(left=0, right=1),
        inputs=("cart position", "cart speed", "pole angle", "pole angular speed"),
    ),
    GameInfo(
        id="Acrobot-v1",
        title="Acrobot",
        family="classic",
        summary="Swing a two-link arm above the line, driving only its middle joint; each step costs 1.",
        observation="6 numbers: cosine and sine of both joint angles, both angular speeds",
        actions=("torque -1", "no torque", "torque +1"),
        solved_at=-100.0,
        preset="acrobot",
        extra=None,
        fps=15.0,
        keys=_keys(left=0, right=2),
        idle_action=1,
        inputs=(
            "cosine of angle 1",
            "sine of angle 1",
            "cosine of angle 2",
            "sine of angle 2",
            "angular speed 1",
            "angular speed 2",
        ),
    ),
    GameInfo(
        id="MountainCar-v0",
        title="MountainCar",
        family="classic",
        summary="A weak car gathers momentum between two hills to reach the flag; each step costs 1.",
        observation="2 numbers: position and speed of the car",
        actions=("push left", "no push", "push right"),
        solved_at=-110.0,
        preset="mountaincar",
        extra=None,
        fps=30.0,
        keys=_keys(left=0, right=2),
        idle_action=1,
        inputs=("position", "speed"),
    ),
    GameInfo(
        id="LunarLander-v3",
        title="LunarLander",
        family="box2d",
        summary="Land softly between the two flags, spending as little fuel as possible.",
        observation="8 numbers: position, speed, angle, angular speed, contact of each leg",
        actions=("no engine", "left engine", "main engine", "right engine"),
        solved_at=200.0,
        preset="lunarlander",
        extra="box2d",
        fps=50.0,
        # The engine that the game calls left drives the lander to the left.
        keys=_keys(up=2, left=1, right=3),
        inputs=(
            "position across",
            "height",
            "speed across",
            "speed upwards",
            "angle",
            "angular speed",
            "left leg down",
            "right leg down",
        ),
    ),
    GameInfo(
        id="Pendulum-v1",
        title="Pendulum",
        family="classic",
        summary="Swing a pendulum up and hold it there; the continuous torque is cut into a few values.",
        observation="3 numbers: cosine and sine of the angle, angular speed",
        # One action per torque value: their number is the setting environment.action_bins.
        actions=(),
        # Gymnasium names no threshold; good controllers reach -150 to -200, doing nothing -1,200.
        solved_at=-200.0,
        preset="pendulum",
        extra=None,
        fps=30.0,
        inputs=("cosine of angle", "sine of angle", "angular speed"),
    ),
    _minatar(
        "Asterix",
        "Collect the gold and dodge the enemies that rush in from both sides, ever faster.",
        4,
        ("no-op", "left", "up", "right", "down"),
        15.0,
        _keys(left=1, up=2, right=3, down=4),
    ),
    _minatar(
        "Breakout",
        "Keep the ball in play with the paddle and break the three rows of bricks, again and again.",
        4,
        ("no-op", "left", "right"),
        10.0,
        _keys(left=1, right=2),
    ),
    _minatar(
        "Freeway",
        "Lead the chicken across eight lanes of cars as often as 2,500 steps allow.",
        7,
        ("no-op", "up", "down"),
        45.0,
        _keys(up=1, down=2),
    ),
    _minatar(
        "Seaquest",
        "Rescue divers and shoot fish and submarines, and surface before the oxygen runs out.",
        10,
        ("no-op", "left", "up", "right", "down", "fire"),
        10.0,
        _keys(left=1, up=2, right=3, down=4, space=5),
    ),
    _minatar(
        "Space Invaders",
        "Shoot the aliens before they land; each wave comes faster than the one before.",
        6,
        ("no-op", "left", "right", "fire"),
        40.0,
        _keys(left=1, right=2, space=3),
    ),
    _atari(
        "ALE/Pong-v5",
        "Pong",
        "Table tennis against the console; the first to 21 points wins (-21 to 21).",
        # ALE calls 2 and 3 RIGHT and LEFT, as on the paddle's dial; on the screen the bat goes up and down.
        ("no-op", "fire", "up", "down", "up + fire", "down + fire"),
        18.0,
        {"up": 2, "down": 3, "space": 1, "up+space": 4, "down+space": 5},
        preset="pong",
        side=42,
    ),
    _atari(
        "ALE/Breakout-v5",
        "Breakout",
        "Break the wall with five balls; fire serves, which the agent has to find out.",
        ("no-op", "fire", "right", "left"),
        # A professional tester's score in Mnih et al. 2015 is 31.8.
        30.0,
        _keys(left=3, right=2, space=1),
        preset="breakout",
        side=42,
    ),
    _atari(
        "ALE/Freeway-v5",
        "Freeway",
        "Lead the chicken across ten lanes of traffic as often as possible in two minutes.",
        ("no-op", "up", "down"),
        # A professional tester's score in Mnih et al. 2015 is 29.6.
        30.0,
        _keys(up=1, down=2),
        preset="atari-small",
        side=42,
    ),
)

_BY_ID: Final = {info.id: info for info in GAMES}


def _plain(text: str) -> str:
    """Letters and digits only, in lower case: the form in which names are compared."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _short_names(info: GameInfo) -> set[str]:
    """Every name by which a person may call the game, in plain form."""
    space, _, name = info.id.rpartition("/")
    bare = name.rsplit("-v", 1)[0]
    names = {info.id, info.title, bare, f"{space}{bare}"}
    if info.family == "atari":
        names.add(f"atari{bare}")
    return {_plain(name) for name in names}


def find(text: str) -> GameInfo:
    """The game with this id or name.

    `text` is an id in any case, a folder name (`ALE-Pong-v5`), a short name (`cartpole`, `pong`, `minatar breakout`),
    any `ALE/...-v5`, or another registered Gymnasium id. Raises UnknownGame with the nearest names (also when a short
    name fits two games) and UnplayableGame with the reason.
    """
    wanted = text.strip()
    if wanted in _BY_ID:
        return _BY_ID[wanted]
    if ":" in wanted:
        raise UnknownGame(
            f"the game {text[:80]!r} names a module to import, which is refused; give a registered id alone"
        )
    fitting = [info for info in GAMES if _plain(wanted) in _short_names(info)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = " or ".join(info.id for info in fitting)
        raise AmbiguousGame(f"{text!r} is the name of more than one game; write {ids}")
    return _find_registered(wanted)


@lru_cache(maxsize=256)
def _find_registered(wanted: str) -> GameInfo:
    """A game outside the catalogue. Imports Gymnasium, and ALE for an `ALE/` id if it is installed."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?", wanted) or len(wanted) > 120:
        raise unknown(wanted, ())
    if wanted.lower().startswith("ale/"):
        return _find_atari(wanted)
    from arcade_dqn.games import generic

    return generic.describe(wanted)


def _find_atari(wanted: str) -> GameInfo:
    if find_spec("ale_py") is None:
        # Without ALE nobody can say which names it knows; making the game says what to install.
        name = wanted[4:]
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*-v5", name):
            raise unknown(wanted, ())
        ids: Collection[str] = (wanted,)
    else:
        from arcade_dqn.games import atari

        ids = atari.registered_ids()
    found = next((known for known in ids if known.lower() == wanted.lower()), None)
    if found is None:
        raise unknown(wanted, ids)
    title = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", found[4:].removesuffix("-v5"))
    return _atari(found, title, f"The Atari 2600 game {title}, in the Arcade Learning Environment.")


def unknown(wanted: str, further: Collection[str]) -> UnknownGame:
    """The error for a name that fits nothing, naming the nearest ids among the catalogue and `further` ones."""
    by_name = {_plain(known): known for known in further}
    for info in GAMES:
        by_name |= dict.fromkeys(_short_names(info), info.id)
    near = difflib.get_close_matches(_plain(wanted), by_name, n=3, cutoff=0.6)
    ids = list(dict.fromkeys(by_name[name] for name in near))
    hint = f"did you mean {' or '.join(ids)}?" if ids else "`arcade-dqn games` lists the games"
    return UnknownGame(f"there is no game named {wanted[:80]!r}; {hint}")
