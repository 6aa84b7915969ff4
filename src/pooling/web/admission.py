"""What every request must pass before a handler sees it."""

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException

from pooling.web.bodies import take_body
from pooling.web.security import UNSAFE_METHODS, is_for_programs, refuse_forged


async def admit(request: Request[Any, Any, Any]) -> None:
    """Called before every handler.

    Raises:
        NotFoundException: the address holds a zero byte, which no name has and PostgreSQL refuses.
        TooLarge, TooSlow, NeverEnded: its body.
        ForgedRequest, UnreadableForm: it would change something and does not come from a form of ours.
    """
    in_query = b"%00" in request.scope["query_string"] and not is_for_programs(request)  # programs are told the field
    if in_query or "\x00" in request.scope["path"]:
        raise NotFoundException
    if request.method in UNSAFE_METHODS:
        await take_body(request)
    await refuse_forged(request)
