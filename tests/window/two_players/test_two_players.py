"""Two at the same game: rounds, their count, and commands for both."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.errors import UsageError
from arcade_dqn.games.find import find
from arcade_dqn.stage.source import SavedModel
from arcade_dqn.storage.model_file import load_model, save_model
from arcade_dqn.window.choose import make_session, what_to_show
from arcade_dqn.window.describe import describe
from arcade_dqn.window.options import Options, parse
from arcade_dqn.window.panel.painter import Painter
from arcade_dqn.window.session import Session
from arcade_dqn.window.two_players.describe import describe_two_players
from arcade_dqn.window.two_players.hud import TwoPlayersHud
from arcade_dqn.window.two_players.rounds import ROUND_SECONDS, TwoPlayers, check_same_game, other_rules
from arcade_dqn.window.two_players.state import TwoPlayersState

FPS = 50
LEFT_ONLY = {"q/kernel": np.zeros((4, 2), np.float32), "q/bias": np.array([1, 0], np.float32)}


@pytest.fixture(scope="module")
def loser(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of CartPole that always pushes to the left, and falls within a dozen steps."""
    path = tmp_path_factory.mktemp("loser") / "left.safetensors"
    save_model(path, replace(load_model(model)[0], title="lefty"), LEFT_ONLY)
    return path


@pytest.fixture
def pairs() -> Iterator[Callable[..., TwoPlayers]]:
    made: list[TwoPlayers] = []

    def make_pair(left: Path, right: Path, **options: bool) -> TwoPlayers:
        sources = SavedModel(left), SavedModel(right)
        one = Session(sources[0].make_game(), sources[0], seed=4, **options)
        both = TwoPlayers(one, Session(sources[1].make_game(), sources[1], seed=4))
        made.append(both)
        return both

    yield make_pair
    for both in made:
        both.close()


def steps(both: TwoPlayers) -> tuple[int, int]:
    left, right = (session.scene.step if session.scene else -1 for session in both.sessions)
    return left, right


def play(both: TwoPlayers, until: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if until():
            return
        both.advance(1 / FPS, budget=None)
    raise AssertionError("it did not come to that")


def test_both_begin_the_same_episode_and_go_in_step(model: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(model, model)
    both.advance(0.0)
    left, right = both.sessions
    assert left.scene is not None and right.scene is not None
    np.testing.assert_array_equal(left.scene.newest, right.scene.newest)
    for _ in range(20):
        both.advance(1 / FPS, budget=None)
    assert steps(both)[0] == steps(both)[1] >= 19
    np.testing.assert_array_equal(left.scene.newest, right.scene.newest)


def test_who_is_through_waits_and_the_higher_return_wins(
    model: Path, loser: Path, pairs: Callable[..., TwoPlayers]
) -> None:
    both = pairs(model, loser)
    play(both, lambda: both.sessions[1].over)
    fallen = steps(both)[1]
    for _ in range(2 * FPS):
        both.advance(1 / FPS, budget=None)
    assert steps(both)[1] == fallen
    assert steps(both)[0] > fallen + FPS
    state = describe_two_players(both)
    assert [side.waits for side in state.sides] == [False, True]
    assert (state.round, state.rounds, state.sides[0].mean) == (1, (), None)
    play(both, lambda: bool(both.rounds))
    assert both.episodes == 0, "its end is still on the screen"
    state = describe_two_players(both)
    assert state.rounds == ((500.0, float(fallen)),)
    assert [(side.name, side.won, side.mean) for side in state.sides] == [("balance", 1, 500.0), ("lefty", 0, fallen)]
    assert state.message == f"balance wins, 500 to {fallen}"
    for _ in range(round(ROUND_SECONDS * FPS) - 2):
        both.advance(1 / FPS, budget=None)
    assert describe_two_players(both).round == 1
    play(both, lambda: describe_two_players(both).round == 2)
    left, right = both.sessions
    assert left.scene is not None and right.scene is not None
    assert both.episodes == 1
    assert left.scene.step <= 1
    assert describe(left).episode == describe(right).episode == 2


def test_equal_returns_are_a_draw(loser: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(loser, loser)
    play(both, lambda: bool(both.rounds))
    state = describe_two_players(both)
    assert (state.drawn, [side.won for side in state.sides]) == (1, [0, 0])
    assert "a draw" in state.message
    assert [side.name for side in state.sides] == ["Left: lefty", "Right: lefty"]


def test_commands_act_on_both(model: Path, loser: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(model, loser)
    both.advance(0.04)
    both.do("pause")
    both.advance(1.0)
    before = steps(both)
    both.do("step")
    assert steps(both) == (before[0] + 1, before[1] + 1)
    assert describe_two_players(both).mode == "PAUSED"
    both.do("pause")
    both.do("faster")
    assert [session.speed for session in both.sessions] == [2.0, 2.0]
    assert describe_two_players(both).speed == "2x"
    both.do("greedy")
    assert all(session.greedy for session in both.sessions)
    both.do("chances")
    assert [side.hud.view.name for side in describe_two_players(both).sides] == ["chances", "chances"]
    both.do("next_view")
    assert [side.hud.view.name for side in describe_two_players(both).sides] == ["inputs", "inputs"]
    both.do("help")
    assert describe_two_players(both).help != ()


def test_restart_begins_the_round_again_also_for_the_one_who_is_through(
    model: Path, loser: Path, pairs: Callable[..., TwoPlayers]
) -> None:
    both = pairs(model, loser)
    play(both, lambda: both.sessions[1].over)
    both.do("restart")
    assert steps(both) == (0, 0)
    assert [describe(session).episode for session in both.sessions] == [1, 1]
    play(both, lambda: bool(both.rounds))
    both.do("restart")
    assert [describe(session).episode for session in both.sessions] == [2, 2]
    assert len(both.rounds) == 1


def test_paused_at_the_end_of_a_round_a_step_begins_the_next(loser: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(loser, loser)
    play(both, lambda: bool(both.rounds))
    both.do("pause")
    for _ in range(5 * FPS):
        both.advance(1 / FPS)
    assert describe_two_players(both).round == 1
    both.do("step")
    assert (describe_two_players(both).round, steps(both)) == (2, (0, 0))


def test_rounds_go_by_at_unlimited_speed(loser: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(loser, loser)
    for session in both.sessions:
        session.speed = math.inf
    for _ in range(40):
        both.advance(1 / 60)
    assert len(both.rounds) >= 10
    assert all(mine == other for mine, other in both.rounds)


def test_the_agent_begins_with_the_person(model: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(model, model, person=True)
    for _ in range(FPS):
        both.advance(1 / FPS, budget=None)
    assert steps(both) == (0, 0)
    state = describe_two_players(both)
    assert state.mode == "HUMAN"
    assert state.sides[0].name == "You"
    assert "Press a key" in state.message
    both.held = {"left"}
    both.press("left")
    play(both, lambda: both.sessions[0].over)
    fallen = steps(both)
    assert fallen[0] > 5
    assert abs(fallen[0] - fallen[1]) <= 1
    both.press("left")
    for _ in range(FPS):
        both.advance(1 / FPS, budget=None)
    assert steps(both)[0] == fallen[0], "the next round begins when the agent is through as well"
    assert steps(both)[1] > fallen[1]
    assert "Press a key" not in describe_two_players(both).message
    # Who waits is told how to wait less.
    assert describe_two_players(both).hints == ((("-", "+"), "speed"), (("R",), "this round again"), (("?",), "keys"))


def test_the_controls_are_the_left_ones(model: Path, pairs: Callable[..., TwoPlayers]) -> None:
    both = pairs(model, model)
    both.advance(0.1)
    assert not both.person
    both.do("pause")
    both.do("controls")
    assert [session.person for session in both.sessions] == [True, False]
    assert [session.paused for session in both.sessions] == [False, False]
    both.do("controls")
    assert not both.person


# --- what it looks like ---


@pytest.mark.parametrize("size", [(1280, 720), (760, 520), (320, 240), (1, 1), (3840, 2160)])
def test_two_players_are_drawn_in_every_size_and_view(
    size: tuple[int, int], model: Path, loser: Path, pairs: Callable[..., TwoPlayers]
) -> None:
    both = pairs(model, loser)
    surface, hud = pygame.Surface(size), TwoPlayersHud()
    hud.draw(surface, describe_two_players(both), (None, None))
    play(both, lambda: both.sessions[1].over)
    for view in ("q_values", "over_time", "returns", "chances", "inputs", "sees", "q_values", "q_values"):
        both.do(view)
        both.advance(1 / FPS)
        left, right = both.sessions
        hud.draw(surface, describe_two_players(both, 60, "0:03"), (left.picture, right.picture))


@pytest.mark.parametrize("size", [(1280, 720), (960, 540), (640, 480)])
def test_a_score_is_never_cut_off(
    size: tuple[int, int], model: Path, loser: Path, pairs: Callable[..., TwoPlayers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-1,3…` in place of `-1,312` says -1.3."""
    written: list[str] = []
    write = Painter.write

    def listen(painter: Painter, surface: pygame.Surface, text: str, *rest: Any, **options: Any) -> int:
        written.append(text)
        return write(painter, surface, text, *rest, **options)

    monkeypatch.setattr(Painter, "write", listen)
    seen = describe_two_players(pairs(model, loser))
    sides = tuple(
        replace(side, mean=mean, hud=replace(side.hud, episode_return=round))
        for side, mean, round in zip(seen.sides, (-1312.4, 264.1), (-999.9, -161.3), strict=True)
    )
    state = replace(seen, sides=sides, rounds=((279.9, -167.1), (-1200.0, -162.7), (293.6, -1048.0)))
    TwoPlayersHud().draw(pygame.Surface(size), state, (None, None))
    for score in ("-1,312", "264.1", "-999.9", "-161.3"):
        assert score in written
    (last,) = (text for text in written if text.startswith("last "))
    assert last.startswith("last 293.6 : -1,048") and "…" not in last


def test_drawing_two_players_part_by_part_gives_the_same_as_drawing_anew(
    model: Path, loser: Path, pairs: Callable[..., TwoPlayers]
) -> None:
    both = pairs(model, loser)
    surface, hud = pygame.Surface((1280, 720)), TwoPlayersHud()

    def check(state: TwoPlayersState) -> None:
        left, right = both.sessions
        pictures = left.picture, right.picture
        hud.draw(surface, state, pictures)
        fresh = pygame.Surface(surface.get_size())
        TwoPlayersHud().draw(fresh, state, pictures)
        assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(fresh, "RGB")

    for command in ("", "chances", "", "help", "", "help", "q_values", "over_time"):
        for _ in range(5):
            both.advance(1 / FPS, budget=None)
        if command:
            both.do(command)
        check(describe_two_players(both))
    play(both, lambda: both.sessions[1].over)
    check(describe_two_players(both, 60, "0:01"))
    play(both, lambda: bool(both.rounds))
    check(describe_two_players(both))
    assert hud.draw(surface, describe_two_players(both), tuple(session.picture for session in both.sessions)) == []  # type: ignore[arg-type]


# --- who may play whom ---


def test_different_games_are_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = SavedModel(model), SavedModel(model)
    check_same_game(one, other)
    other.info = find("Acrobot-v1")
    with pytest.raises(UsageError, match=r"balance plays CartPole-v1 and balance plays Acrobot-v1; .* the same game"):
        check_same_game(one, other)


def test_rules_that_matter_to_the_game_are_named() -> None:
    usual = EnvironmentSettings()
    atari, cartpole = find("ALE/Pong-v5"), find("CartPole-v1")
    calm = usual.model_copy(update={"sticky_actions": 0.0})
    assert other_rules(atari, usual, calm) == "not quite the same game: sticky_actions 0.25 and 0"
    assert other_rules(cartpole, usual, calm) == ""
    short = usual.model_copy(update={"max_episode_steps": 9})
    assert "max_episode_steps 0 and 9" in other_rules(cartpole, usual, short)
    assert other_rules(atari, usual, usual.model_copy(update={"frame_size": 42})) == ""


def options(*argv: str, runs: Path) -> Options:
    return parse([*argv, "--runs-dir", str(runs), "--seed", "1"])


def test_arguments_become_one_session_two_or_a_person_alone(model: Path, loser: Path, tmp_path: Path) -> None:
    def made(*argv: str) -> Session | TwoPlayers:
        chosen = options(*argv, runs=tmp_path)
        sources = what_to_show(chosen)
        info = sources[0].info if sources else find(chosen.play)
        session = make_session(sources, info, chosen)
        session.close()
        return session

    one = made(str(model))
    assert isinstance(one, Session) and not one.person
    two = made(str(model), "--beside", str(loser))
    assert isinstance(two, TwoPlayers)
    assert [session.source.title for session in two.sessions if session.source] == ["balance", "lefty"]
    person = made("--play", "CartPole-v1")
    assert isinstance(person, TwoPlayers) and person.person
    assert person.sessions[0].source is not None, "the person sees what the saved agent would do"
    # No agent of this one is saved, or will be: it is not among the games that are listed.
    alone = made("--play", "ALE/Boxing-v5")
    assert isinstance(alone, Session) and alone.person and alone.source is None


def test_two_steps_of_one_run_are_told_apart(model: Path, pairs: Callable[..., TwoPlayers], tmp_path: Path) -> None:
    info, weights = load_model(model)
    for name, steps_trained in (("before", 0), ("after", 120_000)):
        training = replace(info.training, steps=steps_trained)
        save_model(tmp_path / f"{name}.safetensors", replace(info, training=training, evaluation=None), weights)
    both = pairs(tmp_path / "before.safetensors", tmp_path / "after.safetensors")
    both.advance(0.1)
    assert [side.kind for side in describe_two_players(both).sides] == ["untrained", "120,000 steps"]
