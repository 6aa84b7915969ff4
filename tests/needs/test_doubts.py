"""A collection had better not close when nobody is there."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, Territory, file_needs, make_purchase, open_purchase
from pooling.collections.doubts import doubts_of_closing
from pooling.kernel.database import Database
from pooling.needs.doubts import doubts_of_quantities
from pooling.purchases.finding import item_ids
from web_client import SignIn, insisting, text_of

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("closes_at", "said"),
    [
        (
            datetime(2026, 12, 25, 18, tzinfo=PARIS),
            ["La clôture tombe un jour férié, vendredi 25 décembre 2026 (Noël)."],
        ),
        (datetime(2027, 3, 20, 18, tzinfo=PARIS), ["La clôture tombe un samedi, samedi 20 mars 2027."]),
        (datetime(2027, 3, 21, 18, tzinfo=PARIS), ["La clôture tombe un dimanche, dimanche 21 mars 2027."]),
        (datetime(2027, 3, 19, 20, tzinfo=PARIS), []),
        (datetime(2027, 3, 19, 8, tzinfo=PARIS), []),
    ],
)
def test_a_day_off_is_told(closes_at: datetime, said: list[str]) -> None:
    assert doubts_of_closing(closes_at, PARIS, closes_at - timedelta(days=30)) == said


@pytest.mark.parametrize("hour", [0, 3, 7, 21, 23])
def test_a_night_is_told(hour: int) -> None:
    closes_at = datetime(2027, 3, 19, hour, tzinfo=PARIS)
    (sentence,) = doubts_of_closing(closes_at, PARIS, closes_at - timedelta(days=30))
    assert sentence.endswith("quand les services sont fermés.")


@pytest.mark.parametrize(
    ("left", "delivery", "said"),
    [
        (timedelta(hours=5), None, "La clôture est dans moins d’un jour"),
        (timedelta(days=400), None, "La clôture, vendredi 19 mars 2027, est dans plus d’un an."),
        (timedelta(days=30), date(2027, 3, 19), "La clôture, vendredi 19 mars 2027, n’est pas avant la livraison"),
    ],
)
def test_too_soon_too_late_and_after_the_delivery_are_told(left: timedelta, delivery: date | None, said: str) -> None:
    closes_at = datetime(2027, 3, 19, 18, tzinfo=PARIS)
    (sentence,) = doubts_of_closing(closes_at, PARIS, closes_at - left, delivery)
    assert sentence.startswith(said)


@pytest.mark.parametrize(
    ("most", "population", "agents", "said"),
    [
        (1300, 1200, 40, ["« Arceau » : 1 300 arceaux pour 1 200 habitants."]),
        (41, None, 40, ["« Arceau » : 41 arceaux pour 40 agents."]),
        (1200, 1200, 40, []),
        (1_000_000, None, None, []),
        (1, 0, 0, []),
    ],
)
def test_more_units_than_people_are_told(
    most: int, population: int | None, agents: int | None, said: list[str]
) -> None:
    told = doubts_of_quantities([("Arceau", "arceau", most)], population, agents)
    assert [sentence.replace("\xa0", " ").replace("\u202f", " ") for sentence in told] == said


async def test_whoever_opens_until_christmas_insists(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW)
    browser, page = await sign_in(BUYER), "/g/bassin/achats/AG-2027-001/ouverture"
    typed = {"closes_on": "25/12/2027", "closes_at": "18:00"}
    doubted = await browser.post(page, typed, page=page)
    assert doubted.status_code == 422
    assert "jour férié, samedi 25 décembre 2027 (Noël)" in text_of(doubted)
    assert (await browser.post(page, {**typed, **insisting(doubted)}, page=page)).status_code == 303


@pytest.mark.parametrize("door", ["depot", "telephone", "modification", "api"])
async def test_more_racks_than_people_are_asked_at_every_door(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect, door: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=3)
    async with database.transaction(territory.group_id) as session:
        item = (await item_ids(session, purchase_id))["arceau"]
    said = "« Arceau posé » : 1 209 arceaux pour 1 208 habitants."
    if door == "api":
        program = await connect("referent@lugos.example")
        one = f"{API}/purchases/AG-2027-001/declarations/{LUGOS}"
        sent = {"state": "filed", "needs": [{"item": "arceau", "quantity": 1209, "up_to": 1209}]}
        refused = await program.put(one, sent)
        assert problem(refused) == (422, "doubtful")
        assert (await program.put(one, {**sent, "confirmed": "Pour tout le canton"})).status_code == 200
        return
    page = f"/g/bassin/achats/AG-2027-001/besoins/{LUGOS}"
    shown = page if door == "depot" else f"{page}/{door}"
    typed = {f"quantite-{item}": "1209", "by_whom": "Le maire", "reason": "Par téléphone"}
    browser = await sign_in("referent@lugos.example" if door == "depot" else BUYER)
    if door == "modification":
        close = "/g/bassin/achats/AG-2027-001/cloture"
        assert (await browser.post(close, {"reason": "Tous ont répondu"}, page=close)).status_code == 303
    doubted = await browser.post(f"{page}/{door}", typed, page=shown)
    assert doubted.status_code == 422
    assert said in text_of(doubted).replace("\u202f", " ")
    assert (await browser.post(f"{page}/{door}", {**typed, **insisting(doubted)}, page=shown)).status_code == 303
    journal = text_of(await (await sign_in("animation@bassin.example")).get("/g/bassin/journal"))
    assert "a insisté, malgré un avertissement" in journal
