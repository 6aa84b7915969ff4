"""Changing somebody's role, and taking it away."""

from dataclasses import dataclass
from typing import Any, Self

from litestar import Response, get, post

from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here, InGroup
from pooling.members.membership import change_role, end_role
from pooling.members.models import Role
from pooling.members.page_parts import member_suggestion, member_suggestions, read_role_fields
from pooling.members.people_queries import RoleShown
from pooling.members.person_page import PersonPage
from pooling.members.rights import Right
from pooling.members.words import ROLE_CHOICES
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import redirect

ROLE = "/personnes/{person_id:int}/roles/{membership_id:int}"


@dataclass(frozen=True)
class RolePage(PersonPage):
    """A page of one role that a person of the group holds."""

    role: RoleShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await PersonPage.load(here)
        role = next((role for role in about.person.roles if role.id == here.named["membership_id"]), None)
        if role is None:
            raise NotFound
        return cls(**vars(about), role=role)


@get(ROLE, right=Right.MANAGE_MEMBERS)
async def ask_change(here: Here[RolePage]) -> Response[str]:
    role = here.role
    member = member_suggestion(role.member, role.member_code) if role.member and role.member_code else ""
    return await _change_page(here, form_of({"role": role.role, "member": member}))


async def _change_page(here: RolePage, form: Form) -> Response[str]:
    if here.role.role == Role.LEAD_BUYER:
        raise NotFound
    return here.render(
        "members/change.html",
        "Changer de rôle",
        form=form,
        choices=ROLE_CHOICES,
        suggestions=await member_suggestions(here.session),
    )


@post(ROLE, right=Right.MANAGE_MEMBERS)
async def do_change(here: Here[RolePage], form: PostedForm) -> Response[Any]:
    role, member_id = await read_role_fields(here.session, form)
    async with form.submitted(lambda: _change_page(here, form), fields={"email": "role"}, conflict="role"):
        await change_role(here.session, here.caller, here.person.id, here.role.id, role, member_id, here.now)
    return here.redirect(done="Le rôle est changé.")


@get(f"{ROLE}/retrait", right=Right.MANAGE_MEMBERS)
async def ask_end(here: Here[RolePage]) -> Response[str]:
    return await _end_page(here, Form())


async def _end_page(here: RolePage, form: Form) -> Response[str]:
    return here.ask(
        "Retirer un rôle",
        form=form,
        question=f"Retirer ce rôle à {here.person.name} ?",
        consequences=await _consequences(here),
        action=f"/roles/{here.role.id}/retrait",
        label="Retirer le rôle",
    )


async def _consequences(here: RolePage) -> list[str]:
    person, role = here.person, here.role
    of_what = f" – {role.of_what}" if role.of_what else ""
    told = [f"{person.name} n’a plus le rôle « {role.word}{of_what} », dès maintenant."]
    if len(person.roles) == 1:
        told.append("C’est son seul rôle dans le groupe : cette personne n’y entrera plus.")
    if person.id == here.caller.person_id:
        told.append("C’est votre propre rôle : vous perdez vous-même cet accès.")
    told += await here.features.on_leaving(here.session, here.caller, here.group, person, role, here.now)
    return [*told, "Ce que cette personne a fait reste au journal."]


@post(f"{ROLE}/retrait", right=Right.MANAGE_MEMBERS)
async def do_end(here: Here[RolePage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _end_page(here, form), conflict=""):
        await end_role(here.session, here.caller, here.person.id, here.role.id, here.now)
    if here.person.id == here.caller.person_id:
        return redirect(here.request, "/", done="Votre rôle est retiré.")
    done = "Le rôle est retiré."
    return here.redirect(done=done) if len(here.person.roles) > 1 else here.to_group("/personnes", done=done)


ROUTES = [ask_change, do_change, ask_end, do_end]
