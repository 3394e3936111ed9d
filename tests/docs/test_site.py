"""The site: built strictly, whole, and without anything from the network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(find_spec("material") is None, reason="mkdocs-material is not installed")


def build(project: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    # The theme has news of its own to tell, which are no warnings of the build.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    result = build(root, folder)
    assert result.returncode == 0, result.stderr
    return folder


def test_a_link_that_leads_nowhere_stops_the_build(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "docs", tmp_path / "docs")
    settings = (root / "mkdocs.yml").read_text("utf-8")
    (tmp_path / "mkdocs.yml").write_text(
        settings.replace("scripts/pages.py", str(root / "scripts" / "pages.py")), "utf-8"
    )
    with (tmp_path / "docs" / "browser.md").open("a") as page:
        page.write("\n[nowhere](keys.md#nowhere)\n[nothing](nothing.md)\n")
    result = build(tmp_path, tmp_path / "site")
    assert result.returncode != 0
    assert "'#nowhere'" in result.stderr
    assert "nothing.md, which is not there" in result.stderr


def test_every_page_is_in_the_site_and_in_its_index(site: Path, pages: Mapping[str, str], scripts: Any) -> None:
    names = {scripts.pages.ELSEWHERE.get(page, page.removeprefix("docs/")) for page in pages}
    expected = {name.removesuffix(".md") + ".html" for name in names}
    assert {path.name for path in site.glob("*.html")} == expected | {"404.html"}
    index = json.loads((site / "search" / "search_index.json").read_text("utf-8"))
    assert {entry["location"].partition("#")[0] for entry in index["docs"]} == expected


def test_nothing_comes_from_the_network(site: Path) -> None:
    for path in [*site.glob("*.html"), *site.rglob("*.css")]:
        text = path.read_text("utf-8")
        loaded = re.findall(r"""<(?:link|script|img|iframe|source)\b[^>]*?(?:href|src)=["']?([^"' >]+)""", text)
        loaded += re.findall(r"url\(['\"]?([^)'\"]+)", text) if path.suffix == ".css" else []
        assert [one for one in loaded if re.match(r"(\w+:)?//", one)] == [], path.name
    # What the search needs on the disk, the offline plugin would else take from elsewhere.
    assert 'src="iframe-worker.js"' in (site / "index.html").read_text("utf-8")


def test_pictures_and_fonts_are_in_it(site: Path) -> None:
    style = (site / "site.css").read_text("utf-8")
    for name in re.findall(r'url\("([^"]+)"\)', style):
        assert (site / name).is_file(), name
    for page in site.glob("*.html"):
        for name in re.findall(r'<img [^>]*src="([^"]+)"', page.read_text("utf-8")):
            assert (site / name).is_file(), f"{page.name}: {name}"
