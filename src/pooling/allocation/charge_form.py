"""The form of a charge: from what is typed to a charge, and back. Which fields it has depends on its key."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pooling.allocation.case import Payer, PurchaseCase, plain
from pooling.allocation.editing import version_of
from pooling.allocation.keys import OF_ITEMS, WORDS, KeyChoice, choice_of, parts_of
from pooling.allocation.member_lists import chosen_typed, numbers_typed, read_chosen, read_numbers
from pooling.allocation.models import Charge
from pooling.allocation.schemas import ChargeIn, content_of
from pooling.allocation.typed import decimal_text, read_cents, read_percent, typed_cents, typed_number
from pooling.web.forms import Form

MIX_PARTS = range(1, 5)
"""A mix has four parts at most: nobody could follow more."""
_ASKED = {KeyChoice.WEIGHTS: "weights", KeyChoice.PERCENTS: "percents"}
MIXABLE = [key for key in KeyChoice if key is not KeyChoice.MIX]


def charge_form(charge: Charge | None, read: PurchaseCase) -> Form:
    """The form filled with a stored charge, or as it begins."""
    if charge is None:
        return Form(values={"vat_rate": "20", "key": KeyChoice.EQUAL, "scope": "all", "items": "all"})
    values = {
        "label": charge.label,
        "amount": typed_cents(charge.amount_cents),
        "vat_rate": typed_number(plain(charge.vat_rate)),
        "fctva": "1" if charge.fctva else "",
        "key": str(choice_of(charge.key)),
        "scope": "all" if charge.scope is None else "list",
        "items": "all" if charge.items is None else "list",
        "version": version_of(content_of(charge)),
    }
    values |= chosen_typed("members", charge.scope or [], read.payers)
    values |= {f"item-{item.id}": "1" for item in read.items if item.code in (charge.items or [])}
    for place, (percent, part) in enumerate(parts_of(charge.key), start=1):
        if percent is not None:
            values[f"part-{place}"] = typed_number(percent)
            values[f"part-key-{place}"] = str(choice_of(part))
        for kind in ("weights", "percents"):
            if isinstance(part, dict) and kind in part:
                values |= numbers_typed(kind, part[kind], read.payers)
    return Form(values=values)


def blocks_of(form: Form) -> set[str]:
    """The blocks of fields that belong to the key chosen: `mix`, `weights`, `percents`, `items`, `scope`."""
    if form.value("key") == KeyChoice.MIX:
        keys = {form.value(f"part-key-{place}") for place in MIX_PARTS} - {""}
        blocks = {"mix", "scope"}
    else:
        keys = {form.value("key")}
        blocks = set() if keys & set(_ASKED) else {"scope"}
    blocks |= {name for key, name in _ASKED.items() if key in keys}
    return blocks | ({"items"} if keys & OF_ITEMS else set())


def lacks_fields(form: Form) -> bool:
    """Whether the key chosen needs fields that the page did not show: they must be filled in first."""
    shown = set(form.value("shown").split())
    return not (blocks_of(form) - {"scope", "items"}) <= shown


def charge_choices(form: Form, read: PurchaseCase) -> dict[str, Any]:
    """What the page offers. A block that the last page did not show begins with all."""
    for block in ("items", "scope"):
        form.values.setdefault(block, "all")
    keys = [key for key in KeyChoice if read.items or key not in OF_ITEMS]
    return {
        "key_options": [(str(key), *WORDS[key]) for key in keys],
        "mix_options": [(str(key), WORDS[key][0]) for key in MIXABLE if key in keys],
        "mix_parts": MIX_PARTS,
        "blocks": blocks_of(form),
    }


def read_charge(form: Form, read: PurchaseCase) -> ChargeIn:
    """What was typed; what cannot be read is refused at its field."""
    label = form.text("label", required="Donnez un nom à ces frais, par exemple Livraison.", longest=120)
    amount = read_cents(form, "amount", signed=True)
    rate = read_percent(form, "vat_rate", 2)
    key = _read_key(form, read.payers)
    blocks = blocks_of(form)
    scope = None
    if "scope" in blocks and form.value("scope") == "list":
        scope = read_chosen(form, "members", read.payers)
    chosen = None
    if "items" in blocks and form.value("items") == "list":
        chosen = [item.code for item in read.items if form.value(f"item-{item.id}")]
    return ChargeIn(
        label=label,
        amount_cents=amount,
        vat_rate=Decimal(rate),
        key=key,
        scope=scope,
        items=chosen,
        fctva=form.value("fctva") == "1",
    )


def _read_key(form: Form, payers: Sequence[Payer]) -> Any:  # noqa: ANN401 - a key as JSON
    choice = form.choice("key", list(KeyChoice))
    if choice != KeyChoice.MIX:
        return _read_part(form, choice, payers)
    parts = []
    for place in MIX_PARTS:
        typed, part = form.value(f"part-{place}").replace("%", ""), form.value(f"part-key-{place}")
        if not typed.strip() and not part:
            continue
        try:
            percent = decimal_text(typed, 6)
        except ValueError:
            form.refuse(f"part-{place}", f"Partie {place}\u00a0: indiquez un pourcentage, par exemple 50.")
            percent = "0"
        if part not in MIXABLE:
            form.refuse(f"part-key-{place}", f"Partie {place}\u00a0: choisissez une clé.")
        else:
            parts.append({"percent": percent, "key": _read_part(form, part, payers)})
    if not parts:
        form.refuse("mix", "Indiquez au moins une partie\u00a0: un pourcentage et une clé.")
    own = [choice_of(part["key"]) for part in parts]
    if any(own.count(key) > 1 for key in _ASKED):
        form.refuse("mix", "Dans une clé mixte, les poids propres et les pourcentages ne servent qu’une fois.")
    return {"mix": parts}


def _read_part(form: Form, choice: str, payers: Sequence[Payer]) -> Any:  # noqa: ANN401
    for key, name in _ASKED.items():
        if choice == key:
            return {name: read_numbers(form, name, payers)}
    return choice
