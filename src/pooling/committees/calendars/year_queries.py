"""What a group's calendar holds: its committees, deadlines of its purchases, rounds and actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.actions.rules import ENDING
from pooling.collections.models import Collection, CollectionState
from pooling.committees.calendars.year import Happening
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.tables import linked
from pooling.members.models import Group
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Purchase, PurchaseState
from pooling.rounds.models import Round
from pooling.rounds.page import ROUNDS

MOST_DATES = 400
"""Of each sort in a year: more than one a day is no calendar any more."""
WITH_DEADLINES = (PurchaseState.OPEN, PurchaseState.CLOSED, PurchaseState.ORDERED, PurchaseState.DELIVERED)


@dataclass(frozen=True)
class Cadence:
    """How the group wants to meet."""

    every_months: int
    school_zone: str


async def cadence_of(session: AsyncSession) -> Cadence:
    row = (await session.execute(select(col(Group.committee_every_months), col(Group.school_zone)))).one()
    return Cadence(*row)


async def committee_days(session: AsyncSession, first: date, last: date) -> list[date]:
    """The local days of the committees that are not cancelled."""
    rows = await session.execute(
        select(col(Committee.local_start)).where(
            col(Committee.state) != CommitteeState.CANCELLED,
            col(Committee.local_start).between(datetime.combine(first, time()), datetime.combine(last, time.max)),
        )
    )
    return [moment.date() for moment in rows.scalars()]


async def dates_of_year(session: AsyncSession, year: int, zone: ZoneInfo) -> Sequence[Happening]:
    """Committees that are not cancelled, closing dates of declarations and votes, deliveries, ends of actions."""
    starts = (datetime.combine(date(year + more, 1, 1), time(), zone).astimezone(UTC) for more in (0, 1))
    first, last = starts
    committees = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.starts_at))
        .where(
            col(Committee.state) != CommitteeState.CANCELLED,
            col(Committee.starts_at) >= first,
            col(Committee.starts_at) < last,
        )
        .order_by(col(Committee.starts_at))
        .limit(MOST_DATES)
    )
    found = [
        Happening(starts_at.astimezone(zone).date(), title, f"/comites/{key}", committee=True)
        for key, title, starts_at in committees
    ]
    purchases = await session.execute(
        select(
            *(col(Purchase.reference), col(Purchase.title), col(Purchase.kind)),
            *(col(Collection.closes_at), col(Purchase.delivery_expected_on)),
        )
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(
            col(Purchase.state).in_([str(state) for state in WITH_DEADLINES]),
            or_(
                col(Collection.closes_at).between(first, last),
                col(Purchase.delivery_expected_on).between(date(year, 1, 1), date(year, 12, 31)),
            ),
        )
        .order_by(col(Purchase.id).desc())
        .limit(MOST_DATES)
    )
    for reference, title, kind_name, closes_at, delivery in purchases:
        kind = kind_of(kind_name)
        if kind.asking is not None and closes_at is not None:
            day, said = closes_at.astimezone(zone).date(), f"Clôture des {kind.asking.answer}s : {title}"
            found.append(Happening(day, said, f"/achats/{reference}", committee=False))
        if delivery is not None:
            found.append(Happening(delivery, f"{kind.due} prévue : {title}", f"/achats/{reference}", committee=False))
    rounds = await session.execute(
        select(col(Round.reference), col(Round.title), col(Collection.closes_at))
        .join(Collection, linked(Collection.round_id, Round.id))
        .where(
            col(Collection.state) != CollectionState.CANCELLED,
            col(Collection.closes_at) >= first,
            col(Collection.closes_at) < last,
        )
        .order_by(col(Round.id).desc())
        .limit(MOST_DATES)
    )
    found += [
        Happening(
            closes_at.astimezone(zone).date(), f"Clôture du vote : {title}", f"{ROUNDS}/{reference}", committee=False
        )
        for reference, title, closes_at in rounds
    ]
    actions = await session.execute(
        select(col(Action.reference), col(Action.title), col(Action.ends_on))
        .where(col(Action.state).in_(ENDING), col(Action.ends_on).between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(col(Action.ends_on), col(Action.id))
        .limit(MOST_DATES)
    )
    found += [
        Happening(day, f"Fin de l’action : {title}", f"/actions/{reference}", committee=False)
        for reference, title, day in actions
        if day is not None
    ]
    return found
