"""The attendance sheet: ticked on the screen, page by page, or printed to be signed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.committees.attendance_rules import OPENS_BEFORE
from pooling.committees.invitations.attendance import tick_attendance
from pooling.committees.invitations.choosing import FoundPerson, people_offered
from pooling.committees.invitations.guests import guests_of
from pooling.committees.page import CommitteePage
from pooling.committees.people import count_people, invited_page
from pooling.committees.permissions import may_write_minutes
from pooling.committees.words import ANSWER_TAGS, ANSWER_WORDS
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.outbox.mail import FICTIONAL
from pooling.web.cursors import pages_after
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.pdf import make_pdf
from pooling.web.typography import date_time_long, plural, time_short

PATH = "/presence"
SHEET_SIZE = 1000
"""People on one printed sheet: some forty pages."""
_FIELD = re.compile(r"present_([0-9]{1,18})")
_SHOWN = re.compile(r"was_([0-9]{1,18})")
_PRESENCES = {"1": True, "0": False}


@get("/comites/{committee_id:int}/presence", right=may_write_minutes)
async def show_attendance(
    here: Here[CommitteePage], cherche: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    return await attendance_page(here, form_of({"cherche": cherche[:200]}), after=apres)


async def attendance_page(
    here: CommitteePage,
    form: Form,
    *,
    after: str = "",
    found: Sequence[FoundPerson] = (),
) -> Response[str]:
    search = form.value("cherche")
    people = await invited_page(here.session, here.committee, here.now, Slice(after), search=search)
    counts = await count_people(here.session, here.committee, here.now)
    url = here.url + PATH
    return here.render(
        "committees/attendance.html",
        "Présence",
        tabs=here.tabs(PATH),
        form=form,
        heading="Présence",
        url=url,
        people=people.items,
        counts=counts,
        opens_at=here.committee.starts_at - OPENS_BEFORE,
        searched=search,
        after=after[:500],
        next_key=people.next or "",
        words=ANSWER_WORDS,
        tags=ANSWER_TAGS,
        guests=await guests_of(here.session, here.committee.id),
        offered=people_offered(found),
        sheets=-(-counts.invited // SHEET_SIZE),
        **pages_after(url, after, people, {"cherche": search}),
    )


@post("/comites/{committee_id:int}/presence", right=may_write_minutes)
async def do_attendance(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    """Keeps what was changed on the page that was shown, and nothing else."""
    others = not_noted(form) if form.value("others") else frozenset[int]()
    session, caller = here.session, here.caller
    changed = await tick_attendance(session, caller, here.committee.id, changes(form), here.clock, others=others)
    said = plural(changed, "personne notée", "personnes notées") if changed else "Rien n’a changé."
    following = form.value("suite") if form.value("next") else form.value("apres")
    query = urlencode({"cherche": form.value("cherche")[:200], "apres": following[:500]})
    return here.redirect(f"{PATH}?{query}", done=said)


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


@get("/comites/{committee_id:int}/presence/emargement.pdf", right=may_write_minutes)
async def print_sheet(here: Here[CommitteePage], partie: FromQuery[int] = 1) -> Response[bytes]:
    """To be signed: names, whom they represent, an empty box."""
    part = max(1, min(partie, 1000))
    committee = here.committee
    sheet = Slice(size=SHEET_SIZE)
    people = await invited_page(here.session, committee, here.now, sheet, skip=(part - 1) * SHEET_SIZE)
    when = date_time_long(committee.starts_at, here.zone, with_year=True)
    pdf = await make_pdf(
        "committees/attendance.typ",
        {
            "title": "Feuille d’émargement",
            "group": here.group.name,
            "notice": FICTIONAL if here.group.fictional else None,
            "reference": f"{committee.title}, {when}",
            "committee": committee.title,
            "when": f"{when}, jusqu’à {time_short(committee.ends_at, here.zone)}",
            "place": committee.place or "Visioconférence",
            "part": part,
            "first": (part - 1) * SHEET_SIZE + 1,
            "people": [
                {
                    "name": one.name,
                    "function": one.function,
                    "note": f"Donne pouvoir à {one.proxy}" if one.proxy else "",
                }
                for one in people.items
            ],
        },
        at=here.now,
    )
    name = f"emargement-{committee.local_start:%Y-%m-%d}{f'-{part}' if part > 1 else ''}.pdf"
    return download(pdf, name, "application/pdf")


ROUTES = [show_attendance, do_attendance, print_sheet]
