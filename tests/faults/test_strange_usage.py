"""Whatever is typed, set or closed: an exit code of 0, 1, 2 or 130, one sentence for a failure, never a traceback.

The command line runs in this process. What takes long or needs a terminal, a display or TensorFlow is replaced at the
last moment, after everything that a person has given was looked at.
"""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arcade_dqn import doctor, preferences
from arcade_dqn.acting.layers import initial_weights
from arcade_dqn.cli import playing, serve, terminal, training
from arcade_dqn.cli.main import build_parser, main
from arcade_dqn.config import build, preset_names, setting_table
from arcade_dqn.evaluation import Evaluation
from arcade_dqn.experiments import trials
from arcade_dqn.games.make import make
from arcade_dqn.stage import evaluate
from arcade_dqn.storage.model_file import ModelInfo, TrainingSummary, save_model
from arcade_dqn.storage.run_dir import RunDir
from arcade_dqn.storage.summary import Summary
from arcade_dqn.tui.keymap import checked
from arcade_dqn.window import choose
from arcade_dqn.window import main as window
from arcade_dqn.window.film import record

LONG = os.environ.get("FAULTS") == "long"


def examples(quick: int, long: int) -> settings:
    """As many examples; `make test` takes the same ones every time."""
    return settings(
        max_examples=long if LONG else quick,
        derandomize=not LONG,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


# --- a folder of a person's, and programs that end at once -----------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder: runs and models, good ones and broken ones, and files with names of all kinds."""
    place = tmp_path_factory.mktemp("person")
    chosen = build("CartPole-v1", "tutorial")
    info = ModelInfo(
        game="CartPole-v1",
        title="[red]\x1b[31m",
        observation_shape=(4,),
        n_actions=2,
        action_names=("push left", "push right"),
        network=chosen.network,
        environment=chosen.environment,
        training=TrainingSummary(preset="tutorial", steps=12),
        evaluation=Evaluation.from_returns([9.0, 11.0], 3),
    )
    model = place / "agent.safetensors"
    save_model(model, info, initial_weights(chosen.network, (4,), 2, 7))
    for name in (b"-best.safetensors", b"agent\xff.safetensors", b"a\x1b[2Jb.safetensors", b"a b\n.safetensors"):
        Path(place, os.fsdecode(name)).write_bytes(model.read_bytes())
    (place / "no.safetensors").write_bytes(b"no model")
    runs = place / "runs"
    for name in ("one", "two"):
        run = RunDir.create(runs, chosen, name)
        run.best.write_bytes(model.read_bytes())
        run.write_summary(Summary(state="stopped", step=5, steps_total=10, message="[blue]\x1b[2J"))
        run.append_metrics({"kind": "episode", "step": 3, "return": 1.0})
        run.close()
    (RunDir.create(runs, chosen, "broken").path / "config.json").write_text('{"run": 1')
    os.rename(RunDir.create(runs, chosen, "odd").path, Path(os.fsdecode(os.fsencode(runs) + b"/CartPole-v1/o\xffd")))
    (place / "ring").symlink_to("ring")
    os.mkfifo(place / "pipe")
    (place / "file").write_text("a,b\n1,2\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield place


@pytest.fixture(autouse=True)
def quick(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is trained, played, drawn or waited for."""
    monkeypatch.setattr(training, "_execute", lambda run_dir, arguments: int(not run_dir.settings()))
    monkeypatch.setattr(training, "make", make, raising=False)
    monkeypatch.setattr(evaluate, "evaluate", lambda *_, **__: Evaluation.from_returns([1.0], 0))
    monkeypatch.setattr(window, "open_window", choose.what_to_show)
    monkeypatch.setattr(record, "record", lambda source, out, **_: out)
    monkeypatch.setattr(terminal, "watch_in_terminal", lambda source, **_: int(source is None))
    monkeypatch.setattr(trials, "train", _no_training)
    monkeypatch.setattr(doctor, "ask_child", lambda code, wanted=(): {"error": "not asked"})
    monkeypatch.setattr(doctor, "installed_versions", lambda: {"pygame-ce": "2"})
    monkeypatch.setattr(playing, "quiet_libraries", _no_library)
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    # Signals and drawing are for the main thread and for real terminals.
    monkeypatch.setattr(signal, "signal", lambda number, handler: signal.SIG_DFL)


def _no_training(*_: Any, **__: Any) -> trials.Result:
    raise trials.ArcadeError("no training here")


def _no_library(*_: Any, **__: Any) -> Any:
    raise trials.ArcadeError("no TensorFlow here")


# --- running one command ---------------------------------------------------------------------------------------------


class Broken(io.RawIOBase):
    """A standard output that takes some bytes and then no more."""

    def __init__(self, takes: int, number: int) -> None:
        self._left, self._number = takes, number
        self._file = open(os.devnull, "w")  # noqa: SIM115 (closed below)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._left = sys.maxsize  # what is still held back is nobody's business any more
        super().close()
        self._file.close()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self._left <= 0:
            raise OSError(self._number, os.strerror(self._number))
        taken = min(len(data), self._left)
        self._left -= taken
        return taken


class Output(io.TextIOWrapper):
    """Standard output, which a person may look at."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


def run(argv: list[str], encoding: str = "utf-8", terminal: bool = False, raw: Any = None) -> tuple[int, str, bytes]:
    """Exit code, standard error and standard output (nothing of a broken one)."""
    data = io.BytesIO()
    out = Output(data if raw is None else io.BufferedWriter(raw, 64), encoding=encoding)
    out.terminal = terminal
    errors = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace", write_through=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", errors)
        try:
            code = main(argv)
        except SystemExit as stop:
            code = int(stop.code or 0)
        if raw is None:
            out.flush()
        else:
            raw.close()
    said = errors.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    return code, said, data.getvalue()


REPORTS = ("doctor", "preferences")
"""Commands that tell what is wrong on standard output."""


def check(argv: list[str], code: int, said: str, *, whole: bool = True) -> None:
    case = (argv, code, said)
    assert code in (0, 1, 2, 130), case
    assert "Traceback" not in said and "unexpected " not in said, case
    assert "python -m" not in said, case
    if code in (1, 2) and not (code == 1 and (not whole or any(name in argv for name in REPORTS))):
        assert re.fullmatch(r"arcade-dqn: [^\n]+\n", said), case
    elif code == 0:
        assert said == "", case
    assert said.replace("\n", "").isprintable(), case


# --- what may be typed -----------------------------------------------------------------------------------------------

NO_NULL = st.binary(max_size=24).map(lambda data: os.fsdecode(data.replace(b"\0", b"")))
WORDS = NO_NULL.filter(lambda text: not text.startswith("/") and ".." not in text)
"""Whatever the system can hand to a program; nothing is written outside the current folder."""
NUMBERS = [
    "",
    " ",
    "0",
    "1",
    "-1",
    "1.5",
    "nan",
    "-inf",
    "1e400",
    "1e6",
    "9" * 5_000,
    "²",
    "1_0",
    "0x10",
    "true",
    "None",
]
PLACES = [
    *("", ".", "-", "--", "-x", "-best.safetensors", "agent.safetensors", "agent\udcff.safetensors", "no.safetensors"),
    *("a\x1b[2Jb.safetensors", "a b\n.safetensors", "none.safetensors", "ring", "pipe", "file", "file/x", "a" * 300),
    *(
        "one",
        "two",
        "broken",
        "CartPole-v1/one",
        "runs/CartPole-v1/one",
        "runs/CartPole-v1/o\udcffd",
        "nul",
        "x.",
        "runs",
    ),
    *("cartpole", "CartPole-v1", "Acrobot-v1", "pong", "breakout", "ALE/None-v5", "MinAtar/None-v1", "os:system"),
    *("%s{}[red]", "/dev/null", "/dev/full", "/proc/self/mem", "\u202e", "\udcff", "\r\n", "untrained", "learning"),
    *("replay", "out.gif", "out.png", "out.keras", "runs/" * 900, "~", "$HOME", "file:///x", "http://x"),
]
VALUES = st.sampled_from(NUMBERS) | st.sampled_from(PLACES) | WORDS
SETTINGS = st.builds(
    lambda name, between, value: f"{name}{between}{value}",
    st.sampled_from([*setting_table(), "learning.none", "none", "", ".", "run.game"]),
    st.sampled_from(["=", "=", "=", "", "==", " = "]),
    VALUES,
)


def _commands() -> dict[str, list[argparse.Action]]:
    parser = build_parser()
    (sub,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    return {name: command._actions for name, command in sub.choices.items()}


COMMANDS = _commands()


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Mostly a command with what it takes, in any order, sometimes too much or too little, sometimes anything."""
    name = draw(st.sampled_from([*COMMANDS, ""]))
    words: list[str] = [name] if name else []
    for action in draw(st.permutations(COMMANDS.get(name, []))):
        if not action.option_strings:
            count = draw(st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2]))
            words += [draw(VALUES) for _ in range(count)]
        elif draw(st.integers(0, 5)) == 0 and action.dest not in ("help", "debug"):
            option = draw(st.sampled_from(action.option_strings))
            value = draw(SETTINGS if option == "--set" else st.sampled_from(preset_names()) | VALUES)
            if action.nargs == 0:
                words.append(option)
            else:
                words += [f"{option}={value}"] if draw(st.booleans()) else [option, value]
    if draw(st.integers(0, 9)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(st.just("--") | VALUES))
    return words


ENCODINGS = st.sampled_from(["utf-8", "utf-8", "latin-1", "ascii", "cp1252", "cp437", "utf-16-le"])


@examples(300, 50_000)
@given(command_lines(), ENCODINGS, st.booleans())
def test_command_lines(argv: list[str], encoding: str, terminal: bool) -> None:
    code, said, written = run(argv, encoding, terminal)
    check(argv, code, said)
    told = "--json" in argv and not {"--", "--help-settings"} & set(argv)
    if code == 0 and told and encoding != "utf-16-le":
        assert isinstance(json.loads(written.splitlines()[-1]), dict)


VARIABLES = {
    "ARCADE_DQN_RUNS": st.sampled_from(PLACES),
    "ARCADE_DQN_CONFIG": st.sampled_from(PLACES),
    "COLUMNS": st.sampled_from(NUMBERS),
    "LINES": st.sampled_from(NUMBERS),
    "TERM": st.sampled_from(["", "dumb", "xterm-256color", "vt100", "\x1b", "\udcff"]),
    "COLORTERM": st.sampled_from(["", "truecolor", "24bit", "\udcff"]),
    "NO_COLOR": st.sampled_from(["", "1"]),
    "FORCE_COLOR": st.sampled_from(["", "1", "x"]),
    "RAY_ADDRESS": st.sampled_from(["", "auto", "nowhere", "[::::]:1", "localhost:99999", "\udcff"]),
    "DISPLAY": st.sampled_from(["", ":0", "\udcff"]),
    "SDL_VIDEODRIVER": st.sampled_from(["", "dummy", "none"]),
    "XDG_CONFIG_HOME": st.sampled_from(PLACES),
    "HOME": st.sampled_from(PLACES),
    "PYTHONIOENCODING": st.sampled_from(["", "ascii", "none"]),
    "OMP_NUM_THREADS": st.sampled_from(NUMBERS),
    "TZ": st.sampled_from(["", "None/None", "\udcff", "UTC+99"]),
}
QUIET_COMMANDS = [
    *(["games"], ["games", "--json"], ["runs"], ["runs", "--json"], ["models"], ["doctor"], ["preferences"]),
    *(["train", "--help-settings"], ["train", "cartpole", "--actors", "1"], ["eval", "cartpole"], ["watch", "one"]),
    *(["watch", "one", "--terminal"], ["play", "cartpole"], ["experiment"], ["--help"], []),
]


@examples(150, 20_000)
@given(
    st.sampled_from(QUIET_COMMANDS),
    st.fixed_dictionaries({}, optional=VARIABLES),
    st.booleans(),
)
def test_environments(argv: list[str], variables: dict[str, str], terminal: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        code, said, _ = run(argv, terminal=terminal)
    check(argv, code, said)


@examples(100, 5_000)
@given(
    st.sampled_from(QUIET_COMMANDS),
    st.integers(0, 3_000),
    st.sampled_from([errno.EPIPE, errno.ENOSPC, errno.EBADF, errno.EIO, errno.EAGAIN]),
    st.booleans(),
)
def test_outputs_that_break(argv: list[str], takes: int, number: int, terminal: bool) -> None:
    code, said, _ = run(argv, terminal=terminal, raw=Broken(takes, number))
    check(argv, code, said, whole=False)


# --- the file of preferences -----------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    ["theme", "ascii", "animations", "meters", "notice", "keys", "keys.home.train", '"a b"', "a.b", "é"]
)
TOML_VALUES = st.sampled_from(
    [
        *('"light"', "true", "1", "[]", "{}", '["t", "f2"]', '"\\u0000"', '"' + "x" * 3_000 + '"', "1e400", "nan"),
        *("'\x1b[2J'", "0x" + "f" * 4_000, "9" * 4_400, "[" * 400, "{a=" * 150 + "1" + "}" * 150),
        *("1979-05-27T07:32:00Z", '","', '", ,"'),
    ]
)
TOML = st.one_of(
    st.builds(lambda name, value: f"{name} = {value}\n", KEYS, TOML_VALUES),
    st.sampled_from(["[keys]\n", "[keys", "[[keys]]\n", "\ufeff", "#", "\r\n", "\0", "[a.b.c]\n"]),
    st.sampled_from(['home.train = "t"\n', 'note = """\ntheme = 3\n"""\n']) | st.text(max_size=20),
)
FILES = st.lists(TOML, max_size=6).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass")) | st.binary()


@examples(300, 50_000)
@given(FILES, st.sampled_from(list(preferences.DEFINITIONS)))
def test_files_of_preferences(folder: Path, content: bytes, name: str) -> None:
    file = folder / "preferences.toml"
    file.write_bytes(content)
    found, problems = preferences.load(file)
    keymap, more = checked(found.keys, str(file))
    assert all(one.startswith(str(file)) and one.isprintable() for one in [*problems, *more])
    assert set(keymap) <= set(found.keys)
    value = preferences.DEFINITIONS[name].allowed[-1]
    try:
        preferences.save(file, name, value)
    except preferences.PreferencesError:
        assert file.read_bytes() == content
    else:
        after, _ = preferences.load(file)
        assert after == replace(found, **{name: value})


def test_this_test_would_find_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"train", "eval", "watch", "record", "serve", "bench"} <= set(COMMANDS)

    def broken(arguments: argparse.Namespace) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr("arcade_dqn.cli.tables.games", broken)
    code, said, _ = run(["games"])
    with pytest.raises(AssertionError, match="unexpected RuntimeError: broken"):
        check(["games"], code, said)
    for said in ("", "two\nlines\n", "arcade-dqn: two\nlines\n", "arcade-dqn: a cursor \x1b[2J\n"):
        with pytest.raises(AssertionError):
            check(["games"], 1, said)
    with pytest.raises(AssertionError):
        check(["games"], 3, "arcade-dqn: a sentence\n")
