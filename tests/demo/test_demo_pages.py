"""The demonstration's own pages: nowhere else, for nobody else, and always with its banner."""

import asyncio
import re
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy import text

from factories import NOW, Territory
from ground.web import SECRET
from pooling.accounts.people import ensure_people
from pooling.app import create_app
from pooling.demo import pages as demo
from pooling.demo.people import MAIN, people_to_come
from pooling.demo.place import begin, check_loopback, check_port_is_free, finish, is_empty, is_unfinished
from pooling.demo.preparing import wait_for_territory
from pooling.kernel.bell import Bell
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.outbox.mail import FICTIONAL, Button, Mail
from pooling.outbox.queueing import queue_mails
from pooling.settings import Settings
from pooling.web.services import Services
from web_client import Browser, SignIn, stand_on, text_of


@pytest.fixture(scope="module")
def put_together() -> Litestar:
    nowhere, bell = Database.connect("postgresql://nowhere/none"), Bell("unix:///nowhere/valkey.sock")
    return create_app(Services(Settings(), nowhere, bell, SECRET), demonstration=True)


@pytest.fixture
def demonstration(put_together: Litestar, database: Database, clock: FixedClock, settings: Settings) -> Litestar:
    stand_on(put_together, database=database, clock=clock, settings=settings)
    return put_together


def handlers(app: Litestar) -> set[object]:
    """The functions behind every route."""
    routes: Iterable[HTTPRoute] = (route for route in app.routes if isinstance(route, HTTPRoute))
    return {handler.fn for route in routes for handler in route.route_handlers}


async def test_until_the_territory_stands_a_first_page_is_shown_and_whoever_enters_waits(
    demonstration: Litestar, database: Database, territory: Territory
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    inner = demonstration.asgi_handler
    stands = wait_for_territory(demonstration, first_page=True)
    visitor = Browser(demonstration, database)
    try:
        page = text_of(await visitor.get("/connexion"))
        assert "Le territoire se prépare" in page
        assert all(person.email in page for person in people_to_come())
        assert (await visitor.get("/health/ready")).status_code == 503
        entering = asyncio.create_task(visitor.post("/demonstration/connexion", {"person": "animation@bassin.example"}))
        assert not (await asyncio.wait({entering}, timeout=0.1))[0]
        stands.set()
        assert (await entering).status_code == 303
        assert "Le territoire se prépare" not in text_of(await visitor.get("/connexion"))
    finally:
        demonstration.asgi_handler = inner
        await visitor.close()


def test_who_is_told_before_there_is_a_row_is_who_comes() -> None:
    """In the order of the page, under the addresses that its rows will have."""
    assert [person.email.removesuffix(".example") for person in people_to_come()] == list(MAIN)
    assert all(person.main for person in people_to_come())


def test_a_territory_that_was_not_finished_is_told_from_one_that_stands(tmp_path: Path) -> None:
    assert is_empty(tmp_path)
    begin(tmp_path)
    (tmp_path / "postgres").mkdir()
    assert is_unfinished(tmp_path)
    assert not is_empty(tmp_path)
    finish(tmp_path)
    assert not is_unfinished(tmp_path)


DEMO_ROUTES = [*demo.FRONT, *demo.ROUTES]


def test_its_routes_do_not_exist_elsewhere(app: Litestar, demonstration: Litestar) -> None:
    own = {route.fn for route in DEMO_ROUTES}
    assert own <= handlers(demonstration)
    assert own.isdisjoint(handlers(app))
    assert not [route.path for route in app.routes if "demonstration" in route.path]


async def test_nobody_enters_without_a_password_elsewhere(
    sign_in: SignIn, visitor: Browser, territory: Territory, database: Database
) -> None:
    """Not even in a group that is fictional."""
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    for path in ("/demonstration/courriels", f"/g/{territory.slug}/demonstration/courriels"):
        browser = await sign_in("animation@bassin.example")
        assert (await browser.get(path)).status_code == 404
    answer = await visitor.post("/demonstration/connexion", {"person": "animation@bassin.example"})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_only_people_of_the_fictional_group_and_who_administers_can_be_chosen(
    demonstration: Litestar, database: Database, territory: Territory, clock: FixedClock
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    administrator = "administration@plateforme.example"
    async with database.transaction() as session:
        elsewhere = [("somebody@elsewhere.example", "Somebody", ""), (administrator, "Administration", "")]
        await ensure_people(session, elsewhere, clock.now())
        await session.execute(
            text("UPDATE people SET administrator = true WHERE email = :email"), {"email": administrator}
        )
    visitor = Browser(demonstration, database)
    assert "Administrer la plateforme" in text_of(await visitor.get("/connexion"))
    entered_as = (("somebody@elsewhere.example", 404), ("animation@bassin.example", 303), (administrator, 303))
    for person, status in entered_as:
        entered = await visitor.post("/demonstration/connexion", {"person": person})
        assert (entered.status_code, "set-cookie" in entered.headers) == (status, status == 303)
    await visitor.close()


async def test_mails_of_who_is_signed_in_stand_apart_and_lead_where_they_say(
    demonstration: Litestar, database: Database, territory: Territory, settings: Settings
) -> None:
    address, elsewhere = f"{settings.base_url}/g/{territory.slug}", "https://elsewhere.example/x"
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
        for recipient in ("animation@bassin.example", "referent@lugos.example"):
            mail = Mail(
                kind="k",
                recipient=recipient,
                subject=f"À {recipient}",
                why=f"Lire {elsewhere}",
                button=Button("Ouvrir", address),
            )
            await queue_mails(session, [mail], NOW)
    visitor = Browser(demonstration, database)
    await visitor.post("/demonstration/connexion", {"person": "animation@bassin.example"})
    url = f"/g/{territory.slug}/demonstration/courriels"
    everybody, mine = [text_of(await visitor.get(url + query)) for query in ("", "?pour=moi")]
    assert [f"À {who}@" in page for page in (everybody, mine) for who in ("animation", "referent")] == [
        *(True, True, True, False),
    ]
    first = re.findall(rf'href="({url}/\d+)"', (await visitor.get(f"{url}?pour=moi")).text)[0]
    read = await visitor.get(first)
    assert f'<a href="/g/{territory.slug}">{address}</a>' in read.text
    assert f'href="{elsewhere}"' not in read.text
    await visitor.close()


PAGES = ["", "/achats", "/membres"]


async def test_every_page_of_a_fictional_group_says_so(
    sign_in: SignIn, visitor: Browser, territory: Territory, database: Database
) -> None:
    """Whatever the installation: the group itself says that it is fictional."""
    browser = await sign_in("animation@bassin.example")
    assert FICTIONAL not in text_of(await browser.get(f"/g/{territory.slug}"))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    without = [page for page in PAGES if FICTIONAL not in text_of(await browser.get(f"/g/{territory.slug}{page}"))]
    assert without == []


async def test_every_page_of_the_demonstration_says_so(demonstration: Litestar, database: Database) -> None:
    """Those of no group, and errors, too."""
    visitor = Browser(demonstration, database)
    pages = ["/connexion", "/accessibilite", "/nulle-part"]
    assert [page for page in pages if FICTIONAL not in text_of(await visitor.get(page))] == []
    await visitor.close()


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.10", "achats.example.fr", "127.0.0.1.example.fr", "", "localhost.", "0"]
)
def test_it_refuses_to_be_reached_from_elsewhere(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A host name is refused even if it leads here today."""
    with pytest.raises(SystemExit) as stopped:
        check_loopback(host)
    assert stopped.value.code == 2
    assert "only listens on this machine" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_it_listens_on_this_machine(host: str) -> None:
    check_loopback(host)


def test_a_taken_port_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SystemExit, match="2"):
            check_port_is_free("127.0.0.1", taken.getsockname()[1])
    assert "is taken: choose another with --port." in capsys.readouterr().err
