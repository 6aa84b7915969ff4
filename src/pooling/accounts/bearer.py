"""Who a program acts as: `Authorization: Bearer pool_…`, under `/api/v1/` only, where cookies count for nothing."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from pooling.accounts.models import TokenScope
from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.accounts.tokens import Holder, read_token
from pooling.kernel.errors import DomainError
from pooling.web.security import UNSAFE_METHODS
from pooling.web.services import services_of

REFUSED_FROM_HOST = Allowance("tokens-host", "Tokens refused, then 429", HOST, 60, HOUR, __name__)
HolderHere = NamedDependency[Holder]
"""How a handler under `/api/v1/` asks for the token's holder: `holder: HolderHere`."""


class TokenRequired(DomainError):
    status = 401
    code = "token_required"

    def __init__(self) -> None:
        super().__init__("Envoyez un jeton d’API : Authorization: Bearer pool_….")


class TokenRefused(DomainError):
    """Unknown, expired and revoked are one answer: a stranger learns nothing about tokens that exist."""

    status = 401
    code = "token_invalid"

    def __init__(self) -> None:
        super().__init__("Ce jeton n’est pas connu, a expiré ou a été révoqué.")


class TokenReadOnly(DomainError):
    status = 403
    code = "token_read_only"

    def __init__(self) -> None:
        super().__init__("Ce jeton permet de lire, pas de modifier.")


async def provide_holder(request: Request[Any, Any, Any]) -> Holder:
    """The holder of the request's token.

    Raises:
        TokenRequired: no token was sent.
        TokenRefused: it opens nothing.
        TokenReadOnly: it may read, and this request changes something.
        TooMany: it opens nothing, and so many came from there: somebody guesses. A good one is not held up by them.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRequired
    services = services_of(request)
    holder: Holder | None = await read_token(services.database, token, services.clock.now())
    if holder is None:
        await REFUSED_FROM_HOST.count(services.database, host_of(request), at=services.clock.now())
        raise TokenRefused
    if request.method in UNSAFE_METHODS and holder.scope != TokenScope.WRITE:
        raise TokenReadOnly
    return holder
