"""Difficulties: the group's list, raising one, settling it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.committees.agendas.difficulties import raise_once, settle_difficulty
from pooling.committees.agendas.difficulty_queries import committees_of, difficulty_line, difficulty_page
from pooling.committees.agendas.page import DIFFICULTIES, DifficultyPage
from pooling.committees.agendas.permissions import may_settle
from pooling.committees.agendas.schemas import LONGEST_DIFFICULTY, DifficultyIn
from pooling.committees.models import DifficultyState
from pooling.kernel.slices import Slice
from pooling.kernel.tables import any_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Member, Role
from pooling.members.rights import Right
from pooling.web.cursors import page_after
from pooling.web.forms import Form, PostedForm, form_of

ONE = f"{DIFFICULTIES}/{{difficulty_id:int}}"
LONGEST_ADDRESS = 40


@get(DIFFICULTIES, right=Right.SEE_GROUP)
async def list_difficulties(
    here: Here[GroupPage], apres: FromQuery[str] = "", reglees: FromQuery[str] = ""
) -> Response[str]:
    """Those that are open, then those settled; each list turns its own pages."""
    still_open = await difficulty_page(here.session, Slice(apres), settled=False)
    settled = await difficulty_page(here.session, Slice(reglees), settled=True)
    url = here.base + DIFFICULTIES
    return here.render(
        "committees/difficulties.html",
        ("Comités", "/comites"),
        "Difficultés",
        tabs=here.sections("/comites"),
        url=url,
        still_open=still_open.items,
        settled=settled.items,
        first_url=url if apres or reglees else None,
        next_url=page_after(url, still_open),
        earlier_url=page_after(url, settled, name="reglees"),
    )


@get(f"{DIFFICULTIES}/nouvelle", right=Right.SEE_GROUP)
async def ask_raising(here: Here[GroupPage], achat: FromQuery[str] = "", action: FromQuery[str] = "") -> Response[str]:
    """With `achat`, about that purchase; with `action`, about that action."""
    members = await _own_members(here)
    about = {"purchase": achat[:LONGEST_ADDRESS], "action": action[:LONGEST_ADDRESS]}
    form = form_of({**about, "member": members[0][0] if len(members) == 1 else ""})
    return await _raising_page(here, form)


async def _own_members(here: GroupPage) -> list[tuple[str, str]]:
    """Those that the caller may speak for: (id, name)."""
    rows = await here.session.execute(
        select(col(Member.id), col(Member.name))
        .where(any_of(col(Member.id), here.caller.members_as(*Role)), col(Member.retired_on).is_(None))
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [(str(member_id), name) for member_id, name in rows]


async def _raising_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "committees/difficulty_new.html",
        ("Comités", "/comites"),
        ("Difficultés", DIFFICULTIES),
        "Signaler une difficulté",
        form=form,
        url=here.base + DIFFICULTIES,
        subjects=await here.features.subjects.choices(here.session, form),
        members=await _own_members(here),
    )


@post(f"{DIFFICULTIES}/nouvelle", right=Right.SEE_GROUP)
async def do_raising(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    content = form.lines("content", required="Décrivez la difficulté.", longest=LONGEST_DIFFICULTY)
    about = await here.features.subjects.referred_in(here.session, form)
    own = [member_id for member_id, _ in await _own_members(here)]
    member = form.choice("member", own) if form.value("member") else ""
    async with form.submitted(lambda: _raising_page(here, form)):
        command = DifficultyIn(content=content, **about, member_id=int(member) if member else None)
        difficulty_id = await raise_once(here.session, here.caller, command, here.now)
    done = "La difficulté est signalée : le prochain comité en parlera."
    return here.redirect(f"{DIFFICULTIES}/{difficulty_id}", done=done)


@get(ONE, right=Right.SEE_GROUP)
async def show_difficulty(here: Here[DifficultyPage]) -> Response[str]:
    settles = may_settle(here.caller, here.difficulty, here.secretaries)
    return here.render(
        "committees/difficulty.html",
        line=await difficulty_line(here.session, here.difficulty.id),
        committees=await committees_of(here.session, here.difficulty.id),
        settles=settles and here.difficulty.state == DifficultyState.RAISED,
    )


@get(f"{ONE}/reglement", right=may_settle)
async def ask_settling(here: Here[DifficultyPage]) -> Response[str]:
    return await _settling_page(here, Form())


async def _settling_page(here: DifficultyPage, form: Form) -> Response[str]:
    return here.ask(
        "Régler",
        template="committees/difficulty_settle.html",
        form=form,
        question="Cette difficulté est-elle réglée ?",
        consequences=["Elle ne revient plus à l’ordre du jour des comités.", "Le groupe lit ce qui l’a réglée."],
        action="/reglement",
        label="Dire qu’elle est réglée",
        danger=False,
    )


@post(f"{ONE}/reglement", right=may_settle)
async def do_settling(here: Here[DifficultyPage], form: PostedForm) -> Response[Any]:
    settlement = form.reason("settlement")
    async with form.submitted(lambda: _settling_page(here, form)):
        await settle_difficulty(here.session, here.caller, here.difficulty.id, settlement, here.now)
    return here.redirect(done="La difficulté est réglée.")


ROUTES = [list_difficulties, ask_raising, do_raising, show_difficulty, ask_settling, do_settling]
