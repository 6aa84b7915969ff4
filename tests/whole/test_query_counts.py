"""No page runs a number of queries that grows with the rows it shows, nor names rows one by one in a query."""

from collections.abc import Sequence, Sized
from datetime import timedelta

import pytest
from asyncpg import Record
from litestar import Litestar
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection
from stdnum.fr import siren

from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from ground.directory import COBAN
from pooling.allocation.records.workbook_export import ask_workbook
from pooling.committees.agendas.difficulties import raise_difficulty
from pooling.committees.agendas.files import Upload, attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn, DifficultyIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel import database as kernel_database
from pooling.kernel.database import Database
from pooling.members.adding import MemberIn, add_members
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_roles
from pooling.members.models import Role
from pooling.reminders.sweep import sweep
from routes import Walked, routes_of
from web_client import Browser, SignIn, features_in

SIRENS = [
    *("213300056", "213300114", "213300197", "213300510", "213302292", "213302367", "213305550", "213302843"),
    *("213300429", "213300296", "213304363", "213305295", "213305279", "213301997"),
]


class Statements:
    """Counts what reaches the database, by SQLAlchemy or by the driver alone, but for the beginnings and ends of
    transactions; and how many parameters its widest statement has (PostgreSQL takes 32 767).
    """

    def __init__(self) -> None:
        self.count = 0
        self.widest = 0

    def seen_by_session(self, _: object, __: object, statement: str, parameters: Sized, *___: object) -> None:
        if "SAVEPOINT" not in statement:
            self.count += 1
            self.widest = max(self.widest, len(parameters))

    async def seen_by_driver(
        self, connection: AsyncConnection, statement: str, values: Sequence[object]
    ) -> list[Record]:
        self.count += 1
        return await _FETCH(connection, statement, values)


_FETCH = kernel_database._fetch


@pytest.fixture
def statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> Statements:
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    seen = Statements()
    event.listen(connection.sync_connection, "before_cursor_execute", seen.seen_by_session)
    monkeypatch.setattr(kernel_database, "_fetch", seen.seen_by_driver)
    return seen


async def decide(database: Database, territory: Territory, committee_id: int, numbers: range) -> None:
    """Decisions of every sort: owned, dated, with an effect on a purchase that is to be applied."""
    terms = '{"lead_member": "213304983", "keys": {"pose": "equal"}}'
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("""
                INSERT INTO decisions (group_id, committee_id, number, content, purchase_id, act, terms, owner_id,
                    due_on, state, outcome, revision, assigned_at, created_at)
                SELECT p.group_id, :committee, n, 'Décision', p.id, 'change_terms', CAST(:terms AS jsonb), :owner,
                    date '2027-04-01', CASE WHEN n % 3 = 0 THEN 'done' ELSE 'open' END, '', 1, :now, :now
                FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n,
                    (SELECT group_id, id FROM purchases ORDER BY id LIMIT 1) p"""),
            {
                "committee": committee_id,
                "terms": terms,
                "owner": territory.people["referent@lugos.example"],
                "now": NOW,
                "first": numbers.start,
                "last": numbers.stop - 1,
            },
        )


async def grow(database: Database, territory: Territory, committee_id: int) -> None:
    """More of everything that a page may list: members, people, purchases, needs, committees, mails."""
    codes = [code for code in SIRENS if siren.is_valid(code)]
    async with database.transaction(territory.group_id) as session:
        members = [MemberIn(code=code, name=f"Commune {code}", population=100, agents=5) for code in codes]
        ids = await add_members(session, members, NOW)
        people = list(territory.people.values())
        await grant_roles(session, [(people[place % 5], Role.READER, None, None) for place in range(5)], NOW)
        await grant_roles(session, [(people[1], Role.FINANCE, ids[code], None) for code in codes], NOW)
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        for place in range(4):
            await schedule_committee(
                session,
                facilitator,
                CommitteeIn(
                    day=(NOW + timedelta(days=20 + place)).date(),
                    hour=NOW.time(),
                    place="Mairie",
                    roles=(Role.REFERENT,),
                ),
                NOW,
            )
        for place in range(4):
            title = f"Point {place}"
            await add_item(session, facilitator, committee_id, AgendaItemIn(title=title, duration_minutes=5), NOW)
            await attach_files(session, facilitator, committee_id, [Upload("note.txt", title.encode())], NOW)
            await raise_difficulty(session, facilitator, DifficultyIn(content=f"Retard {place}"), NOW)
        first = (await session.execute(text("SELECT min(id) FROM purchases"))).scalar_one()
        await session.execute(
            text("""
                INSERT INTO exports
                    (group_id, kind, terms, asked_by, asked_at, state, tries, rows_done, rows_total, reason)
                SELECT :group, 'allocation', jsonb_build_object('purchase', CAST(:purchase AS bigint), 'record', null),
                    :person, :now, 'failed', 1, 0, 0, 'non'
                FROM generate_series(1, 5)"""),
            {"group": territory.group_id, "purchase": first, "person": people[0], "now": NOW},
        )
    for title in ("Vélos", "Kits"):
        purchase_id = await open_purchase(database, territory, NOW, title=title)
        await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=3, abri=1)
        await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=2)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("INSERT INTO participations (group_id, purchase_id, member_id) "
                 "SELECT p.group_id, p.id, m.id FROM purchases p, members m ON CONFLICT DO NOTHING")
        )  # fmt: skip


def pages(app: Litestar) -> list[Walked]:
    return [
        walked
        for walked in routes_of(app)
        if walked.method == "GET"
        and walked.template.startswith("/g/{group}")
        and not walked.template.endswith("/suivi")
    ]


async def test_no_page_runs_more_queries_when_it_shows_more(
    app: Litestar, database: Database, territory: Territory, sign_in: SignIn, statements: Statements
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        command = CommitteeIn(
            day=(NOW + timedelta(days=9)).date(), hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,)
        )
        committee_id = await schedule_committee(session, facilitator, command, NOW)
        item_id = await add_item(session, facilitator, committee_id, AgendaItemIn(title="Un point"), NOW)
        (piece,) = await attach_files(session, facilitator, committee_id, [Upload("note.txt", b"Une note")], NOW)
        difficulty_id = await raise_difficulty(session, facilitator, DifficultyIn(content="Un retard"), NOW)
        export_id = await ask_workbook(session, facilitator, purchase_id, NOW)
    async with database.transaction(territory.group_id) as session:
        held = await session.execute(
            text("SELECT id FROM memberships WHERE person_id = :person"),
            {"person": territory.people["referent@lugos.example"]},
        )
        membership_id = held.scalar_one()
    reminder_id = await plan_reminders(app, territory)
    values = {
        "group": "bassin",
        "reference": "AG-2027-001",
        "member": LUGOS,
        "siren": COBAN,
        "item": "arceau",
        "code": ARCACHON,
        "number": 1,
        "committee_id": committee_id,
        "item_id": item_id,
        "file_id": piece,
        "export_id": export_id,
        "difficulty_id": difficulty_id,
        "person_id": territory.people["referent@lugos.example"],
        "membership_id": membership_id,
        "kind": "committee",
        "reminder_id": reminder_id,
    }
    walked = [page for page in pages(app) if not {"request_id", "message_id"} & _names(page)]
    people = ["animation@bassin.example", BUYER, "referent@lugos.example", "finances@arcachon.example"]
    before = {email: await count_all(await sign_in(email), walked, values, statements) for email in people}
    await grow(database, territory, committee_id)
    await plan_reminders(app, territory)
    after = {email: await count_all(await sign_in(email), walked, values, statements) for email in people}
    assert after == before
    assert len(before["animation@bassin.example"]) >= 8, "the walk really met pages"


async def plan_reminders(app: Litestar, territory: Territory) -> int:
    """As a sweep does; returns the first one's id."""
    services = app.state.services
    await sweep(services.database, features_in(app).kinds, services.clock, base_url="https://achats.example")
    async with services.database.transaction(territory.group_id) as session:
        found = await session.execute(text("SELECT min(id) FROM reminders WHERE kind = 'committee'"))
        first: int = found.scalar_one()
        return first


def _names(page: Walked) -> set[str]:
    return {part.strip("{}") for part in page.template.split("/") if part.startswith("{")}


async def count_all(
    browser: Browser, walked: list[Walked], values: dict[str, object], statements: Statements
) -> dict[str, tuple[int, int]]:
    """Statements of each page that this person may open, and their widest, by its address."""
    counts = {}
    for page in walked:
        start, statements.widest = statements.count, 0
        answer = await browser.get(page.path(values))
        assert answer.status_code < 500, page.template
        if answer.status_code == 200:
            counts[page.template] = (statements.count - start, statements.widest)
    return counts
