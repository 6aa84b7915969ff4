"""Reads of an agenda: its items with what they are about as it stands now, and what is open in the group."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.collections.queries import is_collection, under_way
from pooling.committees.agendas.files import FileLine, files_of
from pooling.committees.agendas.rules import start_times
from pooling.committees.agendas.suggestions import OpenCollection, OpenMatters, shortened
from pooling.committees.decisions.models import Decision, DecisionState
from pooling.committees.models import AgendaItem, Committee, Difficulty, DifficultyState, Topic
from pooling.members.models import Member
from pooling.needs.models import Declaration, DeclarationState
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.web.typography import date_short, deadline_words, plural

MOST_COLLECTIONS = 30
MOST_DIFFICULTIES = 50
MOST_DECISIONS = 10
"""Shown under one item; their board has them all."""


@dataclass(frozen=True)
class AgendaLine:
    """An item as pages and documents show it."""

    id: int
    position: int
    title: str
    topic: str
    duration_minutes: int | None
    presenter: str
    purchase: str | None
    """Its reference."""
    purchase_title: str | None
    difficulty_id: int | None
    difficulty_settled: bool
    begins_at: datetime | None
    details: tuple[str, ...]
    """What there is to know about it now."""
    files: tuple[FileLine, ...] = ()


async def agenda_lines(session: AsyncSession, committee: Committee, zone: ZoneInfo, now: datetime) -> list[AgendaLine]:
    """The agenda in order: a fixed number of statements whatever its length."""
    rows: Sequence[Any] = (
        await session.execute(
            select(AgendaItem, col(Purchase.reference), col(Purchase.title), Difficulty, col(Member.name))
            .outerjoin(
                Purchase,
                and_(
                    col(Purchase.group_id) == col(AgendaItem.group_id),
                    col(Purchase.id) == col(AgendaItem.purchase_id),
                ),
            )
            .outerjoin(
                Difficulty,
                and_(
                    col(Difficulty.group_id) == col(AgendaItem.group_id),
                    col(Difficulty.id) == col(AgendaItem.difficulty_id),
                ),
            )
            .outerjoin(
                Member,
                and_(col(Member.group_id) == col(Difficulty.group_id), col(Member.id) == col(Difficulty.member_id)),
            )
            .where(col(AgendaItem.committee_id) == committee.id)
            .order_by(col(AgendaItem.position), col(AgendaItem.id))
        )
    ).all()
    items: list[AgendaItem] = [row[0] for row in rows]
    files = await files_of(session, committee.id)
    live = await _live_details(session, committee, items, zone, now)
    begins = start_times(committee.starts_at, [item.duration_minutes for item in items])
    return [
        AgendaLine(
            id=item.id,
            position=place,
            title=item.title,
            topic=item.topic,
            duration_minutes=item.duration_minutes,
            presenter=item.presenter,
            purchase=reference,
            purchase_title=title,
            difficulty_id=item.difficulty_id,
            difficulty_settled=difficulty is not None and difficulty.state == DifficultyState.SETTLED,
            begins_at=begins_at,
            details=_of_difficulty(difficulty, member) if difficulty is not None else live.get(item.id, ()),
            files=tuple(files.get(item.id, ())),
        )
        for place, ((item, reference, title, difficulty, member), begins_at) in enumerate(
            zip(rows, begins, strict=True), start=1
        )
    ]


def _of_difficulty(difficulty: Difficulty, member: str | None) -> tuple[str, ...]:
    content = " ".join(difficulty.content.split())
    said = f"{member} : {content}" if member else content
    return (said, f"Réglée : {difficulty.settlement}") if difficulty.settlement else (said,)


async def _live_details(
    session: AsyncSession, committee: Committee, items: Sequence[AgendaItem], zone: ZoneInfo, now: datetime
) -> Mapping[int, tuple[str, ...]]:
    topics = {item.topic for item in items}
    details: dict[int, tuple[str, ...]] = {}
    if topics & {Topic.CLOSING, Topic.SILENT}:
        wanted = {item.purchase_id for item in items if item.topic in {Topic.CLOSING, Topic.SILENT}}
        collections = {one.purchase_id: one for one in await _collections(session, now, wanted)}
        for item in items:
            if item.topic in {Topic.CLOSING, Topic.SILENT} and item.purchase_id is not None:
                details[item.id] = (_of_collection(collections.get(item.purchase_id), item.topic, zone, now),)
    if Topic.FOLLOW_UP in topics:
        follow_up = await _open_decisions(session, committee, now.astimezone(zone).date())
        details |= {item.id: follow_up for item in items if item.topic == Topic.FOLLOW_UP}
    return details


def _of_collection(collection: OpenCollection | None, topic: str, zone: ZoneInfo, now: datetime) -> str:
    if collection is None:
        return "La collecte est close."
    silent = plural(collection.participants - collection.filed, "membre sans réponse", "membres sans réponse")
    if topic == Topic.SILENT:
        return f"{silent} sur {collection.participants}, {deadline_words(collection.closes_at, now, zone)}"
    return f"Clôture {deadline_words(collection.closes_at, now, zone)} ; {silent} sur {collection.participants}"


async def _open_decisions(session: AsyncSession, committee: Committee, today: date) -> tuple[str, ...]:
    """The open decisions of other committees, those overdue first."""
    rows = await session.execute(
        select(col(Decision.number), col(Decision.content), col(Decision.due_on), col(Committee.local_start))
        .join(
            Committee,
            and_(col(Committee.group_id) == col(Decision.group_id), col(Committee.id) == col(Decision.committee_id)),
        )
        .where(col(Decision.state) == DecisionState.OPEN, col(Decision.committee_id) != committee.id)
        .order_by(col(Decision.due_on).nulls_last(), col(Decision.id))
        .limit(MOST_DECISIONS + 1)
    )
    lines = [
        f"{shortened(content)} ({_due(due_on, today)}décision n° {number} du {date_short(local_start.date())})"
        for number, content, due_on, local_start in rows
    ]
    if not lines:
        return ("Aucune décision n’est en attente.",)
    return (*lines[:MOST_DECISIONS], *(["et d’autres, dans le suivi des décisions"] * (len(lines) > MOST_DECISIONS)))


def _due(due_on: date | None, today: date) -> str:
    if due_on is None:
        return ""
    return f"en retard depuis le {date_short(due_on)}, " if due_on < today else f"pour le {date_short(due_on)}, "


async def open_matters(session: AsyncSession, committee: Committee, zone: ZoneInfo, now: datetime) -> OpenMatters:
    """What is open in the group, for this committee to take up: three statements."""
    difficulties = await session.execute(
        select(col(Difficulty.id), col(Difficulty.content), col(Difficulty.purchase_id))
        .where(col(Difficulty.state) == DifficultyState.RAISED)
        .order_by(col(Difficulty.id))
        .limit(MOST_DIFFICULTIES)
    )
    decisions = await session.execute(
        select(
            func.count(), func.count().filter(col(Decision.due_on) < now.astimezone(zone).date())
        ).where(col(Decision.state) == DecisionState.OPEN, col(Decision.committee_id) != committee.id)
    )  # fmt: skip
    opened, overdue = decisions.one()
    return OpenMatters(
        collections=await _collections(session, now),
        difficulties=[(key, content, purchase_id) for key, content, purchase_id in difficulties],
        decisions=opened,
        overdue=overdue,
    )


async def _collections(
    session: AsyncSession, now: datetime, purchases: AbstractSet[int | None] | None = None
) -> list[OpenCollection]:
    """The open collections, the soonest closed first; of these purchases only, when they are given."""
    participants = (
        select(func.count())
        .where(
            col(Participation.group_id) == col(Purchase.group_id), col(Participation.purchase_id) == col(Purchase.id)
        )
        .scalar_subquery()
    )
    filed = (
        select(func.count())
        .where(
            col(Declaration.group_id) == col(Purchase.group_id),
            col(Declaration.purchase_id) == col(Purchase.id),
            col(Declaration.state) == DeclarationState.FILED,
        )
        .scalar_subquery()
    )
    statement = (
        select(
            col(Purchase.id),
            col(Purchase.reference),
            col(Purchase.title),
            col(Collection.closes_at),
            participants,
            filed,
        )
        .join(Collection, is_collection(Purchase.group_id, Purchase.id))
        .where(*under_way(now))
        .order_by(col(Collection.closes_at), col(Purchase.id))
    )
    if purchases is None:
        statement = statement.limit(MOST_COLLECTIONS)
    else:
        statement = statement.where(col(Purchase.id).in_([key for key in purchases if key is not None]))
    return [OpenCollection(*row) for row in await session.execute(statement)]


MOST_PURCHASES = 100


async def purchases_to_link(session: AsyncSession, present: str | None = None) -> list[tuple[str, str]]:
    """The latest purchases that are neither settled nor cancelled, to choose from, and the present one: (reference,
    what it is called).
    """
    ended = [str(PurchaseState.SETTLED), str(PurchaseState.CANCELLED)]
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title))
        .where(or_(col(Purchase.state).not_in(ended), col(Purchase.reference) == present))
        .order_by(col(Purchase.id).desc())
        .limit(MOST_PURCHASES)
    )
    return [(reference, f"{reference} · {title}") for reference, title in rows]
