"""Publishing the minutes: a document that stays, mailed to all who were invited, found by search."""

from datetime import datetime

from sqlalchemy import Select, exists, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.doubts import doubts_of_due_date, doubts_of_votes, votes_of
from pooling.committees.decisions.queries import decisions_of
from pooling.committees.decisions.words import committee_day
from pooling.committees.locking import lock_to_write, mark_held
from pooling.committees.minutes.document import minutes_data
from pooling.committees.models import Committee, CommitteeState, Guest, Invitation
from pooling.committees.notices.changes import context_of_group
from pooling.committees.people import Counts, count_people, quorum_of
from pooling.committees.queries import agendas_of, facilitators_addresses, holds_a_role
from pooling.committees.rules import COMMITTEE
from pooling.committees.words import thread_of
from pooling.kernel.database import base_url_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Invalid
from pooling.kernel.files import store_file
from pooling.kernel.tables import linked
from pooling.kernel.text import search_text
from pooling.members.rights import Caller
from pooling.outbox.mail import Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_copies
from pooling.reminders.kinds import Context
from pooling.web.markdown import blocks_of, faults_of, plain_text, read_beside
from pooling.web.pdf import make_pdf
from pooling.web.typography import date_time_long, plural

PUBLISHED = occasion(
    "minutes_published",
    asked_by="a facilitator or the committee’s secretary",
    to="who was invited or came",
    limit="once for each committee",
    where=__name__,
)
TEMPLATE = "committees/minutes.typ"
BATCH = 10_000
"""Mails written in one statement."""


async def publish_minutes(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> Committee:
    """Makes the minutes final: the PDF is kept, all who are invited get it, a search finds them.

    Raises:
        Forbidden: the caller neither manages committees nor is this one's secretary.
        NotFound: there is no such committee.
        Conflict: it has not begun, was cancelled, or its minutes are published already.
        Invalid: nothing is written, or something that no document can hold.
        Doubtful: who voted does not go with who was there, or a due date is odd, and nobody insists.
    """
    committee = await lock_to_write(session, caller, committee_id)
    mark_held(session, caller, committee, now)
    if not committee.minutes.strip():
        raise Invalid({"minutes": "Écrivez le compte-rendu avant de le publier."})
    if faults := await read_beside(faults_of, committee.minutes):
        raise Invalid({"minutes": f"Corrigez le compte-rendu avant de le publier. {' '.join(faults)}"})
    doubts = await doubts_of_minutes(session, committee, await count_people(session, committee, now), now)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("committee", committee.id))
    context = await context_of_group(session, base_url_of(session), now)
    data = await minutes_data(session, committee, context)
    pdf = await make_pdf(TEMPLATE, data, at=now)
    name = f"compte-rendu du {committee_day(committee.local_start)}.pdf"
    file = await store_file(session, name, pdf, now, person_id=None)
    COMMITTEE.move(session, committee, CommitteeState.MINUTED, at=now, person_id=caller.person_id)
    committee.minutes_file_id, committee.published_at = file.id, now
    committee.search_text = await _searched(session, committee)
    await session.flush()
    await _tell(session, committee, context, file.id, len(data["decisions"]))
    return committee


async def doubts_of_minutes(session: AsyncSession, committee: Committee, counts: Counts, now: datetime) -> list[str]:
    """What had better be looked at before it is published for ever, each in a French sentence."""
    decisions = [shown.decision for shown in await decisions_of(session, committee.id)]
    doubts = []
    if counts.invited and not counts.present:
        doubts.append(f"Personne n’est noté présent, sur {plural(counts.invited, 'invité')}.")
    quorum = await quorum_of(session, committee, now, counts)
    if quorum is not None and not quorum.reached:
        there = plural(quorum.present, "présent")
        doubts.append(f"Le quorum n’est pas atteint : {there} sur les {quorum.needed} qu’il faut.")
    for decision in decisions:
        called = f"Décision n° {decision.number}"
        doubts += doubts_of_votes(votes_of(decision), counts, called)
        doubts += doubts_of_due_date(decision.due_on, committee.local_start.date(), called)
    return doubts


async def _searched(session: AsyncSession, committee: Committee) -> str:
    agenda = (await agendas_of(session, [committee.id]))[committee.id]
    decisions = await decisions_of(session, committee.id)
    parts = [
        committee.title,
        *(item.title for item in agenda),
        await read_beside(lambda text: plain_text(blocks_of(text)), committee.minutes),
        *(shown.decision.content for shown in decisions),
        *(shown.subject.title for shown in decisions if shown.subject),
    ]
    return search_text(" ".join(parts))


def reader_ids(committee_id: int) -> Select[int]:
    """To whom the published minutes go: who was invited or came, and still is in the group."""
    is_invited = exists().where(
        linked(Invitation.committee_id, Guest.committee_id), col(Invitation.person_id) == col(Guest.person_id)
    )
    concerned = union_all(
        select(col(Invitation.person_id)).where(col(Invitation.committee_id) == committee_id),
        select(col(Guest.person_id)).where(col(Guest.committee_id) == committee_id, ~is_invited),
    ).subquery()
    return select(concerned.c.person_id).where(holds_a_role(concerned.c.person_id))


def readers_of(committee_id: int) -> Select[int, str]:
    """The same with their addresses, as (id, address)."""
    readers = reader_ids(committee_id).subquery()
    return select(col(Person.id), col(Person.email)).join(readers, readers.c.person_id == col(Person.id))


async def _tell(session: AsyncSession, committee: Committee, context: Context, file_id: int, decisions: int) -> None:
    mail = _mail(committee, context, file_id, decisions, await facilitators_addresses(session))
    after = 0
    while True:
        rows = await session.execute(
            readers_of(committee.id).where(col(Person.id) > after).order_by(col(Person.id)).limit(BATCH)
        )
        readers = [(person_id, email) for person_id, email in rows]
        await queue_copies(session, mail, readers, context.now)
        if len(readers) < BATCH:
            return
        after = readers[-1][0]


def _mail(committee: Committee, context: Context, file_id: int, decisions: int, contacts: tuple[str, ...]) -> Mail:
    when = date_time_long(committee.starts_at, context.zone, with_year=True)
    taken = f" et {plural(decisions, 'décision')}" if decisions else ""
    return Mail(
        kind=PUBLISHED,
        recipient="",
        subject=f"Compte-rendu publié : {committee.title} du {committee_day(committee.local_start)}",
        why=f"Vous étiez parmi les personnes invitées ou présentes à « {committee.title} », {when} : son "
        "compte-rendu est joint. Lisez-y ce que vous avez à faire.",
        button=Button("Lire le compte-rendu", context.url(f"comites/{committee.id}/compte-rendu")),
        facts=(Fact("Pièce jointe", f"compte-rendu en PDF{taken}"),),
        reply_to=contacts,
        notice=context.notice,
        attachments=(file_id,),
        thread=thread_of(committee.id),
    )
