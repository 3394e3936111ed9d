"""What the README shows is there, and light enough to be looked at."""

from __future__ import annotations

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
        assert (ROOT / path).stat().st_size < 4 * 1024 * 1024, path


def test_no_picture_lies_about_unused() -> None:
    shown = {path for _, path in PICTURES}
    there = [*(ROOT / "assets").glob("*.gif"), *(ROOT / "assets" / "screenshots").iterdir()]
    assert {str(path.relative_to(ROOT)) for path in there} <= shown
