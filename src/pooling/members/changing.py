"""Correcting what is known of members: one at a time, or many as a list or the directory has them."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.changes import changing
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_events
from pooling.kernel.tables import any_of
from pooling.kernel.text import Line, sort_key
from pooling.members.adding import INSEE, LARGEST_HEADCOUNT, LARGEST_POPULATION, LONGEST_CATEGORY, LONGEST_NAME
from pooling.members.locking import lock_group
from pooling.members.models import Member
from pooling.members.rights import Caller, Right

FACTS: Mapping[str, str] = {
    "name": "text",
    "category": "text",
    "insee": "text",
    "population": "integer",
    "population_year": "integer",
    "agents": "integer",
}
"""What may be corrected, each with its type in the database."""
_WRITTEN = {**FACTS, "sort_key": "text"}
_CHANGE = f"""
UPDATE members m SET {", ".join(f"{name} = c.{name}" for name in _WRITTEN)}
FROM unnest(CAST(:ids AS bigint[]), {", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _WRITTEN.items())})
    AS c(id, {", ".join(_WRITTEN)})
WHERE m.group_id = :the_group AND m.id = c.id"""  # noqa: S608 - names of columns, not input


class MemberFacts(BaseModel):
    """A member as it is to be known. Its SIREN or code stays: with another one it is another member."""

    model_config = ConfigDict(frozen=True)

    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    category: Line = Field(default="", max_length=LONGEST_CATEGORY)
    insee: str | None = Field(default=None, pattern=INSEE)
    population: int | None = Field(default=None, ge=0, le=LARGEST_POPULATION)
    agents: int | None = Field(default=None, ge=0, le=LARGEST_HEADCOUNT)


class CorrectedMeanwhile(Conflict):
    code = "corrected_meanwhile"

    def __init__(self) -> None:
        super().__init__(
            "Quelqu’un a corrigé ce membre entre-temps\u00a0: vérifiez ce que vous avez tapé, puis confirmez."
        )


def facts_of(member: Member) -> dict[str, Any]:
    return {name: getattr(member, name) for name in FACTS}


def mark_of(member: Member) -> str:
    """What a form was filled from, to tell whether it still is so."""
    return sha256(json.dumps(facts_of(member)).encode()).hexdigest()[:16]


async def member_by_code(session: AsyncSession, code: str) -> Member:
    """The group's member with this SIREN or code.

    Raises:
        NotFound: there is none.
    """
    member = (await session.execute(select(Member).where(col(Member.code) == code))).scalar_one_or_none()
    if member is None:
        raise NotFound
    return member


async def correct_member(
    session: AsyncSession, caller: Caller, code: str, facts: MemberFacts, now: datetime, *, seen: str | None = None
) -> Member:
    """Makes these the facts of a member. A population that is typed is of no edition of the directory any more. Key
    values that purchases froze stay as they were.

    Raises:
        Forbidden: the caller does not manage members.
        NotFound: there is no such member.
        CorrectedMeanwhile: it is no longer as it was `seen`.
    """
    caller.require(Right.MANAGE_MEMBERS)
    return await correct(session, code, facts, now, by=caller.person_id, seen=seen)


async def correct(
    session: AsyncSession, code: str, facts: MemberFacts, now: datetime, *, by: int | None, seen: str | None = None
) -> Member:
    """The same for a command."""
    await lock_group(session)
    member = await member_by_code(session, code)
    await session.refresh(member)  # as it is under the lock
    if seen is not None and seen != mark_of(member):
        raise CorrectedMeanwhile
    wanted = facts.model_dump()
    if wanted["population"] != member.population:
        wanted["population_year"] = None
    await change_members(session, {member.id: wanted}, now, by=by)
    await session.refresh(member)
    return member


async def change_members(
    session: AsyncSession, wanted: Mapping[int, Mapping[str, Any]], now: datetime, *, by: int | None
) -> int:
    """Writes facts of any number of members, by their ids, in a group that is locked; gives how many differed. Those
    that do not are left alone; each that does has its event, with what was and what is.
    """
    rows = await session.execute(
        select(col(Member.id), *(getattr(Member, name) for name in FACTS)).where(any_of(col(Member.id), wanted.keys()))
    )
    after: dict[int, dict[str, Any]] = {}
    told: dict[int, dict[str, Any]] = {}
    for member_id, *values in rows:
        before = dict(zip(FACTS, values, strict=True))
        now_known = {**before, **wanted[member_id]}
        differing = [name for name in FACTS if before[name] != now_known[name]]
        if differing:
            after[member_id] = now_known
            told[member_id] = {
                "before": {name: before[name] for name in differing},
                "after": {name: now_known[name] for name in differing},
            }
    if not after:
        return 0
    columns: dict[str, Any] = {name: [one[name] for one in after.values()] for name in FACTS}
    columns["sort_key"] = [sort_key(one["name"]) for one in after.values()]
    told_of: dict[str, Any] = {"the_group": group_of(session), "ids": list(after), **columns}
    await session.execute(text(_CHANGE), told_of, execution_options=changing(members=list(after)))
    await record_events(session, at=now, person_id=by, kind="member", name="member.corrected", each=told)
    return len(after)
