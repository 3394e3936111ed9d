"""The learner's side of its actors and shards: whom it asks, what comes back, and what is lost on the way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from arcade_dqn.cluster.actor_process import Receipt, Report
from arcade_dqn.cluster.epsilons import epsilons
from arcade_dqn.cluster.outbox import GONE, Outbox, RemoteActor
from arcade_dqn.cluster.segments import Segment
from arcade_dqn.cluster.shard import GameShape, Sample, Shard, ShardState
from arcade_dqn.config import Settings
from arcade_dqn.errors import ArcadeError
from arcade_dqn.evaluation import training_seed
from arcade_dqn.link.text import plain

_CALLS = 2
"""Batches that an actor is asked for at a time: while one is on its way to the learner, it plays the next."""
_REST = 0.2
"""Seconds before an actor that failed is asked again: Ray needs them to restart it."""
_SILENCE = 10.0
"""Seconds without an answer after which an actor does not count as alive."""
_PATIENCE = 60.0
"""Seconds without an answer after which an actor or a shard is taken for hung, and started again."""
_AWAY = 1.0
"""Seconds without a question after which silence is no actor's fault."""
_NOBODY = 300.0
"""Seconds without any actor after which the run ends. A cluster may have to start machines first."""
_SHARD_SEEDS = 9_000


class ActorFailed(ArcadeError):
    """An actor says that it cannot play, or none answers; a restart would not help."""


class _Call(NamedTuple):
    """A batch that an actor was asked for."""

    actor: int
    steps: int
    version: int
    """Of the weights that it is played with."""
    began: float


@dataclass
class _Member:
    """What is known of an actor."""

    handle: Any
    calls: int = 0
    rests_until: float = 0.0
    heard: float = field(default_factory=time.monotonic)
    failed: bool = False
    """Its newest call failed."""
    steps_per_second: float = 0.0
    pid: int = 0
    """Of the process that answered last. 0: it has never answered."""
    lost_pid: int = 0
    """Of the process that was lost last: what it still has to say comes from before its end."""

    def lose(self) -> bool:
        """Its process is gone. Whether that is news."""
        news = not self.failed
        self.failed, self.lost_pid, self.steps_per_second = True, self.pid, 0.0
        return news

    def hear(self, pid: int) -> bool:
        """It has answered from this process. Whether one was lost before that no call was lost with."""
        if self.failed and pid == self.lost_pid:
            return False
        news = not self.failed and self.pid not in (0, pid)
        self.failed, self.pid = False, pid
        return news


class Part(NamedTuple):
    """What one shard was asked for."""

    number: int
    life: int
    """The shard's, when it was asked."""
    share: int
    """Transitions of each minibatch."""
    answer: Any


class Minibatches(NamedTuple):
    """Minibatches that the shards were asked for."""

    updates: int
    parts: list[Part]
    began: float


@dataclass
class Lost:
    """What faults have cost so far."""

    batches: int = 0
    """Calls to actors that died under them."""
    steps: int = 0
    """Steps that these calls were for; they are played anew."""
    transitions: int = 0
    """Transitions that were in a shard when it died, or on their way to one."""
    too_old: int = 0
    """Transitions that came too late, and were dropped."""
    restarts: int = 0
    """Of actors and shards."""


class Crew:
    """Actors and shards of a run, on a Ray that is running."""

    def __init__(self, settings: Settings, shape: GameShape, play: type[RemoteActor] = RemoteActor) -> None:
        """`play` is the class of the actors; a benchmark has others."""
        cluster = settings.cluster
        text = settings.to_json()
        # A call that was lost is lost: it would play with old weights, and what it is worth is asked for anew.
        everywhere = {"num_cpus": 1, "max_restarts": -1, "max_task_retries": 0}
        self._settings = settings
        shard = ray.remote(Shard).options(**everywhere)
        self._shards: list[Any] = [
            shard.remote(text, shape, i, training_seed(settings.run.seed, _SHARD_SEEDS + i))
            for i in range(cluster.shards)
        ]
        player = ray.remote(play).options(**everywhere)
        self._members = [_Member(player.remote(text, shape, i, self._shards)) for i in range(cluster.actors)]
        self._ladder = epsilons(cluster.actors, cluster.epsilon_base, cluster.epsilon_alpha)
        self._calls: dict[Any, _Call] = {}
        self._weights: tuple[int, Any] = (-1, None)
        """The version that Ray's object store has, and the reference to it."""
        self._states: dict[int, ShardState] = {}
        self._ended_lives: set[int] = set()
        self._dropped_before: dict[int, int] = {}
        """Transitions that earlier lives of each shard dropped."""
        self._outbox = Outbox(self._shards, 0)
        self._next_look = 0.0
        self._asked_last = time.monotonic()
        """When a report was asked for last."""
        self.lost = Lost()
        self.bytes_sent = 0

    def mean_epsilon(self, scheduled: float) -> float:
        """The mean of the actors' epsilons, where the schedule of the run stands at `scheduled`."""
        return float(np.mean([max(one, scheduled) for one in self._ladder]))

    # --- the replay buffer ---

    @property
    def capacity(self) -> int:
        """Of all shards together."""
        return -(-self._settings.replay.capacity // len(self._shards)) * len(self._shards)

    def __len__(self) -> int:
        """Transitions in all shards, as far as is known."""
        return sum(state.size for state in self._states.values())

    @property
    def priority_sum(self) -> float:
        """Of all priorities in all shards, as far as is known."""
        return sum(state.priority_sum for state in self._states.values())

    def ask_for_minibatches(self, updates: int, batch_size: int, newest: int, rng: np.random.Generator) -> Minibatches:
        """Have the shards draw `updates` minibatches, each from all shards by their shares of the priorities.

        The shards must not be empty. `newest` are the learner's updates so far.
        """
        states = list(self._states.values())
        sums = np.array([state.priority_sum for state in states])
        shares = rng.multinomial(batch_size, sums / sums.sum()).tolist()
        parts = [
            Part(state.number, state.life, share, self._shards[state.number].sample.remote(updates, share, newest))
            for state, share in zip(states, shares, strict=True)
            if share
        ]
        return Minibatches(updates, parts, time.monotonic())

    def samples(self, asked: Minibatches) -> list[Sample] | None:
        """The answers, without those of shards that died or are empty; None while some are on their way."""
        answers = [part.answer for part in asked.parts]
        ready, _ = ray.wait(answers, num_returns=len(answers), timeout=0)
        if len(ready) < len(answers):
            if time.monotonic() < asked.began + _PATIENCE:
                return None
            for part in asked.parts:
                if part.answer not in ready:
                    ray.kill(self._shards[part.number], no_restart=False)
        found = []
        for part in asked.parts:
            try:
                sample: Sample = ray.get(part.answer, timeout=_PATIENCE)
            except (*GONE, GetTimeoutError):
                # By now the next one may live and be known.
                self._end_life(part.number, part.life)
                continue
            self._note(sample.state)
            if sample.numbers.shape[1] == part.share:
                found.append(sample)
        return found

    def update_priorities(self, sample: Sample, errors: np.ndarray) -> None:
        """Tell a shard how wrong the predictions of its transitions were."""
        self._shards[sample.state.number].update_priorities.remote(sample.state.life, sample.numbers, errors)

    def send(self, segments: list[Segment]) -> None:
        """Hand segments that were not played by an actor to a shard."""
        self._outbox.send(segments)

    def inspect(
        self, step: int, number: int | None, jump: str, weights: Mapping[str, np.ndarray]
    ) -> dict[str, Any] | None:
        """A look into the fullest shard; None if that one is gone, or empty."""
        fullest = max(self._states.values(), key=lambda state: state.size)
        try:
            found: dict[str, Any] = ray.get(
                self._shards[fullest.number].inspect.remote(step, number, jump, dict(weights)), timeout=_SILENCE
            )
        except (*GONE, GetTimeoutError):
            return None
        return found or None

    def _note(self, state: ShardState) -> None:
        if state.life in self._ended_lives:
            return  # an answer from before the shard's end, by way of an actor
        before = self._states.get(state.number)
        if before is not None and before.life != state.life:
            self._end_life(state.number, before.life)
            before = None
        if before is None or (state.added, state.dropped) >= (before.added, before.dropped):
            self._states[state.number] = state
        self.lost.too_old = sum(self._dropped_before.values()) + sum(one.dropped for one in self._states.values())

    def _end_life(self, number: int, life: int) -> None:
        """The shard of this number is gone, with what it held, unless that is known already."""
        self._ended_lives.add(life)
        if number in self._states and self._states[number].life == life:
            state = self._states.pop(number)
            self.lost.transitions += state.size
            self.lost.restarts += 1
            self._dropped_before[number] = self._dropped_before.get(number, 0) + state.dropped

    def _note_receipts(self, receipts: Sequence[Receipt]) -> None:
        for one in receipts:
            if one.state is None:
                self.lost.transitions += one.transitions
            else:
                self._note(one.state)

    # --- the actors ---

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
        left = steps - sum(call.steps for call in self._calls.values())
        now = time.monotonic()
        for _ in range(_CALLS):
            for number, member in enumerate(self._members):
                if left <= 0:
                    return
                if member.calls >= _CALLS or member.rests_until > now:
                    continue
                batch = min(self._settings.cluster.batch, left)
                epsilon = max(self._ladder[number], scheduled) if override is None else override
                answer = member.handle.play.remote(at, batch, epsilon, version, self._in_store(version, weights))
                self._calls[answer] = _Call(number, batch, version, now)
                member.calls += 1
                left -= batch

    def _in_store(self, version: int, weights: Mapping[str, np.ndarray]) -> Any:
        """The reference to the weights, which Ray brings to each machine once."""
        if self._weights[0] != version:
            self._weights = (version, ray.put(dict(weights)))
        return self._weights[1]

    def oldest_version(self, newest: int) -> int:
        """Of the weights that are played with; `newest` if nobody plays."""
        return min((call.version for call in self._calls.values()), default=newest)

    def report(self, patience: float, also: Minibatches | None = None) -> Report | None:
        """The next report, if one comes within so many seconds, and before the minibatches. Raises ActorFailed."""
        now = time.monotonic()
        if now >= self._asked_last + _AWAY:
            # Whoever asks was away: the run was paused, or evaluated its agent. Answers may have come long since.
            for member in self._members:
                member.heard += now - self._asked_last
        self._asked_last = now
        if now >= self._next_look:
            self._next_look = now + 1.0
            self._look_after_them(now)
        awaited = list(self._calls) + ([part.answer for part in also.parts] if also else [])
        if not awaited:
            time.sleep(patience)
            return None
        ready, _ = ray.wait(awaited, num_returns=1, timeout=patience)
        if not ready or ready[0] not in self._calls:
            return None
        call = self._calls.pop(ready[0])
        member = self._members[call.actor]
        member.calls -= 1
        try:
            report: Report = ray.get(ready[0])
        except RayTaskError as error:
            # What the actor itself raised: the game is not installed there, it returned something impossible, ...
            cause = error.cause if isinstance(error.cause, ArcadeError) else error
            raise ActorFailed(f"actor {call.actor + 1} cannot play: {plain(str(cause), 400)}") from error
        except RayError:
            self.lost.restarts += member.lose()
            member.rests_until = time.monotonic() + _REST
            self.lost.batches += 1
            self.lost.steps += call.steps
            return None
        now = time.monotonic()
        rate = report.steps / max(now - max(member.heard, call.began), 1e-6)
        calm = member.steps_per_second
        member.steps_per_second = rate if not calm else calm + 0.2 * (rate - calm)
        member.heard = now
        self.lost.restarts += member.hear(report.pid)
        self.bytes_sent += report.nbytes
        self._note_receipts(report.receipts)
        return report

    def _look_after_them(self, now: float) -> None:
        """Start actors again that have not answered for long, and give up if there are none at all."""
        self._note_receipts(self._outbox.receipts(wait=False))
        if now - max(member.heard for member in self._members) > _NOBODY and self._calls:
            raise ActorFailed(
                f"no actor has answered for {_NOBODY:.0f} seconds; each actor and each shard needs a processor of its "
                f"own in the cluster, {len(self._members) + len(self._shards)} in all"
            )
        for number, silence in self._silences(now).items():
            member = self._members[number]
            if member.pid and silence > _PATIENCE:
                member.heard = now
                ray.kill(member.handle, no_restart=False)

    def _silences(self, now: float) -> dict[int, float]:
        """For how many seconds each actor that was asked for something has not answered.

        Where the learner is behind, nobody is asked, and nobody answers for good reason.
        """
        began: dict[int, float] = {}
        for call in self._calls.values():
            began[call.actor] = min(began.get(call.actor, now), call.began)
        return {number: now - max(since, self._members[number].heard) for number, since in began.items()}

    # --- figures ---

    def figures(self, updates: int) -> dict[str, Any]:
        """How the actors and shards are doing, for an event."""
        calls = list(self._calls)
        ready: set[Any] = set()
        if calls:
            ready = set(ray.wait(calls, num_returns=len(calls), timeout=0, fetch_local=False)[0])
        answered = {self._calls[answer].actor for answer in ready}
        silences = self._silences(time.monotonic())
        alive = [
            bool(member.pid) and not member.failed and (i in answered or silences.get(i, 0.0) < _SILENCE)
            for i, member in enumerate(self._members)
        ]
        states = [self._states.get(i) for i in range(len(self._shards))]
        return {
            "actors": len(self._members),
            "alive": sum(alive),
            "steps_per_second": [
                round(member.steps_per_second, 1) if there else 0.0
                for member, there in zip(self._members[:MOST_SHOWN], alive, strict=False)
            ],
            "shards": [
                [state.size, state.capacity] if state is not None else [0, self.capacity // len(self._shards)]
                for state in states[:MOST_SHOWN]
            ],
            "lag": updates - self.oldest_version(updates),
            "lost_steps": self.lost.steps,
            "lost_transitions": self.lost.transitions,
            "too_old": self.lost.too_old,
            "restarts": self.lost.restarts,
        }

    def modules(self) -> list[list[str]]:
        """The modules that each actor's process has loaded."""
        found: list[list[str]] = ray.get([member.handle.modules.remote() for member in self._members])
        return found

    @property
    def actor_pids(self) -> list[int]:
        """The processes of the actors that have reported."""
        return [member.pid for member in self._members if member.pid]

    def close(self) -> None:
        """End the actors and shards. On a cluster of somebody else they would go on otherwise."""
        for handle in [*(member.handle for member in self._members), *self._shards]:
            with contextlib.suppress(RayError):
                ray.kill(handle)


MOST_SHOWN = 1_000
"""Actors and shards that an event lists one by one."""
