"""How soon something is to be seen: the TUI's first full paint, and the first frame of a demo.

    python -m benchmarks.latency [--repeats 5]

The TUI runs in a pseudo-terminal of 120 x 40. *First paint* is the time from starting the command until the last piece
of its first screen, the key bar, has been written. *Demo* is the time from writing the key `d` until the window's
first frame stands in the pixels of a virtual screen (Xvfb). The answer to a key is measured while a run is training:
from writing `?` until the help screen's title has been written.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from arcade_dqn.link.process import own_environment, python
from benchmarks.machine import describe

PATIENCE = 60.0


class Terminal:
    """The TUI in a pseudo-terminal."""

    def __init__(self, runs_dir: str, environment: dict[str, str]) -> None:
        self.begun = time.perf_counter()
        self.seen = b""
        pid, self.fd = pty.fork()
        if pid == 0:
            command = python("-m", "arcade_dqn", "--runs-dir", runs_dir)
            os.execve(command[0], command, own_environment({**os.environ, **environment}))
        self.pid = pid
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read(self, seconds: float) -> bytes:
        """What is written within so many seconds, at the first chunk."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        data = os.read(self.fd, 1 << 16)
        self.seen += data
        return data

    def wait_for(self, text: bytes) -> float:
        """The moment at which `text` has been written since the last call."""
        deadline = time.perf_counter() + PATIENCE
        while text not in self.seen:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{text!r} was not shown within {PATIENCE} s")
            self.read(0.5)
        self.seen = b""
        return time.perf_counter()

    def press(self, keys: bytes) -> float:
        """Type, and return the moment."""
        self.seen = b""
        os.write(self.fd, keys)
        return time.perf_counter()

    def rest(self, seconds: float) -> None:
        """Read on, as a terminal does, without looking."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def close(self) -> None:
        """End the TUI, as a closed terminal does."""
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@contextmanager
def x_server() -> Iterator[tuple[str, Path]]:
    """A virtual screen: its DISPLAY, and the file in which its pixels lie."""
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-fbdir", folder]
        server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
        os.close(writer)
        try:
            yield f":{os.read(reader, 16).decode().strip()}", Path(folder) / "Xvfb_screen0"
        finally:
            server.terminate()
            server.wait()


def lit(screen: Path) -> bool:
    """Whether anything but black is to be seen: an empty screen is, and a window without its first frame."""
    pixels = np.fromfile(screen, np.uint32)[1024:]
    return bool(np.count_nonzero(pixels & 0x00FFFFFF) > 10_000)


def first_paint(environment: dict[str, str]) -> float:
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, environment)
        try:
            return terminal.wait_for(b"help") - terminal.begun
        finally:
            terminal.close()


def demo(display: str, screen: Path, environment: dict[str, str]) -> float:
    """From the key to the first frame, with the menu open for as long as a visitor looks at it."""
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, {**environment, "DISPLAY": display})
        try:
            terminal.wait_for(b"help")
            terminal.rest(8.0)
            if lit(screen):
                raise RuntimeError("the screen is not empty before the demo")
            pressed = terminal.press(b"d")
            while not lit(screen):
                terminal.read(0.005)
                if time.perf_counter() - pressed > PATIENCE:
                    raise TimeoutError(f"no window within {PATIENCE} s")
            return time.perf_counter() - pressed
        finally:
            terminal.close()
            time.sleep(2.0)


def key_while_training(environment: dict[str, str], presses: int = 10) -> list[float]:
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, environment)
        answers = []
        try:
            terminal.wait_for(b"help")
            terminal.rest(8.0)
            terminal.press(b"t")
            terminal.rest(6.0)
            for _ in range(presses):
                pressed = terminal.press(b"?")
                answers.append(terminal.wait_for(b" Help ") - pressed)
                terminal.rest(0.3)
                terminal.press(b"\x1b")
                terminal.rest(0.5)
            return answers
        finally:
            terminal.close()


def chart_of_a_million(draws: int = 20) -> list[float]:
    """Seconds for the chart of a run of a million episodes: the running mean and every cell, as the TUI draws it."""
    from arcade_dqn.experiments.curves import running_mean
    from arcade_dqn.tui.screens.training import SMOOTHING
    from arcade_dqn.tui.widgets.chart import Plot, Trace, draw_plot

    random = np.random.default_rng(0)
    x = np.cumsum(random.integers(5, 50, 1_000_000)).astype(np.float64)
    y = np.cumsum(random.normal(0, 1, 1_000_000))
    seconds = []
    for _ in range(draws):
        begun = time.perf_counter()
        traces = (Trace(x, y, "dots", "raw"), Trace(x, running_mean(y, SMOOTHING), "line", "line"))
        draw_plot(Plot(traces, 475.0, (1e6,), float(x[-1])), 100, 24).rows()
        seconds.append(time.perf_counter() - begun)
    return seconds


def tui_while_training(environment: dict[str, str], seconds: float = 20.0) -> float:
    """The TUI's share of one core with its training screen in front: ten looks a second, charts, the agent at play."""
    with tempfile.TemporaryDirectory() as runs:
        terminal = Terminal(runs, environment)
        try:
            terminal.wait_for(b"help")
            terminal.rest(6.0)
            terminal.press(b"t")
            terminal.rest(8.0)
            return share_of_a_core(terminal.pid, lambda: terminal.rest(seconds))
        finally:
            terminal.close()


def window_at_play(game: str, environment: dict[str, str], seconds: float = 15.0) -> tuple[float, float]:
    """The window's share of one core while an agent (an untrained one) plays, and its frames a second."""
    with tempfile.TemporaryDirectory() as folder:
        model = untrained(game, Path(folder))
        command = python("-m", "benchmarks.ours.window", str(model))
        window = subprocess.Popen(
            command, env=own_environment({**os.environ, **environment}), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            time.sleep(5.0)
            if window.poll() is not None:
                raise RuntimeError(f"the window on {game} ended with exit code {window.returncode}")
            share = share_of_a_core(window.pid, lambda: time.sleep(seconds))
            told, _ = window.communicate(timeout=PATIENCE)  # the end of its input closes it
            counted = json.loads(told.splitlines()[-1])
            return share, counted["frames"] / counted["seconds"]
        finally:
            window.kill()
            window.wait()


def untrained(game: str, folder: Path) -> Path:
    """A model file with the first weights of the game's own preset."""
    from arcade_dqn.acting.layers import initial_weights
    from arcade_dqn.config import build
    from arcade_dqn.games.find import find
    from arcade_dqn.games.make import make
    from arcade_dqn.storage.model_file import ModelInfo, save_model

    info = find(game)
    settings = build(info.id, info.preset)
    made = make(info, settings.environment)
    shape, actions, names = made.observation_shape, made.n_actions, made.action_names
    made.close()
    told = ModelInfo(
        game=info.id,
        observation_shape=shape,
        n_actions=actions,
        action_names=names,
        network=settings.network,
        environment=settings.environment,
    )
    path = folder / "untrained.safetensors"
    save_model(path, told, initial_weights(settings.network, shape, actions, 1))
    return path


def share_of_a_core(pid: int, meanwhile: Callable[[], None]) -> float:
    """Processor time of a process over the time that `meanwhile` takes; its children do not count."""
    import psutil

    process = psutil.Process(pid)
    before, begun = process.cpu_times(), time.perf_counter()
    meanwhile()
    after, ended = process.cpu_times(), time.perf_counter()
    return float((after.user + after.system - before.user - before.system) / (ended - begun))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(json.dumps(describe()))
    quiet = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    _print("first_paint", [first_paint(quiet) for _ in range(options.repeats + 1)][1:])
    with x_server() as (display, screen):
        _print("demo_first_frame", [demo(display, screen, quiet) for _ in range(options.repeats)])
    _print("key_while_training", key_while_training(quiet))
    _print("chart_of_a_million", chart_of_a_million())
    _print_share("tui_while_training", tui_while_training(quiet), 0.15)
    with x_server() as (display, _):
        for game in ("CartPole-v1", "ALE/Pong-v5"):
            share, frames = window_at_play(game, {**quiet, "DISPLAY": display})
            _print_share(f"window_at_play {game}", share, 0.40, frames_per_second=round(frames, 1))


def _print_share(name: str, share: float, aim: float, **more: float) -> None:
    told = {"measured": name, "share_of_a_core": round(share, 3), "aim_below": aim, **more}
    print(json.dumps(told), flush=True)


def _print(name: str, seconds: list[float]) -> None:
    print(
        json.dumps(
            {
                "measured": name,
                "median_seconds": round(statistics.median(seconds), 3),
                "min": round(min(seconds), 3),
                "max": round(max(seconds), 3),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
