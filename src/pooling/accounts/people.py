"""People by their address: one person whatever the number of groups."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

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
