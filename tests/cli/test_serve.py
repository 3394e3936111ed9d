from __future__ import annotations

import importlib.util
import socket
from pathlib import Path

import pytest

from arcade_dqn.cli import serve
from arcade_dqn.cli.main import main


@pytest.mark.parametrize("port", ["0", "65536", "-1"])
def test_a_port_that_there_is_not(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", port]) == 2
    assert f"--port {port} is not allowed" in capsys.readouterr().err


def test_a_missing_extra_is_one_sentence_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == (
        'arcade-dqn: the browser needs textual-serve; install it with: pip install "arcade-dqn[serve]"\n'
    )


@pytest.mark.skipif(importlib.util.find_spec("textual_serve") is None, reason="the extra `serve` is not installed")
def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--runs-dir", str(tmp_path)]) == 1
    line = capsys.readouterr().err
    assert line.startswith(f"arcade-dqn: cannot listen on 127.0.0.1 port {port}: ")
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    "host",
    ["", " ", "a..b", ".", "-" * 64, "a b", "[::1]", "http://localhost", "localhost:80", "ä" * 80, "\udcff", "%"],
)
def test_what_is_no_host_is_one_sentence(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", f"--host={host}"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("arcade-dqn: --host ")
    assert "is neither a host's name nor an address" in line
    assert line.count("\n") == 1


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "0.0.0.0", "::1", "fe80::1%eth0", "bücher.example", "a_b."])
def test_what_may_be_a_host(host: str) -> None:
    assert serve.is_host(host)


@pytest.mark.skipif(importlib.util.find_spec("textual_serve") is None, reason="the extra `serve` is not installed")
def test_a_host_that_nobody_knows_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "no-such-host.invalid", "--runs-dir", str(tmp_path)]) == 1
    line = capsys.readouterr().err
    assert line.startswith("arcade-dqn: cannot listen on no-such-host.invalid port 8000: ")
    assert line.count("\n") == 1
