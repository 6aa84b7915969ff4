"""Groups, members and memberships: adding them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from stdnum.exceptions import ValidationError
from stdnum.fr import siren

from pooling.kernel.database import insert_many
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.text import Line, sort_key
from pooling.members.models import Budget, Member, MemberKind

LONGEST_NAME, LONGEST_CATEGORY, LONGEST_CODE = 200, 100, 40
INSEE = r"^(\d{2}|2[AB])\d{3}$"
LARGEST_POPULATION, LARGEST_HEADCOUNT = 100_000_000, 10_000_000


class MemberIn(BaseModel):
    """A legal entity to add. `code` is its SIREN."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str
    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    category: Line = Field(default="", max_length=LONGEST_CATEGORY)
    insee: str | None = Field(default=None, pattern=INSEE)
    population: int | None = Field(default=None, ge=0, le=LARGEST_POPULATION)
    population_year: int | None = None
    agents: int | None = Field(default=None, ge=0, le=LARGEST_HEADCOUNT)
    parent: None = None
    budgets: dict[str, Line] = {}

    @property
    def kind(self) -> MemberKind:
        return MemberKind.LEGAL_ENTITY

    @field_validator("code")
    @classmethod
    def _is_siren(cls, value: str) -> str:
        try:
            kept: str = siren.validate(value)  # without blanks of any kind, and dots
        except ValidationError:
            raise ValueError(f"« {value} » n’est pas un numéro SIREN (neuf chiffres dont une clé)") from None
        return kept


class UnitIn(BaseModel):
    """A component of a legal entity, with budgets of its own."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    parent: str
    name: Line = Field(min_length=1, max_length=LONGEST_NAME)
    category: Line = Field(default="composante", max_length=LONGEST_CATEGORY)
    insee: None = None
    population: int | None = Field(default=None, ge=0, le=LARGEST_POPULATION)
    population_year: None = None
    agents: int | None = Field(default=None, ge=0, le=LARGEST_HEADCOUNT)
    budgets: dict[str, Line] = {}

    @property
    def kind(self) -> MemberKind:
        return MemberKind.INTERNAL_UNIT


async def add_members(session: AsyncSession, members: Sequence[MemberIn | UnitIn], now: datetime) -> dict[str, int]:
    """Adds legal entities, then units; returns the ids of the group's members by code.

    Raises:
        Conflict: a code is already taken.
        Invalid: a unit's parent is not a member.
    """
    present = await members_by_code(session)
    taken = {member.code for member in members} & (await members_by_code(session, with_retired=True)).keys()
    if taken:
        raise Conflict(_taken(sorted(taken), present), code="member_exists")
    await _insert(session, [member for member in members if isinstance(member, MemberIn)], present, now)
    present = await members_by_code(session)
    orphans = [unit.code for unit in members if isinstance(unit, UnitIn) and unit.parent not in present]
    if orphans:
        raise Invalid({"parent": f"Établissement de rattachement inconnu pour : {enumerated(orphans)}."})
    await _insert(session, [unit for unit in members if isinstance(unit, UnitIn)], present, now)
    present = await members_by_code(session)
    await insert_many(
        session,
        Budget,
        [
            {"member_id": present[member.code], "code": code, "label": label}
            for member in members
            for code, label in member.budgets.items()
        ],
    )
    return present


def _taken(codes: Sequence[str], present: Mapping[str, int]) -> str:
    left = [code for code in codes if code not in present]
    if left:
        return f"A quitté le groupe : {enumerated(left)}. Reprenez-le à sa page, dans « Membres », « Partis »."
    return f"Déjà membre du groupe : {enumerated(codes)}."


async def _insert(
    session: AsyncSession, members: Sequence[MemberIn | UnitIn], present: dict[str, int], now: datetime
) -> None:
    await insert_many(
        session,
        Member,
        [
            {
                "kind": str(member.kind),
                "code": member.code,
                "name": member.name,
                "sort_key": sort_key(member.name),
                "parent_id": present[member.parent] if member.parent else None,
                "category": member.category,
                "insee": member.insee,
                "population": member.population,
                "population_year": member.population_year,
                "agents": member.agents,
                "created_at": now,
            }
            for member in members
        ],
    )


async def members_by_code(session: AsyncSession, *, with_retired: bool = False) -> dict[str, int]:
    """The ids of the group's members; `with_retired` also of those that left it."""
    statement = select(col(Member.code), col(Member.id))
    if not with_retired:
        statement = statement.where(col(Member.retired_on).is_(None))
    return {code: member_id for code, member_id in await session.execute(statement)}
