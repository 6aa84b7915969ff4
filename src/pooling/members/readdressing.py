"""Correcting the address of somebody else.

Whoever reads that mailbox signs in as this person, in every group that they are in. So a facilitator corrects it alone
only while nobody ever signed in by the wrong one, and while no other group knows the person. Otherwise both addresses
are told what is proposed, and the person changes it themself (`accounts/own_address.py`): signed in, with a code mailed
to the new one.
"""

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.people import move_address
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.mail_addresses import is_address
from pooling.members.locking import lock_group
from pooling.members.mails import (
    ADDRESS_CORRECTED,
    ADDRESS_PROPOSED,
    Sender,
    corrected_mail,
    invitation_again_mail,
    proposal_mail,
)
from pooling.members.people_queries import PersonShown, find_person
from pooling.members.rights import Caller, Right
from pooling.outbox.models import Message, MessageState
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.reminders.kinds import Context

CORRECTIONS = Allowance("corrections", "Addresses corrected or proposed", "a facilitator", 50, DAY, __name__)
occasion(
    ADDRESS_CORRECTED,
    asked_by="a facilitator, who corrects the address of somebody who never signed in: the invitation again",
    to="the address typed, and the former one",
    limit=str(CORRECTIONS),
    where=__name__,
)
occasion(
    ADDRESS_PROPOSED,
    asked_by="a facilitator, who proposes another address to somebody",
    to="the address typed, and the present one",
    limit=str(CORRECTIONS),
    where=__name__,
)
SAME = "C’est déjà son adresse."
TAKEN = "Un autre compte a déjà cette adresse : donnez-lui ces rôles en l’invitant, puis retirez-les ici."


async def correct_address(
    session: AsyncSession, caller: Caller, person_id: int, email: str, sender: Sender, context: Context
) -> bool:
    """Puts another address (as it is kept) in the place of a wrong one, and sends the invitation again: True. Where the
    person has to agree, proposes it to them: False.

    Raises:
        Forbidden: the caller does not manage the group's members.
        NotFound: the person is not in the group.
        Invalid: the address is theirs already, or somebody else's.
        TooMany: the caller corrected too many today.
    """
    caller.require(Right.MANAGE_MEMBERS)
    await lock_group(session)
    person = await find_person(session, person_id)
    if email == person.email:
        raise Invalid({"email": SAME})
    await CORRECTIONS.count_here(session, caller.person_id, at=context.now)
    alone = await is_ours_alone(session, person_id, holding=True)
    if alone:
        await _move(session, person, email, sender, context)
    else:
        both = [address for address in (person.email, email) if is_address(address)]
        await queue_mails(session, [proposal_mail(to, person_id, email, sender, context) for to in both], context.now)
    record_event(
        session,
        at=context.now,
        person_id=caller.person_id,
        subject=("person", person_id),
        name="person.address_corrected" if alone else "person.address_proposed",
    )
    return alone


async def is_ours_alone(session: AsyncSession, person_id: int, *, holding: bool = False) -> bool:
    """Whether nobody ever signed in as this person, and no other group knows them. `holding`: signing in and entering
    another group wait until the transaction ends.
    """
    nobody_yet = select(col(Person.id)).where(
        col(Person.id) == person_id, col(Person.signed_in_at).is_(None), col(Person.administrator).is_(False)
    )
    if holding:
        await session.execute(nobody_yet.with_for_update())
    alone = await session.scalar(nobody_yet.where(~func.known_elsewhere(col(Person.id))))
    return alone is not None


async def _move(session: AsyncSession, person: PersonShown, email: str, sender: Sender, context: Context) -> None:
    if not await move_address(session, person.id, person.email, email, context.now):
        raise Invalid({"email": TAKEN})
    mails = [invitation_again_mail(email, person, sender, context)]
    if await _was_read(session, person):
        mails.append(corrected_mail(person.email, person.id, sender, context))
    await queue_mails(session, mails, context.now)


async def _was_read(session: AsyncSession, person: PersonShown) -> bool:
    """Whether a mail of the group arrived at the former address: to another, one more would only fail."""
    arrived = exists().where(
        col(Message.group_id) == group_of(session),
        col(Message.person_id) == person.id,
        col(Message.recipient) == person.email,
        col(Message.state) == MessageState.SENT,
    )
    return bool(await session.scalar(select(arrived)))
