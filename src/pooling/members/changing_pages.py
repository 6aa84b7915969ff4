"""Correcting a member: its name and what is known of it."""

from typing import Any

from litestar import Response, get, post
from pydantic import ValidationError

from pooling.kernel.list_reading import without_blanks
from pooling.members.adding import LARGEST_POPULATION, LONGEST_CATEGORY, LONGEST_NAME
from pooling.members.changing import MemberFacts, correct_member, facts_of, mark_of
from pooling.members.group_page import Here
from pooling.members.importing import WRONG
from pooling.members.member_page import MemberPage
from pooling.members.models import MemberKind
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, form_of

SHEET = "/membres/{code:str}/fiche"


@get(SHEET, right=Right.MANAGE_MEMBERS)
async def ask_facts(here: Here[MemberPage]) -> Response[str]:
    return await _page(here, form_of({**facts_of(here.member), "seen": mark_of(here.member)}))


async def _page(here: MemberPage, form: Form) -> Response[str]:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    await here.session.refresh(here.member)
    if form.conflict:
        form.values["seen"] = mark_of(here.member)
    return here.render(
        "members/facts.html",
        "Corriger",
        form=form,
        longest={"name": LONGEST_NAME, "category": LONGEST_CATEGORY},
        is_unit=here.member.kind == MemberKind.INTERNAL_UNIT,
    )


@post(SHEET, right=Right.MANAGE_MEMBERS)
async def do_facts(here: Here[MemberPage], form: PostedForm) -> Response[Any]:
    values = {
        "name": form.text("name", required="Indiquez le nom du membre.", longest=LONGEST_NAME),
        "category": form.text("category", longest=LONGEST_CATEGORY),
        "insee": without_blanks(form.value("insee")).upper() or None,
        **{name: size_of(form, name) for name in ("population", "agents")},
    }
    facts = facts_typed(form, values)
    async with form.submitted(lambda: _page(here, form), conflict=""):
        assert facts is not None, "what cannot be read is refused"
        await correct_member(here.session, here.caller, here.member.code, facts, here.now, seen=form.value("seen"))
    return here.redirect(done="La fiche est corrigée.")


def size_of(form: Form, name: str) -> int | None:
    """How many inhabitants or agents; None where nothing was typed."""
    return form.integer(name, largest=LARGEST_POPULATION) if form.value(name).strip() else None


def facts_typed(form: Form, values: dict[str, Any]) -> MemberFacts | None:
    """None, with sentences in the form, where something is wrong."""
    try:
        return MemberFacts.model_validate(values)
    except ValidationError as invalid:
        for error in invalid.errors():
            name = str(error["loc"][0])
            sentence = WRONG.get(name, "cette valeur n’est pas acceptée")
            form.refuse(name, f"{sentence[0].upper()}{sentence[1:]}.")
        return None


ROUTES = [ask_facts, do_facts]
