"""Publishing the minutes, and the versions that came before."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.queries import decisions_listed, decisions_of
from pooling.committees.minutes.publishing import doubts_of_minutes, publish_minutes, readers_of
from pooling.committees.minutes.writing import find_version, restore_version
from pooling.committees.models import CommitteeState, MinutesVersion
from pooling.committees.page import TAB, CommitteePage, written_committee
from pooling.committees.people import count_people
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.markdown import as_html
from pooling.web.typography import plural

VERSIONS = "/comites/{committee_id:int}/compte-rendu/versions"
LISTED_AT_MOST = 200


@get("/comites/{committee_id:int}/publication", right=Right.SEE_GROUP)
async def ask_publication(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await written_committee(request, session, caller, committee_id)
    return await _publication_page(request, session, frame, Form())


async def _publication_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage, form: Form
) -> Response[str]:
    committee = frame.committee
    form.doubts = form.doubts or tuple(await doubts_of_minutes(session, committee, frame.now))
    counts = await count_people(session, committee, frame.now)
    count = await session.execute(select(func.count()).select_from(readers_of(committee.id).subquery()))
    told = plural(count.scalar_one(), "personne le reçoit", "personnes le reçoivent")
    return render(
        request,
        "committees/publication.html",
        breadcrumb=[*frame.crumbs("Publication")],
        form=form,
        frame=frame,
        question="Publier le compte-rendu ?",
        consequences=[
            "Le texte et les décisions ne changent plus ; le responsable, l’échéance et l’état d’une décision, si.",
            f"{told} par courriel, en PDF.",
            "Tout le groupe peut le lire et le retrouver par la recherche.",
        ],
        counts=counts,
        published=committee.state == CommitteeState.MINUTED,
        minutes=await as_html(committee.minutes),
        action_url=f"{frame.url}/publication",
        action_label="Publier le compte-rendu",
        cancel_url=frame.url + TAB,
        **await decisions_listed(session, await decisions_of(session, committee.id)),
    )


@post("/comites/{committee_id:int}/publication", right=Right.SEE_GROUP)
async def do_publication(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    with form.redisplayed():
        await publish_minutes(session, caller, committee_id, frame.now, insistence=form.insistence())
    if form.has_errors:
        if not form.doubts:
            form.errors = {"": " ".join(form.errors.values())}
        raise Redisplay(await _publication_page(request, session, frame, form))
    mailed = "il part par courriel"
    return redirect(request, frame.url + TAB, done="Le compte-rendu est publié", mailed=mailed)


@get(VERSIONS, right=Right.SEE_GROUP)
async def list_versions(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await written_committee(request, session, caller, committee_id)
    rows = await session.execute(
        select(
            col(MinutesVersion.number),
            col(Person.name),
            col(MinutesVersion.begun_at),
            col(MinutesVersion.written_at),
            func.length(col(MinutesVersion.content)),
        )
        .join(Person, and_(col(Person.id) == col(MinutesVersion.written_by)))
        .where(col(MinutesVersion.committee_id) == committee_id)
        .order_by(col(MinutesVersion.number).desc())
        .limit(LISTED_AT_MOST)
    )
    return render(
        request,
        "committees/versions.html",
        breadcrumb=[*_above(frame), Link("Versions", None)],
        frame=frame,
        versions=rows.all(),
        url=f"{frame.url}/compte-rendu/versions",
    )


def _above(frame: CommitteePage) -> list[Link]:
    *above, _ = frame.crumbs("Compte-rendu")
    return [*above, Link("Compte-rendu", frame.url + TAB)]


@get(f"{VERSIONS}/{{number:int}}", right=Right.SEE_GROUP)
async def show_version(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[str]:
    frame = await written_committee(request, session, caller, committee_id)
    version = await find_version(session, committee_id, number)
    author = await session.execute(select(col(Person.name)).where(col(Person.id) == version.written_by))
    url = f"{frame.url}/compte-rendu/versions"
    return render(
        request,
        "committees/version.html",
        breadcrumb=[*_above(frame), Link("Versions", url), Link(f"Version {number}", None)],
        frame=frame,
        version=version,
        author=author.scalar_one(),
        minutes=await as_html(version.content, under=1),
        restorable=frame.committee.state == CommitteeState.HELD and version.content != frame.committee.minutes,
        url=f"{url}/{number}",
    )


@post(f"{VERSIONS}/{{number:int}}/reprise", right=Right.SEE_GROUP)
async def do_restoration(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame = await written_committee(request, session, caller, committee_id)
    await restore_version(session, caller, committee_id, number, frame.now)
    return redirect(request, frame.url + TAB, done=f"La version {number} est de nouveau le texte du compte-rendu.")


ROUTES = [ask_publication, do_publication, list_versions, show_version, do_restoration]
