"""The group's own settings, and what the administrator of the installation does with groups."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import enter_group, group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.text import one_line, slug
from pooling.members.models import Group
from pooling.members.rights import Caller, Right


@dataclass(frozen=True)
class GroupSettings:
    name: str
    timezone: str
    second_factor_required: bool
    lines_visible_to_all: bool
    committee_every_months: int
    quorum_percent: int | None
    school_zone: str


async def read_settings(session: AsyncSession) -> GroupSettings:
    group = await session.get(Group, group_of(session))
    assert group is not None, "the transaction is opened for it"
    return GroupSettings(**{field.name: getattr(group, field.name) for field in fields(GroupSettings)})


DatedAhead: TypeAlias = Callable[[AsyncSession, datetime], Awaitable[list[str]]]
"""What has a date ahead that was meant in the group's zone, in words. Features bring it: they stand above members."""


async def change_settings(
    session: AsyncSession, caller: Caller, wanted: GroupSettings, now: datetime, *, dated_ahead: DatedAhead
) -> None:
    """Sets the group as its facilitator wants it; the event says what was and what is.

    Raises:
        Forbidden: the caller does not manage the group.
        Invalid: another zone, while something has a date that was meant in the present one.
    """
    caller.require(Right.MANAGE_GROUP)
    group = await session.get(Group, group_of(session), with_for_update={"key_share": True})
    assert group is not None, "the transaction is opened for it"
    present = asdict(await read_settings(session))
    changed = {name: [present[name], value] for name, value in asdict(wanted).items() if present[name] != value}
    if not changed:
        return
    if "timezone" in changed and (dated := await dated_ahead(session, now)):
        named = ", ".join(dated)
        raise Invalid({"timezone": f"L’heure locale ne peut pas changer tant que des dates y sont fixées : {named}."})
    for name, (_, value) in changed.items():
        setattr(group, name, value)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("group", group.id),
        name="group.settings_changed",
        details={"changed": changed},
    )


@dataclass(frozen=True)
class GroupLine:
    """A group as the administrator of the installation sees it."""

    id: int
    slug: str
    name: str
    created_at: datetime
    archived_at: datetime | None
    members: int
    people: int


async def groups_with_sizes(session: AsyncSession) -> list[GroupLine]:
    """Every group, archived ones too. In a transaction for no group."""
    rows = await session.execute(
        text(
            "SELECT id, slug, name, created_at, archived_at, members, people FROM groups_with_sizes() WITH ORDINALITY "
            "ORDER BY ordinality"
        )
    )
    return [GroupLine(*row) for row in rows]


async def enter_any_group(session: AsyncSession, slug: str) -> Group:
    """Goes into the group of this address, locked, whoever asks: the caller has checked who may.

    Raises:
        NotFound: there is none.
    """
    found = await session.execute(text("SELECT id FROM group_by_slug(:slug)"), {"slug": slug})
    group_id = found.scalar_one_or_none()
    if group_id is None:
        raise NotFound
    await enter_group(session, group_id)
    group = await session.get(Group, group_id, with_for_update={"key_share": True})
    assert group is not None, "it was found"
    return group


async def rename_group(session: AsyncSession, slug: str, name: str, by: int | None, now: datetime) -> None:
    """Changes the name shown; the address stays, since people keep it.

    Raises:
        NotFound: there is no such group.
    """
    group = await enter_any_group(session, slug)
    if group.name == name:
        return
    record_event(
        session,
        at=now,
        person_id=by,
        subject=("group", group.id),
        name="group.renamed",
        details={"changed": {"name": [group.name, name]}},
    )
    group.name = name


async def archive_group(session: AsyncSession, slug: str, by: int | None, now: datetime) -> None:
    """From now on nobody enters the group, and no reminder leaves it. Nothing is deleted.

    Raises:
        NotFound: there is no such group.
        Conflict: it is archived already.
    """
    group = await enter_any_group(session, slug)
    if group.archived_at is not None:
        raise Conflict("Ce groupe est déjà archivé.", code="already_archived")
    group.archived_at = now
    record_event(session, at=now, person_id=by, subject=("group", group.id), name="group.archived")


async def reopen_group(session: AsyncSession, slug: str, by: int | None, now: datetime) -> None:
    """Takes a group out of the archives: everybody finds it as it was.

    Raises:
        NotFound: there is no such group.
        Conflict: it is not archived.
    """
    group = await enter_any_group(session, slug)
    if group.archived_at is None:
        raise Conflict("Ce groupe n’est pas archivé.", code="not_archived")
    group.archived_at = None
    record_event(session, at=now, person_id=by, subject=("group", group.id), name="group.reopened")


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
    taken = Conflict(f"Un groupe porte déjà l’adresse « {address} ».", code="group_exists")
    if (await session.execute(text("SELECT 1 FROM group_by_slug(:slug)"), {"slug": address})).first():
        raise taken
    group_id: int = (await session.execute(text("SELECT nextval(pg_get_serial_sequence('groups', 'id'))"))).scalar_one()
    await enter_group(session, group_id)
    group = Group(
        id=group_id, slug=address, name=one_line(name), timezone=timezone, fictional=fictional, created_at=now
    )
    try:
        async with session.begin_nested():
            session.add(group)
    except IntegrityError:  # somebody else made it meanwhile
        raise taken from None
    record_event(session, at=now, person_id=created_by, subject=("group", group_id), name="group.created")
    return group_id


async def group_id_by_slug(session: AsyncSession, address: str) -> int | None:
    row = await session.execute(text("SELECT id FROM group_by_slug(:slug)"), {"slug": address})
    found: int | None = row.scalar_one_or_none()
    return found


def day_of_group(session: AsyncSession, now: datetime) -> ColumnElement[date]:
    """The group's day at that moment, as part of a statement that asks nothing else for it."""
    zone = select(col(Group.timezone)).where(col(Group.id) == group_of(session)).scalar_subquery()
    return cast(func.timezone(zone, literal(now, TIMESTAMP(timezone=True))), Date)


async def group_zone(session: AsyncSession) -> ZoneInfo:
    """Where the group's days begin."""
    name = await session.execute(select(col(Group.timezone)).where(col(Group.id) == group_of(session)))
    return ZoneInfo(name.scalar_one())
