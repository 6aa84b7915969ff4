"""What an upgrade makes of a database that earlier versions wrote. One database lives through all of it: at each
revision it is given what that version wrote, in a group of its own, and it is upgraded to the newest once.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import TypeAlias, TypeVar
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

T = TypeVar("T")
Connected: TypeAlias = asyncpg.Connection


@dataclass
class Lived:
    """The database as it stands today, and what was noted on the way."""

    owner: str
    """Its owner's address."""
    groups: dict[str, int] = field(default_factory=dict)
    """Their ids, by the address of each."""
    tables: dict[str, int] = field(default_factory=dict)
    """Those of revision 0008, each with the number that PostgreSQL gave it."""

    def asked(self, ask: Callable[[Connected], Awaitable[T]]) -> T:
        """What a connection of the owner gives."""

        async def answered() -> T:
            connection = await asyncpg.connect(self.owner)
            try:
                return await ask(connection)
            finally:
                await connection.close()

        return asyncio.run(answered())


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


@pytest.fixture(scope="module")
def lived(postgres: EmbeddedPostgres) -> Iterator[Lived]:
    """Made once: what is looked at is changed by no test."""
    name = f"pooling_upgrading_{uuid4().hex}"
    made = Lived(postgres.prepare(name).owner)

    async def write(writers: tuple[Writer, ...], connection: Connected) -> None:
        for writer in writers:
            await writer(connection, made)

    for revision, writers in WRITTEN.items():
        upgrade(made.owner, revision)
        made.asked(partial(write, writers))
    migrate(made.owner, APPLICATION)
    yield made
    Lived(postgres.address("postgres", "postgres")).asked(lambda admin: admin.execute(f"DROP DATABASE {name}"))


async def write_group(connection: Connected, made: Lived, slug: str) -> int:
    """Its id."""
    made.groups[slug] = await connection.fetchval(
        "INSERT INTO groups (slug, name, timezone, fictional, created_at) VALUES ($1, $1, 'UTC', false, $2) "
        "RETURNING id",
        *(slug, NOW),
    )
    return made.groups[slug]


async def write_arcachon(connection: Connected, group: int) -> int:
    """Its id, as a member of this group."""
    member: int = await connection.fetchval(
        "INSERT INTO members (group_id, kind, code, name, sort_key, category, created_at) "
        "VALUES ($1, 'legal_entity', '213300098', 'Arcachon', 'arcachon', 'commune', $2) RETURNING id",
        *(group, NOW),
    )
    return member


TABLES = """SELECT relname, oid FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"""


async def note_tables(connection: Connected, made: Lived) -> None:
    await write_group(connection, made, "stays")
    made.tables = dict(await connection.fetch(TABLES))


def test_a_database_made_by_the_steps_that_are_now_one_goes_on_from_there(lived: Lived) -> None:
    """Installations stood at 0008 when the first eight revisions became one of that number."""

    async def found(connection: Connected) -> tuple[str | None, list[str], dict[str, int]]:
        present = await connection.fetchval("SELECT version_num FROM alembic_version")
        slugs = [slug for (slug,) in await connection.fetch("SELECT slug FROM groups WHERE slug = 'stays'")]
        return present, slugs, dict(await connection.fetch(TABLES))

    present, slugs, after = lived.asked(found)
    assert present == newest_revision()
    assert slugs == ["stays"]
    assert len(lived.tables) == 42
    gone, renamed = {"export_contents"}, {"committee_files": "attached_files"}
    kept = {renamed.get(name, name): table for name, table in lived.tables.items() if name not in gone}
    assert kept.items() <= after.items(), "the tables are the same ones, not made anew"


async def write_recovery_code(connection: Connected, _: Lived) -> None:
    person = await connection.fetchval(
        "INSERT INTO people (email, name, function, created_at) VALUES ('code@b.fr', '', '', $1) RETURNING id", NOW
    )
    await connection.execute(
        "INSERT INTO recovery_codes (person_id, code_hash) VALUES ($1, $2)", person, sha256(OLD.encode()).digest()
    )


def test_recovery_codes_on_peoples_paper_go_on(lived: Lived) -> None:
    """They were short and kept as a quick hash: the hash becomes slow, the code stays good."""

    async def tried(typed: str) -> bool:
        database = Database.connect(lived.owner)
        async with database.transaction() as session:
            person = (await session.execute(text("SELECT id FROM people WHERE email = 'code@b.fr'"))).scalar_one()
            right = await check_code(session, SecretBox("k"), person, typed, NOW)
        await database.dispose()
        return right

    assert not asyncio.run(tried("3f9a1c-02be78"))
    assert asyncio.run(tried("3F9A1C 02BE77"))
    assert not asyncio.run(tried(OLD)), "once"


OLD = "3f9a1c-02be77"


COMMITTEE = """INSERT INTO committees (group_id, title, state, local_start, starts_at, ends_at, place, link, minutes,
    revision, scheduled_at, created_at, invited_roles, taken_off, search_text)
    VALUES ($1, 'C', 'minuted', $3, $2, $2::timestamptz + interval '1 hour', '', '', 'm', 1, $2, $2, '{}', '{}', $4)"""


async def write_folded_words(connection: Connected, made: Lived) -> None:
    stored = "les locau municipau les travau le reseau le tuyau le tau 1 200 velo 12 345 67"
    group = await write_group(connection, made, "folded")
    await connection.execute("SELECT set_config('pooling.group_id', $1, false)", str(group))
    await connection.execute(COMMITTEE, group, NOW, NOW.replace(tzinfo=None), stored)


def test_what_earlier_versions_folded_is_found_by_what_is_typed_now(lived: Lived) -> None:
    """Words had lost their last s or x, numbers stood in pieces."""
    found = lived.asked(
        lambda it: it.fetchval("SELECT search_text FROM committees WHERE group_id = $1", lived.groups["folded"])
    )
    typed = "les locaux municipaux les travaux le réseau le tuyau le taux 1 200 vélos 12 345,67"
    assert found == search_text(typed)


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


async def write_collected(connection: Connected, made: Lived) -> None:
    group = await write_group(connection, made, "collected")
    member = await write_arcachon(connection, group)
    for number, (state, dates, _) in enumerate(COLLECTED, start=1):
        await connection.execute(PURCHASE, group, f"AG-2027-{number:03d}", state, member, *dates, NOW)


def test_what_purchases_said_of_their_collection_becomes_its_row(lived: Lived) -> None:
    rows = lived.asked(
        lambda it: it.fetch(
            "SELECT p.reference, c.state, c.revision, c.opened_at, c.scheduled_at, c.closes_at, c.closed_at "
            "FROM collections c JOIN purchases p ON p.group_id = c.group_id AND p.id = c.purchase_id "
            "WHERE p.group_id = $1 ORDER BY 1",
            lived.groups["collected"],
        )
    )
    assert [tuple(row) for row in rows] == [
        (f"AG-2027-{number:03d}", state, *dates)
        for number, (_, dates, state) in enumerate(COLLECTED, start=1)
        if state is not None
    ]


async def write_charges_alone(connection: Connected, made: Lived) -> None:
    group = await write_group(connection, made, "charges")
    member = await write_arcachon(connection, group)
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


def test_a_purchase_of_charges_alone_says_so(lived: Lived) -> None:
    """It was told by having no items; one in preparation that has nothing yet may become either."""
    of_it = "SELECT title, kind FROM purchases WHERE group_id = $1"
    kinds = dict(lived.asked(lambda it: it.fetch(of_it, lived.groups["charges"])))
    assert kinds == {"goods": "goods", "charges": "service", "nothing": "goods"}


TYPED = {
    "zero\u200bwidth@lugos.example": "zerowidth@lugos.example",
    "contact@mairie-are\u0300s.fr": "contact@mairie-ar\u00e8s.fr",
    "soft\u00adhyphen@lugos.example": "soft\u00adhyphen@lugos.example",  # somebody has it without
    "softhyphen@lugos.example": "softhyphen@lugos.example",
    "ref..x@lugos.example": "ref..x@lugos.example",
    "plain@lugos.example": "plain@lugos.example",
}
"""Addresses as they were taken, and as they are."""


async def write_addresses(connection: Connected, _: Lived) -> None:
    for email in TYPED:
        await connection.execute("INSERT INTO people (email, name, function, phone, administrator, created_at) "
            "VALUES ($1, 'T', '', '', false, $2)", email, NOW)  # fmt: skip
    await connection.execute(
        "INSERT INTO messages (person_id, kind, recipient, subject, body_text, body_html, state, priority, "
        "attempts, attachments, sender_name, thread, next_try_at, created_at) "
        "SELECT id, 'k', email, '', '', '', 'sent', 1, 0, '{}', '', '', $1, $1 "
        "FROM people WHERE email = 'plain@lugos.example'",
        NOW,
    )


def test_addresses_taken_before_one_definition_are_cleaned_and_who_came_is_known(lived: Lived) -> None:
    """What nobody sees is taken off, unless somebody has the address; what no cleaning mends stays, to be shown."""
    of_them = "SELECT email, signed_in_at IS NOT NULL AS came FROM people WHERE name = 'T' ORDER BY id"
    after = {row["email"]: row["came"] for row in lived.asked(lambda it: it.fetch(of_them))}
    assert list(after) == list(TYPED.values())
    assert [email for email, came in after.items() if came] == ["plain@lugos.example"], "a code was mailed to it"


OLD_WORKBOOK = """
WITH person AS (INSERT INTO people (email, name, function, created_at) VALUES ('file@b.fr', '', '', $1) RETURNING id),
    member AS (INSERT INTO members (group_id, kind, code, name, sort_key, category, created_at)
        VALUES ($2, 'legal_entity', '213300098', 'Arcachon', 'arcachon', '', $1) RETURNING group_id, id),
    purchase AS (INSERT INTO purchases (group_id, reference, title, description, state, lead_member_id, created_at)
        SELECT group_id, 'AG-2027-007', 'V', '', 'draft', id, $1 FROM member RETURNING group_id, id),
    deleted AS (INSERT INTO events (group_id, at, subject_kind, subject_id, name, details)
        VALUES ($2, $1, 'purchase', 99, 'purchase.deleted', '{"reference": "AG-2027-012"}')),
    export AS (INSERT INTO exports (group_id, purchase_id, asked_by, asked_at, state, tries, rows_done, rows_total,
            figures_at, ended_at, size)
        SELECT purchase.group_id, purchase.id, person.id, $1, 'ready', 1, 5, 5, $1, $1, 3 FROM purchase, person
        RETURNING group_id, id)
INSERT INTO export_contents (group_id, export_id, content) SELECT group_id, id, 'xyz' FROM export"""


async def write_workbook(connection: Connected, made: Lived) -> None:
    await connection.execute(OLD_WORKBOOK, NOW, await write_group(connection, made, "workbook"))


def test_a_workbook_that_was_ready_is_still_there_and_references_go_on(lived: Lived) -> None:
    async def found() -> tuple[str, bytes, str, int]:
        database = Database.connect(lived.owner)
        async with database.transaction(lived.groups["workbook"]) as session:
            [(export, size)] = await latest_exports(session, "allocation", {})
            assert size == len(b"xyz")
            file, content = await file_of(session, export)
            number = await next_number(session, "AG-2027")
        await database.dispose()
        return file.name, content, export.state, number

    assert asyncio.run(found()) == ("AG-2027-007-repartition-estimee.xlsx", b"xyz", "ready", 13)


Writer = Callable[[Connected, Lived], Awaitable[None]]
WRITTEN: dict[str, tuple[Writer, ...]] = {
    "0008": (note_tables, write_recovery_code, write_folded_words),
    "0016": (write_collected, write_addresses),
    "0018": (write_charges_alone,),
    "0019": (write_workbook,),
}
"""What each version wrote, by the revision that its database stood at."""
