"""The form of a decision, and that of its effect: from what is typed to commands, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.keys import OF_ITEMS, WORDS, KeyChoice, in_words
from pooling.allocation.models import Charge
from pooling.committees.decision_schemas import LONGEST_DECISION, MOST_VOTES, DecisionIn, NewTerms, Terms, read_terms
from pooling.committees.models import Act, Decision
from pooling.kernel.errors import Invalid
from pooling.members.models import Member
from pooling.purchases.models import Purchase, PurchaseState
from pooling.web.forms import Form

LINKED_AT_MOST = 100
_OVER = (PurchaseState.SETTLED, PurchaseState.CANCELLED)
VOTES = ("votes_for", "votes_against", "votes_abstained")
OFFERED_KEYS: Sequence[KeyChoice] = (
    KeyChoice.EQUAL,
    KeyChoice.QUANTITY,
    KeyChoice.AMOUNT,
    KeyChoice.POPULATION,
    KeyChoice.AGENTS,
    KeyChoice.OWN,
)
"""Keys that need nothing more to be said. Others are set by the lead buyer, on the purchase's own pages."""


def decision_form(decision: Decision, owner: Mapping[str, str]) -> Form:
    """The form filled with a decision."""
    values: dict[str, Any] = {
        "content": decision.content,
        "purchase": decision.purchase_id,
        **owner,
        "due_on": decision.due_on and decision.due_on.isoformat(),
        **{name: getattr(decision, name) for name in VOTES},
    }
    return Form(values={name: "" if value is None else str(value) for name, value in values.items()})


def read_decision(form: Form, owner_id: int | None) -> DecisionIn:
    """What was typed.

    Raises:
        Invalid: at least one field was refused.
    """
    content = form.text("content", required="Écrivez ce qui a été décidé.", longest=LONGEST_DECISION)
    due_on = form.date("due_on") if form.text("due_on") else None
    counts = {name: form.integer(name, largest=MOST_VOTES) if form.value(name).strip() else None for name in VOTES}
    purchase = form.text("purchase", longest=20)
    if purchase and not purchase.isdecimal():
        form.refuse("purchase", "Choisissez un achat du groupe.")
    if due_on is not None and not 2000 <= due_on.year <= 2200:  # noqa: PLR2004 - dates of our time
        form.refuse("due_on", "Indiquez une date, par exemple 30/03/2027.")
    form.check()
    return DecisionIn(
        content=content, purchase_id=int(purchase) if purchase else None, owner_id=owner_id, due_on=due_on, **counts
    )


async def purchases_to_link(session: AsyncSession, linked: int | None) -> list[tuple[str, str]]:
    """The latest purchases that are not over, and the one that is linked: (id, what it is called)."""
    going_on = col(Purchase.state).not_in(_OVER)
    rows = await session.execute(
        select(col(Purchase.id), col(Purchase.reference), col(Purchase.title))
        .where(or_(going_on, col(Purchase.id) == linked) if linked else going_on)
        .order_by((col(Purchase.id) == (linked or 0)).desc(), col(Purchase.id).desc())
        .limit(LINKED_AT_MOST)
    )
    return [(str(key), f"{reference} · {title}") for key, reference, title in rows]


def keys_to_choose(charge: Charge, *, has_items: bool) -> list[tuple[str, str]]:
    """The keys that a decision may give this charge: (value, label)."""
    return [
        (str(key), WORDS[key][0]) for key in OFFERED_KEYS if (has_items or key not in OF_ITEMS) and key != charge.key
    ]


def current_key(charge: Charge) -> str:
    """What stands now: `réparti à parts égales`."""
    return f"Aujourd’hui : {in_words(charge.key)}."


def effect_form(decision: Decision, act: Act, lead: str) -> Form:
    """The form of an act, filled with the terms chosen before if it is the same act."""
    terms = decision.terms if decision.act == act else {}
    values = {
        "closes_on": terms.get("closes_on", ""),
        "closes_at": str(terms.get("closes_at", "18:00"))[:5],
        "delivery_expected_on": terms.get("delivery_expected_on", ""),
        "lead_member": lead,
    }
    values |= {f"key-{code}": key for code, key in terms.get("keys", {}).items() if isinstance(key, str)}
    return Form(values=values)


async def read_effect(session: AsyncSession, form: Form, act: Act, charges: Sequence[Charge]) -> Terms:
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
    keys: dict[str, Any] = {}
    for charge in charges:
        if form.value(f"key-{charge.code}"):
            keys[charge.code] = form.choice(f"key-{charge.code}", [str(key) for key in OFFERED_KEYS])
    form.check()
    if not (delivery or lead or keys):
        raise Invalid({"lead_member": "Indiquez au moins une condition qui change : pilote, livraison ou clé."})
    return NewTerms(lead_member=lead, delivery_expected_on=delivery, keys=keys)


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
