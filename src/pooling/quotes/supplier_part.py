"""On a supplier's page: what it offered, at what price, and what was bought of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.slices import AnySelect, Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.features import Part
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Item, Purchase
from pooling.quotes.models import Award, Quote, QuoteLine
from pooling.quotes.queries import is_unsealed
from pooling.suppliers.page import SupplierPage
from pooling.web.cursors import page_after

_LATEST_FIRST = Order(col(Quote.id), col(Item.id), latest_first=True, size=25)


@dataclass(frozen=True)
class OfferedBefore:
    """One item that a supplier offered."""

    reference: str
    title: str
    item: str
    unit_price: Decimal
    written_at: datetime
    awarded: bool


async def offered_by(
    session: AsyncSession, caller: Caller, supplier_id: int, wanted: Slice, now: datetime
) -> Listed[OfferedBefore]:
    """The latest quotes first: all that the caller may see, and what was bought for everybody."""
    sees_all = caller.may(Right.SEE_ALL_NEEDS)
    bought = col(Award.item_id).is_not(None)
    seen = true() if sees_all else or_(any_of(col(Quote.purchase_id), caller.purchases_led()), bought)
    statement: AnySelect = select(
        col(Purchase.reference),
        col(Purchase.title),
        col(Item.name),
        col(QuoteLine.unit_price),
        col(Quote.written_at),
        bought,
    )
    statement = (
        statement.select_from(QuoteLine)
        .join(Quote, linked(Quote.id, QuoteLine.quote_id))
        .join(Item, linked(Item.id, QuoteLine.item_id))
        .join(Purchase, linked(Purchase.id, Quote.purchase_id))
        .outerjoin(
            Award, and_(linked(Award.item_id, QuoteLine.item_id), col(Award.quote_id) == col(QuoteLine.quote_id))
        )
        .where(col(Quote.supplier_id) == supplier_id, seen, is_unsealed(now))
    )
    return (await _LATEST_FIRST.read(session, statement, wanted)).each(lambda row: OfferedBefore(*row))


async def offered_part(here: SupplierPage) -> Part:
    after = here.request.query_params.get("devis", "")
    listed = await offered_by(here.session, here.caller, here.supplier.id, Slice(after), here.now)
    return Part(
        "quotes/supplier.html",
        {
            "offered": listed.items,
            "first_url": here.url if after else None,
            "next_url": page_after(here.url, listed, name="devis"),
        },
    )
