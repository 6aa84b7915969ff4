"""A member's finance has dealt with a frozen allocation: said once, in the journal, by a button of its own.

Downloading says nothing: it is a GET, which changes nothing, and a file that was fetched is not yet an entry booked.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.allocation.models import AllocationRecord
from pooling.allocation.permissions import may_process
from pooling.kernel.errors import NotFound
from pooling.kernel.events import Event, record_event
from pooling.kernel.tables import any_of, whole
from pooling.members.models import Role
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Participation
from pooling.purchases.queries import takes_part

PROCESSED = "allocation.processed"


def is_processed(purchase_id: object, number: object, member_id: object) -> ColumnElement[bool]:
    """Whether a record was dealt with for a member: each a column or a value."""
    return exists().where(
        col(Event.subject_kind) == "purchase",
        col(Event.subject_id) == purchase_id,
        col(Event.name) == PROCESSED,
        whole(col(Event.details)["number"]) == number,
        whole(col(Event.details)["member_id"]) == member_id,
    )


async def members_to_process(session: AsyncSession, caller: Caller, purchase_id: int, number: int) -> Sequence[int]:
    """Those whose finance the caller is, that take part and have not dealt with this record."""
    rows = await session.execute(
        select(col(Participation.member_id))
        .where(_own(caller, purchase_id), ~is_processed(purchase_id, number, col(Participation.member_id)))
        .order_by(col(Participation.member_id))
    )
    return rows.scalars().all()


async def paying_for(session: AsyncSession, caller: Caller, purchase_id: int) -> Sequence[int]:
    """Those whose finance the caller is, that take part."""
    rows = await session.execute(select(col(Participation.member_id)).where(_own(caller, purchase_id)))
    return rows.scalars().all()


def _own(caller: Caller, purchase_id: int) -> ColumnElement[bool]:
    finance = any_of(col(Participation.member_id), caller.members_as(Role.FINANCE))
    return and_(col(Participation.purchase_id) == purchase_id, takes_part(), finance)


async def process_record(session: AsyncSession, caller: Caller, purchase_id: int, number: int, now: datetime) -> None:
    """Says so for every member of the caller's that takes part; once said, it stays.

    Raises:
        NotFound: the purchase has no record of this number.
        Forbidden: the caller is the finance of no member that takes part.
    """
    may_process.require(caller, await paying_for(session, caller, purchase_id))
    known = exists().where(col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.number) == number)
    if not await session.scalar(select(known)):
        raise NotFound
    await lock_purchase(session, purchase_id)  # two clicks at once say it once
    for member_id in await members_to_process(session, caller, purchase_id, number):
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name=PROCESSED,
            details={"number": number, "member_id": member_id},
        )


async def processed_by(
    session: AsyncSession, caller: Caller, purchase_id: int, number: int
) -> tuple[datetime, str] | None:
    """When, and by whom, the record was last dealt with for a member of the caller's."""
    found = await session.execute(
        select(col(Event.at), func.coalesce(col(Person.name), "une personne partie"))
        .outerjoin(Person, col(Person.id) == col(Event.person_id))
        .where(
            col(Event.subject_kind) == "purchase",
            col(Event.subject_id) == purchase_id,
            col(Event.name) == PROCESSED,
            whole(col(Event.details)["number"]) == number,
            any_of(whole(col(Event.details)["member_id"]), caller.members_as(Role.FINANCE)),
        )
        .order_by(col(Event.id).desc())
        .limit(1)
    )
    row = found.first()
    return (row[0], row[1]) if row else None
