"""What an action would cost each member. Pure: the allocation rule does the sharing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_case import Basis, Case, Charge, Item, Member, Need, RateSubsidy
from pooling.sharing.allocation_result import Totals
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents, split
from pooling.terms.models import ChargesKey, Position, Spread
from pooling.terms.schemas import EstimateIn

POSITION_WORDS = {
    Position.IN: "Participe",
    Position.UNDER_CONDITION: "Participe sous condition",
    Position.OUT: "Ne participe pas",
}
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
    quantity: int | None = None
    """What it counts for itself."""


@dataclass(frozen=True)
class Share:
    """What a member would take and pay, in cents."""

    quantity: int
    ttc: Cents
    subsidised: Cents
    net: Cents


@dataclass(frozen=True)
class Simulation:
    """An estimate as shared, or why it cannot be."""

    shares: Mapping[str, Share]
    totals: Totals | None
    quantity: int
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


def quantities_of(estimate: EstimateIn, standings: Sequence[Standing]) -> dict[str, int]:
    """Whoever counts for itself gets what it counted; the others what is left of the whole, by their size.

    Raises:
        RuleError: something is left, and nobody has a size.
    """
    counted = {one.id: one.quantity for one in standings if one.quantity is not None}
    others = [one for one in standings if one.quantity is None]
    left = max(estimate.quantity - sum(counted.values()), 0) if others else 0
    return {**counted, **split(left, {one.id: _size(one, estimate.spread) for one in others})}


def _size(standing: Standing, spread: Spread) -> int:
    return 1 if spread is Spread.EQUAL else (getattr(standing, spread) or 0)


def case_of(estimate: EstimateIn, standings: Sequence[Standing]) -> Case:
    """As the allocation rule reads it.

    Raises:
        RuleError: as `quantities_of`.
    """
    vat = Fraction(estimate.vat_hundredths, 100)
    return Case(
        members=tuple(Member(one.id, one.population, one.agents) for one in standings),
        items=(Item("item", Fraction(estimate.unit_price_cents, 100), vat),),
        needs=tuple(Need(id_, "item", units) for id_, units in quantities_of(estimate, standings).items() if units),
        charges=(Charge("charges", estimate.charges_cents, vat, Basis(estimate.charges_key), scope="all"),),
        subsidies=(RateSubsidy("subsidy", charges=("charges",), rate=Fraction(estimate.subsidy_hundredths, 100)),),
    )


def simulate(estimate: EstimateIn, members: Iterable[Standing]) -> Simulation:
    """Shared between those who are not out."""
    standings = [one for one in members if one.position is not Position.OUT]
    lacking = _lacking(estimate, standings)
    if lacking:
        return Simulation({}, None, 0, lacking)
    try:
        case = case_of(estimate, standings)
        result = allocate(case)
    except RuleError:
        return Simulation({}, None, 0, "Personne ne porterait ce coût : vérifiez les quantités et la clé.")
    units = {need.member: need.quantity for need in case.needs}
    shares = {one.id: Share(units.get(one.id, 0), one.ttc, one.subsidised, one.net) for one in result.members}
    return Simulation(shares, result.totals, sum(units.values()))


def _lacking(estimate: EstimateIn, standings: Sequence[Standing]) -> str:
    """Sizes by which something is shared and that nobody gave."""
    asked = {str(estimate.charges_key)} if estimate.charges_cents else set()
    if estimate.quantity and estimate.spread is not Spread.EQUAL:
        asked.add(str(estimate.spread))
    for size, words in _SIZES.items():
        names = [one.name for one in standings if getattr(one, size) is None] if size in asked else []
        if names:
            more = f" et {len(names) - _NAMED} de plus" if len(names) > _NAMED else ""
            return f"Le calcul demande {words} de : {', '.join(names[:_NAMED])}{more}."
    return ""
