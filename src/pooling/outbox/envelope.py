"""From a row to what goes over the wire: multipart text and HTML, perhaps a calendar and files, honest headers.

Written out by hand: the standard library's message objects parse and fold every header anew, which costs more than
sending the mail. Nothing comes into a header but what was checked here.
"""

import ipaddress
import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import cached_property, lru_cache
from textwrap import fill
from urllib.parse import quote, urlsplit

from pooling.mail_addresses import sendable
from pooling.outbox.models import Message

_METHOD = re.compile(r"^METHOD:([A-Z]+)\s*$", re.MULTILINE)
_URL = re.compile(r"https?://[!-;=?-~]{1,900}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ._()-]{1,60}")
_THREAD = re.compile(r"[a-z0-9-]{1,80}")
LINE = 76
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class Attachment:
    """A file that goes along. One object for all mails that carry the same: it is encoded once."""

    name: str
    media_type: str
    content: bytes

    @cached_property
    def part(self) -> bytes:
        kind = self.media_type + ('; charset="utf-8"' if self.media_type.startswith("text/") else "")
        head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{_disposition(self.name)}\r\n"
        return head.encode("ascii") + encodebytes(self.content).replace(b"\n", b"\r\n")


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


def envelope(
    message: Message, *, sender: str, host: str, now: datetime, attachments: Sequence[Attachment] = ()
) -> bytes:
    """The mail as RFC 5322 and MIME want it.

    Raises:
        ValueError: an address or the subject cannot stand in a header.
    """
    headers = {
        "Subject": _unstructured(message.subject),
        "From": _from(message.sender_name, sender),
        "To": sendable(message.recipient),
        **_answers_go_to(message.reply_to),
        "Date": format_datetime(now),
        "Message-ID": message_id(message, host),
        **_thread(message, host),
        "Auto-Submitted": "auto-generated",
        **_way_out(message.unsubscribe_url),
        "MIME-Version": "1.0",
    }
    # No encoded body can hold a boundary: quoted-printable writes no "=" before "_", base64 only at an end.
    mark = f"=_pooling_{message.id}"
    plain = "\n".join(map(_wrapped, message.body_text.split("\n")))
    bodies = [_text("plain", plain), _text("html", message.body_html)]
    files = [attachment.part for attachment in attachments]
    if message.calendar is not None:
        # Twice, as calendars differ: a part that asks (iMIP, RFC 6047), and a file to open.
        found = _METHOD.search(message.calendar)
        method = found[1] if found else "PUBLISH"
        bodies.append(_encoded(f'text/calendar; charset="utf-8"; method={method}', message.calendar))
        calendar = _encoded(
            'application/ics; name="invitation.ics"',
            message.calendar,
            'Content-Disposition: attachment; filename="invitation.ics"\r\n',
        )
        files.insert(0, calendar)
    content = _multipart("alternative", f"{mark}_a", bodies)
    if files:
        content = _multipart("mixed", f"{mark}_m", [content, *files])
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii") + content


@lru_cache(maxsize=64)  # most mails of a mailing have the same subject, and all of them come from the same name
def _unstructured(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("a control character in a header")
    return value if value.isascii() and len(value) < 70 else Header(value, "utf-8", 70).encode(linesep="\r\n")  # noqa: PLR2004


def _from(name: str, address: str) -> str:
    """The address with the name that readers see beside it."""
    if not name:
        return sendable(address)
    said = _unstructured(name)
    if said == name:
        said = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{said} <{sendable(address)}>"


def _answers_go_to(addresses: str) -> dict[str, str]:
    """An address on each line, however many there are."""
    return {"Reply-To": ",\r\n ".join(map(sendable, addresses.split(", ")))} if addresses else {}


def _thread(message: Message, host: str) -> dict[str, str]:
    """Mails about one subject follow one that was never sent, so that each client puts them together, whichever of them
    it has (RFC 5322, 3.6.4).
    """
    if not _THREAD.fullmatch(message.thread):
        return {}
    root = f"<pooling.{message.group_id or 0}.{message.thread}@{host}>"
    return {"In-Reply-To": root, "References": root}


def _way_out(url: str | None) -> dict[str, str]:
    """One click stops mails of this kind (RFC 8058). It asks for HTTPS: without it, the way out is the page alone."""
    if url is None:
        return {}
    if not _URL.fullmatch(url):
        raise ValueError("not an address to stop mails at")
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url.startswith("https:") else {}
    return {"List-Unsubscribe": f"<{url}>", **one_click}  # on one line: an address is not to be cut


def _disposition(name: str) -> str:
    """The name as it is where every client reads it so, else as RFC 2231 wants it, in lines of a bearable length."""
    if _PLAIN_NAME.fullmatch(name):
        return f'Content-Disposition: attachment; filename="{name}"\r\n'
    pieces = [""]
    for character in name:  # none is cut: some clients read each piece by itself
        if len(pieces[-1]) > 50:  # noqa: PLR2004
            pieces.append("")
        pieces[-1] += quote(character, safe="")
    if len(pieces) == 1:
        return f"Content-Disposition: attachment;\r\n filename*=utf-8''{pieces[0]}\r\n"
    pieces[0] = f"utf-8''{pieces[0]}"
    lines = "".join(f";\r\n filename*{place}*={piece}" for place, piece in enumerate(pieces))
    return f"Content-Disposition: attachment{lines}\r\n"


def _multipart(subtype: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    line = boundary.encode("ascii")
    opened = b"".join(b"--" + line + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'
    return head.encode("ascii") + opened + b"--" + line + b"--\r\n"


@lru_cache(maxsize=256)  # mails of a mailing have most lines in common
def _wrapped(line: str) -> str:
    """A line of text on lines that every program shows whole (RFC 5322, 2.1.1), each set in as the first is. They end
    at plain spaces: an address stays whole, however long, and so does what a no-break space holds together.
    """
    if len(line) <= LINE:
        return line
    words = line.lstrip(" ")
    start = line[: -len(words)]
    return fill(
        words,
        LINE,
        initial_indent=start,
        subsequent_indent=start,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _text(subtype: str, text: str) -> bytes:
    """Quoted-printable: readable even in a client that shows it raw."""
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    lines = text.replace("\r\n", "\n").encode()
    return head.encode("ascii") + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _encoded(content_type: str, text: str, disposition: str = "") -> bytes:
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n{disposition}\r\n"
    return head.encode("ascii") + encodebytes(text.encode()).replace(b"\n", b"\r\n")
