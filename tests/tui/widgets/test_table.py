from __future__ import annotations

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from arcade_dqn.tui.widgets.table import fill

LABELS = [Text("name"), Text("age")]


def rows(*ages: str, style: str = "") -> list[list[Text]]:
    return [[Text(f"run {index}", style=style), Text(age)] for index, age in enumerate(ages)]


class Shown(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")


def cells(table: DataTable[Text]) -> list[list[str]]:
    return [[cell.plain for cell in table.get_row_at(index)] for index in range(table.row_count)]


async def test_only_cells_that_changed_are_replaced() -> None:
    async with Shown().run_test(size=(20, 6)) as pilot:
        table: DataTable[Text] = pilot.app.query_one(DataTable)
        fill(table, LABELS, rows(*["1 s"] * 20))
        await pilot.pause()
        table.move_cursor(row=18)
        await pilot.pause()
        scrolled, first = table.scroll_offset, table.get_row_at(0)[0]
        assert scrolled.y > 0
        fill(table, LABELS, rows(*["2 s"] * 20))
        await pilot.pause()
        assert cells(table)[7] == ["run 7", "2 s"]
        assert table.get_row_at(0)[0] is first
        assert (table.scroll_offset, table.cursor_row) == (scrolled, 18)


async def test_another_colour_is_another_cell() -> None:
    async with Shown().run_test(size=(20, 6)) as pilot:
        table: DataTable[Text] = pilot.app.query_one(DataTable)
        fill(table, LABELS, rows("1 s", style="red"))
        fill(table, LABELS, rows("1 s", style="blue"))
        assert table.get_row_at(0)[0].style == "blue"


async def test_columns_are_as_wide_as_what_they_hold() -> None:
    async with Shown().run_test(size=(20, 6)) as pilot:
        table: DataTable[Text] = pilot.app.query_one(DataTable)
        for ages in (("1 s", "10 min"), ("1 s", "2 s"), ("3 s",)):
            fill(table, LABELS, rows(*ages))
            await pilot.pause()
            assert [column.width for column in table.ordered_columns] == [5, max(3, *map(len, ages))]
            assert [row[1] for row in cells(table)] == list(ages)
