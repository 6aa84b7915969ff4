"""A workbook, written by openpyxl. Who writes one loads this then: openpyxl and lxml are 10 MB of every process that
does not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell._writer import write_cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter

from pooling.kernel.sheet_writing import (
    ABOUT,
    FIRST_ROW,
    FORMATS,
    HEADER_ROW,
    MOST_ROWS,
    REMARK,
    STEP,
    Column,
    ColumnKind,
    Formula,
    Placed,
    SheetTable,
    Sums,
    Value,
    clean,
    euros,
)
from pooling.kernel.text import one_line

# openpyxl has no types for write-only sheets and their cells.
Sheet: TypeAlias = Any
Cell: TypeAlias = Any

AUTHOR = "pooling"
"""What a spreadsheet tells of who wrote it, in place of the library that did."""
_PRINTED = 110
_READ_AS_SOMETHING_ELSE = ("=", "#")  # openpyxl takes these texts for formulas and errors
_INK = Font(name="Calibri", bold=True, color="FFFFFF")
_HEADER_FILL = PatternFill("solid", fgColor="1F3A5F")
_FOOT_LINE = Border(top=Side(style="thin", color="1F3A5F"))


class _Computed(str):
    """A formula as openpyxl writes one, which knows its value."""

    __slots__ = ("value",)
    value: Decimal


class _Writer(WorksheetWriter):
    """openpyxl stores no value beside a formula; in rows that are said to have some, this does."""

    has_formulas = False

    def write_row(self, xf: Any, row: Iterable[Cell], row_idx: int) -> None:  # noqa: ANN401
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


class Book:
    """A workbook written row by row; `save` ends it."""

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
        self._book = Workbook(write_only=True)
        self._book.properties.creator = AUTHOR
        self._facts = facts
        self._notice = notice or ""

    def add(self, table: SheetTable) -> Placed:
        """Write a table, on several sheets when one is too small, and say where its rows are."""
        if self._notice:
            columns = [*table.columns, Column(REMARK, width=40)]
            table = replace(table, columns=columns, rows=([*row, self._notice] for row in table.rows))
        return self._add(table, self._progress)

    def _add(self, table: SheetTable, progress: Callable[[int], None] | None) -> Placed:
        rows, all_sums = iter(table.rows), Sums()
        placed: list[tuple[str, int, int]] = []
        following = next(rows, None)
        while following is not None or not placed:
            name = table.title if not placed else f"{table.title} ({len(placed) + 1})"
            sheet, sums = self._sheet(name, table), Sums()
            try:
                count, following = self._write_rows(sheet, table, following, rows, sums, progress)
                self._foot(sheet, table.columns, HEADER_ROW + count, sums)
                letter = get_column_letter(len(table.columns))
                sheet.auto_filter.ref = f"A{HEADER_ROW}:{letter}{HEADER_ROW + count}"
            finally:
                sheet.close()  # also one that is given up: it holds a file open
            placed.append((name, FIRST_ROW, HEADER_ROW + count))
            for place, value in sums.items():
                all_sums[place] = all_sums.get(place, Decimal(0)) + value
        return Placed(placed, all_sums)

    def _write_rows(
        self,
        sheet: Sheet,
        table: SheetTable,
        following: Sequence[Value] | None,
        rows: Iterator[Sequence[Value]],
        sums: Sums,
        progress: Callable[[int], None] | None,
    ) -> tuple[int, Sequence[Value] | None]:
        """As many as the sheet holds, added up in `sums`; says how many those were, and which row is the next."""
        count, columns = 0, table.columns
        summed = [(place, column.kind is ColumnKind.AMOUNT) for place, column in enumerate(columns) if column.summed]
        sheet._writer.has_formulas = table.formulas  # noqa: SLF001 - see `_Writer`
        cells = [self._prototype(sheet, column.kind) for column in columns]
        while following is not None and count < MOST_ROWS:
            sheet.append(_filled(cells, columns, following))
            for place, in_cents in summed:
                value = following[place]
                if isinstance(value, int | Decimal):
                    key = (str(following[0]), place)
                    sums[key] = sums.get(key, Decimal(0)) + (euros(value) if in_cents else value)  # type: ignore[arg-type]
            count += 1
            following = next(rows, None)
            if progress is not None and (count % STEP == 0 or following is None):
                progress(count % STEP or STEP)
        return count, following

    def save(self, target: BinaryIO | Path) -> None:
        """Write the file."""
        said = {**self._facts, **({REMARK: self._notice} if self._notice else {})}
        self._add(SheetTable(ABOUT, [Column("Information", width=30), Column("Valeur", width=90)], said.items()), None)
        self._book.save(target)

    def _sheet(self, name: str, table: SheetTable) -> Sheet:
        sheet: Sheet = self._book.create_sheet(name)
        for place, column in enumerate(table.columns, start=1):
            sheet.column_dimensions[get_column_letter(place)].width = column.width
        sheet.freeze_panes = f"A{FIRST_ROW}"
        sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.oddHeader.left.text = _printed(" — ".join(self._facts.values()))
        sheet.oddHeader.right.text = _printed(self._notice)
        sheet.oddFooter.left.text = _printed(name)
        sheet.oddFooter.right.text = "&P / &N"
        sheet._writer = _Writer(sheet)  # noqa: SLF001 - the only way to a writer of one's own
        sheet._writer.write_top()  # noqa: SLF001
        sheet.append([_header_cell(sheet, column) for column in table.columns])
        return sheet

    @staticmethod
    def _prototype(sheet: Sheet, kind: ColumnKind) -> Cell:
        cell = WriteOnlyCell(sheet)
        cell.number_format = FORMATS.get(kind, "General")
        cell.quotePrefix = kind in {ColumnKind.TEXT, ColumnKind.CODE}
        return cell

    def _foot(self, sheet: Sheet, columns: Sequence[Column], last: int, sums: Sums) -> None:
        if not any(column.summed for column in columns):
            return
        cells = []
        sheet._writer.has_formulas = True  # noqa: SLF001
        for place, column in enumerate(columns, start=1):
            cell = self._prototype(sheet, column.kind)
            cell.font, cell.border = Font(name="Calibri", bold=True), _FOOT_LINE
            if column.summed and last >= FIRST_ROW:
                letter = get_column_letter(place)
                total = sum((value for (_, summed), value in sums.items() if summed == place - 1), Decimal(0))
                _compute(cell, Formula(f"SUM({letter}{FIRST_ROW}:{letter}{last})", total))
            elif place == 1:
                cell.value = "Total"
            cells.append(cell)
        sheet.append(cells)


def _filled(cells: Sequence[Cell], columns: Sequence[Column], row: Sequence[Value]) -> Iterator[Cell]:
    """The row's values, or cells where a value needs one: each is written before the next row reuses it."""
    for cell, column, value in zip(cells, columns, row, strict=True):
        if isinstance(value, Formula):
            _compute(cell, value)
        elif isinstance(value, str):
            text = clean(value)
            if column.kind is ColumnKind.TEXT and not text.startswith(_READ_AS_SOMETHING_ELSE):
                yield text
                continue
            cell.value = text
            cell.data_type = "s"
        elif column.kind is ColumnKind.AMOUNT and isinstance(value, int):
            # As openpyxl sets a number, without its asking first what it may be: a workbook holds millions of amounts.
            cell._value, cell.data_type = euros(value), "n"  # noqa: SLF001
        elif column.kind in FORMATS:
            cell.value = value
        else:
            yield value
            continue
        yield cell


def _compute(cell: Cell, formula: Formula) -> None:
    """The formula and its value: what openpyxl is given would come out as a plain text again."""
    computed = _Computed(f"={formula.text}")
    computed.value = formula.value
    cell.value = str(computed)
    cell._value = computed  # noqa: SLF001 - see `_Writer`


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
