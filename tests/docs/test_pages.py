"""What the pages show and say is there: pictures, tables, links, and what they name in the code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from arcade_dqn import preferences
from arcade_dqn.config import build
from arcade_dqn.link.commands import NAMES, SETTABLE
from arcade_dqn.tui import keymap, keys, screens
from arcade_dqn.tui.screens.base import ArcadeScreen

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def without_blocks(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def pictures(pages: Mapping[str, str]) -> list[tuple[str, str]]:
    """(words, path in the repository) of every picture."""
    return [
        (found[2], posixpath.normpath(posixpath.join(posixpath.dirname(page), found[3])))
        for page, text in pages.items()
        for found in _LINK.finditer(without_blocks(text))
        if found[1]
    ]


def test_every_picture_is_there_with_words_for_those_who_cannot_see_it(root: Path, pages: Mapping[str, str]) -> None:
    shown = pictures(pages)
    assert len(shown) >= 6
    for words, path in shown:
        assert len(words) > 20, path
        with Image.open(root / path) as picture:
            assert picture.width >= 600, path
            if path.endswith(".gif"):
                assert getattr(picture, "n_frames", 1) > 50, path
        assert (root / path).stat().st_size <= 3 * 1024 * 1024, path


def test_every_picture_that_is_kept_is_shown_once(root: Path, pages: Mapping[str, str]) -> None:
    shown = Counter(path for _, path in pictures(pages))
    there = [*(root / "assets").glob("*.gif"), *(root / "assets" / "screenshots").iterdir()]
    assert shown == Counter(path.relative_to(root).as_posix() for path in there)


def test_a_newcomer_can_read_the_readme_in_five_minutes(pages: Mapping[str, str]) -> None:
    assert len(pages["README.md"].splitlines()) <= 160


# --- tables ---


def test_the_tables_are_what_the_program_has(pages: Mapping[str, str], scripts: Any) -> None:
    stale = [page for page, text in pages.items() if page.startswith("docs/") and scripts.docs.renewed(text) != text]
    assert stale == [], "run: .venv/bin/python scripts/docs.py"


def test_every_table_stands_in_one_page(pages: Mapping[str, str], scripts: Any) -> None:
    # So a new command, setting or place must be put onto a page.
    shown = Counter(name for text in pages.values() for name in re.findall(r"<!-- table: ([^>]+?) -->", text))
    assert shown == Counter(scripts.docs.TABLES.keys())


def test_the_keys_of_every_screen_are_on_the_page() -> None:
    unknown = set()
    for module in pkgutil.iter_modules(screens.__path__):
        found = importlib.import_module(f"{screens.__name__}.{module.name}")
        for name, one in inspect.getmembers(found, inspect.isclass):
            own = issubclass(one, ArcadeScreen) and one is not ArcadeScreen and one.__module__ == found.__name__
            if own and keys.place_of(one.BINDINGS) is None:
                unknown.add(name)
    assert unknown == {"HelpScreen"}  # it shows the keys of the others


def test_the_table_of_agents_is_what_its_command_writes(scripts: Any) -> None:
    ship = scripts.ship
    _, _, rest = ship.TABLE_PAGE.read_text("utf-8").partition(ship.MARK)
    assert rest.partition(ship.END)[0].strip() == ship.table()


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    under = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in under.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_pieces_of_the_family_are_settings_that_combine(pages: Mapping[str, str]) -> None:
    pieces = [words(row[0])[0] for row in rows(pages["docs/settings.md"], "## The family")]
    assert len(pieces) >= 11
    for piece in pieces:
        if not piece.endswith("=..."):
            build("CartPole-v1", "cartpole", [piece])
    kinds = words(rows(pages["docs/settings.md"], "## The family")[-1][1])
    assert all(build("CartPole-v1", "cartpole", [f"network.kind={kind}"]) for kind in kinds)


def test_the_preferences_that_are_shown_may_be_written(pages: Mapping[str, str], tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", pages["docs/preferences.md"], re.DOTALL)
    (tmp_path / "preferences.toml").write_text(example, "utf-8")
    found, problems = preferences.load(tmp_path / "preferences.toml")
    assert [*problems, *keymap.checked(found.keys, "preferences.toml")[1]] == []
    assert found.keys


def test_the_protocol_has_these_commands_and_events(pages: Mapping[str, str], root: Path) -> None:
    page = pages["docs/protocol.md"]
    commands = {row[0].strip("`"): row for row in rows(page, "## Commands")}
    assert list(commands) == list(NAMES)
    assert set(words(commands["set"][2])) - {"null"} == {"epsilon", *SETTABLE}
    told = {word for row in rows(page, "## Events") for word in words(row[0])}
    code = "\n".join(
        path.read_text("utf-8")
        for room in ("training", "cluster", "link")
        for path in (root / "arcade_dqn" / room).rglob("*.py")
    )
    # "output" is what the other side makes of a line that is no event.
    assert told == set(re.findall(r'"event": "(\w+)"', code)) - {"output"}


# --- links ---


def anchors(text: str) -> set[str]:
    """The anchors that the repository's web page gives the headings."""
    heads = re.findall(r"^#+ (.+)$", without_blocks(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_every_link_leads_somewhere(root: Path, pages: Mapping[str, str]) -> None:
    lost = []
    for page, text in pages.items():
        for _, _, target in _LINK.findall(without_blocks(text)):
            path, _, anchor = target.partition("#")
            if ":" in path:
                continue
            there = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
            if not (root / there).exists() or (anchor and anchor not in anchors(pages[there])):
                lost.append(f"{page}: {target}")
    assert lost == []


def test_every_page_is_found_from_the_readme(pages: Mapping[str, str]) -> None:
    found, new = set[str](), {"README.md"}
    while new:
        found |= new
        new = {
            posixpath.normpath(posixpath.join(posixpath.dirname(page), target.partition("#")[0]))
            for page in new
            for _, _, target in _LINK.findall(without_blocks(pages[page]))
        } & pages.keys() - found
    assert found == pages.keys()


# --- what the pages name in the code ---


def inline(text: str) -> Iterator[str]:
    """What stands between backquotes, outside the blocks of code."""
    yield from (word.replace("\n", " ") for word in re.findall(r"`([^`]+)`", without_blocks(text)))


def test_every_path_that_is_named_exists(root: Path, pages: Mapping[str, str]) -> None:
    package = root / "arcade_dqn"
    starts = {path.name for folder in (root, package) for path in folder.iterdir()} - {"runs", ".venv", "site"}
    names = {path.name for folder in root.iterdir() if folder.name[0] != "." for path in folder.rglob("*.*")}
    names |= {path.name for path in root.iterdir()}
    missing = []
    for page, text in pages.items():
        for word in inline(text):
            if not re.fullmatch(r"[\w.\-]+(/[\w.\-]+)*/?", word):
                continue
            first, slash, _ = word.partition("/")
            if slash and first in starts:
                here = [root / word, package / word, (root / page).parent / word]
                if not any(path.exists() for path in here):
                    missing.append(f"{page}: {word}")
            elif not slash and re.search(r"\.(py|md|toml|sh|yml)$", word) and word not in names:
                missing.append(f"{page}: {word}")
    assert missing == []
