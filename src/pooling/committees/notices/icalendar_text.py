"""A committee as calendars exchange it: iCalendar (RFC 5545) with the methods of iTIP (RFC 5546).

The `UID` stays the same for a person and the life of a committee (`uids.py`); `SEQUENCE` follows its revision, so that
a calendar replaces what it had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress
from icalendar.parser import Contentline, Parameters

from pooling.committees.models import AgendaItem, Answer, Committee, CommitteeState
from pooling.committees.notices.icalendar_zone import timezone
from pooling.committees.notices.uids import Invited
from pooling.mail_addresses import sendable
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
    asks: bool
    """Whether calendars are asked for a reply: else one answers on our page alone."""

    def to(self, email: str, name: str, answer: str | None, uid: str) -> str:
        """The calendar for one person, with what they have answered: who else is invited is not theirs to know from a
        mail.
        """
        status = _STATUS.get(answer, "DECLINED")
        asked = str(self.asks).upper()
        parameters = Parameters({"CN": name, "ROLE": "REQ-PARTICIPANT", "PARTSTAT": status, "RSVP": asked})
        return self._with(_line("UID", uid), _line("ATTENDEE", vCalAddress(f"mailto:{sendable(email)}"), parameters))

    def by_hand(self, uid: str) -> str:
        return self._with(_line("UID", uid))

    def _with(self, *lines: str) -> str:
        return self.text.replace(_END, "".join(f"\r\n{line}" for line in lines) + _END, 1)


def _line(name: str, value: str, parameters: Parameters | None = None) -> str:
    folded: bytes = Contentline.from_parts(name, parameters or Parameters(), value).to_ical()
    return folded.decode()


def invitation(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str, *, asks: bool
) -> CalendarInvitation:
    """Asks to come (METHOD:REQUEST), with everything as it is now."""
    return _calendar(committee, agenda, context, organizer, method="REQUEST", asks=asks)


def cancellation(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str
) -> CalendarInvitation:
    """Takes the meeting out of calendars (METHOD:CANCEL): of everybody's, or of who is not invited any more."""
    return _calendar(committee, agenda, context, organizer, method="CANCEL")


def published(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str, invited: Invited
) -> str:
    """For whoever adds it to a calendar by hand (METHOD:PUBLISH)."""
    calendar = _calendar(committee, agenda, context, organizer, method="PUBLISH")
    return calendar.by_hand(invited.uid(context.base_url))


def _calendar(
    committee: Committee,
    agenda: Sequence[AgendaItem],
    context: Context,
    organizer: str,
    *,
    method: str,
    asks: bool = False,
) -> CalendarInvitation:
    calendar = Calendar()
    calendar.add("PRODID", "-//pooling//committees//FR")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    begins = committee.starts_at.astimezone(context.zone)
    calendar.add_component(timezone(context.zone.key, begins.year, begins.year))
    cancelled = committee.state == CommitteeState.CANCELLED or method == "CANCEL"
    calendar.add_component(event_of(committee, agenda, context, organizer, cancelled=cancelled))
    return CalendarInvitation(calendar.to_ical().decode(), asks)


def event_of(
    committee: Committee, agenda: Sequence[AgendaItem], context: Context, organizer: str, *, cancelled: bool
) -> Event:
    """The meeting as calendars hold it; its `UID` is to be added, since it is each person's own."""
    event = Event()
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
