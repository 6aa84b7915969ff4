"""A form that a browser sends twice, as one without scripts does when its button is pressed twice."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import func, select

from factories import Territory
from pooling.accounts.idempotency import PRESSED_AGAIN
from pooling.experiences.models import Experience
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import TOKEN, Browser, SignIn, stand_on, text_of

FACILITATOR = "animation@bassin.example"
LIST = "/g/bassin/experiences"
NEW = f"{LIST}/nouveau"
TOLD = {"title": "Ce que le pilote a montré", "context": "Deux communes", "done": "Douze vélos"}


@pytest_asyncio.fixture
async def browser(sign_in: SignIn) -> Browser:
    return await sign_in(FACILITATOR)


async def shown(browser: Browser) -> str:
    """The token of one showing of the page."""
    found = TOKEN.search((await browser.get(NEW)).text)
    assert found is not None
    return found[1]


async def send(browser: Browser, token: str, values: Mapping[str, str] = TOLD) -> httpx.Response:
    sent = {"csrf": token, **values}
    return await browser.client.post(NEW, data=sent, headers={"Sec-Fetch-Site": "same-origin"})


async def count(database: Database, territory: Territory) -> int:
    async with database.transaction(territory.group_id) as session:
        return (await session.execute(select(func.count()).select_from(Experience))).scalar_one()


async def test_sent_twice_it_is_made_once(app: Litestar, fresh_database: Database, territory: Territory) -> None:
    stand_on(app, database=fresh_database)
    browser = Browser(app, fresh_database)
    await browser.sign_in(territory.people[FACILITATOR])
    token = await shown(browser)
    answers = await asyncio.gather(*(send(browser, token) for _ in range(3)))
    answers.append(await send(browser, token))
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, answers[0].headers["location"])}
    assert await count(fresh_database, territory) == 1
    assert "Le retour d’expérience est au groupe" in text_of(await browser.get(answers[0].headers["location"]))
    await browser.close()


async def test_what_was_changed_shown_anew_or_sent_later_is_meant(
    browser: Browser, database: Database, territory: Territory, clock: FixedClock
) -> None:
    token = await shown(browser)
    await send(browser, token)
    await send(browser, token, {**TOLD, "title": "Un autre"})
    await send(browser, await shown(browser))
    assert await count(database, territory) == 3
    clock.instant += PRESSED_AGAIN
    await send(browser, token)
    assert await count(database, territory) == 4


async def test_what_was_refused_may_be_sent_again(browser: Browser, database: Database, territory: Territory) -> None:
    token = await shown(browser)
    for _ in range(2):
        refused = await send(browser, token, {**TOLD, "title": ""})
        assert refused.status_code == 422
    assert await count(database, territory) == 0
    assert (await send(browser, token)).status_code == 303
