"""Attacks that other tests do not try, each with what stops it."""

from typing import Any

import httpx
import pytest
from litestar import Request
from sqlalchemy import update
from sqlmodel import col

from accounts.test_second_factor import set_up
from accounts.test_sign_in import code_for, enter
from factories import Territory
from pooling.accounts.throttle import host_of
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.mail_addresses import is_address
from pooling.members.models import Group
from web_client import Browser, SignIn

EMAIL = "finances@arcachon.example"


async def test_a_second_factor_taken_away_opens_nothing_any_more(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    """Given in this session, then removed: a group that asks for it asks again."""
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            update(Group).where(col(Group.id) == territory.group_id).values(second_factor_required=True)
        )
    browser = await sign_in(EMAIL)
    _, codes = await set_up(browser, clock)
    assert (await browser.get("/g/bassin")).status_code == 200
    page = "/compte/second-facteur"
    removed = await browser.post(f"{page}/retrait", {"code": codes[0]}, page=page)
    assert removed.status_code == 303
    refused = await browser.get("/g/bassin")
    assert refused.headers["location"] == "/compte/second-facteur?suite=/g/bassin"


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_network_of_one_holder_is_counted_as_one_host(client: str, counted: str) -> None:
    """Whoever has an IPv6 address has the 2^64 beside it, and would never be throttled."""
    scope: Any = {"type": "http", "client": (client, 1), "headers": []}
    request: Request[Any, Any, Any] = Request(scope)
    assert host_of(request) == counted


async def test_an_endless_address_is_no_address(visitor: Browser, territory: Territory) -> None:
    """It would become a key that no index holds."""
    endless = "a@" + "x" * 5000 + ".fr"
    assert not is_address(endless)
    answer = await visitor.post("/connexion", {"email": endless}, page="/connexion")
    assert answer.status_code == 422


@pytest.mark.parametrize("suite", ["/€", "/g/é", "/\u202e", "//evil.example", "/\\evil.example", "/a\r\nX: 1"])
async def test_whatever_is_to_come_next_sign_in_goes_on(
    visitor: Browser, territory: Territory, database: Database, suite: str
) -> None:
    done = await enter(visitor, await code_for(visitor, database, suite=suite))
    assert done.status_code == 303
    location = httpx.URL("http://127.0.0.1:8000/").join(done.headers["location"])
    assert location.host == "127.0.0.1"
    assert "x" not in done.headers


async def test_many_browsers_guess_no_more_than_one(visitor: Browser, territory: Territory, database: Database) -> None:
    """Five codes an hour for an address, five tries for each: a new browser brings none."""
    statuses = []
    for _ in range(7):
        browser = Browser(visitor.app, database)
        asked = await browser.post("/connexion", {"email": EMAIL}, page="/connexion")
        statuses.append(asked.status_code)
        await browser.close()
    assert statuses == [303] * 5 + [429] * 2
