"""The form of a decision: from what is typed to a command, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision
from pooling.committees.decisions.schemas import LONGEST_DECISION, MOST_VOTES, DecisionIn
from pooling.purchases.models import Purchase, PurchaseState
from pooling.web.forms import Form

LINKED_AT_MOST = 100
_OVER = (PurchaseState.SETTLED, PurchaseState.CANCELLED)
VOTES = ("votes_for", "votes_against", "votes_abstained")


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
    content = form.lines("content", required="Écrivez ce qui a été décidé.", longest=LONGEST_DECISION)
    due_on = form.date("due_on") if form.text("due_on") else None
    counts = {name: form.integer(name, largest=MOST_VOTES) if form.value(name).strip() else None for name in VOTES}
    purchase = form.text("purchase", longest=20)
    if purchase and not purchase.isdecimal():
        form.refuse("purchase", "Choisissez un achat du groupe.")
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
