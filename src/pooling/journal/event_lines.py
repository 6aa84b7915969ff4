"""The journal for programs: the same events as on its page, as they were written."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.journal.queries import Filters, readable_events
from pooling.kernel.events import Event
from pooling.members.rights import Caller


@dataclass(frozen=True)
class EventLine:
    """Something that happened, and the name of who did it as it is known now."""

    event: Event
    person: str | None


async def event_lines_after(
    session: AsyncSession, caller: Caller, filters: Filters, *, name: str, before_id: int | None, size: int
) -> tuple[list[EventLine], int | None]:
    """The latest events first, by key, of this name when given. And where the next page starts."""
    statement = (
        readable_events(caller, filters, before_id=before_id)
        .outerjoin(Person, col(Person.id) == col(Event.person_id))
        .add_columns(col(Person.name))
        .limit(size + 1)
    )
    if name:
        statement = statement.where(col(Event.name) == name)
    found = [EventLine(event, person) for event, person in await session.execute(statement)]
    return found[:size], found[size - 1].event.id if len(found) > size else None
