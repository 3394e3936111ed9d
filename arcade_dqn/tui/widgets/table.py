"""Rows into a DataTable, with columns as wide as what they hold."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.coordinate import Coordinate
from textual.widgets import DataTable


def fill(table: DataTable[Text], labels: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
    """Show these rows in `table`; the cursor stays in its row as far as there is one.

    Where the columns stay as they are and as many rows are shown, only cells that changed are replaced, so that whoever
    has scrolled is not disturbed. The widths are worked out here: a table that is cleared and filled again before it
    was laid out may otherwise keep the widths of its labels.
    """
    columns = [
        (label.plain, max(cell.cell_len for cell in (label, *(row[index] for row in rows))))
        for index, label in enumerate(labels)
    ]
    shown = [(column.label.plain, column.width) for column in table.ordered_columns]
    if columns == shown and len(rows) == table.row_count:
        _replace_cells(table, rows)
        return
    cursor = table.cursor_row
    table.clear(columns=True)
    for label, (name, width) in zip(labels, columns, strict=True):
        table.add_column(label, width=width, key=name)
    for index, row in enumerate(rows):
        table.add_row(*row, key=str(index))
    if rows:
        table.move_cursor(row=min(max(cursor, 0), len(rows) - 1))


def _replace_cells(table: DataTable[Text], rows: Sequence[Sequence[Text]]) -> None:
    for index, row in enumerate(rows):
        for column, (cell, shown) in enumerate(zip(row, table.get_row_at(index), strict=True)):
            if cell != shown or cell.style != shown.style:  # to Rich, texts of two colours are equal
                table.update_cell_at(Coordinate(index, column), cell)
