"""Asking for access, for oneself or for a colleague, and what the facilitator decides.

A request without a role is somebody's for themselves; a référent asks for a colleague of its member, with the role.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import group_of
from pooling.kernel.errors import Forbidden, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.mail_addresses import kept_address
from pooling.members.mails import ASKED, Asked, Sender, request_mail
from pooling.members.models import AccessRequest, Member, Membership, RequestState, Role
from pooling.members.rights import Caller, Right
from pooling.members.words import OF_MEMBER
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.reminders.kinds import Context

SHOWN_AT_MOST = 100
REQUESTS = Allowance("access", "Requests for access, for oneself or a colleague", "a person", 10, DAY, __name__)
occasion(
    ASKED,
    asked_by="whoever is signed in, for themselves; a référent, for a colleague",
    to="each facilitator of the group",
    limit=f"{REQUESTS}; nothing while the same one waits",
    where=__name__,
)


@dataclass(frozen=True)
class RequestIn:
    """Who is to come in. With a role, it is a référent who asks, for its own member."""

    email: str
    name: str
    message: str
    function: str = ""
    role: Role | None = None
    member_id: int | None = None


@dataclass(frozen=True)
class RequestShown:
    id: int
    email: str
    name: str
    function: str
    role: str | None
    member_id: int | None
    member: str | None
    message: str
    created_at: datetime
    asker: str | None
    """Who asks for somebody else; None for oneself."""


async def keep_request(
    session: AsyncSession, person_id: int, command: RequestIn, asker: Sender, context: Context
) -> None:
    """Keeps a request, and tells the facilitators. Asking again while one waits changes nothing."""
    added = await session.execute(
        insert(AccessRequest)
        .values(
            group_id=group_of(session),
            email=kept_address(command.email),
            name=command.name,
            function=command.function,
            role=command.role,
            member_id=command.member_id,
            message=command.message,
            asked_by=person_id,
            state=RequestState.PENDING,
            created_at=context.now,
        )
        .on_conflict_do_nothing(index_elements=["group_id", "email"], index_where=text("state = 'pending'"))
        .returning(col(AccessRequest.id))
    )
    request_id = added.scalar_one_or_none()
    if request_id is None:
        return
    record_event(
        session,
        at=context.now,
        person_id=person_id,
        subject=("access_request", request_id),
        name="access.asked",
        change=(None, RequestState.PENDING),
        details={"role": command.role, "member_id": command.member_id},
    )
    asked = Asked(command.name, command.email, command.message)
    mails = [request_mail(email, person, asked, asker, context) for person, email in await _facilitators(session)]
    await queue_mails(session, mails, context.now)


async def _facilitators(session: AsyncSession) -> Sequence[tuple[int, str]]:
    rows = await session.execute(
        select(col(Person.id), col(Person.email))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(col(Membership.role) == Role.FACILITATOR, col(Membership.ended_at).is_(None))
        .order_by(col(Person.id))
    )
    return [(person_id, email) for person_id, email in rows]


async def ask_for_colleague(
    session: AsyncSession, caller: Caller, command: RequestIn, asker: Sender, context: Context
) -> None:
    """A référent asks for somebody of its member.

    Raises:
        Forbidden: the caller is not a référent of this member.
        Invalid: the role is not one of a member.
        TooMany: the caller asked for too many today.
    """
    if command.member_id is None:
        raise Forbidden
    caller.require(Right.ASK_FOR_COLLEAGUE, member_id=command.member_id)
    if command.role not in OF_MEMBER:
        raise Invalid({"role": "Choisissez une des réponses proposées."})
    await REQUESTS.count_here(session, caller.person_id, at=context.now)
    await keep_request(session, caller.person_id, command, asker, context)


async def pending_requests(session: AsyncSession) -> list[RequestShown]:
    """The requests that wait for an answer, the oldest first."""
    rows = await session.execute(
        select(
            col(AccessRequest.id),
            col(AccessRequest.email),
            col(AccessRequest.name),
            col(AccessRequest.function),
            col(AccessRequest.role),
            col(AccessRequest.member_id),
            col(Member.name),
            col(AccessRequest.message),
            col(AccessRequest.created_at),
            col(Person.name),
        )
        .outerjoin(Member, linked(Member.id, AccessRequest.member_id))
        .outerjoin(
            Person, and_(col(Person.id) == col(AccessRequest.asked_by), col(Person.email) != col(AccessRequest.email))
        )
        .where(col(AccessRequest.state) == RequestState.PENDING)
        .order_by(col(AccessRequest.id))
        .limit(SHOWN_AT_MOST)
    )
    return [RequestShown(*tuple(row)) for row in rows]


async def forget_requests(session: AsyncSession, before: datetime) -> None:
    """Those that were decided, or never were, before this moment."""
    await session.execute(
        delete(AccessRequest).where(
            func.coalesce(col(AccessRequest.decided_at), col(AccessRequest.created_at)) < before
        )
    )
