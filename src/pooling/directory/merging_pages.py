"""Members become one: they are named, what would change is shown, and only then it does. There is no way back."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.directory.merging import merge_named
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.tables import any_of
from pooling.members.event_words import FACT_WORDS
from pooling.members.group_page import GroupPage, Here
from pooling.members.merging import MOST_AT_ONCE, MergeIn, MergePlan, merge_members, plan_merge
from pooling.members.models import Member
from pooling.members.page_parts import member_suggestion, member_suggestions
from pooling.members.people_list import find_members
from pooling.members.retiring import NOT_YET, SAY_WHY
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.typography import date_long, number

PATH = "/fusion"
CONFIRMATION = f"{PATH}/confirmation"
ADDED, LISTED = "added", "listed"
POPULATIONS = [
    (ADDED, "L’addition de leurs populations", "Inconnue si l’une d’elles l’est."),
    (LISTED, "Celle de l’annuaire", "Si l’annuaire connaît ce qu’ils deviennent."),
]
FIELDS = ("members", "code", "name", "population", "on", "reason")
_LONGEST = 300


@get(PATH, right=Right.MANAGE_MEMBERS)
async def ask_merge(here: Here[GroupPage], membre: FromQuery[str] = "") -> Response[str]:
    """With `membre`, of that one with others."""
    form = Form(values={"on": here.today.isoformat(), "population": ADDED})
    rows = await here.session.execute(select(col(Member.name)).where(col(Member.code) == membre[:40]))
    if name := rows.scalar_one_or_none():
        form.values["members"] = f"{member_suggestion(name, membre)}\n"
    return await _page(here, form)


async def _page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "directory/merging.html",
        ("Membres", "/membres"),
        "Réunir des membres",
        form=form,
        populations=POPULATIONS,
        suggestions=await member_suggestions(here.session),
    )


@post(PATH, right=Right.MANAGE_MEMBERS)
async def do_merge(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    """What would change; nothing does."""
    plan: MergePlan | None = None
    command = await _read(here, form)
    async with form.submitted(lambda: _page(here, form), fields={"becomes": "code"}, conflict=""):
        assert command is not None, "what cannot be read is refused"
        plan = await plan_merge(here.session, command, here.today)
    assert plan is not None, "what is refused ends the request"
    form.doubts = tuple(plan.doubts)
    return await _preview(here, form, plan, 200)


async def _read(here: GroupPage, form: Form) -> MergeIn | None:
    """What was typed; None, with sentences in the form, where something is wrong."""
    reason, day = form.reason(required=SAY_WHY), form.date("on")
    if day and day > here.today:
        form.refuse("on", NOT_YET)
    listed = form.choice("population", [ADDED, LISTED]) == LISTED
    code = form.text("code", required="Indiquez le SIREN (ou le code) de ce qu’ils deviennent.", longest=40)
    name = form.text("name")
    codes = await _codes(here, form)
    if form.has_errors or day is None:
        return None
    try:
        return await merge_named(here.session, codes, code, name, day, reason, listed=listed)
    except Invalid as invalid:
        for field, sentence in invalid.errors.items():
            form.refuse(field, sentence)
    return None


async def _codes(here: GroupPage, form: Form) -> list[str]:
    lines = form.lines("members", longest=MOST_AT_ONCE * _LONGEST, required="Indiquez les membres, un par ligne.")
    typed = [line.strip() for line in lines.splitlines() if line.strip()]
    if len(typed) > MOST_AT_ONCE:
        form.refuse("members", f"Réunissez {MOST_AT_ONCE} membres au plus à la fois.")
        return []
    found = await find_members(here.session, typed)
    for one in typed:
        if refusal := found.refusal(one):
            form.refuse("members", f"{refusal[0].upper()}{refusal[1:]}.")
    rows = await here.session.execute(
        select(col(Member.id), col(Member.code)).where(any_of(col(Member.id), found.found.values()))
    )
    codes = {member_id: code for member_id, code in rows}
    return [codes[found.found[one]] for one in typed if one in found.found]


async def _preview(here: GroupPage, form: Form, plan: MergePlan, status: int) -> Response[str]:
    return here.render(
        "directory/merging_preview.html",
        ("Membres", "/membres"),
        ("Réunir des membres", PATH),
        "Vérifier",
        form=form,
        status=status,
        plan=plan,
        since=date_long(day) if (day := form.date("on")) else "",
        facts=[
            (FACT_WORDS[name], "inconnu" if value is None else number(value))
            for name, value in plan.facts.items()
            if name != "population_year"
        ],
        kept={name: form.value(name) for name in FIELDS},
        seen=plan.mark,
    )


@post(CONFIRMATION, right=Right.MANAGE_MEMBERS)
async def do_confirmed_merge(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    insistence = form.insistence()
    command = await _read(here, form)

    async def again() -> Response[str]:
        """What it comes to by now, or the form where it can be no more."""
        if command is None:
            return await _page(here, form)
        try:
            plan = await plan_merge(here.session, command, here.today)
        except (Invalid, Conflict, NotFound) as refused:
            form.refuse("members", refused.message)
            return await _page(here, form)
        form.doubts = tuple(plan.doubts)
        return await _preview(here, form, plan, form.status)

    if command is None:
        raise Redisplay(await again())
    becomes = None
    async with form.submitted(again, conflict=""):
        becomes = await merge_members(
            here.session,
            here.caller,
            command,
            here.now,
            here.today,
            insistence=insistence,
            seen=form.value("seen"),
        )
    assert becomes is not None, "what is refused ends the request"
    return here.redirect(f"/membres/{becomes.code}", done=f"{becomes.name} réunit ces membres.")


ROUTES = [ask_merge, do_merge, do_confirmed_merge]
