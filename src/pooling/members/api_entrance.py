"""From a program's request to a transaction in its token's group, and to the caller in it.

The same rights as on the pages, read anew at each request: a token never does more than its person, and a role that is
taken away is gone at once.
"""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.bearer import HolderHere
from pooling.accounts.sessions import EnteredGroup
from pooling.kernel.errors import Forbidden, NotFound
from pooling.members.entrance import EnteredGroupHere, caller_of, route_right
from pooling.members.rights import require_entry
from pooling.web.services import services_of


def provide_token_group(request: Request[Any, Any, Any], holder: HolderHere, group: FromPath[str]) -> EnteredGroup:
    """The token's own group; any other one does not exist for it."""
    if holder.group is None or holder.group.slug != group:
        raise NotFound
    request.scope["state"]["group"] = holder.group
    return holder.group


async def provide_token_session(
    request: Request[Any, Any, Any], holder: HolderHere, entered_group: EnteredGroupHere
) -> AsyncIterator[AsyncSession]:
    """One request, one transaction, in one group, as `pooling.members.entrance.provide_session`; the coarse guard
    stands inside for the same reason.
    """
    async with services_of(request).database.transaction(entered_group.id) as session:
        caller = await caller_of(session, holder.person_id, entered_group.id)
        require_entry(caller.roles)
        request.scope["state"]["caller"] = caller
        if not caller.may_somewhere(route_right(request)):
            raise Forbidden
        yield session
