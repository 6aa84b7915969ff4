"""Searching what committees said: PostgreSQL's French full text, on words folded alike on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.tables import any_of
from pooling.web.markdown import blocks_of, plain_text, read_beside
from pooling.web.searching import answers, excerpt, folded_query, rank, stems_of

PAGE_SIZE = 20
MOST_PAGES = 10


@dataclass(frozen=True)
class FoundMinutes:
    """A committee whose minutes answer."""

    committee_id: int
    title: str
    starts_at: datetime
    excerpt: Markup


async def search_minutes(session: AsyncSession, typed: str, *, page: int = 1) -> tuple[list[FoundMinutes], bool]:
    """A page of the published minutes that answer best, and whether there are more."""
    query_text = folded_query(typed)
    if not query_text:
        return [], False
    searched = col(Committee.search_text)
    rows = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.starts_at), col(Committee.minutes))
        .where(col(Committee.state) == CommitteeState.MINUTED, answers(searched, query_text))
        .order_by(rank(searched, query_text).desc(), col(Committee.starts_at).desc(), col(Committee.id).desc())
        .limit(PAGE_SIZE + 1)
        .offset((page - 1) * PAGE_SIZE)
    )
    found = rows.all()
    decisions = await _decisions(session, [row[0] for row in found[:PAGE_SIZE]])
    stems = stems_of(query_text)
    shown = [
        FoundMinutes(
            committee_id,
            title,
            starts_at,
            await read_beside(partial(_excerpt, stems, decisions.get(committee_id, ())), minutes),
        )
        for committee_id, title, starts_at, minutes in found[:PAGE_SIZE]
    ]
    return shown, len(found) > PAGE_SIZE


def _excerpt(stems: Sequence[str], decisions: Sequence[str], minutes: str) -> Markup:
    return excerpt(_read(minutes, decisions), stems)


async def _decisions(session: AsyncSession, committees: Sequence[int]) -> dict[int, list[str]]:
    rows = await session.execute(
        select(col(Decision.committee_id), col(Decision.content))
        .where(any_of(col(Decision.committee_id), committees))
        .order_by(col(Decision.committee_id), col(Decision.number))
    )
    texts: dict[int, list[str]] = {}
    for committee_id, content in rows:
        texts.setdefault(committee_id, []).append(content)
    return texts


def _read(minutes: str, decisions: Sequence[str]) -> str:
    """Everything that may be quoted, on one line."""
    lines = [*plain_text(blocks_of(minutes)).splitlines(), *decisions]
    return " · ".join(" ".join(line.split()) for line in lines if line.strip())
