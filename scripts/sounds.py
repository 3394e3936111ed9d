"""Make the window's sounds: `.venv/bin/python scripts/sounds.py [FOLDER]` (default: assets/sounds).

Three sounds of less than a second, from sine waves alone: a reward is one bright pluck, an episode's end two falling
notes, a solved game a rising chord. The same files come out every time.
"""

from __future__ import annotations

import argparse
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 22_050
"""Samples a second."""
LOUDNESS = 0.35
"""Of the loudest sample; sounds that accompany a game should not startle."""
A4 = 440.0

Samples = NDArray[np.float64]


def note(semitones: int, seconds: float, decay: float, overtones: tuple[float, ...] = (1.0, 0.35, 0.12)) -> Samples:
    """A plucked note, so many semitones above the A of 440 Hz; `decay` is how fast it fades, per second."""
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = A4 * 2 ** (semitones / 12)
    tone = sum(share * np.sin(2 * np.pi * pitch * (index + 1) * t) for index, share in enumerate(overtones))
    # It comes within 4 ms and is gone at the end: a wave that begins or breaks off at once clicks.
    attack = np.minimum(1, t / 0.004)
    release = np.minimum(1, (seconds - t) / 0.02)
    faded: Samples = tone * np.exp(-decay * t) * attack * release
    return faded


def together(parts: list[tuple[float, Samples]]) -> Samples:
    """The notes, each from its second on, at the loudness of all sounds."""
    length = max(round(start * RATE) + len(samples) for start, samples in parts)
    mixed = np.zeros(length)
    for start, samples in parts:
        first = round(start * RATE)
        mixed[first : first + len(samples)] += samples
    louder: Samples = mixed * (LOUDNESS / np.abs(mixed).max())
    return louder


def sounds() -> dict[str, Samples]:
    """Every sound by its name."""
    return {
        "reward": together([(0.0, note(19, 0.14, 26.0))]),
        "end": together([(0.0, note(3, 0.22, 12.0)), (0.13, note(-4, 0.42, 8.0))]),
        "solved": together([(0.09 * index, note(tone, 0.7, 6.0)) for index, tone in enumerate((3, 7, 10, 15))]),
    }


def write(path: Path, samples: Samples) -> None:
    """Write 16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(__file__).resolve().parents[1] / "assets" / "sounds"
    )
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, samples in sounds().items():
        write(folder / f"{name}.wav", samples)


if __name__ == "__main__":
    main()
