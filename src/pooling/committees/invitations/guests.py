"""Who came without being invited: of the group, or from outside. The quorum is of those invited alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.invitations.attendance import open_sheet
from pooling.committees.invitations.choosing import may_be_invited
from pooling.committees.locking import record_change
from pooling.committees.models import Guest, Invitation
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.tables import may_be_id
from pooling.members.rights import Caller

MOST_GUESTS = 100
LONGEST_GUEST = 100


@dataclass(frozen=True)
class GuestShown:
    """A guest as lists and minutes name it."""

    id: int
    name: str
    function: str | None
    """Of somebody of the group; None: from outside."""


async def guests_of(session: AsyncSession, committee_id: int) -> list[GuestShown]:
    """All of them, in the order in which they were noted."""
    invited_after_all = exists().where(
        col(Invitation.committee_id) == committee_id, col(Invitation.person_id) == col(Guest.person_id)
    )
    rows = await session.execute(
        select(col(Guest.id), func.coalesce(col(Person.name), col(Guest.name)), col(Person.function))
        .outerjoin(Person, col(Person.id) == col(Guest.person_id))
        .where(col(Guest.committee_id) == committee_id, ~invited_after_all)
        .order_by(col(Guest.id))
    )
    return [GuestShown(*row) for row in rows]


async def note_guest(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    clock: Clock,
    *,
    person_id: int | None = None,
    name: str = "",
) -> None:
    """Adds to the sheet somebody of the group who came without being invited, or somebody from outside by a name.

    Raises:
        NotFound, Forbidden: as `open_sheet`.
        Conflict: the sheet is not open, or names as many guests as it can.
        Invalid: that person is invited, or not of the group.
    """
    committee, now = await open_sheet(session, caller, committee_id, clock)
    guests = await session.execute(select(col(Guest.person_id)).where(col(Guest.committee_id) == committee_id))
    noted = list(guests.scalars())
    if len(noted) >= MOST_GUESTS:
        raise Conflict(f"La feuille nomme déjà {MOST_GUESTS} personnes venues sans être invitées.", code="too_many")
    if person_id is not None and person_id in noted:
        return
    if person_id is not None and not await may_be_invited(session, committee_id, person_id):
        raise Invalid({"person": "Choisissez une personne du groupe qui n’est pas invitée."})
    session.add(
        Guest(group_id=committee.group_id, committee_id=committee_id, person_id=person_id, name=name, noted_at=now)
    )
    # The trail stays when people are forgotten: it does not say who came from outside.
    record_change(session, caller, committee, "guest_noted", now, details={"person_id": person_id} if person_id else {})


async def remove_guest(session: AsyncSession, caller: Caller, committee_id: int, guest_id: int, clock: Clock) -> None:
    """Takes somebody noted by mistake off the sheet; nothing happens when it is not on it.

    Raises: as `open_sheet`.
    """
    committee, now = await open_sheet(session, caller, committee_id, clock)
    if not may_be_id(guest_id):
        return
    removed = await session.execute(
        delete(Guest).where(col(Guest.committee_id) == committee_id, col(Guest.id) == guest_id).returning(col(Guest.id))
    )
    if removed.scalar_one_or_none() is not None:
        record_change(session, caller, committee, "guest_removed", now)


async def empty_sheet(session: AsyncSession, committee_id: int) -> None:
    """Forgets who was there: the committee meets on another date."""
    for statement in (
        delete(Guest).where(col(Guest.committee_id) == committee_id),
        update(Invitation)
        .where(col(Invitation.committee_id) == committee_id, col(Invitation.present).is_not(None))
        .values(present=None),
    ):
        await session.execute(statement, execution_options={"synchronize_session": False})


async def forget_guests(session: AsyncSession, before: datetime) -> None:
    """Names of people from outside, as old as people who are purged. Published minutes stay as they were signed."""
    await session.execute(delete(Guest).where(col(Guest.person_id).is_(None), col(Guest.noted_at) < before))
