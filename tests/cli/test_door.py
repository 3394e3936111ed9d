"""A game of one's own: let in by --import, by `module:Id` and by the preferences, and by nothing that a file says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_dqn.cli import door
from arcade_dqn.cli.main import build_parser, main
from arcade_dqn.config import Settings
from arcade_dqn.games import imports

GAME = '''
import gymnasium
import numpy as np

print("a greeting")

class Corridor(gymnasium.Env):
    """Walk right to the end of a corridor."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}

    def __init__(self, length=5, render_mode=None):
        self.length, self.render_mode = length, render_mode
        self.observation_space = gymnasium.spaces.Box(0, 1, (2,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.at = max(self.at + (1 if action else -1), 0)
        done = self.at == self.length
        return np.array([self.at / self.length, 0], np.float32), float(done), done, False, {}

    def render(self):
        return np.full((60, 80, 3), 40 * self.at, np.uint8)

gymnasium.register(id="Corridor-v0", entry_point="my_game:Corridor", max_episode_steps=20)
'''
SHORT = [
    "network.hidden=8",
    "evaluation.every=200",
    "evaluation.episodes=2",
    "evaluation.final_episodes=2",
    "replay.learning_start=100",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A person's folder, with a game in it."""
    (tmp_path / "my_game.py").write_text(GAME)
    return tmp_path


def arcade(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as it is installed: what lies in the current folder is not on the path of its imports."""
    environment = {**os.environ, "ARCADE_DQN_CONFIG": str(home / "preferences.toml"), **more}
    environment.pop(imports.VARIABLE, None)
    command = [sys.executable, "-P", "-m", "arcade_dqn", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False)


def test_a_game_of_ones_own_is_trained_and_needs_its_module_again(home: Path) -> None:
    settings = [word for one in SHORT for word in ("--set", one)]
    train = ("train", "Corridor-v0", "--import", "./my_game.py", "--steps", "400", "--name", "one", "--json")
    trained = arcade(home, *train, *settings)
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout.splitlines()[-1])["game"] == "Corridor-v0"
    assert "greeting" not in trained.stdout

    run = home / "runs" / "Corridor-v0" / "one"
    kept = Settings.from_json((run / "config.json").read_text())
    assert kept.environment.imports == (str(home / "my_game.py"),)

    # Neither the run nor its model brings the module in again, though both name it.
    refused = arcade(home, "eval", "one")
    assert refused.returncode == 2
    assert refused.stderr.endswith(f"if you trust it, add --import {home / 'my_game.py'}\n")
    model = str(run / "best.safetensors")
    refused = arcade(home, "eval", model)
    assert refused.returncode == 1
    assert refused.stderr.endswith("if you trust it, add --import ./my_game.py\n")
    assert str(home / "my_game.py") not in refused.stderr, "the model may be given to others"

    for words in (
        ("eval", model, "--episodes", "2", "--import", "./my_game.py"),
        ("--import", "./my_game.py", "eval", "one", "--episodes", "2"),
    ):
        scored = arcade(home, *words)
        assert scored.returncode == 0, scored.stderr
        assert scored.stdout.startswith("Corridor-v0: mean ")
    (home / "preferences.toml").write_text('imports = ["my_game.py"]\n')
    by_preference = arcade(home, "eval", "one", "--episodes", "2")
    assert by_preference.returncode == 0, by_preference.stderr


def test_a_module_may_stand_before_the_id() -> None:
    parsed = build_parser().parse_args(["train", "csv:Corridor-v0", "--import", "json"])
    parsed.imports_first = []
    parsed.elsewhere = True
    door.open_door(parsed)
    assert parsed.game == "Corridor-v0"
    assert imports.asked() == ("json", "csv")


def test_an_old_name_leads_to_todays_and_says_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["eval", "CartPole-v0", "--episodes", "1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("CartPole-v1: mean ")
    assert said.err.startswith("arcade-dqn: CartPole-v0 is played as CartPole-v1 today: an episode lasts up to 500")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--import", "no_such_module"], 2, "--import no_such_module: there is no module no_such_module; install"),
        (["--import", "./broken.py"], 1, "broken.py: it raised ValueError: no (broken.py, line 1)"),
    ],
)
def test_what_was_typed_is_told_at_once_whatever_the_game(
    words: list[str],
    code: int,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.py").write_text("raise ValueError('no')")
    assert main(["train", "CartPole-v1", *words]) == code
    assert sentence in capsys.readouterr().err
    assert not Path("runs").exists()


def test_a_broken_package_among_the_preferences_keeps_nobody_from_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARCADE_DQN_CONFIG", str(tmp_path / "preferences.toml"))
    (tmp_path / "preferences.toml").write_text('imports = ["no_such_module"]\n')
    assert main(["eval", "cartpole", "--episodes", "1"]) == 0
    assert main(["train", "Corridor-v0"]) == 2
    assert "'Corridor-v0'; --import no_such_module: there is no module no_such_module" in capsys.readouterr().err


def test_the_arcade_itself_imports_nothing_yet(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    assert main(["--import", "./my_game.py"]) == 2  # there is no terminal
    assert "the arcade needs a terminal" in capsys.readouterr().err
    assert imports.asked() == (str(home / "my_game.py"),), "for the programs that it starts, and its own demo player"
    assert "my_game" not in sys.modules
