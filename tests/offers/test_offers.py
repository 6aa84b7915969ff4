"""An offer to staff: agents who are interested, terms that are published, how many bought; nobody is billed."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, make_purchase, open_purchase
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.members.entrance import caller_of
from pooling.needs.advancing import advance_purchase
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.offers.publishing import keep_offer
from pooling.offers.queries import offer_of, tallies_of
from pooling.offers.schemas import OfferIn
from pooling.offers.telling import tell_uptake
from pooling.outbox.models import Message
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.models import PurchaseState
from pooling.purchases.queries import purchase_items
from pooling.reminders.sweep import sweep
from web_client import SignIn, features_in, text_of

HOME = "/g/bassin"
PURCHASE = f"{HOME}/achats/AG-2027-001"
REFERENT = "referent@lugos.example"
LAST_DAY = date(2027, 5, 31)
TERMS = OfferIn(
    supplier="Cycles du Bassin",
    valid_until=LAST_DAY,
    claiming="Avec le code AGENT27",
    prices={"arceau": 95_000, "abri": 310_000},
)


async def closed(database: Database, territory: Territory) -> int:
    """Four agents of Lugos are interested."""
    everybody = (ARCACHON, LUGOS, SALLES)
    purchase_id = await open_purchase(
        database, territory, NOW, title="Vélos des agents", kind="staff_offer", participants=everybody
    )
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=4)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
    return purchase_id


async def published(database: Database, territory: Territory) -> int:
    purchase_id = await closed(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await keep_offer(session, buyer, purchase_id, TERMS, NOW)
        await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(NOW))
    return purchase_id


async def test_its_items_are_counted_in_agents_and_nothing_is_shared_or_consolidated(
    database: Database, territory: Territory
) -> None:
    purchase_id = await closed(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        assert {item.unit for item in await purchase_items(session, purchase_id)} == {"agent"}
        with pytest.raises(NotFound, match="pas de consolidation"):
            await freeze_consolidation(session, buyer, purchase_id, FixedClock(NOW), options={})
        with pytest.raises(NotFound, match="pas de coûts à répartir"):
            await freeze_allocation(session, buyer, purchase_id, "Vélos", FixedClock(NOW))


async def test_it_is_published_once_written_whole(database: Database, territory: Territory) -> None:
    purchase_id = await closed(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await keep_offer(session, buyer, purchase_id, TERMS.model_copy(update={"prices": {"arceau": 95_000}}), NOW)
        with pytest.raises(Conflict, match="Écrivez d’abord l’offre"):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(NOW))
        await keep_offer(session, buyer, purchase_id, TERMS, NOW)
        await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, FixedClock(NOW))
        with pytest.raises(Invalid) as refused:
            await keep_offer(session, buyer, purchase_id, OfferIn(), NOW)
        assert set(refused.value.errors) == {"supplier", "claiming", "valid_until", "prices.arceau", "prices.abri"}
        mails = await session.execute(select(Message).where(col(Message.subject).like("Offre publiée%")))
        assert {mail.recipient for mail in mails.scalars()} == {
            "referent@arcachon.example", REFERENT, "referent@salles.example"
        }  # fmt: skip


async def test_what_agents_bought_is_told_once_it_has_ended_and_until_the_account_is_over(
    database: Database, territory: Territory
) -> None:
    purchase_id = await published(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
        clock, lugos = FixedClock(NOW), territory.members[LUGOS]
        with pytest.raises(Conflict, match="court encore"):
            await tell_uptake(session, referent, purchase_id, lugos, {"arceau": 3}, clock)
        clock.instant = NOW + timedelta(days=120)
        await tell_uptake(session, referent, purchase_id, lugos, {"arceau": 3}, clock, shown="none")
        with pytest.raises(Conflict, match="Entre-temps"):
            await tell_uptake(session, referent, purchase_id, lugos, {"arceau": 2}, clock, shown="none")
        with pytest.raises(Invalid) as refused:
            await tell_uptake(session, referent, purchase_id, lugos, {"vélo": 2}, clock)
        assert refused.value.errors == {"bought.vélo": "Cet achat n’a pas d’article de ce code."}
        arceau = (await item_ids(session, purchase_id))["arceau"]
        tally = (await tallies_of(session, purchase_id))[arceau]
        assert (tally.interested, tally.bought) == (4, 3)
        for state in (PurchaseState.DELIVERED, PurchaseState.SETTLED):
            await advance_purchase(session, buyer, purchase_id, state, clock)
        with pytest.raises(Conflict, match="on ne dit pas combien"):
            await tell_uptake(session, referent, purchase_id, lugos, {"arceau": 2}, clock)


async def test_the_pages_of_an_offer(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await closed(database, territory)
    buyer, referent = await sign_in(BUYER), await sign_in(REFERENT)
    assert "Négocier et écrire l’offre" in text_of(await buyer.get(f"{HOME}/"))
    page = f"{PURCHASE}/offre/modification"
    async with database.transaction(territory.group_id) as session:
        items = await item_ids(session, purchase_id)
    typed = {
        "supplier": "Cycles du Bassin", "valid_until": "31/05/2027", "claiming": "Avec le code AGENT27",
        f"prix-{items['arceau']}": "950", f"prix-{items['abri']}": "3 100",
    }  # fmt: skip
    wrong = await buyer.post(page, {**typed, "valid_from": "01/06/2027"}, page=page)
    assert wrong.status_code == 422
    assert "ne peut pas finir avant d’avoir commencé" in text_of(wrong)
    assert "AGENT27" in text_of(wrong)
    assert (await buyer.post(page, typed, page=page)).status_code == 303
    assert "AGENT27" not in text_of(await referent.get(f"{PURCHASE}/offre")), "not before it is published"
    step = f"{PURCHASE}/etape"
    assert (await buyer.post(step, {"state": "ordered"}, page=step)).status_code == 303
    shown = text_of(await referent.get(f"{PURCHASE}/offre")).replace("\u00a0", " ").replace("\u202f", " ")
    assert "AGENT27" in shown
    assert "3 100,00 €" in shown
    assert "ne reçoivent aucune facture" in shown
    tabs = text_of(await buyer.get(PURCHASE))
    assert all(tab in tabs for tab in ("Intentions", "Offre", "Bilan"))
    assert not any(tab in tabs for tab in ("Coûts", "Procédure", "Consolidation"))
    for path in ("couts", "procedure", "consolidation", f"besoins/{LUGOS}/modification"):
        refused = await buyer.get(f"{PURCHASE}/{path}")
        assert refused.status_code == 404
        assert "Une offre aux agents n’a pas" in text_of(refused)
    assert (await buyer.post(step, {"state": "delivered"}, page=step)).status_code == 303
    assert "Dire combien d’agents de Lugos ont acheté" in text_of(await referent.get(f"{HOME}/")).replace("\u00a0", " ")
    mine = f"{PURCHASE}/bilan/{LUGOS}"
    assert (await referent.post(mine, {f"achetes-{items['arceau']}": "3"}, page=mine)).status_code == 303
    assert "ont acheté" not in text_of(await referent.get(f"{HOME}/"))
    told = text_of(await buyer.get(f"{PURCHASE}/bilan"))
    assert "Reçue" in told
    assert "a dit combien d’agents" in text_of(await buyer.get(f"{PURCHASE}/journal"))


async def test_referents_are_reminded_before_it_ends_and_afterwards_to_say_how_many_bought(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await published(database, territory)
    kinds = features_in((await sign_in(BUYER)).app).kinds
    subjects = []
    for day in (date(2027, 5, 17), date(2027, 5, 28), date(2027, 6, 3), date(2027, 6, 14)):
        moment = NOW.replace(year=day.year, month=day.month, day=day.day)
        await sweep(database, kinds, FixedClock(moment), base_url="https://achats.example")
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(Message).where(col(Message.kind).like("offer_%")).order_by(col(Message.id)))
        subjects = [(mail.kind, mail.recipient.partition("@")[2]) for mail in rows.scalars()]
    ending = [("offer_ending", f"{place}.example") for place in ("arcachon", "lugos", "salles")]
    assert sorted(subjects[:3]) == sorted(subjects[3:6]) == ending
    assert subjects[6:] == [("offer_uptake", "lugos.example")] * 2, "where agents were interested"


async def test_an_offer_prepared_after_another_keeps_its_kind_and_terms_but_its_days(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await published(database, territory)
    facilitator = await sign_in("animation@bassin.example")
    form = await facilitator.get(f"{HOME}/achats/nouveau?modele=AG-2027-001")
    assert 'value="staff_offer" checked' in form.text
    typed = {
        "like": "AG-2027-001", "title": "Vélos, suite", "kind": "staff_offer", "lead_member": ARCACHON,
        "participation": "all", "nom-1": "Arceau posé", "unite-1": "arceau", "prix-1": "180", "tva-1": "20",
    }  # fmt: skip
    made = await facilitator.post(f"{HOME}/achats/nouveau", typed, page=f"{HOME}/achats/nouveau")
    assert made.status_code == 303
    async with database.transaction(territory.group_id) as session:
        copy = await find_purchase(session, "AG-2027-002")
        shown = await offer_of(session, copy.id)
    assert (shown.offer.supplier, shown.offer.claiming) == ("Cycles du Bassin", "Avec le code AGENT27")
    assert (shown.offer.valid_from, shown.offer.valid_until) == (None, None)
    assert list(shown.prices.values()) == [95_000]


async def test_goods_with_costs_become_no_offer(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW, kind="staff_offer")
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await keep_offer(session, buyer, (await find_purchase(session, "AG-2027-001")).id, TERMS, NOW)
    browser = await sign_in(BUYER)
    page = f"{PURCHASE}/modification"
    typed = {"title": "Vélos", "lead_member": ARCACHON, "participation": "all", "kind": "goods"}
    refused = await browser.post(page, typed, page=page)
    assert refused.status_code == 422
    assert "une offre écrite" in text_of(refused)
