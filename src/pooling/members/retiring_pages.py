"""A member leaves the group, or is taken back: what follows is told first, what keeps it has a link."""

from typing import Any

from litestar import Response, get, post

from pooling.members.group_page import Here
from pooling.members.member_page import MemberPage
from pooling.members.retiring import (
    NOT_YET,
    SAY_WHY,
    RetirementIn,
    former_roles,
    retire_member,
    take_member_back,
)
from pooling.members.rights import Right
from pooling.members.words import ROLE_WORDS
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import date_short, of_name

RETIREMENT = "/membres/{code:str}/retrait"
RETURN = "/membres/{code:str}/reprise"


@get(RETIREMENT, right=Right.MANAGE_MEMBERS)
async def ask_retirement(here: Here[MemberPage]) -> Response[Any]:
    if here.member.retired_on is not None:
        return here.redirect()
    return await _retirement_page(here, Form(values={"on": here.today.isoformat()}))


async def _retirement_page(here: MemberPage, form: Form) -> Response[str]:
    await here.session.refresh(here.member)
    ties = await here.features.ties(here.session, here.member)
    return here.render(
        "members/retirement.html",
        "Retirer du groupe",
        form=form,
        keeping=[tie for tie in ties if tie.keeps],
        others=[tie for tie in ties if not tie.keeps],
    )


@post(RETIREMENT, right=Right.MANAGE_MEMBERS)
async def do_retirement(here: Here[MemberPage], form: PostedForm) -> Response[Any]:
    reason, day = form.reason(required=SAY_WHY), form.date("on")
    if day and day > here.today:
        form.refuse("on", NOT_YET)
    async with form.submitted(lambda: _retirement_page(here, form), conflict=""):
        assert day is not None, "what cannot be read is refused"
        command = RetirementIn(day, reason)
        await retire_member(here.session, here.caller, here.member.code, command, here.now, here.today)
    return here.redirect(done=f"{here.member.name} ne fait plus partie du groupe.")


@get(RETURN, right=Right.MANAGE_MEMBERS)
async def ask_return(here: Here[MemberPage]) -> Response[Any]:
    if here.member.retired_on is None or here.member.merged_into_id is not None:
        return here.redirect()
    return await _return_page(here, Form(values={"roles": "1"}))


async def _return_page(here: MemberPage, form: Form) -> Response[str]:
    member = here.member
    await here.session.refresh(member)
    roles = await former_roles(here.session, member.id)
    since = f" depuis le {date_short(member.retired_on)}" if member.retired_on else ""
    return here.ask(
        "Reprendre",
        template="members/return.html",
        form=form,
        question=f"Reprendre {member.name} dans le groupe ?",
        consequences=[
            *([f"Ce membre est parti{since} : {member.retired_because}"] if since else []),
            "On le choisit de nouveau dans les listes.",
            "Il ne revient pas dans les achats qu’il a quittés : ajoutez-le à ceux qui sont en préparation.",
        ],
        action="/reprise",
        label="Reprendre dans le groupe",
        danger=False,
        roles=[f"{one.name} ({ROLE_WORDS[one.role]})" for one in roles],
    )


@post(RETURN, right=Right.MANAGE_MEMBERS)
async def do_return(here: Here[MemberPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    roles = (here.sender, here.context) if form.value("roles") else None
    async with form.submitted(lambda: _return_page(here, form), conflict=""):
        await take_member_back(here.session, here.caller, here.member.code, here.now, reason=reason, roles=roles)
    mailed = f"un courriel part aux personnes {of_name(here.member.name)}" if roles else ""
    return here.redirect(done=f"{here.member.name} est de nouveau membre du groupe", mailed=mailed)


ROUTES = [ask_retirement, do_retirement, ask_return, do_return]
