"""Reading an allocation key from JSON."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from pooling.sharing import reading
from pooling.sharing.allocation_case import Basis, Key, MixKey, MixPart, PartKey, PercentsKey, WeightsKey
from pooling.sharing.errors import RuleError
from pooling.sharing.money import parse_fraction
from pooling.sharing.reading import field_below

PERCENT_DECIMALS = 6

_PART = reading.Shape(required="percent key")


def read_key(raw: object, field: str) -> Key:
    """Any key; raises `malformed`, `invalid_amount` and, before the parts of a mix, `percent_sum`."""
    if not (isinstance(raw, dict) and raw.keys() == {"mix"}):
        return _read_part_key(raw, field)
    path = field_below(field, "mix")
    shapes = [_PART.read(part, f"{path}[{place}]") for place, part in enumerate(reading.array(raw, "mix", field))]
    percents = [
        parse_fraction(shape["percent"], PERCENT_DECIMALS, field=f"{path}[{place}].percent")
        for place, shape in enumerate(shapes)
    ]
    check_percents(percents, path)
    keys = [_read_part_key(shape["key"], f"{path}[{place}].key") for place, shape in enumerate(shapes)]
    return MixKey(tuple(MixPart(percent, key) for percent, key in zip(percents, keys, strict=True)))


def percent_gap(percents: Iterable[Fraction]) -> Fraction:
    """By how many points the percents exceed 100 (negative: what is missing)."""
    return sum(percents, Fraction(0)) - 100


def check_percents(percents: Iterable[Fraction], field: str) -> None:
    """Raise `percent_sum` unless the percents sum to exactly 100."""
    if percent_gap(percents) != 0:
        raise RuleError("percent_sum", field)


def _read_part_key(raw: object, field: str) -> PartKey:
    if isinstance(raw, str) and raw in set(Basis):
        return Basis(raw)
    if isinstance(raw, dict) and raw.keys() == {"weights"}:
        return WeightsKey(_read_numbers(raw["weights"], field_below(field, "weights")))
    if isinstance(raw, dict) and raw.keys() == {"percents"}:
        return PercentsKey(_read_numbers(raw["percents"], field_below(field, "percents")))
    raise RuleError("malformed", field)


def _read_numbers(raw: object, field: str) -> Mapping[str, Fraction]:
    if not isinstance(raw, dict):
        raise RuleError("malformed", field)
    return {
        reading.text(id_, field): parse_fraction(value, PERCENT_DECIMALS, field=f"{field}.{id_}")
        for id_, value in raw.items()
    }
