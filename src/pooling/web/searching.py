"""Searching in French: PostgreSQL's full text, on words folded alike on both sides (`kernel.text.search_text`)."""

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import Column, ColumnClause, ColumnElement, Computed, func, literal_column
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped
from sqlmodel import Field, col

from pooling.kernel.text import THOUSANDS, clean, joined_thousands, search_text

LONGEST_QUERY = 200
AROUND = 130
"""Characters of an excerpt on each side of the first word found."""
_SHORTEST_STEM = 4
_PARTS = re.compile(r'"|[^\s"]+')
_WORD = re.compile(rf"{THOUSANDS.pattern}|\w+")
_FRENCH: ColumnClause[str] = literal_column("'french'::regconfig")


def answers(searched: ColumnElement[str] | Mapped[str], query_text: str) -> ColumnElement[bool]:
    """Whether this column, folded by `search_text`, answers a folded query. An index on the same words finds it."""
    return func.to_tsvector(_FRENCH, searched).op("@@")(func.websearch_to_tsquery(_FRENCH, query_text))


def holds(words: ColumnElement[str] | Mapped[str], query_text: str) -> ColumnElement[bool]:
    """The same of a column that keeps its words cut (`found_words`). Row-level security lets no index answer a search,
    whose operator may leak: what is kept cut need not be cut again for each row.
    """
    return col(words).op("@@")(func.websearch_to_tsquery(_FRENCH, query_text))


def found_words() -> Any:  # noqa: ANN401
    """A column that the database fills from `search_text`."""
    cut = Computed("to_tsvector('french'::regconfig, search_text)", persisted=True)
    return Field(default=None, sa_column=Column(TSVECTOR, cut, nullable=False))


def rank(searched: ColumnElement[str] | Mapped[str], query_text: str) -> ColumnElement[float]:
    """How well it does."""
    found: ColumnElement[float] = func.ts_rank(
        func.to_tsvector(_FRENCH, searched), func.websearch_to_tsquery(_FRENCH, query_text)
    )
    return found


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
