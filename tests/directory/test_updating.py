"""Renewing the directory: what changes is counted, what is wrong changes nothing, two at once wait for each other."""

import asyncio
import gzip
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from factories import NOW
from ground.directory import excerpt, excerpt_lines
from ground.shell import Shell
from pooling.directory.queries import current_year, find_authorities
from pooling.directory.updating import Renewal, load_packaged, renew_directory
from pooling.embedded.postgres import PostgresAddresses
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict

ARCACHON, LUGOS = "213300098", "213302607"


async def test_a_later_list_renews_what_differs_and_nothing_else(
    fresh_addresses: PostgresAddresses, fresh_database: Database
) -> None:
    rows = excerpt()
    later = [row._replace(population=11_500) if row.siren == ARCACHON else row for row in rows if row.siren != LUGOS]
    merged = next(row for row in rows if row.siren == LUGOS)._replace(siren="200099999", name="Lugos-Nouvelle")
    owner = fresh_addresses.owner
    both = [renew_directory(owner, [*later, merged], 2027, NOW) for _ in range(2)]
    assert sorted([(one.added, one.changed, one.gone) for one in await asyncio.gather(*both)]) == [
        (0, 0, 0),
        (1, 1, 1),
    ]
    async with fresh_database.transaction() as session:
        found = await find_authorities(session, [ARCACHON, LUGOS, "200099999"])
        assert {siren: one.population for siren, one in found.items()} == {ARCACHON: 11_500, "200099999": 1137}
        assert await current_year(session) == 2027
        editions = await session.execute(text("SELECT year, added, changed, gone FROM directory_editions ORDER BY id"))
        assert [tuple(row) for row in editions] == [(2026, len(rows), 0, 0), (2027, 1, 1, 1)]
    with pytest.raises(Conflict, match=r"Ce fichier est de 2026, et l’annuaire déjà de 2027\."):
        await renew_directory(owner, rows, 2026, NOW)
    with pytest.raises(Conflict, match="il est incomplet"):
        await renew_directory(owner, rows[:100], 2027, NOW)
    await load_packaged(owner, NOW)  # it is of 2026: what the host brought stays
    assert await renew_directory(owner, rows, 2026, NOW + timedelta(days=1), back=True) == Renewal(2026, 1, 1, 1)


async def test_the_whole_list_comes_by_itself_where_there_is_none(fresh_addresses: PostgresAddresses) -> None:
    owner = await asyncpg.connect(fresh_addresses.owner)
    await owner.execute("TRUNCATE authorities, directory_editions")
    await load_packaged(fresh_addresses.owner, NOW)
    assert await owner.fetchval("SELECT count(*) FROM authorities") == 36_130
    assert await owner.fetchval("SELECT count(*) FROM authorities WHERE cardinality(postcodes) = 0") == 1_255
    await owner.close()


def test_the_command_renews_and_refuses(own: Shell, tmp_path: Path) -> None:
    lines = [line.replace(",10895,", ",10896,") for line in excerpt_lines()]
    path = tmp_path / "local-authorities-2027.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    done = own("directory", "update", path)
    assert (done.exit_code, done.stdout) == (0, "Directory 2027: 0 added, 1 changed, 0 gone.\n"), done.stderr
    assert own("directory", "update", path).stdout == "Directory 2027: 0 added, 0 changed, 0 gone.\n"
    nameless = tmp_path / "liste.csv"
    nameless.write_text("\n".join(excerpt_lines()), "utf-8")
    refused = own("directory", "update", nameless)
    assert (refused.exit_code, "indiquez-la avec --year" in refused.stderr) == (2, True)
    assert own("directory", "update", nameless, "--year", "2026").stdout == (
        "Directory 2026: 0 added, 1 changed, 0 gone.\n"
    )
    wrong = tmp_path / "photo-2028.csv"
    wrong.write_bytes(bytes(range(256)) * 10)
    refused = own("directory", "update", wrong)
    assert (refused.exit_code, refused.stderr.count("\n"), "Traceback" in refused.stderr) == (2, 1, False)
