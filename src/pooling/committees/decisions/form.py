"""The form of a decision: from what is typed to a command, and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.models import Decision
from pooling.committees.decisions.schemas import LONGEST_DECISION, MOST_VOTES
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


async def read_decision(session: AsyncSession, form: Form) -> dict[str, Any]:
    """What was typed, for a `DecisionIn`; its owner is somebody to find first."""
    return {
        "content": form.lines("content", required="Écrivez ce qui a été décidé.", longest=LONGEST_DECISION),
        "due_on": form.date("due_on") if form.text("due_on") else None,
        "about": await features_for(session).subjects.chosen(session, form),
        **{name: form.integer(name, largest=MOST_VOTES) if form.value(name).strip() else None for name in VOTES},
    }
