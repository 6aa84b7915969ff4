"""Asking suppliers for quotes, for programs."""

from collections.abc import Sequence
from datetime import datetime

from litestar import get, post
from pydantic import AwareDatetime, Field

from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.mails import Sender
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.purchases.schemas import MOST_LOTS
from pooling.quotes.asking import AskIn, ask_quotes, asked_of, consultation_of, remind_asked
from pooling.quotes.keeping import MOST_QUOTES
from pooling.web.api import ApiIn, ApiOut
from pooling.web.api_input import validated
from pooling.web.forms import longest_of

REQUESTS = "/purchases/{reference:str}/quotes/requests"


class QuoteRequestOut(ApiOut):
    """A supplier that was asked; whether it answered is told to nobody before the date."""

    supplier_id: int
    supplier: str
    lot: int | None
    asked_at: datetime


class QuoteRequestsOut(ApiOut):
    offers_until: datetime | None
    """Null: nobody was asked."""
    requests: Sequence[QuoteRequestOut]


class QuoteRequestsPost(ApiIn):
    """Suppliers to ask, by their ids: each gets a mail with a link and a code. The date can only be put off."""

    suppliers: Sequence[int] = Field(default=(), max_length=MOST_QUOTES)
    lot: int | None = Field(default=None, ge=1, le=MOST_LOTS)
    offers_until: AwareDatetime
    message: str = Field(default="", max_length=longest_of(AskIn, "message"))


async def _out(here: OnPurchase) -> QuoteRequestsOut:
    consultation = await consultation_of(here.session, here.purchase.id)
    return QuoteRequestsOut(
        offers_until=consultation.offers_until if consultation else None,
        requests=[
            QuoteRequestOut(supplier_id=one.supplier_id, supplier=one.supplier, lot=one.lot, asked_at=one.asked_at)
            for one in await asked_of(here.session, here.purchase.id)
        ],
    )


def _sender(here: OnPurchase) -> Sender:
    return Sender(here.who.name, here.who.email)


@endpoint(get, REQUESTS, right=may_run)
async def list_quote_requests(here: Here[OnPurchase]) -> QuoteRequestsOut:
    """Which suppliers were asked for a quote, and until when they may answer."""
    return await _out(here)


@endpoint(post, REQUESTS, right=may_run, conflicts=("quotes_closed", "offers_opened"), once=True)
async def ask_for_quotes(here: Here[OnPurchase], sent: QuoteRequestsPost) -> QuoteRequestsOut:
    """Ask suppliers for quotes, or put the date off, which is told to all that were asked."""
    whose = (here.session, here.caller, here.purchase.id)
    await ask_quotes(*whose, validated(AskIn, sent.model_dump()), _sender(here), here.context, here.clock)
    return await _out(here)


@endpoint(post, f"{REQUESTS}/reminding", right=may_run, conflicts=("quotes_closed", "offers_opened"), once=True)
async def remind_suppliers(here: Here[OnPurchase]) -> QuoteRequestsOut:
    """Mail the date again to all that were asked, whether or not they answered."""
    whose = (here.session, here.caller, here.purchase.id)
    await remind_asked(*whose, _sender(here), here.context, here.clock)
    return await _out(here)


ROUTES = [list_quote_requests, ask_for_quotes, remind_suppliers]
