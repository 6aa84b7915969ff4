"""Lists that people hand in: CSV (any usual delimiter and encoding) or a spreadsheet, with a header row."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pooling.kernel.encodings import UnclearTextError, read_text
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.text import clean, slug

LONGEST = limit(500_000, "Lines of an imported list", __name__, Readers.OPERATORS)
LARGEST = limit(100_000_000, "An imported list", __name__, Readers.OPERATORS, unit=BYTES)
"""Bytes: such a file holds far more than the longest list."""
_SPREADSHEET_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
WIDEST = 200
"""Columns: what a list of ours needs is among the first."""
_SHOWN = 12
_FAILED = re.compile(r"#(REF!|N/A|NAME\?|NOM\?|VALUE!|VALEUR!|DIV/0!|NUM!|NOMBRE!|NULL!|NUL!)|Err:[0-9]{3}")
"""What a spreadsheet shows for a formula that failed."""
_FAILED_BEGINS = ("#", "E")
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


@dataclass(frozen=True)
class Effort:
    """What reading a spreadsheet may take: seconds, and bytes of memory."""

    seconds: float
    memory: int


PATIENT = Effort(180, 3 * 1024**3)
"""A command, of whoever holds the machine."""
BRIEF = Effort(5, 300_000_000)
"""A page: somebody waits for it, and others are served meanwhile."""


def told_to_nobody(notice: str) -> None:
    """For whoever reads a list in which nobody is to be told of anything."""


def without_blanks(typed: str) -> str:
    """A number or code as typed, without any blank: `213 300 098` and `1 000`, no-break spaces included."""
    return "".join(typed.split())


def read_list(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str],
    *,
    longest: int = LONGEST,
    told: Callable[[str], None] = told_to_nobody,
    effort: Effort = PATIENT,
) -> list[Line]:
    """The lines of a file. `columns` maps our names to the headings that mean them, the preferred one first; blank
    lines are left out. `told` hears what was judged of the file, for whoever hands it in to look at.

    Raises:
        UnreadableListError: it cannot be read, or a required column is missing.
    """
    return list(each_line(path, columns, required, longest=longest, told=told, effort=effort))


def each_line(
    path: Path,
    columns: Mapping[str, Sequence[str]],
    required: Sequence[str],
    *,
    longest: int = LONGEST,
    told: Callable[[str], None] = told_to_nobody,
    effort: Effort = PATIENT,
) -> Iterator[Line]:
    """The same, one after the other: a list of hundreds of thousands is not held as a whole."""
    if path.stat().st_size > LARGEST:
        raise UnreadableListError(f"le fichier dépasse {LARGEST // 1_000_000} Mo.")
    with path.open("rb") as file:
        spreadsheet = file.read(4) in _SPREADSHEET_MARKS
    read = _spreadsheet(path, effort) if spreadsheet else _csv(path.read_bytes(), told)
    yield from _lines(read, columns, required, longest)


def read_pasted(
    text: str, columns: Mapping[str, Sequence[str]], required: Sequence[str], *, longest: int
) -> list[Line]:
    """The same of what was pasted into a page, headings first.

    Raises:
        UnreadableListError: it cannot be read, or a required column is missing.
    """
    return list(_lines(_csv(text.encode(), told_to_nobody), columns, required, longest))


def _lines(
    read: Iterable[list[str | None]], columns: Mapping[str, Sequence[str]], required: Sequence[str], longest: int
) -> Iterator[Line]:
    rows = _numbered(read)
    header = next((row for _, row in rows if any(row) and not _is_hint(row)), [])
    if not header:
        raise UnreadableListError("le fichier est vide.")
    places = _places(header, columns, required)
    given = 0
    for number, row in rows:
        cells = {name: _known(row, place, number, header) for name, place in places.items()}
        if not any(cells.values()):
            continue
        given += 1
        if given > longest:
            raise UnreadableListError(f"le fichier a plus de {longest:,} lignes.".replace(",", "\u202f"))
        yield Line(number, cells)


def _numbered(rows: Iterable[list[str | None]]) -> Iterator[tuple[int, list[str | None]]]:
    """The rows as a spreadsheet numbers them, no wider than a list of ours is.

    Raises:
        UnreadableListError: a cell holds a text that no list of ours has.
    """
    for number, row in enumerate(rows, start=1):
        cells = row[:WIDEST]
        if max(map(len, filter(None, cells)), default=0) > LONGEST_CELL:
            raise UnreadableListError(f"ligne {number} : une case dépasse {LONGEST_CELL} caractères.")
        yield number, cells


def _is_hint(row: Sequence[str | None]) -> bool:
    """`sep=;`, which some programs write first for a spreadsheet to know."""
    return (row[0] or "").lower().startswith("sep=")


def _known(row: Sequence[str | None], place: int, number: int, header: Sequence[str | None]) -> str:
    """What a cell holds. A formula without its result, or one that failed, is no empty cell and no name.

    Raises:
        UnreadableListError: nobody knows what it holds.
    """
    cell = row[place] if place < len(row) else ""
    if cell is not None and not (cell[:1] in _FAILED_BEGINS and _FAILED.fullmatch(cell)):
        return cell
    what = f"la formule a échoué ({cell})" if cell else "le résultat de la formule n’est pas enregistré"
    raise UnreadableListError(
        f"ligne {number}, colonne « {header[place]} » : {what}. Vérifiez la cellule dans un tableur, enregistrez le "
        "fichier, puis recommencez."
    )


def _places(
    header: Sequence[str | None], columns: Mapping[str, Sequence[str]], required: Sequence[str]
) -> dict[str, int]:
    """Where each of our columns stands."""
    titles = [slug(cell or "") for cell in header]
    places: dict[str, int] = {}
    for name, headings in columns.items():
        found = next((heading for heading in map(slug, headings) if heading in titles), None)
        if found is None:
            if name in required:
                read = ", ".join(f"« {cell} »" for cell in header[:_SHOWN] if cell)
                raise UnreadableListError(
                    f"il manque la colonne « {headings[0]} » dans la première ligne. On y lit : {read[:500]}."
                )
        elif titles.count(found) > 1:
            raise UnreadableListError(f"la colonne « {header[titles.index(found)]} » figure deux fois.")
        else:
            places[name] = titles.index(found)
    return places


def _csv(content: bytes, told: Callable[[str], None]) -> Iterator[list[str | None]]:
    try:
        read = read_text(content)
    except UnclearTextError as error:
        raise UnreadableListError(str(error)) from error
    if read.notice:
        told(read.notice)
    text = read.text
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [clean(cell) for cell in row[:WIDEST]]
    except csv.Error as error:
        raise UnreadableListError(f"le fichier CSV est mal formé ({error}).") from error


def _spreadsheet(path: Path, effort: Effort) -> Iterator[list[str | None]]:
    """The first sheet, None where a formula has no result. It is read by a process of its own: one stray cell in the
    last corner of a sheet, or a file made to harm, asks for hundreds of gigabytes and ends whoever reads it.
    """
    command = [sys.executable, "-m", "pooling.kernel.spreadsheet_rows", str(path), str(effort.memory)]
    try:
        reader = subprocess.run(command, check=False, capture_output=True, timeout=effort.seconds)  # noqa: S603 - our own
    except subprocess.TimeoutExpired as error:
        raise UnreadableListError("ce classeur est trop long à lire.") from error
    if reader.returncode:
        raise UnreadableListError("ce n’est pas un classeur lisible (XLSX, XLS ou ODS), ou il est démesuré.")
    for line in reader.stdout.splitlines():
        row: list[str | None] = json.loads(line)
        yield row
