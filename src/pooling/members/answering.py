"""What a facilitator decides about a request for access: yes with a role, or no with a reason."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.tables import known_id
from pooling.members.inviting import InvitationIn, invite_people
from pooling.members.mails import GRANTED, REFUSED, Asked, Sender, acceptance_mail, refusal_mail
from pooling.members.models import ACCESS_REQUEST, AccessRequest, RequestState, Role
from pooling.members.rights import Caller, Right
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.reminders.kinds import Context

for answer in (GRANTED, REFUSED):
    occasion(answer, asked_by="a facilitator", to="who asked", limit="one for each request", where=__name__)


async def find_request(session: AsyncSession, request_id: int, *, holding: bool = False) -> AccessRequest:
    """A request, answered or not; `holding`, until the transaction ends.

    Raises:
        NotFound: the group has no such request.
    """
    statement = select(AccessRequest).where(col(AccessRequest.id) == known_id(request_id))
    if holding:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    asked: AccessRequest | None = (await session.execute(statement)).scalar_one_or_none()
    if asked is None:
        raise NotFound
    return asked


def require_pending(asked: AccessRequest) -> None:
    """Raises:
    Conflict: it was answered.
    """
    if asked.state != RequestState.PENDING:
        raise Conflict("Cette demande a déjà reçu une réponse.", code="already_answered")


async def _lock_request(session: AsyncSession, caller: Caller, request_id: int) -> AccessRequest:
    """A request that waits, for a facilitator who answers it: of two at once, the second finds it answered.

    Raises:
        Forbidden: the caller does not manage the group's members.
        NotFound: the group has no such request.
        Conflict: it was answered.
    """
    caller.require(Right.MANAGE_MEMBERS)
    asked = await find_request(session, request_id, holding=True)
    require_pending(asked)
    return asked


async def accept_request(
    session: AsyncSession,
    caller: Caller,
    request_id: int,
    role: Role,
    member_id: int | None,
    sender: Sender,
    context: Context,
) -> None:
    """Gives the role, invites the person, and tells the référent who asked.

    Raises:
        Invalid: the role is already held, or does not fit the member. Otherwise as `_lock_request`.
    """
    asked = await _lock_request(session, caller, request_id)
    invited = InvitationIn(asked.email, asked.name, role, asked.function, member_id)
    await invite_people(session, caller, [invited], sender, context)
    _decide(session, caller, asked, RequestState.GRANTED, context.now, details={"role": role, "member_id": member_id})
    asker = await asker_of(session, asked)
    if asker is not None:
        mail = acceptance_mail(asker.email, asker.id, _asked(asked), sender, context)
        await queue_mails(session, [mail], context.now)


async def refuse_request(
    session: AsyncSession, caller: Caller, request_id: int, reason: str, sender: Sender, context: Context
) -> None:
    """Says no, and why, to who asked.

    Raises:
        Invalid: no reason is given. Otherwise as `_lock_request`.
    """
    asked = await _lock_request(session, caller, request_id)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi : la personne qui a demandé le lira."})
    _decide(session, caller, asked, RequestState.REFUSED, context.now, reason=reason)
    asker = await asker_of(session, asked)
    recipient, person_id = (asked.email, asked.asked_by) if asker is None else (asker.email, asker.id)
    mail = refusal_mail(recipient, person_id, _asked(asked), reason, sender, context)
    await queue_mails(session, [mail], context.now)


def _asked(asked: AccessRequest) -> Asked:
    return Asked(asked.name, asked.email, asked.message)


def _decide(
    session: AsyncSession,
    caller: Caller,
    asked: AccessRequest,
    state: RequestState,
    now: datetime,
    *,
    reason: str | None = None,
    details: dict[str, object] | None = None,
) -> None:
    ACCESS_REQUEST.move(session, asked, state, at=now, person_id=caller.person_id, reason=reason, details=details)
    asked.decided_at, asked.decided_by = now, caller.person_id


async def asker_of(session: AsyncSession, asked: AccessRequest) -> Person | None:
    """Who asked for somebody else; None for oneself, or when they left."""
    if asked.role is None or asked.asked_by is None:
        return None
    person = await session.get(Person, asked.asked_by)
    return None if person is None or person.purged_at else person
