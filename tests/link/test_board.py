from __future__ import annotations

import math
import os
import signal
import struct
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from arcade_dqn.link import board, replace
from arcade_dqn.link.board import MAX_WEIGHT_BYTES, STATES, Board, BoardError, BoardReader, Status, is_alive

FULL = Status(
    state="training",
    step=10_000_000_000,
    steps_total=20_000_000_000,
    episode=3,
    epsilon=0.25,
    epsilon_override=True,
    replay_size=5,
    replay_capacity=6,
    learning_start=7,
    steps_per_second=8.5,
    updates_per_second=9.5,
    updates=10,
    learning_share=0.75,
    loss=0.125,
    mean_q=-1.5,
    last_return=11.0,
    mean_return=12.0,
    best_evaluation=13.0,
    last_evaluation=14.0,
    eta_seconds=15.0,
    pid=16,
    updated_at=17.5,
)
STATUS_HEAD, WEIGHTS_HEAD = 64, 128


def poke(path: Path, offset: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.fixture(params=[False, True], ids=["mapped", "glimpse"], autouse=True)
def briefly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways of reading, that of Windows too."""
    monkeypatch.setattr(board, "BRIEFLY", request.param)
    return bool(request.param)


def test_a_new_board_says_starting(tmp_path: Path) -> None:
    with Board.create(tmp_path / "board", 8), BoardReader(tmp_path / "board") as reader:
        status = reader.status()
        assert (status.state, status.step, status.pid) == ("starting", 0, os.getpid())
        assert math.isnan(status.loss)
        assert reader.weights() is None
    assert os.listdir(tmp_path) == ["board"]


def test_every_field_comes_through(tmp_path: Path) -> None:
    assert len({getattr(FULL, field.name) for field in fields(Status)}) == len(fields(Status)), "all values differ"
    with Board.create(tmp_path / "board", 0) as board, BoardReader(tmp_path / "board") as reader:
        board.publish(FULL)
        assert reader.status() == FULL
        for state in STATES:
            board.publish(Status(state=state))
            assert reader.status().state == state


def test_pid_and_time_are_filled_in(tmp_path: Path) -> None:
    with Board.create(tmp_path / "board", 0) as board, BoardReader(tmp_path / "board") as reader:
        before = time.time()
        board.publish(Status(state="paused"))
        assert reader.status().pid == os.getpid()
        assert before <= reader.status().updated_at <= time.time()


def test_weights(tmp_path: Path) -> None:
    with Board.create(tmp_path / "board", 12) as board, BoardReader(tmp_path / "board") as reader:
        board.publish_weights(np.array([1, 2, 3], np.float32), 5)
        newest = reader.weights()
        assert newest is not None
        version, flat = newest
        assert (version, str(flat.dtype), flat.tolist()) == (5, "float32", [1, 2, 3])
        flat[0] = 9  # the reader's own
        assert reader.weights(newer_than=5) is None
        board.publish_weights(np.array([4, 5, 6], np.float32), 6)
        board.publish_weights(np.array([7, 8, np.nan], np.float32), 8)
        newest = reader.weights(newer_than=5)
        assert newest is not None
        assert newest[0] == 8
        np.testing.assert_array_equal(newest[1], np.array([7, 8, np.nan], np.float32))


@pytest.mark.parametrize("flat", [np.zeros(2, np.float32), np.zeros(3), np.zeros((1, 3), np.float32)])
def test_weights_of_another_size_or_type_are_refused(tmp_path: Path, flat: np.ndarray) -> None:
    with Board.create(tmp_path / "board", 12) as board, pytest.raises(ValueError, match="expected 3 float32"):
        board.publish_weights(flat, 1)


def test_the_last_status_outlives_the_writer(tmp_path: Path) -> None:
    with Board.create(tmp_path / "board", 0) as board:
        board.publish(Status(state="done", step=7))
    board.close()
    with BoardReader(tmp_path / "board") as reader:
        assert (reader.status().state, reader.status().step) == ("done", 7)


def test_a_reader_notices_that_the_board_was_replaced(tmp_path: Path, briefly: bool) -> None:
    path = tmp_path / "board"
    with Board.create(path, 4) as old, BoardReader(path) as reader:
        assert not reader.replaced()
        with Board.create(path, 4) as new:
            new.publish(Status(step=2))
            old.publish(Status(step=1))
            assert reader.replaced()
            assert briefly or reader.status().step == 1
            with BoardReader(path) as second:
                assert second.status().step == 2
                assert not second.replaced()
        path.unlink()
        assert reader.replaced()


# --- what can be wrong with a file -----------------------------------------------------------------------------------


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="no board to read at .*nowhere"):
        BoardReader(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [b"", b"ADQN", b"\0" * 20_000, b"{}" * 5000])
def test_foreign(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "board").write_bytes(content)
    with pytest.raises(BoardError, match="is not a board of arcade-dqn"):
        BoardReader(tmp_path / "board")


def test_folders_and_pipes_are_no_boards(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(BoardError, match="not a regular file"):
            BoardReader(path)


def test_cut_off_or_extended(tmp_path: Path) -> None:
    path = tmp_path / "board"
    Board.create(path, 4096).close()
    size = path.stat().st_size
    for wrong in (100, 4096, size - 1, size + 1):
        os.truncate(path, wrong)
        with pytest.raises(BoardError, match="is damaged: its size"):
            BoardReader(path)


def test_a_huge_claim_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "board"
    Board.create(path, 4).close()
    poke(path, 16, struct.pack("<Q", MAX_WEIGHT_BYTES * 1000))
    with pytest.raises(BoardError, match="is damaged: its size"):
        BoardReader(path)


def test_another_layout(tmp_path: Path) -> None:
    Board.create(tmp_path / "board", 4).close()
    poke(tmp_path / "board", 8, struct.pack("<I", 99))
    with pytest.raises(BoardError, match="has layout 99; this version reads layout 3"):
        BoardReader(tmp_path / "board")


def test_a_board_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="cannot make the board .*: No such file"):
        Board.create(tmp_path / "missing" / "board", 4)
    with pytest.raises(BoardError, match="at most 64 MiB"):
        Board.create(tmp_path / "board", MAX_WEIGHT_BYTES + 4)
    (tmp_path / "board").mkdir()
    with pytest.raises(BoardError, match="cannot make the board"):
        Board.create(tmp_path / "board", 4)
    assert os.listdir(tmp_path) == ["board"]


def test_a_writer_that_died_within_a_record_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "board"
    with Board.create(path, 4) as board, BoardReader(path) as reader:
        board.publish(Status(step=1))  # record 2, in the slot at 1024
        board.publish_weights(np.array([1], np.float32), 1)  # record 1, in the second set
        poke(path, 1536, struct.pack("<Q", 3) + b"half a record")
        poke(path, 4096, struct.pack("<Qq", 2, 2) + b"half")
        assert reader.status().step == 1
        newest = reader.weights()
        assert newest is not None
        assert newest[0] == 1


def test_damage_to_the_newest_record_is_told(tmp_path: Path) -> None:
    path = tmp_path / "board"
    with Board.create(path, 4) as board, BoardReader(path) as reader:
        board.publish(Status(step=1))
        board.publish_weights(np.array([1], np.float32), 1)
        poke(path, 1024 + 9, b"\x55")
        with pytest.raises(BoardError, match="the status on the board .* is damaged"):
            reader.status()
        poke(path, 8192 + 64, b"\x55")
        with pytest.raises(BoardError, match="the weights on the board .* are damaged"):
            reader.weights()
        board.publish(Status(step=2))
        assert reader.status().step == 2, "the next record heals it"


@pytest.mark.parametrize("head", [STATUS_HEAD, WEIGHTS_HEAD])
def test_a_wrong_head_is_told(tmp_path: Path, head: int) -> None:
    path = tmp_path / "board"
    with Board.create(path, 4) as board, BoardReader(path) as reader:
        board.publish_weights(np.array([1], np.float32), 1)
        poke(path, head, struct.pack("<Q", 12345))
        with pytest.raises(BoardError, match="damaged"):
            reader.status() if head == STATUS_HEAD else reader.weights()


# --- a writer at full speed ------------------------------------------------------------------------------------------

WRITER = """
import sys, numpy as np
from arcade_dqn.link.board import Board, Status
path, statuses, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
board = Board.create(path, 4 * size)
print("ready", flush=True)
sys.stdin.readline()
for n in range(1, statuses + 1):
    board.publish(Status("training", n, n, n, float(n), bool(n % 2), n, n, n, n, *[float(n)] * 2, n, *[float(n)] * 2))
    if n % 10 == 0:
        board.publish_weights(np.full(size, n, np.float32), n)
board.publish(Status("done", statuses))
"""


def start_writer(path: Path, statuses: int, size: int) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(statuses), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    assert writer.stdin is not None
    assert writer.stdout.readline() == b"ready\n"
    writer.stdin.write(b"go\n")
    writer.stdin.flush()
    return writer


def check_whole(status: Status) -> None:
    n = status.step
    if status.state == "training":
        assert status.epsilon_override is bool(n % 2)
        assert {status.steps_total, status.episode, status.replay_size, status.learning_start, status.updates} == {n}
        assert status.demonstrations == n
        assert {status.epsilon, status.steps_per_second, status.updates_per_second, status.learning_share} == {float(n)}
        assert status.loss == float(n)


def test_readers_never_see_half_a_record(tmp_path: Path) -> None:
    path = tmp_path / "board"
    writer = start_writer(path, 40_000, 3000)
    steps, versions, last_version = 0, 0, -1
    previous = 0
    with BoardReader(path) as reader:
        while (status := reader.status()).state != "done":
            assert writer.poll() in (None, 0)
            check_whole(status)
            assert status.step >= previous, "never goes back"
            steps += status.step > previous
            previous = status.step
            newest = reader.weights(last_version)
            if newest is not None:
                last_version, flat = newest
                versions += 1
                assert np.all(flat == last_version)
        newest = reader.weights()
        assert newest is not None
        assert newest[0] == 40_000
    assert writer.wait() == 0
    assert steps > 10
    assert versions > 10


def test_a_killed_writer_leaves_a_readable_board(tmp_path: Path) -> None:
    for wanted in (1_000, 20_000):
        path = tmp_path / f"board-{wanted}"
        writer = start_writer(path, 100_000_000, 100)
        with BoardReader(path) as reader:
            while reader.status().step < wanted:
                assert writer.poll() is None
            assert is_alive(reader.status())
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            status = reader.status()
            check_whole(status)
            assert status.step >= wanted
            newest = reader.weights()
            assert newest is not None
            assert np.all(newest[1] == newest[0])
            assert not is_alive(status)


# --- life ------------------------------------------------------------------------------------------------------------


def test_is_alive() -> None:
    now = time.time()
    assert is_alive(Status(state="training", pid=os.getpid(), updated_at=now))
    assert not is_alive(Status(state="done", pid=os.getpid(), updated_at=now))
    assert not is_alive(Status(state="failed", pid=os.getpid(), updated_at=now))
    assert not is_alive(Status(state="training", pid=0, updated_at=now))
    assert not is_alive(Status(state="training", pid=os.getpid(), updated_at=now - 10 * 365 * 86400)), "pid reused"
    ended = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert ended.stdout is not None
    ended.stdout.read()
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(Status(state="training", pid=ended.pid, updated_at=now + 60)), "a zombie"
    ended.wait()
    assert not is_alive(Status(state="training", pid=ended.pid, updated_at=now + 60)), "gone"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process has mapped")
def test_on_windows_nothing_is_held_between_two_looks(tmp_path: Path, briefly: bool) -> None:
    path = tmp_path / "board"
    with Board.create(path, 8) as writer:
        writer.publish_weights(np.arange(2, dtype=np.float32), 3)
    with BoardReader(path) as reader:
        reader.status()
        found = reader.weights()
        assert found is not None
        found[1][0] = 7.0  # it is the caller's own
        assert (str(path) in Path("/proc/self/maps").read_text()) is not briefly
        handles = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
        assert (str(path) in handles) is not briefly
        # Of the board that comes in its place nothing is taken for this one's.
        Board.create(path, 16).close()
        assert reader.replaced()
        if briefly:
            with pytest.raises(BoardError, match="another board"):
                reader.status()
            path.unlink()
            with pytest.raises(BoardError, match="cannot read the board"):
                reader.weights()


def test_on_windows_a_file_that_is_being_looked_at_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, left = os.replace, [3]

    def refuse(new: Path, path: Path) -> None:
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file because it is being used")
        really(new, path)

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(replace, "PATIENT", True)
    monkeypatch.setattr(replace, "_PAUSE", 0.0)
    with Board.create(tmp_path / "board", 0), BoardReader(tmp_path / "board") as reader:
        assert reader.status().state == "starting"
    left[0] = 10**9
    with pytest.raises(BoardError, match="being used"):
        Board.create(tmp_path / "board", 0)
    assert 10**9 - left[0] == 50
    assert os.listdir(tmp_path) == ["board"]
    # Elsewhere a refusal is one for good.
    left[0] = 10**9
    monkeypatch.setattr(replace, "PATIENT", False)
    with pytest.raises(BoardError, match="being used"):
        Board.create(tmp_path / "board", 0)
    assert 10**9 - left[0] == 1
