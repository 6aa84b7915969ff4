"""Reads of the journal: a page of events for those who may read them, with what their ids are called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, and_, any_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.queries import causes_of
from pooling.committees.models import Committee
from pooling.journal.changes import Names
from pooling.journal.words import EventShown, show
from pooling.kernel.events import Event
from pooling.kernel.limits import limit
from pooling.kernel.text import folded_words
from pooling.members.models import AccessRequest, Member
from pooling.members.people_queries import folded
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Purchase

PAGE_SIZE = 50
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
    zone: tzinfo,
    *,
    before_id: int | None = None,
    size: int = PAGE_SIZE,
) -> tuple[list[EventShown], int | None]:
    """The latest events first, by key: all for the facilitator, those of its purchases for a lead buyer. And where
    the next page starts. Seven statements whatever the number of events.
    """
    statement = readable_events(caller, filters, before_id=before_id).limit(size + 1)
    found = list((await session.execute(statement)).scalars())
    events = found[:size]
    names = await _names(session, events)
    return [show(event, names, zone) for event in events], events[-1].id if len(found) > size else None


def readable_events(caller: Caller, filters: Filters, *, before_id: int | None = None) -> Select[Event]:
    """Those that the caller may read, the latest first: the rule that the pages, the file and programs share."""
    statement = select(Event).where(*_wanted(filters)).order_by(col(Event.id).desc())
    if not caller.may(Right.SEE_JOURNAL):
        statement = statement.where(_of_purchases(caller.purchases_led()))
    if before_id is not None:
        statement = statement.where(col(Event.id) < before_id)
    return statement


def _wanted(filters: Filters) -> Iterable[ColumnElement[bool]]:
    if filters.since is not None:
        yield col(Event.at) >= filters.since
    if filters.until is not None:
        yield col(Event.at) < filters.until
    if filters.kind:
        yield col(Event.subject_kind) == filters.kind
    if filters.person:
        spelled = folded(col(Person.name) + " " + col(Person.email))
        people = select(col(Person.id)).where(*(spelled.contains(word) for word in folded_words(filters.person)))
        about = and_(col(Event.subject_kind) == "person", col(Event.subject_id).in_(people))
        yield or_(col(Event.person_id).in_(people), about)
    if filters.purchase_id is not None:
        yield _of_purchases([filters.purchase_id])


def _of_purchases(ids: Sequence[int]) -> ColumnElement[bool]:
    """What happened to these purchases, or names one: declarations, buyers."""
    return or_(
        and_(col(Event.subject_kind) == "purchase", col(Event.subject_id).in_(ids)),
        cast(col(Event.details)["purchase_id"].astext, BigInteger).in_(ids),
    )


async def _names(session: AsyncSession, events: Sequence[Event]) -> Names:
    people, members = _Ids(), _Ids()
    purchases, committees, requests = _Ids(), _Ids(), _Ids()
    by_kind = {
        "person": people,
        "member": members,
        "purchase": purchases,
        "committee": committees,
        "access_request": requests,
    }
    for event in events:
        people.add(event.person_id, event.details.get("person_id"))
        members.add(event.details.get("member_id"), event.details.get("former_member_id"))
        purchases.add(event.details.get("purchase_id"))
        committees.add(event.details.get("committee_id"))
        by_kind.get(event.subject_kind, _Ids()).add(event.subject_id)
    titles = await _called(session, Purchase.id, purchases, Purchase.reference, Purchase.title)
    return Names(
        people=await _called(session, Person.id, people, Person.name),
        members=await _called(session, Member.id, members, Member.name),
        purchases=titles,
        committees=await _called(session, Committee.id, committees, Committee.title),
        requests=await _called(session, AccessRequest.id, requests, AccessRequest.name),
        decisions=await causes_of(session, events),
    )


class _Ids(set[int]):
    def add(self, *ids: Any) -> None:  # noqa: ANN401 - details hold what they hold
        self.update(one for one in ids if isinstance(one, int))


async def _called(session: AsyncSession, key: Any, ids: Iterable[int], *names: Any) -> dict[int, str]:  # noqa: ANN401
    """Rows' names by id. One array, since a statement takes no more than 32 767 parameters."""
    wanted = any_(cast(sorted(ids), ARRAY(BigInteger)))
    rows = await session.execute(select(col(key), *(col(name) for name in names)).where(col(key) == wanted))
    return {key: " ".join([*(f"{name}" for name in called[:-1]), _quoted(called)]) for key, *called in rows}


def _quoted(called: Sequence[str]) -> str:
    return f"« {called[-1]} »" if len(called) > 1 else called[-1]


async def purchases_to_choose(session: AsyncSession, caller: Caller) -> list[tuple[str, str]]:
    """The latest purchases whose events the caller may read: (reference, what it is called)."""
    statement = (
        select(col(Purchase.reference), col(Purchase.title)).order_by(col(Purchase.id).desc()).limit(CHOSEN_AMONG)
    )
    if not caller.may(Right.SEE_JOURNAL):
        statement = statement.where(col(Purchase.id).in_(caller.purchases_led()))
    return [(reference, f"{reference} · {title}") for reference, title in await session.execute(statement)]
