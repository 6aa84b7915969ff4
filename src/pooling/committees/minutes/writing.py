"""Writing the minutes of a committee: saved often, versions kept, nothing lost when two people write at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.locking import lock_committee, lock_to_write, mark_held, record_change
from pooling.committees.models import Committee, CommitteeState, MinutesVersion
from pooling.kernel.database import group_of, one_row
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.limits import Readers, limit
from pooling.members.models import Membership
from pooling.members.rights import Caller

SAME_VERSION = timedelta(minutes=10)
"""Saving again that soon after a version was begun writes it over: autosaving would make hundreds of them."""
LONGEST_MINUTES = limit(50_000, "Minutes", __name__, Readers.PROGRAMS, unit="characters")
_MUCH_SHORTER = 2


class WrittenMeanwhile(Conflict):
    """The minutes are no longer what the text was based on. Neither text is lost, the person chooses."""

    code = "written_meanwhile"

    def __init__(self) -> None:
        super().__init__("Le compte-rendu a changé depuis que vous l’avez ouvert.")


@dataclass(frozen=True)
class Saved:
    """What is kept now."""

    version: int
    seen: str
    """Stands for this very text: the next save says that it is based on it."""


def seen_of(content: str) -> str:
    """Stands for a text; travels in the form, hidden."""
    return sha256(content.encode("utf-8", "backslashreplace")).hexdigest()[:32]


async def save_minutes(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    content: str,
    now: datetime,
    *,
    seen: str | None = None,
) -> Saved:
    """Keeps what is written of the minutes, as soon as the committee has begun. `seen` stands for the text that the
    person started from; None writes over whatever is there (its version is kept).

    Raises:
        Forbidden: the caller neither manages committees nor is this one's secretary.
        NotFound: there is no such committee.
        Conflict: it has not begun, was cancelled, or its minutes are published.
        WrittenMeanwhile: the minutes are no longer what was seen.
    """
    committee = await lock_to_write(session, caller, committee_id)
    mark_held(session, caller, committee, now)
    if content != committee.minutes:
        if seen is not None and seen != seen_of(committee.minutes):
            raise WrittenMeanwhile
        await _keep(session, caller, committee, content, now)
    return Saved(committee.minutes_version, seen_of(content))


async def restore_version(
    session: AsyncSession, caller: Caller, committee_id: int, number: int, now: datetime
) -> Saved:
    """Makes an earlier version the text again, as a version of its own: the one it takes the place of stays too.

    Raises: as `save_minutes`; NotFound also when there is no such version.
    """
    committee = await lock_to_write(session, caller, committee_id)
    mark_held(session, caller, committee, now)
    version = await find_version(session, committee_id, number)
    if version.content != committee.minutes:
        await _keep(session, caller, committee, version.content, now, apart=True)
    return Saved(committee.minutes_version, seen_of(committee.minutes))


async def find_version(session: AsyncSession, committee_id: int, number: int) -> MinutesVersion:
    """Raises:
    NotFound: this committee's minutes have no such version.
    """
    return await one_row(
        session,
        select(MinutesVersion).where(
            col(MinutesVersion.committee_id) == committee_id, col(MinutesVersion.number) == number
        ),
    )


async def _keep(
    session: AsyncSession, caller: Caller, committee: Committee, content: str, now: datetime, *, apart: bool = False
) -> None:
    latest = await session.get(MinutesVersion, (committee.group_id, committee.id, committee.minutes_version))
    goes_on = latest is not None and not apart and _goes_on(latest, caller, content, now)
    if not (goes_on and await _write_over(session, committee, content, now)):
        committee.minutes_version += 1
        latest = MinutesVersion(
            group_id=group_of(session),
            committee_id=committee.id,
            number=committee.minutes_version,
            content=content,
            written_by=caller.person_id,
            begun_at=now,
            written_at=now,
        )
        session.add(latest)
        record_change(session, caller, committee, "minutes_written", now, details={"version": latest.number})
    committee.minutes = content


async def _write_over(session: AsyncSession, committee: Committee, content: str, now: datetime) -> bool:
    """The one way in which a version changes: a function of the database, which says whether it may."""
    values = {"committee": committee.id, "version": committee.minutes_version, "content": content, "at": now}
    statement = text("SELECT write_minutes_over(:committee, :version, :content, :at)")
    written: bool | None = await session.scalar(statement, values)
    key = (committee.group_id, committee.id, committee.minutes_version)
    await session.get(MinutesVersion, key, populate_existing=True)
    return bool(written)


def _goes_on(latest: MinutesVersion, caller: Caller, content: str, now: datetime) -> bool:
    """Whether saving writes the latest version over. Not when most of the text is gone: that may be a slip."""
    soon = latest.written_by == caller.person_id and now - latest.begun_at < SAME_VERSION
    return soon and len(content) * _MUCH_SHORTER >= len(latest.content)


async def name_secretary(
    session: AsyncSession, caller: Caller, committee_id: int, person_id: int | None, now: datetime
) -> None:
    """Who writes the minutes from now on; None: whoever runs the group.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: its minutes are published, or it was cancelled.
        Invalid: that person is not of the group.
    """
    committee = await lock_committee(session, caller, committee_id)
    if committee.state in {CommitteeState.MINUTED, CommitteeState.CANCELLED}:
        raise Conflict("Ce comité n’a plus de compte-rendu à écrire.", code="minutes_published")
    if person_id is not None:
        active = exists().where(col(Membership.person_id) == person_id, col(Membership.ended_at).is_(None))
        if not (await session.execute(select(active))).scalar_one():
            raise Invalid({"secretary": "Choisissez une personne du groupe."})
    if person_id != committee.secretary_id:
        committee.secretary_id = person_id
        record_change(session, caller, committee, "secretary_named", now, details={"person_id": person_id})
