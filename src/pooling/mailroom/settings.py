"""The facilitator's choice of when reminders of a kind leave, and of what they open with."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.mailroom.words import dates_in_words
from pooling.members.rights import Caller, Right
from pooling.reminders.kinds import Kind
from pooling.reminders.planning import catch_up
from pooling.reminders.rules import QUIET_FROM, QUIET_UNTIL
from pooling.reminders.settings import NO_SETTING, KindSetting, keep_setting, read_settings, schedule_for

LONGEST_WORDING = 500
MOST_DAYS = 10


async def change_reminders(
    session: AsyncSession, caller: Caller, kind: Kind, wanted: KindSetting, now: datetime
) -> None:
    """Keeps what the group wants otherwise than the territory; what is the same follows the territory's own changes.

    Planned rows follow at the next sweep. `NOTHING` takes the territory's again.

    Raises:
        Invalid: nothing would ever leave, or in the quiet hours.
        Forbidden: the caller does not manage committees.
    """
    caller.require(Right.MANAGE_REMINDERS)
    setting = _own_part(kind, wanted)
    check_setting(kind, setting)
    before, _ = (await read_settings(session)).get(kind.name, (NO_SETTING, now))
    if setting == before:
        return
    changed = {
        "reminder_dates": [dates_in_words(kind, schedule_for(kind, each)) for each in (before, setting)],
        "reminder_wording": [before.wording, setting.wording],
    }
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("group", caller.group_id),
        name="reminders.changed",
        details={
            "code": kind.name,
            "label": kind.label,
            "changed": {name: sides for name, sides in changed.items() if sides[0] != sides[1]},
        },
    )
    await catch_up(session, [kind], now)  # what is due already leaves as it was wanted until now
    await keep_setting(session, kind.name, setting, now)


def _own_part(kind: Kind, wanted: KindSetting) -> KindSetting:
    """Without what the territory says already, and what is not the group's to say."""
    same_days = wanted.offsets is None or set(wanted.offsets) == set(kind.schedule.offsets)
    return replace(
        wanted,
        active=wanted.active or kind.lawful,
        offsets=None if same_days or kind.lawful else wanted.offsets,
        hour=None if wanted.hour == kind.schedule.hour else wanted.hour,
    )


def check_setting(kind: Kind, setting: KindSetting) -> None:
    """Raises:
    Invalid: nothing would ever leave, or in the quiet hours.
    """
    errors = {}
    if setting.active and setting.offsets is not None and not setting.offsets:
        errors["before" if min(kind.schedule.offsets, default=-1) <= 0 else "after"] = (
            "Indiquez au moins un nombre de jours, ou décochez l’envoi de ces relances."
        )
    if setting.hour is not None and QUIET_FROM <= setting.hour < QUIET_UNTIL:
        errors["hour"] = "Rien ne part entre 1 h et 4 h : choisissez une autre heure."
    if len(setting.wording) > LONGEST_WORDING:
        errors["wording"] = f"Raccourcissez ce texte : {LONGEST_WORDING} caractères au plus."
    if errors:
        raise Invalid(errors)
