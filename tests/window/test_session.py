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
from arcade_dqn.window.describe import describe
from arcade_dqn.window.session import END_SECONDS, Phase, Session
from arcade_dqn.window.speeds import SPEEDS

FPS = 50  # CartPole's own


def settle(session: Session) -> None:
    """A second and a half: longer than a poll, and than an episode's end is shown."""
    for _ in range(30):
        session.advance(0.05, budget=None)


def steps(session: Session) -> int:
    return session.scene.step if session.scene else -1


def test_steps_are_taken_at_the_games_own_speed(session: Session) -> None:
    session.advance(0.0, budget=None)
    assert steps(session) == 0
    for _ in range(60):
        session.advance(1 / 60, budget=None)
    assert steps(session) in (49, 50)
    assert describe(session).speed == "1x"


@pytest.mark.parametrize(("presses", "speed", "text"), [(1, 2.0, "2x"), (3, 8.0, "8x"), (9, math.inf, "max")])
def test_faster(session: Session, presses: int, speed: float, text: str) -> None:
    for _ in range(presses):
        session.do("faster")
    assert (session.speed, describe(session).speed) == (speed, text)
    session.advance(0.5, budget=None)
    if math.isfinite(speed):
        assert steps(session) == 25 * speed


def test_slower(session: Session) -> None:
    for _ in range(9):
        session.do("slower")
    assert (session.speed, describe(session).speed) == (SPEEDS[0], "1/8x")
    session.advance(1.0, budget=None)
    assert steps(session) == 6  # 50 / 8 = 6.25


def test_a_paused_play_moves_only_step_by_step(session: Session) -> None:
    session.advance(0.1, budget=None)
    session.do("step")
    assert steps(session) == 5, "a single step is for a paused play"
    session.do("pause")
    session.advance(1.0, budget=None)
    assert (steps(session), session.mode) == (5, "PAUSED")
    session.do("step")
    session.do("step")
    assert steps(session) == 7
    session.do("pause")
    session.advance(0.1, budget=None)
    assert (steps(session), session.mode) == (12, "DEMO")


def test_restart_begins_the_episode_again(session: Session) -> None:
    session.advance(0.5, budget=None)
    session.do("restart")
    state = describe(session)
    assert (steps(session), state.episode, state.episode_return, state.returns) == (0, 1, 0.0, ())


def test_the_last_picture_of_an_episode_stays_for_a_while(person: Session) -> None:
    person.held = {"left"}
    while not person.player.returns:
        person.advance(1 / FPS, budget=None)
    ended = steps(person)
    assert person.episodes == 0, "it has not been seen yet"
    person.advance(END_SECONDS * 0.9)
    assert steps(person) == ended
    person.advance(END_SECONDS * 0.2)
    person.advance(1 / FPS)
    assert person.episodes == 1
    assert steps(person) < ended
    state = describe(person)
    assert (state.episode, state.best, state.returns) == (2, float(ended), (float(ended),))


def test_a_person_begins_with_a_key_and_plays_with_them(person: Session) -> None:
    person.advance(1.0, budget=None)
    assert (steps(person), person.mode) == (0, "HUMAN")
    assert "Press a key" in describe(person).message
    person.held = {"right"}
    person.press("right")
    person.advance(0.1, budget=None)
    assert steps(person) in (5, 6)
    state = describe(person)
    assert (state.action, state.chosen_by, state.q_values) == (1, "you", None)
    person.held = set()
    person.advance(0.1, budget=None)
    assert describe(person).action == person.info.idle_action


def test_a_short_tap_between_two_frames_counts(person: Session) -> None:
    person.press("right")
    person.advance(0.0, budget=None)
    assert describe(person).action == 1


def test_the_controls_change_hands(session: Session) -> None:
    session.advance(0.1, budget=None)
    session.do("controls")
    session.held = {"right"}
    session.advance(0.1, budget=None)
    state = describe(session)
    assert (state.mode, state.action, state.chosen_by) == ("HUMAN", 1, "you")
    assert state.q_values is not None
    assert state.hints[0] == (("←",), "push left")
    session.do("controls")
    assert describe(session).mode == "DEMO"


def test_without_an_agent_nobody_takes_over(person: Session) -> None:
    person.do("controls")
    assert person.person
    assert "no saved agent" in describe(person).message


def test_a_person_alone_sees_no_gauges_of_a_training(person: Session) -> None:
    state = describe(person)
    assert state.gauges == ()
    assert state.subtitle == "no agent saved yet: you play alone"


def test_the_newest_thoughts_are_kept(session: Session) -> None:
    session.advance(0.1, budget=None)
    state = describe(session)
    assert state.q_values is not None
    assert state.history[-1].q_values == state.q_values
    assert state.history[-1].value == max(state.q_values)
    assert not any(step.explored for step in state.history)


def test_an_episode_that_stands_alone_waits_at_its_end(person: Session) -> None:
    person.stops_at_end = True
    person.held = {"left"}
    for _ in range(200):
        person.advance(1 / FPS, budget=None)
    ended = steps(person)
    assert person.over
    assert person.finished == 1
    person.begin(same=True)
    assert (steps(person), person.finished, person.over) == (0, 0, False)
    person.speed = math.inf
    person.advance(1.0, budget=None)
    assert (steps(person), person.finished) == (ended, 1)
    assert person.scene is not None
    assert person.picture is person.scene.picture
    person.begin()
    assert describe(person).episode == 2


def test_a_persons_session_goes_through_its_phases(person: Session) -> None:
    def fall() -> None:
        person.held = {"left"}
        for _ in range(200):
            person.advance(1 / FPS, budget=None)
            if person.phase is Phase.END_SHOWN:
                break
        assert person.phase is Phase.END_SHOWN
        person.held = frozenset()

    assert person.phase is Phase.AWAITS_KEY
    person.press("left")
    assert person.phase is Phase.PLAYING
    fall()
    person.advance(END_SECONDS * 1.1, budget=None)
    assert person.phase is Phase.AWAITS_KEY
    assert "Press a key" in describe(person).message
    fall()
    person.press("left")
    assert person.phase is Phase.PLAYING, "a key cuts the end short"
    fall()
    person.stops_at_end = True
    assert person.phase is Phase.END_SHOWN
    person.advance(END_SECONDS * 1.1, budget=None)
    assert person.phase is Phase.ENDED
    assert describe(person).message == ""
    person.begin()
    assert person.phase is Phase.AWAITS_KEY


def test_an_agents_session_goes_through_its_phases(session: Session) -> None:
    assert session.phase is Phase.PLAYING
    session.player.set_policy(None)
    assert session.phase is Phase.NO_AGENT
    session.begin()
    assert session.scene is None, "there is nothing to begin with"


def test_who_waits_for_another_takes_no_step(session: Session) -> None:
    session.waits_for_other = True
    session.advance(1.0, budget=None)
    assert steps(session) == 0
    assert session.picture is not None
    session.waits_for_other = False
    session.advance(0.1, budget=None)
    assert steps(session) == 5


def test_a_message_goes_away(session: Session) -> None:
    session.say("hello")
    session.advance(2.9, budget=None)
    assert describe(session).message == "hello"
    session.advance(0.2, budget=None)
    assert describe(session).message == ""


def test_a_demos_view(session: Session) -> None:
    session.advance(0.1, budget=None)
    state = describe(session, 60)
    assert (state.mode, state.title, state.subtitle, state.frame_rate) == ("DEMO", "CartPole", "model balance", 60)
    assert [(gauge.label, gauge.value, gauge.level) for gauge in state.gauges] == [
        ("TRAINED", "1,234 steps", None),
        ("REPLAY BUFFER", "not in use", None),
        ("EPSILON", "0.000", 0.0),
    ]
    assert state.action_names == ("push left", "push right")
    assert state.q_values is not None
    assert state.action == int(np.argmax(state.q_values))
    assert len(state.history) == 5
    low, high = state.q_range
    assert low <= min(0.0, *state.q_values)
    assert high >= max(state.q_values)


def test_the_pictures_between_two_steps_share_its_time(session: Session) -> None:
    import dataclasses

    session.advance(0.02, budget=None)
    assert session.scene is not None
    between = tuple(np.full((1, 1, 3), value, np.uint8) for value in (1, 2, 3))
    session.scene = dataclasses.replace(session.scene, between=between)
    seen = []
    for _ in range(4):
        seen.append(session.picture)
        session.advance(1 / FPS / 4)
        if session.scene.between == ():
            break
    assert [int(picture[0, 0, 0]) for picture in seen[:3]] == [1, 2, 3]
    assert seen[3] is not None
    assert seen[3].shape == (400, 600, 3)


@pytest.fixture
def live(tmp_path: Path) -> tuple[Session, Board, np.ndarray]:
    settings = build("CartPole-v1", "cartpole", {"network.hidden": ""})
    run = RunDir.create(tmp_path, settings, "first")
    weights = {"q/kernel": np.zeros((4, 2), np.float32), "q/bias": np.array([1, 2], np.float32)}
    flat = pack(weights)
    board = Board.create(run.board, flat.nbytes)
    source = LiveRun(run)
    return Session(source.make_game(), source, seed=3), board, flat


def test_a_live_run_is_waited_for_watched_and_goes_on_as_a_demo(live: tuple[Session, Board, np.ndarray]) -> None:
    session, board, flat = live
    session.advance(1.0, budget=None)
    state = describe(session)
    assert (state.mode, state.waiting, session.picture) == ("TRAIN", "Waiting for the first weights", None)

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
    session.advance(0.3, budget=None)
    state = describe(session)
    assert state.mode == "TRAIN"
    assert [(gauge.label, gauge.value, gauge.level, gauge.tick, gauge.tag) for gauge in state.gauges] == [
        ("STEPS", "1,234/s  2,000 / 8,000", 0.25, None, ""),
        ("REPLAY BUFFER", "250 / 1,000  25%", 0.25, 0.1, ""),
        ("EPSILON", "1.000", 1.0, None, "set by hand"),
    ]
    assert state.chosen_by == "explored"

    session.do("greedy")
    settle(session)
    state = describe(session)
    assert (state.chosen_by, state.gauges[2].value, state.gauges[2].tag) == ("greedy", "0.000", "greedy")
    session.do("greedy")

    board.publish(Status(state="paused", **facts))
    session.advance(0.2, budget=None)
    assert (describe(session).mode, describe(session).note) == ("PAUSED", "the training")

    board.publish(Status(state="done", **facts))
    settle(session)
    state = describe(session)
    assert (state.mode, state.chosen_by, state.gauges[2].value) == ("DEMO", "greedy", "0.000")
    assert "training has ended" in state.message
    session.close()


def test_new_weights_play_within_a_moment(live: tuple[Session, Board, np.ndarray]) -> None:
    session, board, flat = live
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", epsilon=0.0))
    session.advance(0.3, budget=None)
    assert describe(session).action == 1
    board.publish_weights(np.concatenate([flat[:-2], np.array([5, 4], np.float32)]), 2)
    settle(session)
    state = describe(session)
    assert (state.action, state.q_values) == (0, (5.0, 4.0))
    session.close()


def test_a_persons_play_goes_to_the_run_on_request(live: tuple[Session, Board, np.ndarray]) -> None:
    session, board, flat = live
    assert isinstance(session.source, LiveRun)
    run = session.source.run.path
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", epsilon=0.0, replay_size=100, replay_capacity=200, demonstrations=7))
    session.advance(0.3, budget=None)
    session.do("controls")
    session.press("right")
    session.held = {"right"}
    session.advance(0.2, budget=None)
    session.do("controls")
    assert not list_demonstrations(run)  # nobody asked

    session.do("teach")
    assert "it learns from you" in describe(session).message
    session.do("controls")
    assert describe(session).note == "your keys, learned from"
    for _ in range(400):
        session.advance(1 / FPS, budget=None)
        if list_demonstrations(run):
            break
    assert session.over  # always to the right: the pole falls
    (first,) = list_demonstrations(run)
    game = session.player.game
    found = load_demonstration(first, game.frame_shape, game.frame_dtype, game.n_actions)
    assert set(found.a_tm1.tolist()) == {1}
    assert found.terminated
    assert describe(session).gauges[1].tag == "7 yours"

    # Handed back in the middle of an episode: what was played until then, cut off there.
    session.held = set()
    settle(session)
    session.press("right")
    session.advance(3 / FPS, budget=None)
    session.do("controls")
    second = next(path for path in list_demonstrations(run) if path != first)
    found = load_demonstration(second, game.frame_shape, game.frame_dtype, game.n_actions)
    assert 1 <= len(found) <= 4
    assert not found.terminated
    session.do("teach")
    assert "no longer" in describe(session).message
    session.close()
    assert len(list_demonstrations(run)) == 2


def test_a_run_that_cannot_be_written_says_so(
    live: tuple[Session, Board, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, board, flat = live
    board.publish_weights(flat, 1)
    board.publish(Status(state="training", epsilon=0.0))
    session.advance(0.3, budget=None)
    session.do("teach")
    session.do("controls")
    session.press("right")
    session.advance(3 / FPS, budget=None)

    def refuse(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr("arcade_dqn.window.teaching.save_demonstration", refuse)
    session.do("controls")
    assert "the disk is full" in describe(session).message or not session.player.taping
    assert not session.player.taping
    session.close()


def test_a_saved_agent_learns_from_nobody(session: Session) -> None:
    session.do("teach")
    assert "only a run in training" in describe(session).message
    assert not session.player.taping
