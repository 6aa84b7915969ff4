"""While a collection is open: filing for a member that telephoned, and reminding those who are silent."""

from collections import Counter
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.needs.models import DeclarationState
from pooling.needs.queries import declarations_of_member
from pooling.outbox.models import Message
from pooling.purchases.finding import item_ids
from web_client import SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
NEEDS, TELEPHONE = f"{BASE}/besoins", f"{BASE}/besoins/{LUGOS}/telephone"
FACILITATOR, OF_LUGOS = "animation@bassin.example", "referent@lugos.example"
CALL = {"by_whom": "Secrétariat\n de mairie", "reason": "Référent en congé"}


class Collection:
    """Open for a fortnight; Salles has filed three."""

    def __init__(self, database: Database, territory: Territory, purchase_id: int, item: int) -> None:
        self.database, self.territory, self.purchase_id, self.item = database, territory, purchase_id, item

    async def mails(self, kind: str) -> list[Message]:
        async with self.database.transaction(self.territory.group_id) as session:
            mine = (col(Message.group_id) == self.territory.group_id, col(Message.kind) == kind)
            return list((await session.execute(select(Message).where(*mine).order_by(col(Message.id)))).scalars())

    async def events(self, name: str) -> list[Event]:
        async with self.database.transaction(self.territory.group_id) as session:
            return list((await session.execute(select(Event).where(col(Event.name) == name))).scalars())

    async def filed(self, member: str) -> dict[int, int] | None:
        async with self.database.transaction(self.territory.group_id) as session:
            found = await declarations_of_member(session, self.purchase_id, self.territory.members[member])
        return found["filed"].quantities if DeclarationState.FILED in found else None


@pytest_asyncio.fixture
async def collection(database: Database, territory: Territory) -> Collection:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    async with database.transaction(territory.group_id) as session:
        return Collection(database, territory, purchase_id, (await item_ids(session, purchase_id))["arceau"])


@pytest.mark.parametrize("email", [FACILITATOR, BUYER])
async def test_what_a_member_telephones_is_filed_and_told_to_its_referents(
    collection: Collection, sign_in: SignIn, email: str
) -> None:
    browser = await sign_in(email)
    before = {mail.id for mail in await collection.mails("needs_notice")}
    shown = await browser.get(NEEDS)
    assert TELEPHONE in shown.text
    assert f"{NEEDS}/{SALLES}/telephone" not in shown.text, "it has filed"
    typed = {**CALL, f"quantite-{collection.item}": "4", f"jusqu-{collection.item}": "9"}
    answer = await browser.post(TELEPHONE, typed, page=TELEPHONE)
    assert (answer.status_code, answer.headers["location"]) == (303, NEEDS)
    assert "un courriel part à 1 référent" in text_of(await browser.get(NEEDS))
    assert ((await collection.filed(LUGOS)) or {})[collection.item] == 4
    (event,) = await collection.events("declaration.filed_for")
    assert (event.reason, event.details["caller"]) == ("Référent en congé", "Secrétariat de mairie")
    assert event.person_id == collection.territory.people[email]
    (mail,) = [mail for mail in await collection.mails("needs_notice") if mail.id not in before]
    said = " ".join(mail.body_text.split())
    assert mail.recipient == OF_LUGOS
    for words in ("Secrétariat de mairie, par téléphone", "Arceau posé : 4 arceaux, jusqu’à 9", "Référent en congé"):
        assert words in said
    journal = text_of(await browser.get(f"{BASE}/journal"))
    assert "a déposé la déclaration de Lugos" in journal
    assert "à la demande de Secrétariat de mairie" in journal
    assert TELEPHONE not in (await browser.get(NEEDS)).text


async def test_what_was_typed_is_kept_when_it_is_not_said_who_called(collection: Collection, sign_in: SignIn) -> None:
    browser = await sign_in(BUYER)
    typed = {f"quantite-{collection.item}": "4", "by_whom": "", "reason": "", "comment": "Devant l’école"}
    refused = await browser.post(TELEPHONE, typed, page=TELEPHONE)
    assert refused.status_code == 422
    assert "Indiquez qui a appelé" in text_of(refused)
    assert "Dites pourquoi vous déposez" in text_of(refused)
    assert 'value="4"' in refused.text
    assert "Devant l’école" in refused.text
    assert await collection.filed(LUGOS) is None


async def test_what_a_referent_filed_meanwhile_is_shown_before_it_is_replaced(
    collection: Collection, sign_in: SignIn
) -> None:
    browser = await sign_in(BUYER)
    typed = {**CALL, f"quantite-{collection.item}": "4", "seen": ""}
    await file_needs(collection.database, collection.territory, collection.purchase_id, OF_LUGOS, NOW, arceau=7)
    refused = await browser.post(TELEPHONE, typed, page=TELEPHONE)
    assert refused.status_code == 422
    assert "enregistrée entre-temps par referent" in text_of(refused)
    assert ((await collection.filed(LUGOS)) or {})[collection.item] == 7


async def test_nobody_files_for_a_member_once_the_collection_is_closed(
    collection: Collection, sign_in: SignIn, clock: FixedClock
) -> None:
    clock.instant = NOW + timedelta(days=15)
    browser = await sign_in(BUYER)
    typed = {**CALL, f"quantite-{collection.item}": "4"}
    assert (await browser.get(TELEPHONE)).status_code == 409
    refused = await browser.post(TELEPHONE, typed)
    assert refused.status_code == 422
    assert 'value="4"' in refused.text
    assert await collection.filed(LUGOS) is None
    assert (await browser.post(f"{BASE}/relance")).status_code == 409
    shown = await browser.get(NEEDS)
    assert TELEPHONE not in shown.text
    assert "Relancer les membres" not in shown.text


async def test_the_silent_are_reminded_once_a_day_while_a_reminder_is_left(
    collection: Collection, sign_in: SignIn, clock: FixedClock
) -> None:
    silent = ["referent@arcachon.example", "referent@droit.example", OF_LUGOS]
    browser = await sign_in(BUYER)
    assert "Relancer les membres sans réponse" in text_of(await browser.get(NEEDS))
    assert (await browser.post(f"{BASE}/relance", page=NEEDS)).status_code == 303
    assert "3 relances sont prêtes" in text_of(await browser.get(NEEDS))
    assert sorted(mail.recipient for mail in await collection.mails("needs_deadline")) == silent
    again = await browser.post(f"{BASE}/relance", page=NEEDS)
    assert again.status_code == 409
    assert "recommencez demain" in text_of(again)
    assert len(await collection.mails("needs_deadline")) == 3
    (event,) = await collection.events("collection.reminded")
    assert event.details["reminders"] == 3
    assert "a relancé les membres sans réponse" in text_of(await browser.get(f"{BASE}/journal"))

    await file_needs(collection.database, collection.territory, collection.purchase_id, OF_LUGOS, NOW, abri=1)
    clock.instant = NOW + timedelta(days=1, minutes=1)
    await browser.sign_in(collection.territory.people[BUYER])
    assert (await browser.post(f"{BASE}/relance", page=NEEDS)).status_code == 303
    clock.instant = NOW + timedelta(days=2, minutes=2)
    await browser.sign_in(collection.territory.people[BUYER])
    nothing = await browser.post(f"{BASE}/relance", page=NEEDS)
    assert nothing.status_code == 409
    assert "plus de relance à envoyer" in text_of(nothing)
    told = Counter(mail.recipient for mail in await collection.mails("needs_deadline"))
    assert told == {silent[0]: 2, silent[1]: 2, OF_LUGOS: 1}, "the second one leaves out who filed meanwhile"
