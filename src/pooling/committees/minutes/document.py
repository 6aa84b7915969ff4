"""The minutes as a document: what its template is given."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.decisions.queries import DecisionShown, decisions_of, with_effects
from pooling.committees.decisions.words import committee_day
from pooling.committees.invitations.guests import guests_of
from pooling.committees.models import (
    AgendaItem,
    Answer,
    Committee,
    Difficulty,
    DifficultyState,
    Invitation,
)
from pooling.committees.queries import whole_titles
from pooling.kernel.tables import linked
from pooling.reminders.kinds import Context
from pooling.web.markdown import blocks_of, read_beside
from pooling.web.typography import date_short, date_time_long, number, plural, time_short, typo

NAMED_AT_MOST = 300
"""People of one sort: beyond, a document says how many they are."""


async def minutes_data(session: AsyncSession, committee: Committee, context: Context) -> dict[str, Any]:
    """Everything that the document of a committee's minutes says."""
    decisions = await with_effects(session, await decisions_of(session, committee.id))
    day = committee_day(committee.local_start)
    return {
        "title": f"Compte-rendu : {committee.title}",
        "group": context.group_name,
        "notice": typo(context.notice) if context.notice else None,
        "reference": f"{committee.title}, {day} – compte-rendu publié le "
        f"{date_short(context.now.astimezone(context.zone).date())}",
        "facts": await _facts(session, committee, context),
        "attendance": await _attendance(session, committee),
        "agenda": [typo(title) for title in await whole_titles(session, committee.id)],
        "blocks": await read_beside(blocks_of, committee.minutes),
        "decisions": [_decision(shown) for shown in decisions],
        "difficulties": await _difficulties(session, committee),
    }


async def _facts(session: AsyncSession, committee: Committee, context: Context) -> list[tuple[str, str]]:
    begins = date_time_long(committee.starts_at, context.zone, with_year=True)
    facts = [
        ("Quand", f"{begins}, jusqu’à {time_short(committee.ends_at, context.zone)}"),
        ("Où", committee.place),
        ("Visioconférence", committee.link),
    ]
    if committee.secretary_id is not None:
        name = await session.execute(select(col(Person.name)).where(col(Person.id) == committee.secretary_id))
        facts.append(("Secrétariat", name.scalar_one()))
    return [(label, value) for label, value in facts if value]


async def _attendance(session: AsyncSession, committee: Committee) -> list[tuple[str, str]]:
    """Who was present, represented, excused, where an attendance sheet or answers tell."""
    present = col(Invitation.present).is_(True)
    sorts = (
        ("Présents", present),
        ("Représentés", ~func.coalesce(present, False) & (col(Invitation.answer) == Answer.PROXY)),
        ("Excusés", ~func.coalesce(present, False) & (col(Invitation.answer) == Answer.NO)),
    )
    said = []
    for label, which in sorts:
        where = (col(Invitation.committee_id) == committee.id, which)
        count = (await session.execute(select(func.count()).select_from(Invitation).where(*where))).scalar_one()
        if not count:
            continue
        names = await session.execute(
            select(col(Person.name))
            .join(Invitation, col(Invitation.person_id) == col(Person.id))
            .where(*where)
            .order_by(col(Person.folded_name), col(Person.id))
            .limit(NAMED_AT_MOST)
        )
        listed = ", ".join(names.scalars()) if count <= NAMED_AT_MOST else plural(count, "personne")
        said.append((f"{label} ({number(count)})", listed))
    guests = await guests_of(session, committee.id)
    if guests:
        said.append((f"Également présents ({number(len(guests))})", ", ".join(one.name for one in guests)))
    return said


def _decision(shown: DecisionShown) -> dict[str, Any]:
    decision = shown.decision
    return {
        "number": decision.number,
        "content": [typo(line) for line in decision.content.splitlines() if line.strip()],
        "notes": [
            typo(note)
            for note in (
                f"Votes : {shown.votes}." if shown.votes else "",
                f"{shown.subject.word} : {shown.subject.called}." if shown.subject else "",
                f"Effet : {shown.effect}." if shown.effect else "",
            )
            if note
        ],
        "owner": shown.owner or "–",
        "due": date_short(decision.due_on) if decision.due_on else "–",
    }


async def _difficulties(session: AsyncSession, committee: Committee) -> Sequence[dict[str, str]]:
    """Those on this committee's agenda that are settled."""
    on_agenda = exists().where(
        linked(AgendaItem.difficulty_id, Difficulty.id),
        col(AgendaItem.committee_id) == committee.id,
    )
    found = await session.execute(
        select(Difficulty)
        .where(col(Difficulty.state) == DifficultyState.SETTLED, on_agenda)
        .order_by(col(Difficulty.settled_at), col(Difficulty.id))
    )
    return [{"content": typo(one.content), "settlement": typo(one.settlement)} for one in found.scalars()]
