from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcade_dqn.link.commands import (
    MAX_COMMAND,
    MAX_EVENT,
    Command,
    CommandError,
    encode,
    parse_command,
    parse_event,
    read_lines,
)


def line(name: object, id: object = 1, /, **arguments: object) -> bytes:
    return json.dumps({"id": id, "name": name, "arguments": arguments}).encode()


@pytest.mark.parametrize("name", ["pause", "resume", "save", "evaluate", "stop"])
def test_commands_without_arguments(name: str) -> None:
    assert parse_command(line(name)) == Command(1, name, {})
    assert parse_command(f'{{"id": "a", "name": "{name}"}}\n') == Command("a", name, {})
    with pytest.raises(CommandError, match=f"{name} takes no arguments, not"):
        parse_command(line(name, count=1))


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        (line("step"), {"count": 1}),
        (line("step", count=1_000_000), {"count": 1_000_000}),
        (line("open", run="runs/x"), {"run": "runs/x"}),
        (line("inspect"), {"number": None, "jump": ""}),
        (line("inspect", number=7, jump="end"), {"number": 7, "jump": "end"}),
        (line("set", name="epsilon", value=0.5), {"name": "epsilon", "value": 0.5}),
        (line("set", name="epsilon", value=None), {"name": "epsilon", "value": None}),
        (line("set", name="epsilon", value=1), {"name": "epsilon", "value": 1.0}),
        (line("set", name="learning_rate", value=1e-3), {"name": "learning_rate", "value": 1e-3}),
        (line("set", name="target_period", value=100), {"name": "target_period", "value": 100}),
        (line("set", name="updates_per_train", value=2), {"name": "updates_per_train", "value": 2}),
        (line("set", name="speed_limit", value=0), {"name": "speed_limit", "value": 0.0}),
    ],
)
def test_commands_with_arguments(given: bytes, arguments: dict[str, object]) -> None:
    assert parse_command(given).arguments == arguments


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (b"", "the line is not JSON"),
        (b"hello", "the line is not JSON"),
        (b"[]", "the line is not a JSON object"),
        (b"\xff{}", "the line is not UTF-8"),
        (b'{"id": NaN}', "holds NaN, which is not a JSON number"),
        (b'{"id": 1e999}', "holds a number that is too large"),
        (b'{"id": 1, "id": 2}', "names the same key twice"),
        (b'{"id": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"id": ' + b"[" * 60_000, "nested too deeply"),
        (b'{"id": 1}' + b" " * MAX_COMMAND, "longer than 65536 bytes"),
        (b'{"name": "stop"}', 'needs an "id"'),
        (line("stop", True), 'needs an "id"'),
        (line("stop", None), 'needs an "id"'),
        (line("stop", "x" * 65), 'needs an "id"'),
        (line("destroy"), 'there is no command "destroy"; the commands are pause, resume'),
        (line(["stop"]), "there is no command"),
        (b'{"id": 1, "name": "stop", "extra": 1}', 'but no "extra"'),
        (b'{"id": 1, "name": "stop", "arguments": [1]}', "must be a JSON object"),
        (line("step", count=0), "step's count = 0 is not allowed; it must be a whole number from 1 to 1,000,000"),
        (line("step", count=1.0), "step's count = 1.0"),
        (line("step", count=True), "step's count = true"),
        (line("step", count="1"), "step's count"),
        (line("step", counts=1), 'step takes count, not "counts"'),
        (line("set", name="epsilon"), "set needs a name and a value"),
        (
            line("set", name="epsilon", value=1.5),
            "epsilon = 1.5 is not allowed; it must be a number from 0 to 1, or null",
        ),
        (line("set", name="epsilon", value="0.5"), "epsilon = "),
        (line("set", name="learning_rate", value=None), "learning_rate = null"),
        (line("set", name="learning_rate", value=5), "must be a number from 1e-07 to 1"),
        (line("set", name="target_period", value=1.5), "must be a whole number from 1 to 10,000,000"),
        (line("set", name="run.steps", value=5), 'set cannot change "run.steps"; it can change epsilon, learning_rate'),
        (line("set", name=["epsilon"], value=5), "set cannot change"),
        (line("inspect", number=-1), "inspect's number = -1 is not allowed; it must be a whole number from 0"),
        (line("inspect", number=1.5), "inspect's number = 1.5"),
        (line("inspect", jump="up"), 'inspect\'s jump = "up" is not allowed; it must be empty or end or reward'),
        (line("inspect", jump=["end"]), "inspect's jump"),
        (line("open"), "open needs a run"),
        (line("open", run=""), "open needs a run"),
        (line("open", run="a\0b"), "open needs a run"),
        (line("open", run=5), "open needs a run"),
        (line("open", run="x" * 5000), "open needs a run"),
    ],
)
def test_what_is_no_command(given: bytes, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        parse_command(given)


def test_the_error_names_the_command_it_belongs_to() -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(line("step", 41, count=-1))
    assert caught.value.id == 41
    with pytest.raises(CommandError) as caught:
        parse_command(b"nonsense")
    assert caught.value.id is None


def test_a_sentence_holds_no_control_characters() -> None:
    with pytest.raises(CommandError) as caught:
        parse_command(line("\x1b[31mred\x07" + "x" * 1000))
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["id", "name", "arguments", "value", "count", "run"]), inner, max_size=4)
        ),
        max_leaves=12,
    ).map(json.dumps)
)
def test_any_line_is_a_command_or_one_error(given: bytes | str) -> None:
    try:
        parse_command(given)
    except CommandError as error:
        sentence = str(error)
        assert sentence.isprintable()
    assert isinstance(parse_event(given)["event"], str)


def test_encode() -> None:
    assert encode({"event": "saved", "path": Path("a/b"), "n": np.int64(3), "x": np.float32(0.5), "ok": True}) == (
        b'{"event":"saved","path":"a/b","n":3,"x":0.5,"ok":true}\n'
    )
    nan = float("nan")
    assert encode({"a": nan, "b": [float("inf"), 1, (np.float32("nan"), "t")], "c": {"d": np.float64(nan)}}) == (
        b'{"a":null,"b":[null,1,[null,"t"]],"c":{"d":null}}\n'
    )
    assert encode({"text": "line\nbreak \u00fc"}).count(b"\n") == 1
    with pytest.raises(TypeError, match="ndarray does not go into a JSON line"):
        encode({"a": np.zeros(3)})


def test_read_lines_holds_no_more_than_the_limit() -> None:
    stream = io.BytesIO(b"one\n\n" + b"x" * 1000 + b"\n" + b"exactly10!\n" + b"last")
    assert list(read_lines(stream, 10)) == [b"one\n", b"x" * 11, b"exactly10!\n", b"last"]
    assert list(read_lines(io.BytesIO(b"y" * 100), 10)) == [b"y" * 11]


def test_events() -> None:
    assert parse_event(b'{"event": "state", "state": "paused"}\n') == {"event": "state", "state": "paused"}
    assert parse_event(b"\x1b[1mwarning from a library\n") == {"event": "output", "text": "warning from a library"}
    assert parse_event(b'{"state": "paused"}') == {"event": "output", "text": '{"state": "paused"}'}
    assert parse_event(b"x" * (MAX_EVENT + 1))["event"] == "output"
