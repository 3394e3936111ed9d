"""What the app tells is shown as text: a file or another program could have put markup into it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import arcade_dqn.tui

ROOM = Path(arcade_dqn.tui.__file__).parent


def marked_up(tree: ast.AST) -> list[str]:
    """Notices of text which is not written in the code, and that do not say `markup=False`."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="notify"), args=args) if not isinstance(args[0], ast.Constant):
                plain = any(
                    keyword.arg == "markup" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                    for keyword in node.keywords
                )
                if not plain:
                    found.append(f"{node.lineno}: {ast.unparse(node)[:80]}")
            case _:
                pass
    return found


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM)))
def test_what_is_not_written_in_the_code_is_never_read_as_markup(path: Path) -> None:
    assert marked_up(ast.parse(path.read_text("utf-8"))) == []


def test_the_search_finds_each_way() -> None:
    for text in ("self.notify(text)", "app.notify(f'{x}', title='y')", "self.notify(f'{x}', markup=wanted)"):
        assert len(marked_up(ast.parse(text))) == 1
    for text in ("self.notify('ready')", "self.notify(text, markup=False)"):
        assert marked_up(ast.parse(text)) == []
