"""What every endpoint of the JSON interface shares: how it is described, how it answers, pages by key, ETags."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar, cast
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.datastructures import MultiDict
from litestar.status_codes import HTTP_304_NOT_MODIFIED
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from pooling.kernel.carried import LONGEST_CARRIED
from pooling.kernel.errors import DomainError
from pooling.kernel.limits import Readers, limit
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import LARGEST_ID
from pooling.web.addresses import path_of

PREFIX = "/api/v1"
LARGEST_PAGE = limit(200, "Lines of one page of a list", __name__, Readers.PROGRAMS)
PROBLEM = "application/problem+json"
RowId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Out = TypeVar("Out", bound=BaseModel)


def _without_booleans_for_numbers(schema: Any) -> Any:  # noqa: ANN401 - whatever a schema of pydantic holds
    if isinstance(schema, list):
        return [_without_booleans_for_numbers(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in _NUMBERS:
        return core_schema.no_info_before_validator_function(_no_boolean, cast("CoreSchema", schema))
    if schema.get("type") == "function-before" and schema["function"].get("function") is _no_boolean:
        return schema  # of a model within
    return {name: _without_booleans_for_numbers(part) for name, part in schema.items()}


_NUMBERS = ("int", "float", "decimal")


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    return value


class ApiIn(BaseModel):
    """Base of what programs send: a field that does not exist is refused rather than ignored. Built when it is first
    used, as what programs are answered: of some two hundred, few are in one day. A field's docstring describes it
    (`web/api_docstrings.py`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """As pydantic makes it, but that `true` is no number: to Python it is 1."""
        schema: CoreSchema = _without_booleans_for_numbers(handler(source))
        return schema


class ApiOut(BaseModel):
    """Base of what programs are answered."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class PageIn(ApiIn):
    """Which part of a list."""

    after: str = Field(
        default="", max_length=LONGEST_CARRIED, description="Where the page starts: from the previous page's next."
    )
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE, description="How many at most.")

    @property
    def slice(self) -> Slice:
        return Slice(self.after, self.limit, strict=True)


class PageOut(ApiOut, Generic[Out]):
    """A part of a list."""

    items: Sequence[Out]
    next: Annotated[str | None, Field(description="The address of the next page; null on the last one.")]


@dataclass(frozen=True)
class Operation:
    """What an endpoint says of itself (`members/endpoint.py`): enough to describe it and check its answers."""

    id: str
    gives: type[BaseModel] | None = None
    """The model of the answer; None for a file, whose media type is `media`."""
    takes: type[ApiIn] | None = None
    """The model of the body."""
    sends: Sequence[str] = ()
    """In its place: the media types of the file that the body is."""
    query: type[ApiIn] | None = None
    status: int = 200
    media: str = "application/json"
    conflicts: Sequence[str] = ()
    """The codes of its 409."""
    once: bool = False
    """Takes an `Idempotency-Key`."""
    tagged: bool = False
    """Answers with an ETag."""
    matched: bool = False
    """Takes an `If-Match`."""
    alone: bool = False
    """Under no group."""


class ChangedMeanwhile(DomainError):
    status = 412
    code = "changed_meanwhile"

    def __init__(self) -> None:
        super().__init__("Cette ressource a changé depuis que vous l’avez lue : relisez-la avant de la modifier.")


def json_answer(
    gives: BaseModel, *, status: int = 200, tagged: bool = False, headers: dict[str, str] | None = None
) -> Response[Any]:
    """The model as JSON, with its ETag where a program may edit it."""
    return answer_written(as_json(gives), status=status, tagged=tagged, headers=headers)


def answer_written(
    body: dict[str, Any], *, status: int = 200, tagged: bool = False, headers: dict[str, str] | None = None
) -> Response[Any]:
    """As `answer`, with a body that is already plain JSON."""
    all_headers = dict(headers or {})
    if tagged:
        all_headers["ETag"] = etag_of(body)
    return Response(body, status_code=status, media_type="application/json", headers=all_headers)


def as_json(gives: BaseModel) -> dict[str, Any]:
    """The model as plain JSON: the representation that is sent, hashed and kept."""
    plain: dict[str, Any] = gives.model_dump(mode="json")
    return plain


def etag_of(body: dict[str, Any]) -> str:
    """A strong validator: a hash of the representation (RFC 9110, 8.8.3)."""
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f'"{sha256(canonical.encode()).hexdigest()[:32]}"'


def wants_match(request: Request[Any, Any, Any]) -> bool:
    return "if-match" in request.headers


def require_match(request: Request[Any, Any, Any], present: BaseModel | None) -> None:
    """Compares `If-Match`, if it was sent, with what stands now: call it under the lock that edits take.

    Raises:
        ChangedMeanwhile: it is not (or no longer) the version that was read.
    """
    sent = request.headers.get("if-match")
    if sent is None:
        return
    if present is None:
        raise ChangedMeanwhile
    if not _names(sent, etag_of(as_json(present))):
        raise ChangedMeanwhile


_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_SUFFIX = re.compile(r"[-;:](?:gzip|br|zstd|deflate)$")


def _names(sent: str, tag: str) -> bool:
    """Whether a list of tags has this one, or is `*`. A proxy that compresses makes a tag weak, or puts the name of its
    coding behind it: what it stands for is the same representation of ours.
    """
    return sent.strip() == "*" or any(f'"{_SUFFIX.sub("", one)}"' == tag for one in _TAG.findall(sent))


def unless_known(request: Request[Any, Any, Any], answer: Response[Any]) -> Response[Any]:
    """The answer; or 304, without it, to whoever has it already by its `If-None-Match` (RFC 9110, 13.1.2)."""
    known, tag = request.headers.get("if-none-match"), answer.headers.get("ETag")
    if request.method != "GET" or known is None or tag is None or not _names(known, tag):
        return answer
    return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers={"ETag": tag})


def page_of(request: Request[Any, Any, Any], listed: Listed[Out], limit: int) -> Response[Any]:
    """A page of a list with the address of the next one, in the body and as a `Link` header (RFC 8288)."""
    following = None
    if listed.next is not None:
        kept = [(name, value) for name, value in _parameters(request) if name not in {"after", "limit"}]
        query = urlencode([*kept, ("after", listed.next), ("limit", limit)])
        following = f"{path_of(request)}?{query}"
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return answer_written({"items": [as_json(item) for item in listed.items], "next": following}, headers=headers)


def _parameters(request: Request[Any, Any, Any]) -> list[tuple[str, Any]]:
    parameters: MultiDict[Any] = request.query_params
    return list(parameters.multi_items())
