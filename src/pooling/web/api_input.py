"""Reading what a program sends: JSON or query parameters into a model, or one French sentence for each wrong field."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from typing import Any, NoReturn, TypeVar

from litestar import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator

from pooling.kernel.errors import DomainError, Invalid
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import clean, without_invisible
from pooling.web.api import ApiIn
from pooling.web.bodies import read_beside
from pooling.web.faults import sentences_of

In = TypeVar("In", bound=ApiIn)
Model = TypeVar("Model", bound=BaseModel)
DEEPEST_JSON = limit(20, "Depth of JSON", __name__, Readers.PROGRAMS, unit="levels")
MOST_IN_JSON = limit(120_000, "Values in JSON", __name__, Readers.PROGRAMS)
"""The longest list that anything takes has 50 000."""
MANY_IN_JSON = limit(
    5_000,
    "Values in JSON whose faults are all counted; of more, each list’s first one is told, and no count",
    __name__,
    Readers.PROGRAMS,
)
"""Each fault takes some microseconds, all of them in one go in which nobody else is answered."""
MOST_NAMES = limit(1_000, "Names in an object of JSON", __name__, Readers.PROGRAMS)
"""Nothing has as many fields, and each that does not exist is a fault."""
_LONGEST_TEXT = 100_000
"""Letters: none is so long that is taken. Longer ones are told to be, and not cleaned before."""
_UP_TO_FIRST = "Certaines informations sont à corriger. De chaque longue liste, seule la première faute est dite."
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""Also one that does not end: what begins a match always ends one, so that the time grows with the length alone."""
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_JSON_TYPES = ("application/json", "application/merge-patch+json")


class Malformed(DomainError):
    status = 400
    code = "malformed_json"

    def __init__(self) -> None:
        super().__init__("Le corps de la requête n’est pas du JSON lisible (UTF-8).")


class WrongMediaType(DomainError):
    status = 415
    code = "unsupported_media_type"

    def __init__(self) -> None:
        super().__init__("Envoyez du JSON, avec l’en-tête Content-Type: application/json.")


async def read_body(request: Request[Any, Any, Any], model: type[In]) -> In:
    """The body, cleaned as forms are (control characters, outer blanks) and checked.

    Raises:
        WrongMediaType: it does not say that it is JSON.
        Malformed: it is not JSON.
        Invalid: it is not what is expected; one sentence for each field.
    """
    media, _, parameters = request.headers.get("content-type", "application/json").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    if media.strip() not in _JSON_TYPES or charset not in {"", "utf-8"}:
        raise WrongMediaType
    body = await request.body()
    return await read_beside(len(body), _read, body, model)


def _read(body: bytes, model: type[In]) -> In:
    try:
        values = _moderate(body)
        sent = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
        cleaned = _clean(sent)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if values <= MANY_IN_JSON:
        return validated(model, cleaned)
    with _faults_in_words(_UP_TO_FIRST):
        read: In = _up_to_first_faults(model).validate_python(cleaned)
        return read


async def canonical(request: Request[Any, Any, Any]) -> bytes:
    """The body, the same whatever the order of its names and its blanks; as it is where it is no JSON."""
    body = await request.body()
    return await read_beside(len(body), _canonical, body)


def _canonical(body: bytes) -> bytes:
    try:
        _moderate(body)
        sent = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
        return json.dumps(sent, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body


def _moderate(body: bytes) -> int:
    """How many values it holds, about.

    Raises:
        ValueError: it is deeper, or holds more, than anything that is asked for.
    """
    if body.count(b'"') > 4 * MOST_IN_JSON:  # a name and a text for each value
        raise ValueError
    plain = _STRING.sub(b"", body)
    values = plain.count(b",")
    steps = (1 if bracket in b"[{" else -1 for bracket in plain.translate(None, _NO_BRACKET))
    if values > MOST_IN_JSON or max(accumulate(steps), default=0) > DEEPEST_JSON:
        raise ValueError
    return values


@cache
def _up_to_first_faults(model: type[BaseModel]) -> SchemaValidator:
    """Validates as the model does, each list up to its first fault. (What pydantic built before would not be hasty.)"""
    model.model_rebuild()  # unless it was built already
    return SchemaValidator(_hasty(model.__pydantic_core_schema__), _use_prebuilt=False)


def _hasty(schema: Any) -> Any:  # noqa: ANN401 - whatever a schema of pydantic holds
    if isinstance(schema, list):
        return [_hasty(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    hasty = {name: _hasty(part) for name, part in schema.items()}
    return {**hasty, "fail_fast": True} if schema.get("type") in ("list", "tuple") else hasty


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_NAMES:
        raise ValueError
    return dict(pairs)


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair is no text: raises a ValueError
        if "\x00" in value:
            raise ValueError(value)
        return clean(value) if len(value) <= _LONGEST_TEXT else value
    if isinstance(value, list):
        return [_clean(part) for part in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(part) for name, part in value.items()}
    return value


def read_query(request: Request[Any, Any, Any], model: type[In]) -> In:
    """The query parameters.

    Raises:
        Invalid: one is unknown or wrong.
    """
    sent: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in sent:
            raise Invalid({name: "Indiquez ce paramètre une seule fois."})
        sent[name] = without_invisible(value)
    return validated(model, sent)


def validated(model: type[Model], value: object) -> Model:
    """The value as this model.

    Raises:
        Invalid: it is not.
    """
    with _faults_in_words():
        return model.model_validate(value)


@contextmanager
def _faults_in_words(instead_of_count: str | None = None) -> Iterator[None]:
    """`instead_of_count` is what is said where there may be more faults than were found."""
    try:
        yield
    except ValidationError as refused:
        if instead_of_count:
            raise Invalid(sentences_of(refused), message=instead_of_count, is_all=False) from None
        raise Invalid(sentences_of(refused)) from None


def refuse_twice(names: Sequence[str], field: str) -> None:
    """Raises:
    Invalid: something is named twice in a list.
    """
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            raise Invalid({f"{field.format(place)}": f"« {name} » est indiqué deux fois."})
        seen.add(name)
