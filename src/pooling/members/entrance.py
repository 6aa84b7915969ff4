"""From a request to a transaction in the group that the address names, and to the caller in it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from litestar import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup, SignedIn
from pooling.kernel.errors import Forbidden, NotFound, SignInRequired
from pooling.members.models import Membership, Role
from pooling.members.rights import Caller, HeldRole, Right, require_entry


def signed_in(request: Request[Any, Any, Any]) -> SignedIn:
    """Who is signed in.

    Raises:
        SignInRequired: nobody is.
    """
    user: SignedIn | None = request.scope.get("user")
    if user is None:
        raise SignInRequired
    return user


def provide_now(request: Request[Any, Any, Any]) -> datetime:
    now: datetime = request.app.state.clock.now()
    return now


def provide_group(request: Request[Any, Any, Any], group: str) -> EnteredGroup:
    """The group in the address, if the person may enter it: otherwise it does not exist."""
    entered = signed_in(request).group(group)
    if entered is None:
        raise NotFound
    request.scope["state"]["group"] = entered
    return entered


async def provide_session(
    request: Request[Any, Any, Any], entered_group: EnteredGroup
) -> AsyncIterator[AsyncSession]:
    """One request, one transaction, in one group. Commits after the answer is made, before it is sent."""
    async with request.app.state.database.transaction(entered_group.id) as session:
        yield session


async def provide_caller(
    request: Request[Any, Any, Any], session: AsyncSession, entered_group: EnteredGroup
) -> Caller:
    """The caller, once past the coarse guard: the right that the route names must be held somewhere in the group."""
    person = signed_in(request)
    caller = await caller_of(session, person.person_id, entered_group.id)
    require_entry(caller.roles)
    request.scope["state"]["caller"] = caller
    if not caller.may_somewhere(route_right(request)):
        raise Forbidden
    return caller


async def caller_of(session: AsyncSession, person_id: int, group_id: int) -> Caller:
    """What this person is in the transaction's group, now."""
    rows = await session.execute(
        select(Membership.role, Membership.member_id, Membership.purchase_id).where(
            Membership.person_id == person_id,
            Membership.ended_at.is_(None),  # type: ignore[union-attr]
        )
    )
    roles = tuple(HeldRole(Role(role), member_id, purchase_id) for role, member_id, purchase_id in rows)
    return Caller(person_id=person_id, group_id=group_id, roles=roles)


def route_right(request: Request[Any, Any, Any]) -> Right:
    """The right that the route states (`right=Right.…` on its decorator)."""
    return Right(request.route_handler.opt["right"])
