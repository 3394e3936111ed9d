"""Training with actors on a real, local Ray: it learns, survives, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from arcade_dqn.config import Settings, build
from arcade_dqn.games.game import Game
from arcade_dqn.games.make import make
from arcade_dqn.learning.learner import Learner
from arcade_dqn.link.process import Child, dummy_sdl
from arcade_dqn.storage.run_dir import RunDir

pytest.importorskip("ray", reason='needs Ray: pip install "arcade-dqn[cluster]"')

from arcade_dqn.cluster import actor_pool
from arcade_dqn.cluster.actor_pool import RemoteActor
from arcade_dqn.cluster.actor_process import Report
from arcade_dqn.cluster.loop import ClusterLoop
from arcade_dqn.cluster.ray_session import short_temporary_folder
from arcade_dqn.training.run import Run

LONG = pytest.mark.skipif(os.environ.get("FAULTS") != "long", reason="takes minutes: FAULTS=long")
pytestmark = pytest.mark.usefixtures("may_use_learners")
PATIENCE = 120.0
"""Seconds that a busy machine may take for what takes a few."""


def settings(**overrides: Any) -> Settings:
    short = {
        "cluster.actors": 2,
        "cluster.batch": 64,
        "replay.learning_start": 200,
        "run.steps": 3_000,
        "run.checkpoint_every": 0,
        "run.keep_stages": 0,
        "evaluation.every": 0,
        "evaluation.final_episodes": 2,
    }
    return build("CartPole-v1", "cartpole", {**short, **overrides})


def left_behind(pid: int) -> list[Path]:
    """The folders of a local Ray that the process `pid` started."""
    return list(short_temporary_folder().glob(f"adq-{pid}-*"))


def descendants(pid: int) -> list[psutil.Process]:
    """Every process that `pid` started, Ray's among them."""
    found = psutil.Process(pid).children(recursive=True)
    names = [one.name() for one in found]
    assert any("raylet" in name for name in names) and any("gcs_server" in name for name in names), names
    return found


def test_a_run_with_actors_learns_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anneal, shares = Learner.anneal, []

    def annealed(learner: Learner, share: float) -> None:
        shares.append(share)
        anneal(learner, share)

    monkeypatch.setattr(Learner, "anneal", annealed)
    loops: list[ClusterLoop] = []
    events: list[dict[str, Any]] = []
    modules: list[list[str]] = []
    family: list[psutil.Process] = []
    addresses: set[str] = set()

    def make_loop(chosen: Settings, games: Sequence[Game]) -> ClusterLoop:
        loops.append(ClusterLoop(chosen, games))
        return loops[-1]

    def look(event: dict[str, Any]) -> None:
        events.append(event)
        if event["event"] == "cluster" and event["step"] and not modules:
            modules.extend(loops[0].actors.modules())
            family.extend(descendants(os.getpid()))
            for process in family:
                addresses.update(
                    one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN
                )

    before = signal.getsignal(signal.SIGTERM)
    # Slowly enough that there is time to look.
    chosen = settings(**{"run.steps": 9_000, "run.speed_limit": 3_000.0, "learning.anneal_to": 0.25})
    result = Run(RunDir.create(tmp_path, chosen), look, make_loop=make_loop).execute()

    assert (result.reason, result.steps) == ("steps", 9_000)
    assert result.model is not None and result.model.exists()
    assert loops[0].learner.updates >= 8_000, "about one for each step once the shard held enough"
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.9 and 0.25 <= shares[-1] < 0.35
    figures = next(event for event in reversed(events) if event["event"] == "cluster")
    assert (figures["actors"], len(figures["steps_per_second"]), len(figures["shards"])) == (2, 2, 1)
    assert figures["restarts"] == figures["lost_transitions"] == 0
    assert len(modules) == 2
    for loaded in modules:
        assert "arcade_dqn.acting.policy" in loaded
        assert not {"tensorflow", "keras", "textual", "pygame.display"} & set(loaded)
    assert addresses and addresses <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}, "only this machine can reach them"
    gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert gone and not alive
    assert left_behind(os.getpid()) == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_killed_actors_and_a_killed_shard_cost_only_what_they_held(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO", "arcade_dqn.cluster.ray_session")
    chosen = settings(**{"cluster.shards": 2, "run.steps": 6_000})
    game = make(chosen.game, chosen.environment)
    loop = ClusterLoop(chosen, [game])
    try:
        loop.actors.modules()  # answered when both actors are up; one alone might play everything
        deadline = time.monotonic() + PATIENCE
        actors: list[psutil.Process] = []
        killed = False
        updates = 0
        kill_at = 0.0
        for step in loop.steps():
            assert time.monotonic() < deadline, loop.lost
            if step.step >= 1_500 and not actors:
                actors = [one for one in descendants(os.getpid()) if one.name().startswith("ray::RemoteActor")]
                for one in actors:
                    one.suspend()
                kill_at = time.monotonic() + 1.0
            # By then all that they had answered is heard, and what they are asked for is lost with them.
            if actors and not killed and time.monotonic() >= kill_at and all(loop.actors.calls.of(i) for i in range(2)):
                killed, updates = True, loop.learner.updates
                shards = [one for one in descendants(os.getpid()) if one.name().startswith("ray::Shard")]
                for one in (*actors, shards[0]):
                    one.kill()
        assert killed and len(actors) == 2 and loop.step == 6_000
        assert loop.learner.updates > updates > 0, "it learned before and after"
        lost = loop.lost
        assert lost.restarts == 3, "both actors and the shard"
        assert lost.batches >= 2 and lost.steps >= 2
        assert lost.transitions > 0, "what the shard held"
        news = loop.news() + loop.news()
        figures = next(event for event in news if event["event"] == "cluster")
        assert figures["lost_transitions"] == lost.transitions
        (told,) = (event["message"] for event in news if event["event"] == "warning")
        assert told.startswith("an actor or a shard of the replay buffer ended, and is started again")
        # What Ray itself says of it comes a moment later.
        while not any("died or was killed" in record.message for record in caplog.records):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        printed = capfd.readouterr()
        assert "died or was killed" not in printed.out + printed.err and "raylet" not in printed.out + printed.err
    finally:
        loop.close()
        game.close()


def test_an_actor_that_hangs_is_started_again_and_a_pause_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = tmp_path / "hung"

    class HangsOnce(RemoteActor):
        def play(self, at: int, *more: Any) -> Report:
            if at >= 1_000 and self._number == 1 and not hung.exists():
                hung.touch()
                time.sleep(1_000)
            return super().play(at, *more)

    monkeypatch.setattr(actor_pool, "_HUNG", 5.0)
    chosen = settings(**{"run.steps": 4_000, "cluster.max_weight_age": 300})
    game = make(chosen.game, chosen.environment)
    loop = ClusterLoop(chosen, [game], actor=HangsOnce)
    try:
        deadline = time.monotonic() + PATIENCE
        paused = False
        for step in loop.steps():
            assert time.monotonic() < deadline
            if step.step >= 500 and not paused:
                paused = True
                time.sleep(6.0)
            # Nobody is asked for more once two batches of each actor are owed for, and two more may be on their way.
            assert loop.gradient_steps.owed <= (2 + 2) * 2 * 64, "actors that are ahead wait"
            newest = loop.learner.updates
            assert newest - loop.actors.calls.oldest_version(newest) <= 300, (
                "weights older than that are not played with"
            )
            if not hung.exists():
                assert loop.lost.restarts == 0
        assert (loop.step, paused, hung.exists()) == (4_000, True, True)
        assert loop.lost.restarts == 1
    finally:
        loop.close()
        game.close()


def test_a_killed_learner_leaves_no_orphans_and_its_run_goes_on(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "runs", settings(**{"run.steps": 1_000_000, "run.checkpoint_every": 1_000}))

    def start() -> Child:
        return Child.start("arcade_dqn.cluster", [str(run.path)], tmp_path / "log", environment=dummy_sdl())

    waiting: deque[dict[str, Any]] = deque()

    def wait_for(child: Child, kind: str) -> dict[str, Any]:
        """The next event of that kind; those before it are passed over, those after it wait."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            waiting.extend(child.events(timeout=0.5))
            while waiting:
                event = waiting.popleft()
                if event["event"] == kind:
                    return event
            assert not child.finished, child.explain_exit()
        raise AssertionError(f"no {kind} came")

    first = start()
    saved = wait_for(first, "checkpoint")["step"]
    # Ray's agents look once a minute whether their machine's Ray still lives.
    family = [one for one in descendants(first.pid) if not one.name().endswith("Agent")]
    assert len(family) >= 5, "two actors, a shard, and what Ray needs for them"
    os.kill(first.pid, signal.SIGKILL)
    assert psutil.wait_procs(family, timeout=PATIENCE)[1] == []
    assert first.stop(PATIENCE) == -signal.SIGKILL

    waiting.clear()
    second = start()
    try:
        assert wait_for(second, "started")["step"] >= saved
        assert "fills up anew" in wait_for(second, "warning")["message"]
        assert left_behind(first.pid) == [], "the next run clears up"
        wait_for(second, "checkpoint")
        family = descendants(second.pid)
        os.kill(second.pid, signal.SIGTERM)
        assert wait_for(second, "ended")["reason"] == "interrupted"
        assert psutil.wait_procs(family, timeout=PATIENCE)[1] == []
        assert second.stop(PATIENCE) == 130
        assert left_behind(second.pid) == []
    finally:
        second.stop(5.0)


@LONG
def test_random_kills_of_actors_and_shards_and_cartpole_is_solved(tmp_path: Path) -> None:
    chance = random.Random(7)
    # Slowly, or it would be solved before enough has been killed.
    slow = {"cluster.actors": 2, "cluster.shards": 2, "run.steps": 100_000, "run.speed_limit": 250.0}
    chosen = build("CartPole-v1", "cartpole", slow)
    killed: list[str] = []
    told: list[dict[str, Any]] = []
    next_kill = 0.0

    def look(event: dict[str, Any]) -> None:
        nonlocal next_kill
        if event["event"] != "cluster" or not event["step"]:
            return
        told.append(event)
        now = time.monotonic()
        if now >= next_kill and len(killed) < 20:
            next_kill = now + chance.uniform(1.0, 3.0)
            kinds = ("ray::RemoteActor", "ray::Shard")
            victims = [one for one in descendants(os.getpid()) if one.name().startswith(kinds)]
            if victims:
                victim = chance.choice(victims)
                killed.append(victim.name())
                victim.kill()

    result = Run(RunDir.create(tmp_path, chosen), look, make_loop=ClusterLoop).execute()
    assert len(killed) >= 10 and {name.partition(".")[0] for name in killed} >= {"ray::RemoteActor", "ray::Shard"}, (
        killed
    )
    # Two kills of one program within a moment may count as one; the last one may not be noticed yet.
    assert len(killed) // 2 <= told[-1]["restarts"] <= len(killed)
    assert told[-1]["lost_transitions"] > 0
    assert result.evaluation is not None and result.evaluation.mean >= 475
    print({"kills": killed, **{name: told[-1][name] for name in ("restarts", "lost_steps", "lost_transitions")}})


@LONG
def test_a_node_dies_and_cartpole_is_solved(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    try:
        node = cluster.add_node(num_cpus=2)
        chosen = build("CartPole-v1", "cartpole", {"cluster.actors": 2, "cluster.shards": 2})
        events: list[dict[str, Any]] = []

        def look(event: dict[str, Any]) -> None:
            nonlocal node
            events.append(event)
            if event["event"] == "cluster" and event["step"] > 8_000 and node is not None:
                cluster.remove_node(node, allow_graceful=False)
                node = None
                cluster.add_node(num_cpus=2)

        result = Run(
            RunDir.create(tmp_path, chosen), look, make_loop=lambda s, g: ClusterLoop(s, g, cluster.address)
        ).execute()
        assert node is None
        figures = next(event for event in reversed(events) if event["event"] == "cluster")
        assert figures["restarts"] > 0
        assert result.evaluation is not None and result.evaluation.mean >= 475
    finally:
        cluster.shutdown()
