"""The pages of committees: the list, one committee, its agenda, its people and its minutes."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees import scheduling_pages
from pooling.committees.agenda import write_agenda
from pooling.committees.frame import STATE_TAGS, CommitteeFrame, committee_frame, managed_committee
from pooling.committees.inviting import invite, uninvite
from pooling.committees.models import CommitteeState
from pooling.committees.queries import agendas_of, committee_page, invited_people, people_to_invite, reminder_lines
from pooling.committees.rules import CHANGE, TO_COME, WORDS
from pooling.committees.schemas import LONGEST_TEXT
from pooling.committees.writing import write_minutes
from pooling.kernel.errors import Invalid
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.keys import pack_key, unpack_key
from pooling.web.layout import Link, redirect, render


@get("/comites", right=Right.SEE_GROUP)
async def list_committees(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    apres: FromQuery[str] = "",
    avant: FromQuery[str] = "",
) -> Response[str]:
    """Those to come, the nearest first, then those past, the latest first; each list turns its own pages."""
    now = request.app.state.clock.now()
    to_come, next_key = await committee_page(session, now, past=False, after=_moment_key(apres))
    past, earlier_key = await committee_page(session, now, past=True, after=_moment_key(avant))
    base = f"/g/{entered_group.slug}"
    url = f"{base}/comites"
    return render(
        request,
        "committees/list.html",
        breadcrumb=[Link("À faire", base), Link("Comités", None)],
        url=url,
        to_come=to_come,
        past=past,
        first_url=url if apres or avant else None,
        next_url=f"{url}?apres={_packed(next_key)}" if next_key else None,
        earlier_url=f"{url}?avant={_packed(earlier_key)}" if earlier_key else None,
        manages=caller.may(Right.MANAGE_COMMITTEES),
        words=WORDS,
        state_tags=STATE_TAGS,
        zone=ZoneInfo(entered_group.timezone),
    )


def _packed(key: tuple[datetime, int]) -> str:
    return pack_key((key[0].isoformat(), key[1]))


def _moment_key(packed: str) -> tuple[datetime, int] | None:
    key = unpack_key(packed)
    try:
        return (datetime.fromisoformat(key[0]), key[1]) if key else None
    except ValueError:
        return None


@get("/comites/{committee_id:int}", right=Right.SEE_GROUP)
async def show_committee(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await committee_frame(request, session, caller, committee_id)
    return await _shown(request, session, frame, Form())


async def _shown(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteeFrame, form: Form
) -> Response[str]:
    committee = frame.committee
    to_come = committee.state in TO_COME and committee.starts_at > frame.now
    reminders = await reminder_lines(session, committee) if frame.manages else []
    people = await people_to_invite(session, committee.id) if frame.manages and to_come else []
    return render(
        request,
        "committees/show.html",
        breadcrumb=frame.breadcrumb,
        form=form,
        frame=frame,
        tabs=frame.tabs(""),
        to_come=to_come,
        may_write=frame.manages and _may_write(frame),
        agenda=(await agendas_of(session, [committee.id]))[committee.id],
        invited=await invited_people(session, committee.id),
        people=people,
        reminders=reminders,
        silent=to_come and not any(line.planned for line in reminders),
        change=CHANGE,
    )


def _may_write(frame: CommitteeFrame) -> bool:
    committee = frame.committee
    begun = committee.state in TO_COME and committee.starts_at <= frame.now
    return begun or committee.state == CommitteeState.HELD


@get("/comites/{committee_id:int}/ordre-du-jour", right=Right.MANAGE_COMMITTEES)
async def ask_agenda(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await managed_committee(request, session, caller, committee_id)
    items = (await agendas_of(session, [committee_id]))[committee_id]
    return _agenda_page(request, frame, Form(values={"agenda": "\n".join(item.title for item in items)}))


def _agenda_page(request: Request[Any, Any, Any], frame: CommitteeFrame, form: Form) -> Response[str]:
    return render(request, "committees/agenda.html", breadcrumb=frame.under("Ordre du jour"), form=form, frame=frame)


@post("/comites/{committee_id:int}/ordre-du-jour", right=Right.MANAGE_COMMITTEES)
async def do_agenda(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    agenda = form.text("agenda", longest=LONGEST_TEXT)
    if form.has_errors:
        raise Redisplay(_agenda_page(request, frame, form))
    await write_agenda(session, caller, committee_id, agenda, frame.now)
    return redirect(request, frame.url, done="L’ordre du jour est enregistré.")


@post("/comites/{committee_id:int}/invitations", right=Right.MANAGE_COMMITTEES)
async def do_invite(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    choices = [str(person_id) for person_id, _ in await people_to_invite(session, committee_id)]
    person = form.choice("person", choices)
    if form.has_errors:
        raise Redisplay(await _shown(request, session, frame, form))
    await invite(session, caller, committee_id, frame.now, people=[int(person)])
    return redirect(request, frame.url, done="La personne est invitée : elle recevra les relances à venir.")


@post("/comites/{committee_id:int}/invitations/{person_id:int}/retrait", right=Right.MANAGE_COMMITTEES)
async def do_uninvite(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    person_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    if any(person.person_id == person_id for person in await invited_people(session, committee_id)):
        await uninvite(session, caller, committee_id, person_id, frame.now)
    return redirect(request, frame.url, done="L’invitation est retirée.")


@get("/comites/{committee_id:int}/compte-rendu", right=Right.MANAGE_COMMITTEES)
async def ask_minutes(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await managed_committee(request, session, caller, committee_id)
    return await _minutes_page(request, session, frame, Form(values={"minutes": frame.committee.minutes}))


async def _minutes_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteeFrame, form: Form
) -> Response[str]:
    return render(
        request,
        "committees/minutes.html",
        breadcrumb=frame.under("Compte-rendu"),
        form=form,
        frame=frame,
        agenda=(await agendas_of(session, [frame.committee.id]))[frame.committee.id],
    )


@post("/comites/{committee_id:int}/compte-rendu", right=Right.MANAGE_COMMITTEES)
async def do_minutes(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    minutes = form.text("minutes", longest=LONGEST_TEXT)
    publish = form.value("publish") == "1"
    if not form.has_errors:
        try:
            await write_minutes(session, caller, committee_id, minutes, frame.now, publish=publish)
        except Invalid as invalid:
            form.errors |= invalid.errors
    if form.has_errors:
        raise Redisplay(await _minutes_page(request, session, frame, form))
    return redirect(
        request, frame.url, done="Le compte-rendu est publié." if publish else "Le compte-rendu est enregistré."
    )


ROUTES = [
    list_committees,
    *scheduling_pages.ROUTES,
    show_committee,
    ask_agenda,
    do_agenda,
    do_invite,
    do_uninvite,
    ask_minutes,
    do_minutes,
]
