"""Who a program acts as: `Authorization: Bearer pool_…`, under `/api/v1/` only, where cookies count for nothing."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from pooling.accounts.models import TokenScope
from pooling.accounts.tokens import Holder, read_token
from pooling.kernel.errors import DomainError
from pooling.web.security import UNSAFE_METHODS
from pooling.web.services import services_of

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
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRequired
    services = services_of(request)
    holder: Holder | None = await read_token(services.database, token, services.clock.now())
    if holder is None:
        raise TokenRefused
    if request.method in UNSAFE_METHODS and holder.scope != TokenScope.WRITE:
        raise TokenReadOnly
    return holder
