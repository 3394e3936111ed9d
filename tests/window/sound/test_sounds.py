"""What is heard, and that it can be played, also where it cannot."""

from __future__ import annotations

import importlib.util
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pygame
import pytest

from arcade_dqn.games.find import find
from arcade_dqn.stage.player import Scene
from arcade_dqn.storage.paths import assets_dir
from arcade_dqn.window.sound.cues import SoundCues
from arcade_dqn.window.sound.sounds import NAMES, Sounds

SCENE = Scene(
    np.zeros((1, 1, 3), np.uint8), (), np.zeros(4, np.float32), None, 0, False, None, 0.0, 1, 1, 0.0, "",
    np.zeros(4, np.float32),
)  # fmt: skip


def heard(game: str, rewards: list[float], ended: float | None = None) -> list[str]:
    """What is heard of steps with these rewards, and of an end with that return."""
    sound_cues = SoundCues(find(game))
    for reward in rewards:
        sound_cues.add(replace(SCENE, reward=reward))
    if ended is not None:
        sound_cues.add(replace(SCENE, ended="terminated", episode_return=ended))
    return sound_cues.take()


def test_rare_rewards_are_heard() -> None:
    assert heard("MinAtar/Breakout-v1", [0, 0, 1, 0, 0, 0, 1, 1, 0]) == ["reward", "reward"]
    assert heard("ALE/Pong-v5", [0, -1, 0]) == []


def test_rewards_that_come_with_every_step_are_not() -> None:
    assert heard("CartPole-v1", [1] * 60) == []
    # Every other step is still more often than is worth hearing.
    assert len(heard("LunarLander-v3", [-1, 1] * 100)) < 16


def test_an_end_is_heard_and_a_solved_one_differently() -> None:
    assert heard("CartPole-v1", [1], ended=31) == ["end"]
    assert heard("CartPole-v1", [1], ended=475) == ["solved"]
    sound_cues = SoundCues(find("CartPole-v1"))
    sound_cues.add(replace(SCENE, action=None))
    assert sound_cues.take() == []


def test_what_nobody_takes_does_not_pile_up() -> None:
    assert len(heard("MinAtar/Breakout-v1", ([1] + [0] * 9) * 100)) <= 16


@pytest.fixture
def mixer() -> Iterator[None]:
    yield
    pygame.mixer.quit()


def test_sounds_are_off_until_they_are_switched_on(mixer: None, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[pygame.mixer.Sound] = []
    sounds = Sounds()
    sounds.play(["reward"])
    assert not pygame.mixer.get_init()
    assert (sounds.toggle(), sounds.on) == ("sounds on", True)
    assert pygame.mixer.get_init()
    assert set(sounds._loaded) == set(NAMES)

    class Recorder:
        def __init__(self, name: str) -> None:
            self.name = name

        def play(self) -> None:
            played.append(self)  # type: ignore[arg-type]

    now = [100.0]
    monkeypatch.setattr("arcade_dqn.window.sound.sounds.time.monotonic", lambda: now[0])
    sounds._loaded = {name: Recorder(name) for name in NAMES}  # type: ignore[misc]
    sounds.play([])
    sounds.play(["reward", "solved", "end"])
    sounds.play(["reward"])
    now[0] += 1.0
    sounds.play(["reward", "nonsense"])
    assert [sound.name for sound in played] == ["solved", "reward"]  # type: ignore[attr-defined]
    assert (sounds.toggle(), sounds.on) == ("sounds off", False)
    sounds.play(["end"])
    assert len(played) == 2


def test_without_an_audio_device_it_is_one_sentence(mixer: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "nonsense")
    sounds = Sounds()
    said = sounds.toggle()
    assert said.startswith("no sounds here: ")
    assert not sounds.on
    sounds.play(["reward"])


def script() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "scripts" / "sounds.py"
    spec = importlib.util.spec_from_file_location("sounds_script", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_are_what_the_script_makes(tmp_path: Path) -> None:
    made = script().sounds()
    assert set(made) == set(NAMES)
    for name, samples in made.items():
        assert np.abs(samples).max() == pytest.approx(0.35)
        # No click at the beginning or at the end.
        assert max(abs(samples[0]), abs(samples[-1])) < 0.01
        with wave.open(str(assets_dir() / "sounds" / f"{name}.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
            assert 0.1 < file.getnframes() / 22_050 < 1.2
            stored = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        # The sines of another machine may differ in the last bit.
        np.testing.assert_allclose(stored, samples * 32767, atol=1.0)
