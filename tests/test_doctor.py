from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn import doctor
from arcade_dqn.cli.main import main
from arcade_dqn.doctor import Check


def test_python_versions() -> None:
    states = {version: doctor.check_python((*version, 0)).state for version in [(3, 10), (3, 11), (3, 13), (3, 14)]}
    assert states == {(3, 10): "fail", (3, 11): "ok", (3, 13): "ok", (3, 14): "fail"}


@pytest.mark.parametrize(
    ("installed", "state", "words"),
    [
        ({"pygame-ce": "2.5.8"}, "ok", "alone"),
        ({"pygame": "2.6.1", "pygame-ce": "2.5.8"}, "fail", "the same folder"),
        ({"pygame": "2.6.1"}, "fail", "in pygame-ce's place"),
        ({}, "fail", "not installed"),
    ],
)
def test_two_pygames(installed: dict[str, str], state: str, words: str) -> None:
    check = doctor.check_pygame(installed)
    assert check.state == state
    assert words in check.text
    assert (check.advice == "") == (state == "ok")


def test_tensorflow_that_does_not_load() -> None:
    (check,) = doctor.check_tensorflow({"error": "ImportError: libfoo.so"})
    assert (check.state, check.text) == ("fail", "ImportError: libfoo.so")


def test_tensorflow_names_its_gpus() -> None:
    versions = {"tensorflow": "2.21.0", "keras": "3.15.1"}
    _, gpu = doctor.check_tensorflow({**versions, "gpus": ["H100", "H100"]})
    assert gpu.text == "H100, H100"
    _, none = doctor.check_tensorflow({**versions, "gpus": []})
    assert none.state == "ok"


def test_a_child_that_dies_is_one_sentence() -> None:
    assert doctor.ask_child("raise SystemExit('no such thing')") == {"error": "no such thing"}
    assert doctor.ask_child("import os; os._exit(3)") == {"error": "ended with exit code 3"}
    assert doctor.ask_child("print('noise'); print('{\"a\": 1}')") == {"a": 1}


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("print('{\"a\": 1}'); print('and goodbye')", {"a": 1}),
        ("print('{\"a\": 1}'); print('{\"b\": 2}'); print('[]'); print('')", {"a": 1}),
        ("print('goodbye')", {"error": "its answer is none: goodbye"}),
        ("print('[' * 5000)", {"error": "its answer is none: " + "[" * 197 + "..."}),
        ("", {"error": "its answer is none: it said nothing"}),
        (
            "import sys; sys.stdout.buffer.write(b'\\xff\\x1b[2J')",
            {"error": "its answer is none: \N{REPLACEMENT CHARACTER}"},
        ),
    ],
)
def test_what_a_child_says_last_may_be_anything(code: str, answer: dict[str, Any]) -> None:
    assert doctor.ask_child(code, ["a"]) == answer


def test_a_python_that_cannot_be_started_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert doctor.ask_child("") == {"error": "it cannot be asked: the folder does not exist"}


def test_display() -> None:
    seen = doctor.check_display({"driver": "x11", "sizes": [[1920, 1080]]}, {})
    assert (seen.state, seen.text) == ("ok", "x11, 1920 x 1080")
    unseen = doctor.check_display({"driver": "dummy", "sizes": []}, {"SDL_VIDEODRIVER": "dummy"})
    assert unseen.state == "warn"
    assert "SDL_VIDEODRIVER" in unseen.text
    assert "--terminal" in unseen.advice


@pytest.mark.parametrize(
    ("size", "term", "state"),
    [
        ((80, 24), "xterm", "ok"),
        ((60, 20), "xterm", "ok"),
        ((59, 50), "xterm", "warn"),
        ((160, 19), "xterm", "warn"),
        ((80, 24), "dumb", "warn"),
    ],
)
def test_terminal(size: tuple[int, int], term: str, state: str) -> None:
    environment = {"TERM": term, "COLORTERM": "truecolor"}
    assert doctor.check_terminal(environment, True, os.terminal_size(size), "utf-8").state == state


def test_a_terminal_without_utf_8() -> None:
    check = doctor.check_terminal({"TERM": "xterm"}, True, os.terminal_size((80, 24)), "ascii")
    assert check.state == "warn"
    assert "UTF-8" in check.advice


def test_runs_folder(tmp_path: Path) -> None:
    check = doctor.check_runs_dir(tmp_path / "not" / "yet" / "there")
    assert check.state in ("ok", "warn")
    assert not (tmp_path / "not").exists(), "looking leaves nothing behind"
    (tmp_path / "file").write_text("")
    assert doctor.check_runs_dir(tmp_path / "file" / "runs").state == "fail"


def test_a_folder_under_one_that_nobody_may_look_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = Path.stat

    def refuse(self: Path, **options: Any) -> os.stat_result:
        if "secret" in self.parent.parts:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    runs = tmp_path / "secret" / "more" / "runs"
    check = doctor.check_runs_dir(runs)
    assert (check.state, check.text) == ("fail", f"{runs} cannot be written: permission denied")
    assert "--runs-dir" in check.advice


def test_a_current_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    check = doctor.check_runs_dir(Path("runs"))
    assert (check.state, check.text) == ("fail", "runs cannot be written: the folder does not exist")
    assert all(isinstance(one, Check) for one in doctor.check_models(Path("runs")))
    assert doctor.ask_child("import json; print(json.dumps({'a': 1}))") == {"a": 1}


def test_what_an_interrupted_installation_left_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("empty", None), ("nameless", "Version: 1\n"), ("whole", "Name: Whole_One\nVersion: 2\n")):
        (tmp_path / f"{name}-1.dist-info").mkdir()
        if text is not None:
            (tmp_path / f"{name}-1.dist-info" / "METADATA").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    found = doctor.installed_versions()
    assert found["whole-one"] == "2"
    assert not {"empty", "nameless"} & set(found)


CHECKS = [Check("a", "ok", "good"), Check("bb", "warn", "so so", "do this")]


@pytest.mark.parametrize(("last", "code"), [("warn", 0), ("fail", 1)])
def test_the_report_and_its_exit_code(
    last: Any, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [*CHECKS, Check("c", last, "broken", "mend it")]
    monkeypatch.setattr(doctor, "examine", lambda runs_dir: checks)
    assert main(["doctor", "--json"]) == code
    *lines, end = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["ok    a   good", "warn  bb  so so", "          -> do this"]
    assert json.loads(end)["healthy"] is (code == 0)
    assert json.loads(end)["checks"][1] == {"name": "bb", "state": "warn", "text": "so so", "advice": "do this"}


def test_this_very_machine_can_be_examined(tmp_path: Path) -> None:
    checks = doctor.examine(tmp_path)
    names = [check.name for check in checks]
    assert names[0] == "Python"
    assert {"TensorFlow", "GPU", "pygame", "display", "terminal", "runs folder", "processor"} <= set(names)
    assert all(check.advice for check in checks if check.state != "ok")
