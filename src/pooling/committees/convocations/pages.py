"""Convening by hand, and the convocation as a file."""

from typing import Any

from litestar import Response, get, post
from sqlalchemy import and_, func, select
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.convening_notice import convening_notice
from pooling.committees.convocations.convening import convene_now, doubts_of_convening
from pooling.committees.convocations.document import convocation_pdf
from pooling.committees.locking import require_to_come
from pooling.committees.models import CommitteeState, Invitation
from pooling.committees.notices.changes import context_of_group
from pooling.committees.page import CommitteePage
from pooling.committees.queries import holds_a_role
from pooling.kernel.errors import Conflict
from pooling.kernel.file_kinds import PDF
from pooling.kernel.files import file_with_content
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm
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
async def ask_convening(here: Here[CommitteePage]) -> Response[str]:
    """Who will receive what, before it is sent."""
    return await _page(here, Form())


async def _page(here: CommitteePage, form: Form) -> Response[str]:
    require_to_come(here.committee, here.now)
    if here.committee.state == CommitteeState.CONVENED:
        raise Conflict("Les personnes invitées à ce comité sont déjà convoquées.", code="transition_refused")
    form.doubts = form.doubts or tuple(await doubts_of_convening(here.session, here.committee))
    count, names = await _invited(here)
    return here.ask(
        "Convoquer",
        template="committees/convene.html",
        form=form,
        question=f"Convoquer {plural(count, 'personne', 'personnes')} maintenant ?",
        consequences=CONSEQUENCES,
        action="/convocation",
        label="Convoquer maintenant",
        cancel="/ordre-du-jour",
        danger=False,
        notice=await convening_notice(here),
        count=count,
        names=names,
        more=count - len(names),
    )


async def _invited(here: CommitteePage) -> tuple[int, list[str]]:
    """How many will be convened, and the first of their names."""
    invited = and_(col(Invitation.committee_id) == here.committee.id, holds_a_role(col(Invitation.person_id)))
    count = await here.session.execute(select(func.count()).select_from(Invitation).where(invited))
    names = await here.session.execute(
        select(col(Person.name))
        .join(Invitation, col(Invitation.person_id) == col(Person.id))
        .where(invited)
        .order_by(col(Person.folded_name), col(Person.id))
        .limit(NAMED_AT_MOST)
    )
    return count.scalar_one(), list(names.scalars())


@post(CONVOCATION, right=Right.MANAGE_COMMITTEES)
async def do_convening(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    insistence = form.insistence()
    async with form.submitted(lambda: _page(here, form)):
        await convene_now(here.session, here.caller, here.committee.id, here.now, insistence=insistence)
    done, mailed = "Les personnes invitées sont convoquées", "les courriels partent dans la minute"
    return here.redirect("/ordre-du-jour", done=done, mailed=mailed)


@get(f"{CONVOCATION}.pdf", right=Right.SEE_GROUP)
async def download_convocation(here: Here[CommitteePage]) -> Response[bytes]:
    """The one that was sent or, before, a draft of what would be: made for this answer, kept nowhere."""
    committee = here.committee
    if committee.convocation_file_id is not None:
        file, content = await file_with_content(here.session, committee.convocation_file_id)
        name = file.name
    else:
        context = await context_of_group(here.session, here.services.settings.base_url, here.now)
        content = await convocation_pdf(here.session, committee, context, person_id=None, draft=True)
        name = f"projet de convocation {committee.local_start:%Y-%m-%d}{PDF.ending}"
    return download(content, name, PDF.media_type, headers=REVALIDATED)


ROUTES = [ask_convening, do_convening, download_convocation]
