"""A quote as a file that the supplier fills in and sends back, XLSX or OpenDocument: an item to a line, then what is
said of the whole. Reading gives what the form would have been typed with: it is looked at before it is kept.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pooling.kernel.list_reading import BRIEF, Line, UnreadableListError, read_list
from pooling.kernel.open_document import write_open_document
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable
from pooling.kernel.text import slug
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown
from pooling.quotes.schemas import MOST_LINES

TITLE = "Devis"
ANSWER = "Prix unitaire HT, ou réponse"
_COLUMNS = (
    Column("Code", ColumnKind.CODE, 18),
    Column("Article", width=38),
    Column("Unité", width=12),
    Column("Quantité ferme", ColumnKind.INTEGER, 14),
    Column("Quantité possible", ColumnKind.INTEGER, 14),
    Column(ANSWER, width=22),
    Column("Paliers (quantité : prix HT)", width=34),
    Column("Vendu par", width=12),
    Column("Quantité minimale", width=14),
    Column("Montant minimal HT", width=16),
    Column("Votre référence", width=22),
    Column("Achat", ColumnKind.CODE, 16),
)
_READ = {
    "code": ("code",),
    "answer": (ANSWER, "prix unitaire HT", "prix HT", "prix"),
    "tiers": ("Paliers (quantité : prix HT)", "paliers"),
    "pack": ("vendu par", "conditionnement"),
    "minimum": ("quantité minimale", "minimum"),
    "value": ("montant minimal HT",),
    "reference": ("votre référence", "référence"),
    "purchase": ("achat",),
}
_FIELDS = {"answer": "prix", "tiers": "paliers", "pack": "lot", "minimum": "minimum", "value": "valeur"}
"""Columns by the form's names for them."""
_OF_ALL = (
    ("livraison", "Livraison : montant HT en tout", "€"),
    ("tva", "Livraison : taux de TVA", "%"),
    ("delai", "Délai de livraison, après la commande", "jours"),
    ("validite", "Offre valable jusqu’au (jour/mois/année)", ""),
    ("reference", "Numéro de votre devis", ""),
)
"""Rows about the whole quote; in the file their codes begin with `@`, which no item's does."""
_AT_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00")
_TYPED_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def write_template(
    kind: str, purchase: Purchase, items: Sequence[ItemShown], wanted: Mapping[int, tuple[int, int]], notice: str | None
) -> bytes:
    """The file, xlsx or ods. `wanted` are the units of each item, by its id: those that are sure, and the most."""
    rows = _rows(purchase, items, wanted)
    if kind == "ods":
        headings = [(column.title, column.width) for column in _COLUMNS]
        if notice is None:
            return write_open_document(TITLE, headings, rows)
        return write_open_document(TITLE, [*headings, ("Remarque", 44)], ([*row, notice] for row in rows))
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    about = {
        "Document": "Devis à remplir",
        "Achat": f"{purchase.reference} {purchase.title}",
        "À remplir": "Le prix de chaque article proposé ; laissez vide ce qui ne l’est pas. Puis les dernières lignes.",
        "Paliers": "Par exemple 100 : 165,00 ; 250 : 150,00.",
    }
    book = Book(about, notice)
    book.add(SheetTable(TITLE, _COLUMNS, rows))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _rows(
    purchase: Purchase, items: Sequence[ItemShown], wanted: Mapping[int, tuple[int, int]]
) -> Iterator[list[str | int | None]]:
    for item in items:
        firm, most = wanted.get(item.id, (0, 0))
        units = (firm, most if most > firm else None)
        yield [item.code, item.name, item.unit, *units, *[None] * 6, purchase.reference]
    for code, asked, unit in _OF_ALL:
        yield [f"@{code}", asked, unit, *[None] * 8, purchase.reference]


def read_template(content: bytes) -> list[Line]:
    """The lines of a file that was sent to a page.

    Raises:
        UnreadableListError: it cannot be read, or not soon enough.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "quote"
        path.write_bytes(content)
        return read_list(path, _READ, ("code", "answer"), longest=MOST_LINES + len(_OF_ALL), effort=BRIEF)


def typed_in(lines: Sequence[Line], purchase: Purchase, items: Sequence[ItemShown]) -> dict[str, str]:
    """What the form would have been typed with.

    Raises:
        UnreadableListError: it is another purchase's, or a line is of nothing that is asked for.
    """
    others = sorted({line["purchase"] for line in lines if line["purchase"]} - {purchase.reference})
    if others:
        raise UnreadableListError(
            f"ce fichier est celui de l’achat {', '.join(others[:3])}, pas de {purchase.reference}."
        )
    ids = {slug(item.code): item.id for item in items}
    heads, values = {f"@{code}": code for code, _, _ in _OF_ALL}, dict[str, str]()
    seen: dict[str, int] = {}
    for line in lines:
        code = line["code"]
        if not code and not line["answer"]:
            continue
        first = seen.setdefault(code, line.number)
        if first != line.number:
            raise UnreadableListError(f"ligne {line.number} : le code « {code} » est déjà à la ligne {first}.")
        if code in heads:
            values[heads[code]] = _day(line["answer"])
            continue
        if slug(code) not in ids or code.startswith("@"):
            raise UnreadableListError(f"ligne {line.number} : « {code} » n’est le code d’aucun article demandé.")
        values |= _of_line(line, ids[slug(code)])
    return values


def _day(typed: str) -> str:
    """As a date field shows it: a cell that is a date comes with its midnight, others as people write days."""
    if match := _AT_MIDNIGHT.fullmatch(typed):
        return match[1]
    written = _TYPED_DAY.fullmatch(typed)
    return f"{written[3]}-{written[2]:0>2}-{written[1]:0>2}" if written else typed


def _of_line(line: Line, item_id: int) -> dict[str, str]:
    """Nothing of an item without a price: what else stands there then says how it would be sold."""
    if not line["answer"]:
        return {}
    typed = {f"{field}-{item_id}": line[column] for column, field in _FIELDS.items()}
    return {**typed, f"ref-{item_id}": line["reference"]}
