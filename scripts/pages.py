"""What mkdocs is told of pages that stand elsewhere than in docs/, so that one link is right on both (mkdocs.yml).

A page links to another as the repository has them, `../benchmarks/README.md#how-well-it-learns`, and so a reader of the
repository can follow it. In the site that page is `benchmarks.md`; a link to a file that is no page becomes plain text.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "saved_models/README.md": "agents.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/CLUSTER.md": "benchmarks-cluster.md",
    "tests/faults/README.md": "faults.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""The repository's name of a page, and the site's."""
ASSETS = ("assets/*.gif", "assets/screenshots/*", "assets/fonts/*")

_LINK = re.compile(r"(?P<mark>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
log = logging.getLogger("mkdocs.pages")
"""Its warnings end a strict build."""


def pages() -> Iterator[Path]:
    """Every page, where the repository has it."""
    yield from (ROOT / name for name in ELSEWHERE)
    yield from sorted((ROOT / "docs").glob("*.md"))


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages and the assets that are not in docs/."""
    for source, name in ELSEWHERE.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    for pattern in ASSETS:
        for path in sorted(ROOT.glob(pattern)):
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of the repository into those of the site."""
    here = next(
        (source for source, name in ELSEWHERE.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}"
    )
    folder = os.path.dirname(here)

    def link(found: re.Match[str]) -> str:
        target, sharp, anchor = found["target"].partition("#")
        if ":" in target or not target:
            return found[0]
        path = os.path.normpath(os.path.join(folder, target)).replace(os.sep, "/")
        name = ELSEWHERE.get(path, path.removeprefix("docs/"))
        if files.get_file_from_path(name) is not None:
            return f"{found['mark']}[{found['text']}]({name}{sharp}{anchor})"
        if not (ROOT / path).exists():
            log.warning("%s links to %s, which is not there", here, found["target"])
        return found["text"]

    parts = _CODE.split(markdown)  # every second one is a block of code
    return "".join(part if number % 2 else _LINK.sub(link, part) for number, part in enumerate(parts))
