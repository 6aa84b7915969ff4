"""One walk over the application, recorded once a run and judged by many tests: who gets in, what the last wall holds,
what every answer says to a browser, how many statements it took. A new feature is added once, in `furnished.py`.

The walk has a database of its own: two groups that are twins, each with one of everything; people in every role of
one, who are nobody in the other. What is not asked for is not walked.
"""

import asyncio
import io
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from asyncpg import Record
from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send
from python_calamine import CalamineWorkbook
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from api_client import token_of
from factories import ARCACHON, BUYER, NOW, Territory, find_territory, make_territory
from furnished import furnish
from ground.database import INHABITED, OUR_FEATURES, Clones, engine_of
from ground.documents import written_once
from ground.web import SECRET
from pooling.accounts.models import Person
from pooling.accounts.people import ensure_people
from pooling.accounts.sessions import open_session
from pooling.kernel import database as kernel_database
from pooling.kernel.clock import Clock, FixedClock
from pooling.kernel.database import Database, Enter
from pooling.kernel.tables import TenantTable, metadata
from pooling.members.granting import grant_role
from pooling.members.models import Role
from pooling.reminders.sweep import sweep
from pooling.settings import Settings
from pooling.web.security import SESSION_COOKIE, VISITOR_COOKIE, form_token
from routes import Walked, routes_of
from web_client import features_in, give_second_factor, stand_on

MARK = "ZZVOISIN"
"""In every text of the twin group: a missing wall would show it."""
ACTORS = {
    "outsider": "autre@autre.example",  # the facilitator of the twin group
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
BODIES: dict[str, dict[str, object]] = {
    "{member}": {"state": "draft", "needs": []},
    "opening": {"closes_at": "2027-03-10T09:00:00+00:00"},
    "closure": {"reason": "Tous ont répondu"},
    "cancellation": {"reason": "Crédits non votés"},
    "answer": {"answer": "yes"},
    "step": {"state": "ordered"},
}
"""Sound ones, by the end of the address, so that only the right can refuse."""
IN_GROUP = "{group}"
AT_NOW = FixedClock(NOW)
REFUSED = {401, 403, 404, 405}
MAIN = re.compile("(?s)<main.*</main>")
OF_A_FORM = re.compile(r'name="csrf" value="[^"]*"')
COMPUTED = {"current_allocations", "current_shares", "case_changes"}
"""What stands in for computing the same figures again: nobody sees whether it is there."""
_FINGERPRINT = "SELECT '{0}', count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {0} t"
OF_NO_GROUP = ("people", "messages", "second_factors", "recovery_codes", "sign_in_codes")
"""But `throttles`: a wrong link that is read is counted."""


@dataclass(frozen=True)
class Step:
    """One request of the walk."""

    route: Walked
    path: str
    answer: httpx.Response
    statements: int
    widest: int
    """Parameters of its widest statement."""
    asked: tuple[int, ...]
    """Its statements, in order, each by its digest."""
    sent: int
    """Bytes of its body, also where httpx gives none to HEAD."""

    @property
    def where(self) -> str:
        return f"{self.route.method} {self.route.template}"

    @property
    def status(self) -> int:
        """401 also where a browser is sent to sign in."""
        to_sign_in = self.answer.headers.get("location", "").startswith("/connexion?")
        return 401 if self.answer.status_code == 303 and to_sign_in else self.answer.status_code

    @property
    def content(self) -> bytes:
        """What is shown, without what only says who looks at it."""
        found = MAIN.search(self.answer.text) if "html" in self.answer.headers.get("content-type", "") else None
        return OF_A_FORM.sub("", found[0]).encode() if found else self.answer.content

    @cached_property
    def said(self) -> str:
        """As text, the cells of a workbook too."""
        if "sheet" not in self.answer.headers.get("content-type", ""):
            return OF_A_FORM.sub("", self.answer.text)
        book = CalamineWorkbook.from_filelike(io.BytesIO(self.answer.content))  # XLSX or OpenDocument
        return "\n".join(str(row) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python())


def address(route: Walked, values: Mapping[str, object]) -> str:
    """One name stands for different things: `{code}` is a member's under /membres, a role's id a buyer's, and some
    addresses are of one kind of purchase.
    """
    template = route.template.replace("/membres/{code}", "/membres/{member_code}")
    for word in ("participation", "answers"):
        template = template.replace(f"/{{reference}}/{word}", f"/{{service}}/{word}")
    for word in ("ailleurs", "followup"):
        template = template.replace(f"/{{reference}}/{word}", f"/{{followed}}/{word}")
    for word in ("offre", "bilan", "offer", "uptakes"):
        template = template.replace(f"/{{reference}}/{word}", f"/{{offer}}/{word}")
    for word in ("receptions", "arrivees", "receipts"):
        template = template.replace(f"/{{reference}}/{word}", f"/{{received}}/{word}")
    for word in ("commandes", "orders"):
        template = template.replace(f"/{{reference}}/{word}", f"/{{ordered}}/{word}")
    return template.replace("/acheteurs/{membership_id}", "/acheteurs/{buyer_membership}").format_map(values)


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


class Statements:
    """Counts what reaches the database, by SQLAlchemy or by the driver alone, but for the beginnings and ends of
    transactions; and how many parameters its widest statement has (PostgreSQL takes 32 767).
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.asked: list[int] = []
        self.widest = 0
        event.listen(connection.sync_connection, "before_cursor_execute", self._seen_by_session)

    @property
    def count(self) -> int:
        return len(self.asked)

    def _seen_by_session(self, _: object, __: object, statement: str, parameters: Sized, *___: object) -> None:
        if "SAVEPOINT" not in statement:
            self.asked.append(hash(statement))
            self.widest = max(self.widest, len(parameters))

    async def seen_by_driver(
        self, where: kernel_database.Where, connection: Connection, statement: str, values: Sequence[object]
    ) -> list[Record]:
        self.asked.append(hash(statement))
        return await _FETCH(where, connection, statement, values)


_FETCH = kernel_database._fetch


class Walk:
    """Walks as somebody where it was not yet, and keeps what it met."""

    def __init__(self, app: Litestar, connection: AsyncConnection, folder: Path) -> None:
        self.app = app
        self.connection = connection
        self.database = WithoutFilter(connection).handing(OUR_FEATURES)
        self.statements = Statements(connection)
        self.sessions: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.changed_by_reading: list[str] = []
        self.asked_without_filter: set[int] = set()
        """Statements, as they are with it."""
        self._settings = Settings(data_dir=folder, smtp_url="smtp://127.0.0.1:9")
        self._documents: dict[tuple[str, str], bytes] = {}
        self._kept: dict[tuple[object, ...], list[Step]] = {}
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=cast("Any", self._weighed), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
        )
        self._sent = 0

    async def _weighed(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def weighing(message: Message) -> None:
            if message["type"] == "http.response.body":
                self._sent += len(message["body"])
            await send(message)

        await self.app(scope, receive, weighing)

    async def begin(self, here: Territory) -> None:
        """Makes the twins, and lets everybody in."""
        self.here = here
        async with self._served():
            self.there = await make_territory(self.database, NOW, slug="voisin")
            self.values = await furnish(self.database, here, " ici")
            self.others = await furnish(self.database, self.there, f" {MARK}")
            async with self.database.transaction(self.there.group_id) as session:  # they are people of one group alone
                await session.execute(text("DELETE FROM committee_invitations"))
                await session.execute(text("DELETE FROM memberships"))
            await self._arrive()
            await self._sweep()
            self._rows = await self._everything()
        await self.reads("facilitator")  # always first: whoever opens a purchase first computes its shares

    async def _arrive(self) -> None:
        async with self.database.transaction() as session:
            names = [(email, email.split("@", maxsplit=1)[0], "") for email in ACTORS.values()]
            people = await ensure_people(session, names, NOW)
            administrator = await session.get(Person, people[ACTORS["administrator"]])
            assert administrator is not None
            administrator.administrator = True
        async with self.database.transaction(self.there.group_id) as session:
            await grant_role(session, people[ACTORS["outsider"]], Role.FACILITATOR, NOW)
        async with self.database.transaction(self.here.group_id) as session:
            lead = self.here.members[ARCACHON]
            await grant_role(session, people[ACTORS["purchasing"]], Role.PURCHASING, NOW, member_id=lead)
            second = await session.execute(text("SELECT id FROM purchases WHERE reference = 'AG-2027-002'"))
            purchase_id = second.scalar_one()
            await grant_role(session, people[ACTORS["buyer_other"]], Role.LEAD_BUYER, NOW, purchase_id=purchase_id)
        for actor, email in ACTORS.items():
            async with self.database.transaction() as session:
                self.sessions[actor] = await open_session(session, people[email], NOW)
                if actor == "administrator":
                    await session.flush()
                    await give_second_factor(session, people[email], NOW)
            if actor != "administrator":  # who holds no role, so no token
                group = self.there if actor == "outsider" else self.here
                self.tokens[actor] = await token_of(self.database, people[email], group.group_id, NOW)

    @asynccontextmanager
    async def _served(self, *, filtered: bool = True, clock: Clock = AT_NOW) -> AsyncIterator[None]:
        """The application stands on the walk's ground, and then on the one of before."""
        before = self.app.state.services
        stand_on(self.app, database=self.database, clock=clock, settings=self._settings)
        self.database.filtered, kernel_database._fetch = filtered, self.statements.seen_by_driver
        try:
            with written_once(self._documents):
                yield
        finally:
            kernel_database._fetch = _FETCH
            self.database.filtered = True
            self.app.state.services = before

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        savepoint = await self.connection.begin_nested()
        try:
            yield
        finally:
            await savepoint.rollback()

    async def _sweep(self) -> None:
        await sweep(self.database, features_in(self.app).kinds, FixedClock(NOW), base_url="https://achats.example")

    def routes(self, *methods: str, actor: str = "visitor") -> list[Walked]:
        """Those that an actor can ask: without a token, there is no interface for programs."""
        closed = "/api/v1/" if actor in self.sessions and actor not in self.tokens else "closed to nobody"
        return [r for r in routes_of(self.app) if r.method in methods and not r.template.startswith(closed)]

    async def ask(self, actor: str, route: Walked, values: Mapping[str, object] | None = None) -> Step:
        path = address(route, self.values if values is None else values)
        self.statements.asked, self.statements.widest, self._sent = [], 0, 0
        self._client.cookies.clear()
        answer = await self._client.request(route.method, path, **self._options(actor, route))
        asked = tuple(self.statements.asked)
        return Step(route, path, answer, len(asked), self.statements.widest, asked, self._sent)

    def _options(self, actor: str, route: Walked) -> dict[str, Any]:
        written = route.method in {"POST", "PUT"}
        if route.template.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.tokens[actor]}"} if actor in self.tokens else {}
            body = {"json": BODIES.get(route.template.rsplit("/", 1)[1], {})} if written else {}
            return {"headers": headers, **body}
        binding = self.sessions.get(actor, "a-visitors-number")
        name = SESSION_COOKIE if actor in self.sessions else VISITOR_COOKIE
        headers = {"Cookie": f"{name}={binding}"} if written or actor in self.sessions else {}
        if not written:
            return {"headers": headers}
        return {"headers": {"Sec-Fetch-Site": "same-origin", **headers}, "data": {"csrf": form_token(SECRET, binding)}}

    async def reads(self, actor: str) -> list[Step]:
        """Every GET route."""
        return await self._read(("reads", actor), actor, self.routes("GET", actor=actor))

    async def reads_without_filter(self, actor: str) -> list[Step]:
        """Every GET route that has somebody like this ask the database what nobody has yet asked without it."""
        asking = []
        for step in await self.reads(actor):
            if not self.asked_without_filter.issuperset(step.asked):
                asking.append(step.route)
                self.asked_without_filter.update(step.asked)
        return await self._read(("without filter", actor), actor, asking, filtered=False)

    async def _read(
        self, key: tuple[object, ...], actor: str, routes: Iterable[Walked], *, filtered: bool = True
    ) -> list[Step]:
        if key not in self._kept:
            async with self._served(filtered=filtered):
                self._kept[key] = [await self.ask(actor, route) for route in routes]
                rows = await self._everything()
            self.changed_by_reading += [f"{actor}: {name}" for name in rows if rows[name] != self._rows[name]]
            self._rows = rows
        return self._kept[key]

    async def writes(self, actor: str) -> list[Step]:
        """Every other route; what each does is undone."""
        return await self._once(("writes", actor), actor, self.routes("POST", "PUT", actor=actor), self.values)

    async def heads(self, actor: str) -> list[tuple[Step, Step]]:
        """HEAD where GET answers as nowhere before, and what it answered: one method makes all of them."""
        kinds: dict[object, Step] = {}
        for step in await self.reads(actor):
            headers = step.answer.headers
            kinds.setdefault((step.status, headers.get("content-type"), tuple(headers)), step)
        routes = [replace(step.route, method="HEAD") for step in kinds.values()]
        asked = await self._once(("heads", actor), actor, routes, self.values)
        return list(zip(asked, kinds.values(), strict=True))

    async def strays(self, actor: str) -> list[Step]:
        """Every route of a group, under the other group's address and this one's names."""
        routes = [route for route in self.routes("GET", "POST", "PUT") if IN_GROUP in route.template]
        values = {**self.values, "group": self.there.slug}
        return await self._once(("strays", actor), actor, routes, values)

    async def trespasses(self, actor: str) -> list[Step]:
        """The other group's own addresses, without the filter."""
        routes = [route for route in self.routes("GET") if f"/{self.there.slug}" in address(route, self.others)]
        return await self._once(("trespasses", actor), actor, routes, self.others, filtered=False)

    async def mixes(self, actor: str) -> list[Step]:
        """What the other group names, under this group's address, without the filter."""
        ids = {name: value for name, value in self.others.items() if name.endswith(("_id", "buyer_membership"))}
        mixed = {**self.values, **ids}
        routes = [route for route in self.routes("GET") if address(route, mixed) != address(route, self.values)]
        return await self._once(("mixes", actor), actor, routes, mixed, filtered=False)

    async def _once(
        self,
        key: tuple[object, ...],
        actor: str,
        routes: Iterable[Walked],
        values: Mapping[str, object],
        *,
        filtered: bool = True,
    ) -> list[Step]:
        if key not in self._kept:
            async with self._served(filtered=filtered):
                self._kept[key] = [step async for step in self._each_undone(actor, routes, values)]
        return self._kept[key]

    async def _each_undone(
        self, actor: str, routes: Iterable[Walked], values: Mapping[str, object]
    ) -> AsyncIterator[Step]:
        """What is refused has changed nothing: there is something to undo where somebody got in."""
        waiting = list(reversed(list(routes)))
        while waiting:
            async with self.undone():
                while waiting:
                    step = await self.ask(actor, waiting.pop(), values)
                    yield step
                    if step.status not in REFUSED:
                        break

    async def at(self, actor: str, path: str, method: str = "GET") -> Step:
        """Any address at all."""
        async with self._served(), self.undone():
            return await self.ask(actor, Walked(method, path.replace("{", "{{").replace("}", "}}"), ""))

    @asynccontextmanager
    async def staged(self, clock: Clock) -> AsyncIterator[None]:
        """What the block asks, at its own time, is undone."""
        async with self._served(clock=clock), self.undone():
            yield

    @asynccontextmanager
    async def grown(self) -> AsyncIterator[None]:
        """What the block adds is swept over, walked, and gone with it."""
        async with self._served(), self.undone():
            yield

    async def reads_anew(self, actors: Iterable[str]) -> dict[str, list[Step]]:
        """Every GET route of a group that was answered before, of what is there by now; once for those who asked no
        statement more, nor oftener, than one before them.
        """
        before = {actor: await self.reads(actor) for actor in actors}
        await self._sweep()
        asked: dict[str, Counter[int]] = defaultdict(Counter)
        found: dict[str, list[Step]] = {actor: [] for actor in actors}
        for actor, steps in before.items():
            for step in steps:
                asks, known = Counter(step.asked), asked[step.route.template]
                if IN_GROUP in step.route.template and step.answer.status_code == 200 and not asks <= known:
                    known |= asks
                    found[actor].append(await self.ask(actor, step.route))
        return found

    async def _everything(self) -> dict[str, object]:
        """A fingerprint of all tables, for what reading must leave alone."""
        tables = [t for t in TenantTable.__subclasses__() if t.metadata is metadata]  # others are a test's own
        of_groups = [name for name in (str(table.__tablename__) for table in tables) if name not in COMPUTED]
        found: dict[str, object] = {}
        for group, names in ((self.here.group_id, of_groups), (self.there.group_id, of_groups), (None, OF_NO_GROUP)):
            async with self.database.transaction(group) as session:
                for row in await session.execute(text(" UNION ALL ".join(map(_FINGERPRINT.format, names)))):
                    found[f"{group} {row[0]}"] = tuple(row[1:])
        return found

    async def close(self) -> None:
        await self._client.aclose()


@pytest_asyncio.fixture(scope="session")
async def walk(application: Litestar, clones: Clones, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walk]:
    """The recorded walk, of this worker: its judges are run by one."""
    addresses = await asyncio.to_thread(clones.make, INHABITED)
    async with engine_of(addresses) as engine, engine.connect() as connection:
        outer = await connection.begin()
        await connection.exec_driver_sql("SELECT")  # only now has it really begun
        made = Walk(application, connection, tmp_path_factory.mktemp("walk"))
        await made.begin(await find_territory(made.database))
        yield made
        await made.close()
        await outer.rollback()
