"""Awards for programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from litestar import get, put
from pydantic import Field

from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.needs.permissions import may_see_all_needs
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.quotes.awarding import Awarded, award, awards_of
from pooling.quotes.schemas import MOST_LINES
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match

AWARDS = "/purchases/{reference:str}/awards"


class AwardOut(ApiOut):
    item: str
    supplier_id: int
    supplier: str
    quote_id: int | None
    """Null: the supplier was named without a quote."""
    chosen_at: datetime
    reason: str


class AwardsOut(ApiOut):
    awards: Sequence[AwardOut]


class AwardsPut(ApiIn):
    """All that is awarded: the quote of each item, by its code. Items that are left out go to nobody."""

    items: Mapping[str, int] = Field(min_length=1, max_length=MOST_LINES)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why all the same, once it was doubted."""


def _out(awards: Sequence[Awarded]) -> AwardsOut:
    return AwardsOut(
        awards=[
            AwardOut(
                item=one.code,
                supplier_id=one.supplier_id,
                supplier=one.supplier,
                quote_id=one.quote_id,
                chosen_at=one.chosen_at,
                reason=one.reason,
            )
            for one in awards
        ]
    )


@endpoint(get, AWARDS, right=may_see_all_needs, tagged=True)
async def get_awards(here: Here[OnPurchase]) -> AwardsOut:
    """Which supplier each item goes to."""
    return _out(await awards_of(here.session, here.purchase.id))


@endpoint(
    put, AWARDS, right=may_run, conflicts=("quotes_closed", "awards_held", "offers_awaited"), tagged=True, matched=True
)
async def put_awards(here: Here[OnPurchase], sent: AwardsPut) -> AwardsOut:
    """Award items to the suppliers of these quotes, whose prices, packs, tiers and delivery they take."""
    if wants_match(here.request):
        require_match(here.request, _out(await awards_of(here.session, here.purchase.id)))
    whose = (here.session, here.caller, here.purchase.id)
    await award(*whose, sent.items, here.clock, reason=sent.reason, insistence=Insistence(sent.confirmed))
    return _out(await awards_of(here.session, here.purchase.id))


ROUTES = [get_awards, put_awards]
