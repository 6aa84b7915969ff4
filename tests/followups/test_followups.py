"""A purchase run elsewhere: its days are reminded of, its documents kept, what it cost is typed and ties."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, make_purchase
from pooling.allocation.records.freezing import freeze_allocation
from pooling.followups.documents import attach_document, detach_document, documents_of
from pooling.followups.keeping import keep_followup
from pooling.followups.queries import costs_listed, head_of, total_of
from pooling.followups.schemas import DateIn, FollowUpIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.files import Upload
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.needs.advancing import advance_purchase
from pooling.needs.collection import open_collection
from pooling.outbox.models import Message
from pooling.purchases.models import PurchaseState
from pooling.purchases.queries import participants
from pooling.reminders.sweep import sweep
from web_client import SignIn, features_in, text_of

HOME = "/g/bassin"
PURCHASE = f"{HOME}/achats/AG-2027-001"
REFERENT = "referent@lugos.example"
KNOWN = FollowUpIn(
    organiser="Une centrale d’achat",
    joining="Par courriel, avant la date",
    dates=(DateIn(day=date(2027, 4, 15), label="Fin des inscriptions"),),
)


async def followed(database: Database, territory: Territory) -> int:
    purchase_id = await make_purchase(
        database, territory, NOW, title="Véhicules", kind="outside", items=(), participants=(ARCACHON, LUGOS, SALLES)
    )
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        with pytest.raises(Conflict, match="Dites d’abord qui mène"):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(NOW))
        await keep_followup(session, buyer, purchase_id, KNOWN, NOW)
        await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(NOW))
    return purchase_id


async def test_it_never_opens_shares_nothing_and_is_settled_once_its_cost_is_known(
    database: Database, territory: Territory
) -> None:
    purchase_id = await followed(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW)
        with pytest.raises(Conflict, match="n’a pas de collecte"):
            await open_collection(session, buyer, purchase_id, NOW + timedelta(days=20), clock)
        with pytest.raises(NotFound, match="pas de coûts à répartir"):
            await freeze_allocation(session, buyer, purchase_id, "Véhicules", clock)
        await advance_purchase(session, buyer, purchase_id, PurchaseState.DELIVERED, clock)
        with pytest.raises(Conflict, match="Notez d’abord ce que l’achat a coûté"):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.SETTLED, clock)
        costs = KNOWN.model_copy(update={"costs": {LUGOS: 150_000, SALLES: 250_001}})
        odd = costs.model_copy(update={"total_cents": 400_000})
        with pytest.raises(Invalid) as refused:
            await keep_followup(session, buyer, purchase_id, odd, NOW)
        assert "4\u202f000,01\u00a0€" in refused.value.errors["total_cents"]
        await keep_followup(session, buyer, purchase_id, costs, NOW)
        assert await total_of(session, await head_of(session, purchase_id)) == 400_001
        await advance_purchase(session, buyer, purchase_id, PurchaseState.SETTLED, clock)
        with pytest.raises(Conflict, match="ne change plus"):
            await keep_followup(session, buyer, purchase_id, KNOWN, NOW)


async def test_referents_and_buyers_are_reminded_of_its_days_and_of_no_day_that_moved(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await followed(database, territory)
    kinds = features_in((await sign_in(BUYER)).app).kinds

    async def reminded() -> list[str]:
        async with database.transaction(territory.group_id) as session:
            rows = await session.execute(select(Message).where(col(Message.kind) == "followup_date"))
            return sorted(mail.recipient for mail in rows.scalars())

    await sweep(database, kinds, FixedClock(NOW.replace(month=4, day=8)), base_url="https://achats.example")
    everybody = sorted([BUYER, REFERENT, "referent@arcachon.example", "referent@salles.example"])
    assert await reminded() == everybody
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        moved = KNOWN.model_copy(update={"dates": (DateIn(day=date(2027, 5, 20), label="Fin des inscriptions"),)})
        await keep_followup(session, buyer, purchase_id, moved, NOW.replace(month=4, day=9))
    await sweep(database, kinds, FixedClock(NOW.replace(month=4, day=14)), base_url="https://achats.example")
    assert await reminded() == everybody, "nothing of the day that is no more"


async def test_documents_are_kept_and_removed(database: Database, territory: Territory) -> None:
    purchase_id = await followed(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        (file_id,) = await attach_document(session, buyer, purchase_id, [Upload("devis.txt", b"Un devis")], NOW)
        assert [file.name for file in await documents_of(purchase_id).listed(session)] == ["devis.txt"]
        await detach_document(session, buyer, purchase_id, file_id, NOW)
        assert await documents_of(purchase_id).listed(session) == []
        with pytest.raises(NotFound):
            await detach_document(session, buyer, purchase_id, file_id, NOW)


async def test_the_pages_of_a_purchase_run_elsewhere(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await followed(database, territory)
    buyer, referent = await sign_in(BUYER), await sign_in(REFERENT)
    page = f"{PURCHASE}/ailleurs/modification"
    opened = await buyer.get(page)
    assert 'value="Fin des inscriptions"' in opened.text
    typed = {
        "organiser": "Une centrale d’achat", "jour-1": "15/04/2027", "quoi-1": "Fin des inscriptions",
        "jour-2": "01/06/2027", "quoi-2": "Livraison", f"cout-{LUGOS}": "1 500", f"cout-{SALLES}": "2 500",
    }  # fmt: skip
    unsaid = await buyer.post(page, {**typed, "quoi-2": ""}, page=page)
    assert unsaid.status_code == 422
    assert "Dites ce qui a lieu ce jour-là." in text_of(unsaid)
    assert (await buyer.post(page, typed, page=page)).status_code == 303
    shown = text_of(await referent.get(f"{PURCHASE}/ailleurs")).replace("\u00a0", " ").replace("\u202f", " ")
    assert "4 000,00 €" in shown
    assert "1 500,00 €" in shown
    assert "2 500,00 €" not in shown, "another member’s"
    assert "01/06/2027" in shown
    glance = text_of(await buyer.get(PURCHASE))
    assert "Suivi" in glance
    assert not any(tab in glance for tab in ("Besoins", "Coûts", "Procédure", "Consolidation", "Participation"))
    for path in ("besoins", "couts", "procedure", "consolidation", "ouverture", "participation", "offre"):
        refused = await buyer.get(f"{PURCHASE}/{path}")
        assert refused.status_code == 404
        assert "Un achat mené ailleurs n’a pas" in text_of(refused)
    journal = text_of(await buyer.get(f"{PURCHASE}/journal"))
    assert "a mis à jour le suivi" in journal
    assert "suit désormais l’achat" in journal


async def test_what_each_paid_stands_a_page_of_members_at_a_time(database: Database, territory: Territory) -> None:
    purchase_id = await make_purchase(database, territory, NOW, title="Centrale", kind="outside", items=())
    async with database.transaction(territory.group_id) as session:
        paid = [line.code for line in await participants(session, purchase_id)]
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await keep_followup(session, buyer, purchase_id, FollowUpIn(costs=dict.fromkeys(paid, 100)), NOW)
        first = await costs_listed(session, purchase_id, Slice(size=2))
        rest = await costs_listed(session, purchase_id, Slice(first.next or ""))
        own = await costs_listed(session, purchase_id, Slice(), [territory.members[LUGOS]])
        assert await total_of(session, await head_of(session, purchase_id)) == 100 * len(paid)
    met = [name for name, _ in [*first.items, *rest.items]]
    assert (len(first.items), rest.next) == (2, None)
    assert len(met) == len(set(met)) == len(paid) > 2
    assert [cents for _, cents in own.items] == [100]
