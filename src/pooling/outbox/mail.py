"""A mail before it is a row: what it must say, and its text and HTML, built from the same content.

The first line says why it comes and what to do by when; then one button with its plain address, the facts,
who to ask.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from secrets import token_hex
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import escape

from pooling.web.templating import environment, page_of
from pooling.web.typography import typo, typo_html

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


class Rendered(NamedTuple):
    """What a mail says, in both its forms."""

    subject: str
    text: str
    html: str


def rendered(mail: Mail) -> Rendered:
    """Mails to many differ in a few words. What they have in common is set once and kept; these words are set alone:
    each stands on a line and in an element of its own, beyond which no rule of typography looks.
    """
    button, stop, subject, why = mail.button, mail.unsubscribe_url, subject_line(mail), typo(mail.why)
    url = button.url if button else ""
    common = Mail(
        kind="",
        recipient="",
        subject=_SUBJECT,
        why=_WHY,
        wording=mail.wording,
        paragraphs=mail.paragraphs,
        button=Button(button.label, _URL) if button else None,
        facts=mail.facts,
        contact=mail.who_to_ask,
        notice=mail.notice,
        unsubscribe_url=_STOP if stop else None,
    )
    text, html = _frames(common)
    return Rendered(
        subject,
        text.filled({_WHY: why, _URL: url, _STOP: stop or ""}),
        html.filled({_SUBJECT: _element(subject), _WHY: _element(why), _URL: escape(url), _STOP: escape(stop or "")}),
    )


def _element(words: str) -> str:
    return typo_html(escape(words))


_SUBJECT, _WHY, _URL, _STOP = _GAPS = tuple(f"gap{token_hex(8)}" for _ in range(4))
"""Stand for what differs: words that nobody types."""
_IN_PARTS = re.compile(f"({'|'.join(_GAPS)})")


class _Frame:
    """What many mails say alike, with gaps."""

    def __init__(self, written: str) -> None:
        self._parts = _IN_PARTS.split(written)  # text, gap, text, gap, …

    def filled(self, values: Mapping[str, str]) -> str:
        parts = list(self._parts)
        parts[1::2] = [values[gap] for gap in parts[1::2]]
        return "".join(parts)


@lru_cache(maxsize=64)
def _frames(common: Mail) -> tuple[_Frame, _Frame]:
    text = typo(_plain().get_template("outbox/mail.txt").render(mail=common))
    return _Frame(text), _Frame(page_of("outbox/mail.html", mail=common, subject=common.subject))


@cache
def _plain() -> Environment:
    """The same templates and filters, for plain text: nothing to escape."""
    return environment().overlay(autoescape=False, keep_trailing_newline=True)
