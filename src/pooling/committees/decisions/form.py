"""The form of a decision: from what is typed to a command, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.models import Decision
from pooling.committees.decisions.schemas import LONGEST_DECISION, MOST_VOTES, DecisionIn
from pooling.members.features import features_for
from pooling.web.forms import Form

VOTES = ("votes_for", "votes_against", "votes_abstained")


def decision_form(decision: Decision, owner: Mapping[str, str]) -> Form:
    """The form filled with a decision."""
    values: dict[str, Any] = {
        "content": decision.content,
        **({decision.about[0]: decision.about[1]} if decision.about else {}),
        **owner,
        "due_on": decision.due_on and decision.due_on.isoformat(),
        **{name: getattr(decision, name) for name in VOTES},
    }
    return Form(values={name: "" if value is None else str(value) for name, value in values.items()})


async def read_decision(session: AsyncSession, form: Form, owner_id: int | None) -> DecisionIn:
    """What was typed.

    Raises:
        Invalid: at least one field was refused.
    """
    content = form.lines("content", required="Écrivez ce qui a été décidé.", longest=LONGEST_DECISION)
    due_on = form.date("due_on") if form.text("due_on") else None
    counts = {name: form.integer(name, largest=MOST_VOTES) if form.value(name).strip() else None for name in VOTES}
    about = await features_for(session).subjects.chosen(session, form)
    form.check()
    return DecisionIn(content=content, about=about, owner_id=owner_id, due_on=due_on, **counts)
