"""A member that no directory has, typed: a university, a syndicate, a hospital; or a component of a member."""

from typing import Any

from litestar import Response, get, post
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.list_reading import without_blanks
from pooling.members.adding import LONGEST_CATEGORY, LONGEST_CODE, LONGEST_NAME, MemberIn, UnitIn
from pooling.members.admission import admit_member
from pooling.members.changing_pages import size_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.importing import WRONG
from pooling.members.models import Member, MemberKind
from pooling.members.page_parts import member_suggestions
from pooling.members.people_list import find_members
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm

PATH = "/membre-hors-annuaire"
KINDS = [
    (str(MemberKind.LEGAL_ENTITY), "Un établissement", "Il a un numéro SIREN : université, syndicat, hôpital…"),
    (
        str(MemberKind.INTERNAL_UNIT),
        "Une composante",
        "Elle dépend d’un membre et a ses propres budgets : faculté, école, service…",
    ),
]
LONGEST_BUDGETS = 5_000
LONGEST = {"name": LONGEST_NAME, "category": LONGEST_CATEGORY, "code": LONGEST_CODE, "budgets": LONGEST_BUDGETS}


@get(PATH, right=Right.MANAGE_MEMBERS)
async def ask_member(here: Here[GroupPage]) -> Response[str]:
    return await _page(here, Form(values={"kind": MemberKind.LEGAL_ENTITY}))


async def _page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "members/new.html",
        ("Membres", "/membres"),
        ("Ajouter", "/annuaire"),
        "Hors de l’annuaire",
        form=form,
        kinds=KINDS,
        longest=LONGEST,
        suggestions=await member_suggestions(here.session),
    )


@post(PATH, right=Right.MANAGE_MEMBERS)
async def do_member(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = await _read(here, form)
    async with form.submitted(lambda: _page(here, form), conflict="code"):
        assert command is not None, "what cannot be read is refused"
        await admit_member(here.session, here.caller, command, here.now)
    return here.redirect("/membres", done=f"{form.text('name')} est membre du groupe.")


async def _read(here: GroupPage, form: Form) -> MemberIn | UnitIn | None:
    """The member as typed; None, with sentences in the form, where something is wrong."""
    kind = form.choice("kind", list(MemberKind))
    values: dict[str, Any] = {
        "code": form.text("code", required="Indiquez le SIREN, ou le code de la composante.", longest=LONGEST_CODE),
        "name": form.text("name", required="Indiquez le nom du membre.", longest=LONGEST_NAME),
        "category": form.text("category", longest=LONGEST_CATEGORY),
        "population": size_of(form, "population"),
        "agents": size_of(form, "agents"),
        "budgets": _budgets(form),
    }
    parent = form.text("parent")
    if kind == MemberKind.LEGAL_ENTITY:
        if parent:
            form.refuse("parent", "Laissez ce champ vide : un établissement ne dépend d’aucun membre.")
        return _valid(form, MemberIn, {**values, "code": without_blanks(values["code"])})
    if not parent:
        form.refuse("parent", "Indiquez le membre dont cette composante dépend.")
        return _valid(form, UnitIn, {**values, "parent": ""})
    members = await find_members(here.session, [parent])
    if refusal := members.refusal(parent):
        form.refuse("parent", f"{refusal[0].upper()}{refusal[1:]}.")
    code = await here.session.execute(select(col(Member.code)).where(col(Member.id) == members.found.get(parent)))
    return _valid(form, UnitIn, {**values, "parent": code.scalar_one_or_none() or ""})


def _budgets(form: Form) -> dict[str, str]:
    """`900-D : Budget de la faculté`, one a line; a code alone is its own label."""
    found: dict[str, str] = {}
    for line in form.lines("budgets", longest=LONGEST_BUDGETS).splitlines():
        code, _, label = (part.strip() for part in line.partition(":"))
        if code and code in found:
            form.refuse("budgets", f"Le budget « {code} » est écrit deux fois.")
        if code:
            found[code] = label or code
        elif label:
            form.refuse("budgets", f"Donnez un code au budget « {label} », par exemple « M57 : {label} ».")
    return found


def _valid(form: Form, model: type[MemberIn] | type[UnitIn], values: dict[str, Any]) -> MemberIn | UnitIn | None:
    try:
        return model.model_validate(values)
    except ValidationError as invalid:
        for error in invalid.errors():
            name = str(error["loc"][0])
            sentence = WRONG.get(name, "cette valeur n’est pas acceptée")
            form.refuse(name, f"{sentence[0].upper()}{sentence[1:]}.")
        return None


ROUTES = [ask_member, do_member]
