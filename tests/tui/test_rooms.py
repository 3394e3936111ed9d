"""Who knows whom in the TUI, beside what the import contracts in pyproject.toml say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import arcade_dqn.tui

ROOM = Path(arcade_dqn.tui.__file__).parent
KNOW_THE_APP = {"app.py", "run.py"}


def of_the_app(tree: ast.AST) -> list[str]:
    """Where a file imports the app or names its class."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="arcade_dqn.tui.app") | ast.Name(id="ArcadeApp"):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.ImportFrom(module="arcade_dqn.tui", names=names) if any(name.name == "app" for name in names):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.Import(names=names) if any(name.name == "arcade_dqn.tui.app" for name in names):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case _:
                pass
    return found


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM)))
def test_nobody_knows_the_app_but_what_runs_it(path: Path) -> None:
    if str(path.relative_to(ROOM)) not in KNOW_THE_APP:
        assert of_the_app(ast.parse(path.read_text("utf-8"))) == []


def test_the_search_finds_each_way() -> None:
    for text in (
        "from arcade_dqn.tui.app import ArcadeApp",
        "from arcade_dqn.tui import app",
        "import arcade_dqn.tui.app",
        "assert isinstance(x, ArcadeApp)",
    ):
        assert len(of_the_app(ast.parse(text))) == 1, text
    assert of_the_app(ast.parse("from arcade_dqn.tui.screens.base import ArcadeScreen")) == []


def handlers_called_again(tree: ast.AST) -> list[str]:
    """Where a handler calls its base class's: Textual has called it already, for every class has its turn."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(("on_", "_on_"))
        and ast.unparse(node.func.value) == "super()"
    ]


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM)))
def test_no_handler_runs_twice(path: Path) -> None:
    assert handlers_called_again(ast.parse(path.read_text("utf-8"))) == []


def test_the_search_finds_a_handler_that_is_called_again() -> None:
    assert len(handlers_called_again(ast.parse("class A:\n def on_mount(self):\n  super().on_mount()"))) == 1
    assert handlers_called_again(ast.parse("class A:\n def appear(self):\n  super().appear()")) == []
