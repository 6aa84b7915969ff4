"""Groups, members and memberships: adding them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col
from stdnum.fr import siren

from pooling.kernel.database import enter_group, group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.text import Line, one_line, slug, sort_key
from pooling.members.models import Budget, Group, Member, MemberKind, Membership, Role


class MemberIn(BaseModel):
    """A legal entity to add. `code` is its SIREN."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str
    name: Line = Field(min_length=1, max_length=200)
    category: Line = ""
    insee: str | None = Field(default=None, pattern=r"^(\d{2}|2[AB])\d{3}$")
    population: int | None = Field(default=None, ge=0, le=100_000_000)
    agents: int | None = Field(default=None, ge=0, le=10_000_000)
    parent: None = None
    budgets: dict[str, Line] = {}

    @field_validator("code")
    @classmethod
    def _is_siren(cls, value: str) -> str:
        compact = value.replace(" ", "")
        if not siren.is_valid(compact):
            raise ValueError(f"« {value} » n’est pas un numéro SIREN (neuf chiffres dont une clé)")
        return compact


class UnitIn(BaseModel):
    """A component of a legal entity, with budgets of its own."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    code: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    parent: str
    name: Line = Field(min_length=1, max_length=200)
    category: Line = "composante"
    insee: None = None
    population: int | None = Field(default=None, ge=0)
    agents: int | None = Field(default=None, ge=0, le=10_000_000)
    budgets: dict[str, Line] = {}


async def create_group(
    session: AsyncSession,
    *,
    name: str,
    now: datetime,
    timezone: str = "Europe/Paris",
    fictional: bool = False,
    created_by: int | None = None,
) -> int:
    """A new working group; the transaction goes on inside it. Returns its id.

    Raises:
        Invalid: the name makes no address.
        Conflict: a group already has this address.
    """
    address = slug(name)
    if not address:
        raise Invalid({"name": "Donnez au groupe un nom avec des lettres."})
    taken = await session.execute(text("SELECT 1 FROM group_by_slug(:slug)"), {"slug": address})
    if taken.first():
        raise Conflict(f"Un groupe porte déjà l’adresse « {address} ».", code="group_exists")
    group_id: int = (await session.execute(text("SELECT nextval(pg_get_serial_sequence('groups', 'id'))"))).scalar_one()
    await enter_group(session, group_id)
    session.add(
        Group(
            id=group_id,
            slug=address,
            name=one_line(name),
            timezone=timezone,
            fictional=fictional,
            created_at=now,
        )
    )
    await session.flush()
    record_event(session, at=now, person_id=created_by, subject=("group", group_id), name="group.created")
    return group_id


async def add_members(session: AsyncSession, members: Sequence[MemberIn | UnitIn], now: datetime) -> dict[str, int]:
    """Adds legal entities, then units; returns the ids of all the group's members by code.

    Raises:
        Conflict: a code is already taken.
        Invalid: a unit's parent is not a member.
    """
    present = await members_by_code(session)
    taken = sorted({member.code for member in members} & set(present))
    if taken:
        raise Conflict(f"Déjà membre du groupe : {enumerated(taken)}.", code="member_exists")
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


async def _insert(
    session: AsyncSession, members: Sequence[MemberIn | UnitIn], present: dict[str, int], now: datetime
) -> None:
    await insert_many(
        session,
        Member,
        [
            {
                "kind": str(MemberKind.INTERNAL_UNIT if member.parent else MemberKind.LEGAL_ENTITY),
                "code": member.code,
                "name": member.name,
                "sort_key": sort_key(member.name),
                "parent_id": present[member.parent] if member.parent else None,
                "category": member.category,
                "insee": member.insee,
                "population": member.population,
                "agents": member.agents,
                "created_at": now,
            }
            for member in members
        ],
    )


async def members_by_code(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(select(col(Member.code), col(Member.id)))
    return {code: member_id for code, member_id in rows}


async def grant(
    session: AsyncSession,
    person_id: int,
    role: Role,
    now: datetime,
    *,
    member_id: int | None = None,
    purchase_id: int | None = None,
    granted_by: int | None = None,
) -> None:
    """Gives a role. Giving it twice changes nothing."""
    await grant_many(session, [(person_id, role, member_id, purchase_id)], now, granted_by=granted_by)


async def grant_many(
    session: AsyncSession,
    roles: Sequence[tuple[int, Role, int | None, int | None]],
    now: datetime,
    *,
    granted_by: int | None = None,
) -> None:
    """Gives roles, each as (person, role, member, purchase), in one statement."""
    await insert_many(
        session,
        Membership,
        [
            {
                "person_id": person,
                "role": str(role),
                "member_id": member,
                "purchase_id": purchase,
                "started_at": now,
            }
            for person, role, member, purchase in roles
        ],
        on_conflict="ON CONFLICT DO NOTHING",
    )
    for person, role, member, purchase in roles:
        record_event(
            session,
            at=now,
            person_id=granted_by,
            subject=("person", person),
            name="role.granted",
            details={"role": str(role), "member_id": member, "purchase_id": purchase},
        )


async def group_id_by_slug(session: AsyncSession, address: str) -> int | None:
    row = await session.execute(text("SELECT id FROM group_by_slug(:slug)"), {"slug": address})
    found: int | None = row.scalar_one_or_none()
    return found


async def group_zone(session: AsyncSession) -> ZoneInfo:
    """Where the group's days begin."""
    name = await session.execute(select(col(Group.timezone)).where(col(Group.id) == group_of(session)))
    return ZoneInfo(name.scalar_one())


async def lock_rights(session: AsyncSession) -> None:
    """One change of rights at a time in a group: nobody counts facilitators while another removes one."""
    group = select(col(Group.id)).where(col(Group.id) == group_of(session))
    await session.execute(group.with_for_update(key_share=True))


async def renew_sessions(session: AsyncSession, people: Sequence[int]) -> None:
    """The rights of these people changed."""
    await session.execute(text("SELECT rotate_sessions(CAST(:people AS bigint[]))"), {"people": list(people)})
