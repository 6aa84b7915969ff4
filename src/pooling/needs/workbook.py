"""The workbook of a consolidation: what is ordered, who gets what at what cost, aiming at a price tier or not."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from pooling.kernel.sheet_writing import FIRST_ROW, Column, ColumnKind, Formula, Placed, SheetTable, Value
from pooling.needs.details import SaidLine
from pooling.purchases.details import NATURES
from pooling.purchases.queries import ItemShown, LotShown
from pooling.purchases.schemas import NOTHING_SAID, DetailsIn
from pooling.sharing.comparison import compare_tolerance, member_costs
from pooling.sharing.consolidation_result import Consolidation, Status
from pooling.sharing.money import format_cents, format_decimal
from pooling.sites.queries import Places
from pooling.sites.sheet import PLACE_COLUMNS, placed

NOWHERE = Places()
"""Where nobody has said where it is delivered."""
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
    facts: Mapping[str, str] | None = None,
    remarks: Sequence[tuple[str, str, str]] = (),
    said: Sequence[SaidLine] = (),
    without_need: Sequence[tuple[str, str]] = (),
    delivery: tuple[int, Places] | None = None,
) -> None:
    """Write the workbook (XLSX). `lead` is the member that takes a surplus of packs; `facts` say where the figures come
    from; `remarks` is what members said beside their quantities, as (code, name, said), `said` what of this line;
    `without_need` are those who answered that they need nothing, as (code, name); `delivery` the item's id and where
    members are delivered.
    """
    names = labels or {}
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(facts or {"Document": result.case.label}, notice)
    book.add(
        SheetTable(
            "Commande", [Column("Donnée", width=44), Column("Valeur", ColumnKind.NUMBER, width=28)], _order_rows(result)
        )
    )
    members = book.add(_members(result, names, lead))
    if delivery is not None:
        columns = [*PLACE_COLUMNS, Column("Quantité", ColumnKind.INTEGER, 12, summed=True)]
        book.add(SheetTable("Livraison", columns, _delivered(result, names, lead, *delivery)))
    book.add(_control(result, members))
    if without_need:
        columns = [Column("Code", ColumnKind.CODE, 16), Column("Membre", width=34)]
        book.add(SheetTable("Pas de besoin", columns, map(list, without_need)))
    if said:
        book.add(said_table(said))
    if remarks:
        columns = [Column("Code", ColumnKind.CODE, 16), Column("Membre", width=34), Column("Précisions", width=90)]
        book.add(SheetTable("Précisions pour l’acheteur", columns, map(list, remarks)))
    book.save(target)


def said_table(lines: Sequence[SaidLine], items: Mapping[str, str] | None = None) -> SheetTable:
    """What members said of their lines; `items` are names by code, where the lines are of several."""
    columns = [
        *(Column("Code", ColumnKind.CODE, 16), Column("Membre", width=34)),
        *([Column("Article", width=34)] if items is not None else []),
        *(Column("Budget", ColumnKind.CODE, 16), Column("Libellé du budget", width=34)),
        *(Column("Numéro d’engagement", ColumnKind.CODE, 24), Column("Note", width=60)),
    ]
    rows: list[list[Value]] = [
        [
            *(line.member, line.name),
            *([items.get(line.item, line.item)] if items is not None else []),
            *(line.detail.budget, line.detail.budget_label, line.detail.engagement, line.detail.note),
        ]
        for line in lines
    ]
    return SheetTable("Notes, budgets, engagements", columns, rows)


def write_order_workbook(
    target: BinaryIO | Path,
    facts: Mapping[str, str],
    order: Sequence[tuple[ItemShown, Consolidation]],
    names: Mapping[str, str],
    notice: str | None = None,
    lead: str = "",
    details: Mapping[int, DetailsIn] | None = None,
    places: Places = NOWHERE,
) -> None:
    """Write what is ordered of every item and where it goes (`places`), for the supplier: nothing of what members pay.
    `lead` takes a surplus of packs; `details` is what else is said of the items, by their ids.
    """
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(facts, notice)
    columns = [
        *(Column("Code", ColumnKind.CODE, 16), Column("Article", width=34), Column("Unité", width=14)),
        *(Column(name, ColumnKind.INTEGER, 12) for name in ("Quantité", "Lots", "Unités par lot")),
        Column("Prix unitaire HT", ColumnKind.NUMBER, 16),
        Column("Total HT", ColumnKind.AMOUNT, 16, summed=True),
        Column("TVA (%)", ColumnKind.NUMBER, 10),
        *(Column("CPV", ColumnKind.CODE, 14), Column("Nature", width=14)),
        Column("Lot", width=34),
    ]
    said = details or {}
    book.add(
        SheetTable(
            "Commande", columns, [_ordered(item, result, said.get(item.id, NOTHING_SAID)) for item, result in order]
        )
    )
    delivered = [
        *PLACE_COLUMNS,
        *(Column("Code article", ColumnKind.CODE, 16), Column("Article", width=34)),
        Column("Quantité", ColumnKind.INTEGER, 12),
    ]
    book.add(SheetTable("Livraison", delivered, _deliveries(order, names, lead, places)))
    if any(item.lot for item, _ in order):
        lots = [
            *(Column("Lot", width=8), Column("Titre", width=40), Column("CPV", ColumnKind.CODE, 14)),
            Column("Articles", ColumnKind.INTEGER, 10),
            Column("Total HT", ColumnKind.AMOUNT, 16, summed=True),
        ]
        book.add(SheetTable("Lots", lots, _lots(order)))
    book.save(target)


def _ordered(item: ItemShown, result: Consolidation, said: DetailsIn) -> list[Value]:
    return [
        *(item.code, item.name, item.unit, result.order, result.packs, item.pack),
        *(Decimal(format_decimal(result.unit_price)), result.total, item.vat_rate),
        *(said.cpv, NATURES.get(said.nature, ""), item.under),
    ]


def _lots(order: Sequence[tuple[ItemShown, Consolidation]]) -> Iterator[list[Value]]:
    """What each lot comes to; what is in none comes last."""
    grouped: dict[LotShown | None, list[Consolidation]] = {}
    for item, result in order:
        grouped.setdefault(item.lot, []).append(result)
    for lot, results in grouped.items():
        named = [str(lot.number), lot.title, lot.cpv] if lot else ["", "Hors lot", ""]
        yield [*named, len(results), sum(result.total for result in results)]


def _deliveries(
    order: Sequence[tuple[ItemShown, Consolidation]], names: Mapping[str, str], lead: str, places: Places
) -> Iterator[list[Value]]:
    """By member, then by item, then by site."""
    shares = [(item, member_costs(result, lead)) for item, result in order]
    found = [(code, item, units) for item, costs in shares for code, (units, _) in costs.items() if units]
    for code, item, units in sorted(found, key=lambda one: one[0]):
        for site, share in places.of(code, item.id, units):
            yield [*placed(code, names.get(code, code), site), item.code, item.name, share]


def _delivered(
    result: Consolidation, names: Mapping[str, str], lead: str, item_id: int, places: Places
) -> Iterator[list[Value]]:
    """By member, then by site."""
    for code, (units, _) in member_costs(result, lead).items():
        for site, share in places.of(code, item_id, units):
            yield [*placed(code, names.get(code, code), site), share]


def order_facts(result: Consolidation) -> Iterator[tuple[str, str | int | Decimal]]:
    """What there is to know of the order, in French, numbers as numbers: for the workbook and the terminal."""
    case, tier = result.case, result.next_tier
    yield "État", STATUSES[result.status]
    yield "Unités commandées", result.order
    yield f"Lots de {case.item.pack}", result.packs
    yield "Besoins fermes", case.firm
    yield "Tolérance déclarée", case.most - case.firm
    yield "Tolérance utilisée", result.tolerance_used
    yield "Surplus (stock du pilote)", result.surplus
    yield "Unités manquantes pour commander", result.missing
    yield "Prix unitaire HT (€)", Decimal(format_decimal(result.unit_price, at_least=2))
    yield "Total HT (€)", Decimal(format_cents(result.total))
    if tier is not None:
        yield f"Unités jusqu’au palier suivant (à partir de {tier.threshold})", tier.missing


def _order_rows(result: Consolidation) -> Iterator[list[Value]]:
    for title, value in order_facts(result):
        yield [title, value]


def _members(result: Consolidation, names: Mapping[str, str], lead: str) -> SheetTable:
    columns = [
        Column("Code", ColumnKind.CODE, 16),
        Column("Membre", width=34),
        Column("Ferme", ColumnKind.INTEGER, 10, summed=True),
        Column("Maximum accepté", ColumnKind.INTEGER, 12, summed=True),
        Column("Attribué", ColumnKind.INTEGER, 10, summed=True),
        Column("Coût HT", ColumnKind.AMOUNT, 16, summed=True),
        Column("Attribué sans viser de palier", ColumnKind.INTEGER, 14, summed=True),
        Column("Coût HT sans viser de palier", ColumnKind.AMOUNT, 16, summed=True),
        Column("Écart de coût HT", ColumnKind.AMOUNT, 16, summed=True),
    ]
    return SheetTable("Répartition", columns, _member_rows(result, names, lead))


def _member_rows(result: Consolidation, names: Mapping[str, str], lead: str) -> Iterator[list[Value]]:
    declared = {need.member: need for need in result.case.needs}
    without = {member.member: member.without for member in compare_tolerance(result.case, lead).members}
    for member, (units, cost) in member_costs(result, lead).items():
        need = declared.get(member)
        bounds = [need.firm, need.up_to] if need else [0, 0]
        plain = without[member]
        name = names.get(member, member)
        yield [member, name, *bounds, units, cost, plain.units, plain.cost, cost - plain.cost]


def _control(result: Consolidation, members: Placed) -> SheetTable:
    columns = [
        Column("Contrôle", width=44),
        Column("Somme des membres", ColumnKind.NUMBER, 20),
        Column("Total de la règle", ColumnKind.NUMBER, 20),
        Column("Écart", ColumnKind.NUMBER, 14),
    ]
    units, cost = members.total(4), members.total(5)
    cents = Formula(f"ROUND(100*{cost.text},0)", 100 * cost.value)
    rows: list[list[Value]] = [
        ["Unités commandées", units, result.order, _gap(FIRST_ROW, units.value - result.order)],
        ["Total HT en centimes", cents, result.total, _gap(FIRST_ROW + 1, cents.value - result.total)],
    ]
    return SheetTable("Contrôle", columns, rows, formulas=True)


def _gap(row: int, value: Decimal) -> Formula:
    return Formula(f"ROUND(B{row}-C{row},2)", value)
