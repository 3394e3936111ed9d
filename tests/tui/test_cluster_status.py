"""The line of a run with actors."""

from __future__ import annotations

from arcade_dqn.tui.cluster_status import MOST_BARS, bars, status_line

TOLD = {
    "step": 900,
    "actors": 3,
    "alive": 2,
    "steps_per_second": [800.0, 400.0, 0.0],
    "shards": [[500, 1000], [1000, 1000]],
    "lag": 1280,
    "lost_steps": 64,
    "lost_transitions": 1000,
    "too_old": 7,
    "restarts": 1,
}


def test_a_bar_for_each_and_no_more_than_fit() -> None:
    assert bars([0.0, 50.0, 100.0], 100.0) == "▁▄█"
    assert bars([100.0] * 1000, 100.0) == "█" * MOST_BARS
    assert bars([], 1.0) == bars([1.0], 0.0) == ""


def test_all_of_it_fits_the_smallest_terminal() -> None:
    line = status_line(TOLD, 80).plain
    assert line == " actors 2 of 3   each █▄▁ 400/s   shards ▄█ 75%   lag 1,280   lost 1,064   late 7"[: len(line)]
    assert len(line) <= 80 and "lost 1,064" in line


def test_what_does_not_fit_is_left_out_from_the_end() -> None:
    assert status_line(TOLD, 30).plain == " actors 2 of 3"


def test_a_strange_event_draws_something() -> None:
    assert status_line({"steps_per_second": "x", "shards": [3, [1]], "alive": None}, 80).plain.startswith(
        " actors 0 of 0"
    )
