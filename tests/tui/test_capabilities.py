from __future__ import annotations

from arcade_dqn.tui.capabilities import heed_no_color


def test_an_empty_no_color_does_not_count() -> None:
    empty, said = {"NO_COLOR": "", "TERM": "x"}, {"NO_COLOR": "1"}
    heed_no_color(empty)
    heed_no_color(said)
    assert empty == {"TERM": "x"}
    assert said == {"NO_COLOR": "1"}
