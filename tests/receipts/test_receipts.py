"""Noting what arrived: by whoever receives it, once, never over what others noted; and what comes of it."""

import asyncio
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory
from pooling.kernel.database import Database
from pooling.kernel.doubts import Doubtful, Insistence
from pooling.kernel.events import Event
from pooling.kernel.files import Upload
from pooling.members.entrance import caller_of
from pooling.receipts.noting import note_receipt
from pooling.receipts.photos import forget_photos
from pooling.receipts.queries import delivered_of
from pooling.receipts.rules import DeliveryState
from pooling.receipts.schemas import NotedIn, ReceiptIn
from pooling.web.typography import typo
from receiving import REFERENTS, line_ids, make_order, make_ordered
from web_client import SignIn, insist, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
RECEIPTS = f"{PURCHASE}/receptions"
ORDER = f"{RECEIPTS}/1"
MINE = f"{ORDER}/membres/{LUGOS}"
TODAY = NOW.date().isoformat()
_ZONE = ZoneInfo("Europe/Paris")
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 20


async def state_of_delivery(database: Database, territory: Territory, order_id: int) -> DeliveryState:
    async with database.transaction(territory.group_id) as session:
        return (await delivered_of(session, [order_id]))[order_id].state


async def purchase_state(database: Database, territory: Territory, purchase_id: int) -> str:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(text("SELECT state FROM purchases WHERE id = :p"), {"p": purchase_id})
        return str(found.scalar_one())


async def test_a_referent_notes_what_came_part_by_part(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id, order_id = await make_ordered(database, territory)
    line = await line_ids(database, territory, order_id)
    rack, shed = line[LUGOS, "arceau"], line[LUGOS, "abri"]
    referent = await sign_in(REFERENTS[LUGOS])

    shown = await referent.get(MINE)
    assert "Il reste 12 unités à recevoir sur 12" in text_of(shown)
    assert f"recu-{line[SALLES, 'arceau']}" not in shown.text, "another member's"
    # one button fills in what is due, and keeps what was typed
    filled = await referent.post(MINE, {"tout": "1", "received_on": TODAY, f"recu-{rack}": "4"})
    assert filled.status_code == 200
    assert f'name="recu-{rack}" type="text" inputmode="numeric" maxlength="12" value="4"' in filled.text
    assert f'name="recu-{shed}" type="text" inputmode="numeric" maxlength="12" value="2"' in filled.text
    assert await state_of_delivery(database, territory, order_id) == DeliveryState.NONE

    # a slip keeps what was typed
    typed = {"received_on": TODAY, f"recu-{rack}": "4", f"refus-{shed}": "1", "delivery_note": "BL 12"}
    slip = await referent.post(MINE, typed)
    assert slip.status_code == 422
    assert "Dites pourquoi ces unités sont refusées" in text_of(slip)
    assert 'value="BL 12"' in slip.text
    assert (await referent.post(MINE, {**typed, f"motif-{shed}": "Abîmé"})).status_code == 303
    assert await state_of_delivery(database, territory, order_id) == DeliveryState.PARTIAL
    seen = text_of(await referent.get(MINE))
    assert "Il reste 8 unités à recevoir sur 12" in seen
    assert "4, refus de 1" in seen

    for path in (RECEIPTS, ORDER):
        assert "refus de 1 abri" in text_of(await referent.get(path)), path
    (known,) = await receipts(database, territory)
    assert "Abîmé" in text_of(await referent.get(f"{PURCHASE}/arrivees/{known}"))
    assert await purchase_state(database, territory, purchase_id) == "ordered"


async def receipts(database: Database, territory: Territory) -> list[int]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(text("SELECT id FROM receipts ORDER BY id"))).scalars())


async def test_the_last_arrival_delivers_the_purchase(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """The lead buyer notes several places at its desk. What is left open by hand is not taken by hand."""
    purchase_id, order_id = await make_ordered(database, territory, promised_on=date(2027, 2, 20))
    other = await make_order(database, territory, purchase_id, number=2, wanted={SALLES: {"arceau": 1}})
    line = await line_ids(database, territory, order_id)
    buyer = await sign_in(BUYER)

    assert "En retard de 9 jours" in text_of(await buyer.get(RECEIPTS))
    assert "Savoir où en est la livraison" in text_of(await buyer.get("/g/bassin"))
    assert "part de Lugos" in text_of(await (await sign_in(REFERENTS[LUGOS])).get("/g/bassin"))
    by_hand = await buyer.post(f"{PURCHASE}/etape", {"state": "delivered"})
    assert "Des commandes sont encore attendues" in text_of(by_hand)

    everything = {f"recu-{one}": str(units) for one, units in _wanted(line).items()}
    noted = await buyer.post(ORDER, {"received_on": TODAY, **everything})
    assert noted.status_code == 303, text_of(noted)
    assert await state_of_delivery(database, territory, order_id) == DeliveryState.COMPLETE
    assert await purchase_state(database, territory, purchase_id) == "ordered", "another order is awaited"
    assert "Savoir où en est" not in text_of(await buyer.get("/g/bassin"))

    complete = f"{RECEIPTS}/2/completion"
    assert "Dites pourquoi" in text_of(await buyer.post(complete, {"reason": ""}))
    assert (await buyer.post(complete, {"reason": "Le fournisseur n’en fait plus"})).status_code == 303
    assert await state_of_delivery(database, territory, other) == DeliveryState.DECLARED
    assert await purchase_state(database, territory, purchase_id) == "delivered"
    assert "n’en fait plus" in text_of(await buyer.get(f"{RECEIPTS}/2"))
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(text("SELECT recipient FROM messages WHERE subject LIKE 'Livré%'"))
        assert {REFERENTS[LUGOS], REFERENTS[SALLES]} <= set(told.scalars())
    reopened = await buyer.post(f"{RECEIPTS}/2/reouverture", {"reason": "Il en refait"})
    assert reopened.status_code == 303
    assert await state_of_delivery(database, territory, other) == DeliveryState.NONE
    journal = text_of(await buyer.get(f"{PURCHASE}/journal"))
    assert "a constaté la livraison" in journal


def _wanted(line: dict[tuple[str, str], int]) -> dict[int, int]:
    return {line[LUGOS, "arceau"]: 10, line[LUGOS, "abri"]: 2, line[SALLES, "arceau"]: 20}


async def test_what_seems_noted_already_is_told_and_let_pass_deliberately(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    _, order_id = await make_ordered(database, territory)
    rack = (await line_ids(database, territory, order_id))[LUGOS, "arceau"]
    referent, buyer = await sign_in(REFERENTS[LUGOS]), await sign_in(BUYER)
    typed = {"received_on": TODAY, f"recu-{rack}": "5", "delivery_note": "BL-12", "token": "one"}

    assert (await referent.post(MINE, typed)).status_code == 303
    assert (await referent.post(MINE, typed)).status_code == 303, "the same form again"
    assert len(await receipts(database, territory)) == 1
    again = await buyer.post(ORDER, {**typed, "delivery_note": "bl 12", "token": "two"})
    assert again.status_code == 422
    said = text_of(again)
    assert "a déjà noté une arrivée semblable, lundi 1er mars à 10 h" in said
    assert "bon de livraison BL-12" in said
    passed = await insist(buyer, ORDER, {**typed, "token": "two"}, "a déjà noté")
    assert passed.status_code == 303
    assert len(await receipts(database, territory)) == 2
    async with database.transaction(territory.group_id) as session:
        overruled = await session.execute(select(Event).where(col(Event.name) == "doubts.overruled"))
        (kept,) = overruled.scalars()
        said_there = "Une arrivée semblable était déjà notée, lundi 1er mars à 10\u00a0h, bon de livraison BL-12."
        assert kept.details["doubts"] == [said_there], "a journal names nobody"


async def test_two_people_at_once_note_one_delivery(fresh_database: Database, territory: Territory) -> None:
    database = fresh_database
    purchase_id, order_id = await make_ordered(database, territory)
    rack = (await line_ids(database, territory, order_id))[LUGOS, "arceau"]

    told: list[str] = []

    async def note(email: str) -> bool:
        async with database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[email], territory.group_id)
            command = ReceiptIn(received_on=NOW.date(), lines=(NotedIn(line=rack, accepted=5),))
            try:
                await note_receipt(session, caller, purchase_id, order_id, command, NOW, _ZONE, insistence=Insistence())
            except Doubtful as doubted:
                told.extend(doubted.doubts)
                return False
            return True

    noted = await asyncio.gather(*(note(email) for email in (REFERENTS[LUGOS], BUYER, REFERENTS[LUGOS])))
    assert sorted(noted) == [False, False, True]
    assert all("a déjà noté" in one for one in told), told
    assert len(await receipts(database, territory)) == 1


async def test_more_than_the_tolerance_is_asked_about(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Of 30 racks, 10 % are 3 more: whichever receipts bring them, at whichever place."""
    _, order_id = await make_ordered(database, territory, over=10)
    line = await line_ids(database, territory, order_id)
    buyer = await sign_in(BUYER)
    mine, theirs = line[LUGOS, "arceau"], line[SALLES, "arceau"]

    assert (await buyer.post(ORDER, {"received_on": TODAY, f"recu-{mine}": "12"})).status_code == 303
    assert (await buyer.post(ORDER, {"received_on": TODAY, f"recu-{theirs}": "21"})).status_code == 303
    over = {"received_on": TODAY, f"recu-{theirs}": "1"}
    passed = await insist(
        buyer, ORDER, over, "« Arceau » : 4 arceaux de trop pour 30 en commande, la tolérance est de 3"
    )
    assert passed.status_code == 303
    shown = text_of(await buyer.get(ORDER))
    assert "4 arceaux de trop" in shown
    assert "rien n’est arrivé, il manque 2 abris" in shown


async def test_a_receipt_is_corrected_and_withdrawn_never_overwritten(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    _, order_id = await make_ordered(database, territory)
    line = await line_ids(database, territory, order_id)
    rack = line[LUGOS, "arceau"]
    referent = await sign_in(REFERENTS[LUGOS])
    await referent.post(MINE, {"received_on": TODAY, f"recu-{rack}": "9"})
    (first,) = await receipts(database, territory)
    page = f"{PURCHASE}/arrivees/{first}"

    shown = await referent.get(f"{page}/correction")
    assert 'value="9"' in shown.text
    corrected = {"received_on": TODAY, f"recu-{rack}": "8", "reason": "Recompté"}
    assert "Dites pourquoi" in text_of(await referent.post(f"{page}/correction", {**corrected, "reason": ""}))
    answer = await referent.post(f"{page}/correction", corrected)
    assert answer.status_code == 303
    _, second = await receipts(database, territory)
    assert answer.headers["location"].endswith(f"/arrivees/{second}")
    assert "Recompté" in text_of(await referent.get(page)), "the first one stays"
    late = await referent.post(f"{page}/correction", {**corrected, f"recu-{rack}": "7"})
    assert "déjà retirée ou corrigée" in text_of(late)
    assert f"recu-{rack}" in late.text, "what was typed is kept"
    assert "2 arceaux à recevoir (10 en commande, 8 déjà là)" in text_of(await referent.get(MINE))

    withdrawal = f"{PURCHASE}/arrivees/{second}/retrait"
    assert "Dites pourquoi" in text_of(await referent.post(withdrawal, {"reason": ""}))
    assert (await referent.post(withdrawal, {"reason": "C’était pour Salles"})).status_code == 303
    assert await state_of_delivery(database, territory, order_id) == DeliveryState.NONE
    async with database.transaction(territory.group_id) as session:
        names = await session.execute(
            select(col(Event.name)).where(col(Event.subject_kind) == "order").order_by(col(Event.id))
        )
        assert list(names.scalars()) == ["receipt.noted", "receipt.corrected", "receipt.withdrawn"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "Indiquez au moins une quantité"),
        ({"recu": "douze"}, "Indiquez un nombre entier"),
        ({"recu": "-1"}, "Indiquez 0 ou plus"),
        ({"recu": "99999999999999999999"}, "au plus"),
        ({"recu": "1", "received_on": (NOW + timedelta(days=2)).date().isoformat()}, "ce qui n’est pas arrivé"),
        ({"recu": "1", "received_on": "hier"}, "Indiquez une date"),
        ({"recu": "1", "received_on": "2027-02-01"}, "n’est partie que le"),
        ({"recu": "1", "delivery_note": "x" * 61}, "60 caractères au plus"),
    ],
)
async def test_slips_are_told(
    database: Database, territory: Territory, sign_in: SignIn, wrong: dict[str, str], said: str
) -> None:
    _, order_id = await make_ordered(database, territory)
    rack = (await line_ids(database, territory, order_id))[LUGOS, "arceau"]
    typed = {"received_on": TODAY, **wrong}
    if "recu" in typed:
        typed[f"recu-{rack}"] = typed.pop("recu")

    answer = await (await sign_in(REFERENTS[LUGOS])).post(MINE, typed)

    assert answer.status_code == 422
    assert typo(said) in answer.text or said in text_of(answer)
    assert await receipts(database, territory) == []


async def test_who_notes_and_who_sees(database: Database, territory: Territory, sign_in: SignIn) -> None:
    _, order_id = await make_ordered(database, territory)
    line = await line_ids(database, territory, order_id)
    other, finance = await sign_in(REFERENTS[SALLES]), await sign_in("finances@arcachon.example")
    theirs = {"received_on": TODAY, f"recu-{line[LUGOS, 'arceau']}": "1"}

    assert (await other.get(MINE)).status_code == 404
    assert (await other.post(MINE, theirs)).status_code in {403, 404}
    # a line of somebody else's, slipped into one's own form, is nobody's
    slipped = await other.post(f"{ORDER}/membres/{SALLES}", theirs)
    assert "Indiquez au moins une quantité" in text_of(slipped)
    await (await sign_in(BUYER)).post(ORDER, {"received_on": TODAY, f"recu-{line[LUGOS, 'arceau']}": "1"})
    (known,) = await receipts(database, territory)
    for path in (f"{PURCHASE}/arrivees/{known}", f"{PURCHASE}/arrivees/{known}/retrait"):
        assert (await other.get(path)).status_code in {403, 404}
        assert (await finance.get(path)).status_code in {403, 404}
    assert "BL" not in text_of(await other.get(RECEIPTS))
    assert (await (await sign_in("animation@bassin.example")).get(MINE)).status_code == 200
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE orders SET state = 'draft', sent_at = NULL"))
    assert (await (await sign_in(REFERENTS[LUGOS])).get(MINE)).status_code == 404, "it has not left"


async def test_pictures_go_with_a_receipt_and_are_forgotten(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id, order_id = await make_ordered(database, territory)
    line = await line_ids(database, territory, order_id)
    command = ReceiptIn(received_on=NOW.date(), lines=(NotedIn(line=line[LUGOS, "arceau"], refused=1, reason="Abîmé"),))
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[REFERENTS[LUGOS]], territory.group_id)
        kept = await note_receipt(
            session, caller, purchase_id, order_id, command, NOW, _ZONE,
            insistence=None, photos=[Upload("rack.png", PICTURE)],
        )  # fmt: skip
    referent = await sign_in(REFERENTS[LUGOS])
    page = await referent.get(f"{PURCHASE}/arrivees/{kept.id}")
    path = page.text.partition(f"/arrivees/{kept.id}/photos/")[2].partition('"')[0]
    photo = f"{PURCHASE}/arrivees/{kept.id}/photos/{path}"
    assert (await referent.get(photo)).content == PICTURE
    assert (await (await sign_in(REFERENTS[SALLES])).get(photo)).status_code == 404
    async with database.transaction(territory.group_id) as session:
        await forget_photos(session, NOW + timedelta(days=1))
    assert (await referent.get(photo)).status_code == 200, "the purchase is not over"
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'settled' WHERE id = :p"), {"p": purchase_id})
        await forget_photos(session, NOW + timedelta(days=1))
        left = await session.execute(text("SELECT count(*) FROM file_contents"))
        assert left.scalar_one() == 0
    assert (await referent.get(photo)).status_code == 404


async def test_programs_note_what_came(database: Database, territory: Territory, connect: Connect) -> None:
    await make_ordered(database, territory)
    referent = await connect(REFERENTS[LUGOS])
    at = f"{API}/purchases/AG-2027-001/receipts"
    said = {
        "received_on": TODAY,
        "delivery_note": "BL 1",
        "lines": [{"item": "arceau", "member": LUGOS, "accepted": 6, "refused": 1, "reason": "Abîmé"}],
    }

    lines = (await referent.get(f"{at}/orders/1/lines")).json()["items"]
    assert {(one["item"], one["due"]) for one in lines} == {("arceau", 10), ("abri", 2)}
    made = await referent.post(f"{at}/orders/1", said, idempotency_key="a")
    assert made.status_code == 201, made.text
    assert (await referent.post(f"{at}/orders/1", said, idempotency_key="a")).json() == made.json()
    doubted = await referent.post(f"{at}/orders/1", said)
    assert problem(doubted) == (422, "doubtful")
    unknown = {**said, "lines": [{"item": "arceau", "member": ARCACHON, "accepted": 1}]}
    assert "lines.0" in (await referent.post(f"{at}/orders/1", unknown)).text
    theirs = {**said, "lines": [{"item": "arceau", "member": SALLES, "accepted": 1}]}
    assert (await referent.post(f"{at}/orders/1", theirs)).status_code == 403

    (order,) = (await referent.get(f"{at}/orders")).json()["items"]
    assert order["state"] == "partial"
    racks = next(item for item in order["items"] if item["item"] == "arceau")
    assert [one["kind"] for one in racks["differences"]] == ["refused", "too_little"]
    receipt_id = made.json()["id"]
    assert made.headers["location"].endswith(f"/receipts/{receipt_id}")
    corrected = await referent.post(f"{at}/{receipt_id}/correction", {**said, "because": "Recompté"})
    assert corrected.json()["replaces"] == receipt_id
    gone = await referent.post(f"{at}/{corrected.json()['id']}/withdrawal", {"because": "Jamais venu"})
    assert gone.json()["withdrawn_because"] == "Jamais venu"
    again = await referent.post(f"{at}/{receipt_id}/withdrawal", {"because": "x"})
    assert problem(again) == (409, "already_withdrawn")
    buyer = await connect(BUYER)
    complete = await buyer.post(f"{at}/orders/1/completion", {"because": "Assez"})
    assert complete.json()["state"] == "declared"
    assert problem(await buyer.post(f"{at}/orders/1/completion", {"because": "x"})) == (409, "already_complete")
    assert (await buyer.post(f"{at}/orders/1/reopening", {"because": "x"})).json()["state"] == "none"


async def test_what_never_came_is_no_longer_asked_for(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """By the next version of the order, at each place what came: nothing more is awaited, all is delivered."""
    purchase_id, order_id = await make_ordered(database, territory)
    line = await line_ids(database, territory, order_id)
    buyer = await sign_in(BUYER)
    await buyer.post(ORDER, {"received_on": TODAY, f"recu-{line[LUGOS, 'arceau']}": "8"})
    page = f"{ORDER}/ajustement"

    shown = text_of(await buyer.get(page))
    assert "Lugos Arceau 10 8" in shown
    assert "Salles Arceau 20 0" in shown
    assert "Dites pourquoi" in text_of(await buyer.post(page, {"reason": ""}))
    answer = await buyer.post(page, {"reason": "Le fournisseur n’en a plus"})
    assert answer.status_code == 303, text_of(answer)
    assert answer.headers["location"].endswith("/commandes/1")
    async with database.transaction(territory.group_id) as session:
        units = await session.execute(text("SELECT sum(quantity) FROM order_lines"))
        assert units.scalar_one() == 8
    assert await state_of_delivery(database, territory, order_id) == DeliveryState.COMPLETE
    assert await purchase_state(database, territory, purchase_id) == "delivered"
    assert "Rien ne manque" in text_of(await buyer.get(page))
    assert (await (await sign_in(REFERENTS[LUGOS])).get(page)).status_code == 403
