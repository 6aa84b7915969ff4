"""What every request must pass before a handler sees it."""

from typing import Any

from litestar import Request

from pooling.web.bodies import take_body
from pooling.web.security import UNSAFE_METHODS, refuse_forged


async def check_request(request: Request[Any, Any, Any]) -> None:
    """Called before every handler.

    Raises:
        TooLarge, TooSlow, NeverEnded: its body.
        ForgedRequest, UnreadableForm: it would change something and does not come from a form of ours.
    """
    if request.method in UNSAFE_METHODS:
        await take_body(request)
    await refuse_forged(request)
