"""Publishing the minutes, and the versions that came before."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from sqlalchemy import and_, func, select
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.queries import decisions_of, with_effects
from pooling.committees.minutes.publishing import doubts_of_minutes, publish_minutes, reader_ids
from pooling.committees.minutes.writing import find_version, restore_version
from pooling.committees.models import CommitteeState, MinutesVersion
from pooling.committees.page import MINUTES, CommitteePage
from pooling.committees.people import count_people
from pooling.committees.permissions import may_write_minutes
from pooling.members.group_page import Here
from pooling.web.forms import Form, PostedForm
from pooling.web.markdown import as_html
from pooling.web.typography import plural

VERSIONS = "/comites/{committee_id:int}/compte-rendu/versions"
LISTED_AT_MOST = 200


@get("/comites/{committee_id:int}/publication", right=may_write_minutes)
async def ask_publication(here: Here[CommitteePage]) -> Response[str]:
    return await _publication_page(here, Form())


async def _publication_page(here: CommitteePage, form: Form) -> Response[str]:
    committee = here.committee
    counts = await count_people(here.session, committee, here.now)
    form.doubts = form.doubts or tuple(await doubts_of_minutes(here.session, committee, counts, here.now))
    count = await here.session.execute(select(func.count()).select_from(reader_ids(committee.id).subquery()))
    told = plural(count.scalar_one(), "personne le reçoit", "personnes le reçoivent")
    return here.ask(
        "Publication",
        template="committees/publication.html",
        form=form,
        question="Publier le compte-rendu ?",
        consequences=[
            "Le texte et les décisions ne changent plus ; le responsable, l’échéance et l’état d’une décision, si.",
            f"{told} par courriel, en PDF.",
            "Tout le groupe peut le lire et le retrouver par la recherche.",
        ],
        action="/publication",
        label="Publier le compte-rendu",
        cancel=MINUTES,
        danger=False,
        counts=counts,
        published=committee.state == CommitteeState.MINUTED,
        minutes=await as_html(committee.minutes),
        decisions=await with_effects(here.session, await decisions_of(here.session, committee.id)),
    )


@post("/comites/{committee_id:int}/publication", right=may_write_minutes)
async def do_publication(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    insistence = form.insistence()
    async with form.submitted(lambda: _refused(here, form)):
        await publish_minutes(here.session, here.caller, here.committee.id, here.now, insistence=insistence)
    return here.redirect(MINUTES, done="Le compte-rendu est publié", mailed="il part par courriel")


async def _refused(here: CommitteePage, form: Form) -> Response[str]:
    """What stands in the way, said at the head: the page has no field of its own."""
    if not form.doubts:
        form.errors = {"": " ".join(form.errors.values())}
    return await _publication_page(here, form)


@get(VERSIONS, right=may_write_minutes)
async def list_versions(here: Here[CommitteePage]) -> Response[str]:
    rows = await here.session.execute(
        select(
            col(MinutesVersion.number),
            col(Person.name),
            col(MinutesVersion.begun_at),
            col(MinutesVersion.written_at),
            func.length(col(MinutesVersion.content)),
        )
        .join(Person, and_(col(Person.id) == col(MinutesVersion.written_by)))
        .where(col(MinutesVersion.committee_id) == here.committee.id)
        .order_by(col(MinutesVersion.number).desc())
        .limit(LISTED_AT_MOST)
    )
    return here.render(
        "committees/versions.html",
        ("Compte-rendu", MINUTES),
        "Versions",
        versions=rows.all(),
    )


@get(f"{VERSIONS}/{{number:int}}", right=may_write_minutes)
async def show_version(here: Here[CommitteePage], number: FromPath[int]) -> Response[str]:
    version = await find_version(here.session, here.committee.id, number)
    author = await here.session.execute(select(col(Person.name)).where(col(Person.id) == version.written_by))
    return here.render(
        "committees/version.html",
        ("Compte-rendu", MINUTES),
        ("Versions", f"{MINUTES}/versions"),
        f"Version {number}",
        version=version,
        author=author.scalar_one(),
        minutes=await as_html(version.content, under=1),
        restorable=here.committee.state == CommitteeState.HELD and version.content != here.committee.minutes,
    )


@post(f"{VERSIONS}/{{number:int}}/reprise", right=may_write_minutes)
async def do_restoration(here: Here[CommitteePage], number: FromPath[int]) -> Response[Any]:
    await restore_version(here.session, here.caller, here.committee.id, number, here.now)
    return here.redirect(MINUTES, done=f"La version {number} est de nouveau le texte du compte-rendu.")


ROUTES = [ask_publication, do_publication, list_versions, show_version, do_restoration]
