"""How fast a finance workbook is written, XLSX and ODS, next to a bare openpyxl loop: `python benchmarks/workbook.py
[MEMBERS]`.

The statement of 100 members with 8 items, 5 charges and 2 subsidies: 3 300 rows on four sheets. The bare limit, in
the same run: openpyxl's write-only sheets given the same values, with the same formats of numbers. It leaves out
working out the rows, what could be read as a formula, sums and the sheet that checks them, the head of each sheet.
"""

import asyncio
import io
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.allocation import large_case
from benchmarks.measuring import ROUNDS, Promise, Row, measured
from pooling.allocation import figures
from pooling.allocation.booking import NOTHING_KNOWN
from pooling.allocation.figures import Labels
from pooling.allocation.records.workbook import BookKind, write_allocation_workbook
from pooling.kernel.sheet_writing import FORMATS, Column, ColumnKind, euros
from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.statement import state_allocation

MEMBERS, ITEMS = 100, 8
Sheet = tuple[str, Sequence[Column], list[list[Any]]]


def write_bare(sheets: Sequence[Sheet]) -> None:
    book = Workbook(write_only=True)
    for title, columns, rows in sheets:
        sheet: Any = book.create_sheet(title)
        cells = [_formatted(sheet, column) for column in columns]
        for row in rows:
            sheet.append([_filled(cell, value) for cell, value in zip(cells, row, strict=True)])
    book.save(io.BytesIO())


def _formatted(sheet: Any, column: Column) -> Any:  # noqa: ANN401 - openpyxl has no types
    """One cell for all values of a column that has a format; None for another column."""
    if column.kind not in FORMATS:
        return None
    cell: Any = WriteOnlyCell(sheet)
    cell.number_format = FORMATS[column.kind]
    return cell


def _filled(cell: Any, value: Any) -> Any:  # noqa: ANN401
    if cell is None:
        return value
    cell.value = value
    return cell


def measure(members: int = MEMBERS, rounds: int = ROUNDS) -> list[Row]:
    statement = state_allocation(allocate(read_case(large_case(members, ITEMS)).case))
    labels = Labels()
    tables = (
        figures.distribution(statement, labels, NOTHING_KNOWN),
        figures.detail(statement, labels, NOTHING_KNOWN),
        figures.lines(statement, labels),
        figures.subsidies(statement, labels),
    )
    sheets = [
        (table.title, table.columns, [list(_in_euros(table.columns, row)) for row in table.rows]) for table in tables
    ]
    count = sum(len(rows) for _, _, rows in sheets)

    async def ours(kind: BookKind) -> None:
        await asyncio.to_thread(write_allocation_workbook, io.BytesIO(), statement, labels, kind=kind)

    async def bare() -> None:
        await asyncio.to_thread(write_bare, sheets)

    kinds: tuple[BookKind, ...] = ("xlsx", "ods")
    name = f"workbook of {count:,} rows".replace(",", "\u00a0")
    books = [Promise(f"{name}, {kind.upper()}", partial(ours, kind), bare, 1.15) for kind in kinds]
    return asyncio.run(measured(*books, rounds=rounds))


def _in_euros(columns: Sequence[Column], row: Sequence[Any]) -> list[Any]:
    return [
        euros(value) if column.kind is ColumnKind.AMOUNT and isinstance(value, int) else value
        for column, value in zip(columns, row, strict=True)
    ]


if __name__ == "__main__":
    asked = int(sys.argv[1]) if sys.argv[1:] else MEMBERS
    found = measure(asked, ROUNDS if asked <= MEMBERS else 1)  # 33 000 members are 1.1 million rows, a minute each
    sys.exit(0 if all(row.kept for row in found) else 1)
