"""What the pages about people share: who writes and for which group, a role with its member, the sections."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.sessions import EnteredGroup
from pooling.accounts.who import signed_in
from pooling.members.features import Section, Tab
from pooling.members.mails import Sender
from pooling.members.models import Member, Role
from pooling.members.people_list import find_members
from pooling.members.rights import Caller, Right
from pooling.members.words import OF_MEMBER, ROLE_CHOICES
from pooling.reminders.kinds import Context
from pooling.web.forms import Form
from pooling.web.layout import Link
from pooling.web.services import services_of

SUGGESTED_AT_MOST = 300
GIVEN_HERE = frozenset(value for value, _, _ in ROLE_CHOICES)
NAME_NEEDED = "Indiquez le prénom et le nom."

SECTIONS: Sequence[Section] = (
    Section("Membres", "/membres", Right.SEE_GROUP, under="/membres"),
    Section("Personnes", "/personnes", Right.MANAGE_MEMBERS, under="/membres"),
    Section("Demandes d’accès", "/demandes", Right.MANAGE_MEMBERS, under="/membres"),
    Section("Réglages du groupe", "/reglages", Right.MANAGE_GROUP, under="/membres"),
)


def section_links(sections: Sequence[Tab], caller: Caller, group: EnteredGroup, here: str) -> list[Link]:
    """Of these pages (their paths from the group on), those that the caller may see; `here` is the one shown."""
    return [
        Link(tab.label, f"/g/{group.slug}{tab.path}", tab.path == here)
        for tab in sections
        if caller.may_somewhere(tab.right)
    ]


def sections(caller: Caller, group: EnteredGroup, here: str) -> list[Link]:
    """The pages about the group itself; none of them for who has only the list of members."""
    links = section_links(SECTIONS, caller, group, here)
    return links if len(links) > 1 else []


def crumbs(group: EnteredGroup, *entries: tuple[str, str | None]) -> list[Link]:
    base = f"/g/{group.slug}"
    return [Link("À faire", base), *(Link(label, base + path if path else None) for label, path in entries)]


def sender_of(request: Request[Any, Any, Any]) -> Sender:
    person = signed_in(request)
    return Sender(person.name, person.email)


def context_of(request: Request[Any, Any, Any], group: EnteredGroup) -> Context:
    return Context(
        group_id=group.id,
        slug=group.slug,
        group_name=group.name,
        zone=ZoneInfo(group.timezone),
        fictional=group.fictional,
        base_url=services_of(request).settings.base_url,
        now=services_of(request).clock.now(),
    )


async def member_suggestions(session: AsyncSession) -> list[str]:
    """Members to choose from while typing, as `find_members` reads them back. Others may be typed all the same."""
    rows = await session.execute(
        select(col(Member.name), col(Member.code))
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(SUGGESTED_AT_MOST)
    )
    return [member_suggestion(name, code) for name, code in rows]


def member_suggestion(name: str, code: str) -> str:
    return f"{name} ({code})"


async def read_role_fields(session: AsyncSession, form: Form) -> tuple[Role, int | None]:
    """The role chosen and the member it is for; refuses in the form what does not go together."""
    typed = form.text("member")
    if form.choice("role", sorted(GIVEN_HERE)) not in GIVEN_HERE:
        refusal = (await find_members(session, [typed])).refusal(typed) if typed else None
        if refusal is not None:
            form.refuse("member", f"{refusal[0].upper()}{refusal[1:]}.")
        return Role.READER, None
    role = Role(form.value("role"))
    if role not in OF_MEMBER:
        if typed:
            form.refuse("member", "Laissez ce champ vide : ce rôle est celui du groupe entier.")
        return role, None
    members = await find_members(session, [typed])
    refusal = members.refusal(typed)
    if refusal is not None:
        form.refuse("member", f"{refusal[0].upper()}{refusal[1:]}.")
    return role, members.found.get(typed)
