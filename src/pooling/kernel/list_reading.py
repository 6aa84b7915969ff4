"""Lists that people hand in: CSV (any usual delimiter and encoding) or a spreadsheet, with a header row."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import Self

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
_REMEMBERED = 100_000
"""Cells that were looked at and are not again: in a long list the same stand on many lines."""
_NOT_PLAIN = re.compile('[^ -~À-ÿŒœ’\r\n\t]|"')


class UnreadableListError(Exception):
    """The file is not a list with a header row; the message, in French, says why."""


@dataclass(slots=True)
class Line:
    """One line of the file: its number as a spreadsheet shows it, its cells by column. Not frozen, and no mapping each:
    either would take as long as reading it.
    """

    number: int
    values: Sequence[str]
    """In the order of the columns that were asked for, empty where the file has none; an empty one stands last."""
    _places: Mapping[str, int]
    """Of the columns that the file has, in `values`."""

    @classmethod
    def of(cls, number: int, cells: Mapping[str, str], columns: Iterable[str] = ()) -> Self:
        """One with these cells, as it is where these `columns` were asked for (else those of the cells)."""
        names = list(columns or cells)
        values = (*(cells.get(name, "") for name in names), "")
        return cls(number, values, {name: place for place, name in enumerate(names) if name in cells})

    def __getitem__(self, column: str) -> str:
        place = self._places.get(column)
        return "" if place is None else self.values[place]

    @property
    def cells(self) -> Mapping[str, str]:
        """By the columns that the file has."""
        return {column: self.values[place] for column, place in self._places.items()}


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
    taken = [places.get(name, -1) for name in columns]
    ours = {name: place for place, name in enumerate(columns) if name in places}
    take: Callable[[list[str | None]], tuple[str, ...]] = itemgetter(*taken, -1)
    width, given, known = max(taken) + 1, 0, set[str]()
    for number, row in rows:
        row.extend(repeat("", width + 1 - len(row)))
        row[-1] = ""  # none of ours: for what the file has not
        values = take(row)
        if not known.issuperset(values):
            _require_known(values, ours, number, header, places)
            if len(known) < _REMEMBERED:
                known.update(values)
        if not any(values):
            continue
        given += 1
        if given > longest:
            raise UnreadableListError(f"le fichier a plus de {longest:,} lignes.".replace(",", "\u202f"))
        yield Line(number, values, ours)


def _numbered(rows: Iterable[list[str | None]]) -> Iterator[tuple[int, list[str | None]]]:
    """The rows as a spreadsheet numbers them, no wider than a list of ours is.

    Raises:
        UnreadableListError: a cell holds a text that no list of ours has.
    """
    short = set[str | None]()
    for number, row in enumerate(rows, start=1):
        cells = row[:WIDEST]
        if not short.issuperset(cells):
            if max(map(len, filter(None, cells)), default=0) > LONGEST_CELL:
                raise UnreadableListError(f"ligne {number} : une case dépasse {LONGEST_CELL} caractères.")
            if len(short) < _REMEMBERED:
                short.update(cells)
        yield number, cells


def _is_hint(row: Sequence[str | None]) -> bool:
    """`sep=;`, which some programs write first for a spreadsheet to know."""
    return (row[0] or "").lower().startswith("sep=")


def _require_known(
    values: Sequence[str | None],
    ours: Mapping[str, int],
    number: int,
    header: Sequence[str | None],
    places: Mapping[str, int],
) -> None:
    """A formula without its result, or one that failed, is no empty cell and no name.

    Raises:
        UnreadableListError: nobody knows what a cell holds.
    """
    for name, at in ours.items():
        cell = values[at]
        if cell is not None and not (cell[:1] in _FAILED_BEGINS and _FAILED.fullmatch(cell)):
            continue
        what = f"la formule a échoué ({cell})" if cell else "le résultat de la formule n’est pas enregistré"
        raise UnreadableListError(
            f"ligne {number}, colonne « {header[places[name]]} » : {what}. Vérifiez la cellule dans un tableur, "
            "enregistrez le fichier, puis recommencez."
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
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        if _is_clean(text, delimiter):
            yield from rows
        for row in rows:
            yield [clean(cell) for cell in row[:WIDEST]]
    except csv.Error as error:
        raise UnreadableListError(f"le fichier CSV est mal formé ({error}).") from error


def _is_clean(text: str, delimiter: str) -> bool:
    """Whether cleaning its cells would change none: a text of plain letters, no blank beside another or at either end
    of a cell. Most long lists are, and asking so takes a tenth of cleaning each cell.
    """
    ends = ("\n", "\r", delimiter)
    blanks = ("  ", *(f" {end}" for end in ends), *(f"{end} " for end in ends))
    outer = " " in (text[:1], text[-1:])
    in_cells = delimiter != "\t" and "\t" in text
    return not (outer or in_cells or any(blank in text for blank in blanks) or _NOT_PLAIN.search(text))


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
