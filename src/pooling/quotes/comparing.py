"""A purchase's quotes beside each other: read in a fixed number of statements, compared on sums alone, whatever the
number of members. What each member would pay is computed apart for many of them.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.apart import apart
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.needs.consolidating import consolidation_case, current_consolidation, filed_needs
from pooling.needs.queries import consolidate_needs
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.size import has_many
from pooling.quotes.models import CriterionKind, QuoteCriterion, QuoteMark
from pooling.quotes.queries import QuoteShown, quotes_of
from pooling.quotes.rules import (
    Basket,
    Choice,
    Criterion,
    Given,
    Marks,
    Offer,
    OfferedLine,
    Wanted,
    best_by_line,
    best_by_lot,
    best_whole,
    chosen,
    earliest,
    marks_of,
    member_shares,
    outcome,
    scores,
)
from pooling.sharing.consolidation_case import Declared
from pooling.sharing.money import Cents
from pooling.sharing.tiers import Tier

Shares = Mapping[str, tuple[Cents, Cents]]
"""Before VAT and with it, by member code."""


@dataclass(frozen=True)
class Comparison:
    """All that is known of a purchase's quotes together."""

    items: Sequence[ItemShown]
    quotes: Sequence[QuoteShown]
    wanted: Sequence[Wanted]
    offers: Sequence[Offer]
    """As the quotes, in their order."""
    criteria: Sequence[Criterion]
    given: Marks

    @cached_property
    def baskets(self) -> dict[int, Basket]:
        """What each quote alone comes to."""
        return {offer.id: outcome(self.wanted, offer) for offer in self.offers}

    @cached_property
    def best(self) -> int | None:
        return best_whole(self.baskets, self.offers)

    @cached_property
    def earliest(self) -> int | None:
        return earliest(self.baskets, self.offers)

    @cached_property
    def by_line(self) -> Choice:
        return best_by_line(self.wanted, self.offers)

    @cached_property
    def by_lot(self) -> Choice:
        return best_by_lot(self.wanted, self.offers)

    def basket(self, choice: Choice) -> Basket:
        return chosen(self.wanted, self.offers, choice)

    @cached_property
    def together(self) -> list[list[Offer]]:
        """Those that are judged against each other: for the whole purchase, then for each lot."""
        lots = dict.fromkeys(one.quote.lot for one in self.quotes)
        of_lot = {one.id: one.quote.lot for one in self.quotes}
        return [[offer for offer in self.offers if of_lot[offer.id] == lot] for lot in lots]

    @cached_property
    def marks(self) -> dict[tuple[int, int], Fraction]:
        found: dict[tuple[int, int], Fraction] = {}
        for offers in self.together:
            found |= marks_of(self.criteria, offers, self.baskets, self.given)
        return found

    @cached_property
    def scores(self) -> dict[int, Fraction]:
        return scores(self.criteria, self.offers, self.marks)

    def called(self, quote_id: int | None) -> str:
        return next((one.called for one in self.quotes if one.id == quote_id), "")


async def compare(session: AsyncSession, purchase_id: int, now: datetime) -> Comparison:
    """Quotes on what is filed now, with the options of the consolidation that counts."""
    items, quotes = await purchase_items(session, purchase_id), await quotes_of(session, purchase_id, now)
    frozen, totals = await current_consolidation(session, purchase_id), await consolidate_needs(session, purchase_id)
    options = frozen.options if frozen else {}
    wanted = [
        Wanted(
            item.code,
            Fraction(item.vat_rate),
            consolidation_case(
                item,
                [Declared("", totals.by_item.get(item.id, 0), totals.most_by_item.get(item.id, 0), None)],
                options,
            ),
            item.lot.number if item.lot else None,
        )
        for item in items
    ]
    criteria = await criteria_of(session, purchase_id)
    return Comparison(
        items=items,
        quotes=quotes,
        wanted=wanted,
        offers=[offer_of(found, items) for found in quotes],
        criteria=criteria,
        given=await given_marks(session, purchase_id) if criteria else {},
    )


def offer_of(found: QuoteShown, items: Sequence[ItemShown]) -> Offer:
    """A quote as the rules take it."""
    quote = found.quote
    lines = {}
    for item in items:
        if (line := found.lines.get(item.id)) is not None:
            tiers = tuple(Tier(start, Fraction(price)) for start, price in found.tiers.get(item.id, ()))
            price = Fraction(line.unit_price)
            lines[item.code] = OfferedLine(price, tiers, line.pack, line.minimum, line.minimum_cents)
    return Offer(
        id=quote.id,
        lines=lines,
        asked=frozenset(item.code for item in found.of(items)),
        is_whole=quote.lot is None,
        delivery=quote.delivery_cents,
        delivery_vat_rate=Fraction(quote.delivery_vat_rate),
        delivery_days=quote.delivery_days,
    )


async def criteria_of(session: AsyncSession, purchase_id: int) -> list[Criterion]:
    rows = await session.execute(
        select(QuoteCriterion)
        .where(col(QuoteCriterion.purchase_id) == purchase_id)
        .order_by(col(QuoteCriterion.number))
        .execution_options(populate_existing=True)
    )
    return [Criterion(row.number, CriterionKind(row.kind), row.label, Fraction(row.weight)) for row in rows.scalars()]


async def given_marks(session: AsyncSession, purchase_id: int) -> dict[tuple[int, int], Given]:
    of_it = select(QuoteMark).where(col(QuoteMark.purchase_id) == purchase_id)
    rows = await session.execute(of_it, execution_options={"populate_existing": True})
    return {
        (row.number, row.quote_id): Given(None if row.mark is None else Fraction(row.mark), row.cents, row.reason)
        for row in rows.scalars()
    }


async def shares_of(
    session: AsyncSession,
    purchase: Purchase,
    comparison: Comparison,
    choices: Sequence[Choice],
    now: datetime,
    members: Collection[str] | None = None,
) -> Sequence[Shares]:
    """What each of these members (None: everybody) would pay by each of these choices. Of many members it is computed
    in a process apart, which compares anew and gives those that are asked for.
    """
    named = None if members is None else sorted(members)
    given = [dict(choice) for choice in choices]
    if await has_many(session, purchase.id):
        return await apart(session, _compared_anew, purchase.id, given, now, named)
    return await _shares(session, purchase.id, comparison, given, named)


async def _compared_anew(
    session: AsyncSession, purchase_id: int, choices: Sequence[Choice], now: datetime, members: Sequence[str] | None
) -> list[Shares]:
    return await _shares(session, purchase_id, await compare(session, purchase_id, now), choices, members)


async def _shares(
    session: AsyncSession,
    purchase_id: int,
    comparison: Comparison,
    choices: Sequence[Choice],
    members: Sequence[str] | None,
) -> list[Shares]:
    filed = await filed_needs(session, purchase_id)
    lead = (
        await session.execute(
            select(col(Member.code))
            .join(Purchase, linked(Purchase.lead_member_id, Member.id))
            .where(col(Purchase.id) == purchase_id)
        )
    ).scalar_one()

    def computed() -> list[Shares]:
        declared = {
            item.code: [Declared(*need) for need in zip(*filed.get(item.id, ()), strict=True)]
            for item in comparison.items
        }
        shares = [member_shares(comparison.basket(choice), choice, declared, lead) for choice in choices]
        if members is None:
            return list(shares)
        return [{code: found[code] for code in members if code in found} for found in shares]

    return await asyncio.to_thread(computed)
