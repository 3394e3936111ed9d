"""What is really loaded by each room, and what must stand nowhere in the code.

The import contracts in pyproject.toml say the same about what is written; these tests look at what happens.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import arcade_dqn

PACKAGE = Path(arcade_dqn.__file__).parent

# Imports the rooms named on the command line with every module in them (of the package itself, only its face), and
# after each prints the top-level packages that are loaded by now, and our own modules.
LOAD = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    room = importlib.import_module(name)
    inside = getattr(room, "__path__", []) if "." in name else []
    for found in pkgutil.walk_packages(inside, name + "."):
        if not found.name.endswith(".__main__"):
            importlib.import_module(found.name)
    print(*sorted({name.partition(".")[0] for name in sys.modules}))
    print(*sorted(name for name in sys.modules if name.startswith("arcade_dqn.")))
"""

LEARNERS = {"tensorflow", "keras"}
SCREENS = {"pygame", "textual"}
GAME_LIBRARIES = {"gymnasium", "ale_py", "minatar", "cv2", "Box2D"}
HEAVY = LEARNERS | SCREENS | GAME_LIBRARIES | {"matplotlib", "pandas", "scipy", "seaborn", "imageio_ffmpeg", "PIL"}


def loaded_by(*rooms: str) -> list[tuple[set[str], set[str]]]:
    """The top-level packages, and the modules of arcade_dqn, that a fresh interpreter has loaded after each of `rooms`,
    imported one after the other."""
    result = subprocess.run([sys.executable, "-c", LOAD, *rooms], capture_output=True, text=True, check=True)
    lines = [set(line.split()) for line in result.stdout.splitlines()]
    return list(zip(lines[::2], lines[1::2], strict=True))


@pytest.mark.parametrize(
    ("rooms", "banned"),
    [
        (["arcade_dqn"], HEAVY | {"numpy", "pydantic", "rich"}),
        (["arcade_dqn.cli.main"], HEAVY | {"numpy", "pydantic", "rich"}),
        (["arcade_dqn.games.find"], HEAVY | {"numpy", "pydantic", "rich"}),
        (["arcade_dqn.config", "arcade_dqn.errors"], HEAVY | {"numpy", "rich"}),
        (["arcade_dqn.evaluation", "arcade_dqn.link"], HEAVY | {"rich"}),
        (["arcade_dqn.acting", "arcade_dqn.replay", "arcade_dqn.storage"], HEAVY | {"rich"}),
        (["arcade_dqn.games"], LEARNERS | SCREENS),
        (["arcade_dqn.stage"], LEARNERS | SCREENS),
        (["arcade_dqn.doctor"], HEAVY),
        (["arcade_dqn.report"], LEARNERS | SCREENS),
        (["arcade_dqn.tui"], LEARNERS | {"pygame", "matplotlib"}),
        (["arcade_dqn.window"], LEARNERS | {"textual", "matplotlib"}),
        (["arcade_dqn.cluster.factory"], HEAVY | {"ray"}),
        (["arcade_dqn.cluster.actor_process", "arcade_dqn.cluster.shard"], LEARNERS | SCREENS | {"ray", "matplotlib"}),
        (["arcade_dqn.cli"], LEARNERS | SCREENS | GAME_LIBRARIES | {"matplotlib"}),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_a_room_loads_only_what_it_may(rooms: list[str], banned: set[str]) -> None:
    packages, _ = loaded_by(*rooms)[-1]
    assert packages & banned == set()


def test_the_rooms_with_tensorflow_load_only_what_they_may() -> None:
    # In one interpreter, since TensorFlow takes seconds.
    (learning, _), (training, _) = loaded_by("arcade_dqn.learning", "arcade_dqn.training")
    assert learning & (SCREENS | {"gymnasium", "ale_py", "minatar"}) == set()
    assert training & SCREENS == set()
    assert "tensorflow" in learning


def test_the_tui_loads_neither_the_trainer_nor_the_window() -> None:
    ((_, own),) = loaded_by("arcade_dqn.tui")
    above = ("arcade_dqn.training", "arcade_dqn.learning", "arcade_dqn.window", "arcade_dqn.cli")
    assert [name for name in own if name.startswith(above)] == []


# --- what must stand nowhere: ways in which a file or a line of text could become code ---

UNSAFE_MODULES = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle", "yaml"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
UNSAFE_ATTRIBUTES = {
    ("builtins", "eval"), ("builtins", "exec"), ("builtins", "compile"), ("os", "system"), ("os", "popen"),
    ("yaml", "load"), ("torch", "load"), ("pd", "read_pickle"), ("pandas", "read_pickle"),
}  # fmt: skip


def unsafe(tree: ast.AST) -> list[str]:
    """What in a syntax tree could run code from data, as `line: what`."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [
                    f"{node.lineno}: import {name.name}"
                    for name in names
                    if name.name.partition(".")[0] in UNSAFE_MODULES
                ]
            case ast.ImportFrom(module=str(module), names=names):
                if module.partition(".")[0] in UNSAFE_MODULES:
                    found.append(f"{node.lineno}: from {module}")
                if module.partition(".")[0] in LEARNERS:
                    found += [f"{node.lineno}: {name.name}" for name in names if name.name.startswith("load_model")]
            case ast.Call(func=ast.Name(id=name)) if name in UNSAFE_CALLS:
                found.append(f"{node.lineno}: {name}(...)")
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in UNSAFE_ATTRIBUTES:
                found.append(f"{node.lineno}: {owner}.{name}")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="load"), keywords=keywords):
                # NumPy's own default is to refuse pickles, but a reader should not have to know that.
                if not any(keyword.arg == "allow_pickle" for keyword in keywords):
                    found.append(f"{node.lineno}: numpy.load(...) without allow_pickle=False")
            case ast.Attribute(attr="load_model" | "unsafe_load" | "enable_unsafe_deserialization"):
                # Our own load_model, in storage.model_file, is called by its bare name.
                found.append(f"{node.lineno}: .{node.attr}")
            case ast.keyword(arg="allow_pickle" | "shell", value=value):
                if not (isinstance(value, ast.Constant) and value.value is False):
                    found.append(f"{value.lineno}: {node.arg}=")
            case ast.keyword(arg="safe_mode", value=ast.Constant(value=False)):
                found.append(f"{node.value.lineno}: safe_mode=False")
            case _:
                pass
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_way_from_data_to_code(path: Path) -> None:
    assert unsafe(ast.parse(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "import os, joblib.numpy_pickle",
        "from keras.models import load_model",
        "keras.saving.load_model(path)",
        "eval(text)",
        "exec(text)",
        "numpy.load(path, allow_pickle=True)",
        "numpy.load(path, allow_pickle=wanted)",
        "np.load(path)",
        "builtins.eval(text)",
        "os.system(line)",
        "subprocess.run(line, shell=True)",
        "keras.saving.deserialize_keras_object(x, safe_mode=False)",
    ],
)
def test_the_search_finds_each_way(text: str) -> None:
    assert len(unsafe(ast.parse(text))) == 1


def test_the_search_lets_the_harmless_pass() -> None:
    text = "from arcade_dqn.storage.model_file import load_model\nload_model(path)\nnumpy.load(p, allow_pickle=False)"
    assert unsafe(ast.parse(text)) == []
