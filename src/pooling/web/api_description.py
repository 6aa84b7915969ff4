"""The JSON interface described as OpenAPI 3.1, from what each route says of itself.

Written from the very models that check what comes in and goes out (pydantic's own JSON Schema), so that the
description cannot say something else: the framework's generator takes decimals for floats, for example.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from pooling.web.api import PREFIX, PROBLEM, ApiOut, Operation
from pooling.web.api_docstrings import Described

REFERENCES = "#/components/schemas/"
PATH_PARAMETERS = {
    "group": "The group's place in addresses, as in /g/{group}: the group of the token.",
    "reference": "What people call the purchase: AG-2027-001.",
    "member": "A member's SIREN, or a unit's code.",
    "committee_id": "A committee's id.",
    "number": "A decision's place among those of its committee: 2 for « décision n° 2 ».",
    "difficulty_id": "A difficulty's id.",
    "item": "An item's code among those of its purchase.",
    "siren": "The SIREN of an authority of the national directory.",
    "site_id": "The id of a member's site.",
    "quote_id": "A quote's id.",
    "action": "What people call the action: FA-2027-001.",
    "round": "What people call the prioritisation round: TP-2027-001.",
    "answer_file_id": "The id of a file of a member’s answer to the terms of an action.",
    "partner_id": "The id of a partner of the group.",
    "experience_id": "The id of an experience of the group.",
    "question_id": "The id of a question under it.",
    "bill_id": "The id of a supplier's invoice.",
    "grant_id": "The id of a subsidy's file.",
    "supplier_id": "A supplier's id.",
    "resource_id": "A shared resource.",
    "lending_id": "What a member asks for, or borrows, of a shared resource.",
    "order_number": "The order’s number within its purchase.",
    "receipt_id": "A receipt’s id.",
    "noted_id": "The id of days that somebody noted.",
    "entry_id": "The id of a titre, a payment or a reminder that was noted.",
    "export_id": "The id of a long file that was asked for.",
    "contract_supplier": "The id of the supplier that a contract is with.",
    "contract_lot": "The number of the lot that a contract is of; 0: of the whole purchase.",
    "kept_document": "The id of a version of the convention that was kept.",
    "kept_deliberation": "The id of a version of the deliberation that was kept.",
}
REFUSALS = {
    400: "The request is not one: bytes that are no text, or a body that is not JSON.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The person's roles, or the token's scope, do not allow it.",
    404: "No such thing, or none of the token's business: another group's is answered alike.",
    409: "The state of things does not allow it (any more).",
    412: "It changed since the version named by If-Match.",
    408: "The body took too long to arrive.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body does not say that it is JSON.",
    429: "Too many tokens that open nothing came from there.",
    422: "Something sent is wrong: `errors` has one French sentence for each field.",
    503: "The service is very busy or starts again: nothing was written, try again.",
}
HEADERS = {
    "ETag": "The version of this representation, for If-Match.",
    "Location": "The address of what was created.",
    "Link": 'The next page, as rel="next".',
    "Idempotency-Replayed": "true when this is the answer of an earlier request with the same key.",
    "WWW-Authenticate": 'Bearer; error="invalid_token" where one was sent.',
    "Retry-After": "How many seconds to wait.",
}
_WITH_HEADER = {401: "WWW-Authenticate", 503: "Retry-After"}


class Problem(ApiOut):
    """What went wrong (RFC 9457). Programs look at `code`, which is stable; `title` is a French sentence for people."""

    type: str
    title: str
    status: int
    code: str
    field: str = ""
    """The field to mend, where there is one."""
    errors: dict[str, str] = Field(default_factory=dict)
    """One French sentence for each wrong field, as dotted paths: `items.0.unit_price`. The first 20 of them."""
    more_errors: int = 0
    """How many more wrong fields there are."""


def describe_api(app: Litestar) -> dict[str, Any]:
    """The whole description."""
    found = sorted(_operations(app), key=lambda one: (one[0].path_format.count("/"), one[0].path_format))
    paths: dict[str, dict[str, Any]] = {}
    schemas = _Schemas([operation for _, _, _, operation in found])
    for route, method, handler, operation in found:
        paths.setdefault(route.path_format, {})[method.lower()] = _operation(route, handler, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pooling",
            "version": "1",
            "description": "Pooled purchasing between public authorities. Everything that the pages do with the same "
            "rights, for programs. Amounts and prices are euros as text, instants are ISO 8601 with their offset.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token: made under /compte/jetons or by `pooling token create`.",
                }
            },
        },
    }


def _operations(app: Litestar) -> Iterator[tuple[HTTPRoute, str, HTTPRouteHandler, Operation]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(PREFIX):
            for method, (handler, _) in route.route_handler_map.items():
                operation = handler.opt.get("api")
                if isinstance(operation, Operation):
                    yield route, str(method), handler, operation


class _Schemas:
    """Every model's JSON Schema, under one name each."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        models: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
        for operation in operations:
            if operation.takes is not None:
                models[operation.takes, "validation"] = None
            if operation.gives is not None:
                models[operation.gives, "serialization"] = None
        queries: dict[tuple[type[BaseModel], Any], None] = {
            (operation.query, "validation"): None for operation in operations if operation.query is not None
        }
        self._references, found = models_json_schema(
            [*models, *queries], ref_template=REFERENCES + "{model}", schema_generator=Described
        )
        self.definitions: dict[str, Any] = found["$defs"]
        self._queries = {model: self._take_out(model) for model, _ in queries}

    def _take_out(self, query: type[BaseModel]) -> dict[str, Any]:
        """A query is described parameter by parameter, and no model of its own; what it refers to is one."""
        name = self._references[query, "validation"]["$ref"].removeprefix(REFERENCES)
        properties: dict[str, Any] = self.definitions.pop(name)["properties"]
        return properties

    def of(self, model: type[BaseModel], mode: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's two words
        return self._references[model, mode]

    def of_query(self, query: type[BaseModel]) -> dict[str, Any]:
        return self._queries[query]


def _operation(route: HTTPRoute, handler: HTTPRouteHandler, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    said = (handler.fn.__doc__ or "").strip()
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": " ".join(said.split()),
        "tags": [_tag(handler)],
        "responses": _responses(operation, schemas),
    }
    parameters = [*_path_parameters(route), *_query_parameters(operation, schemas), *_header_parameters(operation)]
    if operation.tagged and "GET" in handler.http_methods:
        parameters.append(
            _header("If-None-Match", "The ETag that is known: 304 where it still holds.", {"type": "string"})
        )
        described["responses"]["304"] = {"description": "It is as it was.", "headers": _headers("ETag")}
    if parameters:
        described["parameters"] = parameters
    if operation.takes is not None:
        schema = schemas.of(operation.takes, "validation")
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif operation.sends:
        file = {"schema": {"type": "string", "format": "binary"}}
        described["requestBody"] = {"required": True, "content": dict.fromkeys(operation.sends, file)}
    return described


def _tag(handler: HTTPRouteHandler) -> str:
    """The feature that it is one of: `pooling.orders.api` → `orders`."""
    return handler.fn.__module__.split(".")[1]


def _path_parameters(route: HTTPRoute) -> Iterator[dict[str, Any]]:
    """Raises:
    KeyError: what an address names is not described.
    """
    for parameter in route.path_parameters.values():
        schema = {"type": "integer"} if parameter.type is int else {"type": "string"}
        said = PATH_PARAMETERS[parameter.name]
        yield {"name": parameter.name, "in": "path", "required": True, "description": said, "schema": schema}


def _query_parameters(operation: Operation, schemas: _Schemas) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    for name, described in schemas.of_query(operation.query).items():
        schema = {key: value for key, value in described.items() if key != "description"}
        said = described.get("description", "")
        yield {"name": name, "in": "query", "required": False, "description": said, "schema": schema}


def _header_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.once:
        said = "A key of your own: the same request under the same key is made once, within 24 hours."
        yield _header("Idempotency-Key", said, {"type": "string", "minLength": 1, "maxLength": 200})
    if operation.matched:
        yield _header("If-Match", "The ETag that was read: refused when it changed meanwhile.", {"type": "string"})


def _header(name: str, said: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": said, "schema": schema}


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    problem = {"content": {PROBLEM: {"schema": schemas.of(Problem, "serialization")}}}
    answers: dict[str, Any] = {str(operation.status): _success(operation, schemas)}
    for status in sorted(_refusals(operation)):
        said = REFUSALS[status]
        if status == 409:  # noqa: PLR2004
            said += f" Codes: {', '.join(operation.conflicts)}."
        answers[str(status)] = {"description": said, **problem}
        if status in _WITH_HEADER:
            answers[str(status)]["headers"] = _headers(_WITH_HEADER[status])
    return answers


def _refusals(operation: Operation) -> set[int]:
    statuses = {400, 401, 414, 429, 503}
    if not operation.alone:
        statuses |= {403, 404}
    if operation.takes is not None:
        statuses |= {408, 413, 415}
    if operation.takes is not None or operation.query is not None or operation.once:
        statuses.add(422)
    if operation.conflicts:
        statuses.add(409)
    if operation.matched:
        statuses.add(412)
    return statuses


def _success(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    if operation.gives is None:
        schema: dict[str, Any] = {"type": "string"} if operation.media.startswith("text/") else {}
    else:
        schema = schemas.of(operation.gives, "serialization")
    described: dict[str, Any] = {"description": "Done.", "content": {operation.media: {"schema": schema}}}
    names = [
        *(["ETag"] if operation.tagged else []),
        *(["Location"] if operation.once and operation.status == 201 else []),  # noqa: PLR2004
        *(["Idempotency-Replayed"] if operation.once else []),
        *(["Link"] if operation.query is not None and operation.gives is not None else []),
    ]
    if names:
        described["headers"] = _headers(*names)
    return described


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}
