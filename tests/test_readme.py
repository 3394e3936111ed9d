"""What the README shows is there, and light enough to be looked at."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PICTURES = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))


def test_every_picture_is_there_with_words_for_those_who_cannot_see_it() -> None:
    assert len(PICTURES) >= 6
    for words, path in PICTURES:
        assert len(words) > 20, path
        with Image.open(ROOT / path) as picture:
            assert picture.width >= 600, path
            if path.endswith(".gif"):
                assert getattr(picture, "n_frames", 1) > 50, path
        assert (ROOT / path).stat().st_size <= 3 * 1024 * 1024, path


def test_every_picture_that_is_kept_is_shown() -> None:
    shown = {path for _, path in PICTURES}
    there = [*(ROOT / "assets").glob("*.gif"), *(ROOT / "assets" / "screenshots").iterdir()]
    assert {str(path.relative_to(ROOT)) for path in there} <= shown


def test_the_table_of_agents_is_what_its_command_writes() -> None:
    spec = importlib.util.spec_from_file_location("ship", ROOT / "scripts" / "ship.py")
    assert spec is not None
    assert spec.loader is not None
    ship = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ship)
    _, _, rest = (ROOT / "README.md").read_text("utf-8").partition(ship.MARK)
    assert rest.partition(ship.END)[0].strip() == ship.table()
