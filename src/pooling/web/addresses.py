"""The address of a request, as it was routed. `request.url` is put together with the `Host` header, in which anything
may stand: it is not used.
"""

from typing import Any

from litestar import Request


def path_of(request: Request[Any, Any, Any]) -> str:
    path: str = request.scope["path"]
    return path


def query_of(request: Request[Any, Any, Any]) -> str:
    """What stands behind the question mark, as it was sent."""
    return request.scope["query_string"].decode("latin-1")
