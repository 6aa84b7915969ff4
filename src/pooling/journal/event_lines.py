"""The journal for programs: the same events as on its page, as they were written."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.journal.queries import LATEST_FIRST, Filters, readable_events
from pooling.kernel.events import Event
from pooling.kernel.slices import Listed, Slice
from pooling.members.rights import Caller


@dataclass(frozen=True)
class EventLine:
    """Something that happened, and the name of who did it as it is known now."""

    event: Event
    person: str | None


async def event_lines(
    session: AsyncSession, caller: Caller, filters: Filters, wanted: Slice, *, name: str
) -> Listed[EventLine]:
    """The latest events first, of this name when given."""
    statement = (
        readable_events(caller, filters)
        .outerjoin(Person, col(Person.id) == col(Event.person_id))
        .add_columns(col(Person.name))
    )
    if name:
        statement = statement.where(col(Event.name) == name)
    return (await LATEST_FIRST.read(session, statement, wanted)).each(lambda row: EventLine(*row))
