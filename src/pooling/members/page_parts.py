"""What the pages about people share: a role with its member."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.members.models import Member, Role
from pooling.members.people_list import find_members
from pooling.members.words import OF_MEMBER, ROLE_CHOICES
from pooling.web.forms import Form

SUGGESTED_AT_MOST = 300
GIVEN_HERE = frozenset(value for value, _, _ in ROLE_CHOICES)
NAME_NEEDED = "Indiquez le prénom et le nom."


async def member_suggestions(session: AsyncSession) -> list[str]:
    """Members to choose from while typing, as `find_members` reads them back. Others may be typed all the same."""
    rows = await session.execute(
        select(col(Member.name), col(Member.code))
        .where(col(Member.retired_on).is_(None))
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
