"""Every program that is started, read from the source: none is looked for in the current folder."""

from __future__ import annotations

import ast
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arcade_dqn.doctor import ask_child
from arcade_dqn.link import process

ROOT = Path(__file__).resolve().parents[2]
STARTERS = {
    "subprocess": ("Popen", "run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"),
    "os": ("system", "popen", "exec", "spawn", "posix_spawn", "fork", "startfile"),
    "asyncio": ("create_subprocess",),
    "pty": ("spawn", "fork"),
    "concurrent.futures": ("ProcessPoolExecutor",),
    "multiprocessing": ("",),
}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def starts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the name of each use of something that starts a program."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named = [(node.value.id, node.attr)]
        elif isinstance(node, ast.ImportFrom):
            named = [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            named = [(alias.name.partition(".")[0], "") for alias in node.names if "multiprocessing" in alias.name]
        else:
            continue
        for module, name in named:
            known = STARTERS.get(module, ())
            if any(name == one or (module in ("os", "asyncio") and name.startswith(one)) for one in known):
                yield node.lineno, f"{module}.{name}"


def unsafe_pythons(tree: ast.AST) -> Iterator[int]:
    """The line of each command in which a Python, whichever it is, comes without -P."""
    for node in ast.walk(tree):
        words = node.elts if isinstance(node, ast.List | ast.Tuple) else node.args if isinstance(node, ast.Call) else []
        for before, word in itertools.pairwise(words):
            runs_code = isinstance(word, ast.Constant) and word.value in ("-m", "-c")
            if runs_code and not isinstance(before, ast.Constant):
                yield word.lineno
            if ast.unparse(before) == "sys.executable" and ast.unparse(word) != "'-P'":
                yield before.lineno


@pytest.mark.parametrize("path", sources("arcade_dqn"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_package_starts_programs_in_one_place(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    if path.name == "process.py" and path.parent.name == "link":
        assert list(starts(tree)), "then this test looks for the wrong names"
    else:
        assert not list(starts(tree))
        assert "sys.executable" not in path.read_text("utf-8")
    assert not list(unsafe_pythons(tree))


@pytest.mark.parametrize("path", sources("benchmarks", "scripts"), ids=lambda path: str(path.relative_to(ROOT)))
def test_tools_run_no_module_of_the_current_folder(path: Path) -> None:
    assert not list(unsafe_pythons(ast.parse(path.read_text("utf-8"))))


def test_what_this_test_would_find() -> None:
    bad = """
import multiprocessing
from subprocess import Popen
os.execv(a, b); subprocess.check_output(x); asyncio.create_subprocess_shell(y)
"""
    assert [name for _, name in starts(ast.parse(bad))] == [
        *("multiprocessing.", "subprocess.Popen", "os.execv", "subprocess.check_output"),
        "asyncio.create_subprocess_shell",
    ]
    assert not list(starts(ast.parse("os.getcwd(); subprocess.TimeoutExpired; os.path.exists(a)")))
    for line in ("[sys.executable, '-m', x]", "f(python, '-c', x)", "[sys.executable, x]"):
        assert list(unsafe_pythons(ast.parse(line))), line
    for line in ("[sys.executable, '-P', '-m', x]", "f('-m', x)", "['git', '-c', x]"):
        assert not list(unsafe_pythons(ast.parse(line))), line


def test_a_file_in_the_current_folder_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json", "pygame", "keras", "tensorflow", "arcade_dqn"):
        (tmp_path / f"{name}.py").write_text("print('{\"a\": 2}'); raise SystemExit('somebody else runs')")
    monkeypatch.chdir(tmp_path)
    # An empty part of the path would be the current folder, too.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", os.environ.get("PYTHONPATH", ""), ""]))
    assert ask_child("import json; print(json.dumps({'a': 1}))") == {"a": 1}
    done = process.run(process.python("-m", "arcade_dqn", "--version"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("arcade-dqn ")


def test_a_program_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\necho somebody else runs\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for folders in ("", ".", f".{os.pathsep}/nowhere"):
        monkeypatch.setenv("PATH", folders)
        assert process.find_program("tool") is None
    for name in ("tool", "./tool"):
        with pytest.raises(FileNotFoundError, match="whole path"):
            process.run([name])
        with pytest.raises(FileNotFoundError, match="whole path"):
            process.start([name])
    if sys.platform != "win32":
        monkeypatch.setenv("PATH", str(tmp_path))
        assert process.find_program("tool") == str(program)
