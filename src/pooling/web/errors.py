"""One table from what went wrong to what is answered: a page, or `application/problem+json` under `/api/`."""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.status_codes import HTTP_401_UNAUTHORIZED, HTTP_500_INTERNAL_SERVER_ERROR
from sqlalchemy.exc import DataError, DBAPIError

from pooling.kernel.errors import DomainError, Invalid, SignInRequired
from pooling.web.addresses import query_of
from pooling.web.forms import Redisplay
from pooling.web.layout import render
from pooling.web.security import KEY_IN_ADDRESS, is_for_programs

log = logging.getLogger(__name__)

_SENTENCES = {
    404: "Cette page n’existe pas, ou vous n’y avez pas accès.",
    405: "Cette page ne s’ouvre pas de cette façon.",
    413: "Cet envoi est trop lourd.",
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def answer_domain_error(request: Request[Any, Any, Any], error: DomainError) -> Response[Any]:
    if isinstance(error, SignInRequired) and not _is_api(request):
        return Redirect(f"{error.page}?suite={quote(_here(request), safe='/')}", status_code=303)
    return _answer(request, error.status, error.code, error.message, error)


def answer_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    status = error.status_code
    if status >= HTTP_500_INTERNAL_SERVER_ERROR:
        return answer_unexpected(request, error)
    sentence = _SENTENCES.get(status, "Cette demande n’est pas lisible. Revenez à la page précédente.")
    return _answer(request, status, _CODES.get(status, "bad_request"), sentence)


def answer_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    log.error("unexpected error at %s %r", request.method, _path_to_log(request), exc_info=error)
    return _answer(
        request,
        500,
        "internal_error",
        "Une erreur est survenue de notre côté. Rien n’a été enregistré ; réessayez.",
    )


def _path_to_log(request: Request[Any, Any, Any]) -> str:
    """The address, or its pattern where it opens something."""
    scope: Mapping[str, Any] = request.scope
    handler = scope.get("route_handler")  # there is none where no address matched
    path: str = scope["path_template" if handler is not None and handler.opt.get(KEY_IN_ADDRESS) else "path"]
    return path


def answer_redisplay(request: Request[Any, Any, Any], error: Redisplay) -> Response[Any]:  # noqa: ARG001
    return error.response


def answer_unstorable(request: Request[Any, Any, Any], error: DBAPIError) -> Response[Any]:
    """A value in the address that no row can have (a zero byte, a number beyond 64 bits): no such page."""
    if isinstance(error, DataError) or "DataError" in type(error.orig).__name__ or "invalid input" in str(error.orig):
        return _answer(request, 404, "not_found", _SENTENCES[404])
    return answer_unexpected(request, error)


HANDLERS: dict[Any, Any] = {
    Redisplay: answer_redisplay,
    DomainError: answer_domain_error,
    HTTPException: answer_http_error,
    DBAPIError: answer_unstorable,
    Exception: answer_unexpected,
}


def _answer(
    request: Request[Any, Any, Any], status: int, code: str, sentence: str, error: DomainError | None = None
) -> Response[Any]:
    if _is_api(request):
        problem: dict[str, Any] = {"type": "about:blank", "title": sentence, "status": status, "code": code}
        if isinstance(error, Invalid):
            problem["errors"] = error.errors
        elif error is not None and error.field:
            problem["field"] = error.field
        headers = {"WWW-Authenticate": "Bearer"} if status == HTTP_401_UNAUTHORIZED else None
        return Response(problem, status_code=status, media_type="application/problem+json", headers=headers)
    return render(
        request,
        "error.html",
        status=status,
        error_status=status,
        error_message=sentence,
        way_on=error.way_on if error else None,
    )


def _is_api(request: Request[Any, Any, Any]) -> bool:
    return is_for_programs(request)


def _here(request: Request[Any, Any, Any]) -> str:
    """Where to come back to after signing in: only a GET can be come back to."""
    if request.method != "GET":
        return "/"
    query = query_of(request)
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path
