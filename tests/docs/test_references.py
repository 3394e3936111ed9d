"""Every `module.Class.method` that a page names is in the code; nothing is imported for it, so TensorFlow stays out."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from arcade_dqn.config import SECTIONS, setting_table
from arcade_dqn.tui.keys import BY_ID

FOREIGN = {"gymnasium"}
"""Packages of others that the pages name things of."""


class Code:
    """What is defined where in a package, by name."""

    def __init__(self, package: Path) -> None:
        self.modules: dict[str, set[str]] = {}
        """Dotted name without the package's own -> names defined there."""
        self.classes: dict[str, set[str]] = defaultdict(set)
        """Class -> its members, those of its bases included."""
        bases: dict[str, set[str]] = defaultdict(set)
        for path in package.rglob("*.py"):
            parts = path.relative_to(package).with_suffix("").parts
            tree = ast.parse(path.read_text("utf-8"))
            self.modules[".".join(part for part in parts if part != "__init__")] = set(_defined(tree.body))
            for one in ast.walk(tree):
                if isinstance(one, ast.ClassDef):
                    self.classes[one.name] |= {*_defined(one.body), *_attributes(one)}
                    bases[one.name] |= {ast.unparse(base).split("[")[0].split(".")[-1] for base in one.bases}
        for _ in range(5):  # as deep as any of them inherits
            for name, of in bases.items():
                self.classes[name] |= set().union(*(self.classes.get(base, set()) for base in of))

    def has(self, reference: str) -> bool:
        """Whether `loop.Loop.steps`, `training.loop`, `learning.Learner` or `Loop.steps` is something."""
        parts = reference.split(".")
        if parts[0] in self.classes:
            return self._in_class(parts)
        for size in range(len(parts), 0, -1):
            for module, names in self.modules.items():
                if not f".{module}".endswith("." + ".".join(parts[:size])):
                    continue
                # A room stands for what is defined anywhere in it: `learning.Learner`.
                inside = [one for name, one in self.modules.items() if name == module or name.startswith(f"{module}.")]
                rest = parts[size:]
                if not rest or (rest[0] in self.classes and any(rest[0] in one for one in inside)):
                    return not rest or self._in_class(rest)
                if len(rest) == 1 and (rest[0] in names or any(rest[0] in one for one in inside)):
                    return True
        return False

    def _in_class(self, parts: list[str]) -> bool:
        return parts[0] in self.classes and (
            len(parts) == 1 or (len(parts) == 2 and parts[1] in self.classes[parts[0]])
        )


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    for one in body:
        match one:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield one.name
            case ast.Assign():
                yield from (target.id for target in one.targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _attributes(one: ast.ClassDef) -> Iterator[str]:
    for node in ast.walk(one):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


@pytest.fixture(scope="module")
def code(root: Path) -> Code:
    return Code(root / "arcade_dqn")


def test_the_test_itself_knows_what_is_there(code: Code) -> None:
    assert code.has("storage.run_dir.RunDir.find") and code.has("RunDir.find") and code.has("storage.RunDir")
    assert not code.has("RunDir.lose") and not code.has("storage.run_dir.RunDirectory") and not code.has("nowhere.make")


def test_every_reference_is_in_the_code(root: Path, pages: Mapping[str, str], code: Code) -> None:
    known = {*setting_table(), *BY_ID}
    modules = {path.stem for path in (root / "benchmarks").glob("*.py")}
    lost = []
    for page, text in pages.items():
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
        for word in re.findall(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\(\))?`", prose):
            first, _, rest = word.partition(".")
            if (
                word in known
                or first in FOREIGN
                or re.search(r"\.(py|md|toml|sh|yml|json|jsonl|csv|txt|html|log)$", word)
            ):
                continue
            if first == "benchmarks" and rest in modules:
                continue
            if re.search(r"\.(mp4|gif|png|svg|pdf|keras|safetensors)$", word):
                continue
            if not code.has(word.removeprefix("arcade_dqn.")):
                lost.append(f"{page}: {word}")
    assert lost == []


def test_every_room_is_told_of(root: Path, pages: Mapping[str, str]) -> None:
    rooms = {path.name for path in (root / "arcade_dqn").iterdir() if (path / "__init__.py").exists()}
    told = set(re.findall(r"`?\b(\w+)/`?", pages["CONTRIBUTING.md"]))
    assert rooms - told == set()
    assert {*SECTIONS} == set(re.findall(r"^### (\w+)$", pages["docs/settings.md"], re.MULTILINE))


def test_what_is_told_of_a_room_lies_in_it(root: Path, pages: Mapping[str, str]) -> None:
    (tree,) = re.findall(r"^arcade_dqn/\n(.*?)^```", pages["CONTRIBUTING.md"], re.MULTILINE | re.DOTALL)
    parts = re.split(r"^  (?=\S)", tree, flags=re.MULTILINE)[1:]
    assert len(parts) > 10
    missing = []
    for part in parts:
        first = part.split()[0]
        room = root / "arcade_dqn" / (first if first.endswith("/") else "")
        missing += [
            f"{first}: {name}"
            for name in re.findall(r"[\w/]+(?:\.py|\.toml|/)(?!\w)", part)
            if not ((room / name).exists() or (room.parent / name).exists())
        ]
    assert missing == []
