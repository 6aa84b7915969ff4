"""Authorities of the directory become members of a group, with what the directory knows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.directory.queries import AuthorityShown, current_year, find_authorities
from pooling.kernel.errors import Invalid, enumerated
from pooling.kernel.tables import any_of
from pooling.members.adding import MemberIn
from pooling.members.admission import admit_members
from pooling.members.locking import lock_group
from pooling.members.models import Member
from pooling.members.rights import Caller, Right

PRESENT, LEFT = "est déjà membre du groupe", "a quitté le groupe"


@dataclass(frozen=True)
class Joined:
    added: Sequence[AuthorityShown]
    present: Sequence[AuthorityShown]
    """Those that were members already: asked for twice, or by two people at once."""
    left: Sequence[AuthorityShown]
    """Those that were, and left the group: they are taken back, each with a word of its own."""


async def join_authorities(session: AsyncSession, caller: Caller, sirens: Sequence[str], now: datetime) -> Joined:
    """Adds those of these authorities that are no members yet.

    Raises:
        Forbidden: the caller does not manage members.
        Invalid: the directory does not have one of them.
    """
    caller.require(Right.MANAGE_MEMBERS)
    await lock_group(session)
    return await join_all(session, sirens, now, by=caller.person_id)


async def join_all(session: AsyncSession, sirens: Sequence[str], now: datetime, *, by: int | None) -> Joined:
    """The same, in a group that is locked."""
    found = await find_authorities(session, sirens)
    unknown = [siren for siren in sirens if siren not in found]
    if unknown:
        raise Invalid({"sirens": f"L’annuaire ne connaît pas {enumerated(unknown)}."})
    year = await current_year(session)
    present = await members_among(session, found)
    joining = [one for siren, one in found.items() if siren not in present]
    await admit_members(session, [member_of(one, year) for one in joining], now, by=by)
    there, left = ([one for siren, one in found.items() if present.get(siren) == word] for word in (PRESENT, LEFT))
    return Joined(joining, there, left)


async def members_among(session: AsyncSession, sirens: Sequence[str] | dict[str, AuthorityShown]) -> dict[str, str]:
    """Those of these SIRENs that the group knows, with what they are to it."""
    rows = await session.execute(
        select(col(Member.code), col(Member.retired_on)).where(any_of(col(Member.code), list(sirens)))
    )
    return {code: PRESENT if retired_on is None else LEFT for code, retired_on in rows}


def member_of(authority: AuthorityShown, year: int | None) -> MemberIn:
    """What a member is called and known by, as the directory has it: nothing to check again."""
    return MemberIn.model_construct(
        code=authority.siren,
        name=authority.name,
        category=authority.kind_word,
        insee=authority.insee,
        population=authority.population,
        population_year=year,
        agents=None,
        parent=None,
        budgets={},
    )
