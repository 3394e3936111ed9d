"""The actors of a run as the learner sees them: asked for batches over Ray, heard, and started again if they hang."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import ray
from ray.exceptions import RayError, RayTaskError

from arcade_dqn.cluster.actor_process import ActorProcess, Report
from arcade_dqn.cluster.calls import Call, Calls
from arcade_dqn.cluster.epsilons import epsilons
from arcade_dqn.cluster.liveness import ActorLife, Lost
from arcade_dqn.cluster.outbox import Outbox
from arcade_dqn.cluster.ray_session import WORKER_OPTIONS
from arcade_dqn.cluster.shard import GameShape
from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.games import imports
from arcade_dqn.link.text import plain

_CALLS = 2
"""Batches that an actor is asked for at a time: while one is on its way to the learner, it plays the next."""
_HUNG = 60.0
"""Seconds without an answer after which an actor is taken for hung, and started again."""
_AWAY = 1.0
"""Seconds without a question after which silence is no actor's fault."""
_NOBODY = 300.0
"""Seconds without any actor after which the run ends. A cluster may have to start machines first."""


class ActorFailed(ArcadeError):
    """An actor says that it cannot play, or none answers; a restart would not help."""


class RemoteActor(ActorProcess):
    """An `ActorProcess` as a Ray actor."""

    def __init__(
        self, settings: str, shape: GameShape, number: int, shards: Sequence[Any], modules: Sequence[str] = ()
    ) -> None:
        super().__init__(settings, shape, number, Outbox(shards, number), modules)


class ActorPool:
    """Actors on a Ray that is running."""

    def __init__(
        self, settings: Settings, shape: GameShape, shards: Sequence[Any], lost: Lost, actor: type[RemoteActor]
    ) -> None:
        """They send what they play to the `shards`. What is lost with one is counted in `lost`."""
        cluster = settings.cluster
        self._settings = settings
        self._lost = lost
        remote = ray.remote(actor).options(**WORKER_OPTIONS)
        # A Ray that runs already has not inherited what may be imported.
        modules = imports.asked()
        self._handles: list[Any] = [
            remote.remote(settings.to_json(), shape, i, shards, modules) for i in range(cluster.actors)
        ]
        self._ladder = epsilons(cluster.actors, cluster.epsilon_base, cluster.epsilon_alpha)
        now = time.monotonic()
        self._lives = [ActorLife(now) for _ in self._handles]
        self.calls = Calls()
        self._weights: tuple[int, Any] = (-1, None)
        """The version that Ray's object store has, and the reference to it."""
        self._listened = now
        """When a report was asked for last."""
        self._next_look = 0.0
        self.bytes_sent = 0

    def mean_epsilon(self, scheduled: float) -> float:
        """The mean of the actors' epsilons, where the schedule of the run stands at `scheduled`."""
        return float(np.mean([max(one, scheduled) for one in self._ladder]))

    # --- asking ---

    def play(
        self,
        at: int,
        steps: int,
        version: int,
        weights: Mapping[str, np.ndarray],
        scheduled: float,
        override: float | None,
    ) -> None:
        """Keep the actors busy, with `steps` at most from the run's step `at` on, those under way included.

        They play with `weights`, which `version` updates have led to, and with their own epsilons, but with no smaller
        one than the run's schedule has; with `override`, all play with that.
        """
        left = steps - self.calls.steps
        now = time.monotonic()
        for _ in range(_CALLS):
            for number, life in enumerate(self._lives):
                if left <= 0:
                    return
                if self.calls.of(number) >= _CALLS or life.rests_until > now:
                    continue
                batch = min(self._settings.cluster.batch, left)
                epsilon = max(self._ladder[number], scheduled) if override is None else override
                stored = self._in_store(version, weights)
                answer = self._handles[number].play.remote(at, batch, epsilon, version, stored)
                self.calls.open(answer, Call(number, batch, version, now))
                left -= batch

    def _in_store(self, version: int, weights: Mapping[str, np.ndarray]) -> Any:
        """The reference to the weights, which Ray brings to each machine once."""
        if self._weights[0] != version:
            self._weights = (version, ray.put(dict(weights)))
        return self._weights[1]

    # --- listening ---

    def report(self, patience: float, also: Sequence[Any] = ()) -> Report | None:
        """The next report, if one comes within so many seconds, and before any of the answers in `also`.

        Raises ActorFailed.
        """
        self._look_after_them()
        awaited = [*self.calls, *also]
        if not awaited:
            time.sleep(patience)
            return None
        ready, _ = ray.wait(awaited, num_returns=1, timeout=patience)
        if not ready or ready[0] not in self.calls:
            return None
        return self._take(ready[0])

    def _take(self, answer: Any) -> Report | None:
        """What an actor answered; None if the call was lost."""
        call = self.calls.close(answer)
        life = self._lives[call.actor]
        try:
            report: Report = ray.get(answer)
        except RayTaskError as error:
            # What the actor itself raised: the game is not installed there, it returned something impossible, ...
            cause = error.cause if isinstance(error.cause, ArcadeError) else error
            raise ActorFailed(f"actor {call.actor + 1} cannot play: {plain(str(cause), 400)}") from error
        except RayError:
            self._lost.restarts += life.call_lost(time.monotonic())
            self._lost.batches += 1
            self._lost.steps += call.steps
            return None
        self._lost.restarts += life.answered(time.monotonic(), report.pid, report.steps, call.began)
        self.bytes_sent += report.nbytes
        return report

    def _look_after_them(self) -> None:
        """Once a second: start actors again that have not answered for long, and give up if there are none at all."""
        now = time.monotonic()
        if now >= self._listened + _AWAY:
            # Whoever asks was away: the run was paused, or evaluated its agent. Answers may have come long since.
            for life in self._lives:
                life.heard += now - self._listened
        self._listened = now
        if now < self._next_look:
            return
        self._next_look = now + 1.0
        if now - max(life.heard for life in self._lives) > _NOBODY and self.calls:
            processes = len(self._lives) + self._settings.cluster.shards
            raise ActorFailed(
                f"no actor has answered for {_NOBODY:.0f} seconds; each actor and each shard needs a processor of its "
                f"own in the cluster, {processes} in all"
            )
        for number, silence in self._silences(now).items():
            life = self._lives[number]
            if life.pid and silence > _HUNG:
                life.heard = now
                ray.kill(self._handles[number], no_restart=False)

    def _silences(self, now: float) -> dict[int, float]:
        """For how many seconds each actor that was asked for something has not answered."""
        return {number: self._lives[number].silence(now, since) for number, since in self.calls.oldest().items()}

    # --- figures ---

    def alive(self) -> list[bool]:
        """Of each actor whether it lives, by what is heard of it; an answer that nobody has taken yet counts."""
        calls = list(self.calls)
        ready: set[Any] = set()
        if calls:
            ready = set(ray.wait(calls, num_returns=len(calls), timeout=0, fetch_local=False)[0])
        silences = {**self._silences(time.monotonic()), **dict.fromkeys(self.calls.actors(ready), 0.0)}
        return [life.alive(silences.get(number, 0.0)) for number, life in enumerate(self._lives)]

    @property
    def steps_per_second(self) -> list[float]:
        """Of each actor."""
        return [life.steps_per_second for life in self._lives]

    @property
    def pids(self) -> list[int]:
        """The processes of the actors that have reported."""
        return [life.pid for life in self._lives if life.pid]

    def modules(self) -> list[list[str]]:
        """The modules that each actor's process has loaded."""
        found: list[list[str]] = ray.get([handle.modules.remote() for handle in self._handles])
        return found

    def close(self) -> None:
        """End them. On a cluster of somebody else they would go on otherwise."""
        for handle in self._handles:
            with contextlib.suppress(RayError):
                ray.kill(handle)
