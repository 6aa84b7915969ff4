"""Where the terms of an action stand, on its sheet."""

from pooling.actions.page import ActionPage
from pooling.members.features import Part
from pooling.terms.queries import terms_of, turnout


async def of_action(here: ActionPage) -> Part:
    facts = {
        "turnout": await turnout(here.session, here.action.id),
        "answer_by": (await terms_of(here.session, here.action.id)).answer_by,
        "url": f"{here.url}/modalites",
    }
    return Part("terms/part.html", facts)
