"""Sheets for finance services: a table becomes a sheet of a workbook or a CSV file, safely.

Texts never become formulas, codes stay text, amounts are real numbers. Rows are streamed, so that a territory of
35 000 members fits in little memory.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

# openpyxl has no types for write-only sheets and their cells.
Sheet: TypeAlias = Any
Cell: TypeAlias = Any

HEADER_ROW = 3
FIRST_ROW = HEADER_ROW + 1
MOST_ROWS = 1_000_000  # a sheet holds 1 048 576
MOST_CHARACTERS = 32_767  # what a cell holds
REMARK = "Remarque"
STEP = 1_000
"""Rows between two signs of life of a workbook that is being written."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_READ_AS_SOMETHING_ELSE = ("=", "#")  # openpyxl takes these texts for formulas and errors
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_INK = Font(name="Calibri", bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="1F3A5F")
_FOOT_LINE = Border(top=Side(style="thin", color="1F3A5F"))


class Kind(StrEnum):
    """What a column holds. Amounts are given in cents; a code is a text that stays one even when it is edited."""

    TEXT = "text"
    CODE = "code"
    AMOUNT = "amount"
    INTEGER = "integer"
    NUMBER = "number"
    PERCENT = "percent"


# Written as spreadsheets store them; a French one shows `# ##0,00`. Other columns need no format, and a cell without
# one is written three times faster: a large workbook holds ten million of them.
FORMATS = {Kind.CODE: "@", Kind.AMOUNT: "#,##0.00", Kind.PERCENT: "0.00%"}


@dataclass(frozen=True, slots=True)
class Formula:
    """A live formula, written by us and never from what somebody typed: `SUM(C4:C10)`."""

    text: str


Value: TypeAlias = str | int | Decimal | Formula | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it holds, its width in characters, and whether the foot sums it."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 14
    summed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; `rows` is read once."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a table's rows ended up: what formulas elsewhere refer to. A table can fill several sheets."""

    sheets: Sequence[tuple[str, int, int]]

    def total(self, column: int) -> str:
        """The sum of a column (the first is 0) over all sheets, to be used inside a formula."""
        letter = get_column_letter(column + 1)
        ranges = [f"'{name}'!{letter}{first}:{letter}{last}" for name, first, last in self.sheets if last >= first]
        return f"SUM({','.join(ranges)})" if ranges else "0"

    def total_where(self, key_column: int, key: str, column: int) -> str:
        """The sum of a column over the rows whose `key_column` reads `key`, to be used inside a formula."""
        wanted, summed = get_column_letter(key_column + 1), get_column_letter(column + 1)
        quoted = key.replace('"', '""')
        sums = [
            f"SUMIF('{name}'!{wanted}{first}:{wanted}{last},\"{quoted}\",'{name}'!{summed}{first}:{summed}{last})"
            for name, first, last in self.sheets
            if last >= first
        ]
        return "+".join(sums) or "0"


def clean(text: str) -> str:
    """A text that a cell can hold: no control character, no lone surrogate, not too long."""
    return _UNPRINTABLE.sub("", text)[:MOST_CHARACTERS]


def euros(cents: int) -> Decimal:
    """Cents as a number of euros."""
    return Decimal(cents).scaleb(-2)


class Book:
    """A workbook written row by row; `save` ends it."""

    def __init__(
        self, subtitle: str = "", notice: str | None = None, progress: Callable[[int], None] | None = None
    ) -> None:
        """Repeat `subtitle` and `notice` at the head of every sheet, since sheets are printed apart. `progress` hears
        every `STEP` rows and after the last how many there were since it last did; what it raises ends the writing.
        """
        self._progress = progress
        self._book = Workbook(write_only=True)
        self._subtitle = subtitle
        self._notice = notice or ""

    def add(self, table: Table) -> Placed:
        """Write a table, on several sheets when one is too small, and say where its rows are."""
        rows = iter(table.rows)
        placed: list[tuple[str, int, int]] = []
        following = next(rows, None)
        while following is not None or not placed:
            name = table.title if not placed else f"{table.title} ({len(placed) + 1})"
            sheet = self._sheet(name, table)
            try:
                count, following = self._write_rows(sheet, table.columns, following, rows)
                self._foot(sheet, table.columns, HEADER_ROW + count)
            finally:
                sheet.close()  # also one that is given up: it holds a file open
            placed.append((name, FIRST_ROW, HEADER_ROW + count))
        return Placed(placed)

    def _write_rows(
        self,
        sheet: Sheet,
        columns: Sequence[Column],
        following: Sequence[Value] | None,
        rows: Iterator[Sequence[Value]],
    ) -> tuple[int, Sequence[Value] | None]:
        """As many as the sheet holds; says how many those were, and which row is the next."""
        count = 0
        cells = [self._prototype(sheet, column.kind) for column in columns]
        while following is not None and count < MOST_ROWS:
            sheet.append(_filled(cells, columns, following))
            count += 1
            following = next(rows, None)
            if self._progress is not None and (count % STEP == 0 or following is None):
                self._progress(count % STEP or STEP)
        return count, following

    def save(self, target: BinaryIO | Path) -> None:
        """Write the file."""
        self._book.save(target)

    def _sheet(self, name: str, table: Table) -> Sheet:
        sheet: Sheet = self._book.create_sheet(name)
        for place, column in enumerate(table.columns, start=1):
            sheet.column_dimensions[get_column_letter(place)].width = column.width
        sheet.freeze_panes = f"A{FIRST_ROW}"
        sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.oddFooter.left.text = clean(name)
        sheet.oddFooter.right.text = "&P / &N"
        heading = f"{table.title} — {self._subtitle}" if self._subtitle else table.title
        sheet.append([_text_cell(sheet, heading, Font(name="Calibri", bold=True, size=14))])
        sheet.append([_text_cell(sheet, self._notice, Font(name="Calibri", italic=True, color="9C2A00"))])
        sheet.append([_header_cell(sheet, column) for column in table.columns])
        return sheet

    @staticmethod
    def _prototype(sheet: Sheet, kind: Kind) -> Cell:
        cell = WriteOnlyCell(sheet)
        cell.number_format = FORMATS.get(kind, "General")
        cell.quotePrefix = kind in {Kind.TEXT, Kind.CODE}
        return cell

    def _foot(self, sheet: Sheet, columns: Sequence[Column], last: int) -> None:
        if not any(column.summed for column in columns):
            return
        cells = []
        for place, column in enumerate(columns, start=1):
            cell = self._prototype(sheet, column.kind)
            cell.font, cell.border = Font(name="Calibri", bold=True), _FOOT_LINE
            if column.summed and last >= FIRST_ROW:
                letter = get_column_letter(place)
                cell.value = f"=SUM({letter}{FIRST_ROW}:{letter}{last})"
            elif place == 1:
                cell.value = "Total"
            cells.append(cell)
        sheet.append(cells)


def write_csv(target: BinaryIO | Path, table: Table, notice: str | None = None) -> None:
    """Write a table as a French spreadsheet opens it: `;`, UTF-8 with its mark, CRLF, decimal comma.

    `notice` is a last column of every row, `Remarque`: what reads the file by its first line or by places still does,
    no line is taken for a member, and a row that is copied elsewhere keeps it.
    """
    if isinstance(target, Path):
        with target.open("wb") as file:
            write_csv(file, table, notice)
        return
    title, remark = ([REMARK], [_csv_text(notice)]) if notice else ([], [])
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(_csv_text(column.title) for column in table.columns), *title])
    for row in table.rows:
        values = (_csv_value(value, column.kind) for value, column in zip(row, table.columns, strict=True))
        writer.writerow([*values, *remark])
    text.flush()
    text.detach()  # the caller closes what it opened


def _filled(cells: Sequence[Cell], columns: Sequence[Column], row: Sequence[Value]) -> Iterator[Cell]:
    """The row's values, or cells where a value needs one: each is written before the next row reuses it."""
    for cell, column, value in zip(cells, columns, row, strict=True):
        if isinstance(value, Formula):
            cell.value = f"={value.text}"
        elif isinstance(value, str):
            text = clean(value)
            if column.kind is Kind.TEXT and not text.startswith(_READ_AS_SOMETHING_ELSE):
                yield text
                continue
            cell.value = text
            cell.data_type = "s"
        elif column.kind in FORMATS:
            cell.value = euros(value) if column.kind is Kind.AMOUNT and isinstance(value, int) else value
        else:
            yield value
            continue
        yield cell


def _text_cell(sheet: Sheet, text: str, font: Font) -> Cell:
    cell = WriteOnlyCell(sheet, clean(text))
    cell.data_type = "s"
    cell.font = font
    return cell


def _header_cell(sheet: Sheet, column: Column) -> Cell:
    cell = _text_cell(sheet, column.title, _INK)
    cell.fill = _HEADER_FILL
    cell.alignment = Alignment(
        horizontal="left" if column.kind in {Kind.TEXT, Kind.CODE} else "right", vertical="center", wrap_text=True
    )
    return cell


def _csv_text(text: str) -> str:
    text = clean(text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_value(value: Value, kind: Kind) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _csv_text(value)
    if isinstance(value, Formula):
        raise TypeError("a CSV file holds no formula")
    number = euros(value) if kind is Kind.AMOUNT and isinstance(value, int) else value
    return f"{number:f}".replace(".", ",") if isinstance(number, Decimal) else str(number)
