"""Renewing the directory, as the owner of its tables: one list comes in whole, or not at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from pooling.directory.reading import PACKAGED, AuthorityRow, read_authorities, year_of
from pooling.kernel.errors import Conflict

MOST_GONE = 10
"""Percent of the directory that a new list may leave out: a few communes merge each January; more is half a file."""

INCOMING = """
CREATE TEMP TABLE incoming (
    siren text, name text, kind text, insee text, department text, body_siren text, population integer, postcodes text,
    letters text, terms text
) ON COMMIT DROP"""

ADDED_AND_CHANGED = """
WITH written AS (
    INSERT INTO authorities AS a
        (siren, name, kind, insee, department, body_siren, population, postcodes, letters, terms)
    SELECT siren, name, kind, insee, department, body_siren, population,
        string_to_array(postcodes, ' '), letters, array_to_tsvector(string_to_array(terms, ' '))
    FROM incoming
    ON CONFLICT (siren) DO UPDATE SET name = excluded.name, kind = excluded.kind, insee = excluded.insee,
        department = excluded.department, body_siren = excluded.body_siren, population = excluded.population,
        postcodes = excluded.postcodes, letters = excluded.letters, terms = excluded.terms
    WHERE (a.name, a.kind, a.insee, a.department, a.body_siren, a.population, a.postcodes, a.letters, a.terms)
        IS DISTINCT FROM (excluded.name, excluded.kind, excluded.insee, excluded.department, excluded.body_siren,
            excluded.population, excluded.postcodes, excluded.letters, excluded.terms)
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added) AS added, count(*) FILTER (WHERE NOT added) AS changed FROM written"""

GONE = "DELETE FROM authorities a WHERE NOT EXISTS (SELECT FROM incoming i WHERE i.siren = a.siren)"


@dataclass(frozen=True)
class Renewal:
    """What a list changed in the directory."""

    year: int
    added: int
    changed: int
    gone: int


async def renew_directory(
    owner_url: str, rows: Sequence[AuthorityRow], year: int, now: datetime, *, back: bool = False
) -> Renewal:
    """Makes the directory what this list says. Two at once: one waits for the other.

    Raises:
        Conflict: the list is older than the directory and is not meant to take it `back`, or it leaves out too much.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE authorities IN SHARE ROW EXCLUSIVE MODE")
            return await _renew(connection, rows, year, now, back=back)
    finally:
        await connection.close()


async def _renew(
    connection: asyncpg.Connection, rows: Sequence[AuthorityRow], year: int, now: datetime, *, back: bool
) -> Renewal:
    present = await connection.fetchval(CURRENT_YEAR)
    if present is not None and year < present and not back:
        raise Conflict(f"Ce fichier est de {year}, et l’annuaire déjà de {present}.", code="older_edition")
    await connection.execute(INCOMING)
    await connection.copy_records_to_table("incoming", records=rows)
    await connection.execute("ANALYZE incoming (siren)")  # or each line is looked for among all, one by one
    before, leaving = await connection.fetchrow(
        "SELECT count(*), count(*) FILTER (WHERE i.siren IS NULL) FROM authorities a LEFT JOIN incoming i USING (siren)"
    )
    if leaving * 100 > before * MOST_GONE:
        raise Conflict(
            f"Ce fichier ferait disparaître {leaving} des {before} collectivités de l’annuaire : il est incomplet.",
            code="incomplete_edition",
        )
    # What leaves goes first: its INSEE code may be another's by now.
    await connection.execute(GONE)
    added, changed = await connection.fetchrow(ADDED_AND_CHANGED)
    await connection.execute("ANALYZE authorities (siren, body_siren)")
    done = Renewal(year, added, changed, leaving)
    if year != present or added or changed or leaving:
        await connection.execute(
            "INSERT INTO directory_editions (year, loaded_at, added, changed, gone) VALUES ($1, $2, $3, $4, $5)",
            *(year, now, added, changed, leaving),
        )
    return done


CURRENT_YEAR = "SELECT year FROM directory_editions ORDER BY id DESC LIMIT 1"


async def load_packaged(owner_url: str, now: datetime) -> None:
    """The first start, and the first after an update of the software, bring the list that comes with it; a list that
    the host has brought since stays.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        present = await connection.fetchval(CURRENT_YEAR)
    finally:
        await connection.close()
    packaged = year_of(PACKAGED)
    assert packaged is not None, "its name says so"
    if present is None or present < packaged:
        rows = await asyncio.to_thread(read_authorities, PACKAGED)
        await renew_directory(owner_url, rows, packaged, now)
