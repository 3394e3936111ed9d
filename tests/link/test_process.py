from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from arcade_dqn.link.process import _UNSENT, Child, ChildError, dummy_sdl

ECHO = """
import json, sys
print(json.dumps({"event": "started", "arguments": sys.argv[1:]}), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message.get("fail"):
        print("first line\\n\\x1b[31mValueError: the reason\\x1b[0m\\n", file=sys.stderr)
        sys.exit(3)
    print(json.dumps({"event": "echo", "message": message}), flush=True)
print(json.dumps({"event": "ended"}), flush=True)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"event": "started"}', flush=True)
while True:
    time.sleep(60)
"""
DEAF = """
import time
print('{"event": "started"}', flush=True)
time.sleep(600)
"""


@pytest.fixture
def launch(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    def start(source: str, *arguments: str, title: str = "") -> Child:
        (tmp_path / "code").mkdir(exist_ok=True)
        (tmp_path / "code" / "child_program.py").write_text(textwrap.dedent(source))
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "code")}
        child = Child.start("child_program", arguments, tmp_path / "logs" / "log", environment=environment, title=title)
        request.addfinalizer(child.kill)
        return child

    return start


def wait_for(child: Child, event: str) -> dict[str, Any]:
    while True:
        for found in child.events(timeout=10.0):
            if found["event"] == event:
                return found
        assert not child.finished, child.explain_exit()


def rest(child: Child) -> list[dict[str, Any]]:
    found = []
    while not child.finished:
        found += child.events(timeout=0.05)
    return found


def test_messages_go_both_ways(launch: Any) -> None:
    child = launch(ECHO, "one", "two words")
    assert wait_for(child, "started")["arguments"] == ["one", "two words"]
    assert child.events() == []
    for number in range(3):
        child.send({"number": number, "nan": float("nan")})
    child.close_input()
    events = rest(child)
    assert [event["message"]["number"] for event in events[:-1]] == [0, 1, 2]
    assert events[0]["message"]["nan"] is None
    assert events[-1] == {"event": "ended"}
    assert (child.exit_code, child.alive) == (0, False)
    assert child.explain_exit() == "the child_program ended"


def test_stop_closes_the_input_and_waits(launch: Any) -> None:
    child = launch(ECHO)
    child.send({"number": 1})
    assert child.stop() == 0
    assert [event["event"] for event in rest(child)] == ["started", "echo", "ended"]
    assert child.stop() == 0
    with pytest.raises(ChildError, match="takes no more commands"):
        child.send({})


def test_a_failed_child_is_explained_by_the_last_line_of_its_log(launch: Any, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "log").write_text("an older run's last line\n")
    child = launch(ECHO, title="trainer")
    assert child.explain_exit() == "the trainer is running"
    child.send({"fail": True})
    rest(child)
    assert child.explain_exit() == "the trainer failed with exit code 3: ValueError: the reason"
    assert (tmp_path / "logs" / "log").read_text().startswith("an older run's last line\nfirst line\n")


def test_a_killed_child_without_a_log(launch: Any, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "log").write_text("an older run's last line\n")
    child = launch(ECHO, title="trainer")
    wait_for(child, "started")
    os.kill(child.pid, signal.SIGKILL)
    rest(child)
    assert child.exit_code == -9
    assert child.explain_exit() == (
        "the trainer was ended by SIGKILL: by someone, or by the system when memory ran out"
    )


def test_stop_ends_a_child_that_ignores_everything(launch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arcade_dqn.link.process._TERMINATE_SECONDS", 0.2)
    child = launch(STUBBORN)
    wait_for(child, "started")
    assert child.stop(timeout=0.1) == -signal.SIGKILL


def test_stop_terminates_a_child_that_does_not_listen(launch: Any) -> None:
    child = launch(DEAF)
    wait_for(child, "started")
    assert child.stop(timeout=0.1) == -signal.SIGTERM


def test_a_child_that_does_not_read_never_makes_the_sender_wait(launch: Any) -> None:
    child = launch(DEAF)
    wait_for(child, "started")
    sent = 0
    with pytest.raises(ChildError, match="does not answer"):  # noqa: PT012
        while True:
            child.send({"filler": "x" * 1000})
            sent += 1
    assert sent >= _UNSENT
    child.close_input()
    child.kill()
    rest(child)


def test_what_is_no_event_is_told_as_output(launch: Any) -> None:
    child = launch("print('Hello from a library.')\nprint('x' * 2_000_000)\nprint('{\"event\": \"ended\"}')")
    events = rest(child)
    assert events[0] == {"event": "output", "text": "Hello from a library."}
    assert [event["event"] for event in events] == ["output", "output", "ended"]


def test_a_module_that_does_not_exist(launch: Any, tmp_path: Path) -> None:
    child = Child.start("arcade_dqn.no_such_program", [], tmp_path / "log")
    rest(child)
    assert "No module named arcade_dqn.no_such_program" in child.explain_exit()


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ChildError, match="cannot start the training"):
        Child.start("arcade_dqn.training", [], tmp_path / "file" / "log")


def test_a_file_in_the_current_folder_does_not_stand_in_for_a_module(
    launch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path)
    child = launch(ECHO)
    assert child.stop() == 0


def test_a_child_finds_the_package_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    child = Child.start("arcade_dqn.link.text", [], tmp_path / "log")
    rest(child)
    assert child.exit_code == 0


def test_it_works_where_the_standard_streams_are_replaced(launch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen:
        """Like the object that Textual puts in place of sys.stderr: it has no file descriptor."""

        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            return None

        def fileno(self) -> int:
            return -1

    with monkeypatch.context() as patch:
        for name in ("stdin", "stdout", "stderr"):
            patch.setattr(sys, name, Screen())
        child = launch(ECHO)
        child.send({"number": 1})
        code = child.stop()
    assert code == 0
    assert [event["event"] for event in rest(child)] == ["started", "echo", "ended"]


def test_the_child_has_its_own_session(launch: Any) -> None:
    child = launch(ECHO)
    wait_for(child, "started")
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    child.stop()


def test_kill_takes_grandchildren_along(launch: Any) -> None:
    child = launch(
        """
        import json, subprocess, sys, time
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(json.dumps({"event": "started", "pid": sleeper.pid}), flush=True)
        time.sleep(600)
        """
    )
    grandchild = psutil.Process(wait_for(child, "started")["pid"])
    child.kill()
    rest(child)
    assert is_gone(grandchild)


def is_gone(process: psutil.Process) -> bool:
    for _ in range(1000):
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    (tmp_path / "child_program.py").write_text(ECHO)
    parent_program = """
import os, sys, time
from arcade_dqn.link.process import Child
children = [Child.start("child_program", [], sys.argv[1]) for _ in range(2)]
print(*(child.pid for child in children), flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_program, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])])},
    )
    assert parent.stdout is not None
    children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    parent.wait()
    for child in children:
        assert is_gone(child)


def test_dummy_sdl() -> None:
    assert dummy_sdl({"A": "1", "SDL_VIDEODRIVER": "x11"}) == {
        "A": "1",
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
    }
    assert dummy_sdl()["PATH"] == os.environ["PATH"]
