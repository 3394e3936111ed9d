from __future__ import annotations

from textual.binding import Binding

from arcade_dqn.tui import keys


def test_every_key_has_an_id_of_its_own_and_a_text() -> None:
    bindings = [binding for section in keys.SECTIONS.values() for binding in section]
    ids = [binding.id for binding in bindings if isinstance(binding, Binding)]
    assert None not in ids
    assert len(set(ids)) == len(ids) == len(bindings)
    assert all(isinstance(binding, Binding) and binding.tooltip and binding.description for binding in bindings)
