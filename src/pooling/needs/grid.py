"""The declaration grid: a form of quantities, from and to declarations."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pooling.kernel.tables import id_typed
from pooling.kernel.text import whole_number
from pooling.members.models import Budget
from pooling.needs.details import Detail
from pooling.needs.queries import DeclarationShown
from pooling.needs.schemas import (
    LONGEST_COMMENT,
    LONGEST_ENGAGEMENT,
    LONGEST_NOTE,
    DeclarationIn,
    DetailIn,
    NeedIn,
)
from pooling.needs.words import wanted_words
from pooling.purchases.queries import ItemShown
from pooling.sharing.money import half_up
from pooling.web.forms import Form
from pooling.web.typography import euros, number, price

_SAID = ("note", "budget", "engagement")
"""Fields of a line beside its quantities."""


def grid_fields(items: Sequence[ItemShown]) -> set[str]:
    """The names of all its fields."""
    return {f"{name}-{item.id}" for item in items for name in ("quantite", "jusqu", *_SAID)}


def euros_of(amount: Decimal) -> str:
    """An amount of euros, to the nearest cent, as people read it."""
    return euros(half_up(Fraction(amount) * 100))


def form_of_declaration(declaration: DeclarationShown | None, items: list[ItemShown]) -> Form:
    """The form filled with what a declaration says; empty when there is none."""
    if declaration is None:
        return Form()
    values = {"comment": declaration.comment}
    for item_id, detail in declaration.details.items():
        said = (detail.note, detail.budget_id, detail.engagement)
        values |= {f"{name}-{item_id}": str(value) for name, value in zip(_SAID, said, strict=True) if value}
    for item in items:
        quantity, most = declaration.quantities.get(item.id), declaration.most.get(item.id, 0)
        if quantity or most or (quantity is not None and declaration.filed_at is None):
            values[f"quantite-{item.id}"] = str(quantity)
        if most > (quantity or 0):
            values[f"jusqu-{item.id}"] = str(most)
    return Form(values=values)


def read_declaration(form: Form, items: Sequence[ItemShown], member_id: int, *, filing: bool) -> DeclarationIn:
    """What was typed, each wrong field refused in its place. An empty box answers nothing, unless it is said that no
    item is needed; filing nothing at all must be said.
    """
    nothing = form.value("no_need") == "1"
    needs = [_read_need(form, item.id) for item in items if nothing or _is_answered(form, item.id)]
    wanted = any(need.quantity or need.up_to for need in needs)
    if nothing and wanted:
        form.refuse("no_need", "Vous indiquez des quantités : videz-les d’abord, ou déposez-les.")
    if filing and not nothing and not form.has_errors and not wanted:
        form.refuse(
            "no_need", "Indiquez au moins une quantité, ou répondez par ce bouton que vous n’avez pas de besoin."
        )
    return DeclarationIn(
        member_id=member_id,
        needs=tuple(needs),
        details=tuple(detail for item in items if (detail := _read_detail(form, item.id)).says_something),
        comment=form.lines("comment", longest=LONGEST_COMMENT)[:LONGEST_COMMENT],  # a longer one is refused
        seen=form.values.get("seen"),
    )


def _is_answered(form: Form, item_id: int) -> bool:
    return any(form.value(f"{field}-{item_id}").strip() for field in ("quantite", "jusqu"))


def _read_need(form: Form, item_id: int) -> NeedIn:
    quantity = form.integer(f"quantite-{item_id}", default=0)
    field = f"jusqu-{item_id}"
    most = form.integer(field) if form.value(field).strip() else None
    if most is not None and not form.error(field) and most < quantity:
        form.refuse(field, f"Le maximum accepté ne peut pas être inférieur à la quantité ({quantity}).")
    return NeedIn(item_id=item_id, quantity=quantity, up_to=None if form.error(field) else most)


def _read_detail(form: Form, item_id: int) -> DetailIn:
    note, budget, engagement = (f"{name}-{item_id}" for name in _SAID)
    chosen = id_typed(form.value(budget))
    if form.value(budget) and chosen is None:
        form.refuse(budget, "Choisissez un budget de la liste.")
    return DetailIn(
        item_id=item_id,
        note=form.text(note, longest=LONGEST_NOTE)[:LONGEST_NOTE],
        budget_id=chosen,
        engagement=form.text(engagement, longest=LONGEST_ENGAGEMENT)[:LONGEST_ENGAGEMENT],
    )


def typed_quantity(form: Form, item: ItemShown) -> int:
    """The quantity in the form, zero when it is not one: for totals only."""
    return whole_number("".join(form.value(f"quantite-{item.id}").split()), 9) or 0


def grid_context(
    form: Form,
    items: list[ItemShown],
    *,
    filed: DeclarationShown | None = None,
    budgets: Sequence[Budget] | None = None,
) -> dict[str, Any]:
    """What the grid's template needs: its rows and totals, and what is filed beside what is drafted. `budgets` are the
    member's, where something may be said of lines beside their quantities.
    """
    choices = None if budgets is None else [(str(budget.id), f"{budget.code} {budget.label}") for budget in budgets]
    quantities = {item.id: typed_quantity(form, item) for item in items}
    amount = sum((item.unit_price * quantities[item.id] for item in items), Decimal(0))
    return {
        "rows": [
            {
                **_row(item, quantities[item.id]),
                "filed": _filed_words(filed, item),
                "details": None if choices is None else _details_row(form, item.id, choices),
            }
            for item in items
        ],
        "total_quantity": number(sum(quantities.values())),
        "total_amount": euros_of(amount),
    }


def _details_row(form: Form, item_id: int, budgets: Sequence[tuple[str, str]]) -> dict[str, Any]:
    fields = {name: f"{name}-{item_id}" for name in _SAID}
    chosen = dict(budgets).get(form.value(fields["budget"]), "")
    note, engagement = form.value(fields["note"]), form.value(fields["engagement"])
    said = Detail(note=note, budget=chosen, budget_label=chosen, engagement=engagement)
    return {
        **fields,
        "budgets": budgets,
        "words": said.words,
        "is_open": bool(said.words) or any(form.error(name) for name in fields.values()),
    }


def _filed_words(filed: DeclarationShown | None, item: ItemShown) -> str | None:
    return wanted_words(filed.quantities.get(item.id, 0), filed.most.get(item.id, 0)) if filed else None


def _row(item: ItemShown, quantity: int) -> dict[str, Any]:
    return {
        "field": f"quantite-{item.id}",
        "most_field": f"jusqu-{item.id}",
        "lot": item.under,
        "name": item.name,
        "about": item.description,
        "unit": item.unit,
        "price": price(item.unit_price),
        "price_cents": half_up(Fraction(item.unit_price) * 100),
        "amount": euros_of(item.unit_price * quantity) if quantity else None,
    }
