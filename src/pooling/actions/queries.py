"""Reads of the group's actions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionFactor, ActionPhase, ActionState, Contribution, Partner
from pooling.actions.rules import EASE_ORDER, OVER
from pooling.actions.schemas import PhaseIn
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import folded_words
from pooling.members.models import Member
from pooling.web.searching import folded_query, holds

OFFERED = 100
"""Actions that a list to choose from holds."""
LEADS_OFFERED = 300
"""Members that a list to choose from holds at most."""
COLUMN = 20
"""Actions that a column of the board shows."""
_LATEST = Order(col(Action.id), latest_first=True)
_BY_NAME = Order(col(Partner.sort_key), col(Partner.id))
_BY_START = Order(func.coalesce(col(Action.starts_on), date(1, 1, 1), type_=Date()), col(Action.id), size=40)


@dataclass(frozen=True)
class ActionShown:
    id: int
    reference: str
    title: str
    system: str
    state: str
    rank: int | None
    lead: str | None
    """The name of the member that looks after it."""
    starts_on: date | None
    ends_on: date | None


def _shown() -> tuple[object, ...]:
    return (
        *(getattr(Action, name) for name in ("id", "reference", "title", "system", "state", "rank")),
        col(Member.name),
        col(Action.starts_on),
        col(Action.ends_on),
    )


async def actions_listed(
    session: AsyncSession,
    wanted: Slice,
    *,
    search: str = "",
    states: Collection[str] = (),
    lead: str = "",
    system: str = "",
) -> Listed[ActionShown]:
    """The latest first: those that answer what is searched in French, in these states if any is named, that this
    member (by its code) looks after, of this kind in the catalogue.
    """
    statement = select(*_shown()).outerjoin(Member, linked(Member.id, Action.lead_member_id))  # type: ignore[call-overload]
    if search.strip():
        statement = statement.where(holds(col(Action.words), folded_query(search)))
    if states:
        statement = statement.where(any_of(col(Action.state), list(states)))
    if lead:
        statement = statement.where(col(Member.code) == lead)
    if system:
        statement = statement.where(col(Action.system) == system)
    return (await _LATEST.read(session, statement, wanted)).each(lambda row: ActionShown(*row))


async def actions_offered(session: AsyncSession, chosen: str = "") -> list[tuple[str, str]]:
    """The latest to choose from that are not over, and before them the one chosen."""
    is_chosen = col(Action.reference) == chosen
    rows = await session.execute(
        select(col(Action.reference), col(Action.title))
        .where(or_(col(Action.state).not_in(OVER), is_chosen))
        .order_by(is_chosen.desc(), col(Action.id).desc())
        .limit(OFFERED)
    )
    return [(reference, f"{reference} · {title}") for reference, title in rows]


async def counted_by_state(session: AsyncSession) -> dict[ActionState, int]:
    rows = await session.execute(select(col(Action.state), func.count()).group_by(col(Action.state)))
    found = {state: count for state, count in rows}
    return {state: found.get(state, 0) for state in ActionState}


async def factors_of(session: AsyncSession, action_id: int) -> Sequence[ActionFactor]:
    """Obstacles and opportunities, the easiest first, then as they were written."""
    rows = await session.execute(select(ActionFactor).where(col(ActionFactor.action_id) == action_id))
    return sorted(rows.scalars(), key=lambda one: (one.kind, EASE_ORDER.index(one.ease), one.id))


async def phases_of(session: AsyncSession, action_id: int) -> tuple[PhaseIn, ...]:
    """The parts of its calendar, the earliest first."""
    rows = await session.execute(
        select(col(ActionPhase.label), col(ActionPhase.begins_on), col(ActionPhase.ends_on))
        .where(col(ActionPhase.action_id) == action_id)
        .order_by(col(ActionPhase.begins_on), col(ActionPhase.ends_on), col(ActionPhase.id))
    )
    return tuple(PhaseIn(label=label, begins_on=begins, ends_on=ends) for label, begins, ends in rows)


@dataclass(frozen=True)
class Brings:
    """What somebody brings to an action."""

    name: str
    """Of the partner; of the action, where it is a partner's list."""
    amount_cents: int
    half_days: int
    premises: str


def _brought(*named: object) -> tuple[object, ...]:
    return (*named, *(getattr(Contribution, name) for name in ("amount_cents", "half_days", "premises")))


async def contributions_to(session: AsyncSession, action_id: int) -> list[Brings]:
    """What partners bring to it, in French order."""
    rows = await session.execute(
        select(*_brought(col(Partner.name)))  # type: ignore[call-overload]
        .join(Contribution, linked(Contribution.partner_id, Partner.id))
        .where(col(Contribution.action_id) == action_id)
        .order_by(col(Partner.sort_key), col(Partner.id))
    )
    return [Brings(*row) for row in rows]


async def actions_of_partner(session: AsyncSession, partner_id: int) -> list[tuple[str, Brings]]:
    """The latest that it brings something to: their references, and what."""
    rows: Any = await session.execute(
        select(col(Action.reference), *_brought(col(Action.title)))
        .join(Contribution, linked(Contribution.action_id, Action.id))
        .where(col(Contribution.partner_id) == partner_id)
        .order_by(col(Action.id).desc())
        .limit(OFFERED)
    )
    return [(row[0], Brings(*row[1:])) for row in rows]


@dataclass(frozen=True)
class PartnerShown:
    id: int
    name: str
    kind: str
    contact: str
    website: str
    actions: int
    """How many it brings something to."""
    amount_cents: int
    half_days: int
    premises: str
    """Premises, material or knowledge, for all actions."""


async def partners_listed(session: AsyncSession, wanted: Slice, *, search: str = "") -> Listed[PartnerShown]:
    """In French order, those whose name has every word searched, with what they bring to all actions together."""
    brought = (
        select(
            func.count().label("actions"),
            func.coalesce(func.sum(col(Contribution.amount_cents)), 0).label("cents"),
            func.coalesce(func.sum(col(Contribution.half_days)), 0).label("half_days"),
            func.coalesce(
                func.string_agg(col(Contribution.premises), ", ").filter(col(Contribution.premises) != ""), ""
            ).label("premises"),
        )
        .where(linked(Contribution.partner_id, Partner.id))
        .lateral("brought")
    )
    columns = (getattr(Partner, name) for name in ("id", "name", "kind", "contact", "website"))
    statement = (
        select(*columns, brought.c.actions, brought.c.cents, brought.c.half_days, brought.c.premises)
        .select_from(Partner)
        .join(brought, true())
        .where(*(col(Partner.letters).contains(word, autoescape=True) for word in folded_words(search)))
    )
    return (await _BY_NAME.read(session, statement, wanted)).each(_partner)


def _partner(row: Sequence[Any]) -> PartnerShown:
    key, name, kind, contact, website, actions, cents, half_days, premises = row
    # Sums are numeric.
    return PartnerShown(key, name, kind, contact, website, actions, int(cents), int(half_days), premises)


@dataclass(frozen=True)
class PartnersCounted:
    """What partners bring, counted."""

    partners: int
    actions: int
    amount_cents: int
    half_days: int


async def partners_counted(session: AsyncSession, *which: ColumnElement[bool]) -> PartnersCounted:
    """Of all actions, or of those that these conditions on `Action` let through: an indicator's figures."""
    rows = await session.execute(
        select(
            func.count(col(Contribution.partner_id).distinct()),
            func.count(col(Contribution.action_id).distinct()),
            func.coalesce(func.sum(col(Contribution.amount_cents)), 0),
            func.coalesce(func.sum(col(Contribution.half_days)), 0),
        )
        .select_from(Contribution)
        .join(Action, linked(Action.id, Contribution.action_id))
        .where(*which)
    )
    return PartnersCounted(*map(int, rows.one()))


async def partner_names(session: AsyncSession) -> list[str]:
    """Those that a field offers."""
    rows = await session.execute(
        select(col(Partner.name)).order_by(col(Partner.sort_key), col(Partner.id)).limit(LEADS_OFFERED)
    )
    return list(rows.scalars())


async def board(session: AsyncSession) -> dict[ActionState, list[ActionShown]]:
    """The latest in each state, as many as a column shows: one statement."""
    place = func.row_number().over(partition_by=col(Action.state), order_by=col(Action.id).desc()).label("place")
    placed = select(col(Action.group_id), col(Action.id), place).subquery("placed")
    rows = await session.execute(
        select(*_shown())  # type: ignore[call-overload]
        .join(placed, linked(placed.c.id, Action.id))
        .outerjoin(Member, linked(Member.id, Action.lead_member_id))
        .where(placed.c.place <= COLUMN)
        .order_by(col(Action.id).desc())
    )
    found: dict[ActionState, list[ActionShown]] = {state: [] for state in ActionState}
    for row in rows:
        shown = ActionShown(*row)
        found[ActionState(shown.state)].append(shown)
    return found


async def actions_of_year(
    session: AsyncSession, year: int, wanted: Slice
) -> Listed[tuple[ActionShown, tuple[PhaseIn, ...]]]:
    """Those that something of falls in the year, by when they begin, each with its phases: two statements."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    statement = (
        select(*_shown())  # type: ignore[call-overload]
        .outerjoin(Member, linked(Member.id, Action.lead_member_id))
        .where(
            or_(col(Action.starts_on).is_not(None), col(Action.ends_on).is_not(None)),
            func.coalesce(col(Action.starts_on), first) <= last,
            func.coalesce(col(Action.ends_on), last) >= first,
            col(Action.state) != ActionState.SET_ASIDE,
        )
    )
    listed = (await _BY_START.read(session, statement, wanted)).each(lambda row: ActionShown(*row))
    rows = await session.execute(
        select(col(ActionPhase.action_id), col(ActionPhase.label), col(ActionPhase.begins_on), col(ActionPhase.ends_on))
        .where(any_of(col(ActionPhase.action_id), [one.id for one in listed.items]))
        .order_by(col(ActionPhase.begins_on), col(ActionPhase.id))
    )
    phases: dict[int, list[PhaseIn]] = {}
    for action_id, label, begins, ends in rows:
        phases.setdefault(action_id, []).append(PhaseIn(label=label, begins_on=begins, ends_on=ends))
    return listed.each(lambda one: (one, tuple(phases.get(one.id, ()))))


async def lead_of(session: AsyncSession, action: Action) -> Member | None:
    """The member that looks after it."""
    if action.lead_member_id is None:
        return None
    return await session.get(Member, (action.group_id, action.lead_member_id))


async def member_named(session: AsyncSession, code: str) -> int | None:
    """The id of the member of this code, unless it has left."""
    statement = select(col(Member.id)).where(col(Member.code) == code, col(Member.retired_on).is_(None))
    return (await session.execute(statement)).scalar_one_or_none()


async def leads_offered(session: AsyncSession) -> list[tuple[str, str]]:
    """Members to choose from, by name; of a group that has more than a list holds, none: one types its code."""
    statement = (
        select(col(Member.code), col(Member.name))
        .where(col(Member.retired_on).is_(None))
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(LEADS_OFFERED + 1)
    )
    found = [(code, name) for code, name in await session.execute(statement)]
    return found if len(found) <= LEADS_OFFERED else []
