"""What is said by mail about proxies: to who holds one, and to who has to answer again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import Committee
from pooling.committees.notices.changes import context_of_group
from pooling.committees.queries import facilitators_addresses
from pooling.committees.words import thread_of
from pooling.kernel.database import base_url_of
from pooling.outbox.mail import Button, Fact, Mail
from pooling.outbox.models import Message, MessageState
from pooling.outbox.queueing import queue_mails, withdraw_messages
from pooling.reminders.kinds import Context
from pooling.web.typography import date_time_long

PROXY = "committee_proxy"


@dataclass(frozen=True)
class Mandate:
    """A proxy given: by whom, to whom."""

    giver_id: int
    giver: str
    giver_email: str
    holder_id: int
    holder: str
    holder_email: str


async def tell_given(session: AsyncSession, committee: Committee, given: Sequence[Mandate], now: datetime) -> None:
    """To who holds the proxy, as long as the meeting has not begun."""
    if committee.starts_at <= now:
        return
    setting = await _Setting.of(session, committee, now)
    mails = [
        setting.mail(
            (mandate.holder_id, mandate.holder_email),
            subject=f"{mandate.giver} vous donne pouvoir : {committee.title} {setting.when}",
            why=f"{mandate.giver} ne viendra pas à « {committee.title} », {setting.when_with_year}, et vous donne "
            "pouvoir de parler et de voter en son nom : si vous ne venez pas non plus, dites-le avant la réunion.",
        )
        for mandate in given
    ]
    await queue_mails(session, mails, now)


async def tell_void(session: AsyncSession, committee: Committee, lost: Sequence[Mandate], now: datetime) -> None:
    """To who gave a proxy that nobody will bear, as long as it can answer again."""
    if committee.starts_at <= now:
        return
    setting = await _Setting.of(session, committee, now)
    mails = [
        setting.mail(
            (mandate.giver_id, mandate.giver_email),
            subject=f"Votre pouvoir ne vaut plus : {committee.title} {setting.when}",
            why=f"{mandate.holder}, à qui vous aviez donné pouvoir pour « {committee.title} », ne viendra pas : "
            f"répondez de nouveau avant {setting.when_with_year}.",
        )
        for mandate in lost
    ]
    await queue_mails(session, mails, now)


async def withdraw_proxy_mails(session: AsyncSession, committee: Committee) -> None:
    """Takes back those that have not left: the meeting that they speak of was moved or cancelled.

    No reminder stands behind them, since somebody may be given a proxy twice before one date: their thread names the
    committee.
    """
    unsent = await session.execute(
        select(col(Message.id)).where(
            col(Message.group_id) == committee.group_id,
            col(Message.kind) == PROXY,
            col(Message.state).in_((MessageState.QUEUED, MessageState.SENDING)),
            col(Message.thread) == thread_of(committee.id),
        )
    )
    await withdraw_messages(session, list(unsent.scalars()))


def _answer_page(committee: Committee) -> str:
    return f"comites/{committee.id}/reponse"


@dataclass(frozen=True)
class _Setting:
    """What these mails share."""

    committee: Committee
    context: Context
    contacts: tuple[str, ...]

    @classmethod
    async def of(cls, session: AsyncSession, committee: Committee, now: datetime) -> "_Setting":
        context = await context_of_group(session, base_url_of(session), now)
        return cls(committee, context, await facilitators_addresses(session))

    @property
    def when(self) -> str:
        return date_time_long(self.committee.starts_at, self.context.zone)

    @property
    def when_with_year(self) -> str:
        return date_time_long(self.committee.starts_at, self.context.zone, with_year=True)

    def mail(self, to: tuple[int, str], *, subject: str, why: str) -> Mail:
        facts = (
            Fact("Quand", self.when_with_year),
            Fact("Où", self.committee.place),
            Fact("Visioconférence", self.committee.link),
        )
        return Mail(
            kind=PROXY,
            recipient=to[1],
            person_id=to[0],
            subject=subject,
            why=why,
            button=Button("Voir ma réponse", self.context.url(_answer_page(self.committee))),
            facts=tuple(fact for fact in facts if fact.value),
            reply_to=self.contacts,
            notice=self.context.notice,
            thread=thread_of(self.committee.id),
            expires_at=self.committee.starts_at,
        )
