"""Indicators for programs."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.indicators import keeping
from pooling.indicators.figures import Figure, Unit
from pooling.indicators.lists import DaysShown, days_listed
from pooling.indicators.models import AgentDays
from pooling.indicators.page import ALL_YEARS, EARLIEST, configuration_of, looked_at, measure, years_of
from pooling.indicators.permissions import may_assume, may_note
from pooling.indicators.schemas import LONGEST_WHAT, MOST_DAYS, MOST_KILOMETRES, AssumptionIn, DaysIn
from pooling.kernel.clock import LAST_DAY
from pooling.kernel.slices import Listed
from pooling.kernel.tables import known_id
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.members.subjects import reference_of
from pooling.purchases.api import Exact
from pooling.purchases.item_page import OnItem
from pooling.web.api import ApiIn, ApiOut, PageIn
from pooling.web.api_input import validated

ITEM = "/purchases/{reference:str}/items/{item:str}/journeys"


class PieceOut(ApiOut):
    """Something that a figure is made of, in words."""

    label: str
    words: str
    note: str
    path: str
    """Of its page, on this host; empty: it has none."""


class FigureOut(ApiOut):
    """An indicator of a year."""

    code: str
    theme: str
    label: str
    unit: Unit
    value: Exact | None
    """Cents; a rate of which 1 is all; days; kilograms; or a number. Null: there is nothing to say it of."""
    target: Exact | None
    kept: bool | None
    note: str
    pieces: Sequence[PieceOut]


class IndicatorsOut(ApiOut):
    year: int | None
    """Null: all years together."""
    action: str | None
    """Of which alone they are; null: of the whole group."""
    figures: Sequence[FigureOut]


class IndicatorsAsked(ApiIn):
    action: str = Field(default="", max_length=40, description="The reference of an action, to be told of it alone.")
    year: int | None = Field(default=None, ge=EARLIEST, le=LAST_DAY.year, description="This one, where it is not said.")
    all_years: bool = Field(default=False, description="Of all years together, whatever `year` says.")


class AgentDaysOut(ApiOut):
    """Days that agents of a member gave."""

    id: int
    member: str
    spent_on: date
    days: Exact
    what: str
    purchase: str | None
    round: str | None
    action: str | None


class AgentDaysPost(ApiIn):
    member: str = Field(min_length=1, max_length=40)
    spent_on: date
    days: Decimal = Field(gt=0, le=MOST_DAYS, max_digits=6, decimal_places=2)
    what: str = Field(min_length=1, max_length=LONGEST_WHAT)
    purchase: str = Field(default="", max_length=40)
    round: str = Field(default="", max_length=40)
    action: str = Field(default="", max_length=40)


class JourneysPut(ApiIn):
    replaced: str = Field(max_length=40)
    """The code of a factor of the territory's configuration."""
    replaced_by: str = Field(max_length=40)
    kilometres: int = Field(ge=1, le=MOST_KILOMETRES)
    """A year, for one unit."""
    source: str = Field(min_length=1, max_length=LONGEST_WHAT)


class JourneysOut(ApiOut):
    """What one assumes of the journeys that an item replaces."""

    replaced: str
    replaced_by: str
    kilometres: int
    source: str
    noted_at: datetime


class Withdrawn(ApiOut):
    """It counts no more."""

    withdrawn: bool


def _exact(value: int | Fraction | None) -> Decimal | None:
    """To six decimals."""
    return None if value is None else Decimal(round(Fraction(value) * 1_000_000)) / 1_000_000


def _figure(base: str, theme: str, one: Figure) -> FigureOut:
    return FigureOut(
        code=one.code,
        theme=theme,
        label=one.label,
        unit=one.unit,
        value=_exact(one.value),
        target=_exact(one.target),
        kept=one.kept,
        note=one.note,
        pieces=[
            PieceOut(
                label=piece.label, words=piece.words, note=piece.note, path=base + piece.path if piece.path else ""
            )
            for piece in one.pieces
        ],
    )


@endpoint(get, "/indicators", right=Right.SEE_GROUP)
async def list_indicators(here: Here[InGroup], asked: IndicatorsAsked) -> IndicatorsOut:
    """What came of it all in a year or all years together, each figure with what it is made of; of an action alone, if
    one is named.
    """
    typed = ALL_YEARS if asked.all_years else str(asked.year or "")
    year, action = years_of(here, typed), await looked_at(here, asked.action)
    themes = (await measure(here, year, action)).years[0]
    base = f"/g/{here.group.slug}"
    return IndicatorsOut(
        year=None if year.many else year.number,
        action=action.reference if action else None,
        figures=[_figure(base, theme.label, one) for theme in themes for one in theme.figures],
    )


@endpoint(get, "/agent-days", right=may_note)
async def list_agent_days(here: Here[InGroup], asked: PageIn) -> Listed[AgentDaysOut]:
    """Days that agents gave, the latest first. For référents and the facilitator."""
    return (await days_listed(here.session, asked.slice, here.features.subjects)).each(_days)


def _days(shown: DaysShown) -> AgentDaysOut:
    return AgentDaysOut(
        id=shown.id,
        member=shown.code,
        spent_on=shown.spent_on,
        days=shown.days,
        what=shown.what,
        purchase=reference_of(shown.subject, "purchase"),
        round=reference_of(shown.subject, "round"),
        action=reference_of(shown.subject, "action"),
    )


@endpoint(post, "/agent-days", right=may_note, status=201, once=True)
async def note_agent_days(here: Here[InGroup], sent: AgentDaysPost) -> Made[AgentDaysOut]:
    """Note days that agents of a member gave. For its référents and the facilitator."""
    noted = await keeping.note_days(
        here.session, here.caller, validated(DaysIn, sent.model_dump()), here.now, here.today
    )
    return Made(_noted(noted, sent), f"{here.api_url}/agent-days")


def _noted(noted: AgentDays, sent: AgentDaysPost) -> AgentDaysOut:
    return AgentDaysOut(
        id=noted.id,
        member=sent.member,
        spent_on=noted.spent_on,
        days=noted.days,
        what=noted.what,
        purchase=sent.purchase or None,
        round=sent.round or None,
        action=sent.action or None,
    )


@endpoint(post, "/agent-days/{noted_id:int}/withdrawal", right=may_note, once=True)
async def withdraw_agent_days(here: Here[InGroup]) -> Withdrawn:
    """Withdraw what was noted. For the member's référents and the facilitator."""
    await keeping.withdraw_days(here.session, here.caller, known_id(here.named["noted_id"]), here.now)
    return Withdrawn(withdrawn=True)


@endpoint(put, ITEM, right=may_assume)
async def assume_journeys(here: Here[OnItem], sent: JourneysPut) -> JourneysOut:
    """Say what journeys a unit of an item replaces, for the CO₂ that is avoided. For the facilitator."""
    command = validated(AssumptionIn, sent.model_dump())
    await keeping.assume(here.session, here.caller, here.item.id, command, configuration_of(here), here.now)
    return JourneysOut(**command.model_dump(), noted_at=here.now)


@endpoint(post, f"{ITEM}/withdrawal", right=may_assume, once=True)
async def withdraw_journeys(here: Here[OnItem]) -> Withdrawn:
    """Assume nothing of it any more."""
    await keeping.withdraw_assumption(here.session, here.caller, here.item.id, here.now)
    return Withdrawn(withdrawn=True)


ROUTES = [
    list_indicators,
    list_agent_days,
    note_agent_days,
    withdraw_agent_days,
    assume_journeys,
    withdraw_journeys,
]
