"""Rows into a DataTable, with columns as wide as what they hold."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import DataTable


def fill(table: DataTable[Text], labels: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
    """Replace everything in `table`; the cursor stays in its row as far as there is one.

    The widths are worked out here: a table that is cleared and filled again before it was laid out may otherwise keep
    the widths of its labels.
    """
    cursor = table.cursor_row
    table.clear(columns=True)
    for index, label in enumerate(labels):
        width = max(cell.cell_len for cell in (label, *(row[index] for row in rows)))
        table.add_column(label, width=width, key=label.plain)
    for index, row in enumerate(rows):
        table.add_row(*row, key=str(index))
    if rows:
        table.move_cursor(row=min(max(cursor, 0), len(rows) - 1))
