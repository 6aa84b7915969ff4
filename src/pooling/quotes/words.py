"""Quotes in French."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pooling.purchases.queries import ItemShown
from pooling.quotes.models import CriterionKind
from pooling.quotes.schemas import QuoteIn, QuoteLineIn
from pooling.web.typography import date_short, euros, number, plural, price


def line_in_words(line: QuoteLineIn, unit: str) -> str:
    """`165,00 €, 150,00 € dès 100 arceaux ; par 5 ; 20 au moins`."""
    said = [", ".join([price(line.unit_price), *tiers_in_words([*_pairs(line)], unit)])]
    said += conditions_in_words(line.pack, line.minimum, line.minimum_cents)
    return " ; ".join(said)


def _pairs(line: QuoteLineIn) -> list[tuple[int, Decimal]]:
    return [(tier.from_quantity, tier.unit_price) for tier in line.tiers]


def tiers_in_words(tiers: Sequence[tuple[int, Decimal]], unit: str) -> list[str]:
    return [f"{price(each)} dès {plural(start, unit)}" for start, each in tiers]


def conditions_in_words(pack: int, minimum: int, minimum_cents: int) -> list[str]:
    """How a line is sold; nothing where it is sold one by one."""
    said = [f"vendu par {number(pack)}"] if pack > 1 else []
    if minimum > 1:
        said.append(f"{number(minimum)} au moins")
    if minimum_cents:
        said.append(f"{euros(minimum_cents)} au moins")
    return said


def in_words(command: QuoteIn, items: Sequence[ItemShown]) -> dict[str, str]:
    """All that a quote says, by what it is about, for the journal."""
    lines = {line.item: line for line in command.lines}
    said = {item.name: line_in_words(lines[item.code], item.unit) for item in items if item.code in lines}
    if command.delivery_cents:
        said["Livraison"] = f"{euros(command.delivery_cents)} HT"
    if command.delivery_days is not None:
        said["Délai"] = days_in_words(command.delivery_days)
    if command.valid_until:
        said["Validité"] = f"jusqu’au {date_short(command.valid_until)}"
    if command.reference:
        said["Référence"] = command.reference
    return said


def days_in_words(days: int | None) -> str:
    return "non précisé" if days is None else plural(days, "jour")


KINDS: Mapping[CriterionKind, str] = {
    CriterionKind.PRICE: "Prix",
    CriterionKind.LIFE_CYCLE: "Coût du cycle de vie",
    CriterionKind.ENVIRONMENT: "Environnement",
    CriterionKind.QUALITY: "Valeur technique",
    CriterionKind.DELAY: "Délai de livraison",
    CriterionKind.SOCIAL: "Social",
    CriterionKind.OTHER: "Autre",
}
STATUSES: Mapping[str, str] = {
    "not_offered": "non proposé",
    "nothing_declared": "aucun besoin",
    "minimum_not_reached": "quantité minimale non atteinte",
    "below_one_pack": "moins d’un lot",
    "amount_not_reached": "montant minimal non atteint",
}
"""Why nothing would be ordered of a line."""
