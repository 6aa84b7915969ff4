"""Who uses this browser, for handlers."""

from typing import Any

from litestar.connection import ASGIConnection

from pooling.accounts.sessions import SignedIn
from pooling.kernel.errors import SignInRequired

Connection = ASGIConnection[Any, Any, Any, Any]


def half_signed_in(request: Connection) -> SignedIn:
    """Who is signed in, even if the second factor is still owed: for the pages that ask for it.

    Raises:
        SignInRequired: nobody is.
    """
    user: SignedIn | None = request.scope.get("user")
    if user is None:
        raise SignInRequired
    return user


def signed_in(request: Connection) -> SignedIn:
    """Who is signed in.

    Raises:
        SignInRequired: nobody is, or the second factor is still owed.
    """
    user = half_signed_in(request)
    if user.second_factor_owed:
        raise SignInRequired("/connexion/second-facteur")
    return user
