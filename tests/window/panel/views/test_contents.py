"""What the views show, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.acting.policy import Policy
from arcade_dqn.config import NetworkSettings, build
from arcade_dqn.games.find import find
from arcade_dqn.games.make import make
from arcade_dqn.stage.player import Player, Scene
from arcade_dqn.window.describe import describe
from arcade_dqn.window.panel.views.contents import MOST_BARS, VIEWS, AgentViews
from arcade_dqn.window.session import Session

Playing = Callable[..., tuple[Player, AgentViews]]


@pytest.fixture
def playing() -> Iterator[Playing]:
    """A player of a game with an untrained agent, and the views into it."""
    players: list[Player] = []

    def make_player(game_id: str, **network: Any) -> tuple[Player, AgentViews]:
        info = find(game_id)
        settings = build(info.id, info.preset)
        game = make(info, settings.environment, render=True)
        chosen = NetworkSettings.model_validate({**settings.network.model_dump(), "hidden": (16,), **network})
        weights = initial_weights(chosen, game.observation_shape, game.n_actions, seed=1)
        player = Player(game, Policy(chosen, game.observation_shape, game.n_actions, weights), seed=2)
        players.append(player)
        return player, AgentViews(game.info)

    yield make_player
    for player in players:
        player.close()


def step(player: Player, views: AgentViews, count: int = 1, seconds: float | None = None) -> Scene:
    for _ in range(count):
        scene = player.step()
        views.see(scene)
        views.work(player.policy, scene, seconds)
    return scene


def test_keys_open_views_and_go_back() -> None:
    views = AgentViews(find("CartPole-v1"))
    assert views.name == "q_values"
    views.choose("returns")
    assert views.name == "returns"
    views.choose("sees")
    assert views.name == "sees"
    views.choose("sees")
    assert views.name == "q_values"
    views.choose("q_values")
    assert views.name == ""
    seen = []
    for _ in VIEWS:
        views.next()
        seen.append(views.name)
    assert tuple(seen) == VIEWS


# --- distributions ---


@pytest.mark.parametrize(("head", "note"), [("c51", "51 atoms"), ("qr", "51 quantiles")])
def test_a_distributional_agent_shows_its_returns(playing: Playing, head: str, note: str) -> None:
    player, views = playing("CartPole-v1", head=head)
    views.choose("returns")
    view = views.view(player.policy, step(player, views), 0.0, None)
    assert (view.note, view.sentence) == (note, "")
    assert view.returns is not None
    assert len(view.returns.heights) == 2
    assert max(max(row) for row in view.returns.heights) == 1.0
    assert view.returns.low < view.returns.high


def test_an_agent_of_means_says_so(playing: Playing) -> None:
    player, views = playing("CartPole-v1")
    views.choose("returns")
    view = views.view(player.policy, step(player, views), 0.0, None)
    assert view.returns is None
    assert "learns only the mean" in view.sentence


# --- chances ---


def test_chances_are_epsilon_greedy(playing: Playing) -> None:
    player, views = playing("MinAtar/Breakout-v1")
    views.choose("chances")
    scene = step(player, views)
    view = views.view(player.policy, scene, 0.3, None)
    expected = [0.1, 0.1, 0.1]
    expected[scene.greedy_action] = 0.8
    assert view.chances == pytest.approx(expected)
    assert view.soft == ()
    assert "epsilon = 0.300" in view.sentence
    assert views.view(player.policy, scene, 0.0, None).chances[scene.greedy_action] == 1.0


def test_a_munchausen_agents_soft_policy(playing: Playing) -> None:
    player, views = playing("CartPole-v1")
    views.choose("chances")
    scene = replace(step(player, views), q_values=np.array([1.0, 1.0 + np.log(3) * 0.5], np.float32))
    view = views.view(player.policy, scene, 0.0, 0.5)
    assert view.soft == pytest.approx((0.25, 0.75), abs=1e-6)


# --- what moves the choice ---


def test_inputs_of_numbers_are_named_and_measured(playing: Playing) -> None:
    player, views = playing("CartPole-v1")
    views.choose("inputs")
    scene = step(player, views)
    assert "not seen enough" in views.view(player.policy, scene, 0.0, None).sentence
    scene = step(player, views, 8)
    view = views.view(player.policy, scene, 0.0, None)
    assert [bar.name for bar in view.bars] == ["cart position", "cart speed", "pole angle", "pole angular speed"]
    assert player.policy is not None
    action = player.policy.greedy(scene.newest)
    assert view.heading == f"WHAT MOVES Q OF {player.game.action_names[action].upper()}"
    typical = views._usual.deviation
    assert typical is not None
    for number, bar in enumerate(view.bars):
        more, less = scene.newest.copy(), scene.newest.copy()
        more[number] += typical[number]
        less[number] -= typical[number]
        q = player.policy.q_values(np.stack([more, less]))[:, action]
        assert bar.value == pytest.approx(float(q[0] - q[1]) / 2, abs=1e-5)
        assert bar.span[0] <= bar.value <= bar.span[1]


def test_inputs_of_cells_lie_over_the_picture(playing: Playing) -> None:
    player, views = playing("MinAtar/Breakout-v1")
    views.choose("inputs")
    scene = step(player, views, 3)
    view = views.view(player.policy, scene, 0.0, None)
    assert view.saliency is not None
    assert view.saliency.effects.shape == (10, 10)
    assert (view.saliency.covers, view.saliency.sharp, view.saliency.frame) == ((1.0, 1.0), True, None)
    # Nothing but what stands in a cell can matter there.
    assert not view.saliency.effects[~scene.newest.any(axis=2)].any()
    assert np.abs(view.saliency.effects).max() <= view.saliency.most
    assert view.saliency.effects.any()


def test_inputs_of_frames_are_found_a_piece_at_a_time(playing: Playing) -> None:
    player, views = playing("ALE/Pong-v5")
    views.choose("inputs")
    scene = step(player, views, 30, seconds=0.0)
    for _ in range(40):
        views.work(player.policy, scene, 0.0)
    view = views.view(player.policy, scene, 0.0, None)
    assert view.saliency is not None
    assert view.saliency.effects.shape == (14, 14)
    assert (view.saliency.covers, view.saliency.sharp) == ((1.0, 1.0), False)
    assert 0 < np.count_nonzero(view.saliency.effects) <= 48


def test_nothing_is_worked_on_while_the_view_is_closed(playing: Playing) -> None:
    player, views = playing("CartPole-v1")
    step(player, views, 5)
    assert views._finished is None


# --- what the agent sees ---


def test_the_agent_sees_numbers(playing: Playing) -> None:
    player, views = playing("CartPole-v1")
    views.choose("sees")
    scene = step(player, views, 4)
    view = views.view(player.policy, scene, 0.0, None)
    assert view.note == "4 numbers"
    assert [bar.value for bar in view.bars] == pytest.approx(scene.newest.tolist())
    assert all(bar.span[0] <= bar.value <= bar.span[1] for bar in view.bars)


def test_the_agent_sees_kinds_of_object(playing: Playing) -> None:
    player, views = playing("MinAtar/Breakout-v1")
    views.choose("sees")
    scene = step(player, views)
    view = views.view(player.policy, scene, 0.0, None)
    assert [tile.name for tile in view.tiles] == ["paddle", "ball", "trail", "brick"]
    for channel, tile in enumerate(view.tiles):
        np.testing.assert_array_equal(tile.picture > 0, scene.newest[:, :, channel])


def test_the_agent_sees_a_stack_of_frames(playing: Playing) -> None:
    player, views = playing("ALE/Pong-v5")
    views.choose("sees")
    scene = step(player, views, 5)
    view = views.view(player.policy, scene, 0.0, None)
    assert [tile.name for tile in view.tiles] == ["-3", "-2", "-1", "now"]
    np.testing.assert_array_equal(view.tiles[-1].picture, scene.newest[-1])
    assert view.note == "42 x 42 grey, 4 frames"


def test_of_very_many_numbers_the_first_and_the_strongest_are_shown() -> None:
    views = AgentViews(find("CartPole-v1"))
    network = NetworkSettings(hidden=())
    kernel = np.zeros((100, 2), np.float32)
    kernel[:, 0] = np.arange(100)
    policy = Policy(network, (100,), 2, {"q/kernel": kernel, "q/bias": np.array([1e3, 0], np.float32)})
    scene = Scene(
        np.zeros((1, 1, 3), np.uint8), (), np.zeros(100, np.float32), np.zeros(2, np.float32), 0, False, 0, 0.0, 1, 1,
        0.0, "", np.zeros(100, np.float32),
    )  # fmt: skip
    for value in (0.0, 1.0):
        views.see(replace(scene, newest=np.full(100, value, np.float32)))
    views.choose("inputs")
    views.work(policy, scene, None)
    view = views.view(policy, scene, 0.0, None)
    assert [bar.name for bar in view.bars] == [f"number {n + 1}" for n in range(100 - MOST_BARS, 100)]
    assert view.note == f"{100 - MOST_BARS} weaker ones not shown"
    views.choose("sees")
    view = views.view(policy, scene, 0.0, None)
    assert len(view.bars) == MOST_BARS
    assert view.note == f"100 numbers, the first {MOST_BARS}"


def test_without_an_agent_every_view_says_so(person: Session) -> None:
    person.held = {"left"}
    person.advance(0.1, budget=None)
    for name in ("over_time", "returns", "chances", "inputs"):
        person.do(name)
        assert "no agent yet" in describe(person).view.sentence
    person.do("sees")
    assert len(describe(person).view.bars) == 4


def test_a_view_stays_the_same_while_nothing_changes(playing: Playing) -> None:
    player, views = playing("MinAtar/Breakout-v1")
    for name in VIEWS:
        views.name = name
        scene = step(player, views)
        assert views.view(player.policy, scene, 0.1, None) is views.view(player.policy, scene, 0.1, None)
