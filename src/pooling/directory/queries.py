"""Reads of the directory, in any transaction: it is the same for every group."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, any_, case, literal, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.directory.models import Authority, AuthorityKind, DirectoryEdition
from pooling.directory.reading import KIND_WORDS, spelt_out
from pooling.kernel.limits import Readers, limit
from pooling.kernel.list_reading import without_blanks
from pooling.kernel.tables import any_of
from pooling.kernel.text import folded_words, sort_key

FOUND_AT_MOST = limit(50, "Authorities that one search of the directory finds", __name__, Readers.PROGRAMS)
SHORTEST = 2
"""Letters that a search needs."""
LONGEST = 200
_MOST_WORDS = 10
_SHOWN = 3
_LONGEST_WORD = 50


@dataclass(frozen=True)
class AuthorityShown:
    siren: str
    name: str
    kind: str
    insee: str | None
    department: str
    population: int
    postcodes: Sequence[str]
    body_siren: str | None

    @property
    def is_body(self) -> bool:
        return self.kind != AuthorityKind.COMMUNE

    @property
    def postcodes_words(self) -> str:
        """The first of them: Paris has 21."""
        first = ", ".join(self.postcodes[:_SHOWN])
        return f"{first}…" if len(self.postcodes) > _SHOWN else first or "–"

    @property
    def kind_word(self) -> str:
        return KIND_WORDS[AuthorityKind(self.kind)]


def _shown() -> Select[str, str, str, str | None, str, int, list[str], str | None]:
    return select(
        col(Authority.siren),
        col(Authority.name),
        col(Authority.kind),
        col(Authority.insee),
        col(Authority.department),
        col(Authority.population),
        col(Authority.postcodes),
        col(Authority.body_siren),
    )


async def current_year(session: AsyncSession) -> int | None:
    """The year of the current edition; None before the first."""
    newest = select(col(DirectoryEdition.year)).order_by(col(DirectoryEdition.id).desc()).limit(1)
    year: int | None = (await session.execute(newest)).scalar_one_or_none()
    return year


async def search_directory(session: AsyncSession, typed: str, *, most: int = FOUND_AT_MOST) -> list[AuthorityShown]:
    """Authorities by the beginnings of the words of their name, by SIREN, INSEE code or postcode: what is called or
    coded just so comes first, then names that begin so, then the largest.
    """
    words = searched_words(typed)
    if not words:
        return []
    letters = " ".join(spelt_out(words))
    coded = or_(col(Authority.siren) == letters, col(Authority.insee) == letters.upper())
    exact = or_(coded, col(Authority.letters) == letters, literal(letters) == any_(col(Authority.postcodes)))
    rank = case((exact, 0), (col(Authority.letters).like(f"{letters}%"), 1), else_=2)
    named = text("terms @@ CAST(:words AS tsquery)").bindparams(words=" & ".join(map(_beginning, words)))
    rows = await session.execute(
        _shown()
        .where(or_(named, coded))
        .order_by(rank, col(Authority.population).desc(), col(Authority.siren))
        .limit(most)
    )
    return [AuthorityShown(*row) for row in rows]


def searched_words(typed: str) -> list[str]:
    """What is looked for: words folded, or a code without its blanks; nothing where that is too short to tell."""
    code = without_blanks(typed[:LONGEST])
    words = [code] if code.isascii() and code.isdigit() else folded_words(typed[:LONGEST])[:_MOST_WORDS]
    return [word[:_LONGEST_WORD] for word in words] if sum(map(len, words)) >= SHORTEST else []


def _beginning(word: str) -> str:
    """A word of a `tsquery`, letters and digits alone: whatever begins so; « St » also spelt out."""
    (spelt,) = spelt_out([word])
    return f"'{word}':*" if spelt == word else f"('{word}':* | '{spelt}')"


async def find_authorities(session: AsyncSession, sirens: Sequence[str]) -> dict[str, AuthorityShown]:
    """Those of these that the directory has, in one statement."""
    rows = await session.execute(_shown().where(any_of(col(Authority.siren), sirens)))
    return {row.siren: AuthorityShown(*row) for row in rows}


async def communes_of(session: AsyncSession, body_siren: str) -> list[AuthorityShown]:
    """The communes of an intercommunal body, in French order."""
    rows = await session.execute(_shown().where(col(Authority.body_siren) == body_siren))
    return sorted((AuthorityShown(*row) for row in rows), key=lambda one: sort_key(one.name))


async def communes_among(session: AsyncSession, bodies: Sequence[str]) -> list[str]:
    """The SIRENs of the communes of these bodies."""
    statement = select(col(Authority.siren)).where(any_of(col(Authority.body_siren), bodies))
    return list((await session.execute(statement.order_by(col(Authority.siren)))).scalars())
