"""Correcting how a person is called and reached."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import enter_group, group_of
from pooling.kernel.events import record_event
from pooling.kernel.text import Line
from pooling.members.people_queries import find_person
from pooling.members.rights import Caller, Right


@dataclass(frozen=True)
class PersonIn:
    """What a facilitator may correct without asking anybody; the address is another matter (`readdressing.py`)."""

    name: Line
    function: Line
    phone: Line


async def correct_person(
    session: AsyncSession, caller: Caller, person_id: int, command: PersonIn, now: datetime
) -> None:
    """Corrects how somebody of the group is called and reached. The event says which fields, never their content:
    a purge must be able to blank it.

    Raises:
        Forbidden: the caller does not manage the group's members.
        NotFound: the person is not in the group.
    """
    caller.require(Right.MANAGE_MEMBERS)
    person = await find_person(session, person_id)
    values = {"name": command.name, "function": command.function, "phone": command.phone}
    changed = sorted(field for field, value in values.items() if getattr(person, field) != value)
    if not changed:
        return
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("person", person_id),
        name="person.corrected",
        details={"fields": changed},
    )
    await session.flush()
    group_id = group_of(session)
    await enter_group(session, None)  # people belong to no group: a group's transaction may only read them
    await session.execute(
        update(Person).where(col(Person.id) == person_id).values(**values).execution_options(synchronize_session=False)
    )
    await enter_group(session, group_id)
