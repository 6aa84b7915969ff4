"""Convening by hand, and the convocation as a file."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.convening_notice import convening_notice
from pooling.committees.convocations.convening import convene_now, doubts_of_convening
from pooling.committees.convocations.document import convocation_pdf
from pooling.committees.locking import require_to_come
from pooling.committees.models import CommitteeState, Invitation
from pooling.committees.notices.changes import context_of_group
from pooling.committees.page import CommitteePage, committee_page, managed_committee
from pooling.committees.queries import holds_a_role
from pooling.kernel.errors import Conflict
from pooling.kernel.file_kinds import PDF
from pooling.kernel.files import file_with_content
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.services import services_of
from pooling.web.typography import plural

CONVOCATION = "/comites/{committee_id:int}/convocation"
NAMED_AT_MOST = 12
CONSEQUENCES = (
    "Chaque personne invitée reçoit un courriel, une seule fois, avec l’ordre du jour et l’invitation d’agenda.",
    "La convocation est jointe en PDF, avec un pouvoir à remplir.",
    "Qui est invité ensuite est convoqué aussitôt.",
    "Si vous déplacez la réunion après cela, il faudra convoquer de nouveau.",
)


@get(CONVOCATION, right=Right.MANAGE_COMMITTEES)
async def ask_convening(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    """Who will receive what, before it is sent."""
    frame = await managed_committee(request, session, caller, committee_id)
    return await _page(request, session, frame, Form())


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage, form: Form
) -> Response[str]:
    require_to_come(frame.committee, frame.now)
    if frame.committee.state == CommitteeState.CONVENED:
        raise Conflict("Les personnes invitées à ce comité sont déjà convoquées.", code="transition_refused")
    form.doubts = form.doubts or tuple(await doubts_of_convening(session, frame.committee))
    count, names = await _invited(session, frame.committee.id)
    return render(
        request,
        "committees/convene.html",
        breadcrumb=frame.crumbs("Convoquer"),
        form=form,
        frame=frame,
        notice=await convening_notice(frame),
        count=count,
        names=names,
        more=count - len(names),
        question=f"Convoquer {plural(count, 'personne', 'personnes')} maintenant ?",
        consequences=CONSEQUENCES,
        action_url=f"{frame.url}/convocation",
        action_label="Convoquer maintenant",
        cancel_url=f"{frame.url}/ordre-du-jour",
    )


async def _invited(session: AsyncSession, committee_id: int) -> tuple[int, list[str]]:
    """How many will be convened, and the first of their names."""
    invited = select(col(Invitation.person_id)).where(col(Invitation.committee_id) == committee_id)
    people = select(Person).where(col(Person.id).in_(invited), holds_a_role(col(Person.id)))
    count = (await session.execute(select(func.count()).select_from(people.subquery()))).scalar_one()
    names = await session.execute(
        people.with_only_columns(col(Person.name)).order_by(func.lower(col(Person.name))).limit(NAMED_AT_MOST)
    )
    return count, list(names.scalars())


@post(CONVOCATION, right=Right.MANAGE_COMMITTEES)
async def do_convening(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    with form.redisplayed():
        await convene_now(session, caller, committee_id, frame.now, insistence=form.insistence())
    if form.has_errors:
        raise Redisplay(await _page(request, session, frame, form))
    done, mailed = "Les personnes invitées sont convoquées", "les courriels partent dans la minute"
    return redirect(request, f"{frame.url}/ordre-du-jour", done=done, mailed=mailed)


@get(f"{CONVOCATION}.pdf", right=Right.SEE_GROUP)
async def download_convocation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[bytes]:
    """The one that was sent or, before, a draft of what would be: made for this answer, kept nowhere."""
    frame = await committee_page(request, session, caller, committee_id)
    committee = frame.committee
    if committee.convocation_file_id is not None:
        file, content = await file_with_content(session, committee.convocation_file_id)
        name = file.name
    else:
        context = await context_of_group(session, services_of(request).settings.base_url, frame.now)
        content = await convocation_pdf(session, committee, context, person_id=None, draft=True)
        name = f"projet de convocation {committee.local_start:%Y-%m-%d}{PDF.ending}"
    return download(content, name, PDF.media_type, headers=REVALIDATED)


ROUTES = [ask_convening, do_convening, download_convocation]
