"""« Pourquoi ? » in words: from an explanation of the rule to what a finance officer can follow by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from pooling.allocation.figures import KEYS, KINDS, Labels, decimal
from pooling.allocation.models import PARTICIPANTS
from pooling.allocation.service import PurchaseAllocation
from pooling.allocation.wording import TAKERS
from pooling.sharing.allocation_case import RateSubsidy
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.explanation import Explanation, explain, explain_fctva
from pooling.sharing.money import Cents, format_decimal
from pooling.sharing.shared_lines import CENTS_KEYS, KeyName, LineKind, Number, shared_lines
from pooling.sharing.shares import Shares
from pooling.web.typography import NBSP, date_short, euros, number, percent

EXACT_DECIMALS = 8
_UNITS = {
    KeyName.QUANTITY: "unité",
    KeyName.POPULATION: "habitant",
    KeyName.AGENTS: "agent",
    KeyName.EQUAL: "part",
}
_OF_MEMBERS = frozenset({KeyName.POPULATION, KeyName.AGENTS})


@dataclass(frozen=True)
class Figure:
    """One line of a member's costs: what it is, what it comes to, and the steps that lead there."""

    kind: LineKind
    heading: str
    title: str
    share: Cents
    steps: Sequence[tuple[str, str]]
    """(what, its value) in the order in which one computes."""


@dataclass(frozen=True)
class Why:
    """All of one member's figures. `absent` names the lines in which it has no share."""

    figures: Sequence[Figure]
    absent: Sequence[str]
    fctva: Sequence[tuple[str, str]] = field(default_factory=list)


def why(allocation: PurchaseAllocation, code: str, zone: ZoneInfo) -> Why:
    """Explains a member's figures; KeyError when it is not in the allocation."""
    figures, absent = [], []
    for line in shared_lines(allocation.result):
        explained = explain(allocation.result, line.kind, line.id, code)
        title = allocation.labels.line(line.kind, line.id)
        if explained.share or explained.exact:
            steps = _steps(explained, allocation, zone)
            figures.append(Figure(line.kind, KINDS[line.kind], title, explained.share, steps))
        elif line.kind in {LineKind.ITEM, LineKind.CHARGE, LineKind.SUBSIDY}:
            absent.append(title)
    return Why(figures, absent, _fctva(allocation.result, code, allocation.labels))


def _steps(explained: Explanation, allocation: PurchaseAllocation, zone: ZoneInfo) -> list[tuple[str, str]]:
    line = explained.line
    steps = [("À partager entre tous", euros(explained.total))]
    if line.kind is LineKind.CHARGE:
        steps += _among_takers(explained, allocation.result)
    if line.kind is LineKind.SUBSIDY:
        steps += _claimed(explained, allocation.result)
    steps += [("Clé", KEYS[line.base.key]), *_mixed(explained)]
    mine, everybody = base_value(explained.value, line.base.key), base_value(explained.whole, line.base.key)
    if line.kind is LineKind.VAT:
        reached = f"{mine} × {percent(Fraction(line.id) / 100, 2)}"
        steps += [("Base HT du membre", mine), ("Base HT de tous", everybody)]
    else:
        reached = f"{euros(explained.total)} × {mine} ÷ {everybody}"
        steps += [("Valeur du membre", mine + _since(explained, allocation, zone)), ("Total des valeurs", everybody)]
    place = allocation.result.lines.pool.places[explained.member]
    return [
        *steps,
        ("Part exacte", f"{reached} = {exact(explained.exact)}"),
        ("Centimes entiers", euros(explained.towards_zero)),
        ("Centime restant", _cent(line.shares, place)),
    ]


def _among_takers(explained: Explanation, result: Allocation) -> list[tuple[str, str]]:
    """Who shares a charge, where it depends on what members take."""
    charge = result.lines.charges[explained.line.id].charge
    if charge.scope != PARTICIPANTS:
        return []
    count = len(result.lines.pool.participants)
    return [("Partagé par", f"{TAKERS} ({number(count)} membre{'s' if count > 1 else ''})")]


def _mixed(explained: Explanation) -> list[tuple[str, str]]:
    """The parts of a mix, each with the member's weight in it."""
    steps = []
    for place, (part, value, weight) in enumerate(explained.parts, start=1):
        mine, everybody = base_value(value, part.base.key), base_value(part.base.whole, part.base.key)
        comes_to = f"{number(_rounded(weight), EXACT_DECIMALS)}{NBSP}%"
        share = percent(part.percent / 100, 6)
        steps.append(
            (f"Partie {place}", f"{share}, {KEYS[part.base.key]}\u00a0: {mine} sur {everybody}, soit {comes_to}")
        )
    return steps


def _since(explained: Explanation, allocation: PurchaseAllocation, zone: ZoneInfo) -> str:
    """Where the base values come from, and their date."""
    keys = {explained.line.base.key, *(part.base.key for part, _, _ in explained.parts)}
    if keys & _OF_MEMBERS:
        return f" ({keys_date(allocation.keys_frozen_at, zone)})"
    return f" ({allocation.basis})" if KeyName.QUANTITY in keys else ""


def keys_date(frozen_at: datetime | None, zone: ZoneInfo) -> str:
    """Since when key values stand."""
    if frozen_at is None:
        return "valeur d’aujourd’hui, pas encore figée"
    return f"valeur figée le {date_short(frozen_at.astimezone(zone))}"


def base_value(value: Number, key: KeyName) -> str:
    """A base value with its unit."""
    if key in CENTS_KEYS:
        cents = Fraction(value)
        return euros(int(cents)) if cents.denominator == 1 else f"{number(_rounded(cents / 100), 8)}{NBSP}€"
    if key in {KeyName.PERCENTS, KeyName.MIX}:
        return f"{number(_rounded(Fraction(value)), EXACT_DECIMALS)}{NBSP}%"
    unit = _UNITS.get(key)
    plural = "s" if unit and abs(Fraction(value)) >= 2 else ""  # noqa: PLR2004 - where French plural starts
    return f"{number(_rounded(Fraction(value)), 6)}{NBSP + unit + plural if unit else ''}"


def exact(cents: Fraction) -> str:
    """An exact share in euros: a decimal when it ends, else the fraction and its rounding."""
    if cents.denominator == 1:
        return f"{euros(int(cents))} exactement"
    amount = cents / 100
    try:
        ended = format_decimal(amount)
    except ValueError:
        ended = ""
    if ended and len(ended.partition(".")[2]) <= EXACT_DECIMALS:
        return f"{number(amount, EXACT_DECIMALS)}{NBSP}€ exactement"
    return f"{amount.numerator}/{amount.denominator}{NBSP}€, environ {number(_rounded(amount), EXACT_DECIMALS)}{NBSP}€"


def _rounded(value: Fraction) -> Fraction:
    """To 8 decimals, towards zero: for showing, never for computing."""
    return Fraction(decimal(value))


def _cent(shares: Shares, place: int) -> str:
    """Whether the member received one of the cents left, and why."""
    left = shares.total - sum(map(shares.towards_zero, range(len(shares.cents))))
    if left == 0:
        return "Il ne restait aucun centime à donner."
    rest = f"Il restait {abs(left)} centime{'s' if abs(left) > 1 else ''} à {'donner' if left > 0 else 'retirer'}"
    rest += ", un à chacune des plus grandes fractions de centime."
    rank = _rank(shares, place, 1 if left > 0 else -1)
    if rank is None:
        return f"{rest} Cette part n’a pas de fraction de ce signe\u00a0: elle n’est pas concernée."
    fraction = number(_rounded(abs(shares.exact_share(place)) % 1), 6)
    end = "elle en reçoit un." if shares.given(place) else "elle n’en reçoit pas."
    if left < 0:
        end = "un centime en est retiré." if shares.given(place) else "rien n’en est retiré."
    return f"{rest} La sienne ({fraction}) est la {rank}{'re' if rank == 1 else 'e'}\u00a0: {end}"


def _rank(shares: Shares, place: int, sign: int) -> int | None:
    """Where the member stands among those that may receive a cent; None when it may not."""

    def standing(other: int) -> tuple[int, int, int]:
        size = abs(shares.numerators[other])
        return (-(size % shares.denominator), -size, other)

    able = [
        n for n, numerator in enumerate(shares.numerators) if numerator * sign > 0 and numerator % shares.denominator
    ]
    if place not in able:
        return None
    mine = standing(place)
    return 1 + sum(standing(other) < mine for other in able)


def _claimed(explained: Explanation, result: Allocation) -> list[tuple[str, str]]:
    """What the member may claim of a subsidy."""
    line, place = result.lines.subsidies[explained.line.id], result.lines.pool.places[explained.member]
    eligible = line.eligible[place]
    steps = [("Coût éligible du membre", f"{euros(eligible)} HT")]
    if isinstance(line.subsidy, RateSubsidy):
        rate = line.subsidy.rate / 100
        asked = base_value(rate * eligible, KeyName.CLAIM)
        steps.append(("Demande au taux", f"{euros(eligible)} × {percent(rate, 6)} = {asked}"))
        if line.subsidy.cap_per_unit is not None:
            cap, units = line.subsidy.cap_per_unit, line.units[place]
            steps.append(("Plafond", f"{euros(cap)} × {number(units)} = {euros(cap * units)}"))
        if line.subsidy.cap_total is not None:
            steps.append(("Plafond de l’aide entière", euros(line.subsidy.cap_total)))
    return steps


def _fctva(result: Allocation, code: str, labels: Labels) -> list[tuple[str, str]]:
    """The lines that count for FCTVA with VAT, then the rate; nothing when none does."""
    explained = explain_fctva(result, code)
    steps = [
        (
            labels.line(kind, id_),
            f"{euros(ht)} HT × {number(1 + vat / 100, 4)} = {base_value(ht * (1 + vat / 100), KeyName.CLAIM)} TTC",
        )
        for kind, id_, ht, vat in explained.lines
    ]
    if not steps:
        return []
    steps.append(("Part exacte", f"total × {percent(explained.rate / 100, 6)} = {exact(explained.exact)}"))
    steps.append(("Arrondi au centime", euros(explained.rounded)))
    return steps
