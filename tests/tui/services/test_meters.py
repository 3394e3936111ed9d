from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from arcade_dqn.tui.services import meters
from arcade_dqn.tui.services.meters import Gpu, Meters, Reading, gpu_reader, in_lines, memory_of, parse_smi

FULL = Reading(0.456, 0.61, 1_288_490_189, Gpu(0.33, 4 * 2**30))


def test_a_reading_in_words() -> None:
    assert FULL.parts() == ["CPU 46%", "memory 61%", "trainer 1.2 GiB", "GPU 33% 4.0 GiB"]
    assert Reading(1.0, 0.5, None, None).parts() == ["CPU 100%", "memory 50%"]


@pytest.mark.parametrize(
    ("widths", "lines"),
    [
        ([80, 80], ["CPU 46% · memory 61% · trainer 1.2 GiB · GPU 33% 4.0 GiB", ""]),
        ([28, 28], ["CPU 46% · memory 61%", "trainer 1.2 GiB"]),
        ([28, 40], ["CPU 46% · memory 61%", "trainer 1.2 GiB · GPU 33% 4.0 GiB"]),
        ([5, 8], ["", "CPU 46%"]),
        ([-3, 0], ["", ""]),
    ],
)
def test_what_finds_no_room_is_left_out(widths: list[int], lines: list[str]) -> None:
    assert in_lines(FULL.parts(), widths) == lines


def test_memory_of_a_process() -> None:
    own = memory_of(os.getpid())
    assert own is not None
    assert 2**20 < own < psutil.virtual_memory().total
    assert memory_of(None) is None
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert memory_of(child.pid) is None


def test_it_reads_in_a_thread_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meters, "PERIOD", 0.01)
    monkeypatch.setattr(meters, "gpu_reader", lambda: None)
    running = Meters(os.getpid)
    assert running.newest is None
    running.start()
    running.start()
    assert sum(thread.name == "meters" for thread in threading.enumerate()) == 1
    deadline = time.monotonic() + 30
    while running.newest is None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.close()
    assert running.newest is not None
    assert 0 <= running.newest.processor <= 1
    assert 0 < running.newest.memory < 1
    assert running.newest.trainer
    assert running.newest.gpu is None


def test_what_nvidia_smi_says() -> None:
    assert parse_smi("33, 4096\n") == Gpu(0.33, 4096 * 2**20)
    assert parse_smi("33, 1000\n70, 24\n") == Gpu(0.7, 1024 * 2**20)
    assert parse_smi("[N/A], [N/A]\n") is None
    assert parse_smi("No devices were found\n") is None


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_gpu_is_read_where_its_program_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_reader() is None
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho called >> {tmp_path}/calls\necho '50, 2048'\n")
    program.chmod(0o755)
    read = gpu_reader()
    assert read is not None
    assert read() == read() == Gpu(0.5, 2**31)
    # It is slow to start, so the second look so soon after is at what the first one found.
    assert (tmp_path / "calls").read_text() == "called\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_program_that_fails_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o755)
    read = gpu_reader()
    assert read is not None
    assert read() is None
