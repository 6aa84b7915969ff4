"""« Pourquoi ? » in words: from what was stated of a member to what a finance officer can follow by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.figures import KEYS, KINDS, decimal
from pooling.allocation.words import TAKERS
from pooling.sharing.money import Cents, format_decimal, half_up
from pooling.sharing.shared_lines import CENTS_KEYS, KeyName, LineKind, Number
from pooling.sharing.statement import StatedLine, StatedMember, StatedShare, Statement
from pooling.web.typography import NBSP, date_short, euros, number, percent

NO_FCTVA = (
    "Ce membre ne reçoit pas le FCTVA, d’après sa catégorie (celle de son établissement pour une composante)\u00a0: il "
    "n’est pas estimé."
)
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
    fctva: Sequence[tuple[str, str]]
    no_fctva: str
    """Why there is none, where others would get some."""


def explain(stated: StatedPurchase, code: str, zone: ZoneInfo) -> Why:
    """Explains a member's figures, reading its own row and the lines; KeyError when it is not in the allocation."""
    member = stated.result.member(code)
    shares = {share.line: share for share in member.shares}
    figures, absent = [], []
    for place, line in enumerate(stated.result.lines):
        title, share = stated.labels.line(line.kind, line.id), shares.get(place)
        if share and (share.cents or share.numerator):
            figures.append(Figure(line.kind, KINDS[line.kind], title, share.cents, _steps(line, share, stated, zone)))
        elif line.kind in {LineKind.ITEM, LineKind.CHARGE, LineKind.SUBSIDY}:
            absent.append(title)
    return Why(figures, absent, _fctva(stated, member), NO_FCTVA if _misses_fctva(stated.result, member) else "")


def _steps(line: StatedLine, share: StatedShare, stated: StatedPurchase, zone: ZoneInfo) -> list[tuple[str, str]]:
    if line.key is KeyName.OWN_BILL:
        return [("De sa facture à ce que donne le calcul", euros(share.cents)), ("Clé", KEYS[line.key])]
    steps = [("À partager entre tous", euros(line.total))]
    if line.rate is not None and line.base is not None:
        steps = [("Prix HT des articles comptés", euros(line.base)), (steps[0][0], _taken(line.base, line.rate / 100))]
    if line.takers is not None:
        count = f"{number(line.takers)} membre{'s' if line.takers > 1 else ''}"
        steps.append(("Partagé par", f"{TAKERS} ({count})"))
    if line.kind is LineKind.SUBSIDY:
        steps += _claimed(line, share)
    steps += [("Clé", KEYS[line.key]), *_mixed(line, share)]
    mine, everybody = base_value(share.value, line.key), base_value(line.whole, line.key)
    if line.kind is LineKind.VAT:
        reached = f"{mine} × {percent(Fraction(line.id) / 100, 2)}"
        steps += [("Base HT du membre", mine), ("Base HT de tous", everybody)]
    else:
        reached = f"{euros(line.total)} × {mine} ÷ {everybody}"
        steps += [("Valeur du membre", mine + _since(line, stated, zone)), ("Total des valeurs", everybody)]
    return [
        *steps,
        ("Part exacte", f"{reached} = {exact(share.exact(line))}"),
        ("Centimes entiers", euros(share.towards_zero(line))),
        ("Centime restant", _cent(line, share)),
    ]


def _taken(base: Cents, rate: Fraction) -> str:
    """A percent of an amount, and to which cent it is rounded."""
    amount = rate * base
    rounded = "" if amount.denominator == 1 else f", arrondi à {euros(half_up(amount))}"
    return f"{euros(base)} × {percent(rate, 6)} = {exact(amount)}{rounded}"


def _mixed(line: StatedLine, share: StatedShare) -> list[tuple[str, str]]:
    """The parts of a mix, each with the member's weight in it."""
    steps = []
    for place, (part, (value, weight)) in enumerate(zip(line.parts, share.parts, strict=True), start=1):
        mine, everybody = base_value(value, part.key), base_value(part.whole, part.key)
        comes_to = f"{number(_rounded(weight), EXACT_DECIMALS)}{NBSP}%"
        said = percent(part.percent / 100, 6)
        steps.append((f"Partie {place}", f"{said}, {KEYS[part.key]}\u00a0: {mine} sur {everybody}, soit {comes_to}"))
    return steps


def _since(line: StatedLine, stated: StatedPurchase, zone: ZoneInfo) -> str:
    """Where the base values come from, and their date."""
    keys = {line.key, *(part.key for part in line.parts)}
    if keys & _OF_MEMBERS:
        return f" ({keys_date(stated.keys_frozen_at, zone)})"
    return f" ({stated.basis})" if KeyName.QUANTITY in keys else ""


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


def _cent(line: StatedLine, share: StatedShare) -> str:
    """Whether the member received one of the cents left, and why."""
    left = line.left
    if left == 0:
        return "Il ne restait aucun centime à donner."
    rest = f"Il restait {abs(left)} centime{'s' if abs(left) > 1 else ''} à {'donner' if left > 0 else 'retirer'}"
    rest += ", un à chacune des plus grandes fractions de centime."
    if share.rank is None:
        return f"{rest} Cette part n’a pas de fraction de ce signe\u00a0: elle n’est pas concernée."
    fraction = number(_rounded(abs(share.exact(line)) % 1), 6)
    given = share.given(line)
    end = "elle en reçoit un." if given else "elle n’en reçoit pas."
    if left < 0:
        end = "un centime en est retiré." if given else "rien n’en est retiré."
    return f"{rest} La sienne ({fraction}) est la {share.rank}{'re' if share.rank == 1 else 'e'}\u00a0: {end}"


def _claimed(line: StatedLine, share: StatedShare) -> list[tuple[str, str]]:
    """What the member may claim of a subsidy."""
    eligible = share.eligible
    steps = [("Coût éligible du membre", f"{euros(eligible)} HT")]
    if line.rate is not None:
        rate = line.rate / 100
        asked = base_value(rate * eligible, KeyName.CLAIM)
        steps.append(("Demande au taux", f"{euros(eligible)} × {percent(rate, 6)} = {asked}"))
        if line.cap_per_unit is not None:
            cap, units = line.cap_per_unit, share.units
            steps.append(("Plafond", f"{euros(cap)} × {number(units)} = {euros(cap * units)}"))
        if line.cap_total is not None:
            steps.append(("Plafond de l’aide entière", euros(line.cap_total)))
    return steps


def _flagged(result: Statement, member: StatedMember) -> list[tuple[StatedLine, StatedShare]]:
    lines = ((result.lines[share.line], share) for share in member.shares)
    return [(line, share) for line, share in lines if line.fctva and share.cents]


def _misses_fctva(result: Statement, member: StatedMember) -> bool:
    """Whether others would get FCTVA for what this member takes."""
    return bool(_flagged(result, member)) and not member.fctva


def _fctva(stated: StatedPurchase, member: StatedMember) -> list[tuple[str, str]]:
    """The lines that count for FCTVA with VAT, then the rate; nothing when none does."""
    flagged = _flagged(stated.result, member) if member.fctva else []
    if not flagged:
        return []
    steps, total, rate = [], Fraction(0), stated.result.fctva_rate / 100
    for line, share in flagged:
        taxed = 1 + (line.vat_rate or Fraction(0)) / 100
        total += share.cents * taxed
        steps.append(
            (
                stated.labels.line(line.kind, line.id),
                f"{euros(share.cents)} HT × {number(taxed, 4)} = {base_value(share.cents * taxed, KeyName.CLAIM)} TTC",
            )
        )
    steps.append(("Part exacte", f"total × {percent(rate, 6)} = {exact(total * rate)}"))
    steps.append(("Arrondi au centime", euros(member.result.fctva)))
    return steps
