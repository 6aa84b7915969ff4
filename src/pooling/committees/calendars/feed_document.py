"""What a subscribed calendar holds: the person's committees, the deadlines of the group's purchases, rounds and
actions (RFC 5545).

The text is the same as long as nothing changes, so that a calendar application that asks again is told just that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.actions.models import Action
from pooling.actions.rules import ENDING
from pooling.collections.models import Collection, CollectionState
from pooling.collections.rules import is_open
from pooling.committees.calendars.feeds import Feed
from pooling.committees.models import Answer, Committee, CommitteeState, Invitation
from pooling.committees.notices.icalendar_text import described, event_of, organized
from pooling.committees.notices.icalendar_zone import timezone
from pooling.committees.notices.uids import Invited
from pooling.committees.queries import agendas_of
from pooling.kernel.database import mail_from_of
from pooling.kernel.tables import linked
from pooling.outbox.envelope import host_of
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Purchase, PurchaseState
from pooling.reminders.kinds import Context
from pooling.rounds.models import Round
from pooling.rounds.page import ROUNDS

KEPT_PAST = timedelta(days=365)
KEPT_CANCELLED = timedelta(days=30)
"""A cancelled committee stays that long after its date, said to be cancelled: an application that looks in rarely
learns of it."""
MOST_EVENTS = 500
LAST_CALL = timedelta(minutes=30)
"""Before the end of a collection, which ends its event: one without a length is a line that nobody sees in a week."""
REFRESH = timedelta(hours=6)
"""How often an application is asked to look in."""
DELIVERABLE = (PurchaseState.OPEN, PurchaseState.CLOSED, PurchaseState.ORDERED)


async def feed_of(session: AsyncSession, person_id: int, context: Context) -> Feed:
    """The calendar of this person in the transaction's group: five reads whatever it holds."""
    committees = await _committees(session, person_id, context.now)
    agendas = await agendas_of(session, [committee.id for committee, *_ in committees])
    deadlines = [
        *await _of_purchases(session, context),
        *await _of_rounds(session),
        *await _of_actions(session, context),
    ]
    organizer = mail_from_of(session)
    years = [moment.year for committee, *_ in committees for moment in (committee.starts_at, committee.ends_at)]
    years += [deadline.day.year for deadline in deadlines]
    calendar = Calendar()
    calendar.add("PRODID", "-//pooling//calendar//FR")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("NAME", context.group_name)
    calendar.add("X-WR-CALNAME", context.group_name)
    if context.notice:
        calendar.add("X-WR-CALDESC", context.notice)
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT6H")
    if years:
        calendar.add_component(timezone(context.zone.key, min(years), max(years)))
    for committee, answer, key in committees:
        stamped = replace(context, now=committee.scheduled_at)
        cancelled = committee.state == CommitteeState.CANCELLED
        event = event_of(committee, agendas[committee.id], stamped, organizer, cancelled=cancelled)
        event.add("UID", Invited.of(committee, person_id, key).uid(context.base_url))
        event.add("TRANSP", "TRANSPARENT" if cancelled or answer in (Answer.NO, Answer.PROXY) else "OPAQUE")
        calendar.add_component(event)
    for deadline in deadlines:
        calendar.add_component(deadline.event(context, organizer))
    return Feed(calendar.to_ical().decode())


async def _committees(
    session: AsyncSession, person_id: int, now: datetime
) -> Sequence[tuple[Committee, str | None, str]]:
    """With what the person answered, and the secret of their mails."""
    cancelled = col(Committee.state) == CommitteeState.CANCELLED
    rows = await session.execute(
        select(Committee, col(Invitation.answer), col(Person.mail_key))
        .join(Invitation, linked(Invitation.committee_id, Committee.id))
        .join(Person, col(Person.id) == col(Invitation.person_id))
        .where(
            col(Invitation.person_id) == person_id,
            col(Committee.starts_at) > now - KEPT_PAST,
            or_(~cancelled, col(Committee.starts_at) > now - KEPT_CANCELLED),
        )
        .order_by(col(Committee.starts_at).desc(), col(Committee.id))
        .limit(MOST_EVENTS)
    )
    return [(committee, answer, key) for committee, answer, key in rows]


@dataclass(frozen=True)
class _Deadline:
    """A date of a purchase, a round or an action: an instant (a vote ends), or a whole day (a delivery)."""

    key: str
    """`closing-12-34`: the kind, the group, which one."""
    path: str
    """From the group's address on."""
    at: datetime | date
    label: str
    changed_at: datetime
    sequence: int = 0

    @property
    def day(self) -> date:
        return self.at.date() if isinstance(self.at, datetime) else self.at

    def event(self, context: Context, organizer: str) -> Event:
        event = Event()
        host = host_of(context.base_url).strip("[]")
        event.add("UID", f"{self.key}@{host}")
        event.add("SEQUENCE", self.sequence)
        event.add("DTSTAMP", self.changed_at.astimezone(UTC))
        if isinstance(self.at, datetime):
            event.add("DTSTART", (self.at - LAST_CALL).astimezone(context.zone))
            event.add("DTEND", self.at.astimezone(context.zone))
        else:
            event.add("DTSTART", self.at)
        event.add("SUMMARY", f"{self.label} – {context.group_name}")
        described(event, context)
        event.add("URL", context.url(self.path))
        event.add("STATUS", "CONFIRMED")
        event.add("TRANSP", "TRANSPARENT")  # a deadline takes nobody's time
        organized(event, context, organizer)
        return event


def _of_purchase(
    kind: str, purchase: Purchase, collection: Collection | None, at: datetime | date, label: str
) -> _Deadline:
    return _Deadline(
        f"{kind}-{purchase.group_id}-{purchase.id}",
        f"achats/{purchase.reference}",
        at,
        f"{label} : {purchase.title}",
        collection.scheduled_at if collection else purchase.created_at,
        collection.revision - 1 if collection else 0,
    )


async def _of_purchases(session: AsyncSession, context: Context) -> list[_Deadline]:
    """Closing dates of open collections, deliveries that are awaited."""
    since = context.now.date() - KEPT_PAST
    rows = await session.execute(
        select(Purchase, Collection)
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(
            or_(
                col(Collection.state) == CollectionState.OPEN,
                and_(
                    col(Purchase.state).in_([str(state) for state in DELIVERABLE]),
                    col(Purchase.delivery_expected_on) >= since,
                ),
            )
        )
        .order_by(col(Purchase.id).desc())
        .limit(MOST_EVENTS)
    )
    found = []
    for purchase, collection in rows:
        kind = kind_of(purchase.kind)
        if is_open(collection) and kind.asking is not None:
            label = f"Fin des {kind.asking.answer}s"
            found.append(_of_purchase("closing", purchase, collection, collection.closes_at, label))
        if purchase.delivery_expected_on is not None:
            delivery = purchase.delivery_expected_on
            found.append(_of_purchase("delivery", purchase, collection, delivery, f"{kind.due} prévue"))
    return found


async def _of_rounds(session: AsyncSession) -> list[_Deadline]:
    """When votes end that are open."""
    rows = await session.execute(
        select(Round, Collection)
        .join(Collection, linked(Collection.round_id, Round.id))
        .where(col(Collection.state) == CollectionState.OPEN)
        .order_by(col(Round.id).desc())
        .limit(MOST_EVENTS)
    )
    return [
        _Deadline(
            f"vote-{found.group_id}-{found.id}",
            f"{ROUNDS}/{found.reference}".removeprefix("/"),
            collection.closes_at,
            f"Fin du vote : {found.title}",
            collection.scheduled_at,
            collection.revision - 1,
        )
        for found, collection in rows
    ]


async def _of_actions(session: AsyncSession, context: Context) -> list[_Deadline]:
    """The days on which actions that the group means to do should be over."""
    rows = await session.execute(
        select(Action)
        .where(col(Action.state).in_(ENDING), col(Action.ends_on) >= context.now.date() - KEPT_PAST)
        .order_by(col(Action.id).desc())
        .limit(MOST_EVENTS)
    )
    return [
        _Deadline(
            f"action-{action.group_id}-{action.id}",
            f"actions/{action.reference}",
            action.ends_on,
            f"Fin de l’action : {action.title}",
            action.proposed_at,
        )
        for action in rows.scalars()
        if action.ends_on is not None
    ]
