"""Any other registered Gymnasium game whose spaces an adapter can be made for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import gymnasium
from gymnasium import spaces
from gymnasium.wrappers import Autoreset

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.adapter import Adapter, GridView, Numbers, ObservationFault, PictureView, VectorView
from arcade_dqn.games.arguments import require_taken
from arcade_dqn.games.environment import build, close_quietly, rendered
from arcade_dqn.games.families.gymnasium.spaces import NeedsSetting, actions_of, picture_inside, view_of
from arcade_dqn.games.game import Frame, Game, GameStateError, Outcome, Picture
from arcade_dqn.games.info import GameInfo, UnplayableGame
from arcade_dqn.games.names import unknown


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
    env = _start(name, settings, render=False)
    try:
        fps = env.metadata.get("render_fps")
        view = _view(name, env.observation_space)
        actions = _action_names(name, env)
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
        fps=float(fps or 30),
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


def _start(name: str, settings: EnvironmentSettings | None, *, render: bool) -> gymnasium.Env[Any, Any]:
    try:
        env = build(name, settings, render=render)
    except Exception as error:  # foreign code: whatever it raises is the reason
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnplayableGame(f"{name} cannot be started: {reason[:300]}") from error
    _refuse_autoreset(name, env)
    return env


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
        self._env = _start(info.id, settings, render=render)
        self._closed = False
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

    def _frame(self, observation: Any) -> Frame:
        try:
            return self._read(observation)
        except ObservationFault as fault:
            raise ObservationFault(f"{self.info.id} {fault}") from None

    def reset(self, seed: int | None = None) -> Frame:
        return self._frame(self._env.reset(seed=seed)[0])

    def step(self, action: int) -> Outcome:
        observation, reward, terminated, truncated, _ = self._env.step(self._own(action))
        return Outcome(self._frame(observation), float(reward), bool(terminated), bool(truncated), False)

    def render(self) -> Picture:
        return rendered(self._env)

    def get_state(self) -> dict[str, Any] | None:
        return None

    def set_state(self, state: Mapping[str, Any]) -> None:
        raise GameStateError(f"{self.info.title} cannot be restored: a foreign game's state is unknown")

    def close(self) -> None:
        if not self._closed:
            self._closed = True
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
