"""The app in a real terminal, with a real trainer: what a person would do."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

START = "import sys, pathlib; from arcade_dqn.tui.run import run_app; sys.exit(run_app(pathlib.Path(sys.argv[1])))"
PATIENCE = 60.0


class Terminal:
    """A tmux session with one command in it."""

    def __init__(self, socket: Path, size: tuple[int, int], command: list[str]) -> None:
        assert shutil.which("tmux"), "this test needs tmux: install it with the system's package manager"
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
        columns, rows = (str(number) for number in size)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        # There is no display in this test, and nothing but the terminal says how large it is.
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "COLUMNS", "LINES"):
            environment.pop(name, None)
        line = f'{shlex.join(command)}; echo "the end: $?"; sleep 1000'
        subprocess.run([*self._tmux, "new-session", "-d", "-x", columns, "-y", rows, line], check=True, env=environment)

    def keys(self, *keys: str) -> None:
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def resize(self, columns: int, rows: int) -> None:
        subprocess.run([*self._tmux, "resize-window", "-x", str(columns), "-y", str(rows)], check=True)

    @property
    def text(self) -> str:
        return subprocess.run([*self._tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def wait_for(self, *words: str) -> str:
        """The screen, once it shows all `words`."""
        return self.until(lambda text: all(word in text for word in words), " and ".join(words))

    def until(self, good: Callable[[str], bool], what: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if good(text := self.text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"waited for {what}; the terminal shows:\n{self.text}")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    # The path of a socket must be short, which that of `tmp_path` is not.
    with tempfile.TemporaryDirectory(prefix="tui-") as folder:
        session = Terminal(Path(folder) / "s", (80, 24), [sys.executable, "-c", START, str(tmp_path / "runs")])
        yield session
        session.close()


def test_train_watch_save_and_leave(terminal: Terminal, tmp_path: Path) -> None:
    terminal.wait_for("ARCADE DQN", "CartPole", "? help")
    terminal.keys("?")
    terminal.wait_for("Help", "This list of keys")
    terminal.keys("Escape")
    terminal.wait_for("Balance a pole")
    terminal.resize(50, 15)
    terminal.wait_for("This terminal is 50 x 15")
    terminal.resize(120, 40)
    # Half blocks: the game is drawn.
    terminal.wait_for("Games", "▀")

    # A game that takes longer than the test.
    terminal.keys("Down", "Down", "t")
    terminal.wait_for("TRAINING", "Replay", "Epsilon", "schedule")
    terminal.keys("Space")
    terminal.wait_for("PAUSED")
    terminal.keys("]")
    terminal.wait_for("by hand")
    terminal.keys("s")
    terminal.wait_for("saved-")
    terminal.keys("w")
    terminal.wait_for("no display")
    terminal.keys("Space")
    terminal.wait_for("TRAINING")
    terminal.keys("Escape")
    terminal.wait_for("Games", "MountainCar is training")

    terminal.keys("C-q")
    terminal.wait_for("Save and quit")
    terminal.keys("y")
    terminal.wait_for("the end: 0")
    (run,) = (tmp_path / "runs" / "MountainCar-v0").iterdir()
    assert (run / "final.safetensors").is_file()
    assert [*(run / "checkpoints").glob("step-*")]
