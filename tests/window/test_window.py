"""The real window on a real X server, looked at through the server's own frame buffer."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pygame
import pytest

from arcade_dqn.acting.layers import pack
from arcade_dqn.config import build
from arcade_dqn.games.families.classic import cartpole
from arcade_dqn.link.board import Board, BoardError, BoardReader, Status
from arcade_dqn.stage import palette
from arcade_dqn.storage.model_file import load_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.training.run import Run
from arcade_dqn.window.main import main
from arcade_dqn.window.panel.layout import lay_out, place
from arcade_dqn.window.two_players.layout import STRIP, WHOLE, lay_out_two_players

SIZE = (1280, 720)
PATIENCE = 30.0


@dataclass
class Screen:
    """A running X server."""

    display: str
    buffer: Path

    def pixels(self) -> np.ndarray:
        """What it shows, uint8 [height, width, 3], out of its frame buffer file (the XWD format, version 7)."""
        data = self.buffer.read_bytes()
        header = struct.unpack(">25I", data[:100])
        size, width, height, order, bits, line, colours = (header[index] for index in (0, 4, 5, 7, 11, 12, 19))
        assert (order, bits) == (0, 32), "little-endian pixels of 32 bits"
        start = size + colours * 12
        image = np.frombuffer(data, np.uint8, height * line, start).reshape(height, line // 4, 4)
        return image[:, :width, 2::-1]


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    program = shutil.which("Xvfb")
    if program is None:
        pytest.fail("the window's tests need the X server Xvfb (Debian: apt-get install xvfb)")
    folder = tmp_path_factory.mktemp("screen")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1280x720x24", "-fbdir", str(folder), "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with open(reading) as pipe:
        number = pipe.readline().strip()
    assert number, "Xvfb did not start"
    yield Screen(f":{number}", folder / "Xvfb_screen0")
    server.terminate()
    server.wait()


@contextlib.contextmanager
def window(arguments: Sequence[str], folder: Path, display: str) -> Iterator[subprocess.Popen[bytes]]:
    removed = ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY", "DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in removed}
    root = Path(__file__).resolve().parents[2]
    environment |= {"PYTHONPATH": str(root), "SDL_AUDIODRIVER": "dummy"} | ({"DISPLAY": display} if display else {})
    process = subprocess.Popen(
        [sys.executable, "-m", "arcade_dqn.window", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
    )
    # A window that does not do what is waited for must not keep the tests.
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def event(process: subprocess.Popen[bytes], name: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        found: dict[str, Any] = json.loads(line)
        if found["event"] == name:
            return found
    assert process.stderr is not None
    pytest.fail(f"the window ended before {name!r}: {process.stderr.read().decode()}")


def press(process: subprocess.Popen[bytes], *keys: str) -> None:
    assert process.stdin is not None
    for key in keys:
        process.stdin.write(json.dumps({"press": key}).encode() + b"\n")
    process.stdin.flush()


def row(pixels: np.ndarray, y: int, left: int, right: int) -> list[tuple[int, ...]]:
    return [tuple(pixel) for pixel in pixels[y, left:right].tolist()]


def test_a_live_run_pixel_by_pixel_where_the_gauges_are(screen: Screen, tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "runs", build("CartPole-v1", "cartpole", {"network.hidden": ""}), "first")
    flat = pack({"q/kernel": np.zeros((4, 2), np.float32), "q/bias": np.array([-2, 6], np.float32)})
    with Board.create(run.board, flat.nbytes) as board:
        board.publish_weights(flat, 1)
        board.publish(
            Status(
                state="training",
                step=750,
                steps_total=1_000,
                epsilon=0.5,
                replay_size=250,
                replay_capacity=1_000,
                learning_start=600,
            )
        )
        arguments = ["first", "--runs-dir", str(run.path.parents[1]), "--size", "1280x720", "--events", "--seed", "1"]
        with window(arguments, tmp_path, screen.display) as process:
            assert event(process, "opened")["driver"] == "x11"
            press(process, "space", "s")  # pause, screenshot
            saved = Path(event(process, "saved")["path"])
            assert saved.parent == run.path
            image = pygame.image.load(saved)
            assert image.get_size() == SIZE
            shot = pygame.surfarray.array3d(image).swapaxes(0, 1)
            _check_gauges(shot)
            _check_gauges(_wait_for_gauges(screen))
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(PATIENCE) == 0
            assert process.stderr is not None
            assert process.stderr.read() == b""


def _wait_for_gauges(screen: Screen) -> np.ndarray:
    """The screen once it shows the window: the server may draw a little after the window has sent."""
    bar = lay_out(SIZE, 3, 2, (600, 400), chart=True).bar(1)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        pixels = screen.pixels()
        if tuple(pixels[bar.centery, bar.left + 20]) == palette.ACCENT:
            return pixels
        time.sleep(0.05)
    pytest.fail("the screen never showed the replay gauge")


def _check_gauges(pixels: np.ndarray) -> None:
    layout = lay_out(SIZE, 3, 2, (600, 400), chart=True)
    for gauge, level, colour in ((0, 0.75, palette.ACCENT), (1, 0.25, palette.ACCENT), (2, 0.5, palette.EXPLORE)):
        bar = layout.bar(gauge)
        edge = bar.left + round(level * bar.width)
        assert row(pixels, bar.centery, edge - 10, edge + 10) == [colour] * 10 + [palette.RAISED] * 10
    bar = layout.bar(1)
    tick = bar.left + round(0.6 * bar.width)
    assert row(pixels, bar.centery, tick - 1, tick + 3) == [palette.SURFACE, *[palette.TEXT] * 2, palette.SURFACE]
    # The game's picture: CartPole's sky, one screen pixel for each of its own.
    placed = place((600, 400), layout.picture)
    assert placed.size == (600, 400)
    # Below the message of what was saved.
    sky = cartpole.draw(0.0, 0.0, None)[70:110, 10:-10]
    shown = pixels[placed.top + 70 : placed.top + 110, placed.left + 10 : placed.right - 10]
    np.testing.assert_array_equal(shown, sky)
    assert tuple(pixels[placed.centery, placed.left - 3]) == palette.SCREEN


def test_training_ends_in_the_same_weights_in_another_folder_with_the_window_open(
    screen: Screen, tmp_path: Path
) -> None:
    small = {
        "network.hidden": "16", "learning.batch_size": 16, "learning.train_every": 32, "learning.updates_per_train": 8,
        "replay.learning_start": 50, "evaluation.every": 0, "evaluation.final_episodes": 0, "run.steps": 1_000,
    }  # fmt: skip
    alone = RunDir.create(tmp_path / "here", build("CartPole-v1", "cartpole", small))
    # So slow that most of it happens before the eyes of the window.
    watched = RunDir.create(
        tmp_path / "somewhere" / "else", build("CartPole-v1", "cartpole", {**small, "run.speed_limit": 250.0})
    )
    # In this process, which may have loaded TensorFlow already.
    assert Run(alone, lambda event: None).execute().steps == 1_000
    with _training(watched) as trainer:
        until = time.monotonic() + PATIENCE
        while _step_on(watched.board) < 1 and time.monotonic() < until:
            time.sleep(0.05)
        with window([str(watched.path), "--events"], tmp_path, screen.display) as process:
            event(process, "opened")
            opened_at = _step_on(watched.board)
            assert trainer.wait(PATIENCE - 5) == 0
            assert process.poll() is None
    assert 0 < opened_at < 900
    expected, weights = load_model(alone.final)[1], load_model(watched.final)[1]
    assert all(np.array_equal(weights[name], array) for name, array in expected.items())


def _training(run: RunDir) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "SDL_VIDEODRIVER": "dummy"}
    return subprocess.Popen(
        [sys.executable, "-m", "arcade_dqn.training", str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _step_on(board: Path) -> int:
    try:
        with BoardReader(board) as reader:
            return reader.status().step
    except BoardError:
        return 0


def test_the_keys_on_the_input_and_the_end_by_a_signal(screen: Screen, model: Path, tmp_path: Path) -> None:
    with window([str(model), "--events", "--speed", "8"], tmp_path, screen.display) as process:
        event(process, "opened")
        press(process, "c", "f", "f1", "f", "g", "q", "h", "left", "r")
        assert process.stdin is not None
        process.stdin.write(b"nonsense\n")
        process.stdin.flush()
        assert "not JSON" in event(process, "error")["message"]
        press(process, "s")
        assert Path(event(process, "saved")["path"]).suffix == ".png"
        press(process, "c")
        film = Path(event(process, "saved")["path"])
        assert (film.parent, film.suffix) == (tmp_path, ".mp4")
        process.send_signal(signal.SIGTERM)
        assert event(process, "closed")["episodes"] >= 0
        assert process.wait(PATIENCE) == 0


def test_every_view_is_opened_by_its_key(screen: Screen, model: Path, tmp_path: Path) -> None:
    arguments = [str(model), "--events", "--seed", "1", "--size", "1280x720"]
    with window(arguments, tmp_path, screen.display) as process:
        event(process, "opened")
        press(process, "space")
        panels = []
        for key in ("q", "v", "d", "a", "i", "o"):
            press(process, key, "s")
            shot = pygame.image.load(event(process, "saved")["path"])
            panels.append(pygame.image.tobytes(shot.subsurface(lay_out(SIZE, 3, 2).view), "RGB"))
        assert len(set(panels)) == len(panels)


def test_a_film_has_all_but_the_mark_that_it_is_filmed(screen: Screen, model: Path, tmp_path: Path) -> None:
    with window([str(model), "--events", "--seed", "1", "--size", "1280x720"], tmp_path, screen.display) as process:
        event(process, "opened")
        press(process, "space", "c", "s")
        shot = pygame.surfarray.array3d(pygame.image.load(event(process, "saved")["path"])).swapaxes(0, 1)
        press(process, "c")
        frames = imageio_ffmpeg.read_frames(event(process, "saved")["path"])
        width, height = next(frames)["size"]
        filmed = np.frombuffer(next(frames), np.uint8).reshape(height, width, 3)
        frames.close()
    corner = lay_out(SIZE, 3, 2, (600, 400), chart=True).screen
    corner = pygame.Rect(corner.left + 12, corner.top + 12, 40, 40)

    def red(pixels: np.ndarray) -> bool:
        part = pixels[corner.top : corner.bottom, corner.left : corner.right].astype(int)
        return bool((part[..., 0] - part[..., 1] > 80).any())

    assert red(shot)
    assert not red(filmed)
    panel = lay_out(SIZE, 3, 2, (600, 400), chart=True).panel
    inside = panel.inflate(-40, -40)
    assert filmed[inside.top : inside.bottom, inside.left : inside.right].max() > 200


def test_two_agents_side_by_side(screen: Screen, model: Path, tmp_path: Path) -> None:
    arguments = [str(model), "--beside", str(model), "--events", "--seed", "1", "--speed", "0", "--episodes", "6"]
    with window([*arguments, "--size", "1280x720"], tmp_path, screen.display) as process:
        event(process, "opened")
        press(process, "c", "s")
        shot = pygame.surfarray.array3d(pygame.image.load(event(process, "saved")["path"])).swapaxes(0, 1)
        layout = lay_out_two_players(SIZE, (600, 400), strip=STRIP)
        for room in layout.pictures:
            placed = place((600, 400), room, WHOLE)
            sky = cartpole.draw(0.0, 0.0, None)[60:90, 10:-10]
            there = shot[placed.top + 60 : placed.top + 90, placed.left + 10 : placed.right - 10]
            np.testing.assert_array_equal(there, sky)
        assert event(process, "closed")["episodes"] >= 6
        assert process.wait(PATIENCE) == 0
    assert [path.suffix for path in sorted(tmp_path.glob("*.mp4"))] == [".mp4"]


def test_two_games_side_by_side_are_refused(screen: Screen, model: Path, tmp_path: Path) -> None:
    with window([str(model), "--beside", "acrobot"], tmp_path, screen.display) as process:
        output, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, output) == (2, b"")
        assert errors.decode().count("\n") == 1
        assert "CartPole-v1" in errors.decode() and "Acrobot-v1" in errors.decode()


def test_sounds_are_switched_on_and_off(screen: Screen, model: Path, tmp_path: Path) -> None:
    with window([str(model), "--events", "--sounds", "--speed", "0"], tmp_path, screen.display) as process:
        event(process, "opened")
        press(process, "m", "m", "s")
        event(process, "saved")
        press(process, "escape")
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_it_closes_after_the_asked_number_of_episodes(screen: Screen, model: Path, tmp_path: Path) -> None:
    with window([str(model), "--events", "--speed", "0", "--episodes", "2"], tmp_path, screen.display) as process:
        assert event(process, "closed")["episodes"] >= 2
        assert process.wait(PATIENCE) == 0


def test_escape_closes_the_help_first_and_then_the_window(screen: Screen, tmp_path: Path) -> None:
    arguments = ["--play", "cartpole", "--runs-dir", str(tmp_path), "--events"]
    with window(arguments, tmp_path, screen.display) as process:
        event(process, "opened")
        press(process, "?", "escape", "s")
        event(process, "saved")
        press(process, "escape")
        assert process.wait(PATIENCE) == 0


def test_a_display_that_is_gone_is_one_line(model: Path, tmp_path: Path) -> None:
    for display in ("", ":6543"):
        with window([str(model)], tmp_path, display) as process:
            output, errors = process.communicate(timeout=PATIENCE)
            assert (process.returncode, output) == (1, b"")
            lines = errors.decode().splitlines()
            assert len(lines) == 1, lines
            assert "display" in lines[0] or "cannot open a window" in lines[0]


@pytest.mark.parametrize("driver", ["dummy", "offscreen"])
def test_a_driver_that_shows_nothing_is_no_display(
    driver: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", driver)
    assert main(["cartpole"]) == 1
    assert f"SDL_VIDEODRIVER={driver} shows nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name either what to watch, or a game after --play"),
        (["cartpole", "--play", "pong"], "name either what to watch"),
        (["--play", "cartpole", "--beside", "cartpole"], "--beside is for watching two agents"),
        (["cartpole", "--speed", "-1"], "--speed: -1 is not allowed; it must be a number from 0"),
        (["cartpole", "--speed", "fast"], "--speed: fast is not allowed"),
        (["cartpole", "--episodes", "1.5"], "--episodes: 1.5 is not allowed; it must be a whole number"),
        (["cartpole", "--size", "big"], "--size: big is not allowed; it must be WIDTHxHEIGHT"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
