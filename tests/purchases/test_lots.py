"""A purchase is split in lots: in its pages, by programs, for two people at once; lists and files follow, shares do not
move, and nobody sees a lot where there is none.
"""

import io
from datetime import timedelta

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, NOW, Territory, file_needs, make_purchase, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.members.entrance import caller_of
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.purchases.finding import find_purchase
from pooling.purchases.lots import arrange_lots, lots_of
from pooling.purchases.schemas import LotIn, LotsIn
from web_client import Browser, SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
LOTS = f"{PURCHASE}/lots"
ONE = f"{API}/purchases/AG-2027-001/lots"
SPLIT = {
    "lignes": "3",
    "titre-1": "Abris",
    "cpv-1": "34928400",
    "titre-2": "Mobilier léger",
    "lot-abri": "1",
    "lot-arceau": "2",
}
KEPT = [
    LotIn(number=1, title="Abris", cpv="34928400-2", items=("abri",)),
    LotIn(number=2, title="Mobilier léger", items=("arceau",)),
]
REFERENT = "referent@lugos.example"


async def kept(database: Database, territory: Territory, reference: str = "AG-2027-001") -> list[LotIn]:
    async with database.transaction(territory.group_id) as session:
        return await lots_of(session, (await find_purchase(session, reference)).id)


async def split(browser: Browser, values: dict[str, str] | None = None) -> httpx.Response:
    """As the page's form sends it."""
    version = (await browser.get(LOTS)).text.partition('name="version" value="')[2].partition('"')[0]
    return await browser.post(LOTS, {"version": version, **(values or SPLIT)}, page=LOTS)


async def test_a_purchase_that_is_not_split_says_nothing_of_lots(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    referent, buyer = await sign_in(REFERENT), await sign_in(BUYER)
    for browser, path in ((referent, ""), (referent, "/besoins"), (buyer, "/consolidation")):
        shown = text_of(await browser.get(PURCHASE + path))
        assert "lot n°" not in shown.lower()
        assert "hors lot" not in shown.lower()
    assert "Répartir les articles en lots" in text_of(await buyer.get(PURCHASE))
    assert "Répartir les articles en lots" not in text_of(await referent.get(PURCHASE))
    got = await buyer.get(f"{PURCHASE}/consolidation/commande.xlsx")
    assert "Lots" not in load_workbook(io.BytesIO(got.content)).sheetnames


async def test_lists_stand_by_lot_once_it_is_split(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=5, abri=1)
    buyer, referent = await sign_in(BUYER), await sign_in(REFERENT)
    assert (await split(buyer)).headers["location"] == PURCHASE
    assert await kept(database, territory) == KEPT
    for browser, path in (
        *((referent, path) for path in ("", "/besoins", "/besoins/213302607")),
        (buyer, "/consolidation"),
    ):
        shown = text_of(await browser.get(PURCHASE + path))
        first, second = shown.index("Lot n° 1 : Abris"), shown.index("Lot n° 2 : Mobilier léger")
        assert first < shown.index("Abri de 10 places", first) < second < shown.index("Arceau posé", second), path
    assert "Lot n° 1 : Abris 14 000,00 €" in text_of(await buyer.get(f"{PURCHASE}/besoins"))
    assert "Lot n° 2 : Mobilier léger 900,00 €" in text_of(await buyer.get(f"{PURCHASE}/consolidation"))
    assert "a arrangé les lots de" in text_of(await buyer.get(f"{PURCHASE}/journal"))


async def test_an_item_may_be_in_no_lot(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    buyer = await sign_in(BUYER)
    assert (await split(buyer, {"lignes": "1", "titre-1": "Abris", "lot-abri": "1"})).status_code == 303
    shown = text_of(await buyer.get(PURCHASE))
    assert shown.index("Lot n° 1 : Abris") < shown.index("Hors lot") < shown.index("Arceau posé")
    assert (await split(buyer, {"lignes": "1"})).status_code == 303, "and back again"
    assert "Hors lot" not in text_of(await buyer.get(PURCHASE))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"titre-2": ""}, "lot-arceau"),
        ({"lot-arceau": "9"}, "lot-arceau"),
        ({"lot-arceau": "x"}, "lot-arceau"),
        ({"cpv-1": "34928400-3"}, "cpv-1"),
        ({"cpv-3": "34928400"}, "titre-3"),
        ({"titre-1": "x" * 201}, "titre-1"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_kept(
    wrong: dict[str, str], field: str, database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    answer = await split(await sign_in(BUYER), {**SPLIT, **wrong})
    assert answer.status_code == 422
    assert f'id="erreur-champ-{field}"' in answer.text
    assert 'value="Mobilier léger"' in answer.text or wrong == {"titre-2": ""}
    assert await kept(database, territory) == []


async def test_more_lots_are_added_without_losing_what_was_typed(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    answer = await split(await sign_in(BUYER), {**SPLIT, "ajouter": "1"})
    assert 'name="titre-6"' in answer.text
    assert 'value="Mobilier léger"' in answer.text


async def test_two_people_see_both_versions(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW)
    buyer, other = await sign_in(BUYER), await sign_in("animation@bassin.example")
    version = (await buyer.get(LOTS)).text.partition('name="version" value="')[2].partition('"')[0]
    assert (await split(other, {"lignes": "1", "titre-1": "Tout", "lot-abri": "1"})).status_code == 303
    refused = await buyer.post(LOTS, {"version": version, **SPLIT}, page=LOTS)
    assert refused.status_code == 422
    assert "Les lots enregistrés entre-temps" in text_of(refused)
    assert "1 Tout – Abri de 10 places" in text_of(refused)
    assert 'value="Mobilier léger"' in refused.text
    version = refused.text.partition('name="version" value="')[2].partition('"')[0]
    assert (await buyer.post(LOTS, {"version": version, **SPLIT}, page=LOTS)).status_code == 303
    assert await kept(database, territory) == KEPT


async def test_lots_stay_once_it_is_ordered(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'ordered' WHERE id = :id"), {"id": purchase_id})
    buyer = await sign_in(BUYER)
    assert "Répartir les articles en lots" not in text_of(await buyer.get(PURCHASE))
    assert "Les lots ne changent plus" in text_of(await split(buyer))
    assert problem(await (await connect(BUYER)).put(ONE, {"lots": []})) == (409, "lots_closed")


async def test_programs_read_and_arrange_them(connect: Connect, database: Database, territory: Territory) -> None:
    await make_purchase(database, territory, NOW)
    program = await connect(BUYER)
    before = await program.get(ONE)
    assert before.json() == {"lots": []}
    body = {"lots": [{"number": 2, "title": "Abris", "cpv": "34928400", "items": ["abri"]}]}
    put = await program.put(ONE, body, if_match=before.headers["etag"])
    assert put.json() == {"lots": [{"number": 2, "title": "Abris", "cpv": "34928400-2", "items": ["abri"]}]}
    assert put.json() == (await program.get(ONE)).json()
    assert problem(await program.put(ONE, body, if_match=before.headers["etag"])) == (412, "changed_meanwhile")
    items = (await program.get(f"{API}/purchases/AG-2027-001")).json()["items"]
    assert [(item["code"], item["lot"]) for item in items] == [("abri", 2), ("arceau", None)]
    lot = body["lots"][0]
    for wrong in (
        {"lots": [lot, {**lot, "title": "Encore", "items": []}]},
        {"lots": [lot, {**lot, "number": 3}]},
        {"lots": [{**lot, "items": ["nothing"]}]},
        {"lots": [{**lot, "number": 0}]},
        {"lots": [{**lot, "number": 100}]},
        {"lots": [{**lot, "cpv": "12"}]},
        {"lots": [{**lot, "title": ""}]},
    ):
        assert problem(await program.put(ONE, wrong)) == (422, "invalid"), wrong
    assert problem(await (await connect(REFERENT)).put(ONE, body)) == (403, "forbidden")


async def test_a_frozen_consolidation_says_the_lots_of_its_day(
    database: Database, territory: Territory, connect: Connect, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=5, abri=1)
    program, consolidation = await connect(BUYER), f"{API}/purchases/AG-2027-001/consolidation"
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW + timedelta(days=15))
        await arrange_lots(session, buyer, purchase_id, LotsIn(lots=(KEPT[0],)), NOW)
        await close_collection(session, buyer, purchase_id, clock)
    live = (await program.get(consolidation)).json()["items"]
    assert (live["abri"]["lot"], live["arceau"]["lot"]) == (1, None)
    async with database.transaction(territory.group_id) as session:
        await freeze_consolidation(session, buyer, purchase_id, clock, options={})
    async with database.transaction(territory.group_id) as session:
        await arrange_lots(session, buyer, purchase_id, LotsIn(), NOW)
    frozen = (await program.get(consolidation)).json()
    assert (frozen["number"], frozen["items"]["abri"]["lot"], frozen["items"]["arceau"]["lot"]) == (1, 1, None)


async def test_the_order_has_a_sheet_of_lots(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=5, abri=1)
    buyer = await sign_in(BUYER)
    await split(buyer, {"lignes": "1", "titre-1": "Abris", "cpv-1": "34928400-2", "lot-abri": "1"})
    book = load_workbook(io.BytesIO((await buyer.get(f"{PURCHASE}/consolidation/commande.xlsx")).content))
    rows = [[cell.value for cell in row][:5] for row in book["Lots"].iter_rows(min_row=2)]
    assert rows[:2] == [["1", "Abris", "34928400-2", 1, 14000], [None, "Hors lot", None, 1, 900]]
    titles = [cell.value for cell in book["Commande"][1]]
    assert [row[titles.index("Lot")].value for row in book["Commande"].iter_rows(min_row=2, max_row=3)] == [
        "Lot n°\u00a01\u00a0: Abris",
        None,
    ]


async def test_a_purchase_prepared_after_another_one_is_split_alike(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    await split(await sign_in(BUYER))
    facilitator, new = await sign_in("animation@bassin.example"), "/g/bassin/achats/nouveau"
    form = {
        "title": "La suite",
        "kind": "goods",
        "lead_member": ARCACHON,
        "participation": "all",
        "lignes": "1",
        "nom-1": "Arceau posé",
        "prix-1": "190",
        "tva-1": "20",
        "like": "AG-2027-001",
    }
    made = await facilitator.post(new, form, page=new)
    assert made.status_code == 303, text_of(made)
    assert [(lot.number, lot.title, lot.items) for lot in await kept(database, territory, "AG-2027-002")] == [
        (1, "Abris", ()),
        (2, "Mobilier léger", ("arceau-pose",)),
    ]


async def test_items_that_are_written_anew_stay_in_their_lot_and_a_deleted_purchase_leaves_none(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    buyer, page = await sign_in(BUYER), f"{PURCHASE}/articles"
    await split(buyer)
    items = {"lignes": "1", "code-1": "arceau", "nom-1": "Arceau scellé", "prix-1": "180", "tva-1": "20"}
    assert (await buyer.post(page, items, page=page)).status_code == 303
    assert [lot.items for lot in await kept(database, territory)] == [(), ("arceau",)]
    assert (await buyer.post(f"{PURCHASE}/suppression", page=f"{PURCHASE}/suppression")).status_code == 303
    async with database.transaction(territory.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM lots"))).scalar_one() == 0


async def test_an_item_of_another_purchase_is_in_none_of_its_lots(database: Database, territory: Territory) -> None:
    """Said by the use case, and held by the key."""
    first = await make_purchase(database, territory, NOW)
    second = await make_purchase(database, territory, NOW, title="Autre", items=())
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        with pytest.raises(Invalid):
            await arrange_lots(session, buyer, second, LotsIn(lots=(KEPT[0],)), NOW)
        await arrange_lots(session, buyer, second, LotsIn(lots=(LotIn(number=1, title="Vide"),)), NOW)
        await arrange_lots(session, buyer, first, LotsIn(lots=tuple(KEPT)), NOW)
        stray = "UPDATE items SET lot_id = (SELECT id FROM lots WHERE purchase_id = :other) WHERE purchase_id = :one"
        with pytest.raises(IntegrityError, match="fk_items_group_id_purchase_id_lot_id_lots"):
            async with session.begin_nested():
                await session.execute(text(stray), {"other": second, "one": first})


async def test_a_purchase_that_is_over_refuses_lots(database: Database, territory: Territory) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'cancelled' WHERE id = :id"), {"id": purchase_id})
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        with pytest.raises(Conflict):
            await arrange_lots(session, buyer, purchase_id, LotsIn(), NOW)
