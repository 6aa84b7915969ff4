"""A committee as calendars exchange it: iCalendar (RFC 5545) with the methods of iTIP (RFC 5546).

The `UID` stays the same for the life of a committee; `SEQUENCE` follows its revision, so that a calendar
replaces what it had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress
from icalendar.parser import Contentline, Parameters

from pooling.committees.models import AgendaItem, Answer, Committee, CommitteeState
from pooling.committees.notices.icalendar_zone import timezone
from pooling.mail_addresses import sendable
from pooling.outbox.envelope import host_of
from pooling.reminders.kinds import Context

_END = "\r\nEND:VEVENT"
"""On a line of its own, where no typed text can be: its line breaks are escaped, its folds indented."""
_STATUS: Mapping[str | None, str] = {None: "NEEDS-ACTION", Answer.YES: "ACCEPTED"}
"""The answer as calendars know it. Who gives a proxy does not come: `DELEGATED` would be somebody sent in one's stead,
while the holder is invited already.
"""


@dataclass(frozen=True)
class CalendarInvitation:
    """The calendar of one committee, but for whom it is addressed to."""

    text: str

    def to(self, email: str, name: str, answer: str | None) -> str:
        """The calendar for one person, with what they have answered: who else is invited is not theirs to know from a
        mail. Calendars are asked for no reply: one answers on our page.
        """
        status = _STATUS.get(answer, "DECLINED")
        parameters = Parameters({"CN": name, "ROLE": "REQ-PARTICIPANT", "PARTSTAT": status, "RSVP": "FALSE"})
        line = Contentline.from_parts("ATTENDEE", parameters, vCalAddress(f"mailto:{sendable(email)}"))
        return self.text.replace(_END, "\r\n" + line.to_ical().decode() + _END, 1)


def invitation(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str
) -> CalendarInvitation:
    """Asks to come (METHOD:REQUEST), with everything as it is now."""
    return _calendar(committee, agenda, context, organizer, method="REQUEST")


def cancellation(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str
) -> CalendarInvitation:
    """Takes the meeting out of calendars (METHOD:CANCEL): of everybody's, or of who is not invited any more."""
    return _calendar(committee, agenda, context, organizer, method="CANCEL")


def published(committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str) -> str:
    """For whoever adds it to a calendar by hand (METHOD:PUBLISH)."""
    return _calendar(committee, agenda, context, organizer, method="PUBLISH").text


def uid_of(committee: Committee, base_url: str) -> str:
    return f"committee-{committee.group_id}-{committee.id}@{host_of(base_url).strip('[]')}"


def _calendar(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str, *, method: str
) -> CalendarInvitation:
    calendar = Calendar()
    calendar.add("PRODID", "-//pooling//committees//FR")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    begins = committee.starts_at.astimezone(context.zone)
    calendar.add_component(timezone(context.zone.key, begins.year, begins.year))
    cancelled = committee.state == CommitteeState.CANCELLED or method == "CANCEL"
    calendar.add_component(event_of(committee, agenda, context, organizer, cancelled=cancelled))
    return CalendarInvitation(calendar.to_ical().decode())


def event_of(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str, *, cancelled: bool
) -> Event:
    """The meeting as calendars hold it."""
    event = Event()
    event.add("UID", uid_of(committee, context.base_url))
    event.add("SEQUENCE", committee.revision - 1)
    event.add("DTSTAMP", context.now.astimezone(UTC))
    event.add("DTSTART", _local(committee.starts_at, context.zone))
    event.add("DTEND", _local(committee.ends_at, context.zone))
    event.add("SUMMARY", f"{committee.title} – {context.group_name}")
    event.add("LOCATION", " – ".join(part for part in (committee.place, committee.link) if part))
    answer = [] if cancelled else [f"Dites si vous venez : {context.url(f'comites/{committee.id}/reponse')}"]
    described(event, context, [*answer, *(f"{place}. {item.title}" for place, item in enumerate(agenda, start=1))])
    event.add("URL", context.url(f"comites/{committee.id}"))
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    organized(event, context, organizer)
    return event


def organized(event: Event, context: Context, organizer: str) -> None:
    """Who asks must be said, also where nobody is asked to come, and be the same for the life of the event (RFC 5546,
    3.2.1, 3.2.2 and 3.2.5); and people come and go.
    """
    event.add("ORGANIZER", vCalAddress(f"mailto:{sendable(organizer)}"), parameters={"CN": context.group_name})


def described(event: Event, context: Context, lines: Sequence[str] = ()) -> None:
    """Says the lines and, first of all in a demonstration, that nothing is real: an event travels alone."""
    said = [*([context.notice] if context.notice else []), *lines]
    if said:
        event.add("DESCRIPTION", "\n".join(said))


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)
