"""Every shell line of every page: run where it is quick, otherwise read by the parser that would read it.

A line that no rule here knows fails: a page says nothing that nobody has tried.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from arcade_dqn.cli.main import build_parser, main
from arcade_dqn.config import build
from arcade_dqn.games import imports
from arcade_dqn.games.find import find
from arcade_dqn.storage.models import find_models

RUNS_OF_A_READER = {"first-try", "second-try", "seed-1", "seed-2", "seed-3", "RUN", "agent.safetensors"}
"""Names of runs and models that the examples make up."""
QUICK = {"games", "models", "runs", "preferences"}
"""Commands that a test can run as they are."""


def shell_lines(text: str) -> Iterator[str]:
    """The lines in a page's shell blocks, those that go on joined, without their comments."""
    for _, block in re.findall(r"^```(sh|powershell)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if words := re.sub(r"(^|\s)#.*", "", line).strip():
                yield words


def inline_lines(text: str) -> Iterator[str]:
    """Commands of the arcade within a sentence, where `...` and CAPITALS may stand for words."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (word.replace("\n", " ") for word in re.findall(r"`(arcade-dqn [^`]+)`", prose))


@pytest.fixture
def checks(
    pages: Mapping[str, str], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, Callable[[list[str]], None]]:
    """How a line is checked, by the program that it starts."""
    monkeypatch.setenv("ARCADE_DQN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("ARCADE_DQN_CONFIG", str(tmp_path / "preferences.toml"))
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    game = tmp_path / "my_game.py"
    example = re.search(r"^```python\n(\"\"\"my_game\.py.*?)^```$", pages["docs/games.md"], re.MULTILINE | re.DOTALL)
    assert example is not None
    game.write_text(example[1])

    def arcade(words: list[str]) -> None:
        _arcade([str(game) if word == "./my_game.py" else word for word in words], root)

    def make(words: list[str]) -> None:
        # It says what it would do, and does nothing.
        subprocess.run([shutil.which("make") or "make", "-n", *words], cwd=root, check=True, capture_output=True)

    def python(words: list[str]) -> None:
        match words:
            case ["-m", "venv", ".venv"] | ["-3.12", "-m", "venv", ".venv"]:
                pass
            case ["-m", module, *options]:
                path = root / Path(*module.split("."))
                source = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
                _has_options(source, options)
            case [script, *options]:
                _has_options(root / script, options)
            case _:
                raise AssertionError(words)

    def pip(words: list[str]) -> None:
        assert words[0] == "install"
        _known_extras(" ".join(words), extras)
        assert "--constraint" not in words or (root / words[words.index("--constraint") + 1]).is_file()

    def uv(words: list[str]) -> None:
        match words:
            case ["venv", "--python", "3.12"]:
                pass
            case ["pip", *rest]:
                pip(rest)
            case ["run", "--no-project", "arcade-dqn", *rest]:
                arcade(rest)
            case _:
                raise AssertionError(words)

    def sh(words: list[str]) -> None:
        assert words[0] == "scripts/install.sh"
        assert (root / words[0]).is_file()
        assert set(words[1].split(",")) <= extras

    return {
        "arcade-dqn": arcade,
        "make": make,
        "pip": pip,
        "py": python,
        "python": python,
        "python3": python,
        "sh": sh,
        "uv": uv,
    }


def _arcade(words: list[str], root: Path) -> None:
    """A line of the arcade's own: parsed, its names looked up, run if it is quick."""
    arguments = build_parser().parse_args(words)
    imports.add(word for word in getattr(arguments, "imports", ()) if word.endswith("my_game.py"))
    if not words or words[0] in QUICK or words[:2] == ["train", "--help-settings"]:
        # The arcade alone needs a terminal, which tests/tui gives it.
        assert not words or main(words) == 0
        return
    if words[0] == "train":
        info = find(arguments.game)
        shortcuts = [
            f"{setting}={value}"
            for setting, value in (
                ("run.steps", arguments.steps),
                ("run.seed", arguments.seed),
                ("cluster.actors", arguments.actors),
            )
            if value is not None
        ]
        build(info.id, arguments.preset or info.preset, [*shortcuts, *arguments.overrides])
    for game in [arguments.game] if words[0] == "play" else getattr(arguments, "games", None) or []:
        find(game)
    shipped = {name for entry in find_models(root / "no-runs") for name in (entry.path.name, str(entry.path))}
    for target in [getattr(arguments, "target", None), getattr(arguments, "beside", None)]:
        if target is None or target in RUNS_OF_A_READER | shipped | {"untrained", "halfway"} or "/" in target:
            continue
        find(target)
    if words[0] == "bench" and arguments.against is not None:
        assert (root / arguments.against).is_file()


def _has_options(source: Path, options: list[str]) -> None:
    """Whether a program of this project names these options where it defines them."""
    text = source.read_text("utf-8")
    assert [one for one in options if one.startswith("--") and f'"{one}"' not in text] == []


def _known_extras(line: str, extras: set[str]) -> None:
    for found in re.findall(r"\[([\w,]+)\]", line):
        assert set(found.split(",")) <= extras


def program(words: list[str]) -> str:
    """The program of a line, wherever its environment is."""
    return re.split(r"[/\\]", words[0])[-1]


def test_every_shell_line_can_be_run(
    pages: Mapping[str, str], checks: Mapping[str, Callable[[list[str]], None]], capsys: pytest.CaptureFixture[str]
) -> None:
    count = 0
    for page, text in pages.items():
        for line in shell_lines(text):
            for part in line.split(" | "):  # a filter behind it is the shell's own
                words = shlex.split(part.replace("\\", "/"))
                if part is not line and words[0] in ("tail", "head"):
                    continue
                assert program(words) in checks, f"{page}: teach this test to check: {line}"
                try:
                    checks[program(words)](words[1:])
                except (Exception, SystemExit) as error:
                    raise AssertionError(f"{page}: {line}: {error!r}") from error
                count += 1
    assert count >= 60


def test_every_command_within_a_sentence_is_one(pages: Mapping[str, str], scripts: Any) -> None:
    parsers = scripts.docs.parsers()
    options = {name: set(parser._option_string_actions) for name, parser in parsers.items()}
    own = set(build_parser()._option_string_actions)
    wrong = []
    for page, text in pages.items():
        for line in inline_lines(text):
            words = [re.split("[ =]", word)[0] for word in line.split()[1:]]
            name = words[0]
            known = own if name.startswith("--") else options.get(name)
            if known is None and name not in ("COMMAND", "..."):
                wrong.append(f"{page}: {line}")
            elif known is not None:
                wrong += [f"{page}: {line}: {word}" for word in words if word.startswith("--") and word not in known]
    assert wrong == []


def test_a_line_that_is_wrong_is_found(checks: Mapping[str, Callable[[list[str]], None]]) -> None:
    for line in (
        "arcade-dqn train CartPole-v1 --set learning.gamma=0.9",
        "arcade-dqn train NoSuchGame-v1",
        "arcade-dqn eval cartpole --no-such-option",
        "arcade-dqn eval nosuchmodel",
        "make no-such-target",
        "python -m benchmarks.compare --no-such-option",
        "python scripts/no_such_script.py",
        'pip install ".[nosuchextra]"',
        "sh scripts/install.sh nosuchextra",
    ):
        words = shlex.split(line)
        with pytest.raises((Exception, SystemExit)):
            checks[words[0]](words[1:])
