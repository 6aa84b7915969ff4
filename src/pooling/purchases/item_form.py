"""The form of a purchase's items: a few rows, as many more as are asked for, blank rows left out."""

import re
from collections.abc import Sequence
from decimal import Decimal

from pooling.kernel.list_reading import without_blanks
from pooling.kernel.text import slug, whole_number
from pooling.purchases.queries import ItemShown
from pooling.purchases.schemas import MOST_TIERS, MOST_UNITS, ItemIn, TierIn
from pooling.web.forms import Form, longest_of
from pooling.web.typography import number

ROWS = 3
MOST_ROWS = 60
_TIER = re.compile(r"\s*+([0-9][0-9\s]*+):\s*+([0-9][0-9\s]*+(?:[.,][0-9]{1,4})?)\s*+€?\s*+")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST_DIGITS = 8
"""Below `MOST_UNITS`, and as many euros."""


def rows_of(form: Form) -> range:
    """The numbers of the rows shown."""
    count = whole_number(form.value("lignes"), 3)
    return range(1, min(max(ROWS if count is None else count, 1), MOST_ROWS) + 1)


def usual_rates() -> dict[str, str]:
    """The VAT that most rows will have, in metropolitan France."""
    return {f"tva-{row}": "20" for row in range(1, MOST_ROWS + 1)}


def with_more_rows(form: Form) -> Form:
    form.values["lignes"] = str(min(len(rows_of(form)) + ROWS, MOST_ROWS))
    return form


def form_of_items(items: Sequence[ItemShown]) -> dict[str, str]:
    """The values of a form filled with these items."""
    values = {"lignes": str(max(len(items) + 1, ROWS))}
    for row, item in enumerate(items, start=1):
        tiers = " ; ".join(f"{quantity} : {typed_price(tier)}" for quantity, tier in item.tiers)
        values |= {
            f"code-{row}": item.code,
            f"nom-{row}": item.name,
            f"description-{row}": item.description,
            f"unite-{row}": item.unit,
            f"prix-{row}": typed_price(item.unit_price),
            f"tva-{row}": typed_decimal(item.vat_rate),
            f"lot-{row}": str(item.pack),
            f"minimum-{row}": str(item.minimum),
            f"paliers-{row}": tiers,
            f"fctva-{row}": "1" if item.fctva else "",
        }
    return values


def typed_decimal(value: Decimal) -> str:
    return f"{value.normalize():f}".replace(".", ",")


def typed_price(value: Decimal) -> str:
    """A price as people type it: with cents, or none at all."""
    euros, comma, cents = typed_decimal(value).partition(",")
    return f"{euros}{comma}{cents.ljust(2, '0')}" if comma else euros


def read_items(form: Form) -> list[ItemIn]:
    """The items typed, each wrong field refused in its place. A row without a name must be empty."""
    items: list[ItemIn] = []
    codes: set[str] = set()
    for row in rows_of(form):
        name = form.text(f"nom-{row}")
        if not name and not any(form.value(f"{field}-{row}").strip() for field in ("description", "prix", "paliers")):
            continue
        if not name:
            form.refuse(f"nom-{row}", "Donnez un nom à cet article, ou videz sa ligne.")
        read = form.command(
            ItemIn,
            _fields(row),
            code=_code(form.value(f"code-{row}"), name, codes),
            name=name,
            description=form.lines(f"description-{row}", longest=longest_of(ItemIn, "description")),
            unit=form.text(f"unite-{row}", longest=longest_of(ItemIn, "unit")) or "unité",
            unit_price=form.decimal(f"prix-{row}", places=4),
            vat_rate=form.decimal(f"tva-{row}", largest=100),
            fctva=form.value(f"fctva-{row}") == "1",
            pack=form.integer(f"lot-{row}", smallest=1, largest=MOST_UNITS, default=1),
            minimum=form.integer(f"minimum-{row}", largest=MOST_UNITS, default=0),
            tiers=read_tiers(form, f"paliers-{row}"),
        )
        items.append(read)
    return items


def _fields(row: int) -> dict[str, str]:
    """How the form calls what it asks of an item."""
    return {
        "name": f"nom-{row}",
        "description": f"description-{row}",
        "unit": f"unite-{row}",
        "unit_price": f"prix-{row}",
        "vat_rate": f"tva-{row}",
        "pack": f"lot-{row}",
        "minimum": f"minimum-{row}",
        "tiers": f"paliers-{row}",
    }


def _code(present: str, name: str, taken: set[str]) -> str:
    """A short name for files and addresses, made from what people call it; an item that is renamed keeps its own."""
    if _CODE.fullmatch(present) and present not in taken:
        taken.add(present)
        return present
    base = slug(name)[:32].strip("-") or "article"
    code = next(code for code in (base, *(f"{base}-{place}" for place in range(2, 99))) if code not in taken)
    taken.add(code)
    return code


def _wrong_tier(part: str) -> str:
    shown = part.strip()[:60]
    if _TIER.fullmatch(part):
        return f"« {shown} » : indiquez {number(10**_MOST_DIGITS - 1)} au plus, pour la quantité comme pour le prix."
    return f"« {shown} » : écrivez « quantité : prix », séparés par « ; », par exemple 100 : 165,00 ; 250 : 150,00."


def read_tiers(form: Form, field: str) -> tuple[TierIn, ...]:
    """`100 : 165,00 ; 250 : 150,00`."""
    parts = [part for part in form.value(field).split(";") if part.strip()]
    if len(parts) > MOST_TIERS:
        form.refuse(field, f"Indiquez {MOST_TIERS} paliers au plus.")
        return ()
    tiers: list[TierIn] = []
    for part in parts:
        match = _TIER.fullmatch(part)
        quantity, price = (without_blanks(match[1]), without_blanks(match[2]).replace(",", ".")) if match else ("", "")
        if not 0 < len(quantity) <= _MOST_DIGITS or len(price.partition(".")[0]) > _MOST_DIGITS:
            form.refuse(field, _wrong_tier(part))
            return ()
        if not int(quantity):
            form.refuse(field, f"« {part.strip()} » : un palier commence à 1 au moins.")
            return ()
        tiers.append(TierIn(from_quantity=int(quantity), unit_price=Decimal(price)))
    if len({tier.from_quantity for tier in tiers}) < len(tiers):
        form.refuse(field, "Deux paliers commencent à la même quantité.")
    return tuple(sorted(tiers, key=lambda tier: tier.from_quantity))
