"""The list of committees: what comes, what is missing, the year."""

import re

import pytest
from sqlalchemy import text

from factories import NOW, Territory, open_purchase
from pooling.kernel.database import Database
from web_client import Browser, SignIn, insist, text_of

LIST, NEW = "/g/bassin/comites", "/g/bassin/comites/nouveau"
FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
PLAN = {
    "title": "Comité de suivi",
    "hour": "14:00",
    "duration": "120",
    "place": "Mairie",
    "link": "",
    "roles": "finance",
}


async def plan(browser: Browser, day: str) -> str:
    answer = await browser.post(NEW, {**PLAN, "day": day}, page=NEW)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"])


async def test_a_quarter_without_any_is_told_to_who_plans(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    shown = text_of(await browser.get(LIST))
    assert "Aucun comité pour cette période : 1er trimestre 2027" in shown
    assert "Dates proposées pour l’année à venir (4 périodes sans comité)" in shown
    assert "Aucun comité pour cette période" not in text_of(await (await sign_in(REFERENT)).get(LIST))
    await plan(browser, "2027-03-30")
    await plan(browser, "2027-06-10")
    shown = text_of(await browser.get(LIST))
    assert "Aucun comité pour cette période" not in shown
    assert "3 périodes sans comité" in shown


async def test_a_proposed_day_opens_the_form_with_it(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    link = re.search(r'href="(/g/bassin/comites/nouveau\?jour=(2027-\d\d-\d\d))"', (await browser.get(LIST)).text)
    assert link is not None
    assert f'value="{link[2]}"' in (await browser.get(link[1])).text


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2027-03-29", "jour férié (Lundi de Pâques)"),
        ("2027-04-03", "samedi"),
        ("2027-04-14", "zone A"),
        ("2027-03-30", ""),
    ],
)
async def test_a_day_off_is_allowed_and_said(
    database: Database, territory: Territory, sign_in: SignIn, day: str, why: str
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET school_zone = 'A'"))
    browser = await sign_in(FACILITATOR)
    if "zone" in why or not why:
        page = await plan(browser, day)
    else:
        page = str((await insist(browser, NEW, {**PLAN, "day": day}, "La réunion tombe un")).headers["location"])
    said = "Ce jour-là est à vérifier"
    shown = text_of(await browser.get(page))
    assert (said in shown) == bool(why)
    assert why in shown
    assert said not in text_of(await (await sign_in(REFERENT)).get(page))


async def test_the_year_has_committees_and_deadlines(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    page = await plan(browser, "2027-03-30")
    shown = await browser.get(LIST)
    assert "Comité de suivi, mardi 30 ; Lundi de Pâques, lundi 29." in text_of(shown)
    assert "Clôture des déclarations : Arceaux, lundi 15" in text_of(shown)
    assert f'<a href="{page}">Comité de suivi</a>' in shown.text
    assert "L’année 2028" in text_of(await browser.get(f"{LIST}?annee=2028"))
    for typed in ("x", "99999", "0000", "1999", "٢٠٢٧"):
        assert "L’année 2027" in text_of(await browser.get(f"{LIST}?annee={typed}")), typed
