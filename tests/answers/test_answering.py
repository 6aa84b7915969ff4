"""Whether a member takes part in a service: said by its référent or by telephone, until the closing decides."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, make_purchase, open_purchase
from pooling.allocation.allocating import allocate_purchase
from pooling.allocation.models import Charge
from pooling.allocation.records.freezing import freeze_allocation
from pooling.answers.answering import answer_for_own
from pooling.answers.schemas import AnswerIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, NotFound
from pooling.members.entrance import caller_of
from pooling.needs.advancing import advance_purchase
from pooling.needs.collection import close_collection, close_what_is_due, reopen_collection
from pooling.needs.declaring import file_declaration
from pooling.needs.schemas import DeclarationIn
from pooling.outbox.models import Message
from pooling.purchases.models import Participation, PurchaseState
from web_client import SignIn, text_of

HOME = "/g/bassin"
PURCHASE = f"{HOME}/achats/AG-2027-001"
REFERENT, OTHER, FACILITATOR = "referent@lugos.example", "referent@salles.example", "animation@bassin.example"
KEY = {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": "agents"}]}


async def service(database: Database, territory: Territory) -> int:
    purchase_id = await open_purchase(
        database, territory, NOW, title="Covoiturage", kind="service", items=(), participants=(ARCACHON, LUGOS, SALLES)
    )
    async with database.transaction(territory.group_id) as session:
        session.add(
            Charge(
                group_id=territory.group_id, purchase_id=purchase_id, code="abonnement", label="Abonnement",
                amount_cents=900_000, key=KEY,
            )
        )  # fmt: skip
    return purchase_id


async def answer(session: AsyncSession, territory: Territory, purchase_id: int, code: str, agents: int | None) -> None:
    """`agents` None: it does not take part."""
    email = {ARCACHON: "referent@arcachon.example", LUGOS: REFERENT, SALLES: OTHER}[code]
    referent = await caller_of(session, territory.people[email], territory.group_id)
    command = AnswerIn(member_id=territory.members[code], takes_part=agents is not None, agents=agents)
    await answer_for_own(session, referent, purchase_id, command, FixedClock(NOW))


async def shares(session: AsyncSession, purchase_id: int) -> dict[str, int]:
    """Before VAT, in cents, by member."""
    result = (await allocate_purchase(session, purchase_id, "Covoiturage")).result
    return {share.result.id: share.result.ht for share in result.members}


async def answers(session: AsyncSession, territory: Territory, purchase_id: int) -> dict[str, bool | None]:
    rows = await session.execute(
        select(Participation)
        .where(col(Participation.purchase_id) == purchase_id)
        .execution_options(populate_existing=True)
    )
    codes = {number: code for code, number in territory.members.items()}
    return {codes[one.member_id]: one.takes_part for one in rows.scalars()}


async def test_those_who_take_part_share_and_silence_is_a_no_until_it_opens_again(
    database: Database, territory: Territory
) -> None:
    purchase_id = await service(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW)
        await answer(session, territory, purchase_id, LUGOS, 10)
        await answer(session, territory, purchase_id, ARCACHON, None)
        assert set(await shares(session, purchase_id)) == {LUGOS, SALLES}, "who is silent may still come"
        await close_collection(session, buyer, purchase_id, clock, reason="Tous ont répondu")
        assert await answers(session, territory, purchase_id) == {ARCACHON: False, LUGOS: True, SALLES: False}
        assert await shares(session, purchase_id) == {LUGOS: 900_000}
        later = NOW + timedelta(days=10)
        await reopen_collection(session, buyer, purchase_id, later, clock, reason="Salles hésite")
        assert await answers(session, territory, purchase_id) == {ARCACHON: False, LUGOS: True, SALLES: None}
        await answer(session, territory, purchase_id, SALLES, 30)
        clock.instant = later
        assert await close_what_is_due(session, clock) == ["AG-2027-001"]
        # Half equally, half by agents: 225 000 + 450 000 × 10/40, and the rest.
        assert await shares(session, purchase_id) == {LUGOS: 337_500, SALLES: 562_500}


async def test_a_service_is_ordered_once_agreed_since_the_last_closing(
    database: Database, territory: Territory
) -> None:
    purchase_id = await service(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        clock = FixedClock(NOW)
        await freeze_allocation(session, buyer, purchase_id, "Covoiturage", clock)
        clock.instant += timedelta(minutes=1)
        await close_collection(session, buyer, purchase_id, clock, reason="Trop tôt")
        with pytest.raises(Conflict, match="Aucun membre ne participe"):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, clock)
        clock.instant += timedelta(minutes=1)
        await reopen_collection(session, buyer, purchase_id, NOW + timedelta(days=10), clock, reason="Encore")
        await answer(session, territory, purchase_id, LUGOS, 10)
        clock.instant += timedelta(minutes=1)
        await close_collection(session, buyer, purchase_id, clock, reason="Bien")
        with pytest.raises(Conflict, match="état de répartition depuis la clôture"):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.ORDERED, clock)
        await freeze_allocation(session, buyer, purchase_id, "Covoiturage", clock)
        with pytest.raises(Conflict, match="ne peut pas passer à « En service »"):
            await advance_purchase(session, buyer, purchase_id, PurchaseState.DELIVERED, clock)
        for state in (PurchaseState.ORDERED, PurchaseState.DELIVERED, PurchaseState.SETTLED):
            await advance_purchase(session, buyer, purchase_id, state, clock)
        rows = await session.execute(select(col(Message.subject), col(Message.recipient)).order_by(col(Message.id)))
        plain = [(subject.replace("\u00a0", " "), to) for subject, to in rows]
        told = [one for one in plain if one[0].startswith(("Service commandé", "En service"))]
        assert told == [("Service commandé : Covoiturage", REFERENT), ("En service : Covoiturage", REFERENT)]


async def test_a_service_takes_no_quantities_and_goods_no_answer(database: Database, territory: Territory) -> None:
    purchase_id = await service(database, territory)
    goods = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
        declared = DeclarationIn(member_id=territory.members[LUGOS])
        with pytest.raises(NotFound, match="pas de quantités à déclarer"):
            await file_declaration(session, referent, purchase_id, declared, FixedClock(NOW))
        with pytest.raises(NotFound, match="pas de participation à confirmer"):
            await answer(session, territory, goods, LUGOS, 3)


async def test_a_referent_answers_sees_it_and_is_sent_a_receipt(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await service(database, territory)
    referent = await sign_in(REFERENT)
    assert "Dire si Lugos participe" in text_of(await referent.get(f"{HOME}/"))
    page = f"{PURCHASE}/participation/{LUGOS}"
    shown = text_of(await referent.get(page))
    assert "Participez-vous" in shown
    assert "Sans réponse" not in shown
    nothing = await referent.post(page, {}, page=page)
    assert nothing.status_code == 422
    assert "Dites si vous participez." in text_of(nothing)
    unsaid = await referent.post(page, {"answer": "yes", "agents": "", "comment": "Deux ans"}, page=page)
    assert unsaid.status_code == 422
    assert "Indiquez pour combien d’agents" in text_of(unsaid)
    assert "Deux ans" in text_of(unsaid)
    assert (await referent.post(page, {"answer": "yes", "agents": "12"}, page=page)).status_code == 303
    assert "Ce membre participe, pour 12 agents" in text_of(await referent.get(page)).replace("\u00a0", " ")
    assert "Dire si Lugos participe" not in text_of(await referent.get(f"{HOME}/"))
    async with database.transaction(territory.group_id) as session:
        receipt = (await session.execute(select(Message).where(col(Message.kind) == "answer_receipt"))).scalar_one()
    assert receipt.subject.replace("\u00a0", " ") == "Réponse de Lugos enregistrée : Covoiturage"
    assert "participe, pour 12 agents" in receipt.body_text.replace("\u00a0", " ")
    buyer = await sign_in(BUYER)
    assert "a répondu pour Lugos sur AG-2027-001" in text_of(await buyer.get(f"{PURCHASE}/journal"))


async def test_who_answers_after_somebody_else_is_told_first(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await service(database, territory)
    referent = await sign_in(REFERENT)
    page = f"{PURCHASE}/participation/{LUGOS}"
    opened = await referent.get(page)
    assert 'value="none"' in opened.text
    async with database.transaction(territory.group_id) as session:
        await answer(session, territory, purchase_id, LUGOS, None)
    typed = {"answer": "yes", "agents": "12", "seen": "none"}
    refused = await referent.post(page, typed, page=page)
    assert refused.status_code == 422
    assert "quelqu’un a répondu pour ce membre" in text_of(refused)
    assert "Ce membre ne participe pas" in text_of(refused)
    again = refused.text.partition('name="seen" value="')[2].partition('"')[0]
    assert (await referent.post(page, {**typed, "seen": again}, page=page)).status_code == 303


async def test_what_a_member_telephoned_is_written_down_and_its_referents_are_told(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await service(database, territory)
    facilitator = await sign_in(FACILITATOR)
    assert f"{PURCHASE}/participation/{LUGOS}/telephone" in (await facilitator.get(f"{PURCHASE}/participation")).text
    page = f"{PURCHASE}/participation/{LUGOS}/telephone"
    answered = await facilitator.post(
        page, {"answer": "no", "by_whom": "la secrétaire", "reason": "Référent en congé"}, page=page
    )
    assert answered.status_code == 303
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(Message).where(col(Message.subject).like("Réponse donnée pour Lugos%")))
        told = rows.scalar_one()
    assert told.recipient == REFERENT
    assert "ne participe pas" in told.body_text
    assert f"{PURCHASE}/participation/{LUGOS}" in told.body_text
    buyer = await sign_in(BUYER)
    assert "à la demande de la secrétaire" in text_of(await buyer.get(f"{PURCHASE}/journal"))


@pytest.mark.parametrize("path", ["besoins", f"besoins/{LUGOS}", "consolidation", "articles"])
async def test_tabs_that_a_service_has_not_are_refused(
    database: Database, territory: Territory, sign_in: SignIn, path: str
) -> None:
    await make_purchase(database, territory, NOW, title="Covoiturage", kind="service", items=())
    buyer = await sign_in(BUYER)
    refused = await buyer.get(f"{PURCHASE}/{path}")
    assert refused.status_code == 404
    assert "Un service à frais partagés n’a pas" in text_of(refused)
