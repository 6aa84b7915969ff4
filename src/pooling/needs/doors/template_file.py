"""The declaration as a file to fill in and send back, XLSX or OpenDocument: an item to a line, what is declared already
in it. Nothing is protected. Each line says for whom it is, of which purchase, and from which version it was filled.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from pooling.kernel.list_reading import Line
from pooling.kernel.open_document import write_open_document
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable
from pooling.members.models import Member
from pooling.needs.doors.lines import said_of
from pooling.needs.queries import DeclarationShown, latest_of, stamp_of
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown
from pooling.web.typography import of_name

_COLUMNS = (
    Column("Code", ColumnKind.CODE, 16),
    Column("Article", width=34),
    Column("Unité", width=12),
    Column("Prix indicatif HT", width=16),
    Column("Quantité", ColumnKind.INTEGER, 12),
    Column("Jusqu’à", ColumnKind.INTEGER, 12),
    Column("Note", width=44),
    Column("Budget", ColumnKind.CODE, 16),
    Column("Numéro d’engagement", ColumnKind.CODE, 24),
    Column("Achat", ColumnKind.CODE, 16),
    Column("Membre", ColumnKind.CODE, 16),
    Column("Version", ColumnKind.CODE, 16),
)
TITLE = "Déclaration"


def version_of(declarations: Mapping[str, DeclarationShown]) -> str:
    """Stands for what the file was filled from; no number, so that no spreadsheet makes another one of it."""
    return f"v{sha256(stamp_of(declarations).encode()).hexdigest()[:10]}"


def _rows(
    purchase: Purchase, member: Member, declarations: Mapping[str, DeclarationShown], items: Sequence[ItemShown]
) -> Iterator[list[str | int | None]]:
    declared, version = latest_of(declarations), version_of(declarations)
    for item in items:
        said = said_of(declared, item)
        quantity = said.quantity if said.is_answer or (declared and declared.filed_at is None) else None
        yield [
            *(item.code, item.name, item.unit, f"{item.unit_price:f}".replace(".", ",")),
            *(quantity, said.most if said.most > (said.quantity or 0) else None),
            *(said.detail.note, said.detail.budget, said.detail.engagement),
            *(purchase.reference, member.code, version),
        ]


def write_template(
    kind: str,
    purchase: Purchase,
    member: Member,
    declarations: Mapping[str, DeclarationShown],
    items: Sequence[ItemShown],
    notice: str | None = None,
) -> bytes:
    """The file: `kind` is xlsx or ods. `notice` stands in every line."""
    rows = _rows(purchase, member, declarations, items)
    if kind == "ods":
        headings = [(column.title, column.width) for column in _COLUMNS]
        if notice is None:
            return write_open_document(TITLE, headings, rows)
        return write_open_document(TITLE, [*headings, ("Remarque", 44)], ([*row, notice] for row in rows))
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(
        {
            "Document": f"Déclaration {of_name(member.name)} à remplir",
            "Achat": f"{purchase.reference} {purchase.title}",
            "À remplir": "De la quantité au numéro d’engagement ; une case vide laisse ce qui est déclaré.",
            "À renvoyer": "Sur la page de la déclaration : « Remplir un fichier ».",
        },
        notice,
    )
    book.add(SheetTable(TITLE, _COLUMNS, rows))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def refusal_of(
    lines: Sequence[Line], purchase: Purchase, member: Member, declarations: Mapping[str, DeclarationShown]
) -> str | None:
    """Why a file is not for here: another purchase's, another member's, or filled from an older version. None for a
    list of one's own, which says nothing of it.
    """
    for column, wanted, sentence in (
        ("purchase", purchase.reference, f"pas de {purchase.reference}."),
        ("member", member.code, f"pas celui {of_name(member.name)} ({member.code})."),
    ):
        others = sorted({line[column] for line in lines if line[column]} - {wanted})
        if others:
            what = "de l’achat" if column == "purchase" else "du membre"
            return f"Ce fichier est celui {what} {', '.join(others[:3])}, {sentence}"
    if {line["version"] for line in lines if line["version"]} - {version_of(declarations)}:
        return (
            "Ce fichier a été préparé avant la dernière version de votre déclaration : téléchargez de nouveau le "
            "modèle et reportez-y vos changements."
        )
    return None
