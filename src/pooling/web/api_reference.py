"""The reference of the JSON interface: the description itself, and plain pages made from it, one for each section. No
script.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from pooling.web.api_description import REFERENCES, describe_api
from pooling.web.layout import Link, render
from pooling.web.templating import page_of

DESCRIPTION = "/api/openapi.json"
REFERENCE = "/api"
_REFERENCE = re.compile(rf'"{REFERENCES}([^"]+)"')


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


@get(REFERENCE, right="anyone")
async def show_reference(request: Request[Any, Any, Any]) -> Response[str]:
    written = (await _written(request))[""]
    return render(request, "api_reference.html", named="API", reference=written)


@get(f"{REFERENCE}/{{section:str}}", right="anyone")
async def show_section(request: Request[Any, Any, Any], section: FromPath[str]) -> Response[str]:
    written = (await _written(request)).get(section)
    if written is None:
        raise NotFoundException
    breadcrumb = [Link("API", REFERENCE), Link(section, None)]
    return render(request, "api_reference.html", breadcrumb=breadcrumb, named=f"API – {section}", reference=written)


async def _written(request: Request[Any, Any, Any]) -> Mapping[str, Markup]:
    """What stands on each page, by its section, and in front of them: the same for everybody, made once."""
    state = request.app.state
    if "api_reference" not in state:
        state["api_reference"] = await asyncio.to_thread(_write, description_of(request))
    found: Mapping[str, Markup] = state["api_reference"]
    return found


def _write(description: dict[str, Any]) -> dict[str, Markup]:
    """Takes some tenths of a second."""
    sections = sections_of(description)
    schemas = {tag: schemas_of(description, operations) for tag, operations in sections.items()}
    first = {schema["name"]: tag for tag in reversed(sections) for schema in schemas[tag]}
    shared = {"url": DESCRIPTION, "reference": REFERENCE, "type_text": type_text}
    pages = {
        tag: page_of("api_section.html", section=tag, operations=operations, schemas=schemas[tag], **shared)
        for tag, operations in sections.items()
    }
    pages[""] = page_of("api_sections.html", description=description, sections=sections, schemas=first, **shared)
    return {tag: Markup(page) for tag, page in pages.items()}  # noqa: S704 - templates of ours, which escape


def sections_of(description: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Its operations by tag, as people read them."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            body = _body(operation)
            shown = {**operation, "method": method.upper(), "path": path, "body": body and type_text(body)}
            shown["model"] = "$ref" in body
            shown["answers"] = [_answer(status, found) for status, found in operation["responses"].items()]
            sections.setdefault(operation["tags"][0], []).append(shown)
    return dict(sorted(sections.items()))


def schemas_of(description: dict[str, Any], operations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What they send and answer, and what stands in it, field by field."""
    schemas = description["components"]["schemas"]
    met: set[str] = set()
    waiting = _names_in(operations)
    while waiting:
        met |= waiting
        waiting = _names_in([schemas[name] for name in waiting]) - met
    return [
        {"name": name, "description": schemas[name].get("description", ""), "fields": _fields(schemas[name])}
        for name in sorted(met)
    ]


def _names_in(described: Sequence[dict[str, Any]]) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(described)))


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return next((found["schema"] for found in content.values()), {})


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


ROUTES = [show_description, show_reference, show_section]
