"""What comes back to the address that mails are sent from, as far as a program can read it: that a mail did not arrive
(a delivery status notification, RFC 3464), and what a calendar program answers to an invitation (iMIP, RFC 6047). Pure.

Anybody may write to that address, so nothing here may fail, nor take long, whatever comes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

MOST_PARTS = 50
LONGEST_REPLY = 100_000
LONGEST_REASON = 500
_OURS = re.compile(r"<pooling\.([1-9][0-9]{0,17})\.([0-9]{1,12})@([^<>@\s]{1,255})>")
_STATUS = re.compile(r"[45]\.[0-9]{1,3}\.[0-9]{1,3}")


@dataclass(frozen=True)
class Bounce:
    """A mail that did not arrive."""

    message_id: int
    written: int
    """When its row was, in seconds: what else its `Message-ID` says."""
    reason: str
    """What the server said that did not take it."""


@dataclass(frozen=True)
class CalendarReply:
    """What a calendar program answers for somebody (METHOD:REPLY)."""

    uid: str
    status: str
    """`ACCEPTED`, `DECLINED`…"""
    sequence: int
    """To which state of the event."""
    said_at: datetime


def returned(content: bytes, host: str) -> Bounce | CalendarReply | None:
    """What a mail is; None: nothing that is for a program. `host` is the one that our identifiers end with."""
    try:
        mail = message_from_bytes(content, policy=policy.compat32)
        parts = [part for _, part in zip(range(MOST_PARTS), mail.walk(), strict=False)]
        return _bounce(parts, host) or _reply(parts)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):  # malformed in a way of its own
        return None


def _bounce(parts: list[Message], host: str) -> Bounce | None:
    reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if not reports:
        return None
    found = next((named for part in parts for named in _named(part, host)), None)
    failed = next((fields for report in reports for fields in _recipients(report) if _has_failed(fields)), None)
    if found is None or failed is None:
        return None
    return Bounce(*found, _reason(failed))


def _named(part: Message, host: str) -> Iterator[tuple[int, int]]:
    """The mail of ours whose heads come back in this part, or in the text of it (`text/rfc822-headers`)."""
    heads = str(part.get("Message-ID", ""))
    if part.get_content_type() == "text/rfc822-headers":
        heads = _text(part)
    for found in _OURS.finditer(heads):
        if found[3] == host:
            yield int(found[1]), int(found[2])


def _recipients(report: Message) -> list[Message]:
    """A group of fields for the report and one for each recipient (RFC 3464, 2.1)."""
    payload: Any = report.get_payload()
    return [fields for fields in payload if isinstance(fields, Message)] if isinstance(payload, list) else []


def _has_failed(fields: Message) -> bool:
    return str(fields.get("Action", "")).strip().lower() == "failed"


def _reason(fields: Message) -> str:
    """`5.1.1 550 5.1.1 user unknown`: its class first, since many servers say it nowhere else."""
    said = str(fields.get("Diagnostic-Code", "")).partition(";")[2] or "no reason given"
    status = _STATUS.match(str(fields.get("Status", "")).strip())
    words = " ".join(said.split())
    if status is not None and status[0] not in words:
        words = f"{status[0]} {words}"
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in words)[:LONGEST_REASON]


def _reply(parts: list[Message]) -> CalendarReply | None:
    for part in parts:
        if part.get_content_type() == "text/calendar":
            text = _text(part)
            if len(text) <= LONGEST_REPLY and "METHOD:REPLY" in text:
                return _answered(text)
    return None


def _answered(text: str) -> CalendarReply | None:
    from icalendar import Calendar  # noqa: PLC0415 - ten megabytes, once somebody's calendar answers

    events = Calendar.from_ical(text).events
    if len(events) != 1:
        return None
    (event,) = events
    attendee, stamp = event.get("ATTENDEE"), event.get("DTSTAMP")
    if attendee is None or isinstance(attendee, list) or "RECURRENCE-ID" in event:
        return None
    said_at: datetime = stamp.dt
    return CalendarReply(
        uid=str(event["UID"]).strip(),
        status=str(attendee.params.get("PARTSTAT", "")).upper(),
        sequence=int(event.get("SEQUENCE", 0)),
        said_at=said_at if said_at.tzinfo else said_at.replace(tzinfo=UTC),
    )


def _text(part: Message) -> str:
    content: Any = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
