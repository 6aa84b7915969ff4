"""Reading typed values out of parsed JSON, whatever it holds; what does not fit is `malformed`."""

from collections.abc import Mapping
from typing import TypeAlias

from pooling.sharing.errors import RuleError
from pooling.sharing.money import MOST_DIGITS

Record: TypeAlias = Mapping[str, object]

MOST = 10**MOST_DIGITS


class Shape:
    """The keys that a JSON object must have and those that it may have."""

    __slots__ = ("allowed", "required")

    def __init__(self, required: str = "", optional: str = "") -> None:
        """Take the keys as words separated by spaces."""
        self.required = frozenset(required.split())
        self.allowed = self.required | frozenset(optional.split())

    def read(self, raw: object, field: str) -> Record:
        """The object when its keys fit; an unknown key is refused: a misspelt option would change figures."""
        if not isinstance(raw, dict):
            raise RuleError("malformed", field)
        keys = raw.keys()
        if self.required <= keys <= self.allowed:
            return raw
        missing = {name for name in self.required if name not in keys}
        unknown = {str(name) for name in keys if name not in self.allowed}
        raise RuleError("malformed", field_below(field, min(missing or unknown)))


def field_below(field: str, name: str) -> str:
    """The path of `name` inside `field`."""
    return f"{field}.{name}" if field else name


def label_of(raw: object) -> str:
    """The label of a case that may hold anything else that is wrong."""
    label = raw.get("case", "") if isinstance(raw, dict) else ""
    return label if isinstance(label, str) else ""


def array(record: Record, name: str, field: str = "") -> list[object]:
    """The list under `name`, empty when absent."""
    value = record.get(name, [])
    if not isinstance(value, list):
        raise RuleError("malformed", field_below(field, name))
    return value


def text(value: object, field: str) -> str:
    """A text, of any length and script."""
    if not isinstance(value, str):
        raise RuleError("malformed", field)
    return value


def texts(record: Record, name: str, field: str) -> tuple[str, ...] | None:
    """The list of ids under `name`, none of them twice; None when absent."""
    if name not in record:
        return None
    path = field_below(field, name)
    ids = [text(value, path) for value in array(record, name, field)]
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            raise RuleError("duplicate", field_below(path, id_))
        seen.add(id_)
    return tuple(ids)


def integer(value: object, field: str) -> int:
    """A whole number, neither a boolean nor a float, of a size that a computer can print."""
    if not isinstance(value, int) or isinstance(value, bool) or not -MOST < value < MOST:
        raise RuleError("malformed", field)
    return value


def count(record: Record, name: str, field: str) -> int | None:
    """A whole number ≥ 0; None when absent."""
    if name not in record:
        return None
    value = integer(record[name], field_below(field, name))
    if value < 0:
        raise RuleError("malformed", field_below(field, name))
    return value


def flag(record: Record, name: str, field: str, *, default: bool) -> bool:
    """A boolean, and nothing that merely looks like one."""
    value = record.get(name, default)
    if not isinstance(value, bool):
        raise RuleError("malformed", field_below(field, name))
    return value
