"""A contract as a form asks about it."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from pooling.open_data.contracts import Contract
from pooling.open_data.decp import (
    Ccag,
    Environmental,
    Grouping,
    PlaceKind,
    PriceForm,
    PriceKind,
    Procedure,
    Social,
)
from pooling.open_data.schemas import ContractIn
from pooling.web.forms import Form
from pooling.web.numbers import read_optional_cents, read_percent, typed_cents, typed_number

FIELDS = {"amount_cents": "amount"}
CHOICES: Mapping[str, type[StrEnum]] = {
    "procedure": Procedure,
    "grouping": Grouping,
    "place_kind": PlaceKind,
    "ccag": Ccag,
    "price_kind": PriceKind,
    "price_form": PriceForm,
    "social": Social,
    "environmental": Environmental,
}
OPTIONS = {name: [(str(one), str(one).replace("'", "’")) for one in kind] for name, kind in CHOICES.items()}
_PARTS, _TICKED = ("origin_eu", "origin_france"), ("social", "environmental")


def shown(contract: Contract, version: str) -> Form:
    """What was said; before that, what is usual and what the purchase lets guess."""
    usual = {name: next(iter(kind)) for name, kind in CHOICES.items() if name not in {"procedure", *_TICKED}}
    values = {"version": version, **{name: str(one) for name, one in usual.items()}}
    if contract.said is None:
        values |= {name: said for name, said in contract.defaults.items() if isinstance(said, str)}
        return Form(values=values, lists={"environmental": contract.defaults["environmental"], "social": [Social.NONE]})
    said = contract.said
    values |= {
        **{name: str(getattr(said, name)) for name in ("identifier", "months", "offers", "place", *usual, "procedure")},
        "notified_on": said.notified_on.isoformat(),
        "published_on": said.published_on.isoformat() if said.published_on else "",
        "amount": "" if said.amount_cents is None else typed_cents(said.amount_cents),
        "has_advance": "" if said.advance is None else "1",
        "advance": "" if said.advance is None else _typed(said.advance),
        **{name: "" if (part := getattr(said, name)) is None else _typed(part) for name in _PARTS},
        **{name: "1" if getattr(said, name) else "" for name in ("subcontracting", "innovative")},
    }
    return Form(
        values=values, lists={name: [str(one) for one in getattr(said, name)] for name in ("social", "environmental")}
    )


def _typed(part: Decimal) -> str:
    return typed_number(f"{part.normalize():f}")


def read(form: Form) -> ContractIn:
    chosen = {
        name: form.choice(name, [*kind]) for name, kind in CHOICES.items() if name not in {"social", "environmental"}
    }
    parts = {name: _part(form, name) for name in _PARTS}
    return form.command(
        ContractIn,
        FIELDS,
        notified_on=form.date("notified_on"),
        identifier=form.text("identifier", required="Indiquez le numéro du contrat.", longest=16),
        months=form.integer("months", smallest=1, largest=600),
        amount_cents=read_optional_cents(form, "amount"),
        offers=form.integer("offers", smallest=1, largest=10_000),
        advance=(_part(form, "advance") or Decimal(0)) if form.value("has_advance") else None,
        place=form.text("place", required="Indiquez le code du lieu.", longest=20),
        social=tuple(form.all("social")),
        environmental=tuple(form.all("environmental")),
        subcontracting=bool(form.value("subcontracting")),
        innovative=bool(form.value("innovative")),
        published_on=form.date("published_on") if form.value("published_on").strip() else None,
        **chosen,
        **parts,
    )


def _part(form: Form, name: str) -> Decimal | None:
    return Decimal(read_percent(form, name, 2)) if form.value(name).strip() else None
