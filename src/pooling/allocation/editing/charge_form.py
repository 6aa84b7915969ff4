"""The form of a charge: from what is typed to a charge, and back. Which fields it has depends on its key."""

from decimal import Decimal
from typing import Any, Literal

from pooling.allocation.editing.key_form import chosen_in, key_blocks, key_options, key_typed, mix_options, read_key
from pooling.allocation.editing.member_numbers import chosen_typed, has_boxes, read_chosen
from pooling.allocation.editing.offered import Offered
from pooling.allocation.editing.schemas import ChargeIn, content_of, plain_decimal
from pooling.allocation.key_choices import NAMING, OF_ITEMS, KeyChoice
from pooling.allocation.models import PARTICIPANTS, Charge
from pooling.kernel.versions import version_of
from pooling.web.forms import Form
from pooling.web.numbers import read_cents, read_percent, typed_cents, typed_number

_KINDS = (
    ("amount", "Un montant", "Une livraison, une procédure, une remise convenue en euros."),
    ("percent", "Un pourcentage", "Une remise ou des frais de gestion, calculés sur le prix HT des articles."),
)
_TAKERS = (PARTICIPANTS, "Ceux qui prennent au moins une unité", "Qui ne prend rien ne paie rien de ces frais.")


def charge_form(charge: Charge | None, offered: Offered) -> Form:
    """The form filled with a stored charge, or as it begins."""
    if charge is None:
        begun = {
            "kind": "amount",
            "vat_rate": "20",
            "key": KeyChoice.EQUAL,
            "scope": _usual_scope(offered),
            "items": "all",
        }
        return Form(values=begun)
    values = {
        "label": charge.label,
        "kind": "amount" if charge.percent is None else "percent",
        "amount": "" if charge.amount_cents is None else typed_cents(charge.amount_cents),
        "percent": "" if charge.percent is None else typed_number(plain_decimal(charge.percent)),
        "vat_rate": typed_number(plain_decimal(charge.vat_rate)),
        "fctva": "1" if charge.fctva else "",
        "scope": "all" if charge.scope is None else charge.scope if isinstance(charge.scope, str) else "list",
        "items": "all" if charge.items is None else "list",
        "paid_by": charge.paid_by or "",
        "version": version_of(content_of(charge)),
    }
    values |= key_typed(charge.key, offered.payers)
    values |= chosen_typed("members", charge.scope if isinstance(charge.scope, list) else [], offered.payers)
    values |= {f"item-{item.id}": "1" for item in offered.items if item.code in (charge.items or [])}
    return Form(values=values)


def charge_choices(form: Form, offered: Offered) -> dict[str, Any]:
    """What the page offers. A block that the last page did not show begins with what is usual."""
    form.values.setdefault("kind", "amount")
    form.values.setdefault("items", "all")
    form.values.setdefault("scope", _usual_scope(offered))
    has_items = bool(offered.items)
    return {
        "kind_options": _KINDS if has_items else (),
        "key_options": key_options(has_items=has_items),
        "mix_options": mix_options(has_items=has_items),
        "scope_options": [
            *([_TAKERS] if has_items else []),
            ("all", f"Tous ceux qui participent à l’achat ({offered.taking_part})"),
            ("list", "Ceux que je désigne"),
        ],
        "payer_options": _payers(form, offered),
        "blocks": key_blocks(form) | _lists(form),
    }


def _payers(form: Form, offered: Offered) -> list[tuple[str, str]]:
    """Who may have paid a charge apart: the lead, and of few members each."""
    named = dict([offered.lead])
    if has_boxes(offered.payers):
        named |= {payer.code: payer.name for payer in offered.payers}
    if typed := form.value("paid_by"):
        named.setdefault(typed, typed)
    return [("", "C’est sur les factures des fournisseurs"), *named.items()]


def _in_percent(form: Form) -> bool:
    return form.value("kind") == "percent"


def _usual_scope(offered: Offered) -> str:
    """Where nothing is bought, all who take part share the charges: nobody takes a unit."""
    return PARTICIPANTS if offered.items else "all"


def _lists(form: Form) -> set[str]:
    """`items` for a percent or a key that looks at them, `scope` unless the key itself names who pays."""
    lists = {"items"} if _in_percent(form) or chosen_in(form) & OF_ITEMS else set()
    return lists if form.value("key") in NAMING else lists | {"scope"}


def read_charge(form: Form, offered: Offered) -> ChargeIn:
    """What was typed; what cannot be read is refused at its field."""
    label = form.text("label", required="Donnez un nom à ces frais, par exemple Livraison.", longest=120)
    in_percent = _in_percent(form)
    amount = None if in_percent else read_cents(form, "amount", signed=True)
    percent = Decimal(read_percent(form, "percent", 6, signed=True)) if in_percent else None
    rate = read_percent(form, "vat_rate", 2)
    key = read_key(form, offered.payers)
    lists = _lists(form)
    scope = _read_scope(form, offered) if "scope" in lists else None
    chosen = None
    if "items" in lists and form.value("items") == "list":
        chosen = [item.code for item in offered.items if form.value(f"item-{item.id}")]
    return ChargeIn(
        label=label,
        amount_cents=amount,
        percent=percent,
        vat_rate=Decimal(rate),
        key=key,
        scope=scope,
        items=chosen,
        fctva=form.value("fctva") == "1",
        paid_by=form.text("paid_by", longest=40) or None,
    )


def _read_scope(form: Form, offered: Offered) -> list[str] | Literal["participants"] | None:
    form.values.setdefault("scope", _usual_scope(offered))
    choice = form.choice("scope", [PARTICIPANTS, "all", "list"])
    if choice == "list":
        return read_chosen(form, "members", offered.payers)
    return PARTICIPANTS if choice == PARTICIPANTS else None
