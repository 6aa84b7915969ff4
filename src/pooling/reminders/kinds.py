"""What a feature hands over so that its people are reminded: when, to whom, and what is said."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.outbox.mail import FICTIONAL, Mail
from pooling.reminders.configuration import Schedule


@dataclass(frozen=True)
class Occasion:
    """One reminder of one subject, whoever it goes to."""

    subject_id: int
    revision: int
    offset_days: int
    due_at: datetime
    useful_until: datetime


@dataclass(frozen=True)
class DueReminder:
    """A reminder whose moment has come, to somebody who is still to be told."""

    id: int
    kind: str
    subject_id: int
    revision: int
    offset_days: int
    due_at: datetime
    useful_until: datetime
    person_id: int
    email: str
    name: str
    mail_key: str = ""
    """The person's secret in addresses that work without signing in."""
    replaced_at: datetime | None = None
    """When the next reminder of its kind is due, which says it better."""


@dataclass(frozen=True)
class Context:
    """The group that a mail speaks for, and the moment it is written."""

    group_id: int
    slug: str
    group_name: str
    zone: ZoneInfo
    fictional: bool
    base_url: str
    now: datetime

    def url(self, path: str) -> str:
        """The full address of a page of the group, given from the group on: `comites/12`."""
        return f"{self.base_url.rstrip('/')}/g/{self.slug}/{path}"

    def refusal_url(self, kind: str, mail_key: str) -> str:
        """Where somebody stops mails of this kind from the group, without signing in."""
        return f"{self.base_url.rstrip('/')}/courriels/{self.slug}/{kind}/{mail_key}"

    @property
    def notice(self) -> str | None:
        return FICTIONAL if self.fictional else None


Plan = Callable[[AsyncSession, Schedule, ZoneInfo, datetime], Awaitable[list[Occasion]]]
"""The occasions of all current subjects of the transaction's group, on its schedule: one query and pure rules."""

Audience = Callable[[ZoneInfo, datetime], Select[Any]]
"""Who is to be told, as a SELECT of (subject_id, revision, person_id, since).

Somebody gets only the occasions that are due after `since`. The same SELECT plans, and decides at the moment
of sending who is still to be told.
"""

Render = Callable[[AsyncSession, Sequence[DueReminder], Context], Awaitable[list[Mail]]]
"""A mail for each reminder, in their order, from what is true now, in a fixed number of queries."""


@dataclass(frozen=True)
class Subject:
    """What a reminder is about, as pages name it."""

    label: str
    path: str
    """Its page, given from the group on: `comites/12`."""


Name = Callable[[AsyncSession, Sequence[int]], Awaitable[dict[int, Subject]]]
"""The subjects of these ids, in one query; those that are gone are left out."""


@dataclass(frozen=True)
class CopiedMail:
    """Mails that leave when something is done, to others than whoever did it: they may do without, as without reminders
    that are a comfort.
    """

    name: str
    label: str
    receivers: str
    """Whom they concern, for those who choose what they receive."""
    comfort: bool = True


@dataclass(frozen=True)
class Kind:
    name: str
    label: str
    """What the facilitator reads: « Rappel de comité »."""
    schedule: Schedule
    """As the territory set it; a group may want it otherwise."""
    plan: Plan
    audience: Audience
    render: Render
    name_subjects: Name
    receivers: str = ""
    """Whom it concerns, for those who choose what they receive: « Les acheteurs pilotes. »"""
    comfort: bool = True
    """Whether who receives it may do without and stop it by one click (RFC 8058)."""
    lawful: bool = False
    """Its date is set by a rule that no group changes or switches off."""
    date: str = "la date"
    """What its days are counted from, for people: « la réunion »."""
    wording: str = ""
    """A few words of the group's that its mails open with."""
    changed_at: datetime | None = None
    """When the group last changed its schedule."""
