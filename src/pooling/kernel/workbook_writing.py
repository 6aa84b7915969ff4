"""A workbook, written by openpyxl. Who writes one loads this then: openpyxl and lxml are 10 MB of every process that
does not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias
from xml.sax.saxutils import escape

from lxml import etree
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell._writer import write_cell
from openpyxl.compat import safe_string
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet._writer import WorksheetWriter

from pooling.kernel.sheet_writing import (
    FIRST_ROW,
    FORMATS,
    HEADER_ROW,
    Append,
    Column,
    ColumnKind,
    Formula,
    Sheets,
    SheetTable,
    Value,
    author_of,
    clean,
    euros,
    letter_of,
)
from pooling.kernel.text import one_line

# openpyxl has no types for write-only sheets and their cells.
Sheet: TypeAlias = Any
Cell: TypeAlias = Any

_PRINTED = 140
"""Characters at the head of a page: what A4 on its side holds."""
_HEADER_HEIGHT = 32
"""Points: two lines."""
_LINE_HEIGHT = 15
"""Points, of the others."""
_READ_AS_SOMETHING_ELSE = ("=", "#")  # openpyxl takes these texts for formulas and errors
_RETURNS = {"\r": "&#13;"}
"""As a reader of XML gives them back."""
_DATED = frozenset({ColumnKind.DATE, ColumnKind.MOMENT})
_INK = Font(name="Calibri", bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="1F3A5F")
_FOOT_LINE = Border(top=Side(style="thin", color="1F3A5F"))


class _Computed(str):
    """A formula as openpyxl writes one, which knows its value."""

    __slots__ = ("value",)
    value: Decimal


class _Plain(tuple[str, ...]):
    """A row as XML, cut where its number stands."""

    __slots__ = ()


class _Writer(WorksheetWriter):
    """Of openpyxl's writer two things are otherwise. It stores no value beside a formula: in rows that are said to have
    some, this does. And it makes four elements of each cell, which is most of what millions of cells take: a row of
    plain texts and numbers is written in one piece.
    """

    has_formulas = False

    def write_row(self, xf: Any, row: Iterable[Cell], row_idx: int) -> None:  # noqa: ANN401
        cells = iter(row)
        first = next(cells, None)
        if first is not None and isinstance(first._value, _Plain):  # noqa: SLF001 - as `_carrier` sets it
            xf.write(etree.XML(str(row_idx).join(first._value)))  # noqa: SLF001
            return
        row = cells if first is None else chain((first,), cells)
        if not self.has_formulas:
            super().write_row(xf, row, row_idx)
            return
        with xf.element("row", {"r": str(row_idx)}):
            for cell in row:
                if isinstance(cell.value, _Computed):
                    with xf.element("c", {"r": cell.coordinate, "s": str(cell.style_id)}):
                        with xf.element("f"):
                            xf.write(cell.value.removeprefix("="))
                        with xf.element("v"):
                            xf.write(f"{cell.value.value:f}")
                elif cell.value is not None or cell.has_style:
                    write_cell(xf, self.ws, cell, cell.has_style)


class Book(Sheets):
    """A workbook."""

    def __init__(
        self,
        facts: Mapping[str, str],
        notice: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(facts, notice, progress)
        self._book = Workbook(write_only=True)
        self._book.properties.creator = author_of(facts)
        self._book.properties.title = facts.get("Document", "")

    def _begin(self, name: str, table: SheetTable) -> Append:
        sheet: Sheet = self._book.create_sheet(name)
        self._sheet = sheet
        for place, column in enumerate(table.columns):
            sheet.column_dimensions[letter_of(place)].width = column.width
        sheet.freeze_panes = f"A{FIRST_ROW}"
        sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToWidth = table.pages_wide
        sheet.page_setup.fitToHeight = 0
        if table.pages_wide > 1:
            sheet.print_title_cols = f"A:{letter_of(table.names - 1)}"
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.oddHeader.left.text = _printed(_head(self._facts.values()))
        sheet.oddFooter.left.text = _printed(name)
        sheet.oddFooter.center.text = _printed(self._notice)
        sheet.oddFooter.right.text = "&P / &N"
        sheet._writer = _Writer(sheet)  # noqa: SLF001 - the only way to a writer of one's own
        sheet._writer.write_top()  # noqa: SLF001
        sheet.row_dimensions[HEADER_ROW].height = _HEADER_HEIGHT
        sheet.append([_header_cell(sheet, column) for column in table.columns])
        sheet._writer.has_formulas = table.formulas  # noqa: SLF001 - see `_Writer`
        cells = [self._prototype(sheet, column) for column in table.columns]
        styled = [
            (column.kind, f'<c r="{letter_of(place)}', f'" s="{cell.style_id}', column.width if column.wrapped else 0)
            for place, (column, cell) in enumerate(zip(table.columns, cells, strict=True))
        ]
        carrier: Cell = WriteOnlyCell(sheet)

        def append(row: Sequence[Value]) -> None:
            carrier._value = _plain(styled, row)  # noqa: SLF001 - see `_Writer`
            sheet.append(_filled(cells, table.columns, row) if carrier._value is None else (carrier,))  # noqa: SLF001

        return append

    @staticmethod
    def _prototype(sheet: Sheet, column: Column) -> Cell:
        cell = WriteOnlyCell(sheet)
        cell.number_format = FORMATS.get(column.kind, "General")
        cell.quotePrefix = column.kind in {ColumnKind.TEXT, ColumnKind.CODE}
        if column.wrapped:
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        return cell

    def _foot(self, name: str, table: SheetTable, last: int, foot: Sequence[Value] | None) -> None:  # noqa: ARG002
        sheet = self._sheet
        sheet.auto_filter.ref = f"A{HEADER_ROW}:{letter_of(len(table.columns) - 1)}{last}"
        if foot is None:
            return
        sheet._writer.has_formulas = True  # noqa: SLF001
        cells = []
        for column, value in zip(table.columns, foot, strict=True):
            cell = self._prototype(sheet, column)
            cell.font, cell.border = Font(name="Calibri", bold=True), _FOOT_LINE
            if isinstance(value, Formula):
                _compute(cell, value)
            else:
                cell.value = value
            cells.append(cell)
        sheet.append(cells)

    def _end(self) -> None:
        self._sheet.close()

    def _finish(self, target: BinaryIO | Path) -> None:
        self._book.save(target)


def _plain(columns: Sequence[tuple[ColumnKind, str, str, int]], row: Sequence[Value]) -> _Plain | None:
    """The row in one piece, as `_filled` and openpyxl write it; None where a value needs a cell of its own. A column is
    its kind, its letter, its style, and its width where it is wrapped. How high a row of several lines is stands in the
    file: LibreOffice believes a workbook like Excel's, whose rows without a height are one line high.
    """
    lines = max((_lines(value, width) for (*_, width), value in zip(columns, row, strict=True) if width), default=1)
    parts, end = ['<row r="'], f'" ht="{lines * _LINE_HEIGHT}">' if lines > 1 else '">'
    for (kind, letter, style, wrapped), value in zip(columns, row, strict=True):
        if isinstance(value, str):
            text = clean(value)
            guarded = kind is not ColumnKind.TEXT or bool(wrapped) or text.startswith(_READ_AS_SOMETHING_ELSE)
            if not text and not guarded:
                continue
            kept = ' xml:space="preserve"' if text != text.strip() else ""
            held = f"<is><t{kept}>{escape(text, _RETURNS)}</t></is>" if text else ""
            written = f'{style if guarded else ""}" t="inlineStr">{held}</c>'
        elif type(value) is int or type(value) is Decimal:
            number = euros(value) if kind is ColumnKind.AMOUNT and isinstance(value, int) else value
            written = f'{style if kind in FORMATS else ""}" t="n"><v>{safe_string(number)}</v></c>'
        elif value is None:
            continue
        else:
            return None
        parts.append(end + letter)
        end = written
    return _Plain((*parts, f"{end}</row>"))


def _lines(value: Value, width: int) -> int:
    """So many a wrapped text takes, or rather one more than one less."""
    return sum(1 + len(line) * 10 // (width * 9) for line in value.split("\n")) if isinstance(value, str) else 1


def _filled(cells: Sequence[Cell], columns: Sequence[Column], row: Sequence[Value]) -> Iterator[Cell]:
    """The row's values, or cells where a value needs one: each is written before the next row reuses it."""
    for cell, column, value in zip(cells, columns, row, strict=True):
        if isinstance(value, Formula):
            _compute(cell, value)
        elif isinstance(value, str):
            text = clean(value)
            if column.kind is ColumnKind.TEXT and not column.wrapped and not text.startswith(_READ_AS_SOMETHING_ELSE):
                yield text
                continue
            cell.value = text
            cell.data_type = "s"
        elif column.kind is ColumnKind.AMOUNT and isinstance(value, int):
            # As openpyxl sets a number, without its asking first what it may be: a workbook holds millions of amounts.
            cell._value, cell.data_type = euros(value), "n"  # noqa: SLF001
        elif isinstance(value, date) and column.kind not in _DATED:
            yield _dated(cell, value)
            continue
        elif column.kind in FORMATS:
            cell.value = value
        else:
            yield value
            continue
        yield cell


def _dated(like: Cell, value: date) -> Cell:
    """A date or a moment in a column of something else: it stands where texts do."""
    cell = WriteOnlyCell(like.parent, value)  # type: ignore[arg-type]
    cell.alignment = Alignment(horizontal="left", vertical="top")
    cell.number_format = FORMATS[ColumnKind.MOMENT if isinstance(value, datetime) else ColumnKind.DATE]
    return cell


def _compute(cell: Cell, formula: Formula) -> None:
    """The formula and its value: what openpyxl is given would come out as a plain text again."""
    computed = _Computed(f"={formula.text}")
    computed.value = formula.value
    cell.value = str(computed)
    cell._value = computed  # noqa: SLF001 - see `_Writer`


def _head(facts: Iterable[str]) -> str:
    """As many whole facts as fit: half a date says something else."""
    said = ""
    for fact in facts:
        longer = f"{said} — {fact}" if said else fact
        if said and len(longer) > _PRINTED:
            break
        said = longer
    return said


def _printed(text: str) -> str | None:
    """A text at the head or foot of a printed page: `&` opens a command there, and all of them share 255 characters."""
    doubled = one_line(clean(text)).replace("&", "&&")[:_PRINTED]
    halved = (len(doubled) - len(doubled.rstrip("&"))) % 2
    return doubled[: len(doubled) - halved] or None


def _header_cell(sheet: Sheet, column: Column) -> Cell:
    cell = WriteOnlyCell(sheet, clean(column.title))
    cell.data_type = "s"
    cell.font = _INK
    cell.fill = _HEADER_FILL
    cell.alignment = Alignment(
        horizontal="left" if column.kind in {ColumnKind.TEXT, ColumnKind.CODE} else "right",
        vertical="center",
        wrap_text=True,
    )
    return cell
