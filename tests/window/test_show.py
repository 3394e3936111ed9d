from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from arcade_dqn.acting.layers import pack
from arcade_dqn.config import build
from arcade_dqn.link.board import Board, Status
from arcade_dqn.stage.source import LiveRun
from arcade_dqn.storage.atomic import StorageError
from arcade_dqn.storage.demonstrations import list_demonstrations, load_demonstration
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.window.show import HOLD_SECONDS, SPEEDS, Show

FPS = 50  # CartPole's own


def settle(show: Show) -> None:
    """A second and a half: longer than a poll, and than an episode's end is shown."""
    for _ in range(30):
        show.advance(0.05, budget=None)


def steps(show: Show) -> int:
    return show.scene.step if show.scene else -1


def test_steps_are_taken_at_the_games_own_speed(show: Show) -> None:
    show.advance(0.0)
    assert steps(show) == 0
    for _ in range(60):
        show.advance(1 / 60, budget=None)
    assert steps(show) in (49, 50)
    assert show.view().speed == "1x"


@pytest.mark.parametrize(("presses", "speed", "text"), [(1, 2.0, "2x"), (3, 8.0, "8x"), (9, math.inf, "max")])
def test_faster(show: Show, presses: int, speed: float, text: str) -> None:
    for _ in range(presses):
        show.do("faster")
    assert (show.speed, show.view().speed) == (speed, text)
    show.advance(0.5, budget=None)
    if math.isfinite(speed):
        assert steps(show) == 25 * speed


def test_slower(show: Show) -> None:
    for _ in range(9):
        show.do("slower")
    assert (show.speed, show.view().speed) == (SPEEDS[0], "1/8x")
    show.advance(1.0)
    assert steps(show) == 6  # 50 / 8 = 6.25


def test_a_paused_play_moves_only_step_by_step(show: Show) -> None:
    show.advance(0.1)
    show.do("step")
    assert steps(show) == 5, "a single step is for a paused play"
    show.do("pause")
    show.advance(1.0)
    assert (steps(show), show.state) == (5, "PAUSED")
    show.do("step")
    show.do("step")
    assert steps(show) == 7
    show.do("pause")
    show.advance(0.1)
    assert (steps(show), show.state) == (12, "DEMO")


def test_restart_begins_the_episode_again(show: Show) -> None:
    show.advance(0.5)
    show.do("restart")
    view = show.view()
    assert (steps(show), view.episode, view.episode_return, view.returns) == (0, 1, 0.0, ())


def test_the_last_picture_of_an_episode_stays_for_a_while(person: Show) -> None:
    person.held = {"left"}
    while not person.player.returns:
        person.advance(1 / FPS, budget=None)
    ended = steps(person)
    assert person.episodes == 0, "it has not been seen yet"
    person.advance(HOLD_SECONDS * 0.9)
    assert steps(person) == ended
    person.advance(HOLD_SECONDS * 0.2)
    person.advance(1 / FPS)
    assert person.episodes == 1
    assert steps(person) < ended
    view = person.view()
    assert (view.episode, view.best, view.returns) == (2, float(ended), (float(ended),))


def test_a_person_begins_with_a_key_and_plays_with_them(person: Show) -> None:
    person.advance(1.0)
    assert (steps(person), person.state) == (0, "HUMAN")
    assert "Press a key" in person.view().message
    person.held = {"right"}
    person.press("right")
    person.advance(0.1, budget=None)
    assert steps(person) in (5, 6)
    view = person.view()
    assert (view.action, view.chosen_by, view.q_values) == (1, "you", None)
    person.held = set()
    person.advance(0.1, budget=None)
    assert person.view().action == person.info.idle_action


def test_a_short_tap_between_two_frames_counts(person: Show) -> None:
    person.press("right")
    person.advance(0.0)
    assert person.view().action == 1


def test_the_controls_change_hands(show: Show) -> None:
    show.advance(0.1)
    show.do("controls")
    show.held = {"right"}
    show.advance(0.1)
    view = show.view()
    assert (view.state, view.action, view.chosen_by) == ("HUMAN", 1, "you")
    assert view.q_values is not None
    assert view.hints[0] == (("←",), "push left")
    show.do("controls")
    assert show.view().state == "DEMO"


def test_without_an_agent_nobody_takes_over(person: Show) -> None:
    person.do("controls")
    assert person.person
    assert "no saved agent" in person.view().message


def test_a_person_alone_sees_no_gauges_of_a_training(person: Show) -> None:
    view = person.view()
    assert view.gauges == ()
    assert view.subtitle == "no agent saved yet: you play alone"


def test_the_newest_thoughts_are_kept(show: Show) -> None:
    show.advance(0.1, budget=None)
    view = show.view()
    assert view.q_values is not None
    assert view.history[-1].q_values == view.q_values
    assert view.history[-1].value == max(view.q_values)
    assert not any(thought.explored for thought in view.history)


def test_an_episode_that_stands_alone_waits_at_its_end(person: Show) -> None:
    person.one_by_one = True
    person.held = {"left"}
    for _ in range(200):
        person.advance(1 / FPS, budget=None)
    ended = steps(person)
    assert person.over
    assert person.finished == 1
    person.begin(same=True)
    assert (steps(person), person.finished, person.over) == (0, 0, False)
    person.speed = math.inf
    person.advance(1.0)
    assert (steps(person), person.finished) == (ended, 1)
    assert person.scene is not None
    assert person.picture is person.scene.picture
    person.begin()
    assert person.view().episode == 2


def test_who_stands_for_another_takes_no_step(show: Show) -> None:
    show.stands = True
    show.advance(1.0)
    assert steps(show) == 0
    assert show.picture is not None
    show.stands = False
    show.advance(0.1, budget=None)
    assert steps(show) == 5


def test_a_message_goes_away(show: Show) -> None:
    show.say("hello")
    show.advance(2.9)
    assert show.view().message == "hello"
    show.advance(0.2)
    assert show.view().message == ""


def test_a_demos_view(show: Show) -> None:
    show.advance(0.1, budget=None)
    view = show.view(60)
    assert (view.state, view.title, view.subtitle, view.frame_rate) == ("DEMO", "CartPole", "model balance", 60)
    assert [(gauge.label, gauge.value, gauge.level) for gauge in view.gauges] == [
        ("TRAINED", "1,234 steps", None),
        ("REPLAY BUFFER", "not in use", None),
        ("EPSILON", "0.000", 0.0),
    ]
    assert view.action_names == ("push left", "push right")
    assert view.q_values is not None
    assert view.action == int(np.argmax(view.q_values))
    assert len(view.history) == 5
    low, high = view.q_range
    assert low <= min(0.0, *view.q_values)
    assert high >= max(view.q_values)


def test_the_pictures_between_two_steps_share_its_time(show: Show) -> None:
    import dataclasses

    show.advance(0.02)
    assert show.scene is not None
    between = tuple(np.full((1, 1, 3), value, np.uint8) for value in (1, 2, 3))
    show.scene = dataclasses.replace(show.scene, between=between)
    seen = []
    for _ in range(4):
        seen.append(show.picture)
        show.advance(1 / FPS / 4)
        if show.scene.between == ():
            break
    assert [int(picture[0, 0, 0]) for picture in seen[:3]] == [1, 2, 3]
    assert seen[3] is not None
    assert seen[3].shape == (400, 600, 3)


@pytest.fixture
def live(tmp_path: Path) -> tuple[Show, Board, np.ndarray]:
    settings = build("CartPole-v1", "cartpole", {"network.hidden": ""})
    run = RunDir.create(tmp_path, settings, "first")
    weights = {"q/kernel": np.zeros((4, 2), np.float32), "q/bias": np.array([1, 2], np.float32)}
    flat = pack(weights)
    board = Board.create(run.board, flat.nbytes)
    source = LiveRun(run)
    return Show(source.make_game(), source, seed=3), board, flat


def test_a_live_run_is_waited_for_watched_and_goes_on_as_a_demo(live: tuple[Show, Board, np.ndarray]) -> None:
    show, board, flat = live
    show.advance(1.0)
    view = show.view()
    assert (view.state, view.waiting, show.picture) == ("TRAIN", "Waiting for the first weights", None)

    facts = {
        "step": 2_000,
        "steps_total": 8_000,
        "epsilon": 1.0,
        "epsilon_override": True,
        "replay_size": 250,
        "replay_capacity": 1_000,
        "learning_start": 100,
        "steps_per_second": 1_234.0,
    }
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", **facts))
    show.advance(0.3, budget=None)
    view = show.view()
    assert view.state == "TRAIN"
    assert [(gauge.label, gauge.value, gauge.level, gauge.tick, gauge.tag) for gauge in view.gauges] == [
        ("STEPS", "1,234/s  2,000 / 8,000", 0.25, None, ""),
        ("REPLAY BUFFER", "250 / 1,000  25%", 0.25, 0.1, ""),
        ("EPSILON", "1.000", 1.0, None, "set by hand"),
    ]
    assert view.chosen_by == "explored"

    show.do("greedy")
    settle(show)
    view = show.view()
    assert (view.chosen_by, view.gauges[2].value, view.gauges[2].tag) == ("greedy", "0.000", "greedy")
    show.do("greedy")

    board.publish(Status(state="paused", **facts))
    show.advance(0.2)
    assert (show.view().state, show.view().note) == ("PAUSED", "the training")

    board.publish(Status(state="done", **facts))
    settle(show)
    view = show.view()
    assert (view.state, view.chosen_by, view.gauges[2].value) == ("DEMO", "greedy", "0.000")
    assert "training has ended" in view.message
    show.close()


def test_new_weights_play_within_a_moment(live: tuple[Show, Board, np.ndarray]) -> None:
    show, board, flat = live
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", epsilon=0.0))
    show.advance(0.3)
    assert show.view().action == 1
    board.publish_weights(np.concatenate([flat[:-2], np.array([5, 4], np.float32)]), 2)
    settle(show)
    view = show.view()
    assert (view.action, view.q_values) == (0, (5.0, 4.0))
    show.close()


def test_a_persons_play_goes_to_the_run_on_request(live: tuple[Show, Board, np.ndarray]) -> None:
    show, board, flat = live
    assert isinstance(show.source, LiveRun)
    run = show.source.run.path
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", epsilon=0.0, replay_size=100, replay_capacity=200, demonstrations=7))
    show.advance(0.3)
    show.do("controls")
    show.press("right")
    show.held = {"right"}
    show.advance(0.2, budget=None)
    show.do("controls")
    assert not list_demonstrations(run)  # nobody asked

    show.do("teach")
    assert "it learns from you" in show.view().message
    show.do("controls")
    assert show.view().note == "your keys, learned from"
    for _ in range(400):
        show.advance(1 / FPS, budget=None)
        if list_demonstrations(run):
            break
    assert show.over  # always to the right: the pole falls
    (first,) = list_demonstrations(run)
    game = show.player.game
    found = load_demonstration(first, game.frame_shape, game.frame_dtype, game.n_actions)
    assert set(found.a_tm1.tolist()) == {1}
    assert found.terminated
    assert show.view().gauges[1].tag == "7 yours"

    # Handed back in the middle of an episode: what was played until then, cut off there.
    show.held = set()
    settle(show)
    show.press("right")
    show.advance(3 / FPS, budget=None)
    show.do("controls")
    second = next(path for path in list_demonstrations(run) if path != first)
    found = load_demonstration(second, game.frame_shape, game.frame_dtype, game.n_actions)
    assert 1 <= len(found) <= 4
    assert not found.terminated
    show.do("teach")
    assert "no longer" in show.view().message
    show.close()
    assert len(list_demonstrations(run)) == 2


def test_a_run_that_cannot_be_written_says_so(
    live: tuple[Show, Board, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    show, board, flat = live
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", epsilon=0.0))
    show.advance(0.3)
    show.do("teach")
    show.do("controls")
    show.press("right")
    show.advance(3 / FPS, budget=None)

    def refuse(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("arcade_dqn.window.show.save_demonstration", refuse)
    show.do("controls")
    assert "the disk is full" in show.view().message or not show.player.taping
    assert not show.player.taping
    show.close()


def test_a_saved_agent_learns_from_nobody(show: Show) -> None:
    show.do("teach")
    assert "only a run in training" in show.view().message
    assert not show.player.taping
