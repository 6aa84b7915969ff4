"""The finance workbook and CSV of an allocation: the same figures as the page, with sums that anyone can check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Literal

from pooling.allocation import figures
from pooling.allocation.booking import NOTHING_KNOWN, Bookkeeping
from pooling.allocation.figures import Labels, warning_sentence
from pooling.allocation.records.provenance import Provenance
from pooling.exports.kinds import counted
from pooling.kernel.sheet_writing import (
    FIRST_ROW,
    Column,
    ColumnKind,
    Formula,
    Placed,
    Sheets,
    SheetTable,
    Value,
    euros,
    write_csv,
)
from pooling.needs.details import SaidLine
from pooling.needs.workbook import said_table
from pooling.sharing.money import format_cents, format_decimal
from pooling.sharing.statement import Statement

View = Literal["summary", "lines", "detail"]
BookKind = Literal["xlsx", "ods"]
READ_ME = "Lisez-moi"
_SHEETS = {
    "Répartition": "ce que chaque membre paie, et de quoi c’est fait",
    "Détail": "pour chaque membre, chaque article, frais ou ajustement, avec tout ce qu’il faut pour l’écriture "
    "comptable",
    "Clés": "chaque montant partagé : clé, valeur de base, part exacte et centime donné",
    "Subventions": "chaque subvention, par membre",
    "Contrôle": "les sommes du classeur comparées aux totaux de la règle : chaque écart doit être nul",
}
_SPREAD = (
    "La TVA, les subventions et le FCTVA sont arrondis une fois par membre, puis ventilés entre ses lignes : les "
    "lignes d’un membre redonnent ses montants au centime."
)
_COMMON = "Les frais et les ajustements suivent la section et le compte des articles quand ils n’en ont qu’un."
_OLDER = (
    "Cet état a été figé avant que le SIRET, le code de service et la section soient gardés : ces colonnes y "
    "restent vides."
)


def write_allocation_workbook(
    target: BinaryIO | Path,
    result: Statement,
    labels: Labels | Mapping[str, str] | None = None,
    notice: str | None = None,
    progress: Callable[[int], None] | None = None,
    provenance: Provenance | None = None,
    said: Sequence[SaidLine] = (),
    books: Bookkeeping = NOTHING_KNOWN,
    kind: BookKind = "xlsx",
) -> None:
    """Write the book. `said` is what members said of their lines. `notice` is repeated in every row (fictional prices,
    a draft…). `progress` hears now and then how many more rows are written.
    """
    named = Labels.of(labels)
    facts = provenance.facts if provenance else {"Document": result.label}
    book = book_of(kind)(facts, notice, progress)
    book.say(READ_ME, _read_me(provenance, books))
    placed = {
        table.title: book.add(table)
        for table in (
            figures.distribution(result, named, books),
            figures.detail(result, named, books),
            figures.lines(result, named),
            figures.subsidies(result, named),
        )
    }
    book.add(_control(result, placed))
    if said:
        book.add(said_table(said, named.items))
    if result.warnings:
        book.add(_warnings(result, named))
    book.save(target)


def book_of(kind: BookKind) -> type[Sheets]:
    """What writes books of this kind."""
    if kind == "ods":
        from pooling.kernel.open_document import OpenBook  # noqa: PLC0415 - as below

        return OpenBook
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    return Book


def _read_me(provenance: Provenance | None, books: Bookkeeping) -> Iterator[tuple[str, Value]]:
    if provenance is not None:
        yield provenance.at_title, provenance.at
        yield from provenance.more.items()
    for title, said in _SHEETS.items():
        yield f"Feuille « {title} »", said
    yield "Ventilation", _SPREAD
    if books.threshold:
        yield "Section et compte", f"{books.threshold} {_COMMON}"
    if not books.complete:
        yield "Ce qui manque", _OLDER


def write_allocation_csv(
    target: BinaryIO | Path,
    result: Statement,
    labels: Labels | Mapping[str, str] | None = None,
    view: View = "summary",
    notice: str | None = None,
    provenance: Provenance | None = None,
    books: Bookkeeping = NOTHING_KNOWN,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write one table as CSV: a row per member (`summary`), every figure with its key (`lines`), or all that is booked
    (`detail`). `provenance` and `notice` are the last columns of every row; `progress` hears of each.
    """
    named = Labels.of(labels)
    if view == "detail":
        table = figures.detail(result, named, books)
    else:
        table = figures.lines(result, named) if view == "lines" else figures.summary(result, named)
    told = replace(table, rows=counted(table.rows, progress))
    write_csv(target, told, notice, provenance.columns if provenance else None)


def detail_json(result: Statement, labels: Labels, books: Bookkeeping) -> Iterator[dict[str, object]]:
    """The rows of « Détail » as programs read them: amounts and numbers as text, exact; null where there is none."""
    for row in figures.detail(result, labels, books).rows:
        yield {name: _json(value, column.kind) for (name, column), value in zip(figures.DETAIL, row, strict=True)}


def _json(value: Value, kind: ColumnKind) -> object:
    if kind is ColumnKind.AMOUNT and isinstance(value, int):
        return format_cents(value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _control(result: Statement, placed: Mapping[str, Placed]) -> SheetTable:
    columns = [
        Column("Contrôle", width=52),
        Column("Somme des feuilles", ColumnKind.AMOUNT, 20),
        Column("Total de la règle", ColumnKind.AMOUNT, 20),
        Column("Écart", ColumnKind.AMOUNT, 14),
    ]
    checks = [*_sums(result, placed), *_invoice_sums(result, placed)]
    rows: list[list[Value]] = []
    for row, (title, formula, expected) in enumerate(checks, start=FIRST_ROW):
        gap = Formula(f"ROUND(B{row}-C{row},2)", formula.value - euros(expected))
        rows.append([title, formula, expected, gap])
    return SheetTable("Contrôle", columns, rows, formulas=True)


def _sums(result: Statement, placed: Mapping[str, Placed]) -> Iterator[tuple[str, Formula, int]]:
    """What must tie, the live formula that adds it up, and what the rule says."""
    summary, detail, totals = placed["Répartition"], placed["Détail"], result.totals
    ht, tax, ttc, subsidised, fctva, net, articles, charges, ties = (summary.total(column) for column in range(2, 11))

    def booked(name: str) -> Formula:
        return detail.total(figures.PLACES[name])

    yield "HT : somme des membres", ht, totals.ht
    yield "HT : articles + frais + ajustements", articles + charges + ties, totals.ht
    yield "HT : somme du détail", booked("ht"), totals.ht
    yield "Frais mutualisés : somme du détail − somme des membres", booked("shared_costs") - charges, 0
    yield "TVA : somme des membres", tax, totals.vat
    yield "TVA : somme du détail", booked("vat"), totals.vat
    yield "TTC : somme des membres", ttc, totals.ttc
    yield "TTC : HT + TVA", ht + tax, totals.ttc
    yield "TTC : somme du détail", booked("ttc"), totals.ttc
    yield "Subventions : somme des membres", subsidised, totals.subsidies
    yield "Subventions : somme des subventions", placed["Subventions"].total(5), totals.subsidies
    yield "Subventions : somme du détail", booked("subsidies"), totals.subsidies
    yield "FCTVA estimé : somme des membres", fctva, totals.fctva
    yield "FCTVA estimé : somme du détail", booked("fctva"), totals.fctva
    yield "Coût net : somme des membres", net, totals.net
    yield "Coût net : TTC − subventions − FCTVA", ttc - subsidised - fctva, totals.net
    yield "Coût net : somme du détail", booked("net"), totals.net


def _invoice_sums(result: Statement, placed: Mapping[str, Placed]) -> Iterator[tuple[str, Formula, int]]:
    for rate, line in result.invoice.items():
        title = f"Facture du fournisseur, TVA {figures.french(format_decimal(rate))} %"
        for what, name, expected in (("HT", "ht", line.ht), ("TVA", "vat", line.vat)):
            found = placed["Détail"].total_where(figures.decimal(rate), figures.PLACES[name])
            yield f"{title} : {what}", found, expected


def _warnings(result: Statement, labels: Labels) -> SheetTable:
    columns = [Column("Code", width=16), Column("Alerte (à vérifier, sans effet sur les montants)", width=110)]
    rows = ([warning.member, warning_sentence(warning, labels)] for warning in result.warnings)
    return SheetTable("Alertes", columns, rows)
