"""Lists that people hand in: CSV (any usual delimiter and encoding) or a spreadsheet, with a header row."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import python_calamine

from pooling.kernel.text import clean, slug

LONGEST = 500_000


class UnreadableListError(Exception):
    """The file is not a list with a header row; the message, in French, says why."""


@dataclass(frozen=True)
class Line:
    """One line of the file: its number as a spreadsheet shows it, its cells by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be taken, and why, in French."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.number} : {self.reason}"


def read_list(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> list[Line]:
    """The lines of a file. `columns` maps our names to the headings that mean them; blank lines are left out.

    Raises:
        UnreadableListError: it cannot be read, or a required column is missing.
    """
    content = path.read_bytes()
    rows = _spreadsheet(content) if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") else _csv(content)
    header = [slug(cell) for cell in next(rows, [])]
    places = {
        name: header.index(slug(heading))
        for name, headings in columns.items()
        for heading in headings
        if slug(heading) in header
    }
    missing = [columns[name][0] for name in required if name not in places]
    if missing:
        raise UnreadableListError(f"il manque la colonne « {missing[0]} » dans la première ligne du fichier.")
    lines = []
    for number, row in enumerate(rows, start=2):
        cells = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        if any(cells.values()):
            lines.append(Line(number, cells))
        if len(lines) > LONGEST:
            raise UnreadableListError(f"le fichier a plus de {LONGEST} lignes.")
    return lines


def _spreadsheet(content: bytes) -> Iterator[list[str]]:
    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        for row in sheet.to_python(skip_empty_area=False):
            yield [_cell(value) for value in row]
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableListError("ce n’est pas un classeur lisible (XLSX, XLS ou ODS).") from error


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a spreadsheet keeps every number as a float; a code must not become 33009.0
    return clean(str(value)) if value is not None else ""


def _csv(content: bytes) -> Iterator[list[str]]:
    if b"\x00" in content:
        raise UnreadableListError("ce n’est ni un fichier CSV, ni un classeur.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [clean(cell) for cell in row]
    except csv.Error as error:
        raise UnreadableListError(f"le fichier CSV est mal formé ({error}).") from error
