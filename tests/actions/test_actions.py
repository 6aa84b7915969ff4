"""The group's actions: proposed from the catalogue or freely, written by whoever looks after them, moved by the
facilitator; by pages and by programs.
"""

import re
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, LUGOS, NOW, Territory
from pooling import PROJECT_ROOT
from pooling.actions.catalogue import Catalogue, holding, read_catalogue, to_come
from pooling.actions.codes import check_digit
from pooling.actions.keeping import propose_action, sheet_of, write_action
from pooling.actions.models import Action, Ease, FactorKind
from pooling.actions.schemas import ActionIn, FactorIn
from pooling.kernel.database import Database
from pooling.kernel.errors import Forbidden, Invalid
from pooling.kernel.events import Event
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.entrance import caller_of
from pooling.purchases.models import PurchaseKind
from pooling.purchases.schemas import LONGEST_SOURCE
from web_client import SignIn, text_of

FACILITATOR, REFERENT, READER = "animation@bassin.example", "referent@lugos.example", "observation@bassin.example"
LIST = "/g/bassin/actions"
NEW = f"{LIST}/proposition"
OURS = read_catalogue(PROJECT_ROOT / "config")


def test_the_catalogue_that_comes_along_is_whole() -> None:
    """Every kind of purchase follows from something in it, codes have their check digit, and each system says enough to
    begin with.
    """
    asked = (
        "stationnement velos achat-agents covoiturage bureaux vehicules communication autopartage formation securite"
    )
    assert {*asked.split(), "essai"} < {system.code for system in OURS.systems}
    assert {system.kind for system in OURS.systems} == {str(kind) for kind in PurchaseKind}
    for system in OURS.systems:
        assert len(system.specify) >= 3, system.code
        assert system.indicators, system.code
        assert system.vigilance, system.code
        assert system.questions, system.code
        assert bool(system.items) == (system.kind != "outside"), system.code
        for item in system.items:
            assert item.account or system.kind == "staff_offer", item
            assert item.cpv == f"{item.cpv[:8]}-{check_digit(item.cpv[:8])}", item


def test_a_price_that_comes_along_is_what_its_source_says_before_vat() -> None:
    """The last amount that a source states; what no source gives is called fictional. Savings count from what a member
    would pay by itself, and from nothing else.
    """
    priced = [item for system in OURS.systems for item in system.items if item.price is not None]
    public = [item for item in priced if "fictif" not in item.source]
    for item in public:
        *_, stated = re.findall(r"(\d[\d ]*(?:,\d\d)?) €", item.source)
        euros = Decimal(stated.replace(" ", "").replace(",", "."))
        if "TVA de 20 % ôtée" in item.source:
            euros /= Decimal("1.2")
        assert item.price == euros.quantize(Decimal("0.01")), item
        assert item.priced_on is not None
        assert item.priced_on < date(2026, 1, 1), item
        assert len(f"{item.source} (catalogue)") <= LONGEST_SOURCE, item
    assert {item.name for item in priced if not item.to_confirm} == {"Casque de vélo", "Antivol en U"}
    assert {item.name for item in priced} - {item.name for item in public} == {
        "Abri couvert de 10 places",
        "Plateforme de covoiturage, un an",
        "Bureau avec siège et écran",
        "Kit de communication",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"systems": [{"code": "a", "name": "A", "what": "x"}, {"code": "a", "name": "B", "what": "x"}]},
        {"systems": [{"code": "a", "name": "A", "what": "x", "items": [{"name": "i", "unit": "u", "price": 1}]}]},
        {"systems": [{"code": "a", "name": "A", "what": "x", "kind": "gift"}]},
    ],
)
def test_a_wrong_catalogue_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Catalogue.model_validate(wrong)


def test_a_fact_holds_on_its_days() -> None:
    quotas = OURS.find("vehicules")
    assert quotas is not None
    assert [fact.name[:4] for fact in holding(quotas.quotas, date(2029, 12, 31))] == ["40 %", "37,4"]
    assert [fact.name[:4] for fact in to_come(quotas.quotas, date(2029, 12, 31))] == ["70 %"]
    assert [fact.name[:4] for fact in holding(quotas.quotas, date(2030, 1, 1))] == ["70 %"]


@pytest.mark.parametrize(
    ("day", "helped"),
    [
        (date(2024, 6, 1), "stationnement velos achat-agents covoiturage formation essai"),
        (date(2025, 6, 1), "stationnement achat-agents covoiturage vehicules autopartage essai"),
        (date(2026, 11, 28), "achat-agents vehicules essai"),
    ],
)
def test_an_aid_that_comes_along_is_known_for_its_days(day: date, helped: str) -> None:
    assert {system.code for system in OURS.systems if holding(system.aids, day)} == {*helped.split()}


async def test_an_action_is_proposed_from_the_catalogue_completed_and_moved(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(REFERENT)
    assert "Aucune action pour l’instant" in text_of(await browser.get(LIST))
    assert "Vélos à assistance électrique" in text_of(await browser.get(f"{LIST}/catalogue"))
    system = await browser.get(f"{LIST}/catalogue/stationnement")
    assert "Alvéole Plus" in text_of(system)
    assert "n’a plus cours" in text_of(system)
    security = text_of(await browser.get(f"{LIST}/catalogue/securite"))
    assert "33,33 € Transition Vélo : casque urbain" in security
    assert "TVA de 20 % ôtée 23/05/2024 Antivol en U" in security, "nothing of it is to be confirmed"
    page = f"{NEW}?catalogue=stationnement"
    assert "Stationnement des vélos" in (await browser.get(page)).text
    sheet = {
        "title": "Des arceaux devant les écoles",
        "system": "stationnement",
        "lead_member": LUGOS,
        "starts_on": "2027-09-01",
        "ends_on": "2027-06-30",
        "texte-1": "Le trottoir est étroit",
        "sorte-1": "obstacle",
        "difficulte-1": "hard",
    }
    refused = await browser.post(NEW, sheet, page=page)
    assert refused.status_code == 422
    assert "Elle ne peut pas finir avant d’avoir commencé." in text_of(refused)
    assert "Le trottoir est étroit" in refused.text
    made = await browser.post(NEW, {**sheet, "ends_on": "2028-06-30"}, page=page)
    assert made.status_code == 303, text_of(made)
    one = str(made.headers["location"])
    shown = text_of(await browser.get(one))
    assert all(words in shown for words in ("FA-2027-001", "Proposée", "Lugos", "Le trottoir est étroit", "difficile"))
    form = (await browser.get(f"{one}/fiche")).text
    version = re.search(r'name="version" value="(\w+)"', form)
    assert version is not None
    corrected = {**sheet, "ends_on": "", "starts_on": "", "content": "Vingt places.", "version": version[1]}
    assert (await browser.post(f"{one}/fiche", corrected, page=f"{one}/fiche")).status_code == 303
    late = await browser.post(f"{one}/fiche", {**corrected, "content": "Trente."}, page=f"{one}/fiche")
    assert late.status_code == 422
    assert "Une autre personne a modifié" in text_of(late)
    assert "Trente." in late.text
    for typed, found in (("ecoles", 1), ("fa-2027", 1), ("rien", 0)):
        assert (await browser.get(f"{LIST}?cherche={typed}")).text.count('<th scope="row"') == found, typed


async def test_the_facilitator_says_where_an_action_stands(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser, facilitator = await sign_in(REFERENT), await sign_in(FACILITATOR)
    made = await browser.post(NEW, {"title": "Des arceaux devant les écoles"}, page=NEW)
    one = str(made.headers["location"])
    aside = await facilitator.post(f"{one}/etat", {"state": "set_aside"}, page=one)
    assert aside.status_code == 422
    assert "Dites pourquoi elle est écartée" in text_of(aside)
    assert (await facilitator.post(f"{one}/etat", {"state": "elsewhere"}, page=one)).status_code == 422
    said = {"state": "set_aside", "reason": "Déjà fait par l’agglomération"}
    assert (await facilitator.post(f"{one}/etat", said, page=one)).status_code == 303
    assert "Déjà fait par l’agglomération" in text_of(await browser.get(one))
    assert (await facilitator.post(f"{one}/etat", {"state": "proposed"}, page=one)).status_code == 303
    assert "Déjà fait" not in text_of(await browser.get(one))
    assert (await browser.get(f"{LIST}?etat=done")).text.count('<th scope="row"') == 0
    journal = text_of(await facilitator.get("/g/bassin/journal"))
    assert "a écarté l’action « Des arceaux devant les écoles » (FA-2027-001)" in journal
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(select(col(Event.name)).where(col(Event.subject_kind) == "action"))
        assert sorted(told.scalars()) == ["action.proposed", "action.reopened", "action.set_aside"]


async def test_who_writes_a_sheet(database: Database, territory: Territory) -> None:
    """Its author while it is proposed, the people of the member that looks after it, the facilitator."""
    async with database.transaction(territory.group_id) as session:
        people = {
            email: await caller_of(session, territory.people[email], territory.group_id)
            for email in (FACILITATOR, REFERENT, READER, "referent@arcachon.example")
        }
        sheet = ActionIn(title="Covoiturage", lead_member=ARCACHON)
        action = await propose_action(session, people[READER], sheet, OURS, NOW)
        for email in (READER, "referent@arcachon.example", FACILITATOR):
            await write_action(session, people[email], action.reference, sheet, OURS, NOW)
        with pytest.raises(Forbidden):
            await write_action(session, people[REFERENT], action.reference, sheet, OURS, NOW)
        for wrong, field in (({"lead_member": "999999999"}, "lead_member"), ({"system": "fusees"}, "system")):
            with pytest.raises(Invalid) as refused:
                await propose_action(session, people[READER], sheet.model_copy(update=wrong), OURS, NOW)
            assert list(refused.value.errors) == [field]


async def test_two_people_who_write_one_sheet_lose_nothing(database: Database, territory: Territory) -> None:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        factors = tuple(FactorIn(kind=FactorKind.OPPORTUNITY, ease=ease, text=str(ease)) for ease in reversed(Ease))
        action = await propose_action(session, caller, ActionIn(title="Vélos", factors=factors), OURS, NOW)
        sheet = await sheet_of(session, action)
        assert [factor.ease for factor in sheet.factors] == [Ease.EASY, Ease.MEDIUM, Ease.HARD]
        with pytest.raises(ChangedMeanwhile):
            await write_action(session, caller, action.reference, sheet, OURS, NOW, shown="another")
        kept = (await session.execute(select(col(Action.title)))).scalars().all()
    assert kept == ["Vélos"]


async def test_programs_propose_correct_and_move(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    sent = {"title": "Bureaux partagés", "system": "bureaux", "starts_on": "2027-09-01"}
    made = await program.post(f"{API}/actions", sent, idempotency_key="a-1")
    assert made.status_code == 201, made.text
    again = await program.post(f"{API}/actions", sent, idempotency_key="a-1")
    assert again.json()["reference"] == made.json()["reference"] == "FA-2027-001"
    one = f"{API}/actions/FA-2027-001"
    tag = (await program.get(one)).headers["etag"]
    changed = await program.put(one, {**sent, "content": "Trois sites"}, if_match=tag)
    assert changed.json()["content"] == "Trois sites"
    assert problem(await program.put(one, sent, if_match=tag)) == (412, "changed_meanwhile")
    moved = await program.post(f"{one}/state", {"state": "agreed"})
    assert moved.json()["state"] == "agreed"
    assert problem(await program.post(f"{one}/state", {"state": "proposed"})) == (409, "transition_refused")
    listed = (await program.get(f"{API}/actions?state=agreed")).json()["items"]
    assert [line["title"] for line in listed] == ["Bureaux partagés"]
    other = await connect(REFERENT)
    assert (await other.post(f"{one}/state", {"state": "done"})).status_code == 403
