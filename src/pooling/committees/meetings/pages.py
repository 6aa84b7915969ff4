"""The pages of committees: one at a glance."""

from litestar import Response, get

from pooling.committees.calendars.days_off import why_off
from pooling.committees.calendars.year_queries import cadence_of
from pooling.committees.convening_notice import convening_notice
from pooling.committees.meetings import list_pages, scheduling_pages
from pooling.committees.meetings.queries import reminder_lines
from pooling.committees.meetings.reminders import is_reminded
from pooling.committees.models import CommitteeState
from pooling.committees.page import CommitteePage
from pooling.committees.people import count_people, invited_person
from pooling.committees.queries import agendas_of
from pooling.committees.words import own_answer
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.typography import deadline_words


@get("/comites/{committee_id:int}", right=Right.SEE_GROUP)
async def show_committee(here: Here[CommitteePage]) -> Response[str]:
    committee = here.committee
    own = await invited_person(here.session, committee.id, here.caller.person_id)
    reminded = here.caller.may(Right.MANAGE_REMINDERS)
    reminders = await reminder_lines(here.session, committee) if reminded else []
    agenda = (await agendas_of(here.session, [committee.id]))[committee.id]
    counts = await count_people(here.session, committee, here.now)
    school_zone = (await cadence_of(here.session)).school_zone
    every = here.features.kinds
    return here.render(
        "committees/show.html",
        tabs=here.tabs(""),
        may_write=here.writes and here.is_writable,
        agenda=agenda,
        own=own,
        own_answer=own_answer(own.answer, own.proxy) if own and own.answer else None,
        answer_before=deadline_words(committee.starts_at, here.now, here.zone),
        counts=counts,
        reminded=reminded,
        planned=sum(line.planned for line in reminders),
        sent=sum(line.sent for line in reminders),
        failed=sum(line.failed for line in reminders),
        next_reminder=next((line.due_at for line in reminders if line.planned), None),
        off=why_off(committee.local_start.date(), here.zone, school_zone) if here.to_come else "",
        convening=await convening_notice(here),
        silent=here.manages
        and here.to_come
        and not await is_reminded(here.session, every, committee, here.zone, here.now),
        to_convene=committee.state == CommitteeState.PLANNED,
        own_parts=await here.features.committee_parts(here),
    )


ROUTES = [
    *list_pages.ROUTES,
    *scheduling_pages.ROUTES,
    show_committee,
]
