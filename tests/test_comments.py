"""Comments and docstrings name what is there: a file that was renamed, or a function that is gone, is found here."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from arcade_dqn.config import setting_table

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for folder in ("arcade_dqn", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py"))
ROOMS = {path.name for path in (ROOT / "arcade_dqn").iterdir() if (path / "__init__.py").exists()}
WORD = re.compile(r"[A-Za-z_]\w*")
NAMED = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)*)(?:\(\))?`")
"""A name between backquotes, alone."""
FILE = re.compile(r"(?<![\w./-])((?:[\w-]+/)*[\w-]+\.py)\b")


def docstrings(tree: ast.AST) -> list[ast.Constant]:
    """Those of modules, classes and functions, and those behind an attribute."""
    found = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                found.append(statement.value)
    return [one for one in found if isinstance(one.value, str)]


def said(source: str) -> Iterator[tuple[int, str]]:
    """Comments and docstrings, with their lines."""
    for one in docstrings(ast.parse(source)):
        yield one.lineno, str(one.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def words(source: str) -> set[str]:
    """Every name in the code, and every word of its texts, without comments and docstrings."""
    lines = {one.lineno for one in docstrings(ast.parse(source))}
    found: set[str] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME:
            found.add(token.string)
        elif token.type == tokenize.STRING and token.start[0] not in lines:
            found.update(WORD.findall(token.string))
    return found


@cache
def known() -> frozenset[str]:
    """All words of the project's code and settings, and the names of its files and folders."""
    found: set[str] = set()
    for path in SOURCES:
        found |= words(path.read_text("utf-8"))
        found.update(path.relative_to(ROOT).with_suffix("").parts)
    for pattern in ("*.toml", "Makefile", "arcade_dqn/**/*.toml", "arcade_dqn/**/*.tcss", "arcade_dqn/**/*.html"):
        for path in ROOT.glob(pattern):
            found.update(WORD.findall(path.read_text("utf-8")))
    return frozenset(found)


@cache
def files() -> frozenset[str]:
    return frozenset(path.name for path in [*SOURCES, *(ROOT / "tests").rglob("*.py")])


@cache
def folders() -> frozenset[str]:
    return frozenset(part for path in SOURCES for part in path.relative_to(ROOT).parent.parts) | {"tests"}


def missing(text: str, folder: Path = ROOT) -> Iterator[str]:
    """What a comment names that is not there; `folder` is that of its file, seen from which a path may be written."""
    for name in NAMED.findall(text):
        parts = name.split(".")
        room = len(parts) > 1 and parts[0] in ROOMS and name not in setting_table()
        if not known().issuperset(parts) or (room and not in_room(*parts[:3])):
            yield name
    for name in FILE.findall(text):
        first, _, rest = name.partition("/")
        if "NAME" in name or (rest and (first in OTHERS or first not in folders())):
            continue  # a pattern, or another project's
        if not any((top / name).exists() for top in (*TOPS, folder, *folder.parents)) and (rest or name not in files()):
            yield name


OTHERS = {"minatar"}
"""Packages of other projects that a folder here is named after."""
TOPS = [ROOT, ROOT / "arcade_dqn", ROOT / "benchmarks", ROOT / "tests"]


def in_room(room: str, module: str, name: str = "") -> bool:
    """Whether there is such a module, or such a name in the room itself, and in the module such a name."""
    folder = ROOT / "arcade_dqn" / room
    path = next((one for one in (folder / f"{module}.py", folder / module / "__init__.py") if one.exists()), None)
    if path is None:
        return any(module in words(one.read_text("utf-8")) for one in folder.glob("*.py"))
    return not name or (path.parent / name).exists() or name in words(path.read_text("utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_comment_names_is_there(path: Path) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for line, text in said(path.read_text("utf-8"))
        for name in missing(text, path.parent)
    ]
    assert not wrong


@pytest.mark.parametrize("path", sorted((ROOT / "arcade_dqn" / "cli").glob("*.py")), ids=lambda path: path.name)
def test_a_command_is_in_the_file_that_says_so(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    about = (ast.get_docstring(tree) or "").split(":")[0]
    if not about.startswith(("The command", "`arcade-dqn")):
        return
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {name.split()[-1] for name in re.findall(r"`([a-z -]+)`", about)} - {"arcade-dqn"} <= functions


def test_what_this_test_would_find() -> None:
    gone = ["is_locked", "storage.lock.is_locked", "storage.padlock", "link.text.lock_holder"]
    moved = ["padlock.py", "tests/link/test_pad.py", "link/lock.py"]
    assert list(missing(f"`{'`, `'.join(gone)}`; {', '.join(moved)}")) == [*gone, *moved]
    there = "`lock_holder()`, `storage.lock.lock_holder`, `link.text`, `learning.overlap`, `GAME/NAME`"
    assert not list(missing(f"{there}; lock.py, link/text.py, minatar/__init__.py", ROOT))
    assert [text for _, text in said('"""One."""\nx = 1  # two\n"""Three."""\ny = "four"\n')] == [
        *("One.", "Three.", "# two")
    ]
    assert words('"""`one`"""\nx = "two"  # three\n') == {"x", "two"}
