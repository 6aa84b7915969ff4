"""Inviting one person, or a pasted list."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.kernel.errors import Invalid
from pooling.kernel.list_reading import BadLine
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.inviting import InvitationIn, invite_people
from pooling.members.page_parts import (
    NAME_NEEDED,
    context_of,
    crumbs,
    member_suggestions,
    read_role_fields,
    sender_of,
)
from pooling.members.people_list import read_people
from pooling.members.rights import Right
from pooling.members.words import ROLE_CHOICES
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render
from pooling.web.typography import plural

LONGEST_LIST = 200_000


@get("/personnes/invitation", right=Right.MANAGE_MEMBERS)
async def ask_invitation(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    membre: FromQuery[str] = "",
    courriel: FromQuery[str] = "",
    nom: FromQuery[str] = "",
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    form = form_of({"member": membre[:200], "email": courriel[:200], "name": nom[:200]})
    return await _invitation_page(request, session, entered_group, form)


async def _invitation_page(
    request: Request[Any, Any, Any], session: AsyncSession, group: EnteredGroup, form: Form
) -> Response[str]:
    return render(
        request,
        "members/invitation.html",
        breadcrumb=crumbs(group, ("Membres", "/membres"), ("Personnes", "/personnes"), ("Inviter", None)),
        form=form,
        choices=ROLE_CHOICES,
        suggestions=await member_suggestions(session),
        url=f"/g/{group.slug}/personnes",
    )


@post("/personnes/invitation", right=Right.MANAGE_MEMBERS)
async def do_invitation(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    email, name = form.email("email"), form.text("name", required=NAME_NEEDED)
    function = form.text("function")
    role, member_id = await read_role_fields(session, form)
    if not form.has_errors:
        with form.redisplayed():
            one = InvitationIn(email, name, role, function, member_id)
            await invite_people(session, caller, [one], sender_of(request), context_of(request, entered_group))
    if form.has_errors:
        raise Redisplay(await _invitation_page(request, session, entered_group, form))
    return redirect(
        request,
        f"/g/{entered_group.slug}/personnes",
        done=f"{name} a maintenant ce rôle",
        mailed=f"un courriel part à {email}",
    )


@get("/personnes/liste", right=Right.MANAGE_MEMBERS)
async def ask_list(
    request: Request[Any, Any, Any],
    session: SessionHere,  # noqa: ARG001 - every page of a group opens it
    caller: CallerHere,
    entered_group: EnteredGroupHere,
) -> Response[str]:
    caller.require(Right.MANAGE_MEMBERS)
    return _list_page(request, entered_group, Form(), [])


def _list_page(request: Request[Any, Any, Any], group: EnteredGroup, form: Form, bad: list[BadLine]) -> Response[str]:
    return render(
        request,
        "members/invitation_list.html",
        breadcrumb=crumbs(group, ("Membres", "/membres"), ("Personnes", "/personnes"), ("Inviter une liste", None)),
        form=form,
        bad=bad,
        url=f"/g/{group.slug}/personnes",
    )


@post("/personnes/liste", right=Right.MANAGE_MEMBERS, **LONG_FORM)
async def do_list(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    """All of the list, or nothing of it."""
    form.lines("liste", required="Collez au moins une ligne.", longest=LONGEST_LIST)
    people, bad = await read_people(session, form.value("liste")[:LONGEST_LIST])
    if bad:
        form.refuse("liste", f"{plural(len(bad), 'ligne est', 'lignes sont')} à corriger : personne n’a été invité.")
    if not form.has_errors:
        try:
            await invite_people(session, caller, people, sender_of(request), context_of(request, entered_group))
        except Invalid as invalid:
            form.refuse("liste", " ".join(invalid.errors.values()))
    if form.has_errors:
        raise Redisplay(_list_page(request, entered_group, form, bad))
    return redirect(
        request,
        f"/g/{entered_group.slug}/personnes",
        done=plural(len(people), "personne invitée", "personnes invitées"),
        mailed="un courriel part à chacune",
    )


ROUTES = [ask_invitation, do_invitation, ask_list, do_list]
