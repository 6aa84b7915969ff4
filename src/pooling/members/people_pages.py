"""A member and its people; the people of the group."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.freshness import fresh_sign_in
from pooling.accounts.sessions import EnteredGroup
from pooling.kernel.errors import NotFound
from pooling.members.correcting import PersonIn, correct_person
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.models import Budget, Member, Role
from pooling.members.page_parts import NAME_NEEDED, crumbs, sections
from pooling.members.people_queries import PersonShown, find_person, people_of_member, people_page
from pooling.members.rights import Right
from pooling.members.signing_out import sign_out
from pooling.web.cursors import pages_after, unpack_key
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

UNITS_AT_MOST = 100


@get("/membres/{code:str}", right=Right.SEE_GROUP)
async def show_member(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    code: FromPath[str],
) -> Response[str]:
    """Facts, budgets, who to ask."""
    found = await session.execute(select(Member).where(col(Member.code) == code))
    member = found.scalar_one_or_none()
    if member is None:
        raise NotFound
    budgets = await session.execute(
        select(col(Budget.code), col(Budget.label)).where(col(Budget.member_id) == member.id).order_by(col(Budget.code))
    )
    return render(
        request,
        "members/member.html",
        breadcrumb=crumbs(entered_group, ("Membres", "/membres"), (member.name, None)),
        member=member,
        parent=await _named(session, member.parent_id),
        units=await _units(session, member.id),
        budgets=budgets.all(),
        people=await people_of_member(session, member.id),
        base=f"/g/{entered_group.slug}",
        manages=caller.may(Right.MANAGE_MEMBERS),
        asks=caller.may(Right.ASK_FOR_COLLEAGUE, member_id=member.id),
    )


async def _named(session: AsyncSession, member_id: int | None) -> tuple[str, str] | None:
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
async def list_people(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    cherche: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    people, next_key = await people_page(session, search=cherche[:200], after=unpack_key(apres))
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "members/people.html",
        breadcrumb=crumbs(entered_group, ("Membres", "/membres"), ("Personnes", None)),
        tabs=sections(caller, entered_group, "/personnes"),
        form=form_of({"cherche": cherche}),
        people=people,
        searched=cherche,
        base=base,
        **pages_after(f"{base}/personnes", apres, next_key, {"cherche": cherche}),
    )


@get("/personnes/{person_id:int}", right=Right.MANAGE_MEMBERS)
async def show_person(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    person_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    found = await find_person(session, person_id)
    return render(
        request,
        "members/person.html",
        breadcrumb=_crumbs(entered_group, (found.name, None)),
        person=found,
        base=f"/g/{entered_group.slug}",
        url=f"/g/{entered_group.slug}/personnes/{person_id}",
        lead_buyer=Role.LEAD_BUYER,
        is_self=person_id == caller.person_id,
    )


def _crumbs(group: EnteredGroup, *entries: tuple[str, str | None]) -> list[Link]:
    return crumbs(group, ("Membres", "/membres"), ("Personnes", "/personnes"), *entries)


@get("/personnes/{person_id:int}/fiche", right=Right.MANAGE_MEMBERS)
async def ask_correction(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    person_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    found = await find_person(session, person_id)
    form = form_of({"name": found.name, "function": found.function, "phone": found.phone})
    return _correction_page(request, entered_group, found, form)


def _correction_page(
    request: Request[Any, Any, Any], group: EnteredGroup, person: PersonShown, form: Form
) -> Response[str]:
    return render(
        request,
        "members/correction.html",
        breadcrumb=_crumbs(group, (person.name, f"/personnes/{person.id}"), ("Corriger", None)),
        form=form,
        person=person,
        url=f"/g/{group.slug}/personnes/{person.id}",
    )


@post("/personnes/{person_id:int}/fiche", right=Right.MANAGE_MEMBERS)
async def do_correction(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    person_id: FromPath[int],
) -> Response[Any]:
    command = PersonIn(
        name=form.text("name", required=NAME_NEEDED),
        function=form.text("function"),
        phone=form.text("phone", longest=40),
    )
    if form.has_errors:
        raise Redisplay(_correction_page(request, entered_group, await find_person(session, person_id), form))
    await correct_person(session, caller, person_id, command, services_of(request).clock.now())
    return redirect(request, f"/g/{entered_group.slug}/personnes/{person_id}", done="La fiche est corrigée.")


@get("/personnes/{person_id:int}/deconnexion", right=Right.MANAGE_MEMBERS)
async def ask_signing_out(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    person_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    person = await find_person(session, person_id)
    return _signing_out_page(request, entered_group, person, Form())


def _signing_out_page(
    request: Request[Any, Any, Any], group: EnteredGroup, person: PersonShown, form: Form
) -> Response[str]:
    url = f"/g/{group.slug}/personnes/{person.id}"
    return render(
        request,
        "confirm_page.html",
        breadcrumb=_crumbs(group, (person.name, f"/personnes/{person.id}"), ("Déconnecter", None)),
        form=form,
        question=f"Déconnecter {person.name} de tous ses navigateurs ?",
        consequences=(
            "Toutes ses sessions prennent fin maintenant, dans ce groupe et dans les autres.",
            "Ses rôles restent : un code reçu par courriel lui rouvre le service. Ses jetons d’API restent aussi.",
            "Le journal du groupe garde que vous l’avez fait.",
        ),
        action_url=f"{url}/deconnexion",
        action_label="Déconnecter",
        cancel_url=url,
        danger=True,
    )


@post("/personnes/{person_id:int}/deconnexion", right=Right.MANAGE_MEMBERS, guards=[fresh_sign_in])
async def do_signing_out(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    person_id: FromPath[int],
) -> Response[Any]:
    with form.redisplayed():
        await sign_out(session, caller, person_id, services_of(request).clock.now())
    person = await find_person(session, person_id)
    if form.has_errors:
        raise Redisplay(_signing_out_page(request, entered_group, person, form))
    url = f"/g/{entered_group.slug}/personnes/{person_id}"
    return redirect(request, url, done=f"{person.name} est déconnecté de tous ses navigateurs.")


ROUTES = [
    show_member,
    list_people,
    show_person,
    ask_correction,
    do_correction,
    ask_signing_out,
    do_signing_out,
]
