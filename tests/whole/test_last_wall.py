"""The database as the last wall: with the application's filter switched off everywhere, no page, file or answer
differs, and nothing of another group's comes out.

The other group is a twin: the same members, purchases and records, under other names. A missing wall would show its
names, double a list or change a total.
"""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from api_client import token_of
from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, make_territory, open_purchase
from pooling.accounts.sessions import open_session
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.allocation.records.workbook_export import ask_workbook, workbook_kind
from pooling.committees.agendas.difficulties import raise_difficulty
from pooling.committees.agendas.files import Upload, attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn, DifficultyIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.exports.writing import write_exports
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, Enter, enter_group
from pooling.kernel.slices import Slice
from pooling.kernel.tables import TenantTable, metadata
from pooling.members.asking import RequestIn, keep_request
from pooling.members.entrance import caller_of
from pooling.members.features import Features
from pooling.members.mails import Sender
from pooling.members.models import Role
from pooling.members.queries import member_list
from pooling.outbox.models import Message
from pooling.reminders.kinds import Context
from pooling.reminders.models import Reminder
from pooling.web.security import SESSION_COOKIE
from routes import routes_of

MARK = "ZZVOISIN"
"""In every text of the twin group."""
REFERENCE = "AG-2027-001"
ROLES = {
    "facilitator": "animation@bassin.example",
    "reader": "observation@bassin.example",
    "referent": "referent@lugos.example",
    "referent of the lead": "referent@arcachon.example",
    "finance": "finances@arcachon.example",
    "buyer": BUYER,
}


class WithoutFilter(Database):
    """The application as if nobody had written its filter: row-level security alone stands between the groups."""

    filtered = True

    @asynccontextmanager
    async def transaction(
        self, group_id: int | None = None, *, enter: Enter | None = None
    ) -> AsyncIterator[AsyncSession]:
        async with super().transaction(group_id, enter=enter) as session:
            session.info["filter"] = self.filtered
            yield session


@pytest_asyncio.fixture
async def database(database: Database) -> Database:
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    return WithoutFilter(connection).handing(Features(FEATURES))


async def furnish(database: Database, territory: Territory, mark: str) -> dict[str, object]:
    """One of everything in a group, `mark` in every text; gives what addresses name."""
    purchase_id = await open_purchase(database, territory, NOW, title=f"Arceaux {mark}", description=f"Du bois {mark}")
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=4)
    async with database.transaction(territory.group_id) as session:
        own: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
        session.add(Charge(**own, code="livraison", label=f"Livraison {mark}", amount_cents=1000, key="equal"))
        session.add(Subsidy(**own, code="livraison", label=f"Aide {mark}", amount_cents=500))
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await session.flush()
        await freeze_allocation(session, buyer, purchase_id, REFERENCE, FixedClock(NOW))
        export = await ask_workbook(session, buyer, purchase_id, NOW)
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        day = (NOW + timedelta(days=20)).date()
        command = CommitteeIn(
            day=day, hour=NOW.time(), place=f"Mairie {mark}", title=f"Comité {mark}", roles=(Role.REFERENT,)
        )
        committee = await schedule_committee(session, facilitator, command, NOW)
        item = await add_item(session, facilitator, committee, AgendaItemIn(title=f"Point {mark}"), NOW)
        sent = [Upload(f"{mark}.txt", f"Note {mark}".encode())]
        (piece,) = await attach_files(session, facilitator, committee, sent, NOW, agenda_item_id=item)
        difficulty = await raise_difficulty(session, facilitator, DifficultyIn(content=f"Retard {mark}"), NOW)
        context = Context(territory.group_id, territory.slug, mark, ZoneInfo("Europe/Paris"), False, "http://x", NOW)
        outsider = f"{territory.slug}{mark.lower()}@ailleurs.example"
        asked = RequestIn(outsider, f"Nouvelle {mark}", f"Bonjour {mark}", member_id=territory.members[LUGOS])
        await keep_request(session, territory.people[BUYER], asked, Sender("Achats", BUYER), context)
        await session.execute(text("UPDATE members SET name = name || :mark"), {"mark": mark})
        await session.execute(text("UPDATE items SET name = name || :mark"), {"mark": mark})
        await session.execute(text("UPDATE groups SET name = name || :mark"), {"mark": mark})
        request = (await session.execute(text("SELECT min(id) FROM access_requests"))).scalar_one()
        reminder = Reminder(
            group_id=territory.group_id, kind="committee", subject_id=committee, revision=1, offset_days=-7,
            person_id=territory.people["referent@lugos.example"], due_at=NOW, useful_until=NOW + timedelta(days=20),
        )  # fmt: skip
        mail = Message(
            group_id=territory.group_id, kind="committee", recipient="a@b.example", subject=f"Objet {mark}",
            body_text=f"Texte {mark}", body_html=f"Texte {mark}", state="failed", error="550", next_try_at=NOW,
            created_at=NOW,
        )  # fmt: skip
        session.add_all([reminder, mail])
        await session.flush()
        role = await session.execute(
            text("SELECT min(id) FROM memberships WHERE person_id = :person"),
            {"person": territory.people["referent@lugos.example"]},
        )
        key = await session.execute(
            text("SELECT mail_key FROM people WHERE id = :person"),
            {"person": territory.people["referent@lugos.example"]},
        )
        buyers = await session.execute(text("SELECT min(id) FROM memberships WHERE role = 'lead_buyer'"))
        return {
            "group": territory.slug,
            "reference": REFERENCE,
            "member": LUGOS,
            "siren": LUGOS,
            "item": "arceau",
            "number": 1,
            "committee_id": committee,
            "item_id": item,
            "file_id": piece,
            "export_id": export,
            "difficulty_id": difficulty,
            "person_id": territory.people["referent@lugos.example"],
            "request_id": request,
            "membership_id": role.scalar_one(),
            "buyer_membership": buyers.scalar_one(),
            "slug": territory.slug,
            "step": "archivage",
            "link": "unknown",
            "key": key.scalar_one(),
            "feed": "unknown.ics",
            "kind": "committee",
            "reminder_id": reminder.id,
            "message_id": mail.id,
            "path": "tokens.css",
        }


class Twins:
    """The group asked about, the one beside it, and an application over both."""

    def __init__(self, app: Litestar, database: WithoutFilter, here: Territory) -> None:
        self.app = app
        self.database = database
        self.here = here
        self.cookie = self.token = ""
        self.values: dict[str, object] = {}
        self.others: dict[str, object] = {}
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),  # type: ignore[arg-type]
            base_url="http://127.0.0.1:8000",
        )

    def paths(self, values: dict[str, object]) -> list[str]:
        found = []
        for route in routes_of(self.app):
            template = route.template.replace("/acheteurs/{membership_id}", "/acheteurs/{buyer_membership}")
            code = ARCACHON if "/membres/{code}" in template else "livraison"
            if route.method == "GET" and template != "/health/ready":
                found.append(template.format_map({"code": code, **values}))
        return found

    async def enter(self, email: str) -> None:
        """Signs this person in, as a browser and as a program."""
        person = self.here.people[email]
        async with self.database.transaction() as session:
            self.cookie = await open_session(session, person, NOW)
        self.token = await token_of(self.database, person, self.here.group_id, NOW)

    async def walk(self, paths: list[str]) -> dict[str, tuple[int, str]]:
        """What each address answers, as text."""
        bearer, cookie = {"Authorization": f"Bearer {self.token}"}, {"Cookie": f"{SESSION_COOKIE}={self.cookie}"}
        answers = {}
        for path in paths:
            answer = await self.client.get(path, headers=bearer if path.startswith("/api/v1") else cookie)
            sheets = "sheet" in answer.headers.get("content-type", "")
            answers[path] = (answer.status_code, _cells(answer) if sheets else answer.text)
        return answers


def _cells(answer: httpx.Response) -> str:
    book = load_workbook(io.BytesIO(answer.content))
    return "\n".join(str([cell.value for cell in row]) for sheet in book for row in sheet.iter_rows())


@pytest_asyncio.fixture
async def twins(app: Litestar, database: WithoutFilter, territory: Territory) -> AsyncIterator[Twins]:
    there = await make_territory(database, NOW, slug="voisin")
    made = Twins(app, database, territory)
    made.values = await furnish(database, territory, " ici")
    made.others = await furnish(database, there, f" {MARK}")
    assert await write_exports(database, FixedClock(NOW), [workbook_kind(FinanceConfiguration())]) == 2
    async with database.transaction(there.group_id) as session:  # people are shared: there they are nobody any more
        await session.execute(text("DELETE FROM committee_invitations"))
        await session.execute(text("DELETE FROM memberships"))
    yield made
    await made.client.aclose()


COMPUTED = {"current_allocations", "current_shares", "case_changes"}
"""What stands in for computing the same figures again: nobody sees whether it is there."""


async def everything(database: Database) -> dict[str, object]:
    """A fingerprint of all tables, for what reading must leave alone."""
    async with database.transaction() as session:
        groups = (await session.execute(text("SELECT id FROM groups_with_sizes()"))).scalars().all()
    found: dict[str, object] = {}
    for group in groups:
        async with database.transaction(group) as session:
            for table in TenantTable.__subclasses__():
                if table.metadata is not metadata:
                    continue  # another test's
                if table.__tablename__ in COMPUTED:
                    continue
                counted = await session.execute(
                    text(
                        f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table.__tablename__} t"
                    )
                )
                found[f"{group} {table.__tablename__}"] = tuple(counted.one())
            await enter_group(session, None)
            for name in ("people", "messages", "second_factors", "recovery_codes", "sign_in_codes", "throttles"):
                counted = await session.execute(
                    text(f"SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} t")
                )
                found[name] = tuple(counted.one())
    return found


@pytest.mark.parametrize("role", ROLES)
async def test_without_the_filter_every_address_answers_the_same(twins: Twins, role: str) -> None:
    """Every GET route, first with the filter, then without; and none of them changes a row."""
    paths = twins.paths(twins.values)
    assert len(paths) > 60
    await twins.enter(ROLES[role])
    before = await everything(twins.database)
    with_filter = await twins.walk(paths)
    twins.database.filtered = False
    without = await twins.walk(paths)
    twins.database.filtered = True
    assert await everything(twins.database) == before, "a GET changed something"
    assert [path for path in paths if MARK in without[path][1] or MARK in with_filter[path][1]] == []
    assert [path for path in paths if with_filter[path][0] != without[path][0] or without[path][0] >= 500] == []
    assert [path for path in paths if with_filter[path][1] != without[path][1]] == []
    shown = [path for path in paths if "ici" in without[path][1] and without[path][0] == 200]
    assert len(shown) > 8, "the walk saw pages that say something"


@pytest.mark.parametrize("role", ["facilitator", "buyer"])
async def test_what_the_other_group_names_is_not_found_here(twins: Twins, role: str) -> None:
    """The other group's ids under this group's address, and its own address, with the filter off."""
    twins.database.filtered = False
    ids = ("committee_id", "export_id", "request_id", "membership_id", "buyer_membership")
    mixed = twins.paths({**twins.values, **{name: twins.others[name] for name in ids}})
    theirs = [path for path in twins.paths(twins.others) if "/voisin" in path]
    await twins.enter(ROLES[role])
    answers = await twins.walk([*mixed, *theirs])
    assert [path for path, (_, said) in answers.items() if MARK in said] == []
    assert {path: answers[path][0] for path in theirs if answers[path][0] not in {404, 303}} == {}
    named = [path for path in mixed if f"/comites/{twins.others['committee_id']}" in path]
    assert named
    assert {answers[path][0] for path in named} <= {403, 404}


async def test_the_marks_would_be_seen(twins: Twins) -> None:
    """Asked in the other group's own transaction, the same reads do show them."""
    twins.database.filtered = False
    async with twins.database.transaction(twins.here.group_id) as session:
        members = (await member_list(session, Slice())).items
        await enter_group(session, (await session.execute(text("SELECT id FROM group_by_slug('voisin')"))).scalar_one())
        others = (await member_list(session, Slice())).items
    assert not any(MARK in member.name for member in members)
    assert all(MARK in member.name for member in others)
    assert len(members) == len(others)


async def test_functions_that_run_as_the_owner_look_for_temporary_tables_last(database: Database) -> None:
    """Otherwise the application's role could put its own table before ours, with a trigger run as the owner."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace")
        )
        found = {name: config for name, config in rows}
    assert found
    for name, config in found.items():
        assert config == ["search_path=pg_catalog, public, pg_temp"], name


async def test_a_temporary_table_of_the_same_name_is_not_read(database: Database) -> None:
    async with database.transaction() as session:
        allowed = await session.execute(text("SELECT has_database_privilege(current_database(), 'TEMPORARY')"))
        if allowed.scalar_one():
            await session.execute(text("CREATE TEMPORARY TABLE groups (LIKE public.groups) ON COMMIT DROP"))
            await session.execute(
                text(
                    "INSERT INTO pg_temp.groups (id, slug, name, timezone, fictional, created_at, "
                    "second_factor_required, lines_visible_to_all, committee_every_months, school_zone) "
                    "VALUES (999, 'forged', 'forged', 'UTC', false, now(), false, false, 3, '')"
                )
            )
            await session.execute(text("GRANT SELECT ON pg_temp.groups TO PUBLIC"))
        forged = await session.execute(text("SELECT count(*) FROM group_by_slug('forged')"))
        assert forged.scalar_one() == 0
