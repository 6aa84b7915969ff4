"""Allocation keys as people choose them: their names, what belongs to each, and how a charge keeps them.

A charge keeps its key as the allocation rule writes it, but for `"own_weights"`: the weights that the group gave to
those who take part, which the case puts in its place.
"""

from collections.abc import Container, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from heapq import nlargest
from typing import Any

from pooling.sharing.allocation_case import Basis, Key, MixKey, MixPart, PartKey, PercentsKey, UnreadKey, WeightsKey
from pooling.sharing.key_reading import percent_gap
from pooling.web.typography import number, percent

DECIMALS = 6


class KeyChoice(StrEnum):
    EQUAL = "equal"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    POPULATION = "population"
    AGENTS = "agents"
    OWN = "own_weights"
    WEIGHTS = "weights"
    PERCENTS = "percents"
    MIX = "mix"


WORDS: Mapping[KeyChoice, tuple[str, str]] = {
    KeyChoice.EQUAL: ("Parts égales", "Chacun paie la même part."),
    KeyChoice.QUANTITY: ("Quantités", "Selon le nombre d’unités que chacun prend."),
    KeyChoice.AMOUNT: ("Montants", "Selon le montant HT des articles de chacun."),
    KeyChoice.POPULATION: ("Population municipale", "Selon le nombre d’habitants de chacun."),
    KeyChoice.AGENTS: ("Nombre d’agents", "Selon l’effectif de chacun."),
    KeyChoice.OWN: ("Poids du groupe", "Selon les poids saisis dans «\u00a0Clés de répartition\u00a0»."),
    KeyChoice.WEIGHTS: ("Poids propres à ces frais", "Vous donnez un poids à chacun, pour ces frais seulement."),
    KeyChoice.PERCENTS: (
        "Pourcentages fixes",
        "Vous donnez un pourcentage à chacun\u202f; leur somme fait 100\u00a0%.",
    ),
    KeyChoice.MIX: ("Mixte", "Plusieurs clés, chacune pour un pourcentage du montant."),
}
"""Name and explanation, in the order in which they are offered."""

_SENTENCES = {
    KeyChoice.EQUAL: "à parts égales",
    KeyChoice.QUANTITY: "selon les quantités",
    KeyChoice.AMOUNT: "selon les montants HT",
    KeyChoice.POPULATION: "selon la population municipale",
    KeyChoice.AGENTS: "selon le nombre d’agents",
    KeyChoice.OWN: "selon les poids du groupe",
    KeyChoice.WEIGHTS: "selon des poids propres",
    KeyChoice.PERCENTS: "selon des pourcentages fixes",
}
OF_ITEMS = frozenset({KeyChoice.QUANTITY, KeyChoice.AMOUNT})
"""Keys that look at items: a purchase without items has no use for them."""
NAMING = frozenset({KeyChoice.WEIGHTS, KeyChoice.PERCENTS})
"""Keys that name who pays: beside one of them, a list of members has no use."""


def choice_of(key: Any) -> KeyChoice:  # noqa: ANN401 - a key as JSON
    """Which key a stored one is."""
    return KeyChoice(next(iter(key)) if isinstance(key, dict) else key)


def parts_of(key: Any) -> list[tuple[str | None, Any]]:  # noqa: ANN401
    """(percent, key) of a mix's parts; (None, key) of any other."""
    if isinstance(key, dict) and "mix" in key:
        return [(part["percent"], part["key"]) for part in key["mix"]]
    return [(None, key)]


def choices_in(key: Any) -> set[KeyChoice]:  # noqa: ANN401
    """The keys at work, those inside a mix."""
    return {choice_of(part) for _, part in parts_of(key)}


def in_words(key: Any) -> str:  # noqa: ANN401
    """`50 % à parts égales, 50 % selon la population municipale`."""
    said = []
    for share, part in parts_of(key):
        words = _SENTENCES[choice_of(part)]
        said.append(words if share is None else f"{percent(Fraction(share) / 100, DECIMALS)} {words}")
    return ", ".join(said)


def given_in(key: Any, most: int) -> tuple[list[tuple[str, str]], int]:  # noqa: ANN401
    """What the key gives to members by name, in words, the largest first: (code, `60 %`) or (code, `poids 3`); and
    how many more than `most` there are.
    """
    given: list[tuple[str, str]] = []
    count = 0
    for _, part in parts_of(key):
        if choice_of(part) in NAMING:
            kind, numbers = next(iter(part.items()))
            largest = nlargest(most - len(given), numbers.items(), key=lambda one: Decimal(one[1]))
            given += [(code, _number_in_words(kind, Fraction(text))) for code, text in largest]
            count += len(numbers)
    return given, count - len(given)


def _number_in_words(kind: str, value: Fraction) -> str:
    return percent(value / 100, DECIMALS) if kind == KeyChoice.PERCENTS else f"poids {number(value, DECIMALS)}"


def key_of(key: Any, own_weights: Mapping[str, Decimal], known: Iterable[str]) -> Key:  # noqa: ANN401
    """The key as the rule takes it. Weights of members that no longer take part are left out; percents stay, since
    without one of them they would no longer make a hundred: the rule then says so.
    """
    members = set(known)
    if isinstance(key, dict) and "mix" in key:
        shares = [(Fraction(part["percent"]), _part_key(part["key"], own_weights, members)) for part in key["mix"]]
        return MixKey(tuple(MixPart(*share) for share in shares))
    return _part_key(key, own_weights, members)


def _part_key(key: Any, own_weights: Mapping[str, Decimal], known: Container[str]) -> PartKey:  # noqa: ANN401
    if key == KeyChoice.OWN:
        return WeightsKey({code: Fraction(weight) for code, weight in own_weights.items()})
    if isinstance(key, str):
        return Basis(key)
    ((kind, numbers),) = key.items()
    if kind == KeyChoice.PERCENTS:
        return PercentsKey({code: Fraction(percent) for code, percent in numbers.items()})
    return WeightsKey({code: Fraction(weight) for code, weight in numbers.items() if code in known})


def goes_by_size(key: Key | UnreadKey | None) -> bool:
    """Whether a key, or a part of it, looks at members' population or agents."""
    parts = [part.key for part in key.parts] if isinstance(key, MixKey) else [key]
    return any(part in {Basis.POPULATION, Basis.AGENTS} for part in parts if isinstance(part, Basis))


def as_the_rule_reads(key: Any) -> Any:  # noqa: ANN401
    """The key for the rule's own reading to check: the weights of the group are no part of it."""
    if isinstance(key, dict) and "mix" in key:
        return {"mix": [{**part, "key": as_the_rule_reads(part["key"])} for part in key["mix"]]}
    return {"weights": {}} if key == KeyChoice.OWN else key


def gap_sentence(percents: Iterable[str]) -> str | None:
    """By how much percents miss a hundred, or None when they make it: « Il manque 2,5 points »."""
    gap = percent_gap(Fraction(text) for text in percents)
    if gap == 0:
        return None
    points = f"{number(abs(gap), DECIMALS)} point{'s' if abs(gap) >= 2 else ''}"  # noqa: PLR2004 - French plural
    if gap < 0:
        return f"Il manque {points}\u00a0: les pourcentages doivent faire exactement 100\u00a0%."
    return f"Il y a {points} de trop\u00a0: les pourcentages doivent faire exactement 100\u00a0%."
