"""Searching what committees said: PostgreSQL's French full text, on words folded alike on both sides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from markupsafe import Markup, escape
from sqlalchemy import ColumnClause, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.models import Decision
from pooling.committees.models import Committee, CommitteeState
from pooling.kernel.tables import any_of
from pooling.kernel.text import THOUSANDS, clean, joined_thousands, search_text
from pooling.web.markdown import blocks_of, plain_text, read_beside

PAGE_SIZE = 20
MOST_PAGES = 10
LONGEST_QUERY = 200
AROUND = 130
"""Characters of an excerpt on each side of the first word found."""
_SHORTEST_STEM = 4
_PARTS = re.compile(r'"|[^\s"]+')
_WORD = re.compile(rf"{THOUSANDS.pattern}|\w+")
_FRENCH: ColumnClause[str] = literal_column("'french'::regconfig")


@dataclass(frozen=True)
class FoundMinutes:
    """A committee whose minutes answer."""

    committee_id: int
    title: str
    starts_at: datetime
    excerpt: Markup


def folded_query(typed: str) -> str:
    """What is typed, folded as what is searched; quotes for a phrase and a minus for a word unwanted stay."""
    parts = []
    for part in _PARTS.findall(joined_thousands(clean(typed)[:LONGEST_QUERY])):
        words = search_text(part)
        if part == '"':
            parts.append(part)
        elif words:
            parts.append(f"-{words}" if part.startswith("-") else words)
    return " ".join(parts)


async def search_minutes(session: AsyncSession, typed: str, *, page: int = 1) -> tuple[list[FoundMinutes], bool]:
    """A page of the published minutes that answer best, and whether there are more."""
    query_text = folded_query(typed)
    if not query_text:
        return [], False
    query = func.websearch_to_tsquery(_FRENCH, query_text)
    words = func.to_tsvector(_FRENCH, col(Committee.search_text))
    rows = await session.execute(
        select(col(Committee.id), col(Committee.title), col(Committee.starts_at), col(Committee.minutes))
        .where(col(Committee.state) == CommitteeState.MINUTED, words.op("@@")(query))
        .order_by(func.ts_rank(words, query).desc(), col(Committee.starts_at).desc(), col(Committee.id).desc())
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


def stems_of(query_text: str) -> list[str]:
    """The beginnings by which a word found is known: about as the French stemmer cuts them. A number is not cut."""
    wanted = [word for word in query_text.replace('"', " ").split() if not word.startswith("-")]
    return [word if word.isdigit() else word[: max(_SHORTEST_STEM, len(word) - 2)] for word in wanted if word != "or"]


def excerpt(text: str, stems: Sequence[str]) -> Markup:
    """A piece of the text around the first word found, every word found marked. Nothing of it is read as markup."""
    hits = [match for match in _WORD.finditer(text) if _answers(match[0], stems)]
    middle = hits[0].start() if hits else 0
    start, end = max(0, middle - AROUND), middle + AROUND
    if start:
        start = text.find(" ", start) + 1 or start
    if end < len(text):
        end = text.rfind(" ", start, end) if text.rfind(" ", start, end) > middle else end
    made, place = escape("… " if start else ""), start
    for hit in hits:
        if start <= hit.start() and hit.end() <= end:
            made += escape(text[place : hit.start()]) + Markup("<mark>{}</mark>").format(hit[0])
            place = hit.end()
    return made + escape(text[place:end]) + (" …" if end < len(text) else "")


def _answers(word: str, stems: Sequence[str]) -> bool:
    folded = search_text(word)
    return any(folded.startswith(stem) for stem in stems)
