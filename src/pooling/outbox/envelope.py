"""From a row to what goes over the wire: multipart text and HTML, perhaps a calendar, honest headers."""

import ipaddress
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import urlsplit

from pooling.outbox.models import Message

_METHOD = re.compile(r"^METHOD:([A-Z]+)\s*$", re.MULTILINE)


def host_of(base_url: str) -> str:
    """The domain of our identifiers: the base URL's host, an IP address as the domain literal of RFC 5321."""
    host = urlsplit(base_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"  # noqa: PLR2004


def message_id(message: Message, host: str) -> str:
    """The same at every try, so that a mail that comes twice is shown once.

    The date tells apart the rows of a database that was started over.
    """
    return f"<pooling.{message.id}.{int(message.created_at.timestamp())}@{host}>"


def envelope(message: Message, *, sender: str, host: str, now: datetime) -> EmailMessage:
    """The mail as RFC 5322 wants it.

    Raises:
        ValueError: an address or the subject cannot stand in a header (a line break in it, say).
    """
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.subject
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = Address(addr_spec=message.recipient)
    mail["Date"] = now
    mail["Message-ID"] = message_id(message, host)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body_text, cte="quoted-printable")
    mail.add_alternative(message.body_html, subtype="html", cte="quoted-printable")
    if message.calendar is not None:
        _add_calendar(mail, message.calendar)
    return mail


def _add_calendar(mail: EmailMessage, calendar: str) -> None:
    """Twice, as calendars differ: a part that asks (iMIP, RFC 6047), and a file to open."""
    found = _METHOD.search(calendar)
    method = found[1] if found else "PUBLISH"
    mail.add_alternative(calendar, subtype="calendar", params={"method": method}, cte="base64")
    mail.add_attachment(
        calendar.encode(), maintype="application", subtype="ics", filename="invitation.ics", cte="base64"
    )
