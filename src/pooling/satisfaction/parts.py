"""On the page of a committee: who was there is asked what it thinks."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from pooling.committees.models import Invitation
from pooling.committees.page import CommitteePage
from pooling.members.features import Part
from pooling.satisfaction.audiences import HELD
from pooling.satisfaction.models import Opinion


async def of_committee(here: CommitteePage) -> Part:
    facts: dict[str, Any] = {"asked": False}
    if here.committee.state in HELD:
        whose = here.caller.person_id
        said = (
            select(col(Opinion.id))
            .where(col(Opinion.committee_id) == here.committee.id, col(Opinion.person_id) == whose)
            .exists()
        )
        was_there = select(said).where(
            col(Invitation.committee_id) == here.committee.id,
            col(Invitation.person_id) == whose,
            col(Invitation.present).is_(True),
        )
        found = (await here.session.execute(was_there)).scalar_one_or_none()
        facts = {"asked": found is not None, "said": bool(found), "url": f"{here.committee_url}/avis"}
    return Part("satisfaction/part.html", facts)
