"""What a group wants otherwise than the territory's configuration, kind by kind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import group_of
from pooling.reminders.configuration import Schedule
from pooling.reminders.kinds import Kind
from pooling.reminders.models import ReminderSetting


@dataclass(frozen=True)
class Wish:
    """What a group wants for a kind. Nothing said: as the territory set it."""

    active: bool = True
    offsets: tuple[int, ...] | None = None
    hour: time | None = None
    wording: str = ""

    @property
    def dates(self) -> tuple[bool, tuple[int, ...] | None, time | None]:
        """What decides when, without what is said."""
        return self.active, self.offsets, self.hour


NOTHING = Wish()


def schedule_for(kind: Kind, wish: Wish) -> Schedule:
    """The territory's schedule with what the group wants otherwise. A date that is the law's is not theirs to move:
    of those kinds a group chooses the hour alone.
    """
    hour = wish.hour or kind.schedule.hour
    if kind.lawful:
        return kind.schedule.model_copy(update={"hour": hour})
    offsets = kind.schedule.offsets if wish.offsets is None else wish.offsets
    return Schedule(offsets=offsets if wish.active else (), hour=hour)


async def read_wishes(session: AsyncSession) -> dict[str, tuple[Wish, datetime]]:
    """What the transaction's group wants, by kind, and since when its dates are so."""
    rows = await session.execute(select(ReminderSetting))
    return {
        row.kind: (
            Wish(row.active, None if row.offsets is None else tuple(row.offsets), row.hour, row.wording),
            row.changed_at,
        )
        for row in rows.scalars()
    }


async def kinds_of_group(session: AsyncSession, kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds as the transaction's group wants them, in one query."""
    wishes = await read_wishes(session)
    return [_as_wanted(kind, *wishes[kind.name]) if kind.name in wishes else kind for kind in kinds]


def _as_wanted(kind: Kind, wish: Wish, changed_at: datetime) -> Kind:
    # What the law wants sent is sent late rather than not.
    since = None if kind.lawful else changed_at
    return replace(kind, schedule=schedule_for(kind, wish), wording=wish.wording, changed_at=since)


async def keep_wish(session: AsyncSession, kind: str, wish: Wish, now: datetime) -> None:
    """Writes what the group wants. The row stays when nothing is wanted any more: it knows since when."""
    row: dict[str, object] = {
        "active": wish.active,
        "offsets": None if wish.offsets is None else list(wish.offsets),
        "hour": wish.hour,
        "wording": wish.wording,
    }
    before = (await read_wishes(session)).get(kind)
    if before is None or before[0].dates != wish.dates:
        row["changed_at"] = now
    added = {"changed_at": now, **row}
    await session.execute(
        insert(ReminderSetting)
        .values(group_id=group_of(session), kind=kind, **added)
        .on_conflict_do_update(index_elements=["group_id", "kind"], set_=row)
    )
