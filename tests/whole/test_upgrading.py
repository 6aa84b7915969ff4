"""What an upgrade makes of a database that an earlier version wrote."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from factories import NOW
from pooling.accounts.second_factor import SecretBox, check_code
from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres
from pooling.exports.asking import file_of, latest_exports
from pooling.kernel.database import Database, driver_url
from pooling.kernel.migrations import configuration, migrate, newest_revision
from pooling.kernel.numbering import next_number
from pooling.kernel.text import search_text


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> str:
    """The owner's address of a database without a table."""
    return postgres.prepare(f"pooling_upgrading_{uuid4().hex}").owner


def upgrade(owner_url: str, revision: str) -> None:
    """To this revision and no further, by its migrations alone."""

    def upgraded(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async def upgrading() -> None:
        engine = create_async_engine(driver_url(owner_url))
        async with engine.begin() as connection:
            await connection.run_sync(upgraded)
        await engine.dispose()

    asyncio.run(upgrading())


TABLES = """SELECT relname, oid FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"""


def test_a_database_made_by_the_steps_that_are_now_one_goes_on_from_there(empty: str) -> None:
    """Installations stood at 0008 when the first eight revisions became one of that number."""

    async def written() -> dict[str, int]:
        connection = await asyncpg.connect(empty)
        await connection.execute(
            "INSERT INTO groups (slug, name, timezone, fictional, created_at) VALUES ('b', 'B', 'UTC', false, $1)", NOW
        )
        tables = dict(await connection.fetch(TABLES))
        await connection.close()
        return tables

    async def found() -> tuple[str | None, list[str], dict[str, int]]:
        connection = await asyncpg.connect(empty)
        present = await connection.fetchval("SELECT version_num FROM alembic_version")
        slugs = [slug for (slug,) in await connection.fetch("SELECT slug FROM groups")]
        tables = dict(await connection.fetch(TABLES))
        await connection.close()
        return present, slugs, tables

    upgrade(empty, "0008")
    before = asyncio.run(written())
    migrate(empty, APPLICATION)
    present, slugs, after = asyncio.run(found())
    assert present == newest_revision()
    assert slugs == ["b"]
    assert len(before) == 42
    gone, renamed = {"export_contents"}, {"committee_files": "attached_files"}
    kept = {renamed.get(name, name): table for name, table in before.items() if name not in gone}
    assert kept.items() <= after.items(), "the tables are the same ones, not made anew"


def test_recovery_codes_on_peoples_paper_go_on(empty: str) -> None:
    """They were short and kept as a quick hash: the hash becomes slow, the code stays good."""

    async def written() -> None:
        connection = await asyncpg.connect(empty)
        person = await connection.fetchval(
            "INSERT INTO people (email, name, function, created_at) VALUES ('a@b.fr', '', '', $1) RETURNING id", NOW
        )
        await connection.execute(
            "INSERT INTO recovery_codes (person_id, code_hash) VALUES ($1, $2)", person, sha256(OLD.encode()).digest()
        )
        await connection.close()

    async def tried(typed: str) -> bool:
        database = Database.connect(empty)
        async with database.transaction() as session:
            person = (await session.execute(text("SELECT id FROM people"))).scalar_one()
            right = await check_code(session, SecretBox("k"), person, typed, NOW)
        await database.dispose()
        return right

    upgrade(empty, "0008")
    asyncio.run(written())
    upgrade(empty, "head")
    assert not asyncio.run(tried("3f9a1c-02be78"))
    assert asyncio.run(tried("3F9A1C 02BE77"))
    assert not asyncio.run(tried(OLD)), "once"


OLD = "3f9a1c-02be77"


COMMITTEE = """INSERT INTO committees (group_id, title, state, local_start, starts_at, ends_at, place, link, minutes,
    revision, scheduled_at, created_at, invited_roles, taken_off, search_text)
    VALUES ($1, 'C', 'minuted', $3, $2, $2::timestamptz + interval '1 hour', '', '', 'm', 1, $2, $2, '{}', '{}', $4)"""


def test_what_earlier_versions_folded_is_found_by_what_is_typed_now(empty: str) -> None:
    """Words had lost their last s or x, numbers stood in pieces."""
    stored = "les locau municipau les travau le reseau le tuyau le tau 1 200 velo 12 345 67"

    async def kept() -> None:
        connection = await asyncpg.connect(empty)
        group = await connection.fetchval(
            """INSERT INTO groups (slug, name, timezone, fictional, created_at)
            VALUES ('b', 'B', 'UTC', false, $1) RETURNING id""",
            NOW,
        )
        await connection.execute("SELECT set_config('pooling.group_id', $1, false)", str(group))
        await connection.execute(COMMITTEE, group, NOW, NOW.replace(tzinfo=None), stored)
        await connection.close()

    async def found() -> str:
        connection = await asyncpg.connect(empty)
        text: str = await connection.fetchval("SELECT search_text FROM committees")
        await connection.close()
        return text

    upgrade(empty, "0008")
    asyncio.run(kept())
    upgrade(empty, "head")
    typed = "les locaux municipaux les travaux le réseau le tuyau le taux 1 200 vélos 12 345,67"
    assert asyncio.run(found()) == search_text(typed)


PURCHASE = """INSERT INTO purchases (group_id, reference, title, description, state, lead_member_id, revision,
    opened_at, scheduled_at, closes_at, closed_at, keys_frozen_at, created_at)
    VALUES ($1, $2, 'Arceaux', '', $3, $4, $5, $6, $7, $8, $9, $6, $10)"""
OPENED, MOVED, UNTIL, EARLY = (NOW + timedelta(days=days) for days in (1, 2, 20, 9))
COLLECTED = [
    # state, (revision, opened, scheduled, closes, closed) → state of the collection, if there is one
    ("draft", (1, None, None, None, None), None),
    ("open", (2, OPENED, MOVED, UNTIL, None), "open"),
    ("closed", (1, OPENED, OPENED, UNTIL, EARLY), "closed"),
    ("delivered", (3, OPENED, MOVED, UNTIL, UNTIL), "closed"),
    ("cancelled", (1, OPENED, OPENED, UNTIL, None), "cancelled"),
    ("cancelled", (2, OPENED, MOVED, UNTIL, EARLY), "closed"),
    ("cancelled", (1, None, None, None, None), None),
]


def test_what_purchases_said_of_their_collection_becomes_its_row(empty: str) -> None:
    async def written() -> None:
        connection = await asyncpg.connect(empty)
        group = await connection.fetchval(
            "INSERT INTO groups (slug, name, timezone, fictional, created_at) VALUES ('b', 'B', 'UTC', false, $1) "
            "RETURNING id",
            NOW,
        )
        member = await connection.fetchval(
            "INSERT INTO members (group_id, kind, code, name, sort_key, category, created_at) "
            "VALUES ($1, 'legal_entity', '213300098', 'Arcachon', 'arcachon', 'commune', $2) RETURNING id",
            *(group, NOW),
        )
        for number, (state, dates, _) in enumerate(COLLECTED, start=1):
            await connection.execute(PURCHASE, group, f"AG-2027-{number:03d}", state, member, *dates, NOW)
        await connection.close()

    async def found() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(empty)
        rows = await connection.fetch(
            "SELECT p.reference, c.state, c.revision, c.opened_at, c.scheduled_at, c.closes_at, c.closed_at "
            "FROM collections c JOIN purchases p ON p.group_id = c.group_id AND p.id = c.purchase_id ORDER BY 1"
        )
        await connection.close()
        return [tuple(row) for row in rows]

    upgrade(empty, "0016")
    asyncio.run(written())
    upgrade(empty, "head")
    assert asyncio.run(found()) == [
        (f"AG-2027-{number:03d}", state, *dates)
        for number, (_, dates, state) in enumerate(COLLECTED, start=1)
        if state is not None
    ]


def test_a_purchase_of_charges_alone_says_so(empty: str) -> None:
    """It was told by having no items; one in preparation that has nothing yet may become either."""

    async def written() -> None:
        connection = await asyncpg.connect(empty)
        group = await connection.fetchval(
            "INSERT INTO groups (slug, name, timezone, fictional, created_at) VALUES ('b', 'B', 'UTC', false, $1) "
            "RETURNING id",
            NOW,
        )
        member = await connection.fetchval(
            "INSERT INTO members (group_id, kind, code, name, sort_key, category, created_at) "
            "VALUES ($1, 'legal_entity', '213300098', 'Arcachon', 'arcachon', 'commune', $2) RETURNING id",
            *(group, NOW),
        )
        for title, items, charges in (("goods", 1, 1), ("charges", 0, 1), ("nothing", 0, 0)):
            purchase = await connection.fetchval(
                "INSERT INTO purchases (group_id, reference, title, description, state, lead_member_id, created_at) "
                "VALUES ($1, $2, $2, '', 'draft', $3, $4) RETURNING id",
                *(group, title, member, NOW),
            )
            if items:
                await connection.execute(
                    "INSERT INTO items (group_id, purchase_id, code, position, name, description, unit, unit_price, "
                    "vat_rate, fctva, pack, minimum) VALUES ($1, $2, 'a', 1, 'A', '', 'u', 1, 20, false, 1, 0)",
                    *(group, purchase),
                )
            if charges:
                await connection.execute(
                    "INSERT INTO charges (group_id, purchase_id, code, label, amount_cents, vat_rate, fctva, key) "
                    "VALUES ($1, $2, 'c', 'C', 1, 20, false, $3)",
                    *(group, purchase, json.dumps("equal")),
                )
        await connection.close()

    async def found() -> dict[str, str]:
        connection = await asyncpg.connect(empty)
        kinds = dict(await connection.fetch("SELECT title, kind FROM purchases"))
        await connection.close()
        return kinds

    upgrade(empty, "0018")
    asyncio.run(written())
    upgrade(empty, "head")
    assert asyncio.run(found()) == {"goods": "goods", "charges": "service", "nothing": "goods"}


def test_addresses_taken_before_one_definition_are_cleaned_and_who_came_is_known(empty: str) -> None:
    """What nobody sees is taken off, unless somebody has the address; what no cleaning mends stays, to be shown."""
    upgrade(empty, "0016")
    before = {
        "zero\u200bwidth@lugos.example": "zerowidth@lugos.example",
        "contact@mairie-are\u0300s.fr": "contact@mairie-ar\u00e8s.fr",
        "soft\u00adhyphen@lugos.example": "soft\u00adhyphen@lugos.example",  # somebody has it without
        "softhyphen@lugos.example": "softhyphen@lugos.example",
        "ref..x@lugos.example": "ref..x@lugos.example",
        "plain@lugos.example": "plain@lugos.example",
    }

    async def written() -> None:
        connection = await asyncpg.connect(empty)
        for email in before:
            await connection.execute("INSERT INTO people (email, name, function, phone, administrator, created_at) "
                "VALUES ($1, '', '', '', false, $2)", email, NOW)  # fmt: skip
        await connection.execute(
            "INSERT INTO messages (person_id, kind, recipient, subject, body_text, body_html, state, priority, "
            "attempts, attachments, sender_name, thread, next_try_at, created_at) "
            "SELECT id, 'k', email, '', '', '', 'sent', 1, 0, '{}', '', '', $1, $1 "
            "FROM people WHERE email = 'plain@lugos.example'",
            NOW,
        )
        await connection.close()

    async def found() -> dict[str, bool]:
        connection = await asyncpg.connect(empty)
        rows = await connection.fetch("SELECT email, signed_in_at IS NOT NULL AS came FROM people ORDER BY id")
        await connection.close()
        return {row["email"]: row["came"] for row in rows}

    asyncio.run(written())
    upgrade(empty, "head")
    after = asyncio.run(found())
    assert list(after) == list(before.values())
    assert [email for email, came in after.items() if came] == ["plain@lugos.example"], "a code was mailed to it"


OLD_WORKBOOK = """
WITH g AS (INSERT INTO groups (slug, name, timezone, fictional, created_at)
        VALUES ('b', 'B', 'UTC', false, $1) RETURNING id),
    person AS (INSERT INTO people (email, name, function, created_at) VALUES ('a@b.fr', '', '', $1) RETURNING id),
    member AS (INSERT INTO members (group_id, kind, code, name, sort_key, category, created_at)
        SELECT id, 'legal_entity', '213300098', 'Arcachon', 'arcachon', '', $1 FROM g RETURNING group_id, id),
    purchase AS (INSERT INTO purchases (group_id, reference, title, description, state, lead_member_id, created_at)
        SELECT group_id, 'AG-2027-007', 'V', '', 'draft', id, $1 FROM member RETURNING group_id, id),
    deleted AS (INSERT INTO events (group_id, at, subject_kind, subject_id, name, details)
        SELECT id, $1, 'purchase', 99, 'purchase.deleted', '{"reference": "AG-2027-012"}' FROM g),
    export AS (INSERT INTO exports (group_id, purchase_id, asked_by, asked_at, state, tries, rows_done, rows_total,
            figures_at, ended_at, size)
        SELECT purchase.group_id, purchase.id, person.id, $1, 'ready', 1, 5, 5, $1, $1, 3 FROM purchase, person
        RETURNING group_id, id)
INSERT INTO export_contents (group_id, export_id, content) SELECT group_id, id, 'xyz' FROM export RETURNING group_id"""


def test_a_workbook_that_was_ready_is_still_there_and_references_go_on(empty: str) -> None:
    async def kept() -> int:
        connection = await asyncpg.connect(empty)
        group_id: int = await connection.fetchval(OLD_WORKBOOK, NOW)
        await connection.close()
        return group_id

    async def found(group_id: int) -> tuple[str, bytes, str, int]:
        database = Database.connect(empty)
        async with database.transaction(group_id) as session:
            [(export, size)] = await latest_exports(session, "allocation", {})
            assert size == len(b"xyz")
            file, content = await file_of(session, export)
            number = await next_number(session, "AG-2027")
        await database.dispose()
        return file.name, content, export.state, number

    upgrade(empty, "0019")
    group_id = asyncio.run(kept())
    upgrade(empty, "head")
    assert asyncio.run(found(group_id)) == ("AG-2027-007-repartition-estimee.xlsx", b"xyz", "ready", 13)
