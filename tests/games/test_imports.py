"""Modules of a person's own: what is a word for one, when it is imported, and what is said where that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import gymnasium
import pytest

from arcade_dqn.games import imports
from arcade_dqn.games.find import find, outside_the_catalogue
from arcade_dqn.games.imports import ImportFailed, NoSuchModule
from arcade_dqn.games.info import UnknownGame

GAME = """
import gymnasium
import numpy as np

class Corridor(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(0, 1, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)
    def __init__(self, render_mode=None): pass
    def reset(self, *, seed=None, options=None): return np.zeros(2, np.float32), {{}}
    def step(self, action): return np.ones(2, np.float32), 1.0, True, False, {{}}

gymnasium.register(id="{id}", entry_point="{name}:Corridor")
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Writes a file of a person's own; what is imported in the test is forgotten after it."""
    loaded, known, path = set(sys.modules), set(gymnasium.registry), list(sys.path)
    problems, registered = dict(imports._problems), dict(imports._registered)

    def write(name: str, text: str = "") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text or GAME.format(id=f"{file.stem.title().replace('_', '')}-v0", name=file.stem))
        return file

    yield write
    for name in set(sys.modules) - loaded:
        del sys.modules[name]
    for id in set(gymnasium.registry) - known:
        del gymnasium.registry[id]
    sys.path[:] = path
    for kept, before in ((imports._problems, problems), (imports._registered, registered)):
        kept.clear()
        kept.update(before)
    outside_the_catalogue.cache_clear()


# --- words ---


@pytest.mark.parametrize(
    ("text", "module", "id"),
    [
        ("minigrid:MiniGrid-Empty-8x8-v0", "minigrid", "MiniGrid-Empty-8x8-v0"),
        ("a.package.games:Space/Game-v1", "a.package.games", "Space/Game-v1"),
        ("./my game.py:MyGame-v0", "./my game.py", "MyGame-v0"),
        ("CartPole-v1", "", "CartPole-v1"),
        ("runs/a-game/first-try", "", "runs/a-game/first-try"),
        ("C:\\models\\agent.safetensors", "", "C:\\models\\agent.safetensors"),
        ("no-name:MyGame-v0", "", "no-name:MyGame-v0"),
        ("a:b:c", "", "a:b:c"),
        (":MyGame-v0", "", ":MyGame-v0"),
        ("", "", ""),
    ],
)
def test_a_module_before_an_id(text: str, module: str, id: str) -> None:
    assert imports.split(text) == (module, id)


def test_a_file_whose_name_has_a_colon_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one:two.safetensors").touch()
    assert imports.split("one:two.safetensors") == ("", "one:two.safetensors")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("no_such_module_here", "there is no module no_such_module_here; install its package beside arcade-dqn"),
        ("no_such_module_here.games", "there is no module no_such_module_here;"),
        ("flappy-bird", "'flappy-bird' is no module's name; write one such as minigrid"),
        ("os; import this", "is no module's name"),
        ("", "'' is no module: it must be a name or the path of a file"),
        ("a\x1b[31mb", "is no module: it must be a name"),
        ("./nowhere.py", "nowhere.py: there is no such file"),
        ("./notes.txt", "notes.txt is no module: its name must end in .py"),
        ("./empty", "empty: this folder is no package, for it has no __init__.py"),
        ("./my-game.py", "'my-game' cannot be a module's name; rename it"),
        ("./queue.py", "another module is named queue (Python's own)"),
        ("./numpy.py", "another module is named numpy ("),
    ],
)
def test_what_is_no_module_is_refused_before_anything_runs(
    word: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("notes.txt", "my-game.py", "queue.py", "numpy.py"):
        Path(name).write_text("raise SystemExit('it ran')")
    Path("empty").mkdir()
    with pytest.raises(NoSuchModule) as caught:
        imports.ask([word])
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
    assert imports.asked() == ()


def test_a_file_of_that_name_in_this_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_own_game.py").touch()
    with pytest.raises(NoSuchModule, match=r"write --import \./my_own_game\.py$"):
        imports.ask(["my_own_game"])


def test_the_words_travel_by_the_environment_with_whole_paths(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("own_one.py")
    monkeypatch.chdir(file.parent)
    assert imports.ask(["json", "./own_one.py"]) == ("json", str(file))
    assert json.loads(os.environ[imports.VARIABLE]) == ["json", str(file)]
    imports.ask(["json", "csv"])
    assert imports.asked() == ("json", str(file), "csv")
    shown = "from arcade_dqn.games import imports; print(*imports.asked())"
    child = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd="/")
    assert child.stdout.split() == ["json", str(file), "csv"]


def test_a_person_may_write_the_variable_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(imports.VARIABLE, os.pathsep.join(["minigrid", "./games/mine.py", ""]))
    assert imports.asked() == ("minigrid", os.path.abspath("games/mine.py"))
    for strange in ("[", "[" * 100_000, "[1, 2", '["a'):
        monkeypatch.setenv(imports.VARIABLE, strange)
        assert all(isinstance(word, str) for word in imports.asked())


def test_too_many_are_no_persons_words() -> None:
    names = sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))[:17]
    with pytest.raises(NoSuchModule, match="17 modules are to be imported, and at most 16 may be"):
        imports.ask(names)


# --- importing ---


def test_a_file_registers_its_game_which_is_then_found(write: Write) -> None:
    file = write("corridor_one.py")
    with pytest.raises(UnknownGame, match="a game of a package of its own needs --import MODULE, too"):
        find("CorridorOne-v0")
    imports.ask([str(file)])
    assert "corridor_one" not in sys.modules, "asked for, but not looked up yet"
    assert find("CartPole-v1").id == "CartPole-v1"
    assert "corridor_one" not in sys.modules, "the catalogue's games need none of it"
    info = find("corridorone-v0")
    assert (info.id, info.family) == ("CorridorOne-v0", "gymnasium")
    assert imports.record("CorridorOne-v0") == (str(file),)
    assert imports.record("CartPole-v1") == ()


def test_it_runs_once_finds_its_neighbours_and_does_not_print(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("its_neighbour.py", "LENGTH = 3\n")
    file = write("corridor_two.py", "import its_neighbour\nprint('hello')\nCOUNT = globals().get('COUNT', 0) + 1\n")
    imports.ask([str(file), str(file)])
    imports.import_asked()
    imports.import_asked()
    assert sys.modules["corridor_two"].COUNT == 1
    assert sys.path[-1] == str(file.parent), "after everything that is installed"
    said = capsys.readouterr()
    assert said.out == "", "standard output may be JSON or a table"
    assert said.err == "hello\n"


def test_a_folder_with_an_init_is_a_package(write: Write) -> None:
    package = write("corridor_three/__init__.py", "from .games import ID\n").parent
    write("corridor_three/games.py", "import gymnasium\nID = 'Third-v0'\ngymnasium.register(ID, lambda: None)\n")
    imports.ask([str(package)])
    imports.import_asked()
    assert imports.record("Third-v0") == (str(package),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\nraise ValueError('no port\\n5005')\n", "it raised ValueError: no port 5005 (broken_game.py, line 2)"),
        ("def f():\n    return 1 / 0\nf()\n", "it raised ZeroDivisionError: division by zero (broken_game.py, line 2)"),
        ("import no_such_module_here\n", "it needs the module no_such_module_here, which is not installed"),
        ("import sys\nsys.exit(3)\n", "it raised SystemExit: 3 (broken_game.py, line 2)"),
        ("def f(:\n", "it is no valid Python: "),
        ("raise ValueError('\\x1b[31mred')\n", "it raised ValueError: red (broken_game.py, line 1)"),
    ],
)
def test_a_module_that_raises_is_told_in_one_sentence(write: Write, text: str, sentence: str) -> None:
    file = write("broken_game.py", text)
    words = imports.ask([str(file)])
    with pytest.raises(ImportFailed) as caught:
        imports.import_asked(words)
    assert str(caught.value).startswith(f"--import {file}: {sentence}")
    assert str(caught.value).isprintable()
    assert "broken_game" not in sys.modules
    with pytest.raises(UnknownGame, match="there is no game named 'Broken-v0'; --import .*broken_game.py: it "):
        find("Broken-v0")
    assert find("MountainCarContinuous-v0").family == "gymnasium", "what is known without it is played"


def test_a_word_that_names_nothing_any_more_is_told_when_a_game_is_missing() -> None:
    imports.add(["no_such_module_here"])
    with pytest.raises(UnknownGame, match="'Lost-v0'; --import no_such_module_here: there is no module no_such"):
        find("Lost-v0")
    imports._problems.pop("no_such_module_here")


def test_a_module_that_registers_other_games_says_which(write: Write) -> None:
    imports.ask([str(write("corridor_four.py"))])
    with pytest.raises(UnknownGame, match=r"corridor_four\.py registered CorridorFour-v0$"):
        find("CorridorFive-v0")


# --- records ---


def test_a_record_is_named_and_never_imported(write: Write) -> None:
    file = write("corridor_six.py")
    sys.path.insert(0, str(file.parent))
    for word in ("corridor_six", str(file), "it's mine; rm -r *"):
        with pytest.raises(UnknownGame) as caught:
            find("CorridorSix-v0", [word])
        sentence = str(caught.value)
        assert f"it was trained with the module {word}. Importing a module runs its code: if you trust it" in sentence
    assert sentence.endswith("""add --import 'it'"'"'s mine; rm -r *'"""), "fit to be pasted into a shell"
    assert "corridor_six" not in sys.modules
    assert imports.asked() == ()


def test_a_record_that_was_let_in_is_no_riddle(write: Write) -> None:
    file = write("corridor_seven.py")
    imports.ask([str(file)])
    assert find("CorridorSeven-v0", ["/elsewhere/corridor_seven.py"]).id == "CorridorSeven-v0"
    with pytest.raises(UnknownGame, match=r"corridor_seven\.py registered CorridorSeven-v0$"):
        find("Other-v0", ["./corridor_seven.py"])


def test_what_is_given_to_others_names_no_folder_of_this_machine() -> None:
    assert imports.shared(["minigrid", "/home/ada/secret/my_game.py"]) == ("minigrid", "./my_game.py")
