"""Committees: those to come or past, and planning one."""

from datetime import datetime, time
from typing import Literal

from litestar import get, post
from pydantic import Field, field_validator

from pooling.committees.meetings import scheduling
from pooling.committees.meetings.queries import CommitteeLine, committee_page
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import Committee, CommitteeState
from pooling.committees.people import count_people
from pooling.committees.queries import committee_by_id
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn, RowId


class CommitteeOut(ApiOut):
    id: int
    title: str
    state: CommitteeState
    starts_at: datetime
    place: str
    link: str
    invited: int
    """How many people are invited."""


class CommitteesIn(PageIn):
    when: Literal["to_come", "past"] = Field(
        default="to_come", description="Those to come, the nearest first; or those past, the latest first."
    )


class NewCommittee(CommitteeIn, ApiIn):
    """A committee to plan, at an hour of the group's zone. Invited: who holds one of the roles, and the people named
    by their ids.
    """

    roles: tuple[Role, ...] = Field(default=(), max_length=10)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why it is to meet then, once it was answered that the date may be a slip (code `doubtful`)."""
    people: tuple[RowId, ...] = Field(default=(), max_length=1000)

    @field_validator("hour")
    @classmethod
    def _of_the_group(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("Donnez l’heure sans fuseau : c’est celle du groupe")
        return value


@endpoint(get, "/committees", right=Right.SEE_GROUP)
async def list_committees(here: Here[InGroup], asked: CommitteesIn) -> Listed[CommitteeOut]:
    """The group's committees, to come or past."""
    listed = await committee_page(here.session, here.now, asked.slice, past=asked.when == "past")
    return listed.each(lambda line: _out(line, line.invited))


def _out(committee: Committee | CommitteeLine, invited: int) -> CommitteeOut:
    return CommitteeOut(
        id=committee.id,
        title=committee.title,
        state=CommitteeState(committee.state),
        starts_at=committee.starts_at,
        place=committee.place,
        link=committee.link,
        invited=invited,
    )


@endpoint(post, "/committees", right=Right.MANAGE_COMMITTEES, status=201, once=True)
async def schedule_committee(here: Here[InGroup], sent: NewCommittee) -> CommitteeOut:
    """Plan a committee and invite its people. For the facilitator."""
    insistence = Insistence(sent.confirmed)
    committee_id = await scheduling.schedule_committee(here.session, here.caller, sent, here.now, insistence=insistence)
    committee = await committee_by_id(here.session, committee_id)
    return _out(committee, (await count_people(here.session, committee, here.now)).invited)


ROUTES = [list_committees, schedule_committee]
