"""`pooling remind`: one sweep and one delivery in the process that calls it, or what they would do."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pooling.kernel.clock import FIRST_DAY, LAST_DAY, Clock, FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Invalid
from pooling.outbox.delivery import DeliveryReport, deliver
from pooling.outbox.transport import Transport
from pooling.reminders.kinds import DueReminder, Kind
from pooling.reminders.models import ReminderState
from pooling.reminders.sweep import Chore, SweepReport, preview_sweep, sweep


@dataclass
class Reminded:
    swept: SweepReport
    dry_run: bool
    delivered: DeliveryReport = field(default_factory=DeliveryReport)


async def remind(
    database: Database,
    kinds: Sequence[Kind],
    transport: Transport | None,
    clock: Clock,
    *,
    base_url: str,
    chores: Sequence[Chore] = (),
    dry_run: bool = False,
) -> Reminded:
    """Sweeps and delivers once. A dry run keeps and sends nothing. Without a transport mails stay queued."""
    if dry_run:
        found = await preview_sweep(database, kinds, base_url=base_url, now=clock.now(), chores=chores)
        return Reminded(found, dry_run=True)
    reminded = Reminded(await sweep(database, kinds, clock, base_url=base_url, chores=chores), dry_run=False)
    if transport is not None:
        reminded.delivered = await deliver(database, transport, clock)
    return reminded


def clock_at(at: str | None, clock: Clock, zone: ZoneInfo, *, allowed: bool) -> Clock:
    """The clock that `--at ISO` asks for: as if it were then. Without an offset it is meant in `zone`.

    Raises:
        Invalid: it is no date and time, or not `allowed`: it goes with --dry-run, or in the demonstration.
    """
    if at is None:
        return clock
    if not allowed:
        raise Invalid({"at": "--at va avec --dry-run, ou avec la démonstration."})
    try:
        moment = _in_our_time(datetime.fromisoformat(at))
    except ValueError as error:
        raise Invalid({"at": "--at attend une date et une heure, par exemple 2027-03-23T08:00."}) from error
    return FixedClock((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC))


def _in_our_time(moment: datetime) -> datetime:
    if not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise ValueError(moment)
    return moment


def report_lines(reminded: Reminded, *, as_json: bool) -> Iterator[str]:
    """What to print: a line for each reminder that was sent, or would be."""
    state = ReminderState.PLANNED if reminded.dry_run else ReminderState.SENT
    for reminder in reminded.swept.sent:
        if as_json:
            yield json.dumps(as_object(reminder, state), ensure_ascii=False)
        else:
            yield (
                f"{reminder.due_at:%Y-%m-%d %H:%M} UTC  {reminder.kind} {reminder.subject_id} "
                f"J{reminder.offset_days:+d}  {reminder.email}"
            )
    if not as_json:
        yield from _summary(reminded)


def _summary(reminded: Reminded) -> Iterator[str]:
    count = len(reminded.swept.sent)
    if reminded.dry_run:
        yield f"{count} relance(s) partirai(en)t."
        return
    delivered = reminded.delivered
    yield f"{count} relance(s), {delivered.sent} courriel(s) envoyé(s), {delivered.failed} en échec."
    if delivered.server_trouble:
        yield f"Le serveur de courriel ne répond pas comme il faut : {delivered.server_trouble}"


def as_object(reminder: DueReminder, state: ReminderState) -> dict[str, str | int]:
    return {
        "kind": reminder.kind,
        "subject": reminder.subject_id,
        "revision": reminder.revision,
        "offset_days": reminder.offset_days,
        "person": reminder.email,
        "due_at": reminder.due_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "state": str(state),
    }
