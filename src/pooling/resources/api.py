"""Shared resources for programs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from litestar import get, post, put
from pydantic import Field, field_validator

from pooling.accounts.idempotency import Made
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed
from pooling.members.changing import member_by_code
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.member_page import OnMember
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.resources import lending as lendings
from pooling.resources import offering
from pooling.resources.finding import Lent, Offered, find_resource, lock_lending, lock_resource, span_of, units_lent
from pooling.resources.models import LendingState, ResourceKind, ResourceState
from pooling.resources.page import OnLending, OnResource
from pooling.resources.permissions import ResourceRight, may_ask, may_follow, may_keep, may_offer, may_take_back
from pooling.resources.queries import LendingShown, ResourceShown, Wanted, lendings_listed, resources_listed
from pooling.resources.rules import MOST_DAYS, WEEK, days_in, mask_of
from pooling.resources.schemas import (
    LARGEST_PRICE,
    LONGEST_CONDITIONS,
    LONGEST_PURPOSE,
    LONGEST_TITLE,
    MOST_UNITS,
    AskIn,
    ResourceIn,
)
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import validated

LIST = "/resources"
RESOURCE = f"{LIST}/{{resource_id:int}}"
LENDINGS = "/lendings"
LENDING = f"{LENDINGS}/{{lending_id:int}}"
_MOST_MONTHS = 40


class ResourceOut(ApiOut):
    """What a member lends to the others."""

    id: int
    member: str
    """The code of the member that offers it."""
    site_id: int
    kind: ResourceKind
    title: str
    quantity: int
    """Units that may be lent on one day."""
    days: Sequence[int]
    """Days of the week; Monday is 1."""
    price_cents: int
    """For one unit on one day, with VAT; 0: free."""
    conditions: str
    from_day: date
    until_day: date | None
    state: ResourceState


class ResourceListed(ApiOut):
    id: int
    kind: ResourceKind
    title: str
    member: str
    place: str
    quantity: int
    days: Sequence[int]
    price_cents: int
    free: int | None
    """Units on the day that was asked for; null: none was."""


class ResourcePut(ApiIn):
    site_id: int
    kind: ResourceKind
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    quantity: int = Field(ge=1, le=MOST_UNITS)
    days: list[int] = Field(min_length=1, max_length=WEEK)
    price_cents: int = Field(default=0, ge=0, le=LARGEST_PRICE)
    conditions: str = Field(default="", max_length=LONGEST_CONDITIONS)
    from_day: date
    until_day: date | None = None

    @field_validator("days")
    @classmethod
    def _of_a_week(cls, days: list[int]) -> list[int]:
        return _week(days)


def _week(days: list[int]) -> list[int]:
    if not all(1 <= day <= WEEK for day in days):
        raise ValueError("Les jours de la semaine vont de 1, lundi, à 7, dimanche.")
    return days


class ResourcesAsked(PageIn):
    kind: ResourceKind | None = None
    place: str = Field(default="", max_length=100, description="A commune, a body, a department's number, a name.")
    day: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY, description="Free on this day.")
    units: int = Field(default=1, ge=1, le=MOST_UNITS, description="So many of them.")


class OccupationAsked(ApiIn):
    first: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY, description="Today, where it is not said.")
    last: date | None = Field(
        default=None, ge=FIRST_DAY, le=LAST_DAY, description="A week from the first day, where it is not said."
    )


class DayOut(ApiOut):
    day: date
    offered: int
    lent: int


class OccupationOut(ApiOut):
    days: Sequence[DayOut]


class ReasonIn(ApiIn):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class EndIn(ReasonIn):
    on: date
    """The last day that counts."""


class LendingPost(ApiIn):
    member: str = Field(min_length=1, max_length=40)
    """The code of the member that asks."""
    units: int = Field(ge=1, le=MOST_UNITS)
    first_day: date
    last_day: date
    days: list[int] = Field(default_factory=list, max_length=WEEK)
    """Days of the week; none: all on which the resource is offered."""
    purpose: str = Field(min_length=1, max_length=LONGEST_PURPOSE)

    @field_validator("days")
    @classmethod
    def _of_a_week(cls, days: list[int]) -> list[int]:
        return _week(days)


class LendingListed(ApiOut):
    id: int
    resource_id: int
    state: LendingState
    borrower: str
    owner: str
    units: int
    days: Sequence[int]
    first_day: date
    last_day: date
    ended_on: date | None
    used: int | None
    """Units times days, of all months that were noted; null: none was."""


class LendingOut(ApiOut):
    """What a member asks for, and what became of it."""

    id: int
    resource_id: int
    member: str
    owner: str
    state: LendingState
    units: int
    days: Sequence[int]
    first_day: date
    last_day: date
    ended_on: date | None
    price_cents: int
    purpose: str
    reason: str
    asked_at: datetime
    answered_at: datetime | None
    uses: Mapping[str, int]
    """By month (`2027-03`), units times days that served."""


class LendingsAsked(PageIn):
    state: LendingState | None = None


class UsePut(ApiIn):
    month: date
    """Its first day."""
    used: int | None = Field(ge=0, le=MOST_UNITS * WEEK * 5)
    """Units times days that served; null: not known."""


class UsesPut(ApiIn):
    uses: list[UsePut] = Field(max_length=_MOST_MONTHS)
    """Months that are not named stay as they are."""


def _out(found: Offered) -> ResourceOut:
    resource = found.resource
    same = ("id", "site_id", "kind", "title", "quantity", "price_cents", "conditions", "from_day", "until_day", "state")
    return ResourceOut(
        **{name: getattr(resource, name) for name in same}, member=found.owner.code, days=days_in(resource.days)
    )


def _listed(shown: ResourceShown) -> ResourceListed:
    same = ("id", "kind", "title", "place", "quantity", "price_cents", "free")
    return ResourceListed(
        **{name: getattr(shown, name) for name in same}, member=shown.owner_code, days=days_in(shown.span.days)
    )


@endpoint(get, LIST, right=Right.SEE_GROUP)
async def list_resources(here: Here[InGroup], asked: ResourcesAsked) -> Listed[ResourceListed]:
    """What members lend to each other."""
    wanted = Wanted(str(asked.kind or ""), asked.place, asked.day, asked.units)
    return (await resources_listed(here.session, wanted, asked.slice)).each(_listed)


@endpoint(post, "/members/{member:str}/resources", right=may_offer, status=201, once=True)
async def offer_resource(here: Here[OnMember], sent: ResourcePut) -> Made[ResourceOut]:
    """Offer something of a member to the others. For its référents and the facilitator."""
    command = _command(sent)
    found = await offering.offer_resource(here.session, here.caller, here.member, command, here.now)
    return Made(_out(found), f"{here.api_url}/resources/{found.resource.id}")


def _command(sent: ResourcePut) -> ResourceIn:
    return validated(ResourceIn, {**sent.model_dump(), "days": mask_of(sent.days)})


@endpoint(get, RESOURCE, right=Right.SEE_GROUP, tagged=True)
async def get_resource(here: Here[OnResource]) -> ResourceOut:
    """A resource, also one that is withdrawn."""
    return _out(Offered(here.resource, here.owner, here.site))


@endpoint(
    put, RESOURCE, right=may_keep, conflicts=("changed_meanwhile", "resource_withdrawn"), tagged=True, matched=True
)
async def change_resource(here: Here[OnResource], sent: ResourcePut) -> ResourceOut:
    """Change what is offered; what is agreed must still be possible. For the member's référents and the facilitator."""
    command, seen = _command(sent), None
    if wants_match(here.request):
        await lock_resource(here.session, here.resource.id)
        found = await find_resource(here.session, here.resource.id)
        require_match(here.request, _out(found))
        seen = offering.version_of_resource(found.resource)
    found = await offering.change_resource(
        here.session, here.caller, here.resource.id, command, here.now, here.today, seen=seen
    )
    return _out(found)


@endpoint(post, f"{RESOURCE}/withdrawal", right=may_keep, conflicts=("transition_refused",), once=True)
async def withdraw_resource(here: Here[OnResource], sent: ReasonIn) -> ResourceOut:
    """Offer it no longer: whoever waits for an answer is refused, what is agreed stays so."""
    return _out(
        await offering.withdraw_resource(here.session, here.caller, here.resource.id, sent.reason.strip(), here.now)
    )


@endpoint(get, f"{RESOURCE}/occupation", right=Right.SEE_GROUP)
async def get_occupation(here: Here[OnResource], asked: OccupationAsked) -> OccupationOut:
    """How many units are offered and lent on each day of a period."""
    first = asked.first or here.today
    last = asked.last or first + timedelta(days=WEEK - 1)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Invalid({"last": "Demandez une période de trois ans au plus, qui finit après avoir commencé."})
    lent = await units_lent(here.session, here.resource.id, first, last)
    span, offered = span_of(here.resource), here.resource.state == ResourceState.OFFERED
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return OccupationOut(
        days=[
            DayOut(day=day, offered=here.resource.quantity if offered and day in span else 0, lent=lent.get(day, 0))
            for day in days
        ]
    )


@endpoint(post, f"{RESOURCE}/lendings", right=may_ask, status=201, conflicts=("resource_withdrawn",), once=True)
async def ask_for_resource(here: Here[OnResource], sent: LendingPost) -> Made[LendingOut]:
    """Ask for units of a resource, in the name of a member. For its référents."""
    member = await member_by_code(here.session, sent.member)
    command = validated(AskIn, {**sent.model_dump(exclude={"member"}), "days": mask_of(sent.days)})
    found = await lendings.ask_for(
        here.session, here.caller, here.resource.id, member.id, command, here.now, here.today
    )
    return Made(await _lending_out(here, found), f"{here.api_url}{LENDINGS}/{found.lending.id}")


async def _lending_out(here: InGroup, found: Lent) -> LendingOut:
    lending = found.lending
    same = ("id", "resource_id", "state", "units", "first_day", "last_day", "ended_on", "price_cents", "purpose")
    more = ("reason", "asked_at", "answered_at")
    uses = await lendings.uses_of(here.session, lending)
    return LendingOut(
        **{name: getattr(lending, name) for name in (*same, *more)},
        days=days_in(lending.days),
        member=found.borrower.code,
        owner=found.owner.code,
        uses={f"{month:%Y-%m}": used for month, used in uses.items()},
    )


@endpoint(get, LENDINGS, right=ResourceRight.FOLLOW_LENDINGS)
async def list_lendings(here: Here[InGroup], asked: LendingsAsked) -> Listed[LendingListed]:
    """What concerns the caller's members, the latest first; all for the facilitator."""
    members = None if here.caller.has(Role.FACILITATOR) else here.caller.members_as(Role.REFERENT)
    listed = await lendings_listed(here.session, members, asked.slice, state=str(asked.state or ""))
    return listed.each(_lending_listed)


def _lending_listed(shown: LendingShown) -> LendingListed:
    values = {name: getattr(shown, name) for name in LendingListed.model_fields if name != "days"}
    return LendingListed(**values, days=days_in(shown.days))


@endpoint(get, LENDING, right=may_follow, tagged=True)
async def get_lending(here: Here[OnLending]) -> LendingOut:
    """What a member asks for. For the référents of both members and the facilitator."""
    return await _lending_out(here, _lent(here))


def _lent(here: OnLending) -> Lent:
    return Lent(here.resource, here.owner, here.site, here.lending, here.borrower)


@endpoint(post, f"{LENDING}/agreement", right=may_keep, conflicts=("not_free", "transition_refused"), once=True)
async def agree_lending(here: Here[OnLending]) -> LendingOut:
    """Lend what is asked for. For the référents of the member that offers, and the facilitator."""
    return await _lending_out(here, await lendings.agree(here.session, here.caller, here.lending.id, here.now))


@endpoint(post, f"{LENDING}/refusal", right=may_keep, conflicts=("transition_refused",), once=True)
async def refuse_lending(here: Here[OnLending], sent: ReasonIn) -> LendingOut:
    """Refuse what is asked for."""
    found = await lendings.refuse(here.session, here.caller, here.lending.id, sent.reason.strip(), here.now)
    return await _lending_out(here, found)


@endpoint(post, f"{LENDING}/withdrawal", right=may_take_back, conflicts=("transition_refused",), once=True)
async def take_back_lending(here: Here[OnLending]) -> LendingOut:
    """Ask no longer. For the référents of the member that asks, and the facilitator."""
    return await _lending_out(here, await lendings.take_back(here.session, here.caller, here.lending.id, here.now))


@endpoint(post, f"{LENDING}/end", right=may_follow, conflicts=("transition_refused",), once=True)
async def end_lending(here: Here[OnLending], sent: EndIn) -> LendingOut:
    """End what was agreed before its last day. For either side."""
    found = await lendings.end(
        here.session, here.caller, here.lending.id, sent.on, sent.reason.strip(), here.now, here.today
    )
    return await _lending_out(here, found)


@endpoint(
    put, f"{LENDING}/uses", right=may_follow, conflicts=("changed_meanwhile", "not_agreed"), tagged=True, matched=True
)
async def note_lending_use(here: Here[OnLending], sent: UsesPut) -> LendingOut:
    """Note what was used of what was agreed, by month. For either side."""
    seen = None
    if wants_match(here.request):
        found = await lock_lending(here.session, here.lending.id)
        require_match(here.request, await _lending_out(here, found))
        seen = lendings.version_of_uses(await lendings.uses_of(here.session, found.lending))
    uses = {use.month: use.used for use in sent.uses}
    found = await lendings.note_use(here.session, here.caller, here.lending.id, uses, here.now, here.today, seen=seen)
    return await _lending_out(here, found)


ROUTES = [
    list_resources,
    offer_resource,
    get_resource,
    change_resource,
    withdraw_resource,
    get_occupation,
    ask_for_resource,
    list_lendings,
    get_lending,
    agree_lending,
    refuse_lending,
    take_back_lending,
    end_lending,
    note_lending_use,
]
