"""What collections bring on the agenda of a committee: those about to close, and members that are silent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.collections.queries import under_way
from pooling.kernel.about import Named
from pooling.kernel.tables import any_of, linked
from pooling.members.agenda import AgendaSource, Meeting, Suggestion, TakenUp, shortened
from pooling.needs.models import Declaration, DeclarationState
from pooling.purchases.models import Participation, Purchase
from pooling.web.typography import deadline_words, plural

CLOSING, SILENT = "closing", "silent"
SOON_AFTER = timedelta(days=30)
"""A collection that closes so long after the meeting is spoken of there: before the next one it would be over."""
MOST_COLLECTIONS = 30


@dataclass(frozen=True)
class OpenCollection:
    """A purchase whose collection is open, with how many of its participants have filed."""

    purchase_id: int
    reference: str
    title: str
    closes_at: datetime
    participants: int
    filed: int

    @property
    def about(self) -> Named:
        return "purchase", self.purchase_id

    @property
    def silent(self) -> str:
        return plural(self.participants - self.filed, "membre sans réponse", "membres sans réponse")


def suggested(collections: Sequence[OpenCollection], starts_at: datetime) -> list[Suggestion]:
    """For a meeting at that moment: what closes soonest, then who is silent and may still answer after it."""
    soonest = sorted(collections, key=lambda one: one.closes_at)
    closing = [
        Suggestion(
            CLOSING,
            f"Collecte bientôt close : {shortened(one.title)}",
            f"{plural(one.filed, 'réponse')} sur {one.participants}",
            about=one.about,
        )
        for one in soonest
        if one.closes_at <= starts_at + SOON_AFTER
    ]
    silent = [
        Suggestion(
            SILENT, f"Membres sans réponse : {shortened(one.title)}", one.silent, duration_minutes=5, about=one.about
        )
        for one in soonest
        if one.filed < one.participants and one.closes_at > starts_at
    ]
    return [*closing, *silent]


async def _suggest(session: AsyncSession, meeting: Meeting, now: datetime) -> list[Suggestion]:
    rows = await session.execute(_open(now).limit(MOST_COLLECTIONS))
    return suggested([OpenCollection(*row) for row in rows], meeting.starts_at)


async def _tell(
    session: AsyncSession, meeting: Meeting, items: Sequence[TakenUp], now: datetime
) -> Mapping[int, tuple[str, ...]]:
    purchases = [item.about[1] for item in items if item.about]
    rows = await session.execute(_open(now).where(any_of(col(Purchase.id), purchases)))
    collections = {one.about: one for one in (OpenCollection(*row) for row in rows)}
    return {
        item.id: (_stands(collections.get(item.about), item.topic, meeting.zone, now),) for item in items if item.about
    }


def _stands(collection: OpenCollection | None, topic: str, zone: ZoneInfo, now: datetime) -> str:
    if collection is None:
        return "La collecte est close."
    closes = deadline_words(collection.closes_at, now, zone)
    silent = f"{collection.silent} sur {collection.participants}"
    return f"{silent}, {closes}" if topic == SILENT else f"Clôture {closes} ; {silent}"


def _open(now: datetime) -> Select[Any]:
    """The open collections, the soonest closed first."""
    participants = select(func.count()).where(linked(Participation.purchase_id, Purchase.id)).scalar_subquery()
    filed = (
        select(func.count())
        .where(
            linked(Declaration.purchase_id, Purchase.id),
            col(Declaration.state) == DeclarationState.FILED,
        )
        .scalar_subquery()
    )
    return (
        select(
            col(Purchase.id),
            col(Purchase.reference),
            col(Purchase.title),
            col(Collection.closes_at),
            participants,
            filed,
        )
        .join(Collection, linked(Collection.purchase_id, Purchase.id))
        .where(*under_way(now))
        .order_by(col(Collection.closes_at), col(Purchase.id))
    )


COLLECTIONS = AgendaSource((CLOSING, SILENT), _suggest, _tell)
