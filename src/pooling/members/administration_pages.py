"""The administrator of the installation: groups, made, renamed and archived; what its pages share with those of other
features. For anybody else, no such pages.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sent_forms import taken_once
from pooling.accounts.sessions import SignedIn
from pooling.kernel.errors import NotFound
from pooling.members.entrance import administrator
from pooling.members.features import features_of
from pooling.members.groups import (
    GroupLine,
    archive_group,
    create_group,
    groups_with_sizes,
    rename_group,
    reopen_group,
)
from pooling.members.inviting import InvitationIn, give_roles
from pooling.members.mails import Sender
from pooling.members.modelling import read_model
from pooling.members.models import Group, Role
from pooling.members.page_parts import NAME_NEEDED
from pooling.members.rights import Right
from pooling.reminders.kinds import Context
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

BASE = "/administration/groupes"
_LONGEST_SLUG = 200
NAME_OF_GROUP = "Donnez un nom au groupe."


async def _groups(request: Request[Any, Any, Any]) -> list[GroupLine]:
    async with services_of(request).database.transaction() as session:
        return await groups_with_sizes(session)


async def _group(request: Request[Any, Any, Any], slug: str) -> GroupLine:
    found = next((group for group in await _groups(request) if group.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def _crumbs(*labels: str) -> list[Link]:
    return [Link("Vos groupes", "/"), Link("Groupes de la plateforme", BASE if labels else None)] + [
        Link(label, None) for label in labels
    ]


def administration_tabs(request: Request[Any, Any, Any], path: str) -> list[Link]:
    """What an administrator does here, of all features."""
    return [replace(link, current=link.url == path) for link in features_of(request).administration]


@get(BASE, right=Right.ADMINISTER)
async def list_groups(request: Request[Any, Any, Any]) -> Response[str]:
    administrator(request)
    return render(
        request,
        "members/groups.html",
        breadcrumb=_crumbs(),
        tabs=administration_tabs(request, BASE),
        groups=await _groups(request),
        base=BASE,
        zone=services_of(request).settings.zone,
    )


@get(f"{BASE}/nouveau", right=Right.ADMINISTER)
async def ask_group(request: Request[Any, Any, Any]) -> Response[str]:
    administrator(request)
    return await _creation_page(request, Form())


async def _creation_page(request: Request[Any, Any, Any], form: Form) -> Response[str]:
    return render(
        request,
        "members/group_creation.html",
        breadcrumb=_crumbs("Créer un groupe"),
        form=form,
        base=BASE,
        models=[(group.slug, group.name) for group in await _groups(request)],
    )


@post(f"{BASE}/nouveau", right=Right.ADMINISTER)
async def do_group(request: Request[Any, Any, Any], form: PostedForm) -> Response[Any]:
    """The group with its first facilitator, who is told by mail."""
    person = administrator(request)
    name = form.text("name", required=NAME_OF_GROUP, longest=120)
    email = form.email("email")
    facilitator = form.text("facilitator", required=NAME_NEEDED)
    model = form.text("model", longest=_LONGEST_SLUG)
    if model and model not in {group.slug for group in await _groups(request)}:
        form.refuse("model", "Choisissez un groupe de la liste.")
    with_members = form.value("with_members") == "1"
    if with_members and not model:
        form.refuse("with_members", "Choisissez le groupe dont les membres sont repris.")
    async with form.submitted(lambda: _creation_page(request, form), conflict="name"), taken_once(request) as session:
        first = InvitationIn(email, facilitator, Role.FACILITATOR)
        await _create(request, session, person, name, first, model, with_members=with_members)
        return redirect(request, BASE, done="Le groupe est créé", mailed=f"un courriel part à {email}")


async def _create(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    person: SignedIn,
    name: str,
    first: InvitationIn,
    after: str,
    *,
    with_members: bool,
) -> None:
    """`after`: the address of the group that it is made after; empty: of none."""
    services = services_of(request)
    now, zone = services.clock.now(), services.settings.timezone
    model = None
    if after:
        model = await read_model(session, after, features_of(request).group_copies, with_members=with_members)
        zone = model.settings.timezone
    group_id = await create_group(session, name=name, now=now, timezone=zone, created_by=person.person_id)
    if model is not None:
        group = await session.get(Group, group_id)
        assert group is not None, "it was made"
        await model.paste(session, group, now)
    slug = next(group.slug for group in await groups_with_sizes(session) if group.id == group_id)
    context = Context(group_id, slug, name, ZoneInfo(zone), False, services.settings.base_url, now)
    await give_roles(session, person.person_id, [first], Sender(person.name, person.email), context)


@get(f"{BASE}/{{slug:str}}/nom", right=Right.ADMINISTER)
async def ask_name(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
    administrator(request)
    group = await _group(request, slug)
    return await _name_page(request, group, form_of({"name": group.name}))


async def _name_page(request: Request[Any, Any, Any], group: GroupLine, form: Form) -> Response[str]:
    return render(
        request,
        "members/group_name.html",
        breadcrumb=_crumbs(f"Renommer « {group.name} »"),
        form=form,
        group=group,
        base=BASE,
    )


@post(f"{BASE}/{{slug:str}}/nom", right=Right.ADMINISTER)
async def do_name(request: Request[Any, Any, Any], form: PostedForm, slug: FromPath[str]) -> Response[Any]:
    person = administrator(request)
    name = form.text("name", required=NAME_OF_GROUP, longest=120)
    group, services = await _group(request, slug), services_of(request)
    async with form.submitted(lambda: _name_page(request, group, form)), services.database.transaction() as session:
        await rename_group(session, slug, name, person.person_id, services.clock.now())
    return redirect(request, BASE, done="Le groupe est renommé ; son adresse ne change pas.")


@dataclass(frozen=True)
class _Step:
    """Archiving or reopening, as its page asks it and as it is done."""

    question: str
    consequences: tuple[str, ...]
    label: str
    done: str
    use_case: Callable[[AsyncSession, str, int | None, datetime], Awaitable[None]]
    danger: bool = False


STEPS = {
    "archivage": _Step(
        "Archiver le groupe « {} » ?",
        (
            "Plus personne n’entre dans le groupe, et aucun courriel n’en part.",
            "Rien n’est effacé : vous pourrez le rouvrir, tel qu’il est.",
        ),
        "Archiver le groupe",
        "Le groupe est archivé.",
        archive_group,
        danger=True,
    ),
    "reouverture": _Step(
        "Rouvrir le groupe « {} » ?",
        (
            "Les personnes qui y ont un rôle y entrent de nouveau.",
            "Ce qui est arrivé à échéance entre-temps est traité : collectes à clore, rappels encore utiles.",
        ),
        "Rouvrir le groupe",
        "Le groupe est rouvert.",
        reopen_group,
    ),
}


@get(f"{BASE}/{{slug:str}}/{{step:str}}", right=Right.ADMINISTER)
async def ask_step(request: Request[Any, Any, Any], slug: FromPath[str], step: FromPath[str]) -> Response[str]:
    administrator(request)
    asked = _step(step)
    group = await _group(request, slug)
    return render(
        request,
        "confirm_page.html",
        breadcrumb=_crumbs(asked.label),
        question=asked.question.format(group.name),
        consequences=asked.consequences,
        action_url=f"{BASE}/{slug}/{step}",
        action_label=asked.label,
        cancel_url=BASE,
        danger=asked.danger,
    )


def _step(name: str) -> _Step:
    if name not in STEPS:
        raise NotFound
    return STEPS[name]


@post(f"{BASE}/{{slug:str}}/{{step:str}}", right=Right.ADMINISTER)
async def do_step(
    request: Request[Any, Any, Any],
    form: PostedForm,  # noqa: ARG001 - read for its token
    slug: FromPath[str],
    step: FromPath[str],
) -> Response[Any]:
    person = administrator(request)
    asked, services = _step(step), services_of(request)
    async with taken_once(request) as session:
        await asked.use_case(session, slug, person.person_id, services.clock.now())
        return redirect(request, BASE, done=asked.done)


ROUTES = [list_groups, ask_group, do_group, ask_name, do_name, ask_step, do_step]
