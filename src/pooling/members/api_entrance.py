"""From a program's request to a transaction in its token's group, and to what its handler stands on there.

The same rights as on the pages, read anew at each request: a token never does more than its person, and a role that is
taken away is gone at once.
"""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request
from litestar.params import FromPath

from pooling.accounts.bearer import HolderHere
from pooling.kernel.errors import NotFound
from pooling.members.entrance import entered
from pooling.members.group_page import InGroup


async def provide_token_here(
    request: Request[Any, Any, Any], holder: HolderHere, group: FromPath[str]
) -> AsyncIterator[InGroup]:
    """As `provide_here`, in the token's own group; any other one does not exist for it."""
    if holder.group is None or holder.group.slug != group:
        raise NotFound
    async with entered(request, holder.group, holder) as here:
        yield here
