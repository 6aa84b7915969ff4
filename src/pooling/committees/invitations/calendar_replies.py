"""What calendar programs answer to invitations by mail (iMIP, RFC 6047): an answer like another. Mails may say anything
of who sent them: one is believed because it names what only that person's invitation held
(`committees/notices/uids.py`).
"""

from sqlalchemy import select
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.invitations.answering import answer_by_calendar
from pooling.committees.models import Committee, Invitation
from pooling.committees.notices.uids import Invited
from pooling.committees.queries import holds_a_role
from pooling.kernel.clock import Clock
from pooling.kernel.database import Database
from pooling.kernel.tables import linked
from pooling.members.rights import Caller
from pooling.outbox.returned import CalendarReply


async def note_reply(database: Database, reply: CalendarReply, clock: Clock) -> bool:
    """Whether the answer was kept."""
    named = Invited.read(reply.uid)
    if named is None:
        return False
    async with database.transaction(named.group_id) as session:
        found = await session.execute(
            select(Committee, col(Person.mail_key))
            .join(Invitation, linked(Invitation.committee_id, Committee.id))
            .join(Person, col(Person.id) == col(Invitation.person_id))
            .where(
                col(Committee.id) == named.committee_id,
                col(Person.id) == named.person_id,
                holds_a_role(col(Person.id)),
            )
        )
        row = found.one_or_none()
        if row is None or not named.proves(Invited.of(row[0], named.person_id, row[1])):
            return False
        caller = Caller(named.person_id, named.group_id, roles=())
        return await answer_by_calendar(session, caller, named.committee_id, reply, clock)
