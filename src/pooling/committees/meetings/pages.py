"""The pages of committees: one at a glance."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.calendars.days_off import why_off
from pooling.committees.calendars.year_queries import cadence_of
from pooling.committees.convening_notice import convening_notice
from pooling.committees.meetings import list_pages, scheduling_pages
from pooling.committees.meetings.queries import reminder_lines
from pooling.committees.meetings.reminders import is_reminded
from pooling.committees.models import CommitteeState
from pooling.committees.page import CommitteePage, committee_page
from pooling.committees.people import count_people, invited_person
from pooling.committees.queries import agendas_of
from pooling.committees.rules import TO_COME
from pooling.committees.words import own_answer
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.features import features_of
from pooling.members.rights import Caller, Right
from pooling.web.layout import render
from pooling.web.typography import deadline_words


@get("/comites/{committee_id:int}", right=Right.SEE_GROUP)
async def show_committee(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await committee_page(request, session, caller, committee_id)
    return await _shown(request, session, caller, frame)


async def _shown(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, frame: CommitteePage
) -> Response[str]:
    committee = frame.committee
    own = await invited_person(session, committee.id, caller.person_id)
    reminded = caller.may(Right.MANAGE_REMINDERS)
    reminders = await reminder_lines(session, committee) if reminded else []
    agenda = (await agendas_of(session, [committee.id]))[committee.id]
    counts = await count_people(session, committee, frame.now)
    school_zone = (await cadence_of(session)).school_zone
    every = features_of(request).kinds
    return render(
        request,
        "committees/show.html",
        breadcrumb=frame.crumbs(),
        frame=frame,
        tabs=frame.tabs(""),
        may_write=frame.writes and _may_write(frame),
        agenda=agenda,
        own=own,
        own_answer=own_answer(own.answer, own.proxy) if own and own.answer else None,
        answer_before=deadline_words(committee.starts_at, frame.now, frame.zone),
        counts=counts,
        reminded=reminded,
        planned=sum(line.planned for line in reminders),
        sent=sum(line.sent for line in reminders),
        failed=sum(line.failed for line in reminders),
        next_reminder=next((line.due_at for line in reminders if line.planned), None),
        off=why_off(committee.local_start.date(), frame.zone, school_zone) if frame.to_come else "",
        convening=await convening_notice(frame),
        silent=frame.manages
        and frame.to_come
        and not await is_reminded(session, every, committee, frame.zone, frame.now),
        to_convene=committee.state == CommitteeState.PLANNED,
    )


def _may_write(frame: CommitteePage) -> bool:
    committee = frame.committee
    begun = committee.state in TO_COME and committee.starts_at <= frame.now
    return begun or committee.state == CommitteeState.HELD


ROUTES = [
    *list_pages.ROUTES,
    *scheduling_pages.ROUTES,
    show_committee,
]
