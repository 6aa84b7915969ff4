"""The rows of a spreadsheet's first sheet, as lines of JSON: what `list_reading` has read by a process of its own.

No other process loads what reads them.
"""

import contextlib
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest
from pathlib import Path

import python_calamine
from lxml import etree

from pooling.kernel.list_reading import LONGEST, WIDEST
from pooling.kernel.text import clean, whole_number

_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]|\bformula=")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_OPEN_DOCUMENT = "content.xml"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_DIGITS = 8
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def _write_rows(path: Path, memory: int) -> Iterable[str]:
    """The other process's part: a row of cells as one line of JSON."""
    with contextlib.suppress(ValueError, OSError):  # not every system knows this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    missing = _without_result(path)
    rows = zip_longest(sheet.iter_rows(), range(max(missing, default=-1) + 1), fillvalue=())
    for number, (row, _) in enumerate(islice(rows, LONGEST + 2)):
        cells: list[str | None] = [_cell(value) for value in row[:WIDEST]]
        for place in missing.get(number, ()):
            cells += [""] * (place + 1 - len(cells))
            cells[place] = None
        yield json.dumps(cells)


def _without_result(path: Path) -> dict[int, list[int]]:
    """Where the first sheet has a formula whose result was never computed, or failed without a word: columns by row,
    from 0. Programs that write workbooks leave them to the spreadsheet that opens them; to whoever reads the file they
    look empty.
    """
    found: dict[int, list[int]] = {}
    with contextlib.suppress(zipfile.BadZipFile, KeyError, StopIteration), zipfile.ZipFile(path) as book:
        open_document = _OPEN_DOCUMENT in book.namelist()
        content = book.read(_OPEN_DOCUMENT if open_document else _first_sheet(book))
        if _FORMULA.search(content) is None:
            return found
        for row, column in (_unset_in_open_document if open_document else _unset_in_excel)(content):
            found.setdefault(row, []).append(column)
    return found


def _unset_in_excel(content: bytes) -> Iterator[tuple[int, int]]:
    for _, cell in etree.iterparse(io.BytesIO(content), tag="{*}c", resolve_entities=False):
        place = _PLACE.fullmatch(cell.get("r", ""))
        if place and cell.find("{*}f") is not None and cell.get("t") != "str" and not cell.findtext("{*}v"):
            column = _column(place[1])
            if column < WIDEST:
                yield int(place[2]) - 1, column
        cell.clear()


def _unset_in_open_document(content: bytes) -> Iterator[tuple[int, int]]:
    """A cell, and a row, may say how often it is repeated (OpenDocument 1.3, part 3, 19.675 and 19.677)."""
    first = 0
    for _, element in etree.iterparse(io.BytesIO(content), tag=(f"{_TABLE}table-row", f"{_TABLE}table")):
        if element.tag == f"{_TABLE}table":
            return
        times, columns = _times(element, "rows"), list(_unset_in_row(element))
        for row in range(first, min(first + times, LONGEST + 2) if columns else first):
            yield from ((row, column) for column in columns)
        first += times
        element.clear()


def _unset_in_row(row: etree._Element) -> Iterator[int]:
    place = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        times = _times(cell, "columns")
        kind = cell.get(f"{_CALC}value-type") or cell.get(f"{_OFFICE}value-type")
        if cell.get(f"{_TABLE}formula") is not None and kind in {None, "error"}:
            yield from range(place, min(place + times, WIDEST))
        place += times


def _times(element: etree._Element, what: str) -> int:
    times = whole_number(element.get(f"{_TABLE}number-{what}-repeated", ""), _DIGITS)
    return 1 if times is None else times


def _first_sheet(book: zipfile.ZipFile) -> str:
    """Its name in the archive (ECMA-376, part 1, 18.2.19)."""
    sheet = next(etree.fromstring(book.read("xl/workbook.xml"), _PARSER).iter("{*}sheet"))
    wanted = next(value for name, value in sheet.attrib.items() if name.endswith("}id"))
    parts = etree.fromstring(book.read("xl/_rels/workbook.xml.rels"), _PARSER).iter("{*}Relationship")
    target = next(part.get("Target", "") for part in parts if part.get("Id") == wanted)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: str) -> int:
    """`A` is 0, `AA` 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a spreadsheet keeps every number as a float; a code must not become 33009.0
    return clean(str(value))


if __name__ == "__main__":
    for row in _write_rows(Path(sys.argv[1]), int(sys.argv[2])):
        sys.stdout.write(row + "\n")
