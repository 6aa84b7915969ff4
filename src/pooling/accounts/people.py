"""People by their address: one person whatever the number of groups."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.errors import Invalid
from pooling.mail_addresses import WrongAddressError, read_address


async def ensure_people(session: AsyncSession, people: Sequence[tuple[str, str, str]], now: datetime) -> dict[str, int]:
    """Finds or adds people given as (e-mail, name, function); returns their ids by e-mail, as it is kept.

    Somebody already known keeps the name it has: a group never renames another group's person.

    Raises:
        Invalid: no mail could reach an address.
    """
    try:
        emails = [read_address(email) for email, _, _ in people]
    except WrongAddressError as wrong:
        raise Invalid({"email": str(wrong)}) from wrong
    rows = await session.execute(
        text("SELECT person_email, person_id FROM ensure_people(:emails, :names, :functions, :now)"),
        {
            "emails": emails,
            "names": [name for _, name, _ in people],
            "functions": [function for _, _, function in people],
            "now": now,
        },
    )
    return {email: person_id for email, person_id in rows}


async def note_sign_in(session: AsyncSession, person_id: int, now: datetime) -> None:
    """From the first time on, somebody is known to read this address."""
    first = update(Person).where(col(Person.id) == person_id, col(Person.signed_in_at).is_(None))
    await session.execute(first.values(signed_in_at=now).execution_options(synchronize_session=False))


async def move_address(session: AsyncSession, person_id: int, former: str, present: str, now: datetime) -> bool:
    """Puts another address in the place of a former one; what waits to be mailed goes there, and codes on their way to
    the former one are dead. False where the former one is no longer theirs, or the other one is somebody's.
    """
    moved = await session.execute(
        text("SELECT move_address(:person, :former, :present, :now)"),
        {"person": person_id, "former": former, "present": present, "now": now},
    )
    return bool(moved.scalar_one())
