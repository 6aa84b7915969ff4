"""The form of a subsidy: from what is typed to a subsidy, and back."""

from decimal import Decimal
from typing import Any

from pooling.allocation.editing.member_numbers import chosen_typed, read_chosen
from pooling.allocation.editing.offered import Offered
from pooling.allocation.editing.schemas import SubsidyIn, content_of, plain_decimal
from pooling.allocation.models import Subsidy
from pooling.kernel.versions import version_of
from pooling.web.forms import Form
from pooling.web.numbers import read_cents, read_optional_cents, read_percent, typed_cents, typed_number


def subsidy_form(subsidy: Subsidy | None, offered: Offered) -> Form:
    """The form filled with a stored subsidy, or as it begins."""
    if subsidy is None:
        return Form(values={"kind": "rate", "items": "all", "scope": "all", "public": "1"})
    cents = {
        "amount": subsidy.amount_cents,
        "cap_per_unit": subsidy.cap_per_unit_cents,
        "cap_total": subsidy.cap_total_cents,
    }
    values = {
        "label": subsidy.label,
        "kind": "amount" if subsidy.rate is None else "rate",
        "rate": "" if subsidy.rate is None else typed_number(plain_decimal(subsidy.rate)),
        "items": "all" if subsidy.items is None else "list" if subsidy.items else "none",
        "scope": "all" if subsidy.members is None else "list",
        "public": "1" if subsidy.public else "",
        "version": version_of(content_of(subsidy)),
    }
    values |= {name: typed_cents(amount) for name, amount in cents.items() if amount is not None}
    values |= {f"item-{item.id}": "1" for item in offered.items if item.code in (subsidy.items or [])}
    values |= {f"charge-{charge.id}": "1" for charge in offered.charges if charge.code in subsidy.charges}
    values |= chosen_typed("members", subsidy.members or [], offered.payers)
    return Form(values=values)


def subsidy_choices(_: Form, offered: Offered) -> dict[str, Any]:
    """What the page offers."""
    return {"charge_options": [(charge.id, charge.label) for charge in offered.charges]}


def read_subsidy(form: Form, offered: Offered) -> SubsidyIn:
    """What was typed; what cannot be read is refused at its field. Only the fields of its kind count."""
    label = form.text("label", required="Donnez un nom à cette subvention, par exemple Alvéole.", longest=120)
    rated = form.choice("kind", ["rate", "amount"]) == "rate"
    counted = form.choice("items", ["all", "list", "none"])
    ticked = [item.code for item in offered.items if form.value(f"item-{item.id}")]
    return SubsidyIn(
        label=label,
        rate=Decimal(read_percent(form, "rate", 6)) if rated else None,
        amount_cents=None if rated else read_cents(form, "amount"),
        cap_per_unit_cents=read_optional_cents(form, "cap_per_unit") if rated else None,
        cap_total_cents=read_optional_cents(form, "cap_total") if rated else None,
        items=None if counted == "all" else ticked if counted == "list" else [],
        charges=[charge.code for charge in offered.charges if form.value(f"charge-{charge.id}")],
        members=read_chosen(form, "members", offered.payers) if form.value("scope") == "list" else None,
        public=form.value("public") == "1",
    )
