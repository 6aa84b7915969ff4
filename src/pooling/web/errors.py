"""One table from what went wrong to what is answered: a page, or `application/problem+json` under `/api/`."""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_401_UNAUTHORIZED,
    HTTP_405_METHOD_NOT_ALLOWED,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.exc import DataError, DBAPIError

from pooling.kernel.database import SECONDS_TO_TRY_AGAIN, Unavailable, is_passing
from pooling.kernel.errors import DomainError, Invalid, SignInRequired
from pooling.web.addresses import query_of
from pooling.web.api import PROBLEM
from pooling.web.form_reading import LONGEST_FIELD_NAME
from pooling.web.forms import MOST_ERRORS, Redisplay
from pooling.web.head import methods_at
from pooling.web.layout import bare_page, render
from pooling.web.security import KEY_IN_ADDRESS, is_for_programs, is_path_for_programs
from pooling.web.services import services_of
from pooling.web.watching import NUMBER

log = logging.getLogger(__name__)

_SENTENCES = {
    404: "Cette page n’existe pas, ou vous n’y avez pas accès.",
    405: "Cette page ne s’ouvre pas de cette façon.",
    413: "Cet envoi est trop lourd.",
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 414: "too_large"}


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


def answer_away(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The database is away, restarts, or is busy for longer than anybody should wait: another try may do."""
    log.warning("unavailable at %s %r: %s", request.method, _path_to_log(request), type(error).__name__)
    return _answer(
        request,
        HTTP_503_SERVICE_UNAVAILABLE,
        "unavailable",
        "Le service est très demandé ou redémarre. Rien de votre demande n’a été enregistré.",
    )


def answer_database_error(request: Request[Any, Any, Any], error: DBAPIError) -> Response[Any]:
    """A value in the address that no row can have (a number beyond 64 bits): no such page."""
    if is_passing(error):
        return answer_away(request, error)
    if isinstance(error, DataError) or "DataError" in type(error.orig).__name__ or "invalid input" in str(error.orig):
        return _answer(request, 404, "not_found", _SENTENCES[404])
    return answer_unexpected(request, error)


HANDLERS: dict[Any, Any] = {
    Redisplay: answer_redisplay,
    DomainError: answer_domain_error,
    HTTPException: answer_http_error,
    DBAPIError: answer_database_error,
    Unavailable: answer_away,
    Exception: answer_unexpected,
}


def _answer(
    request: Request[Any, Any, Any], status: int, code: str, sentence: str, error: DomainError | None = None
) -> Response[Any]:
    answer: Response[Any] = (
        _problem(status, code, sentence, error)
        if _is_api(request)
        else _page(request, status, code, sentence, error.way_on if error else None)
    )
    if status == HTTP_401_UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if code == "token_invalid" else "Bearer"
    if status == HTTP_405_METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(methods_at(request.app, request.scope["path"]))
    if status == HTTP_503_SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(SECONDS_TO_TRY_AGAIN)
    return answer


def _problem(status: int, code: str, sentence: str, error: DomainError | None) -> Response[Any]:
    problem = _problem_of(status, code, sentence)
    if isinstance(error, Invalid):
        told = list(error.errors.items())[:MOST_ERRORS]
        problem["errors"] = {name[:LONGEST_FIELD_NAME]: sentence for name, sentence in told}
        if error.is_all and len(error.errors) > MOST_ERRORS:
            problem["more_errors"] = len(error.errors) - MOST_ERRORS
    elif error is not None and error.field:
        problem["field"] = error.field
    return Response(problem, status_code=status, media_type=PROBLEM)


def _problem_of(status: int, code: str, sentence: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": sentence, "status": status, "code": code}


def _page(
    request: Request[Any, Any, Any], status: int, code: str, sentence: str, way_on: tuple[str, str] | None
) -> Response[Any]:
    """In the frame of who is here; should that fail too, in one that stands on nothing."""
    shown: dict[str, Any] = {"error_status": status, "error_code": code, "error_message": sentence, "way_on": way_on}
    if status >= HTTP_500_INTERNAL_SERVER_ERROR:
        shown["error_reference"] = request.scope["state"].get(NUMBER)
    try:
        return render(request, "error.html", status=status, flashing=False, **shown)
    except Exception:
        log.exception("the page of an error %s failed", status)
        return Response(
            bare_page(services_of(request), "error.html", **shown), status_code=status, media_type="text/html"
        )


def bare_answer(scope: Scope, status: int, sentence: str) -> ASGIApp:
    """What the outermost door answers: it has no route, no person, and nothing of the request but where it goes."""
    if is_path_for_programs(scope["path"]):
        media_type, body = PROBLEM, json.dumps(_problem_of(status, _CODES.get(status, "bad_request"), sentence))
    else:
        shown = {"error_status": status, "error_message": sentence, "way_on": None}
        media_type, body = (
            "text/html; charset=utf-8",
            bare_page(scope["litestar_app"].state.services, "error.html", **shown),
        )
    content = body.encode()
    headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(content)).encode())]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    return answer


def _is_api(request: Request[Any, Any, Any]) -> bool:
    return is_for_programs(request)


def _here(request: Request[Any, Any, Any]) -> str:
    """Where to come back to after signing in: only a GET can be come back to."""
    if request.method != "GET":
        return "/"
    query = query_of(request)
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path
