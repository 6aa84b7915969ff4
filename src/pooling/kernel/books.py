"""Workbooks (XLSX): tables become sheets, row by row, straight into the compressed file.

openpyxl says how the sheets look; the rows are ours (`kernel/sheet_xml.py`).
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter

from pooling.kernel.sheet_xml import ROWS, cents_cell, formula_cell, number_cell, row_xml, text_cell
from pooling.kernel.sheets import Column, Formula, Kind, Table, Value, clean

# openpyxl's types do not know all of it.
Sheet: TypeAlias = Any

HEADER_ROW = 3
FIRST_ROW = HEADER_ROW + 1
MOST_ROWS = 1_000_000  # a sheet holds 1 048 576
STEP = 1_000
"""Rows between two signs of life of a workbook that is being written."""

# Written as spreadsheets store them; a French one shows `# ##0,00`. Other columns need no format.
FORMATS = {Kind.CODE: "@", Kind.AMOUNT: "#,##0.00", Kind.PERCENT: "0.00%"}

_READ_AS_SOMETHING_ELSE = ("=", "#")  # some programs take these texts for formulas and errors
_WITHOUT_ROWS = re.compile(b"<sheetData ?/>|<sheetData></sheetData>")
_DIMENSION = re.compile(b"<dimension[^>]*/>")  # of a sheet without rows
_INK = Font(name="Calibri", bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="1F3A5F")
_BOLD = Font(name="Calibri", bold=True)
_TITLE = Font(name="Calibri", bold=True, size=14)
_REMARK = Font(name="Calibri", italic=True, color="9C2A00")
_FOOT_LINE = Border(top=Side(style="thin", color="1F3A5F"))


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


class Book:
    """A workbook written row by row, straight into the file; `save` ends it. openpyxl says how the sheets look."""

    def __init__(
        self, subtitle: str = "", notice: str | None = None, progress: Callable[[int], None] | None = None
    ) -> None:
        """Repeat `subtitle` and `notice` at the head of every sheet, since sheets are printed apart. `progress` hears
        every `STEP` rows how many there were since it last did; what it raises ends the writing.
        """
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        self._file = io.BytesIO()
        self._archive = ZipFile(self._file, "w", ZIP_DEFLATED)
        self._subtitle = subtitle
        self._notice = notice or ""
        self._progress = progress

    def add(self, table: Table) -> Placed:
        """Write a table, on several sheets when one is too small, and say where its rows are."""
        rows = iter(table.rows)
        placed: list[tuple[str, int, int]] = []
        following = next(rows, None)
        while following is not None or not placed:
            name = table.title if not placed else f"{table.title} ({len(placed) + 1})"
            taken = () if following is None else chain([following], islice(rows, MOST_ROWS - 1))
            count = self._write_sheet(name, table, iter(taken))
            placed.append((name, FIRST_ROW, HEADER_ROW + count))
            following = next(rows, None)
        return Placed(placed)

    def save(self, target: BinaryIO | Path) -> None:
        """Write the file."""
        written = set(self._archive.namelist())
        bare = io.BytesIO()
        self._book.save(bare)
        with ZipFile(bare) as parts:
            for name in parts.namelist():
                if name not in written:
                    self._archive.writestr(name, parts.read(name))
        self._archive.close()
        if isinstance(target, Path):
            target.write_bytes(self._file.getbuffer())
        else:
            target.write(self._file.getbuffer())

    def _write_sheet(self, name: str, table: Table, rows: Iterator[Sequence[Value]]) -> int:
        """One sheet; says how many rows it has."""
        sheet = self._sheet(name, table)
        heads, places = self._heads(sheet, table), [_Place.of(sheet, column) for column in enumerate(table.columns)]
        foot = [_style_of(sheet, column, font=_BOLD, border=_FOOT_LINE) for column in table.columns]
        path = f"xl/worksheets/sheet{len(self._book.worksheets)}.xml"
        head, tail = _around_rows(sheet)
        with self._archive.open(path, "w", force_zip64=True) as file:
            file.write(head + f"<{ROWS}>{heads}".encode())
            count = 0
            while batch := [
                _filled(number, places, row) for number, row in enumerate(islice(rows, STEP), FIRST_ROW + count)
            ]:
                file.write("".join(batch).encode())
                count += len(batch)
                if self._progress is not None:
                    self._progress(len(batch))
            file.write(_foot(table.columns, foot, HEADER_ROW + count).encode())
            file.write(f"</{ROWS}>".encode() + tail)
        return count

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
        return sheet

    def _heads(self, sheet: Sheet, table: Table) -> str:
        """The rows above the table's: what it is, what to know, the columns' titles."""
        heading = f"{table.title} — {self._subtitle}" if self._subtitle else table.title
        titles = [
            text_cell(f"{get_column_letter(place)}{HEADER_ROW}", _header_style(sheet, column), clean(column.title))
            for place, column in enumerate(table.columns, start=1)
        ]
        return (
            row_xml(1, [text_cell("A1", _style(sheet, font=_TITLE), clean(heading))])
            + row_xml(2, [text_cell("A2", _style(sheet, font=_REMARK), clean(self._notice))])
            + row_xml(HEADER_ROW, titles)
        )


def _around_rows(sheet: Sheet) -> tuple[bytes, bytes]:
    """What the file of a sheet has before and after its rows, as openpyxl writes one without any."""
    bare = io.BytesIO()
    writer = WorksheetWriter(sheet, bare)
    writer.write()
    head, tail = _WITHOUT_ROWS.split(_DIMENSION.sub(b"", bare.getvalue()))
    return head, tail


@dataclass(frozen=True, slots=True)
class _Place:
    """A column as its cells are written: its letter, what it holds, and the style that this needs."""

    letter: str
    kind: Kind
    style: int

    @classmethod
    def of(cls, sheet: Sheet, numbered: tuple[int, Column]) -> "_Place":
        number, column = numbered
        return cls(get_column_letter(number + 1), column.kind, _style_of(sheet, column))


def _filled(number: int, places: Sequence[_Place], row: Sequence[Value]) -> str:
    cells = []
    for place, value in zip(places, row, strict=True):
        at = f"{place.letter}{number}"
        if isinstance(value, str):
            text = clean(value)
            plain = place.kind is Kind.TEXT and not text.startswith(_READ_AS_SOMETHING_ELSE)
            cells.append(text_cell(at, 0 if plain else place.style, text))
        elif isinstance(value, Formula):
            cells.append(formula_cell(at, place.style, value.text))
        elif value is not None:
            in_cents = place.kind is Kind.AMOUNT and isinstance(value, int)
            style = place.style if place.kind in FORMATS else 0
            cells.append(cents_cell(at, style, int(value)) if in_cents else number_cell(at, style, value))
    return row_xml(number, cells)


def _foot(columns: Sequence[Column], styles: Sequence[int], last: int) -> str:
    """The row of sums below the last one, where a column is summed."""
    if not any(column.summed for column in columns):
        return ""
    cells = []
    for place, (column, style) in enumerate(zip(columns, styles, strict=True), start=1):
        letter = get_column_letter(place)
        if column.summed and last >= FIRST_ROW:
            cells.append(formula_cell(f"{letter}{last + 1}", style, f"SUM({letter}{FIRST_ROW}:{letter}{last})"))
        else:
            cells.append(text_cell(f"{letter}{last + 1}", style, "Total" if place == 1 else ""))
    return row_xml(last + 1, cells)


def _style_of(sheet: Sheet, column: Column, **looks: object) -> int:
    quoted = column.kind in {Kind.TEXT, Kind.CODE}
    return _style(sheet, number_format=FORMATS.get(column.kind, "General"), quotePrefix=quoted, **looks)


def _header_style(sheet: Sheet, column: Column) -> int:
    side = "left" if column.kind in {Kind.TEXT, Kind.CODE} else "right"
    return _style(
        sheet,
        font=_INK,
        fill=_HEADER_FILL,
        alignment=Alignment(horizontal=side, vertical="center", wrap_text=True),
    )


def _style(sheet: Sheet, **looks: object) -> int:
    """The number of this style in the workbook, which has each once."""
    cell = WriteOnlyCell(sheet)
    for name, look in looks.items():
        setattr(cell, name, look)
    number: int = cell.style_id
    return number
