from __future__ import annotations

import pytest

from arcade_dqn.link.text import plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a plain title", "a plain title"),
        ("caf\u00e9 \u3053\u3093\u306b\u3061\u306f", "caf\u00e9 \u3053\u3093\u306b\u3061\u306f"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b1;31mred", "red"),
        ("\x1b]0;new window title\x07shown", "shown"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended", ""),
        ("\x1bcreset", "reset"),
        ("\x1b[", ""),
        ("one\r\ntwo\tthree\u2028four", "one two three four"),
        ("bell\x07 null\x00 delete\x7f c1\x84", "bell null delete c1"),
        ("abc\u202edcba\u2066\u200b", "abcdcba"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("a name \udcff\udc80 in bytes", r"a name \xff\x80 in bytes"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("  spaces  ", "spaces"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_plain_limits_the_length() -> None:
    assert plain("x" * 100, 10) == "xxxxxxx..."
    assert plain("x" * 10, 10) == "x" * 10
    assert len(plain("\x1b[31m" * 1_000_000 + "x" * 100, 10)) <= 10
