"""What members become, as somebody names it: a member, an authority of the directory, or what is typed."""

from datetime import date

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.directory.joining import member_of
from pooling.directory.queries import current_year, find_authorities
from pooling.kernel.errors import Invalid
from pooling.kernel.list_reading import without_blanks
from pooling.members.adding import MemberIn, UnitIn
from pooling.members.changing import member_by_code
from pooling.members.merging import MergeIn
from pooling.members.models import Member, MemberKind
from pooling.web.faults import sentences_of

NAME_IT = "L’annuaire ne connaît pas ce SIREN : donnez le nom de ce que ces membres deviennent."
NOT_LISTED = "L’annuaire ne connaît pas ce SIREN : choisissez l’addition des populations."


async def merge_named(
    session: AsyncSession, members: list[str], becomes: str, name: str, on: date, reason: str, *, listed: bool
) -> MergeIn:
    """The command for a merge. `becomes` is the code of a member, or of what is to be added: from the directory
    where it has it, under this name otherwise. `listed`: its population is the directory's.

    Raises:
        NotFound: the first of the members is none.
        Invalid: the new one has no name, or is not in the directory.
    """
    code = without_blanks(becomes)
    known = (await find_authorities(session, [code])).get(code)
    year = await current_year(session)
    if listed and known is None:
        raise Invalid({"population": NOT_LISTED})
    present = await session.scalar(select(col(Member.id)).where(col(Member.code) == code))
    new: MemberIn | UnitIn | None = None
    if present is None and known is not None:
        new = member_of(known, year)
    elif present is None:
        new = await _typed(session, members, code, name)
    return MergeIn(
        members=members,
        becomes=code,
        on=on,
        reason=reason,
        new=new,
        listed=(known.population, year) if known is not None and listed else None,
    )


async def _typed(session: AsyncSession, members: list[str], code: str, name: str) -> MemberIn | UnitIn:
    """One like the first of those that become it."""
    if not members:
        raise Invalid({"members": "Indiquez au moins deux membres différents."})
    first = await member_by_code(session, members[0])
    if not name:
        raise Invalid({"name": NAME_IT})
    try:
        if first.kind == MemberKind.LEGAL_ENTITY:
            return MemberIn(code=code, name=name, category=first.category)
        parent = await session.get_one(Member, (first.group_id, first.parent_id))
        return UnitIn(code=code, parent=parent.code, name=name, category=first.category)
    except ValidationError as wrong:
        raise Invalid(sentences_of(wrong)) from wrong
