"""Any other registered Gymnasium game whose spaces an adapter can be made for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import Autoreset, TimeLimit

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.evaluation import LONGEST_EPISODE
from arcade_dqn.games.adapter import Adapter, GridView, Numbers, PictureView, VectorView
from arcade_dqn.games.arguments import require_taken
from arcade_dqn.games.environment import build, close_quietly
from arcade_dqn.games.families.gymnasium.habits import in_one_line, refuse_old_habits
from arcade_dqn.games.families.gymnasium.spaces import NeedsSetting, actions_of, picture_inside, view_of
from arcade_dqn.games.game import EnvironmentFault, Frame, Game, GameStateError, Outcome, Picture
from arcade_dqn.games.hushed import HUSHED
from arcade_dqn.games.info import CannotStart, GameInfo, UnplayableGame
from arcade_dqn.games.names import unknown
from arcade_dqn.games.shown import as_picture


def describe(wanted: str, settings: EnvironmentSettings) -> GameInfo:
    """Facts about a registered id outside the catalogue, made with the arguments of `settings`.

    Raises UnknownGame, or UnplayableGame with the reason.
    """
    name = next((known for known in gymnasium.registry if known.lower() == wanted.lower()), None)
    if name is None:
        raise unknown(wanted, gymnasium.registry)
    spec = gymnasium.registry[name]
    if str(spec.entry_point).startswith(("ale_py", "minatar")):
        raise UnplayableGame(f"{name} is another version of a game that is played here as ALE/...-v5 or MinAtar/...-v1")
    require_taken(name, settings.arguments)
    with HUSHED:
        env = _start(name, settings)
        try:
            fps = env.metadata.get("render_fps") if isinstance(env.metadata, dict) else None
            view = _view(name, env.observation_space)
            actions = _action_names(name, env)
            refuse_old_habits(name, env)
        finally:
            close_quietly(env)
    return GameInfo(
        id=name,
        title=name.rpartition("/")[2].rsplit("-v", 1)[0],
        family="gymnasium",
        summary=f"A Gymnasium game that is played with the generic {_PRESETS[view.kind]} settings.",
        observation=_seen(view, env.observation_space),
        actions=actions,
        solved_at=None if spec.reward_threshold is None else float(spec.reward_threshold),
        preset=_PRESETS[view.kind],
        # Pictures are shrunk with OpenCV, which comes with the Atari extra.
        extra="atari" if view.kind == "picture" else None,
        fps=_sensible_fps(fps),
        inputs=view.names,
    )


_PRESETS: Final = {"vector": "vector", "picture": "image", "grid": "grid"}


def _view(name: str, space: spaces.Space[Any]) -> VectorView | PictureView | GridView:
    """How the game would be seen by default; of one that shows a picture among other things, the picture."""
    try:
        return view_of(name, space, EnvironmentSettings())
    except NeedsSetting:
        # Said when the game is made: only then is it known what a person has chosen.
        picture = picture_inside(space)
        return view_of(name, picture, EnvironmentSettings()) if picture is not None else _ANYTHING


_ANYTHING: Final = VectorView(parts=(Numbers(path=(), size=1),))
"""In place of a view where only a setting can tell what will be seen."""


def _action_names(name: str, env: gymnasium.Env[Any, Any]) -> tuple[str, ...]:
    """() where the number of actions depends on `environment.action_bins`."""
    try:
        table = actions_of(name, env, EnvironmentSettings())
    except NeedsSetting:
        return ()
    return () if table.dtype.startswith("float") else table.names


def _seen(view: VectorView | PictureView | GridView, space: spaces.Space[Any]) -> str:
    if view is _ANYTHING or (not isinstance(space, spaces.Box) and view.kind != "vector"):
        return "several things, of which environment.observation chooses one"
    match view:
        case VectorView():
            return f"one of {view.size} states" if isinstance(space, spaces.Discrete) else f"{view.size} numbers"
        case PictureView():
            return f"a picture {space.shape}"
        case GridView():
            return f"{view.height} x {view.width} cells, {view.channels} numbers each"


def _start(name: str, settings: EnvironmentSettings | None, mode: str | None = None) -> gymnasium.Env[Any, Any]:
    """Build it, to be drawn by this render mode if there is one. Raises CannotStart, or UnplayableGame."""
    try:
        env = build(name, settings, render=mode is not None, mode=mode or "")
    except Exception as error:  # foreign code: whatever it raises is the reason
        raise CannotStart(f"{name} cannot be started: {in_one_line(error)}") from error
    _refuse_autoreset(name, env)
    return env


def _start_drawing(name: str, settings: EnvironmentSettings) -> tuple[gymnasium.Env[Any, Any], bool]:
    """The environment as one that draws, and whether it does: by pictures, else by text."""
    try:
        env = _start(name, settings, "rgb_array")
    except CannotStart as error:
        if "render_mode" not in str(error.__cause__):
            raise
        return _start(name, settings), False  # it takes no such argument, or not this one
    modes = env.metadata.get("render_modes") if isinstance(env.metadata, dict) else None
    known = [str(mode) for mode in modes] if isinstance(modes, (list, tuple, set)) else []
    if "rgb_array" not in known and "ansi" in known:
        close_quietly(env)
        return _start(name, settings, "ansi"), True
    return env, True


def _sensible_fps(told: Any) -> float:
    """Steps a second at which a person can watch; what is missing or absurd becomes the usual 30."""
    try:
        fps = float(told)
    except (TypeError, ValueError):
        return 30.0
    return fps if 0.1 <= fps <= 1000 else 30.0


def _refuse_autoreset(name: str, env: gymnasium.Env[Any, Any]) -> None:
    """Raise UnplayableGame for an environment that begins its next episode by itself.

    The step after an episode's end would then be a reset, and a transition from one episode to the next would enter
    replay. (Gymnasium's vector environments, which do so in two of their three modes, are no single game, and
    `gymnasium.make` refuses them all. Several copies of a game are `environment.copies` here, each reset by its actor.)
    """
    layer = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, Autoreset):
            close_quietly(env)
            raise UnplayableGame(
                f"{name} cannot be played: it resets itself after an episode (gymnasium.wrappers.Autoreset), and "
                "replay must never hold a step from one episode to the next; register it without that wrapper"
            )
        layer = layer.env


class RegisteredGame(Game):
    """A registered game in all its Gymnasium wrappers. What its frames are, its `adapter` says."""

    def __init__(self, info: GameInfo, settings: EnvironmentSettings, *, render: bool = False) -> None:
        self._closed = False
        with HUSHED:
            self._env, self._draws = _start_drawing(info.id, settings) if render else (_start(info.id, settings), False)
        try:
            view = view_of(info.id, self._env.observation_space, settings)
            self.adapter = Adapter(observation=view, actions=actions_of(info.id, self._env, settings))
            self.info = _completed(info, self.adapter, settings)
        except BaseException:
            self.close()
            raise
        self._read = view.reader()
        self._own = self.adapter.actions.chooser()
        self.frames_between = []
        self.stack = settings.stack if view.kind == "picture" else 1
        self.frame_shape = view.frame_shape
        self.frame_dtype = view.frame_dtype
        self.notes = _notes(info.id, self._env)

    def _frame(self, observation: Any) -> Frame:
        try:
            return self._read(observation)
        except EnvironmentFault as fault:
            raise EnvironmentFault(f"{self.info.id} {fault}") from None

    def reset(self, seed: int | None = None) -> Frame:
        with HUSHED:
            observation, _ = self._env.reset(seed=seed)
        return self._frame(observation)

    def step(self, action: int) -> Outcome:
        with HUSHED:
            observation, reward, terminated, truncated, _ = self._env.step(self._own(action))
        return Outcome(
            self._frame(observation), self._one_number(reward), bool(terminated), bool(truncated), life_lost=False
        )

    def _one_number(self, reward: Any) -> float:
        """A reward as a float; some environments give it as an array of one."""
        if isinstance(reward, (float, int)):
            return float(reward)
        numbers = np.asarray(reward)
        if numbers.size != 1 or numbers.dtype.kind not in "buif":
            shown = " ".join(str(reward).split())[:80]
            raise EnvironmentFault(f"{self.info.id} returned the reward {shown}, which is not one number")
        return float(numbers.item())

    def render(self) -> Picture:
        if not self._draws:
            return as_picture(None, self.info.title)
        with HUSHED:
            shown = self._env.render()
        return as_picture(shown, self.info.title)

    def get_state(self) -> dict[str, Any] | None:
        return None

    def set_state(self, state: Mapping[str, Any]) -> None:
        raise GameStateError(f"{self.info.title} cannot be restored: a foreign game's state is unknown")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with HUSHED:
                close_quietly(self._env)


def _completed(info: GameInfo, adapter: Adapter, settings: EnvironmentSettings) -> GameInfo:
    """The facts with what the built game adds to them."""
    view, table = adapter.observation, adapter.actions
    completed = replace(info.with_actions(table.names), inputs=view.names)
    if table.shape and math.prod(table.shape) == 1 and table.dtype.startswith("float"):
        last = len(table.names) - 1
        completed = replace(completed, keys={"left": 0, "right": last}, idle_action=len(table.names) // 2)
    if view.kind == "picture":
        seen = f"{view.size} x {view.size} grey picture, the newest {settings.stack}"
        completed = replace(completed, observation=seen)
    return completed


def _notes(name: str, env: gymnasium.Env[Any, Any]) -> tuple[str, ...]:
    layer = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, TimeLimit):
            return ()
        layer = layer.env
    return (
        f"{name} has no time limit: an episode lasts until the game ends it, and in an evaluation {LONGEST_EPISODE:,} "
        "steps at most; environment.max_episode_steps sets a limit for both",
    )
