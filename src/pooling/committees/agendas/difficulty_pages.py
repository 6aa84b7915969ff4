"""Difficulties: the group's list, raising one, settling it."""

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.committees.agendas.difficulties import difficulty_by_id, may_settle, raise_once, settle_difficulty
from pooling.committees.agendas.difficulty_queries import committees_of, difficulty_line, difficulty_page
from pooling.committees.agendas.schemas import DifficultyIn
from pooling.committees.models import Difficulty, DifficultyState
from pooling.committees.page import sections
from pooling.kernel.errors import Forbidden
from pooling.kernel.tables import any_of
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_for
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

LIST = "/comites/difficultes"
ONE = f"{LIST}/{{difficulty_id:int}}"
LONGEST_ADDRESS = 40


@get(LIST, right=Right.SEE_GROUP)
async def list_difficulties(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    avant: FromQuery[int | None] = None,
    reglees: FromQuery[int | None] = None,
) -> Response[str]:
    """Those that are open, then those settled; each list turns its own pages."""
    still_open, next_open = await difficulty_page(session, settled=False, before_id=avant)
    settled, next_settled = await difficulty_page(session, settled=True, before_id=reglees)
    url = f"/g/{entered_group.slug}{LIST}"
    return render(
        request,
        "committees/difficulties.html",
        breadcrumb=_crumbs(entered_group, (None, "Difficultés")),
        tabs=sections(request, caller, entered_group, LIST),
        base=f"/g/{entered_group.slug}",
        url=url,
        still_open=still_open,
        settled=settled,
        first_url=url if avant is not None or reglees is not None else None,
        next_url=f"{url}?avant={next_open}" if next_open else None,
        earlier_url=f"{url}?reglees={next_settled}" if next_settled else None,
        zone=ZoneInfo(entered_group.timezone),
    )


def _crumbs(group: EnteredGroup, *entries: tuple[str | None, str]) -> list[Link]:
    base = f"/g/{group.slug}"
    links = [Link("À faire", base), Link("Comités", f"{base}/comites")]
    return [*links, *(Link(label, base + path if path else None) for path, label in entries)]


@get(f"{LIST}/nouvelle", right=Right.SEE_GROUP)
async def ask_raising(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    achat: FromQuery[str] = "",
) -> Response[str]:
    """With `achat`, about that purchase."""
    members = await _own_members(session, caller)
    form = form_of({"purchase": achat[:LONGEST_ADDRESS], "member": members[0][0] if len(members) == 1 else ""})
    return await _raising_page(request, session, caller, entered_group, form)


async def _own_members(session: AsyncSession, caller: Caller) -> list[tuple[str, str]]:
    """Those that the caller may speak for: (id, name)."""
    rows = await session.execute(
        select(col(Member.id), col(Member.name))
        .where(any_of(col(Member.id), caller.members_as(*Role)))
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [(str(member_id), name) for member_id, name in rows]


async def _raising_page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, group: EnteredGroup, form: Form
) -> Response[str]:
    return render(
        request,
        "committees/difficulty_new.html",
        breadcrumb=_crumbs(group, (LIST, "Difficultés"), (None, "Signaler une difficulté")),
        form=form,
        url=f"/g/{group.slug}{LIST}",
        subjects=await features_for(session).subjects.choices(session, form),
        members=await _own_members(session, caller),
    )


@post(f"{LIST}/nouvelle", right=Right.SEE_GROUP)
async def do_raising(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    content = form.lines("content", required="Décrivez la difficulté.", longest=2000)
    about = await features_for(session).subjects.referred_in(session, form)
    own = [member_id for member_id, _ in await _own_members(session, caller)]
    member = form.choice("member", own) if form.value("member") else ""
    difficulty_id = 0
    with form.redisplayed():
        form.check()
        command = DifficultyIn(content=content, **about, member_id=int(member) if member else None)
        difficulty_id = await raise_once(session, caller, command, services_of(request).clock.now())
    if form.has_errors:
        raise Redisplay(await _raising_page(request, session, caller, entered_group, form))
    url = f"/g/{entered_group.slug}{LIST}/{difficulty_id}"
    return redirect(request, url, done="La difficulté est signalée : le prochain comité en parlera.")


@get(ONE, right=Right.SEE_GROUP)
async def show_difficulty(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    difficulty_id: FromPath[int],
) -> Response[str]:
    difficulty = await difficulty_by_id(session, difficulty_id)
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "committees/difficulty.html",
        breadcrumb=_crumbs(entered_group, (LIST, "Difficultés"), (None, f"Difficulté n° {difficulty_id}")),
        line=await difficulty_line(session, difficulty_id),
        committees=await committees_of(session, difficulty_id),
        settles=difficulty.state == DifficultyState.RAISED and await may_settle(session, caller, difficulty),
        base=base,
        url=f"{base}{LIST}/{difficulty_id}",
        zone=ZoneInfo(entered_group.timezone),
    )


@get(f"{ONE}/reglement", right=Right.SEE_GROUP)
async def ask_settling(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    difficulty_id: FromPath[int],
) -> Response[str]:
    difficulty = await _to_settle(session, caller, difficulty_id)
    return _settling_page(request, entered_group, difficulty, Form())


async def _to_settle(session: AsyncSession, caller: Caller, difficulty_id: int) -> Difficulty:
    difficulty = await difficulty_by_id(session, difficulty_id)
    if not await may_settle(session, caller, difficulty):
        raise Forbidden
    return difficulty


def _settling_page(
    request: Request[Any, Any, Any], group: EnteredGroup, difficulty: Difficulty, form: Form
) -> Response[str]:
    url = f"/g/{group.slug}{LIST}/{difficulty.id}"
    return render(
        request,
        "committees/difficulty_settle.html",
        breadcrumb=_crumbs(
            group,
            (LIST, "Difficultés"),
            (f"{LIST}/{difficulty.id}", f"Difficulté n° {difficulty.id}"),
            (None, "Régler"),
        ),
        form=form,
        content=difficulty.content,
        question="Cette difficulté est-elle réglée ?",
        consequences=["Elle ne revient plus à l’ordre du jour des comités.", "Le groupe lit ce qui l’a réglée."],
        action_url=f"{url}/reglement",
        action_label="Dire qu’elle est réglée",
        cancel_url=url,
    )


@post(f"{ONE}/reglement", right=Right.SEE_GROUP)
async def do_settling(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    difficulty_id: FromPath[int],
) -> Response[Any]:
    difficulty = await _to_settle(session, caller, difficulty_id)
    settlement = form.lines("settlement", longest=500)
    with form.redisplayed():
        form.check()
        await settle_difficulty(session, caller, difficulty_id, settlement, services_of(request).clock.now())
    if form.has_errors:
        raise Redisplay(_settling_page(request, entered_group, difficulty, form))
    return redirect(request, f"/g/{entered_group.slug}{LIST}/{difficulty_id}", done="La difficulté est réglée.")


ROUTES = [list_difficulties, ask_raising, do_raising, show_difficulty, ask_settling, do_settling]
