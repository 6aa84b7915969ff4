"""Every route × every role × own or other member × own or other group, against the written table."""

import runpy
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, get
from litestar.exceptions import ImproperlyConfiguredException
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col

import pooling
from api_client import token_of
from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, file_needs, make_members, make_purchase, open_purchase
from pooling.accounts.models import Person
from pooling.accounts.people import ensure_people
from pooling.accounts.sessions import open_session
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.allocation.records.workbook_export import ask_workbook, workbook_kind
from pooling.committees.agendas.difficulties import raise_difficulty
from pooling.committees.agendas.files import Upload, attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn, DifficultyIn
from pooling.committees.decisions.models import Decision
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.models import MinutesVersion
from pooling.exports.writing import write_exports
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of, require_whole_rights
from pooling.members.granting import grant_role
from pooling.members.group_page import GroupPage, Here
from pooling.members.groups import create_group
from pooling.members.models import AccessRequest, Membership, Role
from pooling.members.rights import Right
from pooling.outbox.models import Message
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.reminders.models import Reminder
from pooling.web.security import SESSION_COOKIE, VISITOR_COOKIE, form_token
from routes import Walked, routes_of
from web_client import give_second_factor
from whole.rights_table import EXPECTED

SECRET = "a secret of the tests, thirty-two characters or more"

ACTORS = {
    "outsider": "animation@bassin.example",  # the facilitator of the other group, see below
    "administrator": "administration@plateforme.example",
    "facilitator": "animation@bassin.example",
    "reader": "observation@bassin.example",
    "referent": "referent@lugos.example",
    "referent_other": "referent@salles.example",
    "referent_lead": "referent@arcachon.example",
    "finance": "finances@arcachon.example",
    "purchasing": "marches@arcachon.example",
    "buyer": BUYER,
    "buyer_other": "achats@salles.example",
}
IN_THE_BODY = {"POST", "PUT"}
BODIES: dict[str, dict[str, object]] = {
    "{member}": {"state": "draft", "needs": []},
    "opening": {"closes_at": (NOW + timedelta(days=9)).isoformat()},
    "closure": {"reason": "Tous ont répondu"},
    "cancellation": {"reason": "Crédits non votés"},
    "answer": {"answer": "yes"},
}
"""Sound ones, by the end of the address, so that only the right can refuse."""


class World:
    """What the walk needs: who asks, and what the addresses name."""

    def __init__(self, app: Litestar, database: Database) -> None:
        self.app = app
        self.database = database
        self.sessions: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.values: dict[str, object] = {}
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
        )

    async def ask(self, actor: str, walked: Walked, group: str) -> int:
        """The status of one request, everything it did undone."""
        connection = self.database._engine
        assert isinstance(connection, AsyncConnection)
        savepoint = await connection.begin_nested()
        try:
            path = walked.path({**self.values, "group": group})
            answer = await self.client.request(walked.method, path, **self._options(actor, walked))
        finally:
            await savepoint.rollback()
        if answer.status_code == 303 and answer.headers["location"].startswith("/connexion?"):
            return 401
        return answer.status_code

    def _options(self, actor: str, walked: Walked) -> dict[str, Any]:
        if walked.template.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.tokens[actor]}"} if actor in self.tokens else {}
            return {
                "headers": headers,
                **({"json": BODIES.get(walked.template.rsplit("/", 1)[1], {})} if walked.method in IN_THE_BODY else {}),
            }
        binding = self.sessions.get(actor, "a-visitors-number")
        name = SESSION_COOKIE if actor in self.sessions else VISITOR_COOKIE
        self.client.cookies.clear()
        options: dict[str, Any] = {"headers": {"Sec-Fetch-Site": "same-origin", "Cookie": f"{name}={binding}"}}
        if walked.method in IN_THE_BODY:
            options["data"] = {"csrf": form_token(SECRET, binding)}
        return options


@pytest_asyncio.fixture
async def world(app: Litestar, database: Database, territory: Territory) -> AsyncIterator[World]:
    made = World(app, database)
    async with database.transaction() as session:
        other = await create_group(session, name="Autre", now=NOW)
        await make_members(session, NOW)
    made.values = await things(database, territory)
    people = dict(territory.people)
    async with database.transaction() as session:
        named = [("administration@plateforme.example", "Administration", ""), ("autre@autre.example", "Autre", "")]
        people |= await ensure_people(session, named, NOW)
        administrator = await session.get(Person, people["administration@plateforme.example"])
        assert administrator is not None
        administrator.administrator = True
    async with database.transaction(other) as session:
        await grant_role(session, people["autre@autre.example"], Role.FACILITATOR, NOW)
    async with database.transaction(territory.group_id) as session:
        named = [("achats@salles.example", "Achats Salles", ""), ("marches@arcachon.example", "Marchés", "")]
        people |= await ensure_people(session, named, NOW)
        lead = territory.members[ARCACHON]
        await grant_role(session, people["marches@arcachon.example"], Role.PURCHASING, NOW, member_id=lead)
        second = (await session.execute(text("SELECT id FROM purchases WHERE reference = 'AG-2027-002'"))).scalar_one()
        await grant_role(session, people["achats@salles.example"], Role.LEAD_BUYER, NOW, purchase_id=second)
    for actor, email in ACTORS.items():
        person = people["autre@autre.example"] if actor == "outsider" else people[email]
        async with database.transaction() as session:
            made.sessions[actor] = await open_session(session, person, NOW)
            if actor == "administrator":
                await session.flush()
                await give_second_factor(session, person, NOW)
        if actor != "administrator":
            group_id = other if actor == "outsider" else territory.group_id
            made.tokens[actor] = await token_of(database, person, group_id, NOW)
    yield made
    await made.client.aclose()


async def things(database: Database, territory: Territory) -> dict[str, object]:
    """One of everything that an address can name: a purchase that is open, with its charge, subsidy and record."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=4)
    await make_purchase(database, territory, NOW, title="Autre achat")
    async with database.transaction(territory.group_id) as session:
        group: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
        session.add(Charge(**group, code="livraison", label="Livraison", amount_cents=1000, key="equal"))
        session.add(Subsidy(**group, code="livraison", label="Aide", amount_cents=500))
        request = AccessRequest(
            group_id=territory.group_id, email="nouveau@lugos.example", name="Nouveau", created_at=NOW
        )
        session.add(request)
        await session.flush()
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))
        export = await ask_workbook(session, buyer, purchase_id, NOW)
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        day = (NOW + timedelta(days=20)).date()
        command = CommitteeIn(day=day, hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,))
        committee = await schedule_committee(session, facilitator, command, NOW)
        await take_down(session, territory, committee, purchase_id)
        item = await add_item(session, facilitator, committee, AgendaItemIn(title="Un point"), NOW)
        (piece,) = await attach_files(session, facilitator, committee, [Upload("note.txt", b"Une note")], NOW)
        referent = await caller_of(session, territory.people["referent@lugos.example"], territory.group_id)
        difficulty = await raise_difficulty(session, referent, DifficultyIn(content="Un retard"), NOW)
        membership = await session.execute(select(col(Membership.id)).where(col(Membership.role) == Role.LEAD_BUYER))
        role = await session.execute(
            select(col(Membership.id)).where(col(Membership.person_id) == territory.people["referent@lugos.example"])
        )
        lugos = await session.get(Person, territory.people["referent@lugos.example"])
        assert lugos is not None
        key = lugos.mail_key
        soon = NOW + timedelta(days=13)
        reminder = Reminder(
            group_id=territory.group_id, kind="committee", subject_id=committee, revision=1, offset_days=-7,
            person_id=lugos.id, due_at=soon, useful_until=soon + timedelta(days=7),
        )  # fmt: skip
        refused_mail = Message(
            group_id=territory.group_id, kind="test", recipient="parti@lugos.example", subject="Bonjour", body_text="",
            body_html="", state="failed", error="550 5.1.1 unknown", next_try_at=NOW, created_at=NOW,
        )  # fmt: skip
        session.add_all([reminder, refused_mail])
        await session.flush()
        buyers, roles = membership.scalars().first(), role.scalars().first()
    assert await write_exports(database, FixedClock(NOW), [workbook_kind(FinanceConfiguration())]) == 1
    return {
        "reference": "AG-2027-001",
        "member": LUGOS,
        "siren": LUGOS,
        "item": "arceau",
        "number": 1,
        "code": "livraison",
        "member_code": ARCACHON,
        "committee_id": committee,
        "item_id": item,
        "file_id": piece,
        "export_id": export,
        "difficulty_id": difficulty,
        "guest_id": 10**9,
        "person_id": territory.people["referent@lugos.example"],
        "request_id": request.id,
        "membership_id": roles,
        "buyer_membership": buyers,
        "token_id": 10**9,
        "feed": "unknown.ics",
        "feed_id": 10**9,
        "slug": "bassin",
        "step": "archivage",
        "link": "unknown",
        "reminder_id": reminder.id,
        "message_id": refused_mail.id,
        "kind": "committee",
        "kept_id": 1,
        "key": key,
        "path": "tokens.css",
    }


async def take_down(session: AsyncSession, territory: Territory, committee_id: int, purchase_id: int) -> None:
    """A version of the committee's minutes, and a decision about the purchase."""
    group: dict[str, Any] = {"group_id": territory.group_id, "committee_id": committee_id, "number": 1}
    facilitator, owner = territory.people["animation@bassin.example"], territory.people["referent@lugos.example"]
    session.add(MinutesVersion(**group, content="Début", written_by=facilitator, begun_at=NOW, written_at=NOW))
    session.add(
        Decision(
            **group,
            content="Clore",
            purchase_id=purchase_id,
            act="close",
            owner_id=owner,
            assigned_at=NOW,
            created_at=NOW,
        )
    )
    await session.flush()


def adapted(world: World, walked: Walked) -> Walked:
    """Where one name stands for different things: `{code}` is a member's under /membres, a role's id a buyer's."""
    template = walked.template.replace("/membres/{code}", "/membres/{member_code}")
    template = template.replace("/acheteurs/{membership_id}", "/acheteurs/{buyer_membership}")
    return Walked(walked.method, template, walked.right)


def refused(status: int) -> bool:
    return status in {401, 403, 404}


def test_every_route_has_an_entry(app: Litestar) -> None:
    walked = {f"{route.method} {route.template}" for route in routes_of(app)}
    assert walked - EXPECTED.keys() == set(), "say in rights_table.py who may call it"
    assert {entry for entry in EXPECTED if not entry.startswith("GET /.well-known")} - walked == set(), "no such route"


@pytest.mark.parametrize("actor", ["visitor", *ACTORS])
async def test_each_actor_gets_in_where_the_table_says_and_nowhere_else(
    world: World, app: Litestar, actor: str
) -> None:
    wrong: list[str] = []
    for route in routes_of(app):
        if route.template == "/api/v1/me" and actor == "administrator":
            continue  # holds no role, so no token
        if route.template.startswith("/api/v1/groups") and actor == "administrator":
            continue
        allowed = actor in EXPECTED.get(f"{route.method} {route.template}", frozenset())
        status = await world.ask(actor, adapted(world, route), "bassin")
        if route.template == "/health/ready":
            assert status == 503, "no queue rings here"
            continue
        if status >= 500 or refused(status) == allowed:
            wrong.append(f"{route.method} {route.template}: {status}, {'in' if allowed else 'out'} expected")
    assert wrong == [], "\n".join(wrong)


async def test_another_groups_address_does_not_exist(world: World, app: Litestar) -> None:
    """404, not 403: whatever the role here, and whatever the address names there."""
    wrong = [
        f"{actor} {route.method} {route.template}: {status}"
        for actor in ("facilitator", "buyer", "referent")
        for route in routes_of(app)
        if "{group}" in route.template
        for status in [await world.ask(actor, adapted(world, route), "autre")]
        if status != 404
    ]
    assert wrong == [], "\n".join(wrong)


def test_the_document_says_what_the_routes_name() -> None:
    docs = Path(pooling.__file__).parents[2] / "docs"
    generator = runpy.run_path(str(docs / "rights_tables.py"))
    assert generator["written"]() == (docs / "rights.md").read_text(encoding="utf-8"), "run: make docs-tables"


def test_a_route_names_the_whole_right() -> None:
    """A right that counts for some purchases only says nothing of the one in the address; a permission needs it."""

    async def on_a_purchase(here: Here[PurchasePage]) -> str:
        return here.url

    async def on_the_group(here: Here[GroupPage]) -> str:
        return here.url

    async def on_nothing() -> str:
        return ""

    require_whole_rights(get("/a", right=may_run)(on_a_purchase))
    require_whole_rights(get("/b", right=Right.SEE_GROUP)(on_a_purchase))
    require_whole_rights(get("/c", right=Right.PREPARE_PURCHASE)(on_the_group))
    for right, handler in ((Right.RUN_PURCHASE, on_a_purchase), (may_run, on_the_group), (may_run, on_nothing)):
        with pytest.raises(ImproperlyConfiguredException):
            require_whole_rights(get("/d", right=right)(handler))
