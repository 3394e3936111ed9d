"""Standard output that is closed, full, narrow or unread: one sentence, the right exit code, no score is lost."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from arcade_dqn.cli import output
from arcade_dqn.cli.main import main
from arcade_dqn.storage.runs import list_runs

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no POSIX shell here")
QUICK = "--steps 3000 --set network.hidden=8 --set evaluation.every=200 --set evaluation.episodes=1"


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash in which `$A` is the command; its exit code is that of the first part of a pipe."""
    command = shlex.join([sys.executable, "-m", "arcade_dqn"])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    return subprocess.run(
        ["bash", "-c", f'A={shlex.quote(command)}\n{line}\nexit "${{PIPESTATUS[0]}}"'],
        capture_output=True,
        cwd=folder,
        env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        check=False,
    )


@posix
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("$A games >&-", 1, "arcade-dqn: standard output is closed\n"),
        ("$A games --json >&- <&-", 1, "arcade-dqn: standard output is closed\n"),
        ("$A --help >&-", 1, "arcade-dqn: standard output is closed\n"),
        ("$A --version >&-", 1, "arcade-dqn: standard output is closed\n"),
        ("$A >&- <&-", 2, "arcade-dqn: the arcade needs a terminal; `arcade-dqn --help` lists"),
        ("$A games >&- 2>&- <&-", 1, ""),
        ("$A bogus 2>&-", 2, ""),
        ("$A --help | true", 1, ""),
        ("$A runs --runs-dir . --json | true", 1, ""),
    ],
)
def test_closed_streams(line: str, code: int, said: str, tmp_path: Path) -> None:
    done = shell(line, tmp_path)
    # The end of the pipe may come too late for a short text to notice.
    assert done.returncode == code or ("| true" in line and done.returncode == 0), done.stderr
    assert done.stderr.decode().startswith(said)
    assert done.stderr.count(b"\n") == bool(said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk that is always full")
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("$A --help >/dev/full", 1, b"arcade-dqn: No space left on device\n"),
        ("$A games >/dev/full 2>&1", 1, b""),
        ("$A bogus 2>/dev/full", 2, b""),
    ],
)
def test_a_full_disk(line: str, code: int, said: bytes, tmp_path: Path) -> None:
    done = shell(line, tmp_path)
    assert (done.returncode, done.stderr) == (code, said)


@posix
def test_a_training_whose_reader_leaves_is_stopped_and_saved(tmp_path: Path) -> None:
    done = shell(f"$A train CartPole-v1 --runs-dir . {QUICK} | head -n 2", tmp_path)
    assert done.returncode == 130
    assert done.stdout.count(b"\n") == 2
    assert done.stderr.startswith(b"arcade-dqn: nobody reads the output any more, so it was stopped after ")
    assert done.stderr.count(b"\n") == 1
    (run,) = list_runs(tmp_path)
    assert (run.state, run.problem) == ("stopped", "")
    assert 0 < run.step < 3000
    assert (run.path / "final.safetensors").is_file()


@posix
def test_a_training_without_an_output_goes_on(tmp_path: Path) -> None:
    done = shell(f"$A train CartPole-v1 --runs-dir . {QUICK} --steps 400 >&-", tmp_path)
    assert (done.returncode, done.stderr) == (1, b"arcade-dqn: standard output is closed\n")
    (run,) = list_runs(tmp_path)
    assert (run.state, run.step) == ("done", 400)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "10.00 ± 0.00".encode()), ("latin-1", b"10.00 \xb1 0.00"), ("ascii", b"10.00 +/- 0.00")],
)
def test_a_score_is_shown_in_every_encoding(
    encoding: str, shown: bytes, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from arcade_dqn.evaluation import Evaluation
    from arcade_dqn.stage import evaluate

    monkeypatch.setattr(evaluate, "evaluate", lambda *_, **__: Evaluation.from_returns([10.0, 10.0], 0))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    assert main(["eval", str(model), "--episodes", "2", "--json"]) == 0
    *lines, last = written.getvalue().splitlines()
    assert shown in lines[-1]
    assert json.loads(last)["evaluation"]["mean"] == 10.0


def written(text: str, encoding: str, monkeypatch: pytest.MonkeyPatch, *, terminal: bool = False) -> bytes:
    """What `text` becomes on a standard output of this encoding."""
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr(sys, "stdout", stream)
    output.prepare()
    stream.write(text)
    stream.flush()
    return data.getvalue()


def test_what_an_encoding_has_not_is_written_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written("9.0 ± 1.0 – 漢", "ascii", monkeypatch) == b"9.0 +/- 1.0 - \\u6f22"
    assert written("9.0 ± 1.0 – 漢", "cp1252", monkeypatch) == b"9.0 \xb1 1.0 \x96 \\u6f22"
    assert written("9.0 ± 1.0", "utf-8", monkeypatch) == "9.0 ± 1.0".encode()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_name_that_is_no_text_can_be_used_and_moves_no_cursor(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.fsdecode(b"film\x9b\xff.gif") if sys.platform != "win32" else "film\udc9b\udcff.gif"
    assert written(name, encoding, monkeypatch) == b"film\x9b\xff.gif"
    assert written(name, encoding, monkeypatch, terminal=True) == rb"film\x9b\xff.gif"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes every byte in a file's name")
def test_files_whose_names_are_no_text(model: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/agent\xff.safetensors"
    os.rename(model, odd)
    for language in ("C.UTF-8", "C"):
        # A film is finished: then all went well.
        done = shell("$A record agent*.safetensors $'film\\xff.gif' --seconds 0.1", tmp_path, LC_ALL=language)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"film\xff.gif\n", b"")
    done = shell("$A eval agent*.safetensors --episodes 1 --json", tmp_path, LC_ALL="C.UTF-8")
    told = json.loads(done.stdout.splitlines()[-1])
    assert os.fsencode(told["model"]) == b"agent\xff.safetensors"
    done = shell("$A eval $'none\\xff.safetensors'", tmp_path, LC_ALL="C.UTF-8")
    assert done.returncode == 1
    assert rb"there is no model file none\xff.safetensors" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody delete a current folder")
def test_a_current_folder_that_was_deleted(tmp_path: Path) -> None:
    for command, code in (("games", 0), ("runs", 1), (f"train CartPole-v1 {QUICK}", 1)):
        (tmp_path / "gone").mkdir()
        done = shell(f"cd gone && rmdir ../gone && $A {command}", tmp_path)
        assert done.returncode == code
        assert done.stderr.count(b"\n") == code
        assert (b"the current folder was deleted" in done.stderr) == bool(code)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes every byte in a file's name")
def test_a_whole_life_in_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    runs, odd = r"$'r\xff'", r"$'r\xff/CartPole-v1/o\xff'"
    for line, last in (
        (
            f"$A train CartPole-v1 --runs-dir {runs} --name one {QUICK} --steps 400",
            b"model r\xff/CartPole-v1/one/final",
        ),
        (f"$A models --runs-dir {runs}", rb"r\xff/CartPole-v1/one/final.safetensors"),
        (f"mv {runs}/CartPole-v1/one {odd} && $A report {odd} out.png", b"out.png\n"),
        (f"$A record {odd} $'f\\xff.mp4' --seconds 0.1", b"f\xff.mp4\n"),
        (f"$A export {odd} $'o\\xff.keras'", b"o\xff.keras: CartPole-v1"),
    ):
        done = shell(line, tmp_path, LC_ALL="C.UTF-8")
        assert (done.returncode, done.stderr) == (0, b""), line
        assert last in done.stdout, line
    log = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff/CartPole-v1/o\xff/trainer.log")).read_text()
    assert "Traceback" not in log and "Unicode" not in log
