"""The workbook of a consolidation: what is ordered, who gets what at what cost, with and without tolerance."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from pooling.kernel.sheets import Book, Column, Formula, Kind, Placed, Table, Value
from pooling.sharing.comparison import compare_tolerance, member_costs
from pooling.sharing.consolidation_result import Consolidation, Status
from pooling.sharing.money import format_cents, format_decimal

STATUSES: dict[Status, str] = {
    "ok": "commande possible",
    "nothing_declared": "aucun besoin ferme déclaré",
    "minimum_not_reached": "minimum de commande non atteint",
    "below_one_pack": "moins d’un lot complet",
}


def write_consolidation_workbook(
    target: BinaryIO | Path,
    result: Consolidation,
    labels: Mapping[str, str] | None = None,
    notice: str | None = None,
    lead: str = "",
) -> None:
    """Write the workbook (XLSX). `lead` is the member that takes a surplus of packs."""
    names = labels or {}
    book = Book(result.case.label, notice)
    book.add(Table("Commande", [Column("Donnée", width=44), Column("Valeur", width=28)], _order_rows(result)))
    placed = book.add(_members(result, names, lead))
    book.add(_control(result, placed))
    book.save(target)


def order_facts(result: Consolidation) -> Iterator[tuple[str, str]]:
    """What there is to know of the order, in French, for the workbook and the terminal."""
    case, tier = result.case, result.next_tier
    yield "État", STATUSES[result.status]
    yield "Unités commandées", str(result.order)
    yield f"Lots de {case.item.pack}", str(result.packs)
    yield "Besoins fermes", str(case.firm)
    yield "Tolérance déclarée", str(case.most - case.firm)
    yield "Surplus (stock du pilote)", str(result.surplus)
    yield "Unités manquantes pour commander", str(result.missing)
    yield "Prix unitaire HT (€)", _french(format_decimal(result.unit_price, at_least=2))
    yield "Total HT (€)", _french(format_cents(result.total))
    if tier is not None:
        yield f"Palier suivant (à partir de {tier.threshold})", f"encore {tier.missing} unités"


def _order_rows(result: Consolidation) -> Iterator[list[Value]]:
    for title, value in order_facts(result):
        yield [title, value]


def _members(result: Consolidation, names: Mapping[str, str], lead: str) -> Table:
    columns = [
        Column("Code", Kind.CODE, 16),
        Column("Membre", width=34),
        Column("Ferme", Kind.INTEGER, 10, summed=True),
        Column("Maximum accepté", Kind.INTEGER, 12, summed=True),
        Column("Attribué", Kind.INTEGER, 10, summed=True),
        Column("Coût HT", Kind.AMOUNT, 16, summed=True),
        Column("Attribué sans tolérance", Kind.INTEGER, 14, summed=True),
        Column("Coût HT sans tolérance", Kind.AMOUNT, 16, summed=True),
        Column("Écart de coût HT", Kind.AMOUNT, 16, summed=True),
    ]
    return Table("Répartition", columns, _member_rows(result, names, lead))


def _member_rows(result: Consolidation, names: Mapping[str, str], lead: str) -> Iterator[list[Value]]:
    declared = {need.member: need for need in result.case.needs}
    without = {member.member: member.without for member in compare_tolerance(result.case, lead).members}
    for member, (units, cost) in member_costs(result, lead).items():
        need = declared.get(member)
        bounds = [need.firm, need.up_to] if need else [0, 0]
        plain = without[member]
        name = names.get(member, member)
        yield [member, name, *bounds, units, cost, plain.units, plain.cost, cost - plain.cost]


def _control(result: Consolidation, placed: Placed) -> Table:
    columns = [
        Column("Contrôle", width=44),
        Column("Somme des membres", Kind.NUMBER, 20),
        Column("Total de la règle", Kind.NUMBER, 20),
        Column("Écart", Kind.NUMBER, 14),
    ]
    rows: list[list[Value]] = [
        ["Unités commandées", Formula(placed.total(4)), result.order, Formula("ROUND(B4-C4,2)")],
        ["Total HT en centimes", Formula(f"ROUND(100*{placed.total(5)},0)"), result.total, Formula("ROUND(B5-C5,2)")],
    ]
    return Table("Contrôle", columns, rows)


def _french(number: str) -> str:
    return number.replace(".", ",")
