"""What the actors owe."""

from __future__ import annotations

from arcade_dqn.cluster.calls import Call, Calls


def test_open_calls_are_counted_until_they_are_closed() -> None:
    calls = Calls()
    assert (len(calls), calls.steps, calls.oldest_version(7), calls.oldest()) == (0, 0, 7, {})
    calls.open("a", Call(actor=0, steps=64, version=5, began=1.0))
    calls.open("b", Call(actor=1, steps=64, version=3, began=2.0))
    calls.open("c", Call(actor=0, steps=10, version=6, began=3.0))
    assert list(calls) == ["a", "b", "c"] and "b" in calls and "d" not in calls
    assert [calls.of(actor) for actor in range(3)] == [2, 1, 0]
    assert (calls.steps, calls.oldest_version(7)) == (138, 3)
    assert calls.oldest() == {0: 1.0, 1: 2.0}
    assert calls.actors({"a", "c"}) == {0}

    assert calls.close("a").steps == 64
    assert [calls.of(actor) for actor in range(2)] == [1, 1]
    assert (len(calls), calls.steps, calls.oldest()) == (2, 74, {0: 3.0, 1: 2.0})
    calls.close("b")
    assert calls.oldest_version(7) == 6
