"""What the window takes from the program that started it: a key in a line, and nothing else."""

from __future__ import annotations

import pytest

from arcade_dqn.window.messages import MAX_LINE, parse_press


@pytest.mark.parametrize("key", ["space", "q", "é", "k" * 20])
def test_a_key(key: str) -> None:
    assert parse_press(f'{{"press": "{key}"}}') == key


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("space", "is not JSON"),
        ('["press"]', "is not a JSON object"),
        ("{}", "names no key"),
        ('{"press": 3}', "names no key"),
        ('{"press": ""}', "names no key"),
        ('{"press": "\\u001b[2J"}', "names no key"),
        (f'{{"press": "{"k" * 21}"}}', "names no key"),
        ('{"press": "q", "press": "q"}', "names the same key twice"),
        ('{"press": "q", "id": 1}', 'has a "press", but no "id"'),
        ('{"press": "q", "\\u001b[2J": 1}', r'has a "press", but no "\\u001b\[2J"'),
        (f'{{"press": "q"{" " * MAX_LINE}}}', f"is longer than {MAX_LINE} bytes"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        parse_press(line)
    assert str(refused.value).isprintable()
