"""Tables for finance services: written as a sheet of a workbook (`kernel/books.py`) or as a CSV file, safely.

Texts never become formulas, codes stay text, amounts are real numbers. Rows are streamed, so that a territory of
35 000 members fits in little memory.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TypeAlias

MOST_CHARACTERS = 32_767  # what a cell holds
REMARK = "Remarque"

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Kind(StrEnum):
    """What a column holds. Amounts are given in cents; a code is a text that stays one even when it is edited."""

    TEXT = "text"
    CODE = "code"
    AMOUNT = "amount"
    INTEGER = "integer"
    NUMBER = "number"
    PERCENT = "percent"


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


def clean(text: str) -> str:
    """A text that a cell can hold: no control character, no lone surrogate, not too long."""
    return _UNPRINTABLE.sub("", text)[:MOST_CHARACTERS]


def euros(cents: int) -> Decimal:
    """Cents as a number of euros."""
    return Decimal(cents).scaleb(-2)


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
