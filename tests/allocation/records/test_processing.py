"""Finance’s task leads to the record and ends: once for a member, whoever of its finance says so."""

from factories import BUYER, NOW, Territory, file_needs, open_purchase
from pooling.accounts.people import ensure_people
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Role
from web_client import SignIn, text_of

RECORD = "/g/bassin/achats/AG-2027-001/couts/etats/1"
TASK = "Traiter l’état de répartition n° 1"


async def freeze(database: Database, territory: Territory, purchase_id: int) -> None:
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))


async def test_the_task_leads_to_the_record_and_ends_for_the_members_finance(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=4)
    await freeze(database, territory, purchase_id)
    async with database.transaction(territory.group_id) as session:
        named = [("compta@arcachon.example", "", ""), ("finances@salles.example", "", "")]
        territory.people |= await ensure_people(session, named, NOW)
        for email, member in (("compta@arcachon.example", "213300098"), ("finances@salles.example", "213304983")):
            await grant_role(session, territory.people[email], Role.FINANCE, NOW, member_id=territory.members[member])
    finance, colleague = await sign_in("finances@arcachon.example"), await sign_in("compta@arcachon.example")
    other, facilitator = await sign_in("finances@salles.example"), await sign_in("animation@bassin.example")
    home = await finance.get("/g/bassin")
    assert TASK in text_of(home)
    assert f'href="{RECORD}"' in home.text
    assert "Marquer comme traité" not in text_of(await facilitator.get(RECORD)), "nothing of hers"
    await finance.get(f"{RECORD}/repartition.csv")
    assert TASK in text_of(await finance.get("/g/bassin")), "a GET changes nothing"
    for _ in range(2):  # pressed twice, it is said once
        assert (await finance.post(f"{RECORD}/traitement", page=RECORD)).status_code == 303
    assert TASK not in text_of(await colleague.get("/g/bassin"))
    assert "Traité lundi 1er mars 2027 à 10 h, par finances" in text_of(await colleague.get(RECORD))
    assert TASK in text_of(await other.get("/g/bassin")), "another member's finance has its own to do"
    journal = text_of(await facilitator.get("/g/bassin/journal"))
    assert journal.count("a marqué comme traité, pour Arcachon, l’état de répartition n° 1") == 1
    await freeze(database, territory, purchase_id)
    assert "Traiter l’état de répartition n° 2" in text_of(await finance.get("/g/bassin"))


async def test_only_finance_of_who_takes_part_says_so(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW, participants=("213302607",))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=4)
    await freeze(database, territory, purchase_id)
    for email in ("finances@arcachon.example", "animation@bassin.example", "referent@lugos.example"):
        browser = await sign_in(email)
        assert (await browser.post(f"{RECORD}/traitement")).status_code == 403, email
        assert TASK not in text_of(await browser.get("/g/bassin"))
