"""Members and their people by list: a file is looked at line by line, and written once that is confirmed."""

import asyncio
from typing import Any
from urllib.parse import quote_plus

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.list_reading import Line, UnreadableListError
from pooling.members.event_words import FACT_WORDS
from pooling.members.group_page import GroupPage, Here
from pooling.members.importing import (
    COLUMNS,
    Inviting,
    LineState,
    ListPlan,
    PlannedLine,
    carried,
    carry_out,
    plan_members,
    read_again,
    read_sent,
)
from pooling.members.locking import lock_group
from pooling.members.rights import Right
from pooling.members.words import ROLE_WORDS
from pooling.web.bodies import LARGEST_LONG_BODY, LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.scanning import scan_files
from pooling.web.typography import plural

PATH = "/liste-de-membres"
CONFIRMATION = f"{PATH}/confirmation"
LARGEST_FILE = limit(5_000_000, "A list of members sent to the pages", __name__, Readers.OPERATORS, unit=BYTES)
MOST_LINES = limit(5_000, "Lines of a list of members sent to the pages", __name__, Readers.OPERATORS)
_AROUND = 100_000
_SHOWN = 500
"""Lines that the preview shows of each sort; of all of them it says how many there are."""
STATE_WORDS = {LineState.NEW: "Nouveau", LineState.CHANGED: "Corrigé", LineState.UNCHANGED: "Inchangé"}


@get(PATH, right=Right.MANAGE_MEMBERS)
async def ask_members_list(here: Here[GroupPage]) -> Response[str]:
    return await _page(here, Form())


async def _page(here: GroupPage, form: Form) -> Response[str]:
    columns = ", ".join(f"« {headings[0]} »" for headings in COLUMNS.values())
    return here.render(
        "members/list_sent.html", ("Membres", "/membres"), ("Ajouter", "/annuaire"), "Liste", form=form, columns=columns
    )


@post(PATH, right=Right.MANAGE_MEMBERS, request_max_body_size=LARGEST_FILE + _AROUND, guards=[scan_files])
async def do_members_list(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    """The list as it would be written; nothing is."""
    lines = await _sent(form)
    text = carried(lines)
    if len(quote_plus(text)) > LARGEST_LONG_BODY - _AROUND:
        form.refuse("fichier", "Cette liste est trop longue : envoyez-la en deux fois.")
    if form.has_errors:
        raise Redisplay(await _page(here, form))
    return _preview(here, Form(values={"liste": text}), await plan_members(here.session, lines))


async def _sent(form: Form) -> list[Line]:
    file = form.files.get("fichier")
    if file is None or not file.content:
        form.refuse("fichier", "Choisissez un fichier.")
        return []
    try:
        lines = await asyncio.to_thread(read_sent, file.content, MOST_LINES)
    except UnreadableListError as unreadable:
        form.refuse("fichier", f"{str(unreadable)[:1].upper()}{str(unreadable)[1:]}")
        return []
    if not lines:
        form.refuse("fichier", "Le fichier ne contient aucune ligne après la première.")
    return lines


def _preview(here: GroupPage, form: Form, plan: ListPlan) -> Response[str]:
    writes = len(plan.invited) + plan.count(LineState.NEW) + plan.count(LineState.CHANGED)
    return here.render(
        "members/list_preview.html",
        ("Membres", "/membres"),
        ("Ajouter", "/annuaire"),
        ("Liste", PATH),
        "Vérifier",
        form=form,
        status=form.status if form.has_errors else 200,
        bad=plan.bad[:_SHOWN],
        counts=[(STATE_WORDS[state], plan.count(state)) for state in LineState] + [("Refusé", len(plan.bad))],
        people=[(one, ROLE_WORDS[one.role]) for one in plan.invited][:_SHOWN],
        invited=len(plan.invited),
        held=len(plan.people) - len(plan.invited),
        lines=[
            (line, STATE_WORDS[line.state], _said(line)) for line in plan.lines if line.state != LineState.UNCHANGED
        ][:_SHOWN],
        seen=plan.mark,
        writes=writes,
    )


def _said(line: PlannedLine) -> str:
    """« population : 1208 → 1137 »."""
    return " ; ".join(
        f"{FACT_WORDS[name]} : {'–' if before in (None, '') else before} → {after}"
        for name, (before, after) in line.changes.items()
    )


@post(CONFIRMATION, right=Right.MANAGE_MEMBERS, **LONG_FORM)
async def do_confirmed_list(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    try:
        lines = await asyncio.to_thread(read_again, form.value("liste"), MOST_LINES)
    except UnreadableListError:
        form.refuse("fichier", "Cette liste n’est plus lisible : envoyez-la de nouveau.")
        raise Redisplay(await _page(here, form)) from None
    here.caller.require(Right.MANAGE_MEMBERS)
    await lock_group(here.session)
    plan = await plan_members(here.session, lines)
    if plan.mark != form.value("seen"):
        form.refuse("", "Les membres ont changé entre-temps : vérifiez de nouveau, puis confirmez.")
        form.status = Conflict.status
        raise Redisplay(_preview(here, form, plan))
    inviting = Inviting(here.caller.person_id, here.sender, here.context)
    written = await carry_out(here.session, plan, here.now, by=here.caller.person_id, inviting=inviting)
    done = plural(written, "membre enregistré", "membres enregistrés")
    if not plan.invited:
        return here.redirect("/membres", done=f"{done}.")
    done += f", {plural(len(plan.invited), 'personne invitée', 'personnes invitées')}"
    return here.redirect("/membres", done=done, mailed="un courriel part à chacune")


ROUTES = [ask_members_list, do_members_list, do_confirmed_list]
