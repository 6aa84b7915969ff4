"""Comparing quotes: what would be ordered of each by the consolidation rule, what it comes to, which are best, how
criteria rank them. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Literal, TypeAlias

from pooling.quotes.models import CriterionKind
from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_case import Basis, Case, Charge, Item, Member, Need
from pooling.sharing.consolidation import consolidate, whole_packs
from pooling.sharing.consolidation_case import ConsolidationCase, Declared, PackedItem
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.money import Cents, half_up
from pooling.sharing.tiers import Tier

Status: TypeAlias = Literal[
    "not_offered", "ok", "nothing_declared", "minimum_not_reached", "below_one_pack", "amount_not_reached"
]
BEST_MARK = 20


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """How one item is offered; euros before VAT, `minimum_cents` cents."""

    unit_price: Fraction
    tiers: tuple[Tier, ...] = ()
    pack: int = 1
    minimum: int = 0
    minimum_cents: Cents = 0

    @property
    def least(self) -> int | None:
        """The smallest whole packs that reach both its quantity and its amount; None: no quantity comes to that."""
        return least_units(self)


@dataclass(frozen=True, slots=True)
class Offer:
    """One quote, as far as it is compared."""

    id: int
    lines: Mapping[str, OfferedLine]
    asked: frozenset[str]
    """The items that it was asked for."""
    is_whole: bool = True
    """For the whole purchase, not one lot."""
    delivery: Cents = 0
    delivery_vat_rate: Fraction = Fraction(20)
    delivery_days: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is needed of one item. `case` is the consolidation rule's, for the item as it is today."""

    code: str
    vat_rate: Fraction
    case: ConsolidationCase
    lot: int | None = None

    @property
    def firm(self) -> int:
        return self.case.firm


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What would be ordered of one item, and what that comes to before VAT: nothing, unless it is `ok`."""

    status: Status
    wanted: Wanted
    consolidation: Consolidation | None = None

    @property
    def units(self) -> int:
        return self.consolidation.order if self.consolidation and self.status == "ok" else 0

    @property
    def total(self) -> Cents:
        return self.consolidation.total if self.consolidation and self.status == "ok" else 0

    @property
    def covers(self) -> bool:
        """Whether everybody gets what it is sure to need; of what nobody needs, nothing is lacking."""
        return self.units >= self.wanted.firm


@dataclass(frozen=True, slots=True)
class Basket:
    """Items ordered by certain quotes, with the delivery of each of these once."""

    lines: Mapping[str, LineOutcome]
    deliveries: Mapping[int, tuple[Cents, Fraction]]
    """Amount and VAT rate by quote."""

    @property
    def ht(self) -> Cents:
        return sum(line.total for line in self.lines.values()) + sum(amount for amount, _ in self.deliveries.values())

    @property
    def vat(self) -> Cents:
        """Of each rate, on all that it bears: as the allocation rule counts it."""
        bases: dict[Fraction, Cents] = {}
        for line in self.lines.values():
            bases[line.wanted.vat_rate] = bases.get(line.wanted.vat_rate, 0) + line.total
        for amount, rate in self.deliveries.values():
            bases[rate] = bases.get(rate, 0) + amount
        return sum(half_up(base * rate / 100) for rate, base in bases.items())

    @property
    def ttc(self) -> Cents:
        return self.ht + self.vat

    @property
    def is_complete(self) -> bool:
        """Whether all that is needed is ordered."""
        return all(line.covers for line in self.lines.values())


Choice: TypeAlias = Mapping[str, int]
"""By item, the quote that it is ordered by."""


def least_units(line: OfferedLine) -> int | None:
    """See `OfferedLine.least`. Each price holds from its tier up to the next one, so that each is asked by itself."""
    if not line.minimum_cents:
        return line.minimum
    bands = [(0, line.unit_price), *((tier.threshold, tier.unit_price) for tier in sorted_tiers(line.tiers))]
    for place, (start, price) in enumerate(bands):
        if not price:
            continue
        # A total of so many cents before rounding is rounded up to the amount.
        enough = ceil((line.minimum_cents - Fraction(1, 2)) / (price * 100))
        units = whole_packs(max(start, line.minimum, enough), line.pack)
        if place + 1 == len(bands) or units < bands[place + 1][0]:
            return units
    return None


def sorted_tiers(tiers: Iterable[Tier]) -> list[Tier]:
    return sorted(tiers, key=lambda tier: tier.threshold)


def line_outcome(wanted: Wanted, line: OfferedLine | None) -> LineOutcome:
    """The consolidation rule on what is needed, with the packs, tiers and minimum of the quote."""
    if line is None:
        return LineOutcome("not_offered", wanted)
    least = line.least
    if least is None:
        return LineOutcome("amount_not_reached" if wanted.firm else "nothing_declared", wanted)
    item = PackedItem(line.unit_price, line.tiers, line.pack, least)
    found = consolidate(replace(wanted.case, item=item))
    if found.status == "ok" and found.total < line.minimum_cents:  # a tier that lowers the price undercuts it again
        return LineOutcome("amount_not_reached", wanted, found)
    short = found.status == "minimum_not_reached" and least > line.minimum
    return LineOutcome("amount_not_reached" if short else found.status, wanted, found)


def outcome(wanted: Sequence[Wanted], offer: Offer) -> Basket:
    """What this quote alone comes to, of all that it was asked for."""
    return chosen(wanted, [offer], {one.code: offer.id for one in wanted if one.code in offer.asked})


def chosen(wanted: Sequence[Wanted], offers: Iterable[Offer], choice: Choice) -> Basket:
    """What this choice comes to. A delivery is paid once something is ordered by its quote."""
    known = {offer.id: offer for offer in offers}
    lines = {
        one.code: line_outcome(one, known[choice[one.code]].lines.get(one.code)) for one in wanted if one.code in choice
    }
    ordered = dict.fromkeys(choice[code] for code, line in lines.items() if line.units)
    return Basket(lines, {id_: (known[id_].delivery, known[id_].delivery_vat_rate) for id_ in ordered})


def best_whole(baskets: Mapping[int, Basket], offers: Iterable[Offer]) -> int | None:
    """The cheapest quote for the whole purchase, with VAT and delivery, that leaves nothing out."""
    return _least({offer.id: (baskets[offer.id].ttc,) for offer in _complete(baskets, offers)})


def earliest(baskets: Mapping[int, Basket], offers: Iterable[Offer]) -> int | None:
    """The one that delivers everything first; of several, the cheapest."""
    days = {offer.id: offer.delivery_days for offer in _complete(baskets, offers)}
    return _least({id_: (after, baskets[id_].ttc) for id_, after in days.items() if after is not None})


def _complete(baskets: Mapping[int, Basket], offers: Iterable[Offer]) -> list[Offer]:
    return [offer for offer in offers if offer.is_whole and baskets[offer.id].is_complete and baskets[offer.id].ht]


def _least(by_id: Mapping[int, tuple[int, ...]]) -> int | None:
    return min(by_id, key=lambda id_: (*by_id[id_], id_), default=None)


def best_by_line(wanted: Sequence[Wanted], offers: Sequence[Offer]) -> dict[str, int]:
    """For each item that is needed, the quote whose line is cheapest before VAT, without delivery; one that covers what
    is needed before one that does not.
    """
    found = {}
    for one in wanted:
        lines = {offer.id: line_outcome(one, offer.lines.get(one.code)) for offer in offers if one.code in offer.lines}
        ordered = {id_: (not line.covers, line.total) for id_, line in lines.items() if line.units}
        if (best := _least(ordered)) is not None:
            found[one.code] = best
    return found


def best_by_lot(wanted: Sequence[Wanted], offers: Sequence[Offer]) -> dict[str, int]:
    """For each lot, the quote that is cheapest for all of it, delivery included, by item; items in no lot are one."""
    found: dict[str, int] = {}
    for lot in dict.fromkeys(one.lot for one in wanted):
        of_it = [one for one in wanted if one.lot == lot]
        codes = {one.code for one in of_it}
        baskets = {
            offer.id: chosen(of_it, [offer], dict.fromkeys(codes, offer.id))
            for offer in offers
            if codes & offer.lines.keys()
        }
        best = _least({id_: (basket.ht,) for id_, basket in baskets.items() if basket.is_complete and basket.ht})
        if best is not None:
            found |= dict.fromkeys((one.code for one in of_it if one.firm), best)
    return found


# What each member would pay.

Filed: TypeAlias = Mapping[str, Sequence[Declared]]
"""What members filed, by item."""


def member_shares(basket: Basket, choice: Choice, filed: Filed, lead: str) -> dict[str, tuple[Cents, Cents]]:
    """Each member's part before VAT and with it, by its code: of items by its units, of each delivery by what it pays
    of the items that come with it, VAT as the allocation rule shares it. The sums are the basket's. A surplus of packs
    is the lead member's.
    """
    items, needs = [], list[Need]()
    for code, line in basket.lines.items():
        if not line.units or line.consolidation is None:
            continue
        case = line.consolidation.case
        items.append(Item(code, case.item.unit_price, line.wanted.vat_rate, tiers=case.item.tiers))
        dealt = consolidate(replace(case, needs=tuple(filed.get(code, ()))))
        units = dict(dealt.assigned)
        if dealt.surplus:
            units[lead] = units.get(lead, 0) + dealt.surplus
        needs += [Need(member, code, quantity) for member, quantity in units.items() if quantity]
    charges = []
    for offer, (amount, rate) in basket.deliveries.items():
        codes = _with(offer, choice, basket)
        key = Basis.AMOUNT if any(basket.lines[code].total for code in codes) else Basis.QUANTITY  # all of it is free
        charges.append(Charge(f"{offer}", amount, rate, key, items=codes))
    members = sorted({need.member for need in needs})
    case_ = Case("", tuple(map(Member, members)), tuple(items), tuple(needs), tuple(charges))
    return {each.id: (each.ht, each.ttc) for each in allocate(case_).members}


def _with(offer: int, choice: Choice, basket: Basket) -> tuple[str, ...]:
    return tuple(code for code, line in basket.lines.items() if choice[code] == offer and line.units)


# Criteria.


@dataclass(frozen=True, slots=True)
class Criterion:
    """What quotes are judged by, with its weight in percent."""

    number: int
    kind: CriterionKind
    label: str
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gave a quote for a criterion: a mark out of 20, or (life-cycle cost) cents."""

    mark: Fraction | None = None
    cents: Cents | None = None
    reason: str = ""


Marks: TypeAlias = Mapping[tuple[int, int], Given]
"""By criterion and quote."""
COMPUTED = frozenset({CriterionKind.PRICE, CriterionKind.DELAY})
"""Marks that come from the quotes themselves."""


def criteria_error(criteria: Sequence[Criterion]) -> str | None:
    """What the law or arithmetic has against these criteria; None: nothing (CCP R2152-7, L2152-7)."""
    if not criteria:
        return None
    if sum(one.weight for one in criteria) != 100:  # noqa: PLR2004 - percent
        return "Les poids doivent faire 100\u00a0% ensemble."
    kinds = [one.kind for one in criteria]
    if CriterionKind.LIFE_CYCLE in kinds and len(kinds) == 1:
        return None
    if CriterionKind.PRICE in kinds and CriterionKind.LIFE_CYCLE in kinds:
        return "Le coût du cycle de vie comprend le prix\u00a0: gardez l’un des deux."
    if not {CriterionKind.ENVIRONMENT, CriterionKind.LIFE_CYCLE} & set(kinds):
        return (
            "Ajoutez un critère sur l’environnement, ou jugez sur le seul coût du cycle de vie "
            "(code de la commande publique, R2152-7)."
        )
    return None


def marks_of(
    criteria: Sequence[Criterion], offers: Sequence[Offer], baskets: Mapping[int, Basket], given: Marks
) -> dict[tuple[int, int], Fraction]:
    """The mark out of 20 of each quote for each criterion, where there is one: prices and delays are compared with the
    best of those that are judged together, the rest is as given.
    """
    found: dict[tuple[int, int], Fraction] = {}
    for criterion in criteria:
        numbers: dict[int, int] = {}
        for offer in offers:
            said = given.get((criterion.number, offer.id), Given())
            basket = baskets[offer.id]
            number = {
                CriterionKind.PRICE: basket.ht if basket.is_complete and basket.ht else None,
                CriterionKind.DELAY: offer.delivery_days,
                CriterionKind.LIFE_CYCLE: said.cents,
            }.get(criterion.kind)
            if number is not None:
                numbers[offer.id] = number
            elif said.mark is not None:
                found[criterion.number, offer.id] = said.mark
        least = min(numbers.values(), default=0)
        for id_, number in numbers.items():
            found[criterion.number, id_] = Fraction(BEST_MARK * least, number) if number else Fraction(BEST_MARK)
    return found


def scores(
    criteria: Sequence[Criterion], offers: Iterable[Offer], marks: Mapping[tuple[int, int], Fraction]
) -> dict[int, Fraction]:
    """The weighted mark out of 20 of each quote that has all of its marks."""
    return {
        offer.id: sum((one.weight * marks[one.number, offer.id] / 100 for one in criteria), Fraction(0))
        for offer in offers
        if criteria and all((one.number, offer.id) in marks for one in criteria)
    }
