"""What a person reads: amounts, dates and spaces as French writes them.

Pure functions, also registered as Jinja filters (`FILTERS`). Moments are aware and the zone is passed in.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

NBSP = "\u00a0"
NARROW_NBSP = "\u202f"
MINUS = "\u2212"
DASH = "–"
"""Nothing, in a table."""

_LOCALE = "fr_FR"


def euros(cents: int) -> str:
    """An amount in cents as `1 234,56 €`."""
    whole, rest = divmod(abs(cents), 100)  # as Babel writes it, without what it knows of French, 4 MB: see `number`
    return f"{MINUS * (cents < 0)}{whole:,}".replace(",", NARROW_NBSP) + f",{rest:02}{NBSP}€"


def euros_or_dash(cents: int) -> str:
    """The same in a table, where nothing is a dash."""
    return euros(cents) if cents else DASH


def price(euros_each: int | Decimal | Fraction) -> str:
    """A unit price in euros as `180,00 €`, with as many decimals as it has, four at most (`0,0475 €`)."""
    whole, _, digits = f"{_decimal(euros_each):,.4f}".partition(".")  # as Babel writes it: see `number`
    digits = digits[:2] + digits[2:].rstrip("0")
    return f"{whole.replace(',', NARROW_NBSP)},{digits}{NBSP}€".replace("-", MINUS)


def number(value: int | Decimal | Fraction, decimals: int = 2) -> str:
    """A number with French separators, `1 234,5`: at most `decimals` digits after the comma."""
    if isinstance(value, int):  # as Babel writes it, in a hundredth of its time: pages and mails are full of them
        return f"{value:,}".replace(",", NARROW_NBSP).replace("-", MINUS)
    pattern = "#,##0" + ("." + "#" * decimals if decimals else "")
    return format_decimal(_decimal(value), format=pattern, locale=_LOCALE).replace("-", MINUS)


def percent(ratio: int | Decimal | Fraction, decimals: int = 1) -> str:
    """A ratio (1 is all of it) as `12,5 %`."""
    pattern = "#,##0" + ("." + "#" * decimals if decimals else "") + NARROW_NBSP + "%"
    return format_percent(_decimal(ratio), format=pattern, locale=_LOCALE).replace("-", MINUS)


def _decimal(value: int | Decimal | Fraction) -> Decimal:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value)


def date_short(day: date) -> str:
    """`30/03/2027`, for tables."""
    return day.strftime("%d/%m/%Y")


def date_long(day: date) -> str:
    """`mardi 30 mars 2027`, for sentences."""
    return f"{_weekday_and_day(day)} {day.year}"


def date_time_long(moment: datetime, zone: tzinfo, *, with_year: bool = False) -> str:
    """`mardi 30 mars à 18 h` in the zone, with the year where asked."""
    local = _local(moment, zone)
    day = date_long(local.date()) if with_year else _weekday_and_day(local.date())
    return f"{day} à {_clock(local)}"


def time_short(moment: datetime, zone: tzinfo) -> str:
    """`14 h 32` or `18 h` in the zone."""
    return _clock(_local(moment, zone))


def relative_day(day: date, today: date) -> str:
    """`aujourd’hui`, `demain`, `dans 3 jours`, `hier`, `il y a 2 jours`."""
    days = (day - today).days
    named = {0: "aujourd’hui", 1: "demain", -1: "hier"}
    if days in named:
        return named[days]
    return f"dans {days}{NBSP}jours" if days > 0 else f"il y a {-days}{NBSP}jours"


def deadline_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A deadline: `avant mardi 30 mars à 18 h`, `demain avant 18 h`; the year when it is not this one."""
    deadline, today = _local(moment, zone), _local(now, zone).date()
    days = (deadline.date() - today).days
    if days in (0, 1):
        return f"{relative_day(deadline.date(), today)} avant {_clock(deadline)}"
    return f"avant {date_time_long(moment, zone, with_year=deadline.year != today.year)}"


def plural(count: int | Fraction, singular: str, several: str | None = None) -> str:
    """`1 membre`, `3 membres`, `0 membre` (in French zero is singular)."""
    noun = singular if -2 < count < 2 else several or _several(singular)  # noqa: PLR2004 - two is where French plural starts
    return f"{number(count)}{NBSP}{noun}"


def _several(noun: str) -> str:
    """The plural of a noun (its first word in a phrase): `arceaux`, `vélos cargo`, `abris`."""
    first, blank, rest = noun.partition(" ")
    ending = "" if first[-1:] in "sxz" else "x" if first.endswith(("au", "eu")) else "s"
    return f"{first}{ending}{blank}{rest}"


_ELIDED = re.compile(r"[aeiouyâàäéèêëîïôöùûüœæ]|h(?!a[lmu]|av|e[mr]|oui)", re.IGNORECASE)
"""Before a vowel, and before most of the h that names begin with: « d’Hourtin », but « de Hauteville »."""
_CONTRACTED = {"le ": "du ", "les ": "des "}
_KINDS: tuple[tuple[str, str], ...] = (
    ("de la ", "communauté commune métropole région ville mairie régie collectivité"),
    ("du ", "département syndicat centre conseil pôle parc pays service siba sivu sivom"),
    ("de l’", "université agglomération établissement office hôpital institut école ufr union iut"),
)
_OF_KIND = {noun: of for of, nouns in _KINDS for noun in nouns.split()}


def of_name(name: str) -> str:
    """« de » before the name of an authority: `d’Andernos-les-Bains`, `du Teich`, `de l’Université`, `de Salles`."""
    folded = name.casefold()
    for article, contracted in _CONTRACTED.items():
        if folded.startswith(article):
            return contracted + name[len(article) :]
    of = _OF_KIND.get(folded.split(" ", 1)[0])
    if of is not None:
        return of + name
    return f"d’{name}" if _ELIDED.match(name) else f"de {name}"


_SPACE = f"[ {NBSP}{NARROW_NBSP}]"
_SPACES = (
    rf"(?<!{_SPACE}){_SPACE}++"  # tried once where a run begins: one try in each place takes the square of its length
)
_RULES: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = tuple(
    (re.compile(f"[{signs}]"), re.compile(pattern), replacement)
    for signs, pattern, replacement in (
        ("'", r"(?<=\w)'(?=\w)(?![^\s@]{0,64}+@)", "’"),  # o'connor@example.fr is an address
        (".", r"(?<!\.)\.\.\.(?!\.)", "…"),
        (";!?", rf"{_SPACES}(?=[;!?]++(?:\s|$|[»)]))", NARROW_NBSP),
        ("!?", r"(?<=[\w»)])(?=[!?]++(?:\s|$|[»)]))", NARROW_NBSP),
        (":", rf"{_SPACES}(?=:(?:\s|$))", NBSP),
        ("«", rf"«{_SPACE}*+(?=\S)", f"«{NBSP}"),
        ("»", rf"(?<=\S){_SPACE}*+»", f"{NBSP}»"),
        ("€", rf"(?<=\d){_SPACE}(?=\d{{3}}(?:{_SPACE}\d{{3}}){{0,3}}(?:,\d+)?{_SPACE}?€)", NARROW_NBSP),
        ("€%", rf"(?<=\d){_SPACE}++(?=[€%](?!\w))", NBSP),
        ("hjkm", rf"(?<=\d){_SPACE}++(?=(?:h|jours?|kg|km|m²)(?!\w))", NBSP),
        ("h", rf"(?<=\d{NBSP}h){_SPACE}++(?=\d\d(?!\d))", NBSP),
    )
)
"""Each with the signs of which a text that it changes has one: most texts have few, and looking for a letter is nothing
beside trying a pattern in each place.
"""
_MAY_CHANGE = re.compile(rf"['.;!?:«»]|\d{_SPACE}")
"""What every rule waits for."""


_MOST_PASSES = 4
_KEPT = 300
"""Characters of what is remembered at most."""


def typo(text: str) -> str:
    """The text with French no-break spaces and apostrophes; leaves addresses and times (12:30) alone."""
    if _MAY_CHANGE.search(text) is None:  # most labels and names
        return text
    return _typo_kept(text) if len(text) <= _KEPT else _typo(text)


@lru_cache(maxsize=1024)
def _typo_kept(text: str) -> str:
    """What templates say comes again in each mail and on each page."""
    return _typo(text)


def _typo(text: str) -> str:
    for _ in range(_MOST_PASSES):  # a space that one rule sets may be what an earlier one waits for
        before_pass = text
        for signs, pattern, replacement in _RULES:
            if signs.search(text) is not None:
                text = pattern.sub(replacement, text)
        if text == before_pass:
            break
    return text


_TAG = re.compile(r"(<[^<>]*+>)")
_KEPT_INSIDE = re.compile(r"<(/?)(?:textarea|pre|code|script|style)\b")
_MARK = re.compile("[«»:;!?]")
_SPACES_READ = (
    (re.compile(r"(?<!\s)\s++(?=[;!?]++(?:[\s»),.]|$))"), NARROW_NBSP),
    (re.compile(r"(?<!\s)\s++(?=:(?:\s|$)|»)"), NBSP),
    (re.compile(r"«\s++"), f"«{NBSP}"),
)


def typo_html(page: str) -> str:
    """A page whose text has French no-break spaces, whoever wrote it: a template, a rule or a person.

    Tags with their attributes, what fields hold and code stay as they are.
    """
    parts = _TAG.split(page)  # text, tag, text, tag, …
    kept = 0
    for place, part in enumerate(parts):
        if place % 2:
            border = _KEPT_INSIDE.match(part)
            kept += 0 if border is None else -min(kept, 1) if border[1] else 1
        elif not kept and _MARK.search(part):
            for pattern, replacement in _SPACES_READ:
                part = pattern.sub(replacement, part)  # noqa: PLW2901 - rule after rule
            parts[place] = part
    return "".join(parts)


def _local(moment: datetime, zone: tzinfo) -> datetime:
    if moment.tzinfo is None:
        msg = "a moment without a zone cannot be shown"
        raise ValueError(msg)
    return moment.astimezone(zone)


@lru_cache(maxsize=400)
def _weekday_and_day(day: date) -> str:
    month = format_date(day, "MMMM", locale=_LOCALE)
    weekday = format_date(day, "EEEE", locale=_LOCALE)
    return f"{weekday} {'1er' if day.day == 1 else day.day} {month}"


def _clock(local: datetime) -> str:
    minutes = f"{NBSP}{local.minute:02d}" if local.minute else ""
    return f"{local.hour}{NBSP}h{minutes}"


FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            *(euros, price, number, percent, plural, of_name, typo),
            *(date_short, date_long, date_time_long, time_short, relative_day, deadline_words),
        )
    }
)
