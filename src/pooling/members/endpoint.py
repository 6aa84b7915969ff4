"""An endpoint of a group for programs, said once: its decorator and its signature are how it is described, what it
takes, how it answers, and whether it is made once.
"""

from collections.abc import Awaitable, Callable, Sequence
from inspect import signature
from typing import Any, get_args, get_origin, get_type_hints

from litestar import Response
from litestar.background_tasks import BackgroundTask
from litestar.handlers import HTTPRouteHandler
from pydantic import BaseModel

from pooling.accounts.idempotency import Made, answered_once
from pooling.kernel.slices import Listed
from pooling.members.group_page import InGroup
from pooling.members.permissions import Permission
from pooling.members.rights import AnyRight
from pooling.web.api import Operation, PageOut, json_answer, page_of, unless_known
from pooling.web.api_input import read_body, read_query

BODY, QUERY = "sent", "asked"
"""The parameters of a handler that are the body and the query: `sent: NewPurchase`, `asked: PageIn`."""


def endpoint(
    method: Callable[..., Any],
    path: str,
    *,
    right: AnyRight | Permission[...],
    status: int = 200,
    media: str = "application/json",
    sends: Sequence[str] = (),
    conflicts: Sequence[str] = (),
    once: bool = False,
    tagged: bool = False,
    matched: bool = False,
    rings: str = "",
    **options: Any,  # noqa: ANN401 - more for Litestar's decorator
) -> Callable[[Callable[..., Awaitable[Any]]], HTTPRouteHandler]:
    """Makes a route of a handler, whose name is the operation's and whose docstring describes it.

    It takes `here`, what else the address names, `sent` and `asked`; and gives the model of its answer, a `Made` with
    the address of what is new, a `Listed` part of a list, or a `Response` that is a file. `rings` wakes the worker for
    a job. The rest is as in `Operation`.
    """

    def route(handler: Callable[..., Awaitable[Any]]) -> HTTPRouteHandler:
        hints = get_type_hints(handler, include_extras=True)
        operation = Operation(
            handler.__name__,
            _model(hints["return"]),
            takes=hints.get(BODY),
            sends=sends,
            query=hints.get(QUERY),
            status=status,
            media=media,
            conflicts=conflicts,
            once=once,
            tagged=tagged,
            matched=matched,
        )

        async def answered(**given: Any) -> Response[Any]:  # noqa: ANN401 - what the signature below says
            answer = await _answer(operation, handler, given)
            if rings:
                # Once the answer has left, the rows are committed: rung earlier, it would wake who finds nothing.
                answer.background = BackgroundTask(given["here"].services.bell.ring, rings)
            return answer

        parameters = [one for name, one in signature(handler).parameters.items() if name not in {BODY, QUERY}]
        answered.__name__, answered.__doc__, answered.__module__ = handler.__name__, handler.__doc__, handler.__module__
        answered.__signature__ = signature(handler).replace(parameters=parameters)  # type: ignore[attr-defined]
        answered.__annotations__ = {one.name: hints[one.name] for one in parameters} | {"return": Response[Any]}
        made: HTTPRouteHandler = method(path, right=right, api=operation, status_code=status, **options)(answered)
        return made

    return route


def _model(given: Any) -> type[BaseModel] | None:  # noqa: ANN401 - a type, of whichever kind
    """The model that a handler's answer is written from, by its annotation."""
    if get_origin(given) is Listed:
        page: Any = PageOut
        listed: type[BaseModel] = page[get_args(given)[0]]
        return listed
    if get_origin(given) is Made:
        given = get_args(given)[0]
    return given if isinstance(given, type) and issubclass(given, BaseModel) else None


async def _answer(operation: Operation, handler: Callable[..., Awaitable[Any]], given: dict[str, Any]) -> Response[Any]:
    here: InGroup = given["here"]
    asked = read_query(here.request, operation.query) if operation.query else None

    async def make() -> Any:  # noqa: ANN401 - what the handler gives
        read: dict[str, Any] = {QUERY: asked} if operation.query else {}
        if operation.takes:
            read[BODY] = await read_body(here.request, operation.takes)
        return await handler(**given, **read)

    async def make_once() -> Made[Any]:
        gives = await make()
        return gives if isinstance(gives, Made) else Made(gives)

    if operation.once:
        person_id = here.caller.person_id
        return await answered_once(
            here.request, here.session, person_id, make_once, status=operation.status, tagged=operation.tagged
        )
    gives = await make()
    if isinstance(gives, Response):
        return gives
    if isinstance(gives, Listed):
        return page_of(here.request, gives, getattr(asked, "limit", len(gives.items)))
    headers = {}
    if isinstance(gives, Made):
        gives, headers = gives.gives, {"Location": gives.location} if gives.location else {}
    answer = json_answer(gives, status=operation.status, tagged=operation.tagged, headers=headers)
    return unless_known(here.request, answer)
