"""The allocation case: what is to be shared, as typed values.

Prices are in euros HT, percents and rates are numbers of percent (`Fraction(20)` for 20 %), amounts in cents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents
from pooling.sharing.tiers import Tier

FCTVA_RATE = Fraction("16.404")  # CGCT L1615-6


@dataclass(frozen=True, slots=True)
class Member:
    """An authority or a unit; its id is always text."""

    id: str
    population: int | None = None
    agents: int | None = None
    fctva: bool = True
    """Whether it gets FCTVA for the lines that are flagged: a university, for one, does not."""


@dataclass(frozen=True, slots=True)
class Item:
    """An article of the purchase, priced per unit."""

    id: str
    unit_price: Fraction
    vat_rate: Fraction
    fctva: bool = False
    tiers: tuple[Tier, ...] = ()


class Need(NamedTuple):
    """How many units of an item a member takes. A named tuple: there are hundreds of thousands of them."""

    member: str
    item: str
    quantity: int


class Basis(StrEnum):
    """Keys whose weights are found in the case itself."""

    EQUAL = "equal"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    POPULATION = "population"
    AGENTS = "agents"


@dataclass(frozen=True, slots=True)
class WeightsKey:
    """Weights given by hand; a member without one weighs nothing."""

    weights: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class PercentsKey:
    """Percents given by hand, which name their own members and sum to exactly 100."""

    percents: Mapping[str, Fraction]


PartKey: TypeAlias = Basis | WeightsKey | PercentsKey


@dataclass(frozen=True, slots=True)
class MixPart:
    """A key inside a mix, and the percent of the amount that it shares."""

    percent: Fraction
    key: PartKey


@dataclass(frozen=True, slots=True)
class MixKey:
    """Several keys, each for its percent, shared once on the combined weights."""

    parts: tuple[MixPart, ...]


Key: TypeAlias = PartKey | MixKey
Scope: TypeAlias = Literal["participants", "all"] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnreadKey:
    """What stood in place of a key, as the error that it deserves once its charge comes to something."""

    error: RuleError


@dataclass(frozen=True, slots=True)
class Charge:
    """A shared cost, or a discount when negative: an amount, or a percent of what its items come to HT, one of the two.
    At zero the key is not looked at and may be None.
    """

    id: str
    amount: Cents | None
    vat_rate: Fraction
    key: Key | UnreadKey | None
    scope: Scope = "participants"
    items: tuple[str, ...] | None = None
    fctva: bool = False
    percent: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Subsidy:
    """What both kinds of co-funding say of what they count; None means all items, no charge, all members."""

    id: str
    items: tuple[str, ...] | None = None
    charges: tuple[str, ...] = ()
    members: tuple[str, ...] | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class RateSubsidy(Subsidy):
    """A percent of the eligible cost, with optional ceilings in cents."""

    rate: Fraction = Fraction(0)
    cap_per_unit: Cents | None = None
    cap_total: Cents | None = None


@dataclass(frozen=True, slots=True)
class AmountSubsidy(Subsidy):
    """A fixed sum, at most the eligible cost."""

    amount: Cents = 0


class InvoiceLine(NamedTuple):
    """What the supplier's invoice says for one VAT rate, in cents."""

    ht: Cents
    vat: Cents


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that the allocation rule looks at. The order inside a list never changes a figure."""

    label: str = ""
    members: tuple[Member, ...] = ()
    items: tuple[Item, ...] = ()
    needs: tuple[Need, ...] = ()
    charges: tuple[Charge, ...] = ()
    subsidies: tuple[RateSubsidy | AmountSubsidy, ...] = ()
    invoice: Mapping[Fraction, InvoiceLine] = field(default_factory=dict)
    fctva_rate: Fraction = FCTVA_RATE
