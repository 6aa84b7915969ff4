"""A line of a purchase's costs, a charge or a subsidy, as its lead buyer wants it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from pooling.allocation.key_choices import parts_of
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.text import Line


def plain_decimal(value: Decimal) -> str:
    """A decimal without exponent nor useless zeros, as charges and subsidies keep it."""
    return f"{value.normalize():f}"


@dataclass(frozen=True)
class ChargeIn:
    """An amount, or a percent of what its items come to. `scope` and `items` None mean all, `scope` may be
    `PARTICIPANTS`; codes are those of the purchase.
    """

    label: Line
    amount_cents: int | None
    vat_rate: Decimal
    key: Any
    scope: list[str] | Literal["participants"] | None = None
    items: list[str] | None = None
    fctva: bool = False
    percent: Decimal | None = None
    paid_by: str | None = None
    """The member that paid it apart, by its code; None: it is on suppliers' bills."""


@dataclass(frozen=True)
class SubsidyIn:
    """A rate in percent with its caps, or an amount. Amounts are in cents."""

    label: Line
    rate: Decimal | None = None
    amount_cents: int | None = None
    cap_per_unit_cents: int | None = None
    cap_total_cents: int | None = None
    items: list[str] | None = None
    charges: list[str] = field(default_factory=list)
    members: list[str] | None = None
    public: bool = True


class Known(NamedTuple):
    """Codes that a line of this purchase may name."""

    members: Collection[str]
    items: Collection[str]
    charges: Collection[str] = ()
    payers: Collection[str] = ()
    """Members that may have paid a charge."""


def content_of(line: Charge | Subsidy | ChargeIn | SubsidyIn) -> dict[str, Any]:
    """What a line says, for versions and for events."""
    said = fields(ChargeIn if isinstance(line, Charge | ChargeIn) else SubsidyIn)
    content = {name: getattr(line, name) for name in (one.name for one in said)}
    return {name: plain_decimal(value) if isinstance(value, Decimal) else value for name, value in content.items()}


def members_named(content: Mapping[str, Any]) -> set[str]:
    """The codes of the members that a line names one by one."""
    listed = content.get("scope"), content.get("members")
    named = {code for codes in listed if isinstance(codes, list) for code in codes}
    named |= {content["paid_by"]} if content.get("paid_by") else set()
    for _, part in parts_of(content["key"]) if content.get("key") else ():
        for numbers in part.values() if isinstance(part, dict) else ():
            named |= set(numbers)
    return named
