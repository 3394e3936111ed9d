from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from arcade_dqn.config import EnvironmentSettings
from arcade_dqn.games.families.minatar import game as minatar_game
from arcade_dqn.games.families.minatar.drawing import CELL
from arcade_dqn.games.make import make

NAMES = {
    "MinAtar/Asterix-v1": "asterix",
    "MinAtar/Breakout-v1": "breakout",
    "MinAtar/Freeway-v1": "freeway",
    "MinAtar/Seaquest-v1": "seaquest",
    "MinAtar/SpaceInvaders-v1": "space_invaders",
}


@pytest.mark.parametrize("id", NAMES)
def test_equal_to_minatars_own_environment(id: str) -> None:
    from minatar import Environment

    game = make(id, EnvironmentSettings(sticky_actions=0.3))
    peer = Environment(NAMES[id], sticky_action_prob=0.3)
    actions = peer.minimal_action_set()
    assert game.n_actions == len(actions)
    letters = {"n": "no-op", "l": "left", "u": "up", "r": "right", "d": "down", "f": "fire"}
    assert game.action_names == tuple(letters[peer.env.action_map[action]] for action in actions)
    peer.seed(17)
    peer.reset()
    np.testing.assert_array_equal(game.reset(seed=17), peer.state())
    random = np.random.default_rng(1)
    ended = 0
    for _ in range(3000):
        action = int(random.integers(game.n_actions))
        outcome = game.step(action)
        reward, terminal = peer.act(actions[action])
        np.testing.assert_array_equal(outcome.frame, peer.state())
        assert (outcome.reward, outcome.terminated or outcome.truncated) == (reward, terminal)
        if terminal:
            ended += 1
            peer.last_action = 0  # MinAtar forgets to
            peer.reset()
            np.testing.assert_array_equal(game.reset(), peer.state())
    assert ended


def test_the_repeated_action_is_forgotten_at_a_reset() -> None:
    """With an action almost always repeated, what counts is the no-op that a fresh episode starts from."""
    game = make("MinAtar/SpaceInvaders-v1", EnvironmentSettings(sticky_actions=0.95))
    right = game.action_names.index("right")
    frame = game.reset(seed=2)
    for _ in range(300):
        if not frame[9, 5, 0]:
            break  # the cannon has left its place: moving right is what would be repeated
        outcome = game.step(right)
        frame = game.reset() if outcome.terminated else outcome.frame
    assert not frame[9, 5, 0]
    # Moving right first gets through in the step whose random number is 0.95 or more; seed 0 gives one soon.
    steps = int(np.argmax(np.random.RandomState(0).rand(100) >= 0.95))
    assert 3 <= steps <= 9
    game.reset(seed=0)
    for step in range(steps + 1):
        frame = game.step(right).frame
        assert bool(frame[9, 5, 0]) == (step < steps)


def test_freeway_ends_by_truncation_after_its_own_limit() -> None:
    game = make("MinAtar/Freeway-v1", EnvironmentSettings())
    game.reset(seed=1)
    ends = [game.step(1)[2:4] for _ in range(2501)]
    assert ends == [(False, False)] * 2500 + [(False, True)]


def test_games_without_an_end_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minatar_game, "STEP_LIMIT", 6)
    game = make("MinAtar/Seaquest-v1", EnvironmentSettings())
    game.reset(seed=1)
    assert [game.step(0)[2:4] for _ in range(6)] == [(False, False)] * 5 + [(False, True)]


def test_importing_a_game_does_not_load_minatars_display_code() -> None:
    program = (
        "import sys; from arcade_dqn.config import EnvironmentSettings; from arcade_dqn.games.make import make\n"
        "make('minatar/seaquest', EnvironmentSettings(), render=True).reset(seed=1)\n"
        "print(*{'minatar', 'seaborn', 'matplotlib', 'pandas', 'gymnasium', 'pygame'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_the_picture_shows_each_object_in_its_cell() -> None:
    game = make("MinAtar/Breakout-v1", EnvironmentSettings(sticky_actions=0.0), render=True)
    frame = game.reset(seed=1)
    picture = game.render()
    assert picture.shape == (10 * CELL, 10 * CELL, 3)
    middles = picture[CELL // 2 :: CELL, CELL // 2 :: CELL]  # [10, 10, 3], one pixel a cell
    paddle, ball, _, brick = (frame[:, :, channel] for channel in range(4))
    empty = middles[8, 0]
    assert (middles[~frame.any(axis=2)] == empty).all()
    colours = [middles[cells][0] for cells in (paddle, ball, brick)]
    for cells, colour in zip((paddle, ball, brick & ~ball), colours, strict=True):
        assert (middles[cells] == colour).all()
    assert len({tuple(colour) for colour in (empty, *colours)}) == 4
    for _ in range(3):
        frame = game.step(0).frame
    trail = frame[:, :, 2]
    faint = game.render()[CELL // 2 :: CELL, CELL // 2 :: CELL][trail]
    assert faint.shape == (1, 3)
    assert tuple(faint[0]) not in {tuple(colour) for colour in (empty, *colours)}
