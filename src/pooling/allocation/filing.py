"""What finance needs of an allocation beside its figures: what items are filed under, who members are where they pay,
on which engagement, what subsidies count. As it stands, or as a record keeps it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import Bookkeeping, Counted, Identity, section_of
from pooling.allocation.case import date_of, subsidies_of
from pooling.allocation.configuration import CapitalGoods, FinanceConfiguration
from pooling.allocation.figures import Filing
from pooling.allocation.models import AllocationRecord, AllocationShare
from pooling.allocation.words import threshold_in_words
from pooling.kernel.database import fetch, group_of
from pooling.needs.details import SaidLine
from pooling.purchases.details import NATURES, details_of
from pooling.purchases.models import Purchase
from pooling.purchases.queries import purchase_items
from pooling.purchases.schemas import NOTHING_SAID
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import Statement

# What orders and invoices call members that buy is theirs (`orders/buyers.py`), and read here by the table's name. A
# unit pays in the name of the legal person that it belongs to.
_IDENTITIES = """
SELECT m.code, COALESCE(p.code, m.code) AS siren, COALESCE(own.siret, theirs.siret, '') AS siret,
    COALESCE(NULLIF(own.service_code, ''), theirs.service_code, '') AS service_code,
    COALESCE(NULLIF(own.service, ''), theirs.service, '') AS service,
    COALESCE(NULLIF(own.address, ''), theirs.address, '') AS address
FROM unnest($2::text[]) AS asked (code)
JOIN members m ON m.group_id = $1 AND m.code = asked.code
LEFT JOIN members p ON p.group_id = m.group_id AND p.id = m.parent_id
LEFT JOIN order_buyers own ON own.group_id = m.group_id AND own.member_id = m.id
LEFT JOIN order_buyers theirs ON theirs.group_id = m.group_id AND theirs.member_id = p.id"""


async def identities_of(session: AsyncSession, codes: Collection[str]) -> dict[str, Identity]:
    """Who these members are where they pay, by their codes, as it stands now."""
    rows = await fetch(session, _IDENTITIES, group_of(session), list(codes))
    return {row["code"]: Identity(*(row[name] for name in Identity._fields)) for row in rows}


async def filing_of(
    session: AsyncSession, purchase_id: int, statement: Statement, goods: CapitalGoods | None
) -> dict[str, Filing]:
    """By the item's code, as it stands now."""
    details, found = await details_of(session, purchase_id), {}
    lines = {line.id: line for line in statement.lines if line.kind is LineKind.ITEM}
    for item in await purchase_items(session, purchase_id):
        said, line = details.get(item.id, NOTHING_SAID), lines.get(item.code)
        price = Fraction(item.unit_price) if line is None or line.unit_price is None else line.unit_price
        with_vat = price * (1 + Fraction(item.vat_rate) / 100)
        section = section_of(said.account, said.nature, with_vat, Fraction(goods.unit_price) if goods else None)
        cpv = said.cpv or (item.lot.cpv if item.lot else "")
        found[item.code] = Filing(item.under, cpv, said.family, NATURES.get(said.nature, ""), said.account, section)
    return found


async def kept_beside(
    session: AsyncSession, purchase: Purchase, statement: Statement, finance: FinanceConfiguration
) -> dict[str, Any]:
    """What of it a record keeps for all of its members; what it keeps for each, `identities_of` says."""
    goods = finance.capital_goods_on(date_of(purchase))
    return {
        "filing": await filing_of(session, purchase.id, statement, goods),
        "threshold": threshold_in_words(goods),
    }


async def books_now(
    session: AsyncSession,
    purchase_id: int,
    stated: StatedPurchase,
    finance: FinanceConfiguration,
    said: Iterable[SaidLine],
) -> tuple[StatedPurchase, Bookkeeping]:
    """Shares as they stand say nothing of it, since nothing of it changes them: their files do."""
    purchase = await session.get_one(Purchase, (group_of(session), purchase_id))
    goods = finance.capital_goods_on(date_of(purchase))
    filing = await filing_of(session, purchase_id, stated.result, goods)
    books = Bookkeeping(
        identities=await identities_of(session, stated.labels.members),
        engagements=_engagements(said),
        budgets=stated.budgets,
        counted={
            subsidy.code: _counted(subsidy.items, subsidy.charges)
            for subsidy in await subsidies_of(session, purchase_id)
        },
        threshold=threshold_in_words(goods),
    )
    return replace(stated, labels=replace(stated.labels, filing=filing)), books


async def books_of_record(
    session: AsyncSession,
    record_id: int,
    head: Mapping[str, Any],
    stated: StatedPurchase,
    said: Iterable[SaidLine],
    only: Collection[str] | None = None,
) -> Bookkeeping:
    """As a record keeps it, of all its members or `only` some; blank where it was frozen before that was kept."""
    kept = select(col(AllocationShare.member), col(AllocationShare.payer)).where(
        col(AllocationShare.allocation_id) == record_id
    )
    if only is not None:
        kept = kept.where(col(AllocationShare.member).in_(list(only)))
    payers = {member: payer for member, payer in await session.execute(kept)}
    case = col(AllocationRecord.case)["subsidies"]
    subsidies = (await session.execute(select(case).where(col(AllocationRecord.id) == record_id))).scalar_one()
    return Bookkeeping(
        identities={member: Identity(**payer) for member, payer in payers.items() if payer is not None},
        engagements=_engagements(said),
        budgets=stated.budgets,
        counted={one["id"]: _counted(one.get("items"), one.get("charges", ())) for one in subsidies or ()},
        threshold=head.get("threshold", ""),
        complete=all(payer is not None for payer in payers.values()),
    )


def _counted(items: Sequence[str] | None, charges: Sequence[str]) -> Counted:
    return Counted(None if items is None else frozenset(items), frozenset(charges))


def _engagements(said: Iterable[SaidLine]) -> dict[tuple[str, str], tuple[str, str]]:
    return {(line.member, line.item): (line.detail.budget, line.detail.engagement) for line in said}
