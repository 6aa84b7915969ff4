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
from pooling.kernel.errors import NotFound
from pooling.members.entrance import EnteredGroupHere, entered, located
from pooling.members.group_page import InGroup


def provide_token_group(request: Request[Any, Any, Any], holder: HolderHere, group: FromPath[str]) -> EnteredGroup:
    """The token's own group; any other one does not exist for it."""
    if holder.group is None or holder.group.slug != group:
        raise NotFound
    request.scope["state"]["group"] = holder.group
    return holder.group


async def provide_token_session(
    request: Request[Any, Any, Any], holder: HolderHere, entered_group: EnteredGroupHere
) -> AsyncIterator[AsyncSession]:
    """The transaction alone, as `pooling.members.entrance.provide_session`."""
    async with entered(request, entered_group, holder) as (session, _):
        yield session


async def provide_token_here(
    request: Request[Any, Any, Any], holder: HolderHere, entered_group: EnteredGroupHere
) -> AsyncIterator[InGroup]:
    """`here`, as the handler's annotation wants it."""
    async with entered(request, entered_group, holder) as (session, caller):
        yield await located(request, session, caller, entered_group)
