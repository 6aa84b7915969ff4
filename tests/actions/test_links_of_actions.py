"""What an action is tied to: purchases that serve it, decisions that move it, difficulties, agendas, documents."""

import re
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import LUGOS, NOW, Territory, make_purchase
from pooling import PROJECT_ROOT
from pooling.actions.agenda import LATE, TO_EXAMINE
from pooling.actions.catalogue import read_catalogue
from pooling.actions.keeping import move_action, propose_action
from pooling.actions.models import ActionState
from pooling.actions.schemas import ActionIn
from pooling.committees.agendas.taking_up import proposals_for
from pooling.committees.calendars.feed_document import feed_of
from pooling.committees.decisions.carrying_out import apply_decision
from pooling.committees.decisions.recording import add_decision, give_effect
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.queries import committee_by_id
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.acts import NoTerms
from pooling.members.entrance import caller_of
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.purchases.details import details_of
from pooling.purchases.finding import find_purchase
from pooling.purchases.schemas import ItemIn
from pooling.purchases.typical import described
from pooling.reminders.kinds import Context
from pooling.sharing.savings import Bought, Saving, saving_of
from web_client import SignIn, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
OURS = read_catalogue(PROJECT_ROOT / "config")
ONE = "/g/bassin/actions/FA-2027-001"


@pytest.mark.parametrize(
    ("bought", "saved"),
    [
        ([], Saving(0, 0, 0, 0)),
        ([Bought(4, 100, None)], Saving(0, 0, 0, 1)),
        ([Bought(0, 0, Fraction(3))], Saving(0, 0, 0, 0)),
        ([Bought(3, 3 * 9_000, Fraction(100))], Saving(3_000, 30_000, 1, 1)),
        ([Bought(3, 27_001, Fraction(100)), Bought(1, 500, None)], Saving(2_999, 30_000, 1, 2)),
        ([Bought(2, 25_000, Fraction(100))], Saving(-5_000, 20_000, 1, 1)),
        ([Bought(3, 0, Fraction(1, 3))], Saving(100, 100, 1, 1)),
        ([Bought(1, 0, Fraction("0.005"))], Saving(1, 1, 1, 1)),
    ],
)
def test_a_saving_is_of_what_is_known_alone(bought: list[Bought], saved: Saving) -> None:
    assert saving_of(bought) == saved


async def _propose(database: Database, territory: Territory, **said: object) -> int:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        sheet = ActionIn.model_validate(
            {"title": "Des arceaux", "system": "stationnement", "lead_member": LUGOS, **said}
        )
        return (await propose_action(session, caller, sheet, OURS, NOW)).id


async def test_a_purchase_begins_with_what_the_catalogue_knows_of_its_action(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    await _propose(database, territory)
    browser = await sign_in(FACILITATOR)
    assert "achats/nouveau?action=FA-2027-001" in (await browser.get(ONE)).text
    page = "/g/bassin/achats/nouveau?action=FA-2027-001"
    form = await browser.get(page)
    system = OURS.find("stationnement")
    assert system is not None
    priced = next(item for item in system.items if item.price is not None)
    assert priced.name in text_of(form) or priced.name in form.text
    typed = {
        "title": "Arceaux",
        "kind": "goods",
        "action": "FA-2027-001",
        "lead_member": LUGOS,
        "participation": "all",
        "nom-1": priced.name,
        "prix-1": "90",
        "tva-1": "20",
    }
    wrong = await browser.post("/g/bassin/achats/nouveau", {**typed, "action": "FA-2027-009"}, page=page)
    assert wrong.status_code == 422
    assert "Choisissez une action du groupe." in text_of(wrong)
    made = await browser.post("/g/bassin/achats/nouveau", typed, page=page)
    assert made.status_code == 303, text_of(made)
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, "AG-2027-001")
        (said,) = (await details_of(session, purchase.id)).values()
    assert (said.cpv, said.account) == (priced.cpv, priced.account)
    assert (priced.to_confirm, said.price_alone) == (True, None), "no saving is counted from what is to be confirmed"
    assert "AG-2027-001 · Arceaux" in text_of(await browser.get(ONE))
    assert "Des arceaux" in text_of(await browser.get("/g/bassin/achats/AG-2027-001"))
    elsewhere = "/g/bassin/achats/AG-2027-001/action"
    assert (await browser.post(elsewhere, {"action": ""}, page=elsewhere)).status_code == 303
    assert "Aucun achat ne sert encore cette action." in text_of(await browser.get(ONE))
    journal = text_of(await browser.get("/g/bassin/journal"))
    assert "de l’action « Des arceaux » (FA-2027-001)" in journal


def test_a_purchase_counts_savings_from_a_price_of_the_catalogue_that_is_confirmed() -> None:
    system = OURS.find("securite")
    assert system is not None
    lock = ItemIn(code="antivol", name="Antivol en U", unit="antivol", unit_price=Decimal(30))
    said = described([lock], system.items)[0].details
    assert said is not None
    assert (said.price_alone, said.priced_on) == (Decimal("37.50"), date(2024, 6, 20))
    assert said.price_source.endswith("TVA de 20 % ôtée (catalogue)")


async def test_programs_say_which_action_a_purchase_serves(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await _propose(database, territory)
    await make_purchase(database, territory, NOW, title="Arceaux")
    program = await connect(FACILITATOR)
    one = f"{API}/purchases/AG-2027-001"
    tag = (await program.get(one)).headers["etag"]
    served = await program.put(f"{one}/action", {"action": "FA-2027-001"}, if_match=tag)
    assert served.json()["action"] == "FA-2027-001", served.text
    assert problem(await program.put(f"{one}/action", {"action": ""}, if_match=tag)) == (412, "changed_meanwhile")
    assert (await program.put(f"{one}/action", {"action": "FA-2027-099"})).status_code == 422
    told = {"content": "Le trottoir est étroit", "action": "FA-2027-001"}
    raised = await program.post(f"{API}/difficulties", told, idempotency_key="d-1")
    assert (raised.json()["action"], raised.json()["purchase"]) == ("FA-2027-001", None), raised.text
    both = await program.post(f"{API}/difficulties", {**told, "purchase": "AG-2027-001"}, idempotency_key="d-2")
    assert both.status_code == 422
    assert (await program.get(f"{API}/decisions?action=FA-2027-001")).json()["items"] == []


async def test_a_decision_moves_an_action_and_stands_on_its_sheet(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    action_id = await _propose(database, territory)
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        meeting = CommitteeIn(title="Comité", day=NOW.date(), hour=time(9), place="Mairie", people=(caller.person_id,))
        committee = await schedule_committee(session, caller, meeting, NOW - timedelta(days=9))
        command = DecisionIn(content="Les arceaux d’abord.", about=("action", action_id))
        decision = await add_decision(session, caller, committee, command, NOW)
        act = features_for(session).acts["agree_action"]
        await give_effect(session, caller, committee, decision.number, act, NoTerms(), NOW)
        await apply_decision(session, caller, committee, decision.number, FixedClock(NOW))
        (event,) = (await session.execute(select(Event).where(col(Event.name) == "action.agreed"))).scalars()
        assert event.decision_id == decision.id
    browser = await sign_in(FACILITATOR)
    sheet = text_of(await browser.get(ONE))
    assert all(words in sheet for words in ("Convenue", "Les arceaux d’abord.", "appliquée le"))
    page = "/g/bassin/comites/difficultes/nouvelle?action=FA-2027-001"
    assert 'value="FA-2027-001" selected' in (await browser.get(page)).text
    raised = {"content": "Plus d’enrobé", "action": "FA-2027-001"}
    assert (await browser.post("/g/bassin/comites/difficultes/nouvelle", raised, page=page)).status_code == 303
    assert "Plus d’enrobé" in text_of(await browser.get(ONE))


async def test_agendas_are_offered_what_is_to_examine_and_what_is_late(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    late = await _propose(database, territory, ends_on=NOW.date() - timedelta(days=3))
    proposed = await _propose(database, territory, title="Des bureaux", system="bureaux", ends_on=date(2027, 12, 31))
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await move_action(session, caller, "FA-2027-001", ActionState.UNDER_WAY, NOW)
        meeting = CommitteeIn(title="Comité", day=NOW.date() + timedelta(days=20), hour=time(9), place="Mairie")
        key = await schedule_committee(session, caller, meeting, NOW)
        committee = await committee_by_id(session, key)
        found = await proposals_for(session, committee, await group_zone(session), NOW)
    told = [(one.topic, one.about) for one in found if one.topic in (LATE, TO_EXAMINE)]
    assert told == [(LATE, ("action", late)), (TO_EXAMINE, ("action", proposed))]
    browser = await sign_in(FACILITATOR)
    sheet = await browser.get(ONE)
    assert "Mettre à l’ordre du jour du prochain comité" in text_of(sheet)
    agenda = f"/g/bassin/comites/{key}/ordre-du-jour"
    put = await browser.post(agenda, {"title": "Action : Des arceaux", "action": "FA-2027-001"}, page=ONE)
    assert put.status_code == 303
    assert "FA-2027-001 · Des arceaux" in text_of(await browser.get(agenda))
    assert "Mettre à l’ordre du jour" not in text_of(await browser.get(ONE))
    referent = await sign_in(REFERENT)
    assert "Dire où en est l’action : Des arceaux" in text_of(await referent.get("/g/bassin/"))
    assert "Fin de l’action : Des arceaux" in text_of(await referent.get("/g/bassin/comites"))
    async with database.transaction(territory.group_id) as session:
        zone = await group_zone(session)
        context = Context(
            territory.group_id, "bassin", "Bassin", zone, fictional=False, base_url="https://a.example", now=NOW
        )
        feed = await feed_of(session, territory.people[REFERENT], context)
    assert "Fin de l’action : Des arceaux" in feed.text.replace("\r\n ", "")


async def test_documents_go_with_an_action(sign_in: SignIn, database: Database, territory: Territory) -> None:
    await _propose(database, territory)
    browser, other = await sign_in(REFERENT), await sign_in("referent@arcachon.example")
    sent = {"files": ("plan.txt", b"Un plan", "text/plain")}
    assert (await other.post(f"{ONE}/pieces", page=ONE, files=sent)).status_code == 403
    assert (await browser.post(f"{ONE}/pieces", page=ONE, files=sent)).status_code == 303
    assert (
        await browser.post(f"{ONE}/pieces", page=ONE, files={"files": ("a.exe", b"MZ\0", "x/y")})
    ).status_code == 422
    found = re.search(rf'href="({ONE}/pieces/\d+)"', (await other.get(ONE)).text)
    assert found is not None
    assert (await other.get(found[1])).content == b"Un plan"
    assert (await browser.post(f"{found[1]}/retrait", page=ONE)).status_code == 303
    assert (await other.get(found[1])).status_code == 404
    journal = text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/journal"))
    assert "a joint « plan.txt » à l’action « Des arceaux » (FA-2027-001)" in journal
