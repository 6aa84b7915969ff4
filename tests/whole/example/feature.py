"""A feature that is not there: what a new one has to write, and all of it here."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get
from sqlalchemy import Select, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.exports.kinds import ExportKind, Prepared, Progress
from pooling.kernel.about import Named, keys_to
from pooling.kernel.events import record_event
from pooling.members.acts import Act, NoTerms, Order
from pooling.members.agenda import AgendaSource, Meeting, Suggestion
from pooling.members.events import EventWords, Subject, named_by
from pooling.members.features import Entry, Feature, features_for
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Membership, Role
from pooling.members.rights import AnyRight, Caller
from pooling.members.task import Task
from pooling.outbox.mail import Mail
from pooling.reminders.configuration import ReminderConfiguration, Schedule
from pooling.reminders.kinds import Context, DueReminder, Kind, Occasion
from pooling.reminders.kinds import Subject as Reminded
from whole.example.models import Loan


class LoanRight(AnyRight):
    SEE_LOANS = ("see_loans", Role.FACILITATOR)


@get("/prets", right=LoanRight.SEE_LOANS)
async def list_loans(here: Here[GroupPage]) -> Response[str]:
    subjects = features_for(here.session).subjects
    rows = await here.session.execute(subjects.joined(select(col(Loan.what)), Loan).order_by(col(Loan.id)))
    loans = [f"{what} {subject.called if subject else ''}" for what, subject in map(subjects.in_row, rows)]
    return here.ask("Prêts", question="Prêts du groupe", consequences=loans, action="", label="")


async def lend(session: AsyncSession, what: str, back_at: datetime, now: datetime, about: Named | None = None) -> None:
    loan = Loan(group_id=session.info["group_id"], what=what, back_at=back_at, **keys_to(about))
    session.add(loan)
    await session.flush()
    record_event(session, at=now, person_id=None, subject=("loan", loan.id), name="loan.made", details={"to": "Lugos"})


async def _lend_meanwhile(order: Order[NoTerms]) -> None:
    now = order.clock.now()
    await lend(order.session, "ce que l’achat remplace", now + timedelta(days=30), now, ("purchase", order.subject_id))


LEND = Act(
    name="lend",
    label="Prêter en attendant",
    subject="purchase",
    possible=("draft", "open"),
    terms=NoTerms,
    carry_out=_lend_meanwhile,
    consequences=lambda _: ["Le prêt est noté pour un mois."],
    did={"loan.made": "un prêt est noté pour {to}"},
)


async def _loans_to_speak_of(session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:
    rows = await session.execute(select(col(Loan.what)).where(col(Loan.back_at) > meeting.starts_at))
    return [Suggestion("loans", f"Prêté : {what}", "à rendre") for (what,) in rows]


async def loans_to_bring_back(session: AsyncSession, caller: Caller, now: datetime) -> list[Task]:
    if not caller.may(LoanRight.SEE_LOANS):
        return []
    rows = await session.execute(select(col(Loan.what), col(Loan.back_at)).where(col(Loan.back_at) > now))
    return [Task(f"Rendre : {what}", "Prêts", "/prets", "Voir les prêts", due_at=back_at) for what, back_at in rows]


async def _plan(session: AsyncSession, schedule: Schedule, zone: ZoneInfo, now: datetime) -> list[Occasion]:
    rows = await session.execute(select(col(Loan.id), col(Loan.back_at)))
    return [
        Occasion(key, 1, offset, back_at + timedelta(days=offset), back_at)
        for key, back_at in rows
        for offset in schedule.offsets
    ]


def _facilitators(zone: ZoneInfo, now: datetime) -> Select[Any]:
    audience: Any = select(
        col(Loan.id).label("subject_id"),
        literal(1).label("revision"),
        col(Membership.person_id).label("person_id"),
        col(Membership.started_at).label("since"),
    ).join(Membership, col(Membership.group_id) == col(Loan.group_id))
    told: Select[Any] = audience.where(col(Membership.role) == Role.FACILITATOR, col(Membership.ended_at).is_(None))
    return told


async def _render(session: AsyncSession, due: Sequence[DueReminder], context: Context) -> list[Mail]:
    called = await _named(session, [reminder.subject_id for reminder in due])
    return [
        Mail(
            kind="loan",
            recipient=reminder.email,
            subject=f"À rendre : {called[reminder.subject_id].label}",
            why="Vous animez le groupe.",
            person_id=reminder.person_id,
        )
        for reminder in due
    ]


async def _named(session: AsyncSession, ids: Sequence[int]) -> dict[int, Reminded]:
    rows = await session.execute(select(col(Loan.id), col(Loan.what)).where(col(Loan.id).in_(ids)))
    return {key: Reminded(what, "prets") for key, what in rows}


def kinds(configuration: ReminderConfiguration) -> list[Kind]:
    schedule = configuration.schedule("loan", Schedule(offsets=(-1,)))
    return [Kind("loan", "Prêt à rendre", schedule, _plan, _facilitators, _render, _named, receivers="L’animation.")]


async def _list(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
    """A file too long to write while somebody waits."""
    loans = (await session.execute(select(col(Loan.what)).order_by(col(Loan.id)))).scalars().all()

    def written(progress: Progress) -> bytes:
        progress(len(loans))
        return "\n".join([str(terms["heading"]), *loans]).encode()

    return Prepared("prêts.txt", "text/plain", len(loans), now, written)


FEATURE = Feature(
    pages=(list_loans,),
    navigation=(Entry("Prêts", "/prets", LoanRight.SEE_LOANS),),
    kinds=kinds,
    exports=lambda _: (ExportKind("loan-list", _list),),
    tasks=(loans_to_bring_back,),
    acts=(LEND,),
    agenda_sources=(AgendaSource(("loans",), _loans_to_speak_of),),
    events=EventWords(
        {"loan.made": "a noté le prêt {loan} à {to}"},
        (Subject("loan", "Prêts", otherwise="un prêt", named=named_by(Loan.id, Loan.what, said="« {} »")),),
    ),
)
