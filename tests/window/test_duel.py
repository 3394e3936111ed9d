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
from arcade_dqn.games.catalog import find
from arcade_dqn.stage.source import SavedModel
from arcade_dqn.storage.model_file import load_model, save_model
from arcade_dqn.window.choose import make_show, what_to_show
from arcade_dqn.window.duel import ROUND_SECONDS, Duel, check_same_game, other_rules
from arcade_dqn.window.duel_hud import DuelHud
from arcade_dqn.window.ink import Ink
from arcade_dqn.window.main import Options, parse
from arcade_dqn.window.show import Show
from arcade_dqn.window.view import DuelView

FPS = 50
LEFT_ONLY = {"q/kernel": np.zeros((4, 2), np.float32), "q/bias": np.array([1, 0], np.float32)}


@pytest.fixture(scope="module")
def loser(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of CartPole that always pushes to the left, and falls within a dozen steps."""
    path = tmp_path_factory.mktemp("loser") / "left.safetensors"
    save_model(path, replace(load_model(model)[0], title="lefty"), LEFT_ONLY)
    return path


@pytest.fixture
def duels() -> Iterator[Callable[..., Duel]]:
    made: list[Duel] = []

    def make_duel(left: Path, right: Path, **options: bool) -> Duel:
        sources = SavedModel(left), SavedModel(right)
        one = Show(sources[0].make_game(), sources[0], seed=4, **options)
        duel = Duel(one, Show(sources[1].make_game(), sources[1], seed=4))
        made.append(duel)
        return duel

    yield make_duel
    for duel in made:
        duel.close()


def steps(duel: Duel) -> tuple[int, int]:
    left, right = (show.scene.step if show.scene else -1 for show in duel.shows)
    return left, right


def play(duel: Duel, until: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if until():
            return
        duel.advance(1 / FPS, budget=None)
    raise AssertionError("it did not come to that")


def test_both_begin_the_same_episode_and_go_in_step(model: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(model, model)
    duel.advance(0.0)
    left, right = duel.shows
    assert left.scene is not None and right.scene is not None
    np.testing.assert_array_equal(left.scene.newest, right.scene.newest)
    for _ in range(20):
        duel.advance(1 / FPS, budget=None)
    assert steps(duel)[0] == steps(duel)[1] >= 19
    np.testing.assert_array_equal(left.scene.newest, right.scene.newest)


def test_who_is_through_waits_and_the_higher_return_wins(model: Path, loser: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(model, loser)
    play(duel, lambda: duel.shows[1].over)
    fallen = steps(duel)[1]
    for _ in range(2 * FPS):
        duel.advance(1 / FPS, budget=None)
    assert steps(duel)[1] == fallen
    assert steps(duel)[0] > fallen + FPS
    view = duel.view()
    assert [side.waits for side in view.sides] == [False, True]
    assert (view.round, view.rounds, view.sides[0].mean) == (1, (), None)
    play(duel, lambda: bool(duel.rounds))
    assert duel.episodes == 0, "its end is still on the screen"
    view = duel.view()
    assert view.rounds == ((500.0, float(fallen)),)
    assert [(side.name, side.won, side.mean) for side in view.sides] == [("balance", 1, 500.0), ("lefty", 0, fallen)]
    assert view.message == f"balance wins, 500 to {fallen}"
    for _ in range(round(ROUND_SECONDS * FPS) - 2):
        duel.advance(1 / FPS, budget=None)
    assert duel.view().round == 1
    play(duel, lambda: duel.view().round == 2)
    left, right = duel.shows
    assert left.scene is not None and right.scene is not None
    assert duel.episodes == 1
    assert left.scene.step <= 1
    assert left.view().episode == right.view().episode == 2


def test_equal_returns_are_a_draw(loser: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(loser, loser)
    play(duel, lambda: bool(duel.rounds))
    view = duel.view()
    assert (view.drawn, [side.won for side in view.sides]) == (1, [0, 0])
    assert "a draw" in view.message
    assert [side.name for side in view.sides] == ["Left: lefty", "Right: lefty"]


def test_commands_act_on_both(model: Path, loser: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(model, loser)
    duel.advance(0.04)
    duel.do("pause")
    duel.advance(1.0)
    before = steps(duel)
    duel.do("step")
    assert steps(duel) == (before[0] + 1, before[1] + 1)
    assert duel.view().state == "PAUSED"
    duel.do("pause")
    duel.do("faster")
    assert [show.speed for show in duel.shows] == [2.0, 2.0]
    assert duel.view().speed == "2x"
    duel.do("greedy")
    assert all(show.greedy for show in duel.shows)
    duel.do("chances")
    assert [side.view.look.name for side in duel.view().sides] == ["chances", "chances"]
    duel.do("next_look")
    assert [side.view.look.name for side in duel.view().sides] == ["inputs", "inputs"]
    duel.do("help")
    assert duel.view().help != ()


def test_restart_begins_the_round_again_also_for_the_one_who_is_through(
    model: Path, loser: Path, duels: Callable[..., Duel]
) -> None:
    duel = duels(model, loser)
    play(duel, lambda: duel.shows[1].over)
    duel.do("restart")
    assert steps(duel) == (0, 0)
    assert [show.view().episode for show in duel.shows] == [1, 1]
    play(duel, lambda: bool(duel.rounds))
    duel.do("restart")
    assert [show.view().episode for show in duel.shows] == [2, 2]
    assert len(duel.rounds) == 1


def test_paused_at_the_end_of_a_round_a_step_begins_the_next(loser: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(loser, loser)
    play(duel, lambda: bool(duel.rounds))
    duel.do("pause")
    for _ in range(5 * FPS):
        duel.advance(1 / FPS)
    assert duel.view().round == 1
    duel.do("step")
    assert (duel.view().round, steps(duel)) == (2, (0, 0))


def test_rounds_go_by_at_unlimited_speed(loser: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(loser, loser)
    for show in duel.shows:
        show.speed = math.inf
    for _ in range(40):
        duel.advance(1 / 60)
    assert len(duel.rounds) >= 10
    assert all(mine == other for mine, other in duel.rounds)


def test_the_agent_begins_with_the_person(model: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(model, model, person=True)
    for _ in range(FPS):
        duel.advance(1 / FPS, budget=None)
    assert steps(duel) == (0, 0)
    view = duel.view()
    assert view.state == "HUMAN"
    assert view.sides[0].name == "You"
    assert "Press a key" in view.message
    duel.held = {"left"}
    duel.press("left")
    play(duel, lambda: duel.shows[0].over)
    fallen = steps(duel)
    assert fallen[0] > 5
    assert abs(fallen[0] - fallen[1]) <= 1
    duel.press("left")
    for _ in range(FPS):
        duel.advance(1 / FPS, budget=None)
    assert steps(duel)[0] == fallen[0], "the next round begins when the agent is through as well"
    assert steps(duel)[1] > fallen[1]
    assert "Press a key" not in duel.view().message
    # Who waits is told how to wait less.
    assert duel.view().hints == ((("-", "+"), "speed"), (("R",), "this round again"), (("?",), "keys"))


def test_the_controls_are_the_left_ones(model: Path, duels: Callable[..., Duel]) -> None:
    duel = duels(model, model)
    duel.advance(0.1)
    assert not duel.person
    duel.do("pause")
    duel.do("controls")
    assert [show.person for show in duel.shows] == [True, False]
    assert [show.paused for show in duel.shows] == [False, False]
    duel.do("controls")
    assert not duel.person


# --- what it looks like ---


@pytest.mark.parametrize("size", [(1280, 720), (760, 520), (320, 240), (1, 1), (3840, 2160)])
def test_a_duel_is_drawn_in_every_size_and_view(
    size: tuple[int, int], model: Path, loser: Path, duels: Callable[..., Duel]
) -> None:
    duel = duels(model, loser)
    surface, hud = pygame.Surface(size), DuelHud()
    hud.draw(surface, duel.view(), (None, None))
    play(duel, lambda: duel.shows[1].over)
    for look in ("q_values", "over_time", "returns", "chances", "inputs", "sees", "q_values", "q_values"):
        duel.do(look)
        duel.advance(1 / FPS)
        left, right = duel.shows
        hud.draw(surface, duel.view(60, "0:03"), (left.picture, right.picture))


@pytest.mark.parametrize("size", [(1280, 720), (960, 540), (640, 480)])
def test_a_score_is_never_cut_off(
    size: tuple[int, int], model: Path, loser: Path, duels: Callable[..., Duel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-1,3…` in place of `-1,312` says -1.3."""
    written: list[str] = []
    write = Ink.write

    def listen(ink: Ink, surface: pygame.Surface, text: str, *rest: Any, **options: Any) -> int:
        written.append(text)
        return write(ink, surface, text, *rest, **options)

    monkeypatch.setattr(Ink, "write", listen)
    seen = duels(model, loser).view()
    sides = tuple(
        replace(side, mean=mean, view=replace(side.view, episode_return=round))
        for side, mean, round in zip(seen.sides, (-1312.4, 264.1), (-999.9, -161.3), strict=True)
    )
    view = replace(seen, sides=sides, rounds=((279.9, -167.1), (-1200.0, -162.7), (293.6, -1048.0)))
    DuelHud().draw(pygame.Surface(size), view, (None, None))
    for score in ("-1,312", "264.1", "-999.9", "-161.3"):
        assert score in written
    (last,) = (text for text in written if text.startswith("last "))
    assert last.startswith("last 293.6 : -1,048") and "…" not in last


def test_drawing_a_duel_part_by_part_gives_the_same_as_drawing_anew(
    model: Path, loser: Path, duels: Callable[..., Duel]
) -> None:
    duel = duels(model, loser)
    surface, hud = pygame.Surface((1280, 720)), DuelHud()

    def check(view: DuelView) -> None:
        left, right = duel.shows
        pictures = left.picture, right.picture
        hud.draw(surface, view, pictures)
        fresh = pygame.Surface(surface.get_size())
        DuelHud().draw(fresh, view, pictures)
        assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(fresh, "RGB")

    for command in ("", "chances", "", "help", "", "help", "q_values", "over_time"):
        for _ in range(5):
            duel.advance(1 / FPS, budget=None)
        if command:
            duel.do(command)
        check(duel.view())
    play(duel, lambda: duel.shows[1].over)
    check(duel.view(60, "0:01"))
    play(duel, lambda: bool(duel.rounds))
    check(duel.view())
    assert hud.draw(surface, duel.view(), tuple(show.picture for show in duel.shows)) == []  # type: ignore[arg-type]


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


def test_arguments_become_a_show_a_duel_or_a_person_alone(model: Path, loser: Path, tmp_path: Path) -> None:
    def made(*argv: str) -> Show | Duel:
        chosen = options(*argv, runs=tmp_path)
        sources = what_to_show(chosen)
        info = sources[0].info if sources else find(chosen.play)
        show = make_show(sources, info, chosen)
        show.close()
        return show

    one = made(str(model))
    assert isinstance(one, Show) and not one.person
    two = made(str(model), "--beside", str(loser))
    assert isinstance(two, Duel)
    assert [show.source.title for show in two.shows if show.source] == ["balance", "lefty"]
    person = made("--play", "CartPole-v1")
    assert isinstance(person, Duel) and person.person
    assert person.shows[0].source is not None, "the person sees what the saved agent would do"
    # No agent of this one is saved, or will be: it is not among the games that are listed.
    alone = made("--play", "ALE/Boxing-v5")
    assert isinstance(alone, Show) and alone.person and alone.source is None


def test_two_steps_of_one_run_are_told_apart(model: Path, duels: Callable[..., Duel], tmp_path: Path) -> None:
    info, weights = load_model(model)
    for name, steps_trained in (("before", 0), ("after", 120_000)):
        training = replace(info.training, steps=steps_trained)
        save_model(tmp_path / f"{name}.safetensors", replace(info, training=training, evaluation=None), weights)
    duel = duels(tmp_path / "before.safetensors", tmp_path / "after.safetensors")
    duel.advance(0.1)
    assert [side.kind for side in duel.view().sides] == ["untrained", "120,000 steps"]
