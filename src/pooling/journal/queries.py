"""Reads of the journal: a page of events for those who may read them, with what their ids are called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.queries import causes_of
from pooling.journal.vocabulary import Vocabulary
from pooling.journal.words import EventShown, event_shown
from pooling.kernel.events import Event
from pooling.kernel.limits import limit
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, folded_column
from pooling.kernel.text import folded_words
from pooling.members.events import Names
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase

LATEST_FIRST = Order(col(Event.at), col(Event.id), latest_first=True)
"""By when it happened: what is noted down afterwards stands at its own time."""
EXPORTED_AT_MOST = limit(50_000, "Lines of an exported journal", __name__)
CHOSEN_AMONG = 100


@dataclass(frozen=True)
class Filters:
    """What is looked for. Instants: from `since` on, before `until`."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    person: str = ""
    """Words of the name or address of who did it, or of the person it is about."""
    purchase_id: int | None = None


async def journal_page(
    session: AsyncSession,
    caller: Caller,
    filters: Filters,
    words: Vocabulary,
    zone: tzinfo,
    wanted: Slice,
) -> Listed[EventShown]:
    """The latest events first: all for the facilitator, those of its purchases for a lead buyer. As many statements
    as there are kinds of names, whatever the number of events.
    """
    found = (await LATEST_FIRST.read(session, readable_events(caller, filters), wanted)).each(lambda row: row[0])
    names, causes = await _names(session, words, found.items), await causes_of(session, found.items)
    return found.each(lambda event: event_shown(event, words, names, causes, zone))


def readable_events(caller: Caller, filters: Filters) -> Select[Event]:
    """Those that the caller may read: the rule that the pages, the file and programs share."""
    statement = select(Event).where(*_wanted(filters))
    if not caller.may(Right.SEE_JOURNAL):
        statement = statement.where(_of_purchases(caller.purchases_led()))
    return statement


def _wanted(filters: Filters) -> Iterable[ColumnElement[bool]]:
    if filters.since is not None:
        yield col(Event.at) >= filters.since
    if filters.until is not None:
        yield col(Event.at) < filters.until
    if filters.kind:
        yield col(Event.subject_kind) == filters.kind
    if filters.person:
        spelled = folded_column(col(Person.name) + " " + col(Person.email))
        people = select(col(Person.id)).where(*(spelled.contains(word) for word in folded_words(filters.person)))
        about = and_(col(Event.subject_kind) == "person", col(Event.subject_id).in_(people))
        yield or_(col(Event.person_id).in_(people), about)
    if filters.purchase_id is not None:
        yield _of_purchases([filters.purchase_id])


def _of_purchases(ids: Sequence[int]) -> ColumnElement[bool]:
    """What happened to these purchases, or names one: declarations, buyers."""
    return or_(
        and_(col(Event.subject_kind) == "purchase", any_of(col(Event.subject_id), ids)),
        any_of(cast(col(Event.details)["purchase_id"].astext, BigInteger), ids),
    )


async def _names(session: AsyncSession, words: Vocabulary, events: Sequence[Event]) -> Names:
    """One statement for each kind of subject that has names."""
    called = {}
    for kind, subject in words.subjects.items():
        if subject.named is None:
            continue
        ids = {event.subject_id for event in events if event.subject_kind == kind}
        ids |= {found for event in events for key in subject.keys if isinstance(found := event.details.get(key), int)}
        if kind == "person":
            ids |= {event.person_id for event in events if event.person_id is not None}
        called[kind] = await subject.named(session, ids)
    return Names(called)


async def purchases_to_choose(session: AsyncSession, caller: Caller) -> list[tuple[str, str]]:
    """The latest purchases whose events the caller may read: (reference, what it is called)."""
    statement = (
        select(col(Purchase.reference), col(Purchase.title)).order_by(col(Purchase.id).desc()).limit(CHOSEN_AMONG)
    )
    if not caller.may(Right.SEE_JOURNAL):
        statement = statement.where(any_of(col(Purchase.id), caller.purchases_led()))
    return [(reference, f"{reference} · {title}") for reference, title in await session.execute(statement)]
