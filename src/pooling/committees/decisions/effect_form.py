"""The form of what a decision does to its purchase: from what is typed to terms, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import Payer, charges_of, payers_of
from pooling.allocation.editing.key_form import key_blocks, key_options, key_typed, lacks_fields, read_key
from pooling.allocation.editing.rules import key_errors
from pooling.allocation.editing.schemas import Known
from pooling.allocation.key_choices import in_words
from pooling.allocation.models import Charge
from pooling.committees.decisions.models import Act, Decision
from pooling.committees.decisions.schemas import NewTerms, Terms, read_terms
from pooling.kernel.errors import Invalid
from pooling.members.models import Member
from pooling.purchases.finding import item_ids
from pooling.web.forms import Form


@dataclass(frozen=True)
class Costs:
    """The charges whose keys a decision may change, and whom a key may name."""

    charges: Sequence[Charge] = ()
    payers: Sequence[Payer] = ()
    items: Sequence[str] = ()


@dataclass(frozen=True)
class KeyAsked:
    """One charge on the page: its key today, those it may be given, and the fields of the one chosen."""

    of: str
    label: str
    today: str
    options: list[tuple[str, str]]
    blocks: set[str]

    @property
    def error_labels(self) -> dict[str, str]:
        """Which of the page's sums a sentence is about."""
        words = {"mix": "parties de la clé mixte", "percents": "pourcentages des membres", "weights": "poids"}
        return {f"{name}{self.of}": f"{self.label}, {said}" for name, said in words.items()}


async def costs_to_change(session: AsyncSession, purchase_id: int, act: Act) -> Costs:
    """Nothing for an act that leaves costs alone."""
    charges = await charges_of(session, purchase_id) if act is Act.CHANGE_TERMS else []
    if not charges:
        return Costs()
    return Costs(charges, await payers_of(session, purchase_id), list(await item_ids(session, purchase_id)))


def _of(charge: Charge) -> str:
    return f"-{charge.id}"


def keys_asked(form: Form, costs: Costs) -> list[KeyAsked]:
    options = key_options(has_items=bool(costs.items))
    return [
        KeyAsked(
            of=_of(charge),
            label=charge.label,
            today=f"Aujourd’hui : {in_words(charge.key)}.",
            options=[(value, name) for value, name, _ in options if value != charge.key],
            blocks=key_blocks(form, _of(charge)),
        )
        for charge in costs.charges
    ]


def effect_form(decision: Decision, act: Act, lead: str, costs: Costs) -> Form:
    """The form of an act, filled with the terms chosen before if it is the same act."""
    terms = decision.terms if decision.act == act else {}
    values = {
        "closes_on": terms.get("closes_on", ""),
        "closes_at": str(terms.get("closes_at", "18:00"))[:5],
        "delivery_expected_on": terms.get("delivery_expected_on", ""),
        "lead_member": lead,
    }
    keys = terms.get("keys", {})
    for charge in costs.charges:
        if charge.code in keys:
            values |= key_typed(keys[charge.code], costs.payers, _of(charge))
    return Form(values=values)


def begin_keys(form: Form, costs: Costs) -> bool:
    """Whether a key chosen needs fields that the page did not show. They begin with what stands today, if anything."""
    lacking = [charge for charge in costs.charges if lacks_fields(form, _of(charge))]
    for charge in lacking:
        form.values = key_typed(charge.key, costs.payers, _of(charge)) | form.values
    return bool(lacking)


async def read_effect(session: AsyncSession, form: Form, act: Act, costs: Costs) -> Terms:
    """The terms typed for an act.

    Raises:
        Invalid: at least one field was refused.
    """
    if act in {Act.OPEN, Act.EXTEND}:
        day, hour = form.date("closes_on"), form.time("closes_at")
        form.check()
        return read_terms(act, {"closes_on": day, "closes_at": hour})
    if act is not Act.CHANGE_TERMS:
        return read_terms(act, {})
    delivery = form.date("delivery_expected_on") if form.text("delivery_expected_on") else None
    lead = await _lead(session, form)
    keys = {charge.code: _key(form, charge, costs) for charge in costs.charges if form.value(f"key{_of(charge)}")}
    form.check()
    if not (delivery or lead or keys):
        raise Invalid({"lead_member": "Indiquez au moins une condition qui change : pilote, livraison ou clé."})
    return NewTerms(lead_member=lead, delivery_expected_on=delivery, keys=keys)


def _key(form: Form, charge: Charge, costs: Costs) -> Any:  # noqa: ANN401 - a key as JSON
    of, refused = _of(charge), len(form.errors)
    key = read_key(form, costs.payers, of)
    if len(form.errors) == refused:
        known = Known([payer.code for payer in costs.payers], costs.items)
        for name, sentence in key_errors(key, known).items():
            form.refuse(f"{name}{of}", sentence)
    return key


async def _lead(session: AsyncSession, form: Form) -> str | None:
    """The code of the member whose code or name was typed."""
    typed = form.text("lead_member")
    if not typed:
        return None
    rows = await session.execute(
        select(col(Member.code)).where(or_(col(Member.code) == typed, col(Member.name) == typed)).limit(2)
    )
    codes = list(rows.scalars())
    if len(codes) != 1:
        form.refuse("lead_member", "Indiquez le nom exact d’un membre du groupe, ou son code (SIREN).")
        return None
    return str(codes[0])
