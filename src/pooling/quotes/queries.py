"""Reads about quotes, in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.attached import FileShown, files_by
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import AnySelect, Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.members.queries import MEMBERS_BY_NAME
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.queries import ItemShown
from pooling.quotes.models import Consultation, Quote, QuoteFile, QuoteLine, QuoteRequest, QuoteTier
from pooling.quotes.schemas import QuoteIn, QuoteLineIn
from pooling.suppliers.models import Supplier


@dataclass(frozen=True)
class QuoteShown:
    """A quote with its lines by item id, and its files."""

    quote: Quote
    supplier: str
    lines: Mapping[int, QuoteLine]
    tiers: Mapping[int, tuple[tuple[int, Decimal], ...]]
    """By item id, the smallest quantity first."""
    files: Sequence[FileShown]

    @property
    def id(self) -> int:
        return self.quote.id

    @property
    def called(self) -> str:
        """Its supplier, and the lot that it is for."""
        return self.supplier if self.quote.lot is None else f"{self.supplier}, lot n°\u00a0{self.quote.lot}"

    def of(self, items: Sequence[ItemShown]) -> list[ItemShown]:
        """Of these, the items that it is asked for; one that it offers besides too."""
        return [item for item in items if item.id in self.lines or is_in(item, self.quote.lot)]

    def content(self, items: Sequence[ItemShown]) -> QuoteIn:
        """The command that writes it as it is."""
        quote = self.quote
        return QuoteIn.model_validate(
            {
                "lines": [self._line(item) for item in items if item.id in self.lines],
                "delivery_cents": quote.delivery_cents,
                "delivery_vat_rate": quote.delivery_vat_rate,
                "delivery_days": quote.delivery_days,
                "valid_until": quote.valid_until,
                "reference": quote.reference,
                "note": quote.note,
            }
        )

    def _line(self, item: ItemShown) -> QuoteLineIn:
        line = self.lines[item.id]
        tiers = [{"from_quantity": start, "unit_price": price} for start, price in self.tiers.get(item.id, ())]
        return QuoteLineIn.model_validate(
            {
                "item": item.code,
                "unit_price": line.unit_price,
                "tiers": tiers,
                "pack": line.pack,
                "minimum": line.minimum,
                "minimum_cents": line.minimum_cents,
                "code": line.code,
            }
        )


def is_in(item: ItemShown, lot: int | None) -> bool:
    """Whether a quote for this lot is asked for the item; None: for the whole purchase."""
    return lot is None or (item.lot is not None and item.lot.number == lot)


def is_unsealed(now: datetime) -> ColumnElement[bool]:
    """Of quotes: others than their suppliers may know of them."""
    return func.coalesce(col(Quote.sealed_until) <= now, True)


def _of(purchase_id: int) -> AnySelect:
    statement: AnySelect = select(Quote, col(Supplier.name))
    return (
        statement.join(Supplier, linked(Supplier.id, Quote.supplier_id))
        .where(col(Quote.purchase_id) == purchase_id)
        .order_by(col(Quote.lot).nulls_first(), col(Supplier.sort_key), col(Quote.id))
        .execution_options(populate_existing=True)
    )


async def quotes_of(session: AsyncSession, purchase_id: int, now: datetime) -> list[QuoteShown]:
    """Those for the whole purchase first, then by lot, suppliers in French order; none that is sealed."""
    return await _shown(session, _of(purchase_id).where(is_unsealed(now)))


async def find_own(session: AsyncSession, purchase_id: int, supplier_id: int, lot: int | None) -> QuoteShown | None:
    """What a supplier offers itself, sealed or not: for the supplier alone."""
    its = (col(Quote.supplier_id) == supplier_id, col(Quote.lot).is_not_distinct_from(lot))
    return next(iter(await _shown(session, _of(purchase_id).where(*its))), None)


async def is_awaited(session: AsyncSession, purchase_id: int, supplier_id: int, lot: int | None, now: datetime) -> bool:
    """Whether the supplier was asked for this, and its time to answer runs."""
    asked = exists().where(
        linked(QuoteRequest.purchase_id, Consultation.purchase_id),
        col(QuoteRequest.supplier_id) == supplier_id,
        col(QuoteRequest.lot).is_not_distinct_from(lot),
    )
    running = (col(Consultation.purchase_id) == purchase_id, col(Consultation.offers_until) > now)
    found = await session.scalar(select(exists().where(*running, asked)))
    return bool(found)


async def find_quote(session: AsyncSession, purchase_id: int, quote_id: int, now: datetime) -> QuoteShown:
    """Raises:
    NotFound: the purchase has no such quote, or it is sealed.
    """
    found = await _shown(session, _of(purchase_id).where(col(Quote.id) == quote_id, is_unsealed(now)))
    if not found:
        raise NotFound
    return found[0]


async def _shown(session: AsyncSession, statement: AnySelect) -> list[QuoteShown]:
    heads = (await session.execute(statement)).all()
    ids = [quote.id for quote, _ in heads]
    if not ids:
        return []
    lines: dict[int, dict[int, QuoteLine]] = {quote: {} for quote in ids}
    tiers: dict[int, dict[int, tuple[tuple[int, Decimal], ...]]] = {quote: {} for quote in ids}
    fresh = {"populate_existing": True}
    its_lines = select(QuoteLine).where(any_of(col(QuoteLine.quote_id), ids))
    for line in (await session.execute(its_lines, execution_options=fresh)).scalars():
        lines[line.quote_id][line.item_id] = line
    its_tiers = select(QuoteTier).where(any_of(col(QuoteTier.quote_id), ids)).order_by(col(QuoteTier.from_quantity))
    for tier in (await session.execute(its_tiers, execution_options=fresh)).scalars():
        known = tiers[tier.quote_id].get(tier.item_id, ())
        tiers[tier.quote_id][tier.item_id] = (*known, (tier.from_quantity, tier.unit_price))
    files = await files_by(session, QuoteFile.quote_id, any_of(col(QuoteFile.quote_id), ids))
    return [QuoteShown(quote, name, lines[quote.id], tiers[quote.id], files.get(quote.id, [])) for quote, name in heads]


async def members_concerned(session: AsyncSession, purchase: Purchase, wanted: Slice) -> Listed[tuple[str, str]]:
    """Codes and names of those who pay something: who take part and, for a surplus of packs, the lead member."""
    taking_part = exists().where(
        linked(Participation.member_id, Member.id), col(Participation.purchase_id) == purchase.id
    )
    statement = select(col(Member.code), col(Member.name)).where(
        or_(taking_part, col(Member.id) == purchase.lead_member_id)
    )
    return (await MEMBERS_BY_NAME.read(session, statement, wanted)).each(lambda row: (row[0], row[1]))
