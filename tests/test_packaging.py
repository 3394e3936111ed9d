"""The project as a package: pins, Makefile and installer, and what an installed copy finds far from the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import arcade_dqn

ROOT = Path(arcade_dqn.__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned_and_nothing_else_stands_there(project: dict[str, Any]) -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    # A name and a version: no address, no hash, no option.
    assert [line for line in pins if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line)] == []
    pinned = {line.partition("==")[0] for line in pins}
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for name in extras if name != "gpu" for line in extras[name])]
    names = {normal(re.match(r"[\w.-]+", line).group()) for line in wanted}  # type: ignore[union-attr]
    assert names - {"arcade-dqn"} - pinned == set()


def test_all_means_every_game_and_the_browser(project: dict[str, Any]) -> None:
    from arcade_dqn.games.catalog import GAMES

    (line,) = project["optional-dependencies"]["all"]
    extras = set(line.removeprefix("arcade-dqn[").removesuffix("]").split(","))
    assert extras == {info.extra for info in GAMES if info.extra} | {"serve"}


def test_pygame_ce_alone(project: dict[str, Any]) -> None:
    """The old pygame writes the same folder as pygame-ce."""
    assert not re.search(r"^pygame==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)


def test_the_wheel_holds_presets_assets_and_models(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, packed in (("assets", "_assets"), ("saved_models", "_saved_models"), ("arcade_dqn/presets", "presets")):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        expected = {f"arcade_dqn/{packed}/{path.relative_to(ROOT / folder).as_posix()}" for path in files}
        assert {name for name in expected - names if "__pycache__" not in name} == set()
    assert {"arcade_dqn/py.typed", "arcade_dqn/games/catalog.toml"} <= names
    assert {"arcade_dqn/tui/app.tcss", "arcade_dqn/tui/page/app_index.html"} <= names
    assert not any(name.startswith(("tests/", "assets/", "runs/")) for name in names)


def test_an_installed_copy_finds_its_files_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(installed)
    code = """
import arcade_dqn
from arcade_dqn.config import build, preset_names
from arcade_dqn.games.catalog import GAMES
from arcade_dqn.storage.models import find_models
from arcade_dqn.storage.paths import assets_dir, saved_models_dir
print(arcade_dqn.__file__, assets_dir(), saved_models_dir(), sep="\\n")
assert (assets_dir() / "fonts").is_dir()
assert all(build(info.id, info.preset) for info in GAMES)
assert all(entry.problem is None for entry in find_models("runs"))
"""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert all(line.startswith(str(installed)) for line in result.stdout.splitlines())


# --- the installer, with programs that only pretend ---


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A copy of the installer, and a folder `bin` that is to be the whole PATH."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "install.sh", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    for program in ("sh", "dirname", "rm", "mkdir", "cat", "chmod"):
        found = shutil.which(program)
        assert found is not None
        (tmp_path / "bin" / program).symlink_to(found)
    return tmp_path


def program(machine: Path, name: str, text: str) -> None:
    path = machine / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def install(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(machine / "bin" / "sh"), str(machine / "scripts" / "install.sh"), "all"]
    environment = {"PATH": str(machine / "bin"), **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_python_it_says_so_in_one_sentence(machine: Path) -> None:
    # What a pyenv shim does where no version is chosen, and a Python that is too old.
    program(machine, "python3", 'echo "pyenv: python3: command not found" >&2; exit 127')
    program(machine, "python3.11", "exit 1")
    result = install(machine)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "Python 3.11, 3.12 or 3.13" in result.stderr
    assert not (machine / ".venv").exists()


def test_a_python_that_was_asked_for_and_does_not_run(machine: Path) -> None:
    result = install(machine, PYTHON="python9")
    assert result.returncode == 1
    assert "PYTHON=python9" in result.stderr


def test_a_python_without_venv(machine: Path) -> None:
    # As Debian's is until python3-venv is installed.
    program(machine, "python3", 'case "$*" in *executable*) echo "$0";; *ensurepip*) exit 1;; esac')
    result = install(machine)
    assert result.returncode == 1
    assert "has no venv module" in result.stderr
    assert "python3-venv" in result.stderr


def test_without_uv_it_uses_venv_and_pip(machine: Path) -> None:
    log = machine / "log"
    program(
        machine,
        "python3",
        f"""echo "$*" >> {log}
case "$*" in
    *executable*) echo "$0";;
    "-m venv .venv") mkdir -p .venv/bin && ln -s "$0" .venv/bin/python;;
esac""",
    )
    (machine / "bin" / "ln").symlink_to(shutil.which("ln") or "")
    result = install(machine)
    assert result.returncode == 0, result.stderr
    assert "-m venv .venv" in log.read_text()
    last = log.read_text().splitlines()[-1]
    assert last.startswith("-m pip install")
    assert last.endswith("--editable .[all] --constraint constraints.txt")


def test_uv_is_used_where_it_is_installed(machine: Path) -> None:
    program(machine, "python3", f'exec {sys.executable} "$@"')
    log = machine / "log"
    program(machine, "uv", f'echo "uv $*" >> {log}\nmkdir -p .venv/bin')
    result = install(machine)
    assert result.returncode == 0, result.stderr
    made, installed = log.read_text().splitlines()
    assert made.startswith("uv venv") and made.endswith(".venv")
    assert ".[all]" in installed and "--constraint constraints.txt" in installed
