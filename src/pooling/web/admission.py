"""What every request must pass before a handler sees it."""

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException

from pooling.web.security import is_for_programs, refuse_forged


async def admit(request: Request[Any, Any, Any]) -> None:
    """Called before every handler.

    Raises:
        NotFoundException: the address holds a zero byte, which no name has and PostgreSQL refuses.
        ForgedRequest: it would change something and does not come from a form of ours.
    """
    in_query = b"%00" in request.scope["query_string"] and not is_for_programs(request)  # programs are told the field
    if in_query or "\x00" in request.scope["path"]:
        raise NotFoundException
    await refuse_forged(request)
