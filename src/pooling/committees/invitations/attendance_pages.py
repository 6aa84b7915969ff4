"""The attendance sheet: ticked on the screen, page by page, or printed to be signed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.attendance_rules import OPENS_BEFORE
from pooling.committees.invitations.attendance import tick_attendance
from pooling.committees.invitations.choosing import FoundPerson, people_offered
from pooling.committees.invitations.guests import guests_of
from pooling.committees.page import CommitteePage, written_committee
from pooling.committees.people import count_people, invited_page
from pooling.committees.words import ANSWER_TAGS, ANSWER_WORDS
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.web.cursors import pack_key, pages_after, unpack_key
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import redirect, render
from pooling.web.pdf import make_pdf
from pooling.web.services import services_of
from pooling.web.typography import date_time_long, plural, time_short

PATH = "/presence"
SHEET_SIZE = 1000
"""People on one printed sheet: some forty pages."""
_FIELD = re.compile(r"present_([0-9]{1,18})")
_SHOWN = re.compile(r"was_([0-9]{1,18})")
_PRESENCES = {"1": True, "0": False}


@get("/comites/{committee_id:int}/presence", right=Right.SEE_GROUP)
async def show_attendance(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    cherche: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    frame = await written_committee(request, session, caller, committee_id)
    return await attendance_page(request, session, frame, form_of({"cherche": cherche[:200]}), after=apres)


async def attendance_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    form: Form,
    *,
    after: str = "",
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    search = form.value("cherche")
    people, next_key = await invited_page(session, frame.committee, frame.now, search=search, after=unpack_key(after))
    counts = await count_people(session, frame.committee, frame.now)
    url = frame.url + PATH
    return render(
        request,
        "committees/attendance.html",
        breadcrumb=frame.crumbs("Présence"),
        tabs=frame.tabs(PATH),
        form=form,
        frame=frame,
        heading="Présence",
        url=url,
        people=people,
        counts=counts,
        opens_at=frame.committee.starts_at - OPENS_BEFORE,
        searched=search,
        after=after[:500],
        next_key=pack_key(next_key) if next_key else "",
        words=ANSWER_WORDS,
        tags=ANSWER_TAGS,
        guests=await guests_of(session, frame.committee.id),
        offered=people_offered(found),
        sheets=-(-counts.invited // SHEET_SIZE),
        **pages_after(url, after, next_key, {"cherche": search}),
    )


@post("/comites/{committee_id:int}/presence", right=Right.SEE_GROUP)
async def do_attendance(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    """Keeps what was changed on the page that was shown, and nothing else."""
    frame = await written_committee(request, session, caller, committee_id)
    others = not_noted(form) if form.value("others") else frozenset[int]()
    clock = services_of(request).clock
    changed = await tick_attendance(session, caller, committee_id, changes(form), clock, others=others)
    said = plural(changed, "personne notée", "personnes notées") if changed else "Rien n’a changé."
    following = form.value("suite") if form.value("next") else form.value("apres")
    query = urlencode({"cherche": form.value("cherche")[:200], "apres": following[:500]})
    return redirect(request, f"{frame.url}{PATH}?{query}", done=said)


def changes(form: Form) -> Mapping[int, bool]:
    """Who is there or not, where it is not as the page had it: what somebody else ticked meanwhile stays."""
    ticked = {}
    for name, value in form.values.items():
        field = _FIELD.fullmatch(name)
        if field and value in _PRESENCES and value != form.value(f"was_{field[1]}"):
            ticked[int(field[1])] = _PRESENCES[value]
    return ticked


def not_noted(form: Form) -> frozenset[int]:
    """Whom the page showed as not noted."""
    shown = ((_SHOWN.fullmatch(name), value) for name, value in form.values.items())
    return frozenset(int(field[1]) for field, value in shown if field and not value)


@get("/comites/{committee_id:int}/presence/emargement.pdf", right=Right.SEE_GROUP)
async def print_sheet(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    committee_id: FromPath[int],
    partie: FromQuery[int] = 1,
) -> Response[bytes]:
    """To be signed: names, whom they represent, an empty box."""
    frame = await written_committee(request, session, caller, committee_id)
    part = max(1, min(partie, 1000))
    committee = frame.committee
    people, _ = await invited_page(session, committee, frame.now, size=SHEET_SIZE, skip=(part - 1) * SHEET_SIZE)
    when = date_time_long(committee.starts_at, frame.zone, with_year=True)
    pdf = await make_pdf(
        "committees/attendance.typ",
        {
            "title": "Feuille d’émargement",
            "group": entered_group.name,
            "notice": FICTIONAL if entered_group.fictional else None,
            "reference": f"{committee.title}, {when}",
            "committee": committee.title,
            "when": f"{when}, jusqu’à {time_short(committee.ends_at, frame.zone)}",
            "place": committee.place or "Visioconférence",
            "part": part,
            "first": (part - 1) * SHEET_SIZE + 1,
            "people": [
                {
                    "name": one.name,
                    "function": one.function,
                    "note": f"Donne pouvoir à {one.proxy}" if one.proxy else "",
                }
                for one in people
            ],
        },
        at=frame.now,
    )
    name = f"emargement-{committee.local_start:%Y-%m-%d}{f'-{part}' if part > 1 else ''}.pdf"
    return download(pdf, name, "application/pdf")


ROUTES = [show_attendance, do_attendance, print_sheet]
