"""`python -m benchmarks.cluster`: what an actor costs, and how much learner and shard take in. CLUSTER.md uses it.

- memory: an actor's resident, proportional and unique memory (RSS, PSS, USS) after it has played;
- speed: steps/s of one actor through Ray, and of the same actor called in this process;
- intake: steps/s that one shard and one learner take in from actors that send a recorded batch over and over, without
  gradient steps, and with those of the preset.

Every line of output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import psutil

from arcade_dqn.acting.layers import Weights, initial_weights
from arcade_dqn.cluster.actor_pool import RemoteActor
from arcade_dqn.cluster.actor_process import ActorProcess, Receipt, Report
from arcade_dqn.cluster.loop import ClusterLoop
from arcade_dqn.cluster.segments import Segment
from arcade_dqn.cluster.shard import GameShape
from arcade_dqn.config import Settings, build
from arcade_dqn.games.find import find
from arcade_dqn.games.game import Game
from arcade_dqn.games.make import make
from benchmarks.machine import describe

MIB = 1024 * 1024


class Recording(RemoteActor):
    """Plays one batch, then sends it again whenever it is asked to play."""

    _first: Report | None = None
    _kept: list[Segment]

    def play(self, at: int, steps: int, epsilon: float, version: int, weights: Weights) -> Report:
        began = time.perf_counter()
        if self._first is None:
            self._first = super().play(at, steps, epsilon, version, weights)
            return self._first
        self._sender.send([segment._replace(version=version) for segment in self._kept])
        return self._first._replace(
            steps=steps,
            version=version,
            receipts=tuple(self._sender.receipts(wait=True)),
            seconds=time.perf_counter() - began,
        )

    def _segments(self) -> list[Segment]:
        self._kept = super()._segments()
        return self._kept


class Nowhere:
    """Forgets what is sent."""

    def send(self, segments: list[Segment]) -> None:
        """Forget them."""

    def receipts(self, *, wait: bool) -> list[Receipt]:
        return []


def settings_of(game: str, actors: int, **overrides: Any) -> Settings:
    info = find(game)
    return build(info.id, info.preset, {"cluster.actors": actors, "run.steps": 10_000_000_000, **overrides})


def tell(what: str, game: str, **values: Any) -> None:
    print(json.dumps({"what": what, "game": game, **values}), flush=True)


def through_ray(
    game: Game, settings: Settings, seconds: float, actor: type[RemoteActor] = RemoteActor
) -> dict[str, Any]:
    """Run the loop for so long, once it runs evenly: steps/s, updates/s, bytes/s, and the memory of actor 1."""
    loop = ClusterLoop(settings, [game], actor=actor)
    try:
        steps = loop.steps()
        settled = time.monotonic() + seconds
        while time.monotonic() < settled or not loop.step:
            next(steps)
        began, step, updates, sent = time.monotonic(), loop.step, loop.learner.updates, loop.actors.bytes_sent
        while time.monotonic() < began + seconds:
            next(steps)
        loop.learner.wait()
        took = time.monotonic() - began
        memory = psutil.Process(loop.actors.pids[0]).memory_full_info()
        return {
            "steps_per_second": round((loop.step - step) / took, 1),
            "updates_per_second": round((loop.learner.updates - updates) / took, 1),
            "bytes_per_step": round((loop.actors.bytes_sent - sent) / max(loop.step - step, 1), 1),
            "rss_mib": round(memory.rss / MIB, 1),
            "pss_mib": round(memory.pss / MIB, 1),
            "uss_mib": round(memory.uss / MIB, 1),
        }
    finally:
        loop.close()


def in_this_process(game: Game, settings: Settings, seconds: float) -> float:
    """Steps/s of an ActorProcess whose batches go nowhere."""
    shape = GameShape(
        game.frame_shape, game.frame_dtype.str, game.stack, game.observation_shape, tuple(game.action_names)
    )
    weights = initial_weights(settings.network, shape.observation_shape, shape.n_actions, 0)
    actor = ActorProcess(settings.to_json(), shape, 0, Nowhere())
    batch = settings.cluster.batch
    actor.play(0, batch, 0.1, 0, weights)
    began, steps = time.monotonic(), 0
    while time.monotonic() < began + seconds:
        steps += actor.play(steps, batch, 0.1, 0, weights).steps
    return steps / (time.monotonic() - began)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--games", nargs="+", default=["CartPole-v1", "ALE/Pong-v5"], metavar="GAME")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (default: 10)")
    parser.add_argument("--senders", nargs="+", type=int, default=[1, 2, 4], help="actors that send a recorded batch")
    options = parser.parse_args(arguments)
    load = psutil.getloadavg()[0]
    print(json.dumps({**describe(), "load": round(load, 1)}), flush=True)
    for name in options.games:
        # Nothing is learned: the actor alone is measured.
        alone = settings_of(name, 1, **{"learning.train_every": 100_000})
        game = make(alone.game, alone.environment)
        try:
            tell("local", name, steps_per_second=round(in_this_process(game, alone, options.seconds), 1))
            tell("actor", name, **through_ray(game, alone, options.seconds))
            for senders in options.senders:
                for kind, more in (("replay alone", {"learning.train_every": 100_000}), ("with learning", {})):
                    found = through_ray(game, settings_of(name, senders, **more), options.seconds, Recording)
                    rates = {key: found[key] for key in ("steps_per_second", "updates_per_second", "bytes_per_step")}
                    tell(f"intake, {kind}", name, senders=senders, **rates)
        finally:
            game.close()


if __name__ == "__main__":
    main()
