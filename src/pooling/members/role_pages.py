"""Changing somebody's role, and taking it away."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.kernel.errors import Conflict, NotFound
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.membership import change_role, end_role
from pooling.members.models import Role
from pooling.members.page_parts import crumbs, member_suggestion, member_suggestions, read_role_fields
from pooling.members.people_queries import PersonShown, RoleShown, find_person
from pooling.members.rights import Caller, Right
from pooling.members.words import ROLE_CHOICES
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of


async def _held(session: AsyncSession, person_id: int, membership_id: int) -> tuple[PersonShown, RoleShown]:
    found = await find_person(session, person_id)
    role = next((role for role in found.roles if role.id == membership_id), None)
    if role is None:
        raise NotFound
    return found, role


def _crumbs(group: EnteredGroup, person: PersonShown, label: str) -> list[Link]:
    return crumbs(
        group,
        ("Membres", "/membres"),
        ("Personnes", "/personnes"),
        (person.name, f"/personnes/{person.id}"),
        (label, None),
    )


@get("/personnes/{person_id:int}/roles/{membership_id:int}", right=Right.MANAGE_MEMBERS)
async def ask_change(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    person_id: FromPath[int],
    membership_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    _, role = await _held(session, person_id, membership_id)
    member = member_suggestion(role.member, role.member_code) if role.member and role.member_code else ""
    form = form_of({"role": role.role, "member": member})
    return await _change_page(request, session, entered_group, person_id, membership_id, form)


async def _change_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    group: EnteredGroup,
    person_id: int,
    membership_id: int,
    form: Form,
) -> Response[str]:
    found, role = await _held(session, person_id, membership_id)
    if role.role == Role.LEAD_BUYER:
        raise NotFound
    return render(
        request,
        "members/change.html",
        breadcrumb=_crumbs(group, found, "Changer de rôle"),
        form=form,
        person=found,
        role=role,
        choices=ROLE_CHOICES,
        suggestions=await member_suggestions(session),
        url=f"/g/{group.slug}/personnes/{person_id}",
    )


@post("/personnes/{person_id:int}/roles/{membership_id:int}", right=Right.MANAGE_MEMBERS)
async def do_change(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    person_id: FromPath[int],
    membership_id: FromPath[int],
) -> Response[Any]:
    role, member_id = await read_role_fields(session, form)
    if not form.has_errors:
        with form.redisplayed():
            try:
                now = services_of(request).clock.now()
                await change_role(session, caller, person_id, membership_id, role, member_id, now)
            except Conflict as conflict:
                form.refuse("role", conflict.message)
    if form.error("email"):
        form.errors["role"] = form.errors.pop("email")
    if form.has_errors:
        raise Redisplay(await _change_page(request, session, entered_group, person_id, membership_id, form))
    return redirect(request, f"/g/{entered_group.slug}/personnes/{person_id}", done="Le rôle est changé.")


@get("/personnes/{person_id:int}/roles/{membership_id:int}/retrait", right=Right.MANAGE_MEMBERS)
async def ask_end(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    person_id: FromPath[int],
    membership_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    return await _end_page(request, session, caller, entered_group, person_id, membership_id, Form())


async def _end_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    group: EnteredGroup,
    person_id: int,
    membership_id: int,
    form: Form,
) -> Response[str]:
    found, role = await _held(session, person_id, membership_id)
    of_what = f" – {role.of_what}" if role.of_what else ""
    consequences = [f"{found.name} n’a plus le rôle « {role.word}{of_what} », dès maintenant."]
    if len(found.roles) == 1:
        consequences.append("C’est son seul rôle dans le groupe : cette personne n’y entrera plus.")
    if found.id == caller.person_id:
        consequences.append("C’est votre propre rôle : vous perdez vous-même cet accès.")
    warnings = features_of(request).on_leaving
    consequences += await warnings(session, caller, group, found, role, services_of(request).clock.now())
    consequences.append("Ce que cette personne a fait reste au journal.")
    url = f"/g/{group.slug}/personnes/{person_id}"
    return render(
        request,
        "confirm_page.html",
        breadcrumb=_crumbs(group, found, "Retirer un rôle"),
        form=form,
        question=f"Retirer ce rôle à {found.name} ?",
        consequences=consequences,
        action_url=f"{url}/roles/{membership_id}/retrait",
        action_label="Retirer le rôle",
        cancel_url=url,
        danger=True,
    )


@post("/personnes/{person_id:int}/roles/{membership_id:int}/retrait", right=Right.MANAGE_MEMBERS)
async def do_end(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
    person_id: FromPath[int],
    membership_id: FromPath[int],
) -> Response[Any]:
    others = len((await find_person(session, person_id)).roles) - 1
    try:
        await end_role(session, caller, person_id, membership_id, services_of(request).clock.now())
    except Conflict as conflict:
        form.refuse("", conflict.message)
        raise Redisplay(
            await _end_page(request, session, caller, entered_group, person_id, membership_id, form)
        ) from conflict
    if person_id == caller.person_id:
        return redirect(request, "/", done="Votre rôle est retiré.")
    base = f"/g/{entered_group.slug}/personnes"
    return redirect(request, f"{base}/{person_id}" if others else base, done="Le rôle est retiré.")


ROUTES = [ask_change, do_change, ask_end, do_end]
