"""What an action would cost each member. Pure: the allocation rule does the sharing."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from pooling.purchases.models import PurchaseKind
from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_case import AmountSubsidy, Basis, Case, Charge, Item, Member, Need, RateSubsidy
from pooling.sharing.allocation_result import Totals
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents, split
from pooling.terms.models import ChargesKey, Position, Spread
from pooling.terms.schemas import AidIn, EstimateIn, TermsIn, TermsItemIn

POSITION_WORDS = {
    Position.IN: "Participe",
    Position.UNDER_CONDITION: "Participe sous condition",
    Position.OUT: "Ne participe pas",
}
THROUGH_WORDS = {"units": "Par ses composantes", "whole": "Avec son établissement"}
"""Why a member that is silent need not answer."""
SPREAD_WORDS = {
    Spread.POPULATION: "Selon la population",
    Spread.AGENTS: "Selon l’effectif",
    Spread.EQUAL: "La même pour chacun",
}
KEY_WORDS = {
    ChargesKey.EQUAL: "Parts égales",
    ChargesKey.QUANTITY: "Quantités",
    ChargesKey.AMOUNT: "Montants",
    ChargesKey.POPULATION: "Population municipale",
    ChargesKey.AGENTS: "Nombre d’agents",
}
_SIZES = {"population": "la population", "agents": "l’effectif"}
_NAMED = 3


@dataclass(frozen=True)
class Standing:
    """A member before the terms of an action."""

    id: str
    name: str
    population: int | None = None
    agents: int | None = None
    position: Position | None = None
    """None: it has not answered."""
    quantities: Mapping[str, int] = field(default_factory=dict)
    """What it counts for itself, by the codes of items."""


@dataclass(frozen=True)
class Share:
    """What a member would take, by the codes of items, and pay, in cents."""

    units: Mapping[str, int]
    ttc: Cents
    subsidised: Cents
    net: Cents


@dataclass(frozen=True)
class Simulation:
    """An estimate as shared, or why it cannot be."""

    shares: Mapping[str, Share]
    totals: Totals | None
    units: Mapping[str, int] = field(default_factory=dict)
    """Of all together, by the codes of items."""
    why_not: str = ""


@dataclass(frozen=True)
class Turnout:
    """How many members answered what."""

    joined: int = 0
    under_condition: int = 0
    out: int = 0
    silent: int = 0


def turnout_of(counted: Iterable[tuple[str | None, int]]) -> Turnout:
    """Of (position or nothing, how many members)."""
    found = dict(counted)
    return Turnout(
        found.get(Position.IN, 0),
        found.get(Position.UNDER_CONDITION, 0),
        found.get(Position.OUT, 0),
        found.get(None, 0),
    )


def quantities_of(estimate: EstimateIn, code: str, standings: Sequence[Standing]) -> dict[str, int]:
    """Units of an item: whoever counts for itself gets what it counted; the others what is left of the whole, by their
    size.

    Raises:
        RuleError: something is left, and nobody has a size.
    """
    counted = {one.id: one.quantities[code] for one in standings if code in one.quantities}
    others = [one for one in standings if code not in one.quantities]
    left = max(estimate.quantities[code] - sum(counted.values()), 0) if others else 0
    return {**counted, **split(left, {one.id: _size(one, estimate.spread) for one in others})}


def _size(standing: Standing, spread: Spread) -> int:
    return 1 if spread is Spread.EQUAL else (getattr(standing, spread) or 0)


def shares_all(kind: PurchaseKind) -> bool:
    """Whether nobody takes units: of a service, all of its cost is shared."""
    return kind is PurchaseKind.SERVICE


def case_of(terms: TermsIn, estimate: EstimateIn, standings: Sequence[Standing]) -> Case:
    """As the allocation rule reads it.

    Raises:
        RuleError: as `quantities_of`.
    """
    bought = bought_in(terms, estimate)
    taken = () if shares_all(terms.kind) else bought
    charges = charges_of(terms, estimate)
    return Case(
        members=tuple(Member(one.id, one.population, one.agents) for one in standings),
        items=tuple(
            Item(item.code, Fraction(item.unit_price_cents, 100), Fraction(item.vat_hundredths, 100)) for item in taken
        ),
        needs=tuple(
            Need(id_, item.code, units)
            for item in taken
            for id_, units in quantities_of(estimate, item.code, standings).items()
            if units
        ),
        charges=tuple(
            Charge(one.code, one.cents, Fraction(one.vat_hundredths, 100), Basis(estimate.charges_key), scope="all")
            for one in charges
        ),
        subsidies=tuple(
            _subsidy(f"aid-{place}", aid, {item.code for item in taken}, charges)
            for place, aid in enumerate(estimate.aids)
        ),
    )


def bought_in(terms: TermsIn, estimate: EstimateIn) -> tuple[TermsItemIn, ...]:
    """The items that the estimate buys."""
    return tuple(item for item in terms.items if item.code in estimate.quantities)


class SharedCost(NamedTuple):
    """A cost that members share by a key, in cents before VAT."""

    code: str
    label: str
    cents: Cents
    vat_hundredths: int
    item: str = ""
    """The code of the item of which it is all of the cost."""


def charges_of(terms: TermsIn, estimate: EstimateIn) -> tuple[SharedCost, ...]:
    """What is shared by the estimate's key: its shared costs; of a service, what it buys too."""
    items = bought_in(terms, estimate) if shares_all(terms.kind) else ()
    own = SharedCost("shared", estimate.charges_label, estimate.charges_cents, estimate.charges_vat_hundredths)
    return (
        *(
            SharedCost(
                f"item:{item.code}",
                item.name,
                item.unit_price_cents * estimate.quantities[item.code],
                item.vat_hundredths,
                item.code,
            )
            for item in items
        ),
        *((own,) if estimate.charges_cents else ()),
    )


def counted_by(
    aid: AidIn, taken: Container[str], charges: Sequence[SharedCost]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Codes of the items (None: all) and of the charges that an aid counts."""
    if not aid.item:
        return None, tuple(one.code for one in charges)
    return (aid.item,) if aid.item in taken else (), tuple(one.code for one in charges if one.item == aid.item)


def _subsidy(
    code: str, aid: AidIn, taken: Container[str], charges: Sequence[SharedCost]
) -> RateSubsidy | AmountSubsidy:
    items, shared = counted_by(aid, taken, charges)
    if aid.amount_cents is not None:
        return AmountSubsidy(code, items, shared, amount=aid.amount_cents)
    return RateSubsidy(
        code,
        items,
        shared,
        rate=Fraction(aid.rate_hundredths or 0, 100),
        cap_per_unit=aid.cap_per_unit_cents,
        cap_total=aid.cap_total_cents,
    )


def simulate(terms: TermsIn, estimate: EstimateIn, members: Iterable[Standing]) -> Simulation:
    """Shared between those who are not out."""
    standings = [one for one in members if one.position is not Position.OUT]
    lacking = _lacking(terms, estimate, standings)
    if lacking:
        return Simulation({}, None, why_not=lacking)
    try:
        case = case_of(terms, estimate, standings)
        result = allocate(case)
    except RuleError:
        return Simulation(
            {}, None, why_not="Personne ne porterait ce coût : vérifiez les quantités, la clé et les aides."
        )
    units: dict[str, dict[str, int]] = {one.id: {} for one in standings}
    for need in case.needs:
        units[need.member][need.item] = need.quantity
    shares = {one.id: Share(units[one.id], one.ttc, one.subsidised, one.net) for one in result.members}
    totals = Counter[str]()
    for taken in units.values():
        totals.update(taken)
    return Simulation(shares, result.totals, dict(totals))


def _lacking(terms: TermsIn, estimate: EstimateIn, standings: Sequence[Standing]) -> str:
    """Sizes by which something is shared and that nobody gave."""
    asked = {str(estimate.charges_key)} if any(one.cents for one in charges_of(terms, estimate)) else set()
    if any(estimate.quantities.values()) and not shares_all(terms.kind) and estimate.spread is not Spread.EQUAL:
        asked.add(str(estimate.spread))
    for size, words in _SIZES.items():
        names = [one.name for one in standings if getattr(one, size) is None] if size in asked else []
        if names:
            more = f" et {len(names) - _NAMED} de plus" if len(names) > _NAMED else ""
            return f"Le calcul demande {words} de : {', '.join(names[:_NAMED])}{more}."
    return ""
