"""A member and its people; the people of the group."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.freshness import fresh_sign_in
from pooling.kernel.slices import Slice
from pooling.members.correcting import PersonIn, correct_person
from pooling.members.group_page import GroupPage, Here
from pooling.members.member_page import MemberPage
from pooling.members.models import Budget, Member, Role
from pooling.members.page_parts import NAME_NEEDED
from pooling.members.people_queries import people_of_member, people_page
from pooling.members.person_page import PersonPage
from pooling.members.rights import Right
from pooling.members.signing_out import sign_out
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of

PERSON = "/personnes/{person_id:int}"
UNITS_AT_MOST = 100


@get("/membres/{code:str}", right=Right.SEE_GROUP)
async def show_member(here: Here[MemberPage]) -> Response[str]:
    """Facts, budgets, who to ask."""
    session, member = here.session, here.member
    budgets = await session.execute(
        select(col(Budget.code), col(Budget.label)).where(col(Budget.member_id) == member.id).order_by(col(Budget.code))
    )
    return here.render(
        "members/member.html",
        member=member,
        parent=await _named(session, member.parent_id),
        became=await _named(session, member.merged_into_id),
        units=await _units(session, member.id),
        budgets=budgets.all(),
        people=await people_of_member(session, member.id),
        member_parts=await here.features.member_parts(here),
        manages=here.caller.may(Right.MANAGE_MEMBERS),
        asks=here.caller.may(Right.ASK_FOR_COLLEAGUE, member_id=member.id),
    )


async def _named(session: AsyncSession, member_id: int | None) -> tuple[str, str] | None:
    if member_id is None:
        return None
    rows = await session.execute(select(col(Member.code), col(Member.name)).where(col(Member.id) == member_id))
    found = rows.first()
    return (found[0], found[1]) if found else None


async def _units(session: AsyncSession, parent_id: int) -> list[tuple[str, str]]:
    rows = await session.execute(
        select(col(Member.code), col(Member.name))
        .where(col(Member.parent_id) == parent_id)
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(UNITS_AT_MOST)
    )
    return [(code, name) for code, name in rows]


@get("/personnes", right=Right.MANAGE_MEMBERS)
async def list_people(here: Here[GroupPage], cherche: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    people = await people_page(here.session, Slice(apres), search=cherche[:200])
    return here.render(
        "members/people.html",
        ("Membres", "/membres"),
        "Personnes",
        tabs=here.sections("/membres"),
        form=form_of({"cherche": cherche}),
        people=people.items,
        searched=cherche,
        **pages_after(f"{here.url}/personnes", apres, people, {"cherche": cherche}),
    )


@get(PERSON, right=Right.MANAGE_MEMBERS)
async def show_person(here: Here[PersonPage]) -> Response[str]:
    is_self = here.person.id == here.caller.person_id
    return here.render("members/person.html", lead_buyer=Role.LEAD_BUYER, is_self=is_self)


@get(f"{PERSON}/fiche", right=Right.MANAGE_MEMBERS)
async def ask_correction(here: Here[PersonPage]) -> Response[str]:
    person = here.person
    form = form_of({"name": person.name, "function": person.function, "phone": person.phone})
    return await _correction_page(here, form)


async def _correction_page(here: PersonPage, form: Form) -> Response[str]:
    return here.render("members/correction.html", "Corriger", form=form)


@post(f"{PERSON}/fiche", right=Right.MANAGE_MEMBERS)
async def do_correction(here: Here[PersonPage], form: PostedForm) -> Response[Any]:
    command = PersonIn(
        name=form.text("name", required=NAME_NEEDED),
        function=form.text("function"),
        phone=form.text("phone", longest=40),
    )
    async with form.submitted(lambda: _correction_page(here, form)):
        await correct_person(here.session, here.caller, here.person.id, command, here.now)
    return here.redirect(done="La fiche est corrigée.")


@get(f"{PERSON}/deconnexion", right=Right.MANAGE_MEMBERS)
async def ask_signing_out(here: Here[PersonPage]) -> Response[str]:
    return await _signing_out_page(here, Form())


async def _signing_out_page(here: PersonPage, form: Form) -> Response[str]:
    return here.ask(
        "Déconnecter",
        form=form,
        question=f"Déconnecter {here.person.name} de tous ses navigateurs ?",
        consequences=(
            "Toutes ses sessions prennent fin maintenant, dans ce groupe et dans les autres.",
            "Ses rôles restent : un code reçu par courriel lui rouvre le service. Ses jetons d’API restent aussi.",
            "Le journal du groupe garde que vous l’avez fait.",
        ),
        action="/deconnexion",
        label="Déconnecter",
    )


@post(f"{PERSON}/deconnexion", right=Right.MANAGE_MEMBERS, guards=[fresh_sign_in])
async def do_signing_out(here: Here[PersonPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _signing_out_page(here, form)):
        await sign_out(here.session, here.caller, here.person.id, here.now)
    return here.redirect(done=f"{here.person.name} est déconnecté de tous ses navigateurs.")


ROUTES = [
    show_member,
    list_people,
    show_person,
    ask_correction,
    do_correction,
    ask_signing_out,
    do_signing_out,
]
