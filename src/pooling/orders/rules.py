"""An order's life, and what it comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pooling.kernel.states import StateMachine
from pooling.orders.models import OrderState as State
from pooling.procurement.models import Mandate
from pooling.sharing.money import Cents, half_up
from pooling.sharing.tiers import line_total

ORDER = StateMachine(
    noun="order",
    this="Cette commande",
    begins=frozenset({State.DRAFT}),
    transitions={
        State.DRAFT: frozenset({State.SENT, State.CANCELLED}),
        # What was amended is sent again, and confirmed again.
        State.SENT: frozenset({State.SENT, State.CONFIRMED, State.CANCELLED}),
        State.CONFIRMED: frozenset({State.SENT, State.CANCELLED}),
        State.CANCELLED: frozenset(),
    },
    words={
        State.DRAFT: "À envoyer",
        State.SENT: "Envoyée",
        State.CONFIRMED: "Confirmée",
        State.CANCELLED: "Annulée",
    },
    tags={
        State.DRAFT: "draft",
        State.SENT: "primary",
        State.CONFIRMED: "done",
        State.CANCELLED: "cancelled",
    },
)
LEFT = (State.SENT, State.CONFIRMED)
"""Of an order that its supplier has."""


def each_buys(mandate: str) -> bool:
    """Whether each member is the buyer of what it gets; else the lead buys for all (CCP L2113-7)."""
    return mandate in (Mandate.PROCEDURE_ONLY, Mandate.SIGN_AND_NOTIFY)


@dataclass(frozen=True)
class Totals:
    """What an order comes to, in cents. VAT is rounded once for each rate."""

    by_rate: Mapping[Decimal, Cents]
    """Before VAT."""

    @property
    def ht(self) -> Cents:
        return sum(self.by_rate.values())

    def vat_at(self, rate: Decimal) -> Cents:
        return half_up(Fraction(rate) * self.by_rate[rate] / 100)

    @property
    def vat(self) -> Cents:
        return sum(self.vat_at(rate) for rate in self.by_rate)

    @property
    def ttc(self) -> Cents:
        return self.ht + self.vat


def totals_of(items: Iterable[tuple[Decimal, Decimal, int]], charges: Iterable[tuple[Decimal, Cents]] = ()) -> Totals:
    """Of items as (unit price, VAT rate, units) and charges as (VAT rate, cents before VAT)."""
    by_rate: dict[Decimal, Cents] = {}
    for unit_price, vat_rate, units in items:
        rate = vat_rate.normalize()
        by_rate[rate] = by_rate.get(rate, 0) + line_total(units, Fraction(unit_price))
    for vat_rate, cents in charges:
        rate = vat_rate.normalize()
        by_rate[rate] = by_rate.get(rate, 0) + cents
    return Totals(dict(sorted(by_rate.items())))
