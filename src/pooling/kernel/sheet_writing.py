"""Sheets for finance services: a table becomes a sheet of a book or a CSV file, safely.

Texts never become formulas, codes stay text, amounts are real numbers, dates dates. Rows are streamed, so that a
territory of 35 000 members fits in little memory. Books are written by `workbook_writing` (XLSX), which loads openpyxl,
and by `open_document` (ODS).
"""

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TypeAlias

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a workbook."""
HEADER_ROW = 1
"""What filters, imports and programs look for on the first line: where figures come from is told on a sheet apart."""
FIRST_ROW = HEADER_ROW + 1
MOST_ROWS = 1_000_000  # a sheet holds 1 048 576
MOST_CHARACTERS = 32_767  # what a cell holds
REMARK = "Remarque"
ABOUT = "À propos"
"""The last sheet, unless the book says otherwise: programs read the first one, and people open it."""
_PRINTED_WIDTH = 240
"""Characters that a page on its side holds, in small print."""
STEP = 1_000
"""Rows between two signs of life of a workbook that is being written."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ColumnKind(StrEnum):
    """What a column holds. Amounts are given in cents, prices in euros; a code is a text that stays one when edited."""

    TEXT = "text"
    CODE = "code"
    AMOUNT = "amount"
    PRICE = "price"
    INTEGER = "integer"
    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"
    MOMENT = "moment"


# Written as spreadsheets store them; a French one shows `# ##0,00`. Other columns need no format, and a cell without
# one is written three times faster: a large workbook holds ten million of them.
FORMATS = {
    ColumnKind.CODE: "@",
    ColumnKind.AMOUNT: "#,##0.00",
    ColumnKind.PRICE: "#,##0.00####",
    ColumnKind.PERCENT: "0.00%",
    ColumnKind.DATE: "dd/mm/yyyy",
    ColumnKind.MOMENT: "dd/mm/yyyy hh:mm:ss",
}
_DATE, _MOMENT = "%d/%m/%Y", "%d/%m/%Y %H:%M:%S"


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


Value: TypeAlias = str | int | Decimal | date | Formula | None
"""A moment has no zone: a spreadsheet knows none."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, what it holds, its width in characters, and whether the foot sums it."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int = 14
    summed: bool = False
    wrapped: bool = False
    """Whether a text that is longer goes on below."""


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A titled table; `rows` is read once."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]
    formulas: bool = False
    """Whether a row may hold one."""
    names: int = 1
    """So many columns at the beginning name a row: they are printed on every page."""
    grouped: int | None = None
    """The column by whose values sums are kept too (`Placed.total_where`)."""

    @property
    def pages_wide(self) -> int:
        """On so many sheets of paper side by side it is printed, so that it can be read."""
        return 1 + sum(column.width for column in self.columns) // _PRINTED_WIDTH


Sums: TypeAlias = dict[tuple[Value, int], Decimal]
"""What summed columns come to, by the value of the row that they are grouped by and the column."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a table's rows ended up: what formulas elsewhere refer to. A table can fill several sheets."""

    sheets: Sequence[tuple[str, int, int]]
    sums: Sums = field(default_factory=dict)
    grouped: int | None = None

    def total(self, column: int) -> Formula:
        """The sum of a summed column (the first is 0) over all sheets."""
        ranges = [self._range(sheet, column) for sheet in self._filled]
        value = sum((value for (_, place), value in self.sums.items() if place == column), Decimal(0))
        return Formula(f"SUM({','.join(ranges)})" if ranges else "0", value)

    def total_where(self, key: Decimal, column: int) -> Formula:
        """The sum of a summed column over the rows that have this number where the table is grouped."""
        assert self.grouped is not None, "the table says by what"
        sums = [
            f"SUMIF({self._range(sheet, self.grouped)},{key:f},{self._range(sheet, column)})" for sheet in self._filled
        ]
        return Formula("+".join(sums) or "0", self.sums.get((key, column), Decimal(0)))

    @property
    def _filled(self) -> Iterator[tuple[str, int, int]]:
        return (sheet for sheet in self.sheets if sheet[2] >= sheet[1])

    @staticmethod
    def _range(sheet: tuple[str, int, int], column: int) -> str:
        (name, first, last), letter = sheet, letter_of(column)
        return f"'{name}'!{letter}{first}:{letter}{last}"


Append: TypeAlias = Callable[[Sequence[Value]], object]


class Sheets(ABC):
    """A book written row by row; `save` ends it. What differs from one kind of file to another is written below it."""

    def __init__(
        self,
        facts: Mapping[str, str],
        notice: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """`facts` (where the figures come from, in French, by what it is) and `notice` stand on the last sheet and at
        the head of every printed page, the notice in every row too, as in a CSV file. `progress` hears every `STEP`
        rows and after the last how many there were since it last did; what it raises ends the writing.
        """
        self._progress = progress
        self._facts = facts
        self._notice = notice or ""
        self._said = False

    def add(self, table: SheetTable) -> Placed:
        """Write a table, on several sheets when one is too small, and say where its rows are."""
        if self._notice:
            columns = [*table.columns, Column(REMARK, width=40)]
            table = replace(table, columns=columns, rows=([*row, self._notice] for row in table.rows))
        return self._add(table, self._progress)

    def say(self, title: str = ABOUT, more: Iterable[tuple[str, Value]] = ()) -> None:
        """Write the sheet with the facts, and more of them, here: not as the last one."""
        self._said = True
        rows: list[Sequence[Value]] = [*self._facts.items(), *more, *([(REMARK, self._notice)] if self._notice else [])]
        columns = [Column("Information", width=30, wrapped=True), Column("Valeur", width=110, wrapped=True)]
        self._add(SheetTable(title, columns, rows), None)

    def save(self, target: BinaryIO | Path, *, said: bool = True) -> None:
        """Write the file; a form to fill in may do without the facts."""
        if said and not self._said:
            self.say()
        self._finish(target)

    def _add(self, table: SheetTable, progress: Callable[[int], None] | None) -> Placed:
        rows, all_sums = iter(table.rows), Sums()
        placed: list[tuple[str, int, int]] = []
        following = next(rows, None)
        while following is not None or not placed:
            name, sums = table.title if not placed else f"{table.title} ({len(placed) + 1})", Sums()
            append = self._begin(name, table)
            try:
                count, following = _written(append, table, following, rows, sums, progress)
                last = HEADER_ROW + count
                self._foot(name, table, last, _foot(table.columns, last, sums) if count else None)
            finally:
                self._end()  # also one that is given up: it may hold a file open
            placed.append((name, FIRST_ROW, last))
            for place, value in sums.items():
                all_sums[place] = all_sums.get(place, Decimal(0)) + value
        return Placed(placed, all_sums, table.grouped)

    @abstractmethod
    def _begin(self, name: str, table: SheetTable) -> Append:
        """Begins a sheet with its heading, and gives what writes a row."""

    @abstractmethod
    def _foot(self, name: str, table: SheetTable, last: int, foot: Sequence[Value] | None) -> None:
        """Writes the row of sums, where there is one. `last` is the last row with values."""

    @abstractmethod
    def _end(self) -> None: ...

    @abstractmethod
    def _finish(self, target: BinaryIO | Path) -> None: ...


def _written(
    append: Append,
    table: SheetTable,
    following: Sequence[Value] | None,
    rows: Iterator[Sequence[Value]],
    sums: Sums,
    progress: Callable[[int], None] | None,
) -> tuple[int, Sequence[Value] | None]:
    """As many rows as a sheet holds, added up in `sums`; says how many those were, and which row is the next."""
    count, columns, grouped = 0, table.columns, table.grouped
    cents: dict[tuple[Value, int], int] = {}  # whole numbers: a decimal number for each cell was a fiftieth of it all
    summed = [(place, column.kind is ColumnKind.AMOUNT) for place, column in enumerate(columns) if column.summed]
    while following is not None and count < MOST_ROWS:
        append(following)
        for place, in_cents in summed:
            value = following[place]
            if isinstance(value, int | Decimal):
                key = (None if grouped is None else following[grouped], place)
                if in_cents:
                    cents[key] = cents.get(key, 0) + value  # type: ignore[assignment]
                else:
                    sums[key] = sums.get(key, Decimal(0)) + value
        count += 1
        following = next(rows, None)
        if progress is not None and (count % STEP == 0 or following is None):
            progress(count % STEP or STEP)
    for key, total in cents.items():
        sums[key] = sums.get(key, Decimal(0)) + euros(total)
    return count, following


def _foot(columns: Sequence[Column], last: int, sums: Sums) -> Sequence[Value] | None:
    if not any(column.summed for column in columns):
        return None
    foot: list[Value] = []
    for place, column in enumerate(columns):
        letter = letter_of(place)
        total = sum((value for (_, summed), value in sums.items() if summed == place), Decimal(0))
        first = "Total" if place == 0 else None
        foot.append(Formula(f"SUM({letter}{FIRST_ROW}:{letter}{last})", total) if column.summed else first)
    return foot


def author_of(facts: Mapping[str, str]) -> str:
    """What a book tells of who wrote it: the group that it is of, in place of a library."""
    return facts.get("Groupe", "pooling")


def letter_of(place: int) -> str:
    """What spreadsheets call a column: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, letter = divmod(place - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def clean(text: str) -> str:
    """A text that a cell can hold: no control character, no lone surrogate, not too long."""
    if text.isprintable() and len(text) <= MOST_CHARACTERS:  # nearly every one, told at once
        return text
    return _UNPRINTABLE.sub("", text)[:MOST_CHARACTERS]


def euros(cents: int) -> Decimal:
    """Cents as a number of euros."""
    return Decimal(cents).scaleb(-2)


def csv_of(table: SheetTable, facts: Mapping[str, str], notice: str | None) -> bytes:
    """As `write_csv`."""
    target = io.BytesIO()
    write_csv(target, table, notice, facts)
    return target.getvalue()


def workbook_of(tables: Iterable[SheetTable], facts: Mapping[str, str], notice: str | None) -> bytes:
    """A workbook of these sheets."""
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    target, book = io.BytesIO(), Book(facts, notice)
    for table in tables:
        book.add(table)
    book.save(target)
    return target.getvalue()


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
    title, remark = [csv_text(name) for name in said], [csv_text(value) for value in said.values()]
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(csv_text(column.title) for column in table.columns), *title])
    for row in table.rows:
        values = (_csv_value(value, column.kind) for value, column in zip(row, table.columns, strict=True))
        writer.writerow([*values, *remark])
    text.flush()
    text.detach()  # the caller closes what it opened


def csv_text(text: str) -> str:
    text = clean(text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_value(value: Value, kind: ColumnKind) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return csv_text(value)
    if isinstance(value, Formula):
        raise TypeError("a CSV file holds no formula")
    if isinstance(value, date):
        return value.strftime(_MOMENT if isinstance(value, datetime) else _DATE)
    if kind is ColumnKind.AMOUNT and isinstance(value, int):  # most values of a long file
        whole, cents = divmod(abs(value), 100)
        return f"{'-' * (value < 0)}{whole},{cents:02}"
    return f"{value:f}".replace(".", ",") if isinstance(value, Decimal) else str(value)
