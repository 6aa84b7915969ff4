"""Inviting people: each gets a role and a mail, or nobody does."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.people import ensure_people
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.errors import Invalid, enumerated
from pooling.kernel.tables import any_of
from pooling.kernel.text import Line
from pooling.mail_addresses import kept_address
from pooling.members.granting import grant_roles, renew_sessions
from pooling.members.locking import lock_group
from pooling.members.mails import INVITATION, Sender, invitation_mail
from pooling.members.models import Member, Membership, Role
from pooling.members.rights import Caller, Right
from pooling.members.words import OF_MEMBER
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.reminders.kinds import Context

INVITATIONS = Allowance("invitations", "People invited", "whoever invites", 2_000, DAY, __name__)
BUYERS = Allowance("buyers", "Lead buyers named", "whoever names them", 20, DAY, __name__)
occasion(
    INVITATION,
    asked_by="a facilitator, one by one or by a list; an administrator, with a new group; a lead member’s référent, "
    "who names its buyers",
    to="the address typed",
    limit=f"{INVITATIONS}; {BUYERS}",
    where=__name__,
)


@dataclass(frozen=True)
class InvitationIn:
    """Somebody to be given a role. The role is the group's, a member's or (lead buyer) a purchase's."""

    email: str
    name: Line
    role: Role
    function: Line = ""
    member_id: int | None = None
    purchase_id: int | None = None


async def invite_people(
    session: AsyncSession,
    caller: Caller,
    invitations: Sequence[InvitationIn],
    sender: Sender,
    context: Context,
) -> None:
    """Gives each its role, and writes it a mail in the same transaction.

    Raises:
        Forbidden: the caller does not manage the group's members.
        Invalid: a role is already held, or a member is not the group's.
        TooMany: the caller invited too many today.
    """
    caller.require(Right.MANAGE_MEMBERS)
    await give_roles(session, caller.person_id, invitations, sender, context)


async def give_roles(
    session: AsyncSession,
    granted_by: int,
    invitations: Sequence[InvitationIn],
    sender: Sender,
    context: Context,
    *,
    of_what: str = "",
) -> None:
    """As `invite_people`, for use cases that checked who may. `of_what` is the purchase that buyers are named for."""
    await INVITATIONS.count_here(session, granted_by, at=context.now, times=len(invitations))
    await lock_group(session)
    members = await member_names(session, invitations)
    addresses = [kept_address(one.email) for one in invitations]
    given = [(address, one.name, one.function) for address, one in zip(addresses, invitations, strict=True)]
    people = await ensure_people(session, given, context.now)
    roles = [
        (people[address], one.role, one.member_id, one.purchase_id)
        for address, one in zip(addresses, invitations, strict=True)
    ]
    await refuse_held(session, roles, invitations)
    await grant_roles(session, roles, context.now, granted_by=granted_by)
    await renew_sessions(session, list(people.values()))
    mails = [
        invitation_mail(
            address,
            people[address],
            one.role,
            members[one.member_id] if one.member_id is not None else of_what,
            sender,
            context,
        )
        for address, one in zip(addresses, invitations, strict=True)
    ]
    await queue_mails(session, mails, context.now)


async def member_names(session: AsyncSession, invitations: Sequence[InvitationIn]) -> dict[int, str]:
    wanted = {one.member_id for one in invitations if one.member_id is not None}
    rows = await session.execute(
        select(col(Member.id), col(Member.name)).where(any_of(col(Member.id), wanted), col(Member.retired_on).is_(None))
    )
    names = {member_id: name for member_id, name in rows}
    misplaced = any((one.role in OF_MEMBER) != (one.member_id is not None) for one in invitations)
    if misplaced or wanted - set(names):
        raise Invalid({"member": "Choisissez un membre du groupe."})
    return names


async def refuse_held(
    session: AsyncSession,
    roles: Sequence[tuple[int, Role, int | None, int | None]],
    invitations: Sequence[InvitationIn],
) -> None:
    rows = await session.execute(
        select(
            col(Membership.person_id),
            col(Membership.role),
            col(Membership.member_id),
            col(Membership.purchase_id),
        ).where(any_of(col(Membership.person_id), {role[0] for role in roles}), col(Membership.ended_at).is_(None))
    )
    held = {tuple(row) for row in rows}
    again = [one.email for role, one in zip(roles, invitations, strict=True) if role in held]
    if again:
        raise Invalid({"email": f"Ce rôle est déjà donné à {enumerated(sorted(set(again)))}."})
