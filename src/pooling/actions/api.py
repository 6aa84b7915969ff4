"""Actions for programs."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.actions import keeping
from pooling.actions.catalogue import System
from pooling.actions.keeping import sheet_of, write_action
from pooling.actions.models import Action, ActionState, Ease, FactorKind
from pooling.actions.page import OnAction, catalogue_of
from pooling.actions.permissions import may_move, may_propose, may_write
from pooling.actions.queries import ActionShown, actions_listed
from pooling.actions.schemas import (
    LONGEST_PART,
    LONGEST_TEXT,
    MOST_FACTORS,
    MOST_PARTNERS,
    MOST_PHASES,
    ActionIn,
    BringsIn,
    PhaseIn,
)
from pooling.kernel.slices import Listed
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import validated

ONE = "/actions/{action:str}"


class FactorOut(ApiOut):
    kind: FactorKind
    ease: Ease
    text: str


class FactorPut(ApiIn):
    """What stands in the action's way, or helps it."""

    kind: Literal["obstacle", "opportunity"]
    ease: Literal["easy", "medium", "hard"]
    text: str = Field(min_length=1, max_length=300)


class PhaseOut(ApiOut):
    label: str
    begins_on: date
    ends_on: date


class ContributionOut(ApiOut):
    """What a partner brings."""

    partner: str
    """Its name."""
    amount_cents: int
    half_days: int
    """Of work."""
    premises: str
    """Premises, material, knowledge."""


class PhasePut(PhaseIn, ApiIn):
    """A part of an action's calendar."""


class ContributionPut(BringsIn, ApiIn):
    """What a partner brings. One that the group does not know by this name is added."""


class ActionLineOut(ApiOut):
    reference: str
    title: str
    system: str
    """Its code in the catalogue; empty: it was proposed freely."""
    state: ActionState
    rank: int | None
    """As the last round that was adopted has it; null: that one did not rank it."""
    lead: str | None
    """The name of the member that looks after it."""
    starts_on: date | None
    ends_on: date | None


class ActionOut(ApiOut):
    reference: str
    title: str
    system: str
    state: ActionState
    set_aside_because: str
    rank: int | None
    """As the last round that was adopted has it; null: that one did not rank it."""
    lead_member: str
    """The code of the member that looks after it; empty: none does yet."""
    content: str
    resources: str
    levers: str
    indicators: str
    vigilance: str
    starts_on: date | None
    ends_on: date | None
    factors: Sequence[FactorOut]
    """Obstacles and opportunities, the easiest first."""
    phases: Sequence[PhaseOut]
    """Its calendar, the earliest first."""
    partners: Sequence[ContributionOut]


class ActionPut(ApiIn):
    """The whole of a sheet, but for where it stands."""

    title: str = Field(min_length=1, max_length=160)
    system: str = Field(default="", max_length=40)
    lead_member: str = Field(default="", max_length=20)
    content: str = Field(default="", max_length=LONGEST_TEXT)
    resources: str = Field(default="", max_length=LONGEST_PART)
    levers: str = Field(default="", max_length=LONGEST_PART)
    indicators: str = Field(default="", max_length=LONGEST_PART)
    vigilance: str = Field(default="", max_length=LONGEST_PART)
    starts_on: date | None = None
    ends_on: date | None = None
    factors: Sequence[FactorPut] = Field(default=(), max_length=MOST_FACTORS)
    phases: Sequence[PhasePut] = Field(default=(), max_length=MOST_PHASES)
    partners: Sequence[ContributionPut] = Field(default=(), max_length=MOST_PARTNERS)


class StatePut(ApiIn):
    state: ActionState
    reason: str = Field(default="", max_length=500)
    """Why it is set aside."""


class TypicalItemOut(ApiOut):
    """An item that a purchase begins with."""

    name: str
    unit: str
    cpv: str
    account: str
    vat_percent: Decimal
    price: Decimal | None
    """Before VAT, of one; null: none that has a source is known."""
    priced_on: date | None
    source: str
    to_confirm: bool


class RuleOut(ApiOut):
    """An aid or a quota, with the days on which it holds."""

    name: str
    valid_from: date
    valid_to: date | None
    source: str
    to_confirm: bool


class SystemOut(ApiOut):
    """Something that may be done together."""

    code: str
    name: str
    what: str
    kind: str
    """What kind of purchase follows; empty: nothing is bought."""
    specify: Sequence[str]
    questions: Sequence[str]
    vigilance: Sequence[str]
    indicators: Sequence[str]
    items: Sequence[TypicalItemOut]
    aids: Sequence[RuleOut]
    quotas: Sequence[RuleOut]


class CatalogueOut(ApiOut):
    systems: Sequence[SystemOut]


class ActionsAsked(PageIn):
    q: str = Field(default="", max_length=200, description="Words of the sheet, in French, or the reference.")
    lead: str = Field(default="", max_length=20, description="Those that the member of this code looks after.")
    system: str = Field(default="", max_length=40, description="Those of this kind in the catalogue.")
    state: ActionState | None = Field(default=None, description="Those in this state.")


async def _out(here: InGroup, action: Action) -> ActionOut:
    sheet = (await sheet_of(here.session, action)).model_dump()
    return ActionOut(
        reference=action.reference,
        state=ActionState(action.state),
        set_aside_because=action.set_aside_because,
        rank=action.rank,
        **{
            **sheet,
            "factors": [FactorOut(**factor) for factor in sheet["factors"]],
            "phases": [PhaseOut(**phase) for phase in sheet["phases"]],
            "partners": [ContributionOut(**one) for one in sheet["partners"]],
        },
    )


def _line(shown: ActionShown) -> ActionLineOut:
    return ActionLineOut(**{name: getattr(shown, name) for name in ActionLineOut.model_fields})


@endpoint(get, "/catalogue", right=Right.SEE_GROUP)
async def get_catalogue(here: Here[InGroup]) -> CatalogueOut:
    """What actions may be proposed from: what comes along and what the host added, for all its groups."""
    return CatalogueOut(systems=[_system(system) for system in (await catalogue_of(here)).systems])


def _system(system: System) -> SystemOut:
    said = system.model_dump()
    items = [TypicalItemOut(vat_percent=item.pop("vat_rate"), **item) for item in said.pop("items")]
    rules = {part: [RuleOut(**rule) for rule in said.pop(part)] for part in ("aids", "quotas")}
    return SystemOut(**said, items=items, **rules)


@endpoint(get, "/actions", right=Right.SEE_GROUP)
async def list_actions(here: Here[InGroup], asked: ActionsAsked) -> Listed[ActionLineOut]:
    """The group's actions, the latest first."""
    states = [asked.state] if asked.state else ()
    listed = await actions_listed(
        here.session, asked.slice, search=asked.q, states=states, lead=asked.lead, system=asked.system
    )
    return listed.each(_line)


@endpoint(post, "/actions", right=may_propose, status=201, once=True)
async def propose_action(here: Here[InGroup], sent: ActionPut) -> Made[ActionOut]:
    """Propose an action to the group."""
    catalogue = await catalogue_of(here)
    action = await keeping.propose_action(here.session, here.caller, _command(sent), catalogue, here.now)
    return Made(await _out(here, action), f"{here.api_url}/actions/{action.reference}")


@endpoint(get, ONE, right=Right.SEE_GROUP, tagged=True)
async def get_action(here: Here[OnAction]) -> ActionOut:
    """An action's sheet."""
    return await _out(here, here.action)


@endpoint(put, ONE, right=may_write, conflicts=("changed_meanwhile",), tagged=True, matched=True)
async def correct_action(here: Here[OnAction], sent: ActionPut) -> ActionOut:
    """Write an action's sheet. For the facilitator, its member's people, and its author."""
    shown = None
    if wants_match(here.request):
        require_match(here.request, await _out(here, here.action))
        shown = version_of((await sheet_of(here.session, here.action)).model_dump(mode="json"))
    command, catalogue = _command(sent), await catalogue_of(here)
    action = await write_action(
        here.session, here.caller, here.action.reference, command, catalogue, here.now, shown=shown
    )
    return await _out(here, action)


@endpoint(post, f"{ONE}/state", right=may_move, conflicts=("transition_refused",))
async def move_action(here: Here[OnAction], sent: StatePut) -> ActionOut:
    """Say where an action stands. For the facilitator."""
    action = await keeping.move_action(
        here.session, here.caller, here.action.reference, sent.state, here.now, sent.reason.strip()
    )
    return await _out(here, action)


def _command(sent: ActionPut) -> ActionIn:
    return validated(ActionIn, sent.model_dump())


ROUTES = [get_catalogue, list_actions, propose_action, get_action, correct_action, move_action]
