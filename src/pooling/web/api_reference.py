"""The reference of the JSON interface: the description itself, and a plain page made from it. No script."""

import asyncio
from typing import Any

from litestar import Request, Response, get
from markupsafe import Markup

from pooling.web.api_description import REFERENCES, describe_api
from pooling.web.layout import render
from pooling.web.templating import page_of

DESCRIPTION = "/api/openapi.json"


def description_of(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Made once for each application."""
    state = request.app.state
    if "api_description" not in state:
        state["api_description"] = describe_api(request.app)
    found: dict[str, Any] = state["api_description"]
    return found


@get(DESCRIPTION, right="anyone")
async def show_description(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    return Response(description_of(request), media_type="application/json")


@get("/api", right="anyone")
async def show_reference(request: Request[Any, Any, Any]) -> Response[str]:
    state = request.app.state
    if "api_reference" not in state:
        state["api_reference"] = await asyncio.to_thread(_written, description_of(request))
    return render(request, "api_reference.html", reference=state["api_reference"])


def _written(description: dict[str, Any]) -> Markup:
    """What stands on the page, which takes a tenth of a second."""
    return Markup(  # noqa: S704 - a template of ours, which escapes
        page_of(
            "api_reference_body.html",
            description=description,
            sections=sections_of(description),
            schemas=schemas_of(description),
            url=DESCRIPTION,
            type_text=type_text,
        )
    )


def sections_of(description: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Its operations by tag, as people read them."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            shown = {**operation, "method": method.upper(), "path": path, "body": _body(operation)}
            shown["answers"] = [_answer(status, found) for status, found in operation["responses"].items()]
            sections.setdefault(operation["tags"][0], []).append(shown)
    return sections


def schemas_of(description: dict[str, Any]) -> list[dict[str, Any]]:
    """What is sent and answered, field by field."""
    return [
        {"name": name, "description": schema.get("description", ""), "fields": _fields(schema)}
        for name, schema in sorted(description["components"]["schemas"].items())
    ]


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return next((type_text(found["schema"]) for found in content.values()), "")


def _answer(status: str, found: dict[str, Any]) -> dict[str, str]:
    media, content = next(iter(found.get("content", {}).items()), ("", None))
    return {
        "status": status,
        "said": found["description"],
        "media": media,
        "type": type_text(content["schema"]) if content else "–",
        "headers": ", ".join(found.get("headers", {})),
    }


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": type_text(found),
            "required": name in required,
            "description": found.get("description", ""),
        }
        for name, found in schema.get("properties", {}).items()
    ]


def type_text(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REFERENCES)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_text(one) for one in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return " | ".join(f"“{value}”" for value in schema.get("enum") or [schema["const"]])
    kind = schema.get("type", "file")
    if kind == "array":
        return f"list of {type_text(schema.get('items', {}))}"
    inside = schema.get("additionalProperties")
    if isinstance(inside, dict) and inside:
        return f"object of {type_text(inside)}"
    return " ".join([str(schema.get("format", kind)), *_bounds(schema)])


def _bounds(schema: dict[str, Any]) -> list[str]:
    words = {"minimum": "≥ {}", "maximum": "≤ {}", "maxLength": "({} characters at most)"}
    return [said.format(schema[name]) for name, said in words.items() if name in schema]


ROUTES = [show_description, show_reference]
