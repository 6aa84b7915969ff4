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
class KindSetting:
    """What a group wants for a kind. Nothing said: as the territory set it."""

    active: bool = True
    offsets: tuple[int, ...] | None = None
    hour: time | None = None
    wording: str = ""

    @property
    def dates(self) -> tuple[bool, tuple[int, ...] | None, time | None]:
        """What decides when, without what is said."""
        return self.active, self.offsets, self.hour


NO_SETTING = KindSetting()


def schedule_for(kind: Kind, setting: KindSetting) -> Schedule:
    """The territory's schedule with what the group wants otherwise. A date that is the law's is not theirs to move:
    of those kinds a group chooses the hour alone.
    """
    hour = setting.hour or kind.schedule.hour
    if kind.lawful:
        return kind.schedule.model_copy(update={"hour": hour})
    offsets = kind.schedule.offsets if setting.offsets is None else setting.offsets
    return Schedule(offsets=offsets if setting.active else (), hour=hour)


async def read_settings(session: AsyncSession) -> dict[str, tuple[KindSetting, datetime]]:
    """What the transaction's group wants, by kind, and since when its dates are so."""
    rows = await session.execute(select(ReminderSetting))
    return {
        row.kind: (
            KindSetting(row.active, None if row.offsets is None else tuple(row.offsets), row.hour, row.wording),
            row.changed_at,
        )
        for row in rows.scalars()
    }


async def kinds_of_group(session: AsyncSession, kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds as the transaction's group wants them, in one query."""
    settings = await read_settings(session)
    return [_as_wanted(kind, *settings[kind.name]) if kind.name in settings else kind for kind in kinds]


def _as_wanted(kind: Kind, setting: KindSetting, changed_at: datetime) -> Kind:
    # What the law wants sent is sent late rather than not.
    since = None if kind.lawful else changed_at
    return replace(kind, schedule=schedule_for(kind, setting), wording=setting.wording, changed_at=since)


async def keep_setting(session: AsyncSession, kind: str, setting: KindSetting, now: datetime) -> None:
    """Writes what the group wants. The row stays when nothing is wanted any more: it knows since when."""
    row: dict[str, object] = {
        "active": setting.active,
        "offsets": None if setting.offsets is None else list(setting.offsets),
        "hour": setting.hour,
        "wording": setting.wording,
    }
    before = (await read_settings(session)).get(kind)
    if before is None or before[0].dates != setting.dates:
        row["changed_at"] = now
    added = {"changed_at": now, **row}
    await session.execute(
        insert(ReminderSetting)
        .values(group_id=group_of(session), kind=kind, **added)
        .on_conflict_do_update(index_elements=["group_id", "kind"], set_=row)
    )
