"""Lists that people hand in: CSV (any usual delimiter and encoding) or a spreadsheet, with a header row."""

import codecs
import contextlib
import csv
import io
import json
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import python_calamine

from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.text import clean, slug

LONGEST = limit(500_000, "Lines of an imported list", __name__, Readers.OPERATORS)
LARGEST = limit(100_000_000, "An imported list", __name__, Readers.OPERATORS, unit=BYTES)
"""Bytes: such a file holds far more than the longest list."""
_SPREADSHEET_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MEMORY = 3 * 1024**3
_SECONDS = 180
_WIDEST = 200
"""Columns: what a list of ours needs is among the first."""
LONGEST_CELL = limit(1_000, "Letters in a cell of a list", __name__, Readers.OPERATORS)
"""Characters: far more than the longest name."""


class UnreadableListError(Exception):
    """The file is not a list with a header row; the message, in French, says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: its number as a spreadsheet shows it, its cells by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be taken, and why, in French."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.number} : {self.reason}"


def compact(typed: str) -> str:
    """A number or code as typed, without any blank: `213 300 098` and `1 000`, no-break spaces included."""
    return "".join(typed.split())


def read_list(
    path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str], *, longest: int = LONGEST
) -> list[Line]:
    """The lines of a file. `columns` maps our names to the headings that mean them, the preferred one first; blank
    lines are left out.

    Raises:
        UnreadableListError: it cannot be read, or a required column is missing.
    """
    if path.stat().st_size > LARGEST:
        raise UnreadableListError(f"le fichier dépasse {LARGEST // 1_000_000} Mo.")
    with path.open("rb") as file:
        spreadsheet = file.read(4) in _SPREADSHEET_MARKS
    rows = _numbered(_spreadsheet(path) if spreadsheet else _csv(path.read_bytes()))
    header = next((row for _, row in rows if any(row) and not _is_hint(row)), [])
    if not header:
        raise UnreadableListError("le fichier est vide.")
    places = _places(header, columns, required)
    lines = []
    for number, row in rows:
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if any(cells.values()):
            lines.append(Line(number, cells))
        if len(lines) > longest:
            raise UnreadableListError(f"le fichier a plus de {longest:,} lignes.".replace(",", "\u202f"))
    return lines


def _numbered(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """The rows as a spreadsheet numbers them, no wider than a list of ours is.

    Raises:
        UnreadableListError: a cell holds a text that no list of ours has.
    """
    for number, row in enumerate(rows, start=1):
        cells = row[:_WIDEST]
        if max(map(len, cells), default=0) > LONGEST_CELL:
            raise UnreadableListError(f"ligne {number} : une case dépasse {LONGEST_CELL} caractères.")
        yield number, cells


def _is_hint(row: Sequence[str]) -> bool:
    """`sep=;`, which some programs write first for a spreadsheet to know."""
    return row[0].lower().startswith("sep=")


def _places(header: Sequence[str], columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> dict[str, int]:
    """Where each of our columns stands."""
    titles = [slug(cell) for cell in header]
    places: dict[str, int] = {}
    for name, headings in columns.items():
        found = next((heading for heading in map(slug, headings) if heading in titles), None)
        if found is None:
            if name in required:
                raise UnreadableListError(f"il manque la colonne « {headings[0]} » dans la première ligne du fichier.")
        elif titles.count(found) > 1:
            raise UnreadableListError(f"la colonne « {header[titles.index(found)]} » figure deux fois.")
        else:
            places[name] = titles.index(found)
    return places


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _text(content)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [clean(cell) for cell in row[:_WIDEST]]
    except csv.Error as error:
        raise UnreadableListError(f"le fichier CSV est mal formé ({error}).") from error


def _text(content: bytes) -> str:
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")  # what Excel calls “Unicode text”
        if b"\x00" in content:
            raise UnreadableListError("ce n’est ni un fichier CSV, ni un classeur.")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _spreadsheet(path: Path) -> Iterator[list[str]]:
    """The first sheet, read by a process of its own: one stray cell in the last corner of a sheet, or a file made to
    harm, asks for hundreds of gigabytes and ends whoever reads it.
    """
    command = [sys.executable, "-m", "pooling.kernel.lists", str(path)]
    try:
        reader = subprocess.run(command, check=False, capture_output=True, timeout=_SECONDS)  # noqa: S603 - our own
    except subprocess.TimeoutExpired as error:
        raise UnreadableListError("ce classeur est trop long à lire.") from error
    if reader.returncode:
        raise UnreadableListError("ce n’est pas un classeur lisible (XLSX, XLS ou ODS), ou il est démesuré.")
    for line in reader.stdout.splitlines():
        row: list[str] = json.loads(line)
        yield row


def _write_rows(path: Path) -> Iterable[str]:
    """The other process's part: a row of cells as one line of JSON."""
    with contextlib.suppress(ValueError, OSError):  # not every system knows this limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    for row in islice(sheet.iter_rows(), LONGEST + 2):
        yield json.dumps([_cell(value) for value in row[:_WIDEST]])


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a spreadsheet keeps every number as a float; a code must not become 33009.0
    return clean(str(value))


if __name__ == "__main__":
    for row in _write_rows(Path(sys.argv[1])):
        sys.stdout.write(row + "\n")
