"""Inviting one person, or a pasted list."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.kernel.list_reading import BadLine
from pooling.members.group_page import GroupPage, Here
from pooling.members.inviting import InvitationIn, invite_people
from pooling.members.page_parts import NAME_NEEDED, member_suggestions, read_role_fields
from pooling.members.people_list import read_people
from pooling.members.rights import Right
from pooling.members.words import ROLE_CHOICES
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import plural

PEOPLE = "/personnes"
ONE, LIST = f"{PEOPLE}/invitation", f"{PEOPLE}/liste"
LONGEST_LIST = 200_000


@get(ONE, right=Right.MANAGE_MEMBERS)
async def ask_invitation(
    here: Here[GroupPage],
    membre: FromQuery[str] = "",
    courriel: FromQuery[str] = "",
    nom: FromQuery[str] = "",
) -> Response[str]:
    form = form_of({"member": membre[:200], "email": courriel[:200], "name": nom[:200]})
    return await _invitation_page(here, form)


async def _invitation_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "members/invitation.html",
        ("Membres", "/membres"),
        ("Personnes", PEOPLE),
        "Inviter",
        form=form,
        choices=ROLE_CHOICES,
        suggestions=await member_suggestions(here.session),
        url=here.url + PEOPLE,
    )


@post(ONE, right=Right.MANAGE_MEMBERS)
async def do_invitation(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    email, name = form.email("email"), form.text("name", required=NAME_NEEDED)
    function = form.text("function")
    role, member_id = await read_role_fields(here.session, form)
    async with form.submitted(lambda: _invitation_page(here, form)):
        one = InvitationIn(email, name, role, function, member_id)
        await invite_people(here.session, here.caller, [one], here.sender, here.context)
    return here.redirect(PEOPLE, done=f"{name} a maintenant ce rôle", mailed=f"un courriel part à {email}")


@get(LIST, right=Right.MANAGE_MEMBERS)
async def ask_list(here: Here[GroupPage]) -> Response[str]:
    return await _list_page(here, Form(), [])


async def _list_page(here: GroupPage, form: Form, bad: list[BadLine]) -> Response[str]:
    return here.render(
        "members/invitation_list.html",
        ("Membres", "/membres"),
        ("Personnes", PEOPLE),
        "Inviter une liste",
        form=form,
        bad=bad,
        url=here.url + PEOPLE,
    )


@post(LIST, right=Right.MANAGE_MEMBERS, **LONG_FORM)
async def do_list(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    """All of the list, or nothing of it."""
    form.lines("liste", required="Collez au moins une ligne.", longest=LONGEST_LIST)
    people, bad = await read_people(here.session, form.value("liste")[:LONGEST_LIST])
    if bad:
        form.refuse("liste", f"{plural(len(bad), 'ligne est', 'lignes sont')} à corriger : personne n’a été invité.")
    async with form.submitted(lambda: _list_page(here, form, bad), fields={"email": "liste", "member": "liste"}):
        await invite_people(here.session, here.caller, people, here.sender, here.context)
    done = plural(len(people), "personne invitée", "personnes invitées")
    return here.redirect(PEOPLE, done=done, mailed="un courriel part à chacune")


ROUTES = [ask_invitation, do_invitation, ask_list, do_list]
