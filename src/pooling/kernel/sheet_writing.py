"""Sheets for finance services: a table becomes a sheet of a workbook or a CSV file, safely.

Texts never become formulas, codes stay text, amounts are real numbers. Rows are streamed, so that a territory of
35 000 members fits in little memory. Workbooks are written by `workbook_writing`, which loads openpyxl.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TypeAlias

HEADER_ROW = 1
"""What filters, imports and programs look for on the first line: where figures come from is told on a sheet apart."""
FIRST_ROW = HEADER_ROW + 1
MOST_ROWS = 1_000_000  # a sheet holds 1 048 576
MOST_CHARACTERS = 32_767  # what a cell holds
REMARK = "Remarque"
ABOUT = "À propos"
"""The last sheet: programs read the first one, and people open it."""
STEP = 1_000
"""Rows between two signs of life of a workbook that is being written."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ColumnKind(StrEnum):
    """What a column holds. Amounts are given in cents; a code is a text that stays one even when it is edited."""

    TEXT = "text"
    CODE = "code"
    AMOUNT = "amount"
    INTEGER = "integer"
    NUMBER = "number"
    PERCENT = "percent"
    MOMENT = "moment"


# Written as spreadsheets store them; a French one shows `# ##0,00`. Other columns need no format, and a cell without
# one is written three times faster: a large workbook holds ten million of them.
FORMATS = {
    ColumnKind.CODE: "@",
    ColumnKind.AMOUNT: "#,##0.00",
    ColumnKind.PERCENT: "0.00%",
    ColumnKind.MOMENT: "dd/mm/yyyy hh:mm:ss",
}
_MOMENT = "%d/%m/%Y %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula, written by us and never from what somebody typed: `SUM(C4:C10)`; and what it comes to, which is
    stored beside it: a preview or a protected view computes nothing.
    """

    text: str
    value: Decimal

    def __add__(self, other: "Formula") -> "Formula":
        return Formula(f"{self.text}+{other.text}", self.value + other.value)

    def __sub__(self, other: "Formula") -> "Formula":
        return Formula(f"{self.text}-{other.text}", self.value - other.value)


Value: TypeAlias = str | int | Decimal | datetime | Formula | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it holds, its width in characters, and whether the foot sums it."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 14
    summed: bool = False


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A titled table; `rows` is read once."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    formulas: bool = False
    """Whether a row may hold one."""


Sums: TypeAlias = dict[tuple[str, int], Decimal]
"""What summed columns come to, by what the row's first cell reads and the column."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a table's rows ended up: what formulas elsewhere refer to. A table can fill several sheets."""

    sheets: Sequence[tuple[str, int, int]]
    sums: Sums = field(default_factory=dict)

    def total(self, column: int) -> Formula:
        """The sum of a summed column (the first is 0) over all sheets."""
        from openpyxl.utils import get_column_letter  # noqa: PLC0415 - a workbook is being written

        letter = get_column_letter(column + 1)
        ranges = [f"'{name}'!{letter}{first}:{letter}{last}" for name, first, last in self.sheets if last >= first]
        value = sum((value for (_, place), value in self.sums.items() if place == column), Decimal(0))
        return Formula(f"SUM({','.join(ranges)})" if ranges else "0", value)

    def total_where(self, key: str, column: int) -> Formula:
        """The sum of a summed column over the rows whose first cell reads `key`."""
        from openpyxl.utils import get_column_letter  # noqa: PLC0415 - a workbook is being written

        wanted, summed = get_column_letter(1), get_column_letter(column + 1)
        quoted = key.replace('"', '""')
        sums = [
            f"SUMIF('{name}'!{wanted}{first}:{wanted}{last},\"{quoted}\",'{name}'!{summed}{first}:{summed}{last})"
            for name, first, last in self.sheets
            if last >= first
        ]
        return Formula("+".join(sums) or "0", self.sums.get((key, column), Decimal(0)))


def clean(text: str) -> str:
    """A text that a cell can hold: no control character, no lone surrogate, not too long."""
    if text.isprintable() and len(text) <= MOST_CHARACTERS:  # nearly every one, told at once
        return text
    return _UNPRINTABLE.sub("", text)[:MOST_CHARACTERS]


def euros(cents: int) -> Decimal:
    """Cents as a number of euros."""
    return Decimal(cents).scaleb(-2)


def write_csv(
    target: BinaryIO | Path, table: SheetTable, notice: str | None = None, facts: Mapping[str, str] | None = None
) -> None:
    """Write a table as a French spreadsheet opens it: `;`, UTF-8 with its mark, CRLF, decimal comma.

    `facts` (where the figures come from) and `notice` are the last columns of every row, the notice as `Remarque`: what
    reads the file by its first line or by places still does, no line is taken for a member, and a row that is copied
    elsewhere keeps them.
    """
    if isinstance(target, Path):
        with target.open("wb") as file:
            write_csv(file, table, notice, facts)
        return
    said = {**(facts or {}), **({REMARK: notice} if notice else {})}
    title, remark = [_csv_text(name) for name in said], [_csv_text(value) for value in said.values()]
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(_csv_text(column.title) for column in table.columns), *title])
    for row in table.rows:
        values = (_csv_value(value, column.kind) for value, column in zip(row, table.columns, strict=True))
        writer.writerow([*values, *remark])
    text.flush()
    text.detach()  # the caller closes what it opened


def _csv_text(text: str) -> str:
    text = clean(text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_value(value: Value, kind: ColumnKind) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _csv_text(value)
    if isinstance(value, Formula):
        raise TypeError("a CSV file holds no formula")
    if isinstance(value, datetime):
        return value.strftime(_MOMENT)
    number = euros(value) if kind is ColumnKind.AMOUNT and isinstance(value, int) else value
    return f"{number:f}".replace(".", ",") if isinstance(number, Decimal) else str(number)
