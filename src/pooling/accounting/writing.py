"""A file for an accounting package, written as its layout says."""

import csv
import io
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import IO

from pooling.accounting.configuration import Layout
from pooling.accounting.fields import FIELDS, Amount, Entry, Said
from pooling.kernel.sheet_writing import REMARK, csv_text
from pooling.kernel.text import one_line

_ALIKE = str.maketrans(
    {"\u202f": "\u00a0", "−": "-", "‑": "-", "‐": "-", "≥": ">=", "≤": "<=", "≠": "<>", "ł": "l", "Ł": "L", "đ": "d"}
)
"""What has no decomposition into a letter of Western Europe."""


def write_layout(target: IO[bytes], layout: Layout, rows: Iterable[Entry], notice: str | None = None) -> int:
    """Writes these rows; returns how many values could not be written as they are, and are transliterated. `notice` is
    the last column of every row.
    """
    encoding = "utf-8-sig" if layout.encoding == "utf-8" else layout.encoding
    text = io.TextIOWrapper(target, encoding=encoding, newline="")
    writer = csv.writer(text, delimiter=layout.separator, lineterminator="\r\n")
    changed = 0
    remark = [in_encoding(notice, layout.encoding)] if notice else []
    if layout.headings:
        titles = [in_encoding(column.title, layout.encoding) for column in layout.columns]
        writer.writerow([*titles, *([REMARK] if remark else [])])

    @lru_cache(maxsize=4_096)  # names and objects come again from row to row
    def of_text(said: str) -> tuple[str, bool]:
        value = csv_text(one_line(said))
        written = in_encoding(value, layout.encoding)
        return written, written != value

    for entry in rows:
        row = []
        for column in layout.columns:
            if column.field is None:
                fixed = column.fixed or ""
                written = in_encoding(fixed, layout.encoding)
                is_changed = written != fixed
            else:
                said = FIELDS[column.field](entry)
                written, is_changed = of_text(said) if isinstance(said, str) else (_written(layout, said), False)
            changed += is_changed
            row.append(written if column.longest is None else written[: column.longest])
        writer.writerow([*row, *remark])
    text.flush()
    text.detach()  # the caller closes what it opened
    return changed


def _written(layout: Layout, said: Said) -> str:
    """What is no text: signs that every encoding holds."""
    match said:
        case None:
            return ""
        case date():
            return said.strftime(layout.dates)
        case Amount():
            whole, cents = divmod(abs(said), 100)
            return f"{'-' if said < 0 else ''}{whole}{layout.decimal}{cents:02}"
        case Decimal():
            return f"{said:f}".replace(".", layout.decimal)
        case _:
            return str(said)


def in_encoding(text: str, encoding: str) -> str:
    """The text with what the encoding cannot hold as what comes nearest to it: `Łódź` is `Lódz` in CP1252."""
    if encoding == "utf-8" or _holds(text, encoding):
        return text
    return "".join(letter if _holds(letter, encoding) else _nearest(letter, encoding) for letter in text)


def _nearest(letter: str, encoding: str) -> str:
    parts = unicodedata.normalize("NFKD", letter.translate(_ALIKE))
    return "".join(part for part in parts if _holds(part, encoding)) or "?"


def _holds(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
