"""How a purchase is bought, for programs: what applies, the plan, what members say of themselves."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated

from litestar import get, put
from pydantic import Field

from pooling.allocation.page import finance_of
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.slices import Listed
from pooling.kernel.text import Line
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.procurement import planning
from pooling.procurement.assessing import assess
from pooling.procurement.models import Environment, Mandate, ProcurementPlan
from pooling.procurement.page import OnProcedure, OnShare
from pooling.procurement.permissions import may_plan, may_state
from pooling.procurement.planning import PlanIn, ShareIn, content_of
from pooling.procurement.reading import ShareShown, plan_of, share_of, shares_listed, undecided_members
from pooling.purchases.api import Exact, MemberRef
from pooling.purchases.finding import lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.sharing.money import Cents
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match

PROCEDURE = "/purchases/{reference:str}/procedure"
MEMBERS = f"{PROCEDURE}/members"
Amount = Annotated[Decimal, Field(ge=0, lt=Decimal(10**9), max_digits=11, decimal_places=2)]
"""Euros before VAT."""
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


class PlanPut(ApiIn):
    """What the lead says of how the purchase is bought; amounts are euros before VAT."""

    family: Line = Field(default="", max_length=120)
    options: Amount = Decimal(0)
    renewals: int = Field(default=0, ge=0, le=10)
    maximum: Amount | None = None
    """Of a framework agreement, which counts at its maximum; null: it is none."""
    procedure: str = Field(default="", max_length=40)
    """Under which it was launched, by its code in the configuration."""
    launched_on: Day | None = None
    mandate: Mandate = Mandate.UNDECIDED
    convention_signed_on: Day | None = None
    environment: Environment = Environment.UNDECIDED


class PlanOut(ApiOut):
    family: str
    options: Exact
    renewals: int
    maximum: Exact | None
    procedure: str
    launched_on: date | None
    mandate: Mandate
    convention_signed_on: date | None
    environment: Environment


class SharePut(ApiIn):
    """What a member says of its own year, and its deliberation on the convention."""

    spent: Amount | None = None
    """Bought or planned elsewhere this year in the purchase's family, in euros before VAT; null: nobody said."""
    deliberated_on: Day | None = None
    deliberation: Line = Field(default="", max_length=120)
    """Its reference."""


class ShareOut(ApiOut):
    member: MemberRef
    is_unit: bool
    """A unit does not deliberate: the legal person that it belongs to does."""
    spent: Exact | None
    deliberated_on: date | None
    deliberation: str


class AmountOut(ApiOut):
    name: str
    amount: Exact


class ApplyingOut(ApiOut):
    code: str
    name: str
    above: Exact
    source: str
    to_confirm: bool


class DutyOut(ApiOut):
    name: str
    advice: bool
    """Wise, and not asked by the law."""
    source: str
    to_confirm: bool


class EarliestOut(ApiOut):
    notice: date
    offers: date
    signing: date


class ConventionOut(ApiOut):
    needed: bool
    """Several legal persons take part: units of one need none."""
    asked: int
    """How many members deliberate."""
    deliberated: int
    undecided: Sequence[str]
    """The first of those whose deliberation is not noted, by name."""


class ProcedureOut(ApiOut):
    """What the law asks of the purchase as it stands; amounts are euros before VAT."""

    value: Exact
    """What is compared with the thresholds."""
    needs: Exact
    options: Exact
    renewals: Exact
    spent: Exact
    """Bought or planned elsewhere in the family this year, by all who take part."""
    lots: Sequence[AmountOut]
    """What the items of each lot come to, renewals included."""
    small_lots: Sequence[str]
    """Lots that may be bought by an adapted procedure though the whole is not."""
    families: Sequence[AmountOut]
    applies: ApplyingOut | None
    next: ApplyingOut | None
    duties: Sequence[DutyOut]
    earliest: EarliestOut | None
    convention: ConventionOut
    warnings: Sequence[str]


def _euros(cents: Cents) -> Decimal:
    return Decimal(cents) / 100


def _cents(amount: Decimal) -> Cents:
    return int(amount * 100)


@endpoint(get, PROCEDURE, right=Right.SEE_TOTALS)
async def get_procedure(here: Here[OnProcedure]) -> ProcedureOut:
    """Which procedure applies to a purchase and why, what it asks, the earliest days, what does not go together."""
    found = await assess(here.session, here.assessed, here.configuration, finance_of(here))
    estimate, guidance, tally = found.estimate, found.guidance, found.tally
    undecided = await undecided_members(here.session, here.purchase.id) if tally.needs_convention else ()
    return ProcedureOut(
        value=_euros(estimate.value),
        needs=_euros(estimate.base),
        options=_euros(estimate.options),
        renewals=_euros(estimate.renewed),
        spent=_euros(estimate.spent),
        lots=[AmountOut(name=name, amount=_euros(cents)) for name, cents in found.lots.items()],
        small_lots=list(found.negligible),
        families=[AmountOut(name=name, amount=_euros(cents)) for name, cents in found.families.items()],
        applies=guidance.procedure and ApplyingOut.model_validate(guidance.procedure, from_attributes=True),
        next=guidance.next and ApplyingOut.model_validate(guidance.next, from_attributes=True),
        duties=[DutyOut.model_validate(duty, from_attributes=True) for duty in guidance.duties],
        earliest=found.calendar and EarliestOut(**asdict(found.calendar)),
        convention=ConventionOut(
            needed=tally.needs_convention, asked=tally.asked, deliberated=tally.deliberated, undecided=list(undecided)
        ),
        warnings=list(found.warnings),
    )


def _plan_out(plan: ProcurementPlan) -> PlanOut:
    said = content_of(plan)
    return PlanOut(
        family=said.family,
        options=_euros(said.options_cents),
        renewals=said.renewals,
        maximum=None if said.maximum_cents is None else _euros(said.maximum_cents),
        procedure=said.procedure,
        launched_on=said.launched_on,
        mandate=Mandate(said.mandate),
        convention_signed_on=said.convention_signed_on,
        environment=Environment(said.environment),
    )


@endpoint(get, f"{PROCEDURE}/plan", right=Right.SEE_TOTALS, tagged=True)
async def get_procurement_plan(here: Here[OnProcedure]) -> PlanOut:
    """What the lead says of how a purchase is bought."""
    return _plan_out(here.plan)


@endpoint(put, f"{PROCEDURE}/plan", right=may_plan, conflicts=("procurement_closed",), tagged=True, matched=True)
async def put_procurement_plan(here: Here[OnProcedure], sent: PlanPut) -> PlanOut:
    """Say how a purchase is bought. For its lead buyer and those who prepare purchases of its lead member."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, _plan_out(await plan_of(here.session, here.purchase.id)))
    command = PlanIn(
        options_cents=_cents(sent.options),
        maximum_cents=None if sent.maximum is None else _cents(sent.maximum),
        **sent.model_dump(exclude={"options", "maximum"}),
    )
    await planning.keep_plan(here.session, here.caller, here.purchase.id, command, here.configuration, here.now)
    return _plan_out(await plan_of(here.session, here.purchase.id))


def _share_out(share: ShareShown) -> ShareOut:
    return ShareOut(
        member=MemberRef(code=share.code, name=share.name),
        is_unit=share.is_unit,
        spent=None if share.spent is None else _euros(share.spent),
        deliberated_on=share.deliberated_on,
        deliberation=share.deliberation,
    )


@endpoint(get, MEMBERS, right=Right.SEE_TOTALS)
async def list_procurement_shares(here: Here[OnPurchase], asked: PageIn) -> Listed[ShareOut]:
    """What members say of themselves: all for those who plan or see all needs, their own for the others."""
    caller, purchase = here.caller, here.purchase
    sees_all = may_plan(caller, purchase) or caller.may(Right.SEE_ALL_NEEDS, purchase_id=purchase.id)
    mine = None if sees_all else caller.members_as(*(held.role for held in caller.roles))
    return (await shares_listed(here.session, purchase.id, asked.slice, among=mine)).each(_share_out)


@endpoint(get, f"{MEMBERS}/{{member:str}}", right=may_state, tagged=True)
async def get_procurement_share(here: Here[OnShare]) -> ShareOut:
    """What one member says of itself."""
    return _share_out(here.share)


@endpoint(
    put,
    f"{MEMBERS}/{{member:str}}",
    right=may_state,
    conflicts=("procurement_closed",),
    tagged=True,
    matched=True,
)
async def put_procurement_share(here: Here[OnShare], sent: SharePut) -> ShareOut:
    """Say what a member bought this year and when it deliberated. For whoever speaks for it, and those who plan."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        share = await share_of(here.session, here.purchase.id, here.share.code)
        require_match(here.request, share and _share_out(share))
    command = ShareIn(None if sent.spent is None else _cents(sent.spent), sent.deliberated_on, sent.deliberation)
    kept = await planning.keep_share(here.session, here.caller, here.purchase.id, here.share.code, command, here.now)
    return _share_out(kept)


ROUTES = [
    get_procedure,
    get_procurement_plan,
    put_procurement_plan,
    list_procurement_shares,
    get_procurement_share,
    put_procurement_share,
]
