"""The facilitator plans, moves, cancels and minutes a committee; the others read."""

import re
from datetime import timedelta

import pytest

from factories import NOW, Territory, open_purchase
from pooling.kernel.database import Database
from web_client import Browser, SignIn, insist, text_of

LIST = "/g/bassin/comites"
NEW = f"{LIST}/nouveau"
FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
WHEN = {"day": "2027-03-30", "hour": "14:00", "duration": "120", "place": "Mairie d’Arcachon", "link": ""}
PLAN = {**WHEN, "title": "Comité de suivi", "agenda": "1. Consolider\n2. Décider", "roles": "referent"}


async def plan(browser: Browser) -> str:
    """Plans a committee through the form; returns its address."""
    answer = await browser.post(NEW, PLAN, page=NEW)
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["location"]


async def test_a_committee_is_planned_and_shown(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    page = await plan(browser)
    shown = text_of(await browser.get(page))
    assert "Mardi 30 mars 2027 à 14 h" in shown
    assert "Mairie d’Arcachon" in shown
    assert "Consolider" in shown
    assert "4 personnes invitées" in shown
    assert "Mardi 30 mars 2027 à 14 h, jusqu’à 16 h (heure de Paris)" in shown
    listed = text_of(await (await sign_in(REFERENT)).get(LIST))
    assert "Comité de suivi" in listed
    assert "mardi 30 mars 2027 à 14 h" in listed
    assert "Prévoir un comité" not in listed


async def test_nobody_is_told_to_warn_people_before_the_sweep_planned_their_reminders(
    territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    page = await plan(browser)
    shown = text_of(await browser.get(page))
    assert "Les relances se préparent" in shown
    assert "Aucune relance ne partira" not in shown
    kind = {"active": "", "before": "15", "after": "", "hour": "08:00", "wording": ""}
    settings = "/g/bassin/relances/reglages/committee"
    assert (await browser.post(settings, kind, page=settings)).status_code == 303
    assert "Aucune relance ne partira d’ici là" in text_of(await browser.get(page))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"day": "30 mars"}, "Indiquez une date"),
        ({"day": "2027-02-01"}, "Choisissez une date à venir"),
        ({"day": "9999-12-30"}, "vérifiez l’année"),
        ({"day": "0001-01-01"}, "vérifiez l’année"),
        ({"hour": "25 h"}, "Indiquez une heure"),
        ({"day": "2027-03-28", "hour": "02:30"}, "cette heure n’existe pas"),
        ({"place": ""}, "Indiquez un lieu"),
        ({"link": "javascript:alert(1)"}, "commence par https://"),
        ({"link": "https://"}, "commence par https://"),
        ({"link": "https://a b"}, "commence par https://"),
        ({"title": ""}, "Donnez un nom"),
        ({"duration": "0"}, "Indiquez 15 au moins"),
    ],
)
async def test_bad_input_is_told_at_the_field_and_kept(
    territory: Territory, sign_in: SignIn, typed: dict[str, str], sentence: str
) -> None:
    browser = await sign_in(FACILITATOR)
    answer = await browser.post(NEW, {**PLAN, **typed}, page=NEW)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "1. Consolider" in answer.text
    assert "Aucun comité n’est prévu" in text_of(await browser.get(LIST))


@pytest.mark.parametrize(
    ("typed", "sentences"),
    [
        (
            {"day": "2027-02-01", "place": "", "title": "", "duration": "9"},
            ["Choisissez une date à venir", "Indiquez un lieu", "Donnez un nom", "Indiquez 15 au moins"],
        ),
        ({"day": "", "place": "", "hour": ""}, ["Indiquez une date", "Indiquez un lieu", "Indiquez une heure"]),
        ({"day": "2027-02-01", "hour": "25 h"}, ["Choisissez une date à venir", "Indiquez une heure"]),
    ],
)
async def test_all_that_is_wrong_is_told_at_once(
    territory: Territory, sign_in: SignIn, typed: dict[str, str], sentences: list[str]
) -> None:
    browser = await sign_in(FACILITATOR)
    said = text_of(await browser.post(NEW, {**PLAN, **typed}, page=NEW))
    assert [sentence for sentence in sentences if sentence not in said] == []
    form = text_of(await browser.get(NEW))
    assert "Lieu (facultatif)" not in form, "one of the two is required"
    assert "visioconférence (facultatif)" not in form


async def test_the_form_sent_twice_makes_one_committee(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    assert await plan(browser) == await plan(browser)
    other = await insist(browser, NEW, {**PLAN, "title": "Bureau"}, "« Comité de suivi » a lieu le même jour, à 14 h.")
    assert other.headers["location"] != await plan(browser)


async def test_a_committee_for_tomorrow_is_not_said_to_be_reminded_of(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    made = await browser.post(NEW, {**PLAN, "day": f"{NOW + timedelta(days=1):%Y-%m-%d}"}, page=NEW)
    shown = await browser.get(made.headers["location"])
    assert "Les relances partiront d’elles-mêmes" not in text_of(shown)
    assert "Le comité est prévu. Aucune relance ne partira d’ici là." in text_of(shown)
    assert f'href="{made.headers["location"]}/convocation"' in shown.text


async def test_another_zone_waits_until_no_date_was_meant_in_this_one(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    page = await plan(browser)
    settings = "/g/bassin/reglages"
    wanted = {"name": "Bassin", "timezone": "Indian/Reunion", "committee_every_months": "3", "school_zone": ""}
    refused = await browser.post(settings, wanted, page=settings)
    assert refused.status_code == 422
    assert "comité « Comité de suivi » du mardi 30 mars" in text_of(refused)
    await open_purchase(database, territory, NOW)
    asked = f"{page}/annulation"
    await browser.post(asked, {"reason": "Grève"}, page=asked)
    assert "collecte de AG-2027-001" in text_of(await browser.post(settings, wanted, page=settings))


async def test_a_committee_is_moved(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    page = await plan(browser)
    form = await browser.get(f"{page}/report")
    assert 'value="2027-03-30"' in form.text
    same = await browser.post(f"{page}/report", WHEN, page=f"{page}/report")
    assert same.status_code == 422
    assert "Rien ne change" in text_of(same)
    moved = await browser.post(f"{page}/report", {**WHEN, "day": "2027-04-06"}, page=f"{page}/report")
    assert moved.headers["location"] == page
    assert "Mardi 6 avril 2027 à 14 h" in text_of(await browser.get(page))


async def test_a_committee_is_cancelled_with_a_reason(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    page = await plan(browser)
    asked = f"{page}/annulation"
    assert "Dites pourquoi" in text_of(await browser.post(asked, {"reason": ""}, page=asked))
    await browser.post(asked, {"reason": "Grève"}, page=asked)
    shown = text_of(await browser.get(page))
    assert "Annulé" in shown
    assert "Déplacer" not in shown
    assert (await browser.post(asked, {"reason": "Grève"})).status_code == 409


async def test_the_agenda_is_completed(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    page = await plan(browser)
    written = f"{page}/ordre-du-jour"
    await browser.post(written, {"title": "<i>Un point</i>"}, page=written)
    shown = await browser.get(page)
    assert "&lt;i&gt;Un point&lt;/i&gt;" in shown.text


async def test_only_the_facilitator_changes_anything(territory: Territory, sign_in: SignIn) -> None:
    page = await plan(await sign_in(FACILITATOR))
    reader = await sign_in(REFERENT)
    for address in (NEW, f"{page}/report", f"{page}/annulation", f"{page}/convocation"):
        assert (await reader.get(address)).status_code == 403
        assert (await reader.post(address, PLAN)).status_code == 403
    assert not re.search(r"Déplacer|relances?|Suite à donner", text_of(await reader.get(page)))


@pytest.mark.parametrize("identifier", ["0", "999999", "99999999999999999999999"])
async def test_a_committee_that_is_not_there(territory: Territory, sign_in: SignIn, identifier: str) -> None:
    browser = await sign_in(FACILITATOR)
    for address in (f"{LIST}/{identifier}", f"{LIST}/{identifier}/report"):
        assert (await browser.get(address)).status_code == 404


async def test_a_key_that_is_not_ours_shows_the_first_page(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    for key in ("xyz", "WyJhIiwxXQ"):
        assert (await browser.get(f"{LIST}?apres={key}&avant={key}")).status_code == 200
