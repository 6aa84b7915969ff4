"""What committees say by mail: the reminder that comes before, the notice that follows a change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.models import AgendaItem, Committee
from pooling.committees.notices.uids import Invited
from pooling.committees.queries import agendas_of, answers_of, facilitators_addresses
from pooling.committees.words import thread_of, zone_words
from pooling.kernel.database import mail_from_of, reads_answers
from pooling.kernel.tables import any_of
from pooling.outbox.mail import Button, Fact, Mail
from pooling.reminders.kinds import Context, DueReminder
from pooling.web.typography import date_time_long, plural, time_short

if TYPE_CHECKING:
    from pooling.committees.notices.icalendar_text import CalendarInvitation

ANSWER = ", et dites si vous venez"


class Change(StrEnum):
    """What happened to a committee that people had been told about."""

    DATE = "date"
    DETAILS = "details"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Recipient:
    person_id: int
    email: str
    name: str
    mail_key: str
    answer: str | None = None
    """What they have said, for the date that stands now."""

    @property
    def answered(self) -> bool:
        return self.answer is not None


@dataclass(frozen=True)
class Writer:
    """Writes the mails of one committee: what is the same for all who receive it is made once."""

    committee: Committee
    agenda: Sequence[AgendaItem]
    context: Context
    contacts: tuple[str, ...]
    """Addresses of the group's facilitators: who to ask."""
    calendar: "CalendarInvitation"

    @classmethod
    def of(
        cls,
        session: AsyncSession,
        committee: Committee,
        agenda: Sequence[AgendaItem],
        context: Context,
        contacts: tuple[str, ...],
        *,
        cancelled: bool = False,
    ) -> "Writer":
        # Once somebody is invited: what writes calendars takes 10 MB.
        from pooling.committees.notices.icalendar_text import cancellation, invitation  # noqa: PLC0415

        organizer = mail_from_of(session)
        if cancelled:
            return cls(committee, agenda, context, contacts, cancellation(committee, agenda, context, organizer))
        asks = reads_answers(session)
        return cls(committee, agenda, context, contacts, invitation(committee, agenda, context, organizer, asks=asks))

    @property
    def when(self) -> str:
        return date_time_long(self.committee.starts_at, self.context.zone)

    @property
    def when_with_year(self) -> str:
        return date_time_long(self.committee.starts_at, self.context.zone, with_year=True)

    def reminder(self, kind: str, recipient: Recipient) -> Mail:
        points = len(self.agenda)
        to_prepare = f" : {plural(points, 'point')} à préparer" if points else ""
        task = f"préparez d’ici là {_the_points(points)}" if points else "réservez ce moment"
        return self._mail(
            kind,
            recipient,
            subject=f"{self.committee.title} {self.when}{to_prepare}",
            why=f"Vous faites partie des personnes invitées à « {self.committee.title} », "
            f"{self.when_with_year} : {task}{'' if recipient.answered else ANSWER}.",
            asks=not recipient.answered,
        )

    def convocation(self, kind: str, recipient: Recipient) -> Mail:
        convened_at, file_id = self.committee.convened_at, self.committee.convocation_file_id
        if convened_at is not None and convened_at < self.committee.scheduled_at:
            file_id = None  # the room or the length changed since it was set: the mail has the present ones
        task = "réservez ce moment" if recipient.answered else "dites d’ici là si vous venez"
        attached = " Elle est jointe en PDF, avec de quoi donner pouvoir." if file_id is not None else ""
        mail = self._mail(
            kind,
            recipient,
            subject=f"Convocation : {self.committee.title} {self.when}",
            why=f"Voici votre convocation à « {self.committee.title} », {self.when_with_year} : {task}.{attached}",
            asks=not recipient.answered,
        )
        return replace(mail, attachments=(file_id,) if file_id is not None else ())

    def change(self, kind: str, recipient: Recipient, change: Change, reason: str) -> Mail:
        title = self.committee.title
        subject, task = {
            Change.DATE: (
                f"{title} déplacé au {self.when}",
                f"la date a changé. Notez la nouvelle, {self.when_with_year}, et dites de nouveau si vous venez",
            ),
            Change.DETAILS: (
                f"{title} {self.when} : lieu ou durée modifiés",
                f"le lieu ou la durée ont changé pour {self.when_with_year}. Vérifiez votre agenda",
            ),
            Change.CANCELLED: (
                f"{title} {self.when} : annulé",
                f"la réunion prévue {self.when_with_year} n’aura pas lieu. Retirez-la de votre agenda",
            ),
        }[change]
        return self._mail(
            kind,
            replace(recipient, answer=None) if change is Change.DATE else recipient,
            subject=subject,
            why=f"Vous faites partie des personnes invitées à « {title} » : {task}.",
            paragraphs=(f"Motif : {reason}",) if reason else (),
            asks=change is Change.DATE,
        )

    def taken_off(self, kind: str, recipient: Recipient) -> Mail:
        """To somebody who knows of the meeting and is not invited any more; the page may be closed to them by now."""
        mail = self._mail(
            kind,
            recipient,
            subject=f"{self.committee.title} {self.when} : invitation retirée",
            why=f"Votre invitation à « {self.committee.title} », {self.when_with_year}, est retirée : "
            "ôtez la réunion de votre agenda. Elle a lieu sans vous.",
        )
        return replace(mail, button=None, facts=mail.facts[:1])

    def _mail(
        self,
        kind: str,
        recipient: Recipient,
        *,
        subject: str,
        why: str,
        paragraphs: tuple[str, ...] = (),
        asks: bool = False,
    ) -> Mail:
        page = f"comites/{self.committee.id}"
        uid = Invited.of(self.committee, recipient.person_id, recipient.mail_key).uid(self.context.base_url)
        answering = Button("Répondre à l’invitation", self.context.url(f"{page}/reponse"))
        return Mail(
            kind=kind,
            recipient=recipient.email,
            person_id=recipient.person_id,
            subject=subject,
            why=why,
            paragraphs=paragraphs,
            button=answering if asks else Button("Voir le comité", self.context.url(page)),
            facts=self._facts(),
            reply_to=self.contacts,
            notice=self.context.notice,
            calendar=self.calendar.to(recipient.email, recipient.name, recipient.answer, uid),
            thread=thread_of(self.committee.id),
            expires_at=self.committee.starts_at,
        )

    def _facts(self) -> tuple[Fact, ...]:
        committee, zone = self.committee, self.context.zone
        ends = time_short(committee.ends_at, zone)
        numbered = "\n".join(f"{number}. {_in_full(item)}" for number, item in enumerate(self.agenda, start=1))
        facts = (
            Fact("Quand", f"{self.when_with_year}, jusqu’à {ends} ({zone_words(zone.key)})"),
            Fact("Où", committee.place),
            Fact("Visioconférence", committee.link),
            Fact("Ordre du jour", numbered),
        )
        return tuple(fact for fact in facts if fact.value)


def _in_full(item: AgendaItem) -> str:
    duration = f"{item.duration_minutes} min" if item.duration_minutes else ""
    about = ", ".join(part for part in (item.presenter, duration) if part)
    return f"{item.title} ({about})" if about else item.title


def _the_points(points: int) -> str:
    return "le point de l’ordre du jour" if points == 1 else f"les {plural(points, 'point')} de l’ordre du jour"


async def write_mails(
    session: AsyncSession,
    reminders: Sequence[DueReminder],
    context: Context,
    write: Callable[[Writer, str, Recipient], Mail],
) -> list[Mail]:
    """One mail for each reminder, `write` being given its committee's writer, its kind and who it is for."""
    subjects = {reminder.subject_id for reminder in reminders}
    found = await session.execute(select(Committee).where(any_of(col(Committee.id), subjects)))
    contacts = await facilitators_addresses(session)
    agendas = await agendas_of(session, subjects)
    writers = {
        committee.id: Writer.of(session, committee, agendas[committee.id], context, contacts)
        for committee in found.scalars()
    }
    answers = await answers_of(session, subjects, [reminder.person_id for reminder in reminders])
    return [
        write(
            writers[reminder.subject_id],
            reminder.kind,
            Recipient(
                reminder.person_id,
                reminder.email,
                reminder.name,
                reminder.mail_key,
                answer=answers.get((reminder.subject_id, reminder.person_id)),
            ),
        )
        for reminder in reminders
    ]
