"""The usual items of what an action is about: what a purchase for it begins with, and what else is said of them."""

from collections.abc import Sequence

from pooling.actions.catalogue import TypicalItem
from pooling.purchases.item_form import ROWS, typed_decimal, typed_price
from pooling.purchases.schemas import LONGEST_SOURCE, DetailsIn, ItemIn


def form_of_typical(items: Sequence[TypicalItem]) -> dict[str, str]:
    """The values of a form filled with them, their reference price as the indicative one."""
    values = {"lignes": str(max(len(items) + 1, ROWS))}
    for row, item in enumerate(items, start=1):
        values |= {
            f"nom-{row}": item.name,
            f"unite-{row}": item.unit,
            f"prix-{row}": "" if item.price is None else typed_price(item.price),
            f"tva-{row}": typed_decimal(item.vat_rate),
        }
    return values


def described(items: Sequence[ItemIn], typical: Sequence[TypicalItem]) -> tuple[ItemIn, ...]:
    """These items; those that still are called as a usual one with its CPV, its account and its price alone, if that
    one is confirmed: savings are counted from it.
    """
    known = {item.name: item for item in typical}
    return tuple(
        item.model_copy(update={"details": _details(known[item.name])}) if item.name in known else item
        for item in items
    )


def _details(item: TypicalItem) -> DetailsIn:
    if item.price is None or item.to_confirm:
        return DetailsIn(cpv=item.cpv, account=item.account)
    return DetailsIn(
        cpv=item.cpv,
        account=item.account,
        price_alone=item.price,
        price_source=f"{item.source} (catalogue)"[:LONGEST_SOURCE],
        priced_on=item.priced_on,
    )
