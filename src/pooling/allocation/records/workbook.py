"""The finance workbook and CSV of an allocation: the same figures as the page, with sums that anyone can check."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from pooling.allocation import figures
from pooling.allocation.figures import Labels, rate_text, warning_sentence
from pooling.allocation.records.provenance import Provenance
from pooling.kernel.sheet_writing import (
    FIRST_ROW,
    Column,
    ColumnKind,
    Formula,
    Placed,
    SheetTable,
    Value,
    euros,
    write_csv,
)
from pooling.needs.details import SaidLine
from pooling.needs.workbook import said_table
from pooling.sharing.money import format_decimal
from pooling.sharing.statement import Statement

View = Literal["summary", "lines"]
_CSV_VIEWS: dict[View, Callable[[Statement, Labels], SheetTable]] = {"summary": figures.summary, "lines": figures.lines}


def write_allocation_workbook(
    target: BinaryIO | Path,
    result: Statement,
    labels: Labels | Mapping[str, str] | None = None,
    notice: str | None = None,
    progress: Callable[[int], None] | None = None,
    provenance: Provenance | None = None,
    said: Sequence[SaidLine] = (),
) -> None:
    """Write the workbook (XLSX). `said` is what members said of their lines. `notice` is repeated in every row
    (fictional prices, a draft…). `progress` hears now and then how many more rows are written.
    """
    named = Labels.of(labels)
    facts = {**provenance.facts, **provenance.more} if provenance else {"Document": result.label}
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(facts, notice, progress)
    placed = {
        make.__name__: book.add(make(result, named))
        for make in (
            figures.summary,
            figures.items,
            figures.charges,
            figures.vat,
            figures.subsidies,
            figures.lines,
        )
    }
    if named.filing:
        book.add(figures.references(result, named))
    book.add(_control(result, placed))
    if said:
        book.add(said_table(said, named.items))
    if result.warnings:
        book.add(_warnings(result, named))
    book.save(target)


def write_allocation_csv(
    target: BinaryIO | Path,
    result: Statement,
    labels: Labels | Mapping[str, str] | None = None,
    view: View = "summary",
    notice: str | None = None,
    provenance: Provenance | None = None,
) -> None:
    """Write one table as CSV: a row per member (`summary`), or every figure with its key (`lines`).

    `provenance` and `notice` are the last columns of every row.
    """
    write_csv(target, _CSV_VIEWS[view](result, Labels.of(labels)), notice, provenance.facts if provenance else None)


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
    summary, totals = placed["summary"], result.totals
    items, charges, vat = placed["items"].total(6), placed["charges"].total(7), placed["vat"]
    ht, tax, ttc, subsidised, fctva, net = (summary.total(column) for column in range(2, 8))
    yield "HT\u00a0: somme des membres", ht, totals.ht
    yield "HT\u00a0: articles + frais + ajustements", items + charges + vat.total(4), totals.ht
    yield "HT\u00a0: bases de TVA", vat.total(3), totals.ht
    yield "TVA\u00a0: somme des membres", tax, totals.vat
    yield "TVA\u00a0: somme des taux", vat.total(5), totals.vat
    yield "TTC\u00a0: somme des membres", ttc, totals.ttc
    yield "TTC\u00a0: HT + TVA", ht + tax, totals.ttc
    yield "Subventions\u00a0: somme des membres", subsidised, totals.subsidies
    yield "Subventions\u00a0: somme des subventions", placed["subsidies"].total(5), totals.subsidies
    yield "FCTVA estimé\u00a0: somme des membres", fctva, totals.fctva
    yield "Coût net\u00a0: somme des membres", net, totals.net
    yield "Coût net\u00a0: TTC − subventions − FCTVA", ttc - subsidised - fctva, totals.net


def _invoice_sums(result: Statement, placed: Mapping[str, Placed]) -> Iterator[tuple[str, Formula, int]]:
    for rate, line in result.invoice.items():
        text = rate_text(format_decimal(rate))
        title = f"Facture du fournisseur, {text}"
        yield f"{title}\u00a0: HT", placed["vat"].total_where(text, 3), line.ht
        yield f"{title}\u00a0: TVA", placed["vat"].total_where(text, 5), line.vat


def _warnings(result: Statement, labels: Labels) -> SheetTable:
    columns = [Column("Code", width=16), Column("Alerte (à vérifier, sans effet sur les montants)", width=110)]
    rows = ([warning.member, warning_sentence(warning, labels)] for warning in result.warnings)
    return SheetTable("Alertes", columns, rows)
