"""« Relancer »: the next planned reminder of an open collection leaves now, for those who have not filed, or for one
of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.throttle import DAY, Allowance
from pooling.collections.finding import lock_collection
from pooling.collections.models import Collection
from pooling.collections.reminding import AlreadyReminded, allow_reminding, reminders_of, send_next
from pooling.collections.rules import accepts
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, Membership, Role
from pooling.members.rights import Caller
from pooling.needs.permissions import may_gather
from pooling.needs.reminder_queries import has_filed, referent_of_participant
from pooling.needs.reminders import DEADLINE
from pooling.outbox.occasions import occasion
from pooling.purchases.models import Participation, Purchase
from pooling.reminders.kinds import Context, Kind
from pooling.reminders.models import Reminder

RELAUNCHES = Allowance(
    "needs-relaunches", "Reminding at once those who have not declared", "a purchase", 1, DAY, __name__
)
RELAUNCHES_OF_MEMBER = Allowance(
    "needs-relaunches-member", "Reminding at once one member that has not declared", "a member of a purchase", 1, DAY,
    __name__,
)  # fmt: skip
occasion(
    "member reminded now",
    asked_by="a lead buyer or a facilitator: « Relancer », beside a member",
    to="the référents of the member, if it has filed nothing",
    limit=f"{RELAUNCHES_OF_MEMBER}, nor within a day of reminding all; each reminder leaves once, now or at its date",
    where=__name__,
)
occasion(
    "collection reminded now",
    asked_by="a lead buyer or a facilitator: « Relancer les membres sans réponse »",
    to="the référents of the members that have filed nothing",
    limit=f"{RELAUNCHES}; each reminder leaves once, now or at its date",
    where=__name__,
)


async def remind_silent(
    session: AsyncSession, caller: Caller, purchase_id: int, kinds: Sequence[Kind], context: Context, clock: Clock
) -> tuple[int, int]:
    """Sends the next reminder of this collection without waiting for its date. Returns how many leave, and how many
    mails of them are written already (the next sweep writes the others).

    Raises:
        Forbidden: the caller neither facilitates the group nor runs this purchase.
        Conflict: the collection is not open, was reminded less than a day ago, or no reminder is left.
    """
    collection, now = await _lock_open(session, caller, purchase_id, clock)
    await allow_reminding(RELAUNCHES, session, purchase_id, now)
    count, written = await send_next(session, collection, kinds, DEADLINE, replace(context, now=now))
    if not count:
        raise Conflict(
            "Il n’y a plus de relance à envoyer : celles qui étaient prévues avant la clôture sont parties, ou tous "
            "ont déposé. À un membre sans réponse, téléphonez : vous pouvez répondre pour lui.",
            code="nothing_to_send",
        )
    _tell(session, caller, purchase_id, "reminded", now, {"reminders": count})
    return count, written


async def remind_member(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    member: Member,
    kinds: Sequence[Kind],
    context: Context,
    clock: Clock,
) -> tuple[int, int]:
    """The same for the référents of one member that takes part. Returns as `remind_silent`.

    Raises:
        Forbidden: the caller neither facilitates the group nor runs this purchase.
        Conflict: the collection is not open, the member has filed or has no référent, its référents were reminded less
            than a day ago, or no reminder is left for them.
    """
    collection, now = await _lock_open(session, caller, purchase_id, clock)
    its = (col(Participation.purchase_id) == purchase_id, col(Participation.member_id) == member.id)
    if await session.scalar(select(has_filed()).select_from(Participation).where(*its)):
        raise Conflict(f"{member.name} a répondu : il n’y a plus à relancer.", code="already_filed")
    found = await session.execute(
        select(col(Membership.person_id))
        .select_from(Participation)
        .join(Membership, referent_of_participant())
        .where(*its)
    )
    people = sorted(set(found.scalars()))
    if not people:
        raise Conflict(f"{member.name} n’a pas de référent à qui écrire : nommez-en un.", code="nobody_to_remind")
    await allow_reminding(RELAUNCHES_OF_MEMBER, session, f"{purchase_id}:{member.id}", now)
    if await _hastened(session, collection, people, now - DAY):
        raise AlreadyReminded
    count, written = await send_next(session, collection, kinds, DEADLINE, replace(context, now=now), people)
    if not count:
        raise Conflict(
            f"Il n’y a plus de relance à envoyer aux référents de {member.name} : celles qui étaient prévues sont "
            "parties. Téléphonez : vous pouvez déposer sa déclaration pour lui.",
            code="nothing_to_send",
        )
    _tell(session, caller, purchase_id, "member_reminded", now, {"member_id": member.id, "reminders": count})
    return count, written


async def reminded_at(
    session: AsyncSession, collection: Collection, members: Sequence[int]
) -> dict[int, datetime | None]:
    """When somebody last had each of these members reminded, if ever; those without a référent are left out."""
    rows = await session.execute(
        select(col(Membership.member_id), func.max(col(Reminder.hastened_at)))
        .outerjoin(
            Reminder,
            and_(*reminders_of(collection, DEADLINE), linked(Reminder.person_id, Membership.person_id)),
        )
        .where(
            any_of(col(Membership.member_id), members),
            col(Membership.role) == Role.REFERENT,
            col(Membership.ended_at).is_(None),
        )
        .group_by(col(Membership.member_id))
    )
    return {member_id: at for member_id, at in rows if member_id is not None}


async def _lock_open(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock
) -> tuple[Collection, datetime]:
    """The collection, which stays open meanwhile, for whoever gathers; and the time once its lock is won."""
    may_gather.require(caller, await session.get_one(Purchase, (caller.group_id, purchase_id)))
    collection = await lock_collection(session, ("purchase", purchase_id), alone=False)
    now = await clock.at_database(session)
    if collection is None or not accepts(collection, now):
        raise Conflict("La collecte n’est pas ouverte : il n’y a personne à relancer.", code="collection_closed")
    return collection, now


async def _hastened(session: AsyncSession, collection: Collection, people: Sequence[int], since: datetime) -> bool:
    """Whether one of these people was written to since then because somebody asked for it."""
    hastened = exists().where(*reminders_of(collection, DEADLINE, people), col(Reminder.hastened_at) > since)
    return bool(await session.scalar(select(hastened)))


def _tell(
    session: AsyncSession, caller: Caller, purchase_id: int, what: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=f"collection.{what}",
        details={"purchase_id": purchase_id, **details},
    )
