"""The allocation result: what each member pays, as typed values and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from pooling.sharing.allocation_case import Case, Item
from pooling.sharing.keys import ChargeLine
from pooling.sharing.money import Cents, format_cents, format_decimal
from pooling.sharing.pool import Pool
from pooling.sharing.shares import Shares
from pooling.sharing.subsidies import SubsidyLine
from pooling.sharing.vat import VatLine

WarningCode = Literal["over_subsidised", "self_financing_below_20"]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item at its pooled quantity; `shares.total` is its HT."""

    item: Item
    quantity: int
    unit_price: Fraction
    shares: Shares


class ItemShare(NamedTuple):
    """A member's units of an item and their HT."""

    quantity: int
    ht: Cents


class Warned(NamedTuple):
    """Something that a funder or a prefect may object to; never an error."""

    code: WarningCode
    member: str


@dataclass(frozen=True, slots=True)
class MemberResult:
    """What one member pays and receives, in cents. Zero entries of the mappings are left out."""

    id: str
    items: Mapping[str, ItemShare]
    charges: Mapping[str, Cents]
    adjustment: Cents
    ht: Cents
    vat_by_rate: Mapping[str, Cents]
    vat: Cents
    subsidies: Mapping[str, Cents]
    subsidised: Cents
    fctva: Cents

    @property
    def ttc(self) -> Cents:
        """What it pays, VAT included."""
        return self.ht + self.vat

    @property
    def net(self) -> Cents:
        """What remains to it once subsidies and the estimated FCTVA are in."""
        return self.ttc - self.subsidised - self.fctva

    def to_json(self) -> dict[str, object]:
        """As results write a member."""
        return {
            "id": self.id,
            "items": {id_: {"quantity": q, "ht": format_cents(ht)} for id_, (q, ht) in self.items.items()},
            "charges": _written(self.charges),
            "adjustment": format_cents(self.adjustment),
            "ht": format_cents(self.ht),
            "vat": format_cents(self.vat),
            "ttc": format_cents(self.ttc),
            "vat_by_rate": _written(self.vat_by_rate),
            "subsidies": _written(self.subsidies),
            "fctva": format_cents(self.fctva),
            "net": format_cents(self.net),
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """The foot of the allocation, in cents: sums over the members."""

    ht: Cents
    vat: Cents
    subsidies: Cents
    fctva: Cents

    @property
    def ttc(self) -> Cents:
        """What all pay together, VAT included."""
        return self.ht + self.vat

    @property
    def net(self) -> Cents:
        """What remains to all."""
        return self.ttc - self.subsidies - self.fctva

    def to_json(self) -> dict[str, object]:
        """As results write them."""
        return {
            "ht": format_cents(self.ht),
            "vat": format_cents(self.vat),
            "ttc": format_cents(self.ttc),
            "subsidies": format_cents(self.subsidies),
            "fctva": format_cents(self.fctva),
            "net": format_cents(self.net),
        }


@dataclass(frozen=True, slots=True)
class Lines:
    """Everything that is shared, by id (VAT by its rate as text), with how each line was shared."""

    pool: Pool
    items: Mapping[str, ItemLine]
    charges: Mapping[str, ChargeLine]
    vat: Mapping[str, VatLine]
    subsidies: Mapping[str, SubsidyLine]
    fctva: Sequence[Cents]


@dataclass(frozen=True, slots=True)
class Allocation:
    """The whole result. Its lines keep how each was shared, so that every figure can be explained."""

    case: Case
    lines: Lines
    members: Sequence[MemberResult]
    totals: Totals
    warnings: Sequence[Warned]

    def member(self, id_: str) -> MemberResult:
        """One member's result; KeyError when it is not in the case."""
        return self.members[self.lines.pool.places[id_]]

    def to_json(self) -> dict[str, object]:
        """The result as the specification writes it."""
        return {
            "case": self.case.label,
            "members": [member.to_json() for member in self.members],
            "items": {
                id_: {
                    "quantity": line.quantity,
                    "unit_price": format_decimal(line.unit_price, at_least=2),
                    "ht": format_cents(line.shares.total),
                }
                for id_, line in self.lines.items.items()
            },
            "totals": self.totals.to_json(),
            "warnings": [{"code": code, "member": member} for code, member in self.warnings],
        }


def _written(amounts: Mapping[str, Cents]) -> dict[str, str]:
    return {id_: format_cents(cents) for id_, cents in amounts.items()}
