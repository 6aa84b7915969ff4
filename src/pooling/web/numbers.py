"""Numbers as people type them: `1 234,56`, `−12,50 €`, `33,333333`. Read exactly, or refused with how to mend."""

import re

from pooling.web.forms import Form
from pooling.web.typography import NBSP, number

_BLANKS = re.compile(r"\s")
_NUMBER = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]+))?")
MOST_DIGITS = 9
"""Before the comma: below a billion euros, or a billion of anything that weighs."""
_BELOW_A_BILLION = f"Indiquez un nombre inférieur à {number(10**MOST_DIGITS)}."
_UP_TO_A_HUNDRED = "Indiquez un pourcentage entre 0 et 100, par exemple 5,5."
_UP_TO_A_HUNDRED_OFF = "Indiquez un pourcentage entre −100 et 100, par exemple −2,5."


def decimal_text(typed: str, decimals: int, *, signed: bool = False, too_large: str = _BELOW_A_BILLION) -> str:
    """The number as the rule writes it, `-?digits[.digits]`.

    Raises:
        ValueError: it is none; the message, in French, says how to mend it.
    """
    plain = _BLANKS.sub("", typed).replace("−", "-")
    match = _NUMBER.fullmatch(plain)
    if match is None:
        raise ValueError("Indiquez un nombre, par exemple 12,5.")
    minus, whole, fraction = match[1], match[2].lstrip("0") or "0", (match[3] or "").rstrip("0")
    if minus and not signed:
        raise ValueError("Indiquez un nombre positif, par exemple 12,5.")
    if len(fraction) > decimals:
        raise ValueError(f"Indiquez au plus {decimals} chiffres après la virgule.")
    if len(whole) > MOST_DIGITS:
        raise ValueError(too_large)
    sign = minus if whole != "0" or fraction else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def cents_of(typed: str, *, signed: bool = False) -> int:
    """An amount in euros, in cents.

    Raises:
        ValueError: it is none; the message, in French, says how to mend it.
    """
    example = f"par exemple 1{NBSP}234,56"
    plain = _BLANKS.sub("", typed).removesuffix("€").replace("−", "-")
    match = _NUMBER.fullmatch(plain)
    if match is None:
        raise ValueError(f"Indiquez un montant en euros, {example}.")
    minus, whole, fraction = match[1], match[2].lstrip("0"), match[3] or ""
    if minus and not signed:
        raise ValueError(f"Indiquez un montant positif, {example}.")
    if len(fraction) > 2:  # noqa: PLR2004 - cents
        raise ValueError(f"Indiquez deux chiffres au plus après la virgule, {example}.")
    if len(whole) > MOST_DIGITS:
        raise ValueError("Indiquez un montant inférieur à un milliard d’euros.")
    cents = int(whole + fraction.ljust(2, "0"))
    return -cents if minus else cents


def read_cents(form: Form, name: str, *, signed: bool = False) -> int:
    """A field's amount in cents; 0 once refused."""
    try:
        return cents_of(form.value(name), signed=signed)
    except ValueError as refused:
        form.refuse(name, str(refused))
        return 0


def read_optional_cents(form: Form, name: str) -> int | None:
    """The same; None when nothing was typed."""
    return read_cents(form, name) if form.value(name).strip() else None


def read_percent(form: Form, name: str, decimals: int, *, signed: bool = False) -> str:
    """A field's percent between 0 (signed: −100) and 100, as the rule writes it; `0` once refused."""
    too_large = _UP_TO_A_HUNDRED_OFF if signed else _UP_TO_A_HUNDRED
    try:
        text = decimal_text(form.value(name).replace("%", ""), decimals, signed=signed, too_large=too_large)
    except ValueError as refused:
        form.refuse(name, str(refused))
        return "0"
    if exceeds_hundred(text.removeprefix("-")):
        form.refuse(name, too_large)
    return text


def exceeds_hundred(text: str) -> bool:
    """Whether a number that is not negative exceeds 100."""
    whole, _, fraction = text.partition(".")
    return (int(whole), fraction) > (100, "")


def typed_number(text: str) -> str:
    """A number as the rule writes it, as people type it."""
    return text.replace(".", ",")


def typed_cents(cents: int) -> str:
    """An amount as people type it: `1234,56`."""
    size = abs(cents)
    return f"{'-' if cents < 0 else ''}{size // 100},{size % 100:02d}"
