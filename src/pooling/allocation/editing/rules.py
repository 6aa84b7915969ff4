"""Whether a line of a purchase's costs can be kept. Whether its key gives anybody a weight is another matter: needs
may still come.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from pooling.allocation.editing.schemas import ChargeIn, Known, SubsidyIn
from pooling.allocation.key_choices import (
    OF_ITEMS,
    KeyChoice,
    as_the_rule_reads,
    choice_of,
    choices_in,
    gap_sentence,
    parts_of,
)
from pooling.kernel.errors import Invalid
from pooling.kernel.text import clean, slug
from pooling.purchases.doubts import doubts_of_vat
from pooling.sharing.errors import RuleError
from pooling.sharing.key_reading import read_key
from pooling.web.typography import euros, number

_MUCH = 1_000_000_00
"""Cents: more than what most groups buy in a year."""
_USUAL_PERCENT = 30
_GONE_MEMBER = "Un des membres cochés ne participe plus à cet achat."
_GONE_ITEM = "Un des articles cochés n’existe plus."


def check_charge(command: ChargeIn, known: Known, others: Collection[str] = ()) -> None:
    """`others` are the labels of the purchase's other charges.

    Raises:
        Invalid: one French sentence for each field to mend.
    """
    errors: dict[str, str] = {}
    _check_label(command.label, others, errors, same="D’autres frais portent ce nom\u00a0: choisissez-en un autre.")
    if (command.amount_cents is None) == (command.percent is None):
        errors["kind"] = "Choisissez un montant ou un pourcentage."
    if command.percent is not None and not known.items:
        errors["amount"] = "Cet achat n’a pas d’article, dont on prendrait un pourcentage\u00a0: donnez un montant."
    if isinstance(command.scope, str):
        if not known.items:
            errors["scope"] = (
                "Cet achat n’a pas d’article, personne ne prend d’unité\u00a0: choisissez une autre réponse."
            )
    else:
        empty = "Cochez au moins un membre."
        _check_codes(command.scope, known.members, errors, "scope", empty=empty, gone=_GONE_MEMBER)
    _check_codes(command.items, known.items, errors, "items", empty="Cochez au moins un article.", gone=_GONE_ITEM)
    if command.paid_by is not None and command.paid_by not in known.payers:
        errors["paid_by"] = "Ce membre ne participe pas à cet achat."
    errors |= key_errors(command.key, known)
    if errors:
        raise Invalid(errors)


def check_subsidy(command: SubsidyIn, known: Known, others: Collection[str] = ()) -> None:
    """As `check_charge`."""
    errors: dict[str, str] = {}
    _check_label(command.label, others, errors, same="Une autre subvention porte ce nom\u00a0: choisissez-en un autre.")
    if (command.rate is None) == (command.amount_cents is None):
        errors["kind"] = "Choisissez un taux ou un montant."
    if not known.items and not command.charges:
        errors["charges"] = "Cet achat n’a pas d’article\u00a0: cochez les frais que la subvention compte."
    empty = "Cochez au moins un article, ou «\u00a0Tous les articles\u00a0»."
    if command.items or not command.charges:
        _check_codes(command.items, known.items, errors, "items", empty=empty, gone=_GONE_ITEM)
    gone = "Un des frais cochés n’existe plus."
    _check_codes(command.charges or None, known.charges, errors, "charges", empty="", gone=gone)
    _check_codes(command.members, known.members, errors, "scope", empty="Cochez au moins un membre.", gone=_GONE_MEMBER)
    if errors:
        raise Invalid(errors)


def doubts_of_charge(command: ChargeIn) -> list[str]:
    """What is hardly meant, each in a French sentence: a rate of VAT that is none, an amount or a percent without
    measure.
    """
    doubts = [*doubts_of_vat(command.vat_rate, command.label)]
    if command.percent is not None:
        return [*doubts, *_doubts_of_percent(command.percent, command.label)]
    return [*doubts, *_doubts_of_amount(command.amount_cents or 0, command.label)]


def doubts_of_subsidy(command: SubsidyIn) -> list[str]:
    """As `doubts_of_charge`."""
    if command.rate is not None and command.rate in {Decimal(0), Decimal(100)}:
        return [f"« {command.label} » : le taux est de {number(command.rate)} %."]
    return [] if command.amount_cents is None else _doubts_of_amount(command.amount_cents, command.label)


def _doubts_of_percent(percent: Decimal, label: str) -> list[str]:
    usual = percent and abs(percent) <= _USUAL_PERCENT
    return [] if usual else [f"« {label} » : le pourcentage est de {number(percent, 6)} %."]


def _doubts_of_amount(cents: int, label: str) -> list[str]:
    if not cents:
        return [f"« {label} » : le montant est de 0 €."]
    return [f"« {label} » : le montant est de {euros(cents)}."] if abs(cents) >= _MUCH else []


def _check_label(label: str, others: Collection[str], errors: dict[str, str], *, same: str) -> None:
    """One name, one line: a person must tell them apart, and a form sent twice must not make two."""
    if not clean(label):
        errors["label"] = "Donnez un nom à cette ligne, par exemple Livraison."
    elif slug(label) in {slug(other) for other in others}:
        errors["label"] = same


def _check_codes(
    codes: Collection[str] | None, known: Collection[str], errors: dict[str, str], name: str, *, empty: str, gone: str
) -> None:
    """A list that was ticked: not empty, and of this purchase."""
    if codes is None:
        return
    if not codes:
        errors.setdefault(name, empty)
    elif not set(codes) <= set(known):
        errors.setdefault(name, gone)


def key_errors(key: Any, known: Known) -> dict[str, str]:  # noqa: ANN401 - a key as JSON
    """One French sentence for each block of the key's fields to mend: `mix`, `percents`, `weights`, or `key` itself."""
    errors: dict[str, str] = {}
    if not key:
        return {}  # none was chosen: the form says so
    if choice_of(key) is KeyChoice.MIX:
        _refuse(errors, "mix", gap_sentence(percent or "0" for percent, _ in parts_of(key)))
    if not known.items and choices_in(key) & OF_ITEMS:
        errors["key"] = "Cet achat n’a pas d’article\u00a0: choisissez une autre clé."
    for _, part in parts_of(key):
        if choice_of(part) is KeyChoice.PERCENTS:
            _refuse(errors, "percents", gap_sentence(part["percents"].values()) or _gone(part["percents"], known))
        if choice_of(part) is KeyChoice.WEIGHTS:
            weighed = any(weight.strip("0.") for weight in part["weights"].values())
            unweighed = None if weighed else "Donnez un poids à au moins un membre."
            _refuse(errors, "weights", unweighed or _gone(part["weights"], known))
    return errors or _malformed(key)


def _refuse(errors: dict[str, str], name: str, sentence: str | None) -> None:
    if sentence:
        errors.setdefault(name, sentence)


def _gone(numbers: Mapping[str, str], known: Known) -> str | None:
    gone = not numbers.keys() <= set(known.members)
    return "Un des membres désignés ne participe plus à cet achat." if gone else None


def _malformed(key: Any) -> dict[str, str]:  # noqa: ANN401
    try:
        read_key(as_the_rule_reads(key), "key")
    except (RuleError, ValueError):
        return {"key": "Choisissez une des clés proposées."}
    return {}
