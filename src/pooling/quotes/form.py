"""The form of a quote: its lines, one frame an item, and what is said of all of it."""

from collections.abc import Sequence

from pooling.purchases.item_form import read_tiers, typed_decimal, typed_price
from pooling.purchases.queries import ItemShown
from pooling.purchases.schemas import MOST_UNITS
from pooling.quotes.schemas import MOST_DAYS, QuoteIn, QuoteLineIn
from pooling.web.forms import Form, longest_of
from pooling.web.numbers import read_optional_cents, typed_cents

HEAD = {"delivery_cents": "livraison", "delivery_vat_rate": "tva", "delivery_days": "delai", "valid_until": "validite"}
"""How the form calls what it asks of the whole quote."""
_LINE = {
    "unit_price": "prix",
    "tiers": "paliers",
    "pack": "lot",
    "minimum": "minimum",
    "minimum_cents": "valeur",
    "code": "ref",
}


def values_of(command: QuoteIn, items: Sequence[ItemShown]) -> dict[str, str]:
    """The values of a form filled with this quote."""
    ids = {item.code: item.id for item in items}
    values = {
        "livraison": typed_cents(command.delivery_cents) if command.delivery_cents else "",
        "tva": typed_decimal(command.delivery_vat_rate),
        "delai": "" if command.delivery_days is None else str(command.delivery_days),
        "validite": command.valid_until.isoformat() if command.valid_until else "",
        "reference": command.reference,
        "note": command.note,
    }
    for line in command.lines:
        of = ids[line.item]
        tiers = " ; ".join(f"{tier.from_quantity} : {typed_price(tier.unit_price)}" for tier in line.tiers)
        values |= {
            f"prix-{of}": typed_price(line.unit_price),
            f"paliers-{of}": tiers,
            f"lot-{of}": str(line.pack) if line.pack > 1 else "",
            f"minimum-{of}": str(line.minimum) if line.minimum else "",
            f"valeur-{of}": typed_cents(line.minimum_cents) if line.minimum_cents else "",
            f"ref-{of}": line.code,
        }
    return values


def fields_of(items: Sequence[ItemShown]) -> dict[str, str]:
    """The form's names for what a use case refuses."""
    first = f"prix-{items[0].id}" if items else ""
    return {**HEAD, "lines": first, **{f"lines.{item.code}": f"prix-{item.id}" for item in items}}


def read_quote(form: Form, items: Sequence[ItemShown]) -> QuoteIn:
    """What was typed, each wrong field refused in its place. An item without a price is not offered; whatever else is
    said of it asks for one.
    """
    lines = tuple(line for item in items if (line := _read_line(form, item)) is not None)
    return form.command(
        QuoteIn,
        HEAD,
        lines=lines,
        delivery_cents=read_optional_cents(form, "livraison") or 0,
        delivery_vat_rate=form.decimal("tva", largest=100) if form.value("tva").strip() else 20,
        delivery_days=form.integer("delai", largest=MOST_DAYS) if form.value("delai").strip() else None,
        valid_until=form.date("validite") if form.value("validite").strip() else None,
        reference=form.text("reference", longest=longest_of(QuoteIn, "reference")),
        note=form.lines("note", longest=longest_of(QuoteIn, "note")),
    )


def _read_line(form: Form, item: ItemShown) -> QuoteLineIn | None:
    of = item.id
    said = [name for name in _LINE.values() if form.value(f"{name}-{of}").strip()]
    if not said:
        return None
    if "prix" not in said:
        form.refuse(f"prix-{of}", "Indiquez le prix, ou videz le reste\u00a0: sans prix, l’article n’est pas proposé.")
        return None
    return form.command(
        QuoteLineIn,
        {name: f"{typed}-{of}" for name, typed in _LINE.items()},
        item=item.code,
        unit_price=form.decimal(f"prix-{of}", places=4),
        tiers=read_tiers(form, f"paliers-{of}"),
        pack=form.integer(f"lot-{of}", smallest=1, largest=MOST_UNITS, default=1),
        minimum=form.integer(f"minimum-{of}", largest=MOST_UNITS, default=0),
        minimum_cents=read_optional_cents(form, f"valeur-{of}") or 0,
        code=form.text(f"ref-{of}", longest=longest_of(QuoteLineIn, "code")),
    )
