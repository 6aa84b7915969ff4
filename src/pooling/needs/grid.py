"""The declaration grid: a form of quantities, from and to declarations."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from pooling.kernel.text import whole_number
from pooling.needs.queries import DeclarationShown
from pooling.needs.schemas import LONGEST_COMMENT, DeclarationIn, NeedIn
from pooling.needs.words import wanted_words
from pooling.purchases.queries import ItemShown
from pooling.sharing.money import half_up
from pooling.web.forms import Form
from pooling.web.typography import euros, number, price


def euros_of(amount: Decimal) -> str:
    """An amount of euros, to the nearest cent, as people read it."""
    return euros(half_up(Fraction(amount) * 100))


def form_of_declaration(declaration: DeclarationShown | None, items: list[ItemShown]) -> Form:
    """The form filled with what a declaration says; empty when there is none."""
    if declaration is None:
        return Form()
    values = {"comment": declaration.comment}
    for item in items:
        quantity, most = declaration.quantities.get(item.id), declaration.most.get(item.id, 0)
        if quantity or most or (quantity is not None and declaration.filed_at is None):
            values[f"quantite-{item.id}"] = str(quantity)
        if most > (quantity or 0):
            values[f"jusqu-{item.id}"] = str(most)
    return Form(values=values)


def read_declaration(form: Form, items: list[ItemShown], member_id: int, *, filing: bool) -> DeclarationIn:
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


def typed_quantity(form: Form, item: ItemShown) -> int:
    """The quantity in the form, zero when it is not one: for totals only."""
    return whole_number("".join(form.value(f"quantite-{item.id}").split()), 9) or 0


def grid_context(form: Form, items: list[ItemShown], *, filed: DeclarationShown | None = None) -> dict[str, Any]:
    """What the grid's template needs: its rows and totals, and what is filed beside what is drafted."""
    quantities = {item.id: typed_quantity(form, item) for item in items}
    amount = sum((item.unit_price * quantities[item.id] for item in items), Decimal(0))
    return {
        "rows": [{**_row(item, quantities[item.id]), "filed": _filed_words(filed, item)} for item in items],
        "total_quantity": number(sum(quantities.values())),
        "total_amount": euros_of(amount),
    }


def _filed_words(filed: DeclarationShown | None, item: ItemShown) -> str | None:
    return wanted_words(filed.quantities.get(item.id, 0), filed.most.get(item.id, 0)) if filed else None


def _row(item: ItemShown, quantity: int) -> dict[str, Any]:
    return {
        "field": f"quantite-{item.id}",
        "most_field": f"jusqu-{item.id}",
        "name": item.name,
        "about": item.description,
        "unit": item.unit,
        "price": price(item.unit_price),
        "price_cents": half_up(Fraction(item.unit_price) * 100),
        "amount": euros_of(item.unit_price * quantity) if quantity else None,
    }
