"""Amending what a member declared: its tolerance too, in the journal as in the mail; its référents always hear it."""

from datetime import UTC
from decimal import Decimal

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.features import FEATURES
from pooling.journal.changes import change_of
from pooling.journal.vocabulary import vocabulary_of
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.events import Names
from pooling.needs.models import Need
from pooling.outbox.models import Message
from pooling.purchases.finding import item_ids
from pooling.purchases.schemas import ItemIn
from web_client import Browser, SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
ARCEAU = ItemIn(code="arceau", name="Arceau posé", unit="arceau", unit_price=Decimal(180), pack=5)
OF_LUGOS, OF_SALLES = "referent@lugos.example", "referent@salles.example"


class Buyer:
    """The lead buyer before a closed collection: Lugos 4 and Salles 3, sold by five."""

    def __init__(self, database: Database, territory: Territory, browser: Browser, item: int) -> None:
        self.database, self.territory, self.browser, self.item = database, territory, browser, item

    async def freeze(self) -> None:
        page = f"{BASE}/consolidation"
        assert (await self.browser.post(page, {}, page=page)).status_code == 303

    async def amend(self, member: str, quantity: str, up_to: str = "") -> int:
        page = f"{BASE}/besoins/{member}/modification"
        values = {f"quantite-{self.item}": quantity, f"jusqu-{self.item}": up_to, "reason": "Erreur de saisie"}
        return (await self.browser.post(page, values, page=page)).status_code

    async def told(self) -> dict[str, Message]:
        """What référents were mailed about amendments, by address; one each at most."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                select(Message).where(
                    col(Message.group_id) == self.territory.group_id,
                    col(Message.kind) == "needs_notice",
                    col(Message.body_text).contains("Erreur de saisie"),
                )
            )
        mails = list(rows.scalars())
        found = {mail.recipient: mail for mail in mails}
        assert len(found) == len(mails)
        return found


@pytest_asyncio.fixture
async def buyer(database: Database, territory: Territory, sign_in: SignIn) -> Buyer:
    purchase_id = await open_purchase(database, territory, NOW, items=(ARCEAU,))
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=4)
    await file_needs(database, territory, purchase_id, OF_SALLES, NOW, arceau=3)
    browser = await sign_in(BUYER)
    assert (await browser.post(f"{BASE}/cloture", {"reason": "Tous ont répondu"}, page=BASE)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        return Buyer(database, territory, browser, (await item_ids(session, purchase_id))["arceau"])


async def test_a_tolerance_alone_is_amended_and_taken_back(buyer: Buyer) -> None:
    assert await buyer.amend(LUGOS, "4", "4") == 422, "a most equal to the quantity is none"
    assert await buyer.amend(LUGOS, "4", "9") == 303
    assert await buyer.amend(LUGOS, "4", "9") == 422
    assert await buyer.amend(LUGOS, "6") == 303
    async with buyer.database.transaction(buyer.territory.group_id) as session:
        statement = select(Event).where(col(Event.name) == "declaration.amended").order_by(col(Event.id))
        events = list((await session.execute(statement)).scalars())
        needs = await session.execute(select(col(Need.quantity), col(Need.up_to)).order_by(col(Need.quantity)))
        assert [tuple(need) for need in needs] == [(3, 3), (6, 6)]
    tolerant = {"arceau": {"quantity": 4, "up_to": 9}}
    assert [(event.details["before"], event.details["after"]) for event in events] == [
        ({"arceau": {"quantity": 4, "up_to": 4}}, tolerant),
        (tolerant, {"arceau": {"quantity": 6, "up_to": 6}}),
    ]
    journal = text_of(await buyer.browser.get(f"{BASE}/journal")).replace("\u00a0", " ")
    assert "arceau : 4 arceau : 4, jusqu’à 9" in journal
    assert "arceau : 4, jusqu’à 9 arceau : 6" in journal


def test_amendments_recorded_without_tolerance_still_read_well() -> None:
    event = Event(
        group_id=1,
        id=1,
        at=NOW,
        subject_kind="declaration",
        name="declaration.amended",
        details={"before": {"arceau": 4, "abri": 1}, "after": {"arceau": 6, "abri": 1}},
    )
    words = vocabulary_of([feature.events for feature in FEATURES])
    assert change_of(event, words, Names(), UTC) == ("arceau : 4", "arceau : 6")


async def test_the_amended_member_is_told_though_its_units_stay(buyer: Buyer) -> None:
    await buyer.freeze()
    assert await buyer.amend(LUGOS, "5") == 303
    told = await buyer.told()
    assert set(told) == {OF_LUGOS}, "three and two out of five, as before"
    said = told[OF_LUGOS].body_text.replace("\u00a0", " ")
    assert "Arceau posé, déclaré : 5 au lieu de 4" in said
    assert "Unités attribuées : inchangées" in said


async def test_one_mail_says_what_was_declared_and_what_is_assigned(buyer: Buyer) -> None:
    await buyer.freeze()
    assert await buyer.amend(SALLES, "0", "6") == 303
    told = {recipient: mail.body_text.replace("\u00a0", " ") for recipient, mail in (await buyer.told()).items()}
    assert set(told) == {OF_LUGOS, OF_SALLES}
    assert "Arceau posé, déclaré : 0, jusqu’à 6 au lieu de 3" in told[OF_SALLES]
    assert "Arceau posé, attribué : 1 au lieu de 2" in told[OF_SALLES]
    assert "Arceau posé : 4 au lieu de 3" in told[OF_LUGOS]
    assert "déclaré" not in told[OF_LUGOS]


@pytest.mark.parametrize(("quantity", "said"), [("6", "6 au lieu de 4"), ("4", "4, jusqu’à 9 au lieu de 4")])
async def test_before_any_freezing_the_mail_says_what_is_declared(buyer: Buyer, quantity: str, said: str) -> None:
    assert await buyer.amend(LUGOS, quantity, "9" if quantity == "4" else "") == 303
    told = await buyer.told()
    assert set(told) == {OF_LUGOS}
    assert f"Arceau posé, déclaré : {said}" in told[OF_LUGOS].body_text.replace("\u00a0", " ")
    assert "attribuées" not in told[OF_LUGOS].body_text


async def test_all_that_is_wrong_is_told_at_once(buyer: Buyer) -> None:
    page = f"{BASE}/besoins/{LUGOS}/modification"
    said = text_of(await buyer.browser.post(page, {f"quantite-{buyer.item}": "-3", "reason": ""}, page=page))
    assert "ce nombre est négatif" in said
    assert "Dites pourquoi" in said
