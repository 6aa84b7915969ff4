"""Reads what members share of a purchase beside what its accepted bills say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import current_allocation
from pooling.allocation.kept import tie_of
from pooling.allocation.listing import current_shares, names_of_shares
from pooling.allocation.models import AllocationRecord
from pooling.allocation.page import CostsPage
from pooling.bills.balancing import Balance, ChargeShared, ItemShared, Taxed, balance
from pooling.bills.ordered_charges import Moved, moved_charges
from pooling.bills.permissions import Reach
from pooling.bills.totals import ItemBilled, items_billed, nets_by_item, rates_billed
from pooling.purchases.kinds.parts import Part
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sharing.money import Cents
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.tying import Tie, charge_vat
from pooling.web.typography import euros

ALL = Reach(everything=True, common=True, own=frozenset())
_HT = frozenset({LineKind.ITEM, LineKind.CHARGE, LineKind.ADJUSTMENT})
_VAT = frozenset({LineKind.VAT, LineKind.VAT_ADJUSTMENT})


@dataclass(frozen=True)
class Tied:
    """How what is shared and what is invoiced stand to each other, of a purchase as a whole."""

    balance: Balance
    refused: str
    """In French: why nothing is shared yet; empty: something is."""
    record: int | None
    """The number of the last frozen record."""
    record_gap: Taxed
    """What is invoiced beyond what it shares, all rates together."""
    record_ties: bool
    """At each rate."""
    tie: Tie
    """Of the current shares: to whose bills they are tied, and which members' are not."""
    names: Mapping[str, str]
    """Of those members, by code."""
    moved: Sequence[Moved]
    """Charges of which they bear something else than their orders say."""

    @property
    def moves(self) -> Sequence[tuple[Moved, str]]:
        """Those charges, each with what is to be said of it."""
        return [(one, self._said(one)) for one in self.moved]

    def _said(self, one: Moved) -> str:
        whose = self.names.get(one.member, one.member)
        return (
            f"{one.label} : la commande de {whose} en dit {euros(one.ordered)} HT, la répartition "
            f"{euros(one.shared)} : elle a changé depuis. Répartissez ces frais comme les commandes, ou demandez des "
            "avoirs et des factures de la différence."
        )

    @property
    def ties(self) -> bool:
        """To the cent, at each rate; where each member pays its own bill, every share is that bill."""
        return self.balance.ties and not self.tie.untied and not self.tie.waiting


async def read_tied(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, billed: Sequence[ItemBilled] | None = None
) -> Tied:
    """Raises:
    Unavailable: as `current_allocation`.
    """
    current = await current_allocation(session, purchase_id, finance, last_known=True)
    head = current.stated or {"lines": [], "names": {"charges": {}}}
    everything = await items_billed(session, purchase_id, ALL) if billed is None else billed
    invoiced = {rate: Taxed(*both) for rate, both in (await rates_billed(session, purchase_id, ALL)).items()}
    items = await purchase_items(session, purchase_id)
    shared = balance(
        shared_by_rate(head),
        invoiced,
        _items(head["lines"], items, everything, await nets_by_item(session, purchase_id)),
        _charges(head),
    )
    number, record = await _last_record(session, purchase_id)
    of_record = balance(shared_by_rate(record), invoiced, (), ())
    tie = tie_of(head)
    others = [one.member for one in tie.untied if one.member]
    return Tied(
        shared,
        current.refused.message if current.refused else "",
        number,
        of_record.gap,
        of_record.ties,
        tie,
        await names_of_shares(session, current_shares(purchase_id), others),
        await moved_charges(session, purchase_id, finance, others) if others else (),
    )


async def untied(here: CostsPage) -> Sequence[str]:
    """Said before shares are frozen that are not those of the accepted bills."""
    if not here.kind.has(Part.BILLS):
        return ()
    tied = await read_tied(here.session, here.purchase.id, here.finance)
    balance = tied.balance
    if tied.ties or not balance.begun:
        return ()
    if balance.ties:
        return ["la part de certains n’est pas leur facture, « Factures » dit de qui."]
    gap = euros(balance.gap.ht + balance.gap.vat)
    return [f"les factures acceptées en diffèrent de {gap} TTC, « Factures » dit ce qui est à corriger."]


async def _last_record(session: AsyncSession, purchase_id: int) -> tuple[int | None, Mapping[str, Any]]:
    """Its number, and what stands for all of it."""
    found = await session.execute(
        select(col(AllocationRecord.number), col(AllocationRecord.stated))
        .where(col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.stated).is_not(None))
        .order_by(col(AllocationRecord.number).desc())
        .limit(1)
    )
    row = found.first()
    return (row[0], row[1]) if row else (None, {"lines": []})


def shared_by_rate(head: Mapping[str, Any]) -> dict[Fraction, Taxed]:
    """HT and VAT that members share, by rate, of lines as `allocation.kept` writes them; without what somebody paid
    apart, which is on no bill.
    """
    ht: dict[Fraction, Cents] = defaultdict(int)
    vat: dict[Fraction, Cents] = defaultdict(int)
    apart = head.get("paid_by", {})
    for line in head["lines"]:
        if line["kind"] == LineKind.CHARGE and line["id"] in apart:
            rate = Fraction(line["vat_rate"])
            vat[rate] -= charge_vat(line["total"], rate)
            continue
        if line["kind"] in _HT:
            ht[Fraction(line["vat_rate"])] += line["total"]
        elif line["kind"] in _VAT:
            vat[Fraction(line["vat_rate"])] += line["total"]
    return {rate: Taxed(ht[rate], vat[rate]) for rate in {*ht, *vat}}


def _charges(head: Mapping[str, Any]) -> list[ChargeShared]:
    names = head["names"]["charges"]
    return [
        ChargeShared(names.get(line["id"], line["id"]), Fraction(line["vat_rate"]), line["total"])
        for line in head["lines"]
        if line["kind"] in (LineKind.CHARGE, LineKind.ADJUSTMENT)
        and line["total"]
        and not (line["kind"] == LineKind.CHARGE and line["id"] in head.get("paid_by", {}))
    ]


def _items(
    lines: Sequence[Mapping[str, Any]],
    items: Sequence[ItemShown],
    billed: Sequence[ItemBilled],
    nets: Mapping[int, Mapping[Fraction, Cents]],
) -> list[ItemShared]:
    """Each item of the purchase, over all its suppliers."""
    shared = {line["id"]: line for line in lines if line["kind"] == LineKind.ITEM}
    found = []
    for item in items:
        line = shared.get(item.code, {})
        tallies = [one.tally for one in billed if one.item_id == item.id]
        found.append(
            ItemShared(
                item.code,
                item.name,
                Fraction(item.vat_rate),
                Fraction(line.get("unit_price", item.unit_price)),
                line.get("quantity", 0),
                line.get("total", 0),
                sum(tally.ordered for tally in tallies),
                sum(tally.accepted for tally in tallies),
                sum((tally.invoiced for tally in tallies), Fraction(0)),
                nets.get(item.id, {}),
            )
        )
    return found
