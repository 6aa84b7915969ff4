"""From a list of authorities as it is published (README.md) to rows of the directory."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from stdnum import luhn

from pooling.directory.models import AuthorityKind
from pooling.kernel.encodings import UnclearTextError, read_text
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.list_reading import UnreadableListError
from pooling.kernel.text import clean, without_accents, words_of_letters

PACKAGED = Path(__file__).with_name("local-authorities-2026.csv.gz")
COLUMNS = ("siren", "name", "kind", "insee", "department", "epci_siren", "population_municipale", "postcodes")
LARGEST = limit(50_000_000, "A list for the directory, uncompressed", __name__, Readers.OPERATORS, unit=BYTES)
_GZIP = b"\x1f\x8b"
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")
_NINE_DIGITS = re.compile(r"[0-9]{9}")
_INSEE = re.compile(r"([0-9]{2}|2[AB])[0-9]{3}")
_DEPARTMENT = re.compile(r"[0-9]{2,3}|2[AB]")
_POSTCODES = re.compile(r"(?:[0-9]{5}(?: [0-9]{5})*)?")
_POPULATION = re.compile(r"[0-9]{1,8}")
_LONGEST_NAME = 200
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
KIND_WORDS = {
    AuthorityKind.COMMUNE: "commune",
    AuthorityKind.CC: "communauté de communes",
    AuthorityKind.CA: "communauté d’agglomération",
    AuthorityKind.CU: "communauté urbaine",
    AuthorityKind.METROPOLIS: "métropole",
    AuthorityKind.LYON: "métropole de Lyon",
}
_KINDS = {str(kind): kind for kind in AuthorityKind}


class AuthorityRow(NamedTuple):
    """As `Authority`; lists are separated by blanks."""

    siren: str
    name: str
    kind: str
    insee: str | None
    department: str
    body_siren: str | None
    population: int
    postcodes: str
    letters: str
    terms: str


def year_of(path: Path) -> int | None:
    """The year in a file's name; None if there is none, or more than one."""
    found = set(_YEAR.findall(path.name))
    return int(found.pop()) if len(found) == 1 else None


def spelt_out(words: Sequence[str]) -> list[str]:
    """The words of a name, « St » as « Saint »."""
    return [_SAINTS.get(word, word) for word in words]


def read_authorities(path: Path) -> list[AuthorityRow]:
    """The authorities of a CSV file, compressed by gzip or not.

    Raises:
        UnreadableListError: it is no such list; the sentence names the first line that is wrong.
    """
    lines = list(_lines(_content(path)))
    names = _letters([line[1] for _, line in lines])
    known: dict[str, int] = {}
    rows = []
    for (number, line), letters in zip(lines, names, strict=True):
        if wrong := _wrong(line):
            raise UnreadableListError(f"ligne {number} : {wrong}.")
        for code in line[0], line[3]:
            if code and known.setdefault(code, number) != number:
                raise UnreadableListError(f"ligne {number} : {code} est déjà à la ligne {known[code]}.")
        rows.append(_row(line, letters))
    bodies = {row.siren for row in rows if row.kind != AuthorityKind.COMMUNE}
    lost = next((row for row in rows if row.body_siren is not None and row.body_siren not in bodies), None)
    if lost is not None:
        raise UnreadableListError(f"l’intercommunalité {lost.body_siren} de {lost.name} n’est pas dans le fichier.")
    return rows


def _content(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise UnreadableListError(_too_large())
    content = path.read_bytes()
    if content.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableListError("le fichier compressé est abîmé ou incomplet.") from error
        if len(content) > LARGEST:
            raise UnreadableListError(_too_large())
    try:
        return read_text(content).text
    except UnclearTextError as error:
        raise UnreadableListError(str(error)) from error


def _too_large() -> str:
    return f"le fichier dépasse {LARGEST // 1_000_000} Mo."


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line with its number, in the order of `COLUMNS`."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise UnreadableListError(
                f"il manque {'la colonne' if len(missing) == 1 else 'les colonnes'} {', '.join(missing)} dans la "
                "première ligne : ce n’est pas une liste de collectivités."
            )
        places = [header.index(name) for name in COLUMNS]
        if places == list(range(len(header))):
            yield from ((reader.line_num, line) for line in reader if line)
            return
        for line in reader:
            if line:
                yield reader.line_num, [line[place] if place < len(line) else "" for place in places]
    except csv.Error as error:
        raise UnreadableListError(f"le fichier CSV est mal formé ({error}).") from error


def _letters(names: Sequence[str]) -> list[str]:
    """The names folded, all in one go: tens of thousands, at a first start."""
    folded = without_accents("\n".join(name.replace("\n", " ") for name in names)).lower().split("\n")
    return [" ".join(spelt_out(words_of_letters(name))) for name in folded]


def _wrong(line: Sequence[str]) -> str | None:
    """What is wrong with a line; None when nothing is. Sentences are made for the line that needs one."""
    if len(line) != len(COLUMNS):
        return "elle n’a pas autant de cases que la première"
    number, name, kind, insee, department, body, population, postcodes = line
    commune = kind == AuthorityKind.COMMUNE
    if not (_NINE_DIGITS.fullmatch(number) and luhn.checksum(number) == 0):
        return f"« {number[:40]} » n’est pas un numéro SIREN (neuf chiffres dont une clé)"
    if not name.strip() or len(name) > _LONGEST_NAME:
        return "le nom manque ou dépasse 200 caractères"
    if kind not in _KINDS:
        return f"« {kind[:40]} » n’est pas une sorte de collectivité connue"
    if not (_INSEE.fullmatch(insee) if commune else not insee):
        return f"« {insee[:40]} » n’est pas le code INSEE attendu"
    return _wrong_otherwise(commune, department, body, population, postcodes)


def _wrong_otherwise(commune: bool, department: str, body: str, population: str, postcodes: str) -> str | None:  # noqa: FBT001
    if not _DEPARTMENT.fullmatch(department):
        return f"« {department[:40]} » n’est pas un département"
    if body and not (commune and _NINE_DIGITS.fullmatch(body)):
        return f"« {body[:40]} » n’est pas une intercommunalité"
    if not _POPULATION.fullmatch(population):
        return f"« {population[:40]} » n’est pas une population"
    if not _POSTCODES.fullmatch(postcodes):
        return f"« {postcodes[:40]} » n’est pas une suite de codes postaux"
    return None


def _row(line: Sequence[str], letters: str) -> AuthorityRow:
    number, name, kind, insee, department, body, population, postcodes = line
    words = _KIND_TERMS[kind]
    return AuthorityRow(
        number,
        clean(name).replace("'", "’"),
        kind,
        insee or None,
        department,
        body or None,
        int(population),
        postcodes,
        letters,
        " ".join(f"{letters} {words} {postcodes}".split()),
    )


_KIND_TERMS = {
    str(kind): "" if kind == AuthorityKind.COMMUNE else " ".join(_letters([words]))
    for kind, words in KIND_WORDS.items()
}
