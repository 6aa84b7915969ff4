"""Cents: rounding, sharing, reading and writing them.

`apportion` is the only way in which cents (or units) are shared anywhere in the project. No float in here.
"""

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from pooling.sharing.errors import RuleError

Cents: TypeAlias = int

# No public budget needs more; without a limit, a text of a million digits would hold up everybody else.
MOST_DIGITS = 100

_ENDINGS = tuple(f".{cents:02d}" for cents in range(100))  # a result of 35 000 members writes 800 000 amounts

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


def half_up(exact: Fraction | int) -> Cents:
    """The nearest whole cent, halves away from zero."""
    return half_up_ratio(exact.numerator, exact.denominator)


def half_up_ratio(numerator: int, denominator: int) -> Cents:
    """`half_up` of a ratio whose denominator is positive, without building a fraction."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def apportion(total: Cents, exact: Mapping[str, Fraction]) -> dict[str, Cents]:
    """Give each id its exact share without the fraction, then the missing cents one by one.

    A missing cent goes where the fraction has its sign: larger fraction, then larger exact share, then id.
    Raises ValueError when `total` is not within one cent each of the exact shares.
    """
    ids = sorted(exact)
    numerators, denominator = over_common_denominator([exact[id_] for id_ in ids])
    return dict(zip(ids, apportion_in_order(total, numerators, denominator), strict=True))


def split(total: Cents, weights: Mapping[str, Fraction | int]) -> dict[str, Cents]:
    """Share `total` in proportion to weights ≥ 0; `no_basis` when their sum is zero and `total` is not."""
    ids = sorted(weights)
    numerators, _ = over_common_denominator([weights[id_] for id_ in ids])
    return dict(zip(ids, apportion_in_order(total, *proportions(total, numerators)), strict=True))


def apportion_in_order(total: Cents, numerators: Sequence[int], denominator: int) -> list[Cents]:
    """`apportion` for shares `numerator / denominator` that already stand in id order."""
    shares = [n // denominator if n >= 0 else -(-n // denominator) for n in numerators]
    missing = total - sum(shares)
    if missing == 0:
        return shares
    sign = 1 if missing > 0 else -1
    candidates = [place for place, n in enumerate(numerators) if n * sign > 0 and n % denominator]
    if abs(missing) > len(candidates):
        msg = f"{missing} cents are left for {len(candidates)} shares with a fraction"
        raise ValueError(msg)
    # Sorts are stable and places follow ids: larger fraction, then larger exact share, then id.
    sizes = [abs(n) for n in numerators]
    fractions = [size % denominator for size in sizes]
    candidates.sort(key=sizes.__getitem__, reverse=True)
    candidates.sort(key=fractions.__getitem__, reverse=True)
    for place in candidates[: abs(missing)]:
        shares[place] += sign
    return shares


def proportions(total: Cents, weights: Sequence[int], field: str = "") -> tuple[list[int], int]:
    """The exact shares of a split, as numerators over one denominator; raises `no_basis`."""
    if min(weights, default=0) < 0:
        raise ValueError("a weight is never negative")
    whole = sum(weights)
    if total == 0:
        return [0] * len(weights), 1
    if whole == 0:
        raise RuleError("no_basis", field)
    return [total * weight for weight in weights], whole


def over_common_denominator(values: Sequence[Fraction | int]) -> tuple[list[int], int]:
    """Exact values as integers over their least common denominator: sums and comparisons then cost little."""
    denominator = math.lcm(*{value.denominator for value in values})
    return [value.numerator * (denominator // value.denominator) for value in values], denominator


def parse_scaled(text: object, decimals: int, *, signed: bool = False, field: str = "") -> int:
    """Read `-?digits[.digits]` as a whole number of `10 ** -decimals`; `invalid_amount` for anything else."""
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) and len(text) <= MOST_DIGITS else None
    if match is None:
        raise RuleError("invalid_amount", field)
    minus, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    if len(fraction) > decimals or (minus and not signed):
        raise RuleError("invalid_amount", field)
    return int(minus + whole + fraction.ljust(decimals, "0"))


def parse_cents(text: object, *, signed: bool = False, field: str = "") -> Cents:
    """Read an amount in euros with at most 2 decimals."""
    return parse_scaled(text, 2, signed=signed, field=field)


def parse_fraction(text: object, decimals: int, *, signed: bool = False, field: str = "") -> Fraction:
    """Read a price, a percent or a weight exactly; never negative unless `signed`."""
    return Fraction(parse_scaled(text, decimals, signed=signed, field=field), 10**decimals)


def format_cents(cents: Cents) -> str:
    """An amount in euros with 2 decimals, as results write it: `-6.67`."""
    size = abs(cents)
    return f"{'-' if cents < 0 else ''}{size // 100}{_ENDINGS[size % 100]}"


def format_decimal(value: Fraction, at_least: int = 0) -> str:
    """A decimal number with as many decimals as it needs, `at_least` so many; ValueError for thirds."""
    decimals = at_least
    while 10**decimals % value.denominator:
        if decimals > value.denominator.bit_length() + at_least:
            msg = f"{value} has no end in decimals"
            raise ValueError(msg)
        decimals += 1
    digits = str(abs(value.numerator) * 10**decimals // value.denominator).rjust(decimals + 1, "0")
    minus = "-" if value < 0 else ""
    return f"{minus}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{minus}{digits}"
