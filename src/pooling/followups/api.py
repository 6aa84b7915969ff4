"""Purchases run elsewhere: who runs them, their days, what they cost."""

from collections.abc import Mapping, Sequence
from datetime import date

from litestar import get, put

from pooling.followups import keeping
from pooling.followups.queries import followup_of
from pooling.followups.schemas import FollowUpIn
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.finding import lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match

_FOLLOWUP = "/purchases/{reference:str}/followup"


class DateOut(ApiOut):
    day: date
    label: str


class FollowUpOut(ApiOut):
    """What is known of a purchase that somebody else runs. Amounts are cents with VAT."""

    reference: str
    organiser: str
    joining: str
    """How a member takes part."""
    dates: Sequence[DateOut]
    total_cents: int | None
    """What it cost all, as typed; null: not known, or what each paid together."""
    costs: Mapping[str, int]
    """By member code: everybody's for the lead buyer and the facilitator, their own for the others."""


class FollowUpPut(FollowUpIn, ApiIn):
    """All that is known of it. Amounts are cents with VAT; `costs` by member code."""


@endpoint(get, _FOLLOWUP, right=Right.SEE_TOTALS, tagged=True)
async def get_followup(here: Here[OnPurchase]) -> FollowUpOut:
    """What is known of a purchase that somebody else runs."""
    return await _followup(here)


@endpoint(put, _FOLLOWUP, right=may_run, conflicts=("followup_closed",), tagged=True, matched=True)
async def put_followup(here: Here[OnPurchase], sent: FollowUpPut) -> FollowUpOut:
    """Write all that is known of it. For the purchase's lead buyer."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _followup(here))
    command = FollowUpIn.model_validate(sent.model_dump())
    await keeping.keep_followup(here.session, here.caller, here.purchase.id, command, here.now)
    return await _followup(here)


async def _followup(here: OnPurchase) -> FollowUpOut:
    caller, purchase = here.caller, here.purchase
    own = None if caller.sees_all_lines(purchase.id) else caller.members_as(*(held.role for held in caller.roles))
    shown = await followup_of(here.session, purchase.id, own)
    content = shown.content
    return FollowUpOut(
        reference=purchase.reference,
        organiser=content.organiser,
        joining=content.joining,
        dates=[DateOut(day=one.day, label=one.label) for one in content.dates],
        total_cents=content.total_cents,
        costs=shown.costs,
    )


ROUTES = [get_followup, put_followup]
