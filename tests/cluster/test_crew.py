"""What the learner makes of what it hears from its actors."""

from __future__ import annotations

import pytest

pytest.importorskip("ray", reason='needs Ray: pip install "arcade-dqn[cluster]"')

from arcade_dqn.cluster.crew import _Member


def test_a_restart_counts_once_whether_calls_were_lost_with_it_or_not() -> None:
    member = _Member(handle=None)
    assert not member.hear(11) and not member.hear(11)
    # Two calls of process 11 are lost, and the answer to an earlier one comes between.
    assert member.lose()
    assert not member.hear(11) and member.failed and not member.lose()
    assert not member.hear(12) and not member.failed and member.pid == 12
    # Process 12 dies between two calls.
    assert member.hear(13) and not member.hear(13)
    assert member.lose()


def test_an_actor_that_is_lost_before_it_ever_answered() -> None:
    member = _Member(handle=None)
    assert member.lose() and not member.lose()
    assert not member.hear(11) and not member.failed
