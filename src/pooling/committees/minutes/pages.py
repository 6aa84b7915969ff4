"""The minutes of a committee: written beside the agenda, their versions, their secretary, and what was published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.agendas.files import files_of
from pooling.committees.decisions.queries import decisions_listed, decisions_of
from pooling.committees.invitations.choosing import (
    Chosen,
    FoundPerson,
    among_invited,
    choose_person,
    people_offered,
    person_field,
)
from pooling.committees.minutes.writing import (
    LONGEST_MINUTES,
    WrittenMeanwhile,
    name_secretary,
    save_minutes,
    seen_of,
)
from pooling.committees.models import AgendaItem, CommitteeState, MinutesVersion
from pooling.committees.page import TAB, CommitteePage, committee_page, written_committee
from pooling.committees.queries import agendas_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.files import file_with_content
from pooling.kernel.tables import any_of
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.bodies import LONG_FORM
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.markdown import as_html
from pooling.web.typography import time_short

NEXT_PAGES = {"decision": "/decisions/nouvelle", "publication": "/publication"}


@dataclass
class _Shown:
    """What the editor's page shows beside the committee."""

    other: MinutesVersion | None = None
    """What somebody else wrote meanwhile."""
    offered: Sequence[FoundPerson] = ()
    """People to choose the secretary from."""


@get("/comites/{committee_id:int}/compte-rendu", right=Right.SEE_GROUP)
async def show_minutes(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    """For who writes them, the editor; for the others, the minutes once they are published."""
    frame = await committee_page(request, session, caller, committee_id)
    if not frame.writes or not frame.is_writable:
        return await _read_page(request, session, frame)
    agenda = (await agendas_of(session, [committee_id]))[committee_id]
    values = {
        "minutes": frame.committee.minutes or _outline(agenda),
        "seen": seen_of(frame.committee.minutes),
        **await person_field(session, frame.committee.secretary_id, "secretary"),
    }
    return await _editor(request, session, frame, Form(values=values), agenda=agenda)


def _outline(agenda: list[AgendaItem]) -> str:
    """What an empty page begins with: a heading for each point of the agenda."""
    return "\n\n".join(f"## {place}. {item.title}\n" for place, item in enumerate(agenda, start=1))


async def _read_page(request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage) -> Response[str]:
    committee = frame.committee
    published = committee.state == CommitteeState.MINUTED
    decisions = await decisions_of(session, committee.id) if published else []
    return render(
        request,
        "committees/minutes_read.html",
        breadcrumb=frame.crumbs("Compte-rendu"),
        tabs=frame.tabs(TAB),
        heading="Compte-rendu",
        frame=frame,
        published=published,
        minutes=await as_html(committee.minutes, under=1) if published else "",
        pieces_shown=(await files_of(session, committee.id)).get(None, []) if published else [],
        **await decisions_listed(session, decisions),
    )


async def _editor(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    form: Form,
    shown: _Shown | None = None,
    *,
    agenda: list[AgendaItem] | None = None,
) -> Response[str]:
    committee = frame.committee
    shown = shown or _Shown()
    if agenda is None:
        agenda = (await agendas_of(session, [committee.id]))[committee.id]
    latest = await session.get(MinutesVersion, (committee.group_id, committee.id, committee.minutes_version))
    decisions = await decisions_of(session, committee.id)
    people = [version.written_by for version in (latest, shown.other) if version]
    rows = await session.execute(select(col(Person.id), col(Person.name)).where(any_of(col(Person.id), people)))
    return render(
        request,
        "committees/minutes.html",
        status=409 if shown.other else 200,
        breadcrumb=frame.crumbs("Compte-rendu"),
        tabs=frame.tabs(TAB),
        heading="Compte-rendu",
        form=form,
        frame=frame,
        agenda=agenda,
        latest=latest,
        other=shown.other,
        other_seen=seen_of(shown.other.content) if shown.other else "",
        offered=people_offered(shown.offered),
        names={person_id: name for person_id, name in rows},
        saved=_saved_words(frame, latest) if latest else "",
        preview=await as_html(committee.minutes, under=1),
        pieces_shown=(await files_of(session, committee.id)).get(None, []),
        **await decisions_listed(session, decisions),
    )


def _saved_words(frame: CommitteePage, latest: MinutesVersion) -> str:
    return f"Brouillon enregistré à {time_short(latest.written_at, frame.zone)}"


@post("/comites/{committee_id:int}/compte-rendu", right=Right.SEE_GROUP, **LONG_FORM)
async def do_minutes(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    """Saves, and goes on to the page that the button names. The module that saves by itself gets JSON; it keeps what
    no document can hold too, and says so: nobody's heading is refused while it is being typed.
    """
    frame = await written_committee(request, session, caller, committee_id)
    content = await form.markdown("minutes", longest=LONGEST_MINUTES)
    if form.has_errors and not (_by_itself(request) and len(content) <= LONGEST_MINUTES):
        raise Redisplay(await _editor(request, session, frame, form))
    try:
        saved = await save_minutes(session, caller, committee_id, content, frame.now, seen=form.value("seen") or None)
    except WrittenMeanwhile:
        if _by_itself(request):
            raise
        raise Redisplay(await _both(request, session, frame, form)) from None
    if _by_itself(request):
        return Response(
            {
                "seen": saved.seen,
                "saved": ". ".join(
                    [f"Brouillon enregistré à {time_short(frame.now, frame.zone)}", *form.errors.values()]
                ),
                "preview": str(await as_html(content, under=1)),
            },
            media_type="application/json",
        )
    beyond = NEXT_PAGES.get(form.value("then"))
    if beyond:
        return redirect(request, frame.url + beyond)
    return redirect(request, frame.url + TAB, done="Le compte-rendu est enregistré.")


def _by_itself(request: Request[Any, Any, Any]) -> bool:
    return request.headers.get("accept") == "application/json"


async def _both(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage, form: Form
) -> Response[str]:
    """Both texts: what somebody else kept meanwhile, and what was typed here, which is in the editor."""
    committee = frame.committee
    other = await session.get(MinutesVersion, (committee.group_id, committee.id, committee.minutes_version))
    if other is None:
        raise NotFound
    form.values["seen"] = seen_of(committee.minutes)
    form.values |= await person_field(session, committee.secretary_id, "secretary")
    return await _editor(request, session, frame, form, _Shown(other=other))


@post("/comites/{committee_id:int}/secretariat", right=Right.MANAGE_COMMITTEES)
async def do_secretary(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    if not frame.is_writable:
        raise Conflict("Le compte-rendu de ce comité ne s’écrit pas en ce moment.", code="minutes_published")
    typed = form.text("secretary")
    chosen = Chosen()
    if typed:
        found = await among_invited(session, committee_id, typed)
        chosen = choose_person(
            form, "secretary", found, nobody="Personne ne porte ce nom parmi les personnes invitées."
        )
    if form.has_errors:
        form.values |= {"minutes": frame.committee.minutes, "seen": seen_of(frame.committee.minutes)}
        raise Redisplay(await _editor(request, session, frame, form, _Shown(offered=chosen.offered)))
    await name_secretary(session, caller, committee_id, chosen.person_id, frame.now)
    return redirect(request, frame.url + TAB, done="Le secrétariat est enregistré.")


@get("/comites/{committee_id:int}/compte-rendu.pdf", right=Right.SEE_GROUP)
async def download_minutes(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
) -> Response[bytes]:
    """The published document.

    Raises:
        NotFound: nothing is published.
    """
    frame = await committee_page(request, session, caller, committee_id)
    if frame.committee.minutes_file_id is None:
        raise NotFound
    file, content = await file_with_content(session, frame.committee.minutes_file_id)
    name = f"compte-rendu-{frame.committee.local_start:%Y-%m-%d}.pdf"
    return download(content, name, file.media_type)


ROUTES = [show_minutes, do_minutes, do_secretary, download_minutes]
