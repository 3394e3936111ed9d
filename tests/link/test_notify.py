from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from arcade_dqn.link.notify import command, escape, tell

DESKTOP = {"DISPLAY": ":0"}


def found(name: str) -> str | None:
    return f"/usr/bin/{name}"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS shows notices another way")
def test_the_desktop_is_asked_where_there_is_one() -> None:
    told = command("CartPole has ended its training", DESKTOP, found)
    assert told == [
        "/usr/bin/notify-send", "--app-name=arcade_dqn", "--", "arcade_dqn", "CartPole has ended its training"
    ]  # fmt: skip
    assert command("done", {}, found) is None
    assert command("done", DESKTOP, lambda name: None) is None
    # Over SSH it would show on a desktop that nobody sits at.
    assert command("done", {**DESKTOP, "SSH_CONNECTION": "1 2 3 4"}, found) is None


def test_macos_gets_the_text_as_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    text = 'done" with title "gone'
    told = command(text, {}, found)
    assert told is not None
    assert told[-1] == text
    assert not any(text in word for word in told[:-1])


def test_the_terminal_shows_a_notice() -> None:
    assert escape("done", {"TERM": "xterm-256color"}) == "\x1b]9;arcade_dqn: done\x1b\\"
    assert escape("done", {"TERM": "foot"}) == "\x1b]777;notify;arcade_dqn;done\x1b\\"
    assert escape("done", {"TERM": "xterm-256color", "VTE_VERSION": "7600"}).startswith("\x1b]777;")
    # tmux hands it on: every escape within is doubled.
    assert escape("done", {"TMUX": "socket,1,0"}) == "\x1bPtmux;\x1b\x1b]9;arcade_dqn: done\x1b\x1b\\\x1b\\"


def test_nothing_in_the_text_can_end_the_sequence() -> None:
    told = escape("a\x1b\\b\x07c;d\ne", {"TERM": "foot"})
    assert told.count("\x1b") == 2
    assert "\x07" not in told
    assert told.count(";") == 3


@pytest.mark.parametrize(
    ("how", "written"),
    [
        ("none", ""),
        ("bell", "\a"),
        ("desktop", "\x1b]9;arcade_dqn: done\x1b\\"),
        ("both", "\a\x1b]9;arcade_dqn: done\x1b\\"),
    ],
)
def test_bell_and_notice(how: str, written: str) -> None:
    heard: list[str] = []
    tell("done", how, {"SSH_TTY": "/dev/pts/1"}, heard.append)
    assert "".join(heard) == written


@pytest.mark.skipif(sys.platform != "linux", reason="notify-send is a program of Linux desktops")
@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_program_that_fails_leaves_it_to_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exit_code: int
) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/told\nexit {exit_code}\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    heard: list[str] = []
    tell("done", "desktop", {**DESKTOP, "PATH": path}, heard.append)
    assert (tmp_path / "told").read_text() == "--app-name=arcade_dqn|--|arcade_dqn|done|"
    assert bool(heard) == (exit_code != 0)
