"""A mail before it is a row: what it must say, and its text and HTML, built from the same content.

The first line says why it comes and what to do by when; then one button with its plain address, the facts,
who to ask.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment

from pooling.web.templating import environment, page_of
from pooling.web.typography import typo

_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")

FICTIONAL = "Démonstration : les déclarations, les personnes et les prix sont fictifs."
"""What every mail of a demonstration says, above all the rest."""


@dataclass(frozen=True)
class Button:
    """What to click. The address is a full one: a mail has no page to be relative to."""

    label: str
    url: str


@dataclass(frozen=True)
class Fact:
    """A line of what there is to know. A value of several lines keeps them."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to one person."""

    kind: str
    recipient: str
    subject: str
    why: str
    """The first line: why you receive this, and what to do by when."""
    person_id: int | None = None
    wording: str = ""
    """A few words of the group's own; they come right after the first line."""
    paragraphs: tuple[str, ...] = ()
    button: Button | None = None
    facts: tuple[Fact, ...] = ()
    contact: str = ""
    """Who to ask, in a sentence, where that is not simply whom an answer goes to."""
    notice: str | None = None
    calendar: str | None = None
    """An .ics text; its METHOD says what it asks for."""
    attachments: tuple[int, ...] = ()
    """Ids of the group's files that go along, in this order."""
    unsubscribe_url: str | None = None
    """Where one click stops mails of this kind, for those that their reader may do without (RFC 8058)."""
    reply_to: tuple[str, ...] = ()
    """Whom an answer goes to, where that is not us: addresses that the mail names."""
    thread: str = ""
    """What it is about (`committee-12`): mails of one thread stand together in the reader's program."""
    expires_at: datetime | None = None
    urgent: bool = False
    """Somebody is waiting for it in front of a screen: it goes before the others."""

    @property
    def who_to_ask(self) -> str:
        return self.contact or (f"Écrivez à {' ou à '.join(self.reply_to)}." if self.reply_to else "")


def subject_line(mail: Mail) -> str:
    """The subject on one line whatever was typed into it: no character of it can begin another header."""
    return typo(_BREAKS.sub(" ", mail.subject).strip())


def render_text(mail: Mail) -> str:
    return typo(_plain().get_template("outbox/mail.txt").render(mail=mail))


def render_html(mail: Mail) -> str:
    return page_of("outbox/mail.html", mail=mail, subject=subject_line(mail))


@cache
def _plain() -> Environment:
    """The same templates and filters, for plain text: nothing to escape."""
    return environment().overlay(autoescape=False, keep_trailing_newline=True)
