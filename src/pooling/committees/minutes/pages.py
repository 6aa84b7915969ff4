"""The minutes of a committee: written beside the agenda, their versions, their secretary, and what was published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from sqlalchemy import select
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.agendas.files import files_of
from pooling.committees.decisions.queries import decisions_of, with_effects
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
from pooling.committees.page import MINUTES, CommitteePage
from pooling.committees.permissions import may_write_minutes
from pooling.committees.queries import agendas_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.files import file_with_content
from pooling.kernel.tables import any_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.bodies import LONG_FORM
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, Redisplay
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
async def show_minutes(here: Here[CommitteePage]) -> Response[str]:
    """For who writes them, the editor; for the others, the minutes once they are published."""
    if not here.writes or not here.is_writable:
        return await _read_page(here)
    agenda = (await agendas_of(here.session, [here.committee.id]))[here.committee.id]
    values = {
        "minutes": here.committee.minutes or _outline(agenda),
        "seen": seen_of(here.committee.minutes),
        **await person_field(here.session, here.committee.secretary_id, "secretary"),
    }
    return await _editor(here, Form(values=values), agenda=agenda)


def _outline(agenda: list[AgendaItem]) -> str:
    """What an empty page begins with: a heading for each point of the agenda."""
    return "\n\n".join(f"## {place}. {item.title}\n" for place, item in enumerate(agenda, start=1))


async def _read_page(here: CommitteePage) -> Response[str]:
    committee = here.committee
    published = committee.state == CommitteeState.MINUTED
    decisions = await decisions_of(here.session, committee.id) if published else []
    return here.render(
        "committees/minutes_read.html",
        "Compte-rendu",
        tabs=here.tabs(MINUTES),
        heading="Compte-rendu",
        published=published,
        minutes=await as_html(committee.minutes, under=1) if published else "",
        pieces_shown=(await files_of(here.session, committee.id)).get(None, []) if published else [],
        decisions=await with_effects(here.session, decisions),
    )


async def _editor(
    here: CommitteePage,
    form: Form,
    shown: _Shown | None = None,
    *,
    agenda: list[AgendaItem] | None = None,
) -> Response[str]:
    committee = here.committee
    shown = shown or _Shown()
    if agenda is None:
        agenda = (await agendas_of(here.session, [committee.id]))[committee.id]
    latest = await here.session.get(MinutesVersion, (committee.group_id, committee.id, committee.minutes_version))
    decisions = await decisions_of(here.session, committee.id)
    people = [version.written_by for version in (latest, shown.other) if version]
    rows = await here.session.execute(select(col(Person.id), col(Person.name)).where(any_of(col(Person.id), people)))
    return here.render(
        "committees/minutes.html",
        "Compte-rendu",
        status=409 if shown.other else 200,
        tabs=here.tabs(MINUTES),
        heading="Compte-rendu",
        form=form,
        agenda=agenda,
        latest=latest,
        other=shown.other,
        other_seen=seen_of(shown.other.content) if shown.other else "",
        offered=people_offered(shown.offered),
        names={person_id: name for person_id, name in rows},
        saved=_saved_words(here, latest) if latest else "",
        preview=await as_html(committee.minutes, under=1),
        pieces_shown=(await files_of(here.session, committee.id)).get(None, []),
        decisions=await with_effects(here.session, decisions),
    )


def _saved_words(here: CommitteePage, latest: MinutesVersion) -> str:
    return f"Brouillon enregistré à {time_short(latest.written_at, here.zone)}"


@post("/comites/{committee_id:int}/compte-rendu", right=may_write_minutes, repeatable=True, **LONG_FORM)
async def do_minutes(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    """Saves, and goes on to the page that the button names. The module that saves by itself gets JSON; it keeps what
    no document can hold too, and says so: nobody's heading is refused while it is being typed.
    """
    content = await form.markdown("minutes", longest=LONGEST_MINUTES)
    if form.has_errors and not (_by_itself(here) and len(content) <= LONGEST_MINUTES):
        raise Redisplay(await _editor(here, form))
    try:
        saved = await save_minutes(
            here.session, here.caller, here.committee.id, content, here.now, seen=form.value("seen") or None
        )
    except WrittenMeanwhile:
        if _by_itself(here):
            raise
        raise Redisplay(await _both(here, form)) from None
    if _by_itself(here):
        return Response(
            {
                "seen": saved.seen,
                "saved": ". ".join(
                    [f"Brouillon enregistré à {time_short(here.now, here.zone)}", *form.errors.values()]
                ),
                "preview": str(await as_html(content, under=1)),
            },
            media_type="application/json",
        )
    beyond = NEXT_PAGES.get(form.value("then"))
    if beyond:
        return here.redirect(beyond)
    return here.redirect(MINUTES, done="Le compte-rendu est enregistré.")


def _by_itself(here: CommitteePage) -> bool:
    return here.request.headers.get("accept") == "application/json"


async def _both(here: CommitteePage, form: Form) -> Response[str]:
    """Both texts: what somebody else kept meanwhile, and what was typed here, which is in the editor."""
    committee = here.committee
    other = await here.session.get(MinutesVersion, (committee.group_id, committee.id, committee.minutes_version))
    if other is None:
        raise NotFound
    form.values["seen"] = seen_of(committee.minutes)
    form.values |= await person_field(here.session, committee.secretary_id, "secretary")
    return await _editor(here, form, _Shown(other=other))


@post("/comites/{committee_id:int}/secretariat", right=Right.MANAGE_COMMITTEES)
async def do_secretary(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    if not here.is_writable:
        raise Conflict("Le compte-rendu de ce comité ne s’écrit pas en ce moment.", code="minutes_published")
    typed = form.text("secretary")
    chosen = Chosen()
    if typed:
        found = await among_invited(here.session, here.committee.id, typed)
        chosen = choose_person(
            form, "secretary", found, nobody="Personne ne porte ce nom parmi les personnes invitées."
        )
    if form.has_errors:
        form.values |= {"minutes": here.committee.minutes, "seen": seen_of(here.committee.minutes)}
    async with form.submitted(lambda: _editor(here, form, _Shown(offered=chosen.offered))):
        await name_secretary(here.session, here.caller, here.committee.id, chosen.person_id, here.now)
    return here.redirect(MINUTES, done="Le secrétariat est enregistré.")


@get("/comites/{committee_id:int}/compte-rendu.pdf", right=Right.SEE_GROUP)
async def download_minutes(here: Here[CommitteePage]) -> Response[bytes]:
    """The published document.

    Raises:
        NotFound: nothing is published.
    """
    if here.committee.minutes_file_id is None:
        raise NotFound
    file, content = await file_with_content(here.session, here.committee.minutes_file_id)
    name = f"compte-rendu-{here.committee.local_start:%Y-%m-%d}.pdf"
    return download(content, name, file.media_type)


ROUTES = [show_minutes, do_minutes, do_secretary, download_minutes]
