"""How busy the machine is: processor, memory, the trainer's memory, and an NVIDIA GPU where there is one."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PERIOD = 1.0
"""Seconds between two readings."""
_SMI_PERIOD = 5.0
"""Seconds between two calls of nvidia-smi, a program that takes a good part of one to start."""
_SMI = ("--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Gpu:
    """The machine's GPUs together."""

    busy: float
    """0 to 1, of the busiest one."""
    used: int
    """Bytes."""


@dataclass(frozen=True)
class Reading:
    """The machine at one moment."""

    processor: float
    """0 to 1, of all cores since the reading before."""
    memory: float
    """0 to 1"""
    trainer: int | None
    """Bytes that the trainer has in memory; None while there is none."""
    gpu: Gpu | None

    def parts(self) -> list[str]:
        """The reading in words, the most important first."""
        words = [f"CPU {self.processor:.0%}", f"memory {self.memory:.0%}"]
        if self.trainer is not None:
            words.append(f"trainer {_gigabytes(self.trainer)}")
        if self.gpu is not None:
            words.append(f"GPU {self.gpu.busy:.0%} {_gigabytes(self.gpu.used)}")
        return words


def _gigabytes(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def in_lines(parts: list[str], widths: list[int]) -> list[str]:
    """The parts put into lines of at most these widths; what finds no room is left out."""
    lines = []
    rest = list(parts)
    for width in widths:
        line = ""
        while rest and len(longer := f"{line} · {rest[0]}" if line else rest[0]) <= width:
            line = longer
            rest.pop(0)
        lines.append(line)
    return lines


class Meters:
    """Reads in a thread of its own, so that a slow driver never holds up a key."""

    def __init__(self, trainer: Callable[[], int | None]) -> None:
        self._trainer = trainer
        """The process id of the trainer."""
        self.newest: Reading | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first reading comes after `PERIOD`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="meters", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End soon, without waiting."""
        self._ended.set()

    def _run(self) -> None:
        import psutil

        gpu = gpu_reader()
        psutil.cpu_percent(None)  # the first call only begins to count
        while not self._ended.wait(PERIOD):
            self.newest = Reading(
                processor=psutil.cpu_percent(None) / 100,
                memory=psutil.virtual_memory().percent / 100,
                trainer=memory_of(self._trainer()),
                gpu=gpu() if gpu is not None else None,
            )


def memory_of(pid: int | None) -> int | None:
    """Bytes that a process has in memory; None if there is no such process."""
    import psutil

    if pid is None:
        return None
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def gpu_reader() -> Callable[[], Gpu | None] | None:
    """What reads the NVIDIA GPUs: their library's Python package if it is installed, else nvidia-smi; None without."""
    return _from_library() or _from_program()


def _from_library() -> Callable[[], Gpu | None] | None:
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return None  # no driver, or no GPU

    def read() -> Gpu | None:
        try:
            return Gpu(
                max(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in handles) / 100,
                sum(int(pynvml.nvmlDeviceGetMemoryInfo(handle).used) for handle in handles),
            )
        except pynvml.NVMLError:
            return None

    return read if handles else None


def _from_program() -> Callable[[], Gpu | None] | None:
    from arcade_dqn.link.process import find_program  # this reads every setting: not before the first paint

    program = find_program("nvidia-smi")
    if program is None:
        return None
    last: Gpu | None = None
    due = 0.0

    def read() -> Gpu | None:
        nonlocal last, due
        if time.monotonic() >= due:
            due = time.monotonic() + _SMI_PERIOD
            last = _ask(program)
        return last

    return read


def _ask(program: str) -> Gpu | None:
    from arcade_dqn.link.process import run

    try:
        answer = run([program, *_SMI], timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_smi(answer.stdout) if answer.returncode == 0 else None


def parse_smi(text: str) -> Gpu | None:
    """`33, 4096` (percent, MiB) for each GPU; what a GPU does not tell is `[N/A]`."""
    rows: list[tuple[Any, ...]] = [tuple(cell.strip() for cell in line.split(",")) for line in text.splitlines()]
    known = [(int(row[0]), int(row[1])) for row in rows if len(row) == 2 and row[0].isdecimal() and row[1].isdecimal()]
    if not known:
        return None
    return Gpu(max(busy for busy, _ in known) / 100, sum(used for _, used in known) * 2**20)
