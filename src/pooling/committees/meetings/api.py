"""Committees: those to come or past, and planning one."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post
from pydantic import Field, field_validator

from pooling.accounts.idempotency import Made, answered_once
from pooling.committees.meetings.queries import committee_page
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import CommitteeState
from pooling.committees.people import count_people
from pooling.committees.queries import committee_by_id
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.tables import LARGEST_ID
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, Operation, PageIn, PageOut, page_of
from pooling.web.api_input import read_body, read_query
from pooling.web.services import services_of


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
    people: tuple[Annotated[int, Field(ge=1, le=LARGEST_ID)], ...] = Field(default=(), max_length=1000)

    @field_validator("hour")
    @classmethod
    def _of_the_group(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("Donnez l’heure sans fuseau : c’est celle du groupe")
        return value


@get("/committees", right=Right.SEE_GROUP, api=Operation("list_committees", PageOut[CommitteeOut], query=CommitteesIn))
async def list_committees(request: Request[Any, Any, Any], session: SessionHere) -> Response[Any]:
    """The group's committees, to come or past."""
    page = read_query(request, CommitteesIn)
    now = services_of(request).clock.now()
    listed = await committee_page(session, now, page.slice, past=page.when == "past")
    shown = listed.each(
        lambda line: CommitteeOut(
            id=line.id,
            title=line.title,
            state=CommitteeState(line.state),
            starts_at=line.starts_at,
            place=line.place,
            link=line.link,
            invited=line.invited,
        )
    )
    return page_of(request, shown, page.limit)


@post(
    "/committees",
    right=Right.MANAGE_COMMITTEES,
    api=Operation("schedule_committee", CommitteeOut, takes=NewCommittee, status=201, once=True),
)
async def create_committee(request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere) -> Response[Any]:
    """Plan a committee and invite its people. For the facilitator."""

    async def make() -> Made[Any]:
        sent = await read_body(request, NewCommittee)
        committee_id = await schedule_committee(
            session, caller, sent, services_of(request).clock.now(), insistence=Insistence(sent.confirmed)
        )
        committee = await committee_by_id(session, committee_id)
        return Made(
            CommitteeOut(
                id=committee.id,
                title=committee.title,
                state=CommitteeState(committee.state),
                starts_at=committee.starts_at,
                place=committee.place,
                link=committee.link,
                invited=(await count_people(session, committee, services_of(request).clock.now())).invited,
            )
        )

    return await answered_once(request, session, caller.person_id, make)


ROUTES: Sequence[Any] = [list_committees, create_committee]
