"""The pages, and the scripts that write and gather them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Scripts(NamedTuple):
    """The modules of scripts/ that have to do with the pages."""

    docs: ModuleType
    pages: ModuleType
    ship: ModuleType


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def scripts() -> Iterator[Scripts]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        yield Scripts(*(importlib.import_module(name) for name in Scripts._fields))


@pytest.fixture(scope="session")
def pages(scripts: Scripts) -> Mapping[str, str]:
    """Every page by its name in the repository: `docs/keys.md`."""
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in scripts.pages.pages()}
