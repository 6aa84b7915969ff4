"""What a purchase says that is hardly meant. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from pooling.purchases.schemas import ItemIn
from pooling.web.typography import date_long, number, percent, price

VAT_RATES = frozenset(map(Decimal, ("0", "0.9", "1.05", "1.75", "2.1", "5.5", "8.5", "10", "13", "20")))
"""In percent: of metropolitan France (code général des impôts, 278 to 281 nonies), of Corsica (297) and of Guadeloupe,
Martinique and Réunion (296).
"""
_FAR = timedelta(days=5 * 365)
_DEAREST = Decimal(1_000_000)
"""Euros for one unit: an electric coach costs about half of it."""
_FALL = 10
"""A tier at less than a tenth of the price before it has a comma too many."""


def doubts_of_purchase(items: Sequence[ItemIn], delivery: date | None, today: date) -> list[str]:
    """Each in a French sentence."""
    return [*doubts_of_delivery(delivery, today), *doubts_of_items(items)]


def doubts_of_items(items: Sequence[ItemIn]) -> list[str]:
    return [sentence for item in items for sentence in _of_item(item)]


def doubts_of_vat(rate: Decimal, of_what: str) -> list[str]:
    if rate in VAT_RATES:
        return []
    usual = "20 %, 10 %, 5,5 % ou 2,1 % en métropole"
    return [f"« {of_what} » : {percent(rate / 100, 2)} n’est pas un taux de TVA en vigueur ({usual})."]


def doubts_of_delivery(delivery: date | None, today: date) -> Iterator[str]:
    if delivery is None:
        return
    if delivery < today:
        yield f"La livraison souhaitée, {date_long(delivery)}, est passée."
    elif delivery > today + _FAR:
        yield f"La livraison souhaitée, {date_long(delivery)}, est dans plus de cinq ans."


def _of_item(item: ItemIn) -> Iterator[str]:
    yield from doubts_of_vat(item.vat_rate, item.name)
    before = item.unit_price
    if not before:
        yield f"« {item.name} » : le prix est de 0 €."
    elif before > _DEAREST:
        yield f"« {item.name} » : {price(before)} pour une seule unité ({item.unit})."
    for tier in item.tiers:
        moves = "monte" if tier.unit_price > before else "tombe" if tier.unit_price * _FALL < before else ""
        if moves:
            yield (
                f"« {item.name} » : à partir de {number(tier.from_quantity)}, le prix {moves} de {price(before)} à "
                f"{price(tier.unit_price)}."
            )
        before = tier.unit_price
