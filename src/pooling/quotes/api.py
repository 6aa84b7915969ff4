"""Quotes for programs: cents and prices as decimals, items by their codes."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.kernel.text import Line
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.needs.permissions import may_see_all_needs
from pooling.purchases.api import Exact, TierOut
from pooling.purchases.finding import lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.schemas import MOST_LOTS, MOST_TIERS, MOST_UNITS, Code, Price
from pooling.quotes import keeping
from pooling.quotes.page import OnQuote
from pooling.quotes.queries import QuoteShown, find_quote, quotes_of
from pooling.quotes.schemas import MOST_DAYS, MOST_LINES, QuoteIn
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import validated
from pooling.web.forms import longest_of

QUOTES = "/purchases/{reference:str}/quotes"
ONE = f"{QUOTES}/{{quote_id:int}}"
Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10**9), max_digits=12, decimal_places=2)]
"""Euros before VAT."""


class TierPut(ApiIn):
    from_quantity: int = Field(ge=1, le=MOST_UNITS)
    unit_price: Decimal = Price


class QuoteLinePut(ApiIn):
    """What is offered of one item, by its code; euros before VAT."""

    item: Code
    unit_price: Decimal = Price
    tiers: Sequence[TierPut] = Field(default=(), max_length=MOST_TIERS)
    pack: int = Field(default=1, ge=1, le=MOST_UNITS)
    minimum: int = Field(default=0, ge=0, le=MOST_UNITS)
    """Units."""
    minimum_amount: Amount = Decimal(0)
    """What the line has to come to."""
    code: Line = Field(default="", max_length=60)
    """The supplier's own."""


class QuotePut(ApiIn):
    """The whole of a quote; an item without a line is not offered."""

    lines: Sequence[QuoteLinePut] = Field(max_length=MOST_LINES)
    delivery: Amount = Decimal(0)
    delivery_vat_rate: Decimal = Field(default=Decimal(20), ge=0, le=100, max_digits=5, decimal_places=2)
    delivery_days: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    valid_until: date | None = None
    reference: Line = Field(default="", max_length=longest_of(QuoteIn, "reference"))
    note: str = Field(default="", max_length=longest_of(QuoteIn, "note"))


class QuotePost(QuotePut):
    """Of which supplier, and for which lot: without one, for the whole purchase."""

    supplier_id: int = Field(ge=1)
    lot: int | None = Field(default=None, ge=1, le=MOST_LOTS)


class QuoteLineOut(ApiOut):
    item: str
    unit_price: Exact
    tiers: Sequence[TierOut]
    pack: int
    minimum: int
    minimum_amount: Exact
    code: str


class QuoteFileOut(ApiOut):
    id: int
    name: str
    size: int


class QuoteOut(ApiOut):
    id: int
    supplier_id: int
    supplier: str
    lot: int | None
    lines: Sequence[QuoteLineOut]
    not_offered: Sequence[str]
    """The codes of the items that it is asked for and does not offer."""
    delivery: Exact
    delivery_vat_rate: Exact
    delivery_days: int | None
    valid_until: date | None
    reference: str
    note: str
    files: Sequence[QuoteFileOut]
    written_at: datetime


class QuotesOut(ApiOut):
    items: Sequence[QuoteOut]


def _out(found: QuoteShown, items: Sequence[ItemShown]) -> QuoteOut:
    content, quote = found.content(items), found.quote
    return QuoteOut(
        id=quote.id,
        supplier_id=quote.supplier_id,
        supplier=found.supplier,
        lot=quote.lot,
        lines=[
            QuoteLineOut(
                tiers=[TierOut(**tier.model_dump()) for tier in line.tiers],
                minimum_amount=Decimal(line.minimum_cents) / 100,
                **line.model_dump(exclude={"tiers", "minimum_cents"}),
            )
            for line in content.lines
        ],
        not_offered=[item.code for item in found.of(items) if item.id not in found.lines],
        delivery=Decimal(quote.delivery_cents) / 100,
        files=[QuoteFileOut(id=file.id, name=file.name, size=file.size) for file in found.files],
        written_at=quote.written_at,
        **content.model_dump(exclude={"lines", "delivery_cents"}),
    )


def _command(sent: QuotePut) -> QuoteIn:
    said = sent.model_dump(exclude={"supplier_id", "lot", "delivery"})
    lines = [{"minimum_cents": int(line.pop("minimum_amount") * 100), **line} for line in said.pop("lines")]
    return validated(QuoteIn, {**said, "lines": lines, "delivery_cents": int(sent.delivery * 100)})


@endpoint(get, QUOTES, right=may_see_all_needs)
async def list_quotes(here: Here[OnPurchase]) -> QuotesOut:
    """What suppliers offer for a purchase. For the facilitator and its lead buyers."""
    return await _all(here)


async def _all(here: OnPurchase) -> QuotesOut:
    items = await purchase_items(here.session, here.purchase.id)
    return QuotesOut(items=[_out(found, items) for found in await quotes_of(here.session, here.purchase.id, here.now)])


@endpoint(post, QUOTES, right=may_run, status=201, conflicts=("quotes_closed",), once=True)
async def add_quote(here: Here[OnPurchase], sent: QuotePost) -> Made[QuoteOut]:
    """Note a supplier's quote. For the lead buyer, once the collection is closed."""
    purchase_id = here.purchase.id
    quote_id = await keeping.add_quote(
        here.session, here.caller, purchase_id, sent.supplier_id, sent.lot, _command(sent), here.now
    )
    items = await purchase_items(here.session, purchase_id)
    made = _out(await find_quote(here.session, purchase_id, quote_id, here.now), items)
    return Made(made, f"{here.api_url}/purchases/{here.purchase.reference}/quotes/{quote_id}")


@endpoint(get, ONE, right=may_see_all_needs, tagged=True)
async def get_quote(here: Here[OnQuote]) -> QuoteOut:
    """A quote."""
    return _out(here.found, here.items)


@endpoint(put, ONE, right=may_run, conflicts=("quotes_closed", "quote_awarded"), tagged=True, matched=True)
async def change_quote(here: Here[OnQuote], sent: QuotePut) -> QuoteOut:
    """Write a quote as it is now. For the lead buyer, until the purchase is ordered."""
    purchase_id, quote_id = here.purchase.id, here.found.id
    if wants_match(here.request):
        await lock_purchase(here.session, purchase_id)
        require_match(here.request, _out(await find_quote(here.session, purchase_id, quote_id, here.now), here.items))
    await keeping.change_quote(here.session, here.caller, purchase_id, quote_id, _command(sent), here.now)
    return _out(await find_quote(here.session, purchase_id, quote_id, here.now), here.items)


@endpoint(post, f"{ONE}/removal", right=may_run, conflicts=("quotes_closed", "quote_awarded"))
async def remove_quote(here: Here[OnQuote]) -> QuotesOut:
    """Take a quote away; gives those that stay. For the lead buyer, until the purchase is ordered."""
    await keeping.remove_quote(here.session, here.caller, here.purchase.id, here.found.id, here.now)
    return await _all(here)


ROUTES = [list_quotes, add_quote, get_quote, change_quote, remove_quote]
