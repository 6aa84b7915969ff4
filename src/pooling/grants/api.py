"""Files of subsidies for programs."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.grants import keeping
from pooling.grants.keeping import content_of
from pooling.grants.models import Grant
from pooling.grants.page import OnGrant, own_members
from pooling.grants.permissions import GrantRight, may_keep_grant, may_see_grant
from pooling.grants.queries import GrantShown, gaps_of, grants_listed
from pooling.grants.rules import GrantState, state_of
from pooling.grants.schemas import GrantIn
from pooling.kernel.slices import Listed
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import validated

ONE = "/grants/{grant_id:int}"


class GrantLineOut(ApiOut):
    """A file of a subsidy. Amounts are cents."""

    id: int
    title: str
    funder: str
    asked_on: date
    asked_cents: int
    granted_cents: int | None
    paid_cents: int
    state: GrantState


class GrantPaymentOut(ApiOut):
    """An instalment, in cents."""

    paid_on: date
    cents: int


class GrantOut(ApiOut):
    """A file of a subsidy, whole. Amounts are cents."""

    id: int
    state: GrantState
    title: str
    funder: str
    program: str
    member: str
    """A SIREN or a unit's code; empty: the group's own."""
    purchase: str
    action: str
    subsidy: str
    """The code of what the purchase's allocation takes off."""
    asked_on: date
    asked_cents: int
    granted_on: date | None
    granted_cents: int | None
    decision: str
    refused_on: date | None
    answer_by: date | None
    justify_by: date | None
    justified_on: date | None
    pay_by: date | None
    payments: Sequence[GrantPaymentOut]
    note: str
    gaps: Sequence[str]
    """What the allocation takes off otherwise, in French."""


class GrantPut(GrantIn, ApiIn):
    """A file as it is to be known. Amounts are cents."""


class GrantsAsked(PageIn):
    state: GrantState | None = Field(default=None, description="How files stand; all of them.")


def _line(shown: GrantShown) -> GrantLineOut:
    return GrantLineOut(
        id=shown.id,
        title=shown.title,
        funder=shown.funder,
        asked_on=shown.asked_on,
        asked_cents=shown.asked,
        granted_cents=shown.granted,
        paid_cents=shown.paid,
        state=shown.state,
    )


async def _out(here: InGroup, grant: Grant) -> GrantOut:
    content = await content_of(here.session, grant)
    paid = sum(one.cents for one in content.payments)
    return GrantOut(
        id=grant.id,
        state=state_of(grant.refused_on, grant.granted_cents, paid),
        gaps=await gaps_of(here.session, grant_id=grant.id),
        **content.model_dump(),
    )


@endpoint(get, "/grants", right=GrantRight.KEEP_GRANTS)
async def list_grants(here: Here[InGroup], asked: GrantsAsked) -> Listed[GrantLineOut]:
    """Files of subsidies, the latest first: all for the facilitator, their own and the group's for finance officers."""
    return (await grants_listed(here.session, asked.slice, own_members(here.caller), asked.state)).each(_line)


@endpoint(post, "/grants", right=GrantRight.KEEP_GRANTS, status=201, once=True)
async def open_grant(here: Here[InGroup], sent: GrantPut) -> Made[GrantOut]:
    """Open a file. For the facilitator, and finance officers for their members."""
    grant = await keeping.open_grant(here.session, here.caller, validated(GrantIn, sent.model_dump()), here.now)
    return Made(await _out(here, grant), f"{here.api_url}/grants/{grant.id}")


@endpoint(get, ONE, right=may_see_grant, tagged=True)
async def get_grant(here: Here[OnGrant]) -> GrantOut:
    """A file."""
    return await _out(here, here.grant)


@endpoint(put, ONE, right=may_keep_grant, conflicts=("changed_meanwhile",), tagged=True, matched=True)
async def put_grant(here: Here[OnGrant], sent: GrantPut) -> GrantOut:
    """Write all that is known of a file. For the facilitator, and finance officers of the member that asks."""
    shown = None
    if wants_match(here.request):
        require_match(here.request, await _out(here, here.grant))
        shown = version_of((await content_of(here.session, here.grant)).model_dump(mode="json"))
    command = validated(GrantIn, sent.model_dump())
    return await _out(
        here, await keeping.change_grant(here.session, here.caller, here.grant.id, command, here.now, shown=shown)
    )


ROUTES: Sequence[Any] = [list_grants, open_grant, get_grant, put_grant]
