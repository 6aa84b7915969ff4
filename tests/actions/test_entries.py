"""What the host adds to the catalogue: written by administrators alone, read by all groups, used as what is shipped."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from api_client import API, Connect
from factories import NOW, Territory, make_territory
from pooling.accounts.models import Person
from pooling.actions.catalogue import Catalogue, System
from pooling.actions.entries import add_entry, change_entry, entries, whole_catalogue, withdraw_entry
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.kernel.versions import ChangedMeanwhile
from web_client import Browser, SignIn, give_second_factor, text_of

BASE = "/administration/catalogue"
ADMINISTRATOR, FACILITATOR = "observation@bassin.example", "animation@bassin.example"
SHUTTLES = {
    "name": "Navettes d’été",
    "what": "Une navette entre les gares et les plages, payée à plusieurs.",
    "kind": "goods",
    "specify": "les arrêts\nles heures",
    "questions": "Qui l’exploite ?",
    "vigilance": "l’accès en fauteuil",
    "indicators": "voyageurs par jour",
    "nom-1": "Journée de navette",
    "unite-1": "journée",
    "cpv-1": "60100000",
    "compte-1": "611",
    "tva-1": "10",
    "prix-1": "640,50",
    "au-1": "2026-10-01",
    "source-1": "devis d’un transporteur",
    "aide-1": "Aide de la région",
    "aide-du-1": "2027-01-01",
    "aide-source-1": "délibération",
    "aide-a-confirmer-1": "1",
}


async def administrator(database: Database, sign_in: SignIn, territory: Territory) -> Browser:
    person_id = territory.people[ADMINISTRATOR]
    async with database.transaction() as session:
        await session.execute(update(Person).where(col(Person.id) == person_id).values(administrator=True))
    browser = await sign_in(ADMINISTRATOR)
    async with database.transaction() as session:
        await give_second_factor(session, person_id, NOW)
    return browser


async def test_what_an_administrator_adds_every_group_proposes_and_buys(  # noqa: PLR0915 - one story
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    browser, inside = await administrator(database, sign_in, territory), await sign_in(FACILITATOR)
    for path in (BASE, f"{BASE}/nouveau", f"{BASE}/velos", f"{BASE}/velos/fiche", f"{BASE}/journal"):
        assert (await browser.get(path)).status_code == 200, path
        assert (await inside.get(path)).status_code == 404, path
    empty = text_of(await browser.post(f"{BASE}/nouveau", {**SHUTTLES, "name": ""}, page=f"{BASE}/nouveau"))
    assert "Donnez un nom à l’entrée." in empty
    assert "a-z" not in empty, "nobody typed the code that follows from the name"
    wrong = await browser.post(f"{BASE}/nouveau", {**SHUTTLES, "source-1": "", "cpv-1": "6010"}, page=f"{BASE}/nouveau")
    assert wrong.status_code == 422
    assert "Un prix de référence va avec sa source et sa date." in text_of(wrong)
    assert "Indiquez les huit chiffres du code CPV" in text_of(wrong)
    assert 'value="640,50"' in wrong.text, "what was typed stays"
    added = await browser.post(f"{BASE}/nouveau", SHUTTLES, page=f"{BASE}/nouveau")
    assert (added.status_code, added.headers["location"]) == (303, f"{BASE}/navettes-d-ete")
    twice = await browser.post(f"{BASE}/nouveau", SHUTTLES, page=f"{BASE}/nouveau")
    assert "Le catalogue a déjà une entrée de ce nom" in text_of(twice)

    assert "Navettes d’été" in text_of(await inside.get("/g/bassin/actions/catalogue"))
    sheet = text_of(await inside.get("/g/bassin/actions/catalogue/navettes-d-ete")).replace("\u202f", " ")
    shown = ("les arrêts", "Qui l’exploite", "60100000-9", "640,50", "devis d’un transporteur", "Aide de la région")
    assert [said for said in shown if said not in sheet] == []
    proposal = await inside.get("/g/bassin/actions/proposition?catalogue=navettes-d-ete")
    assert "Une navette entre les gares" in proposal.text
    proposed = await inside.post(
        "/g/bassin/actions/proposition", {"title": "Navettes", "system": "navettes-d-ete", "indicators": "voyageurs"}
    )
    action = proposed.headers["location"].rpartition("/")[2]
    for path in (f"achats/nouveau?action={action}", f"actions/{action}/modalites/fiche"):
        assert "Journée de navette" in (await inside.get(f"/g/bassin/{path}")).text, path
    terms = (await inside.get(f"/g/bassin/actions/{action}/modalites/fiche")).text
    assert 'name="seul-1" type="text" value="640,5"' in terms or 'value="devis d’un transporteur (catalogue)"' in terms

    told = (await (await connect(FACILITATOR)).get(f"{API}/catalogue")).json()["systems"]
    (mine,) = [system for system in told if system["code"] == "navettes-d-ete"]
    assert (mine["items"][0]["price"], mine["aids"][0]["valid_from"]) == ("640.50", "2027-01-01")

    page = f"{BASE}/navettes-d-ete"
    form = await browser.get(f"{page}/fiche")
    assert 'value="640,50"' in form.text
    changed = {**SHUTTLES, "what": "Une navette de juin à septembre.", "version": "1"}
    assert (await browser.post(f"{page}/fiche", changed, page=f"{page}/fiche")).status_code == 303
    late = await browser.post(f"{page}/fiche", {**changed, "what": "Autre chose."}, page=f"{page}/fiche")
    assert late.status_code == 422
    assert "Une autre personne a enregistré autre chose" in text_of(late)
    assert "Autre chose." in late.text
    assert "de juin à septembre" in text_of(await inside.get("/g/bassin/actions/catalogue"))

    assert (await browser.post(f"{page}/retrait", {"version": "2"}, page=f"{page}/retrait")).status_code == 303
    assert "Navettes d’été" not in text_of(await inside.get("/g/bassin/actions/catalogue"))
    assert "Navettes d’été" in text_of(await inside.get(f"/g/bassin/actions/{action}")), "an action says what it is of"
    kept = await inside.get(f"/g/bassin/actions/{action}/fiche")
    assert '<option value="navettes-d-ete" selected>' in kept.text, "and remains of it"
    journal = text_of(await browser.get(f"{BASE}/journal"))
    assert all(said in journal for said in ("retirée", "modifiée : ce que c’est", "écrite")), journal


@pytest.fixture
def file() -> Catalogue:
    return Catalogue(systems=(System(code="velos", name="Vélos", what="Des vélos."),))


async def test_the_last_version_counts_and_the_file_stands_below_it(
    database: Database, territory: Territory, file: Catalogue
) -> None:
    other, author = await make_territory(database, NOW, slug="autre"), territory.people[ADMINISTRATOR]
    mine = System(code="velos", name="Vélos pliants", what="Des vélos qui se plient.")
    own = System(code="abris", name="Abris", what="Des abris.")

    async def names(group_id: int | None) -> tuple[list[str], list[str]]:
        async with database.transaction(group_id) as session:
            whole = await whole_catalogue(session, file)
        return [one.name for one in whole.systems], [one.name for one in whole.former]

    async with database.transaction() as session:
        with pytest.raises(ChangedMeanwhile):  # no administrator: the function writes nothing
            await add_entry(session, file, own, author, NOW)
    async with database.transaction() as session:
        await session.execute(update(Person).where(col(Person.id) == author).values(administrator=True))
        await add_entry(session, file, own, author, NOW)
        await change_entry(session, file, mine, author, NOW, shown=0)
        await change_entry(session, file, mine, author, NOW, shown=1)  # as it stands: no version
        with pytest.raises(Conflict):
            await add_entry(session, file, mine, author, NOW)
        with pytest.raises(ChangedMeanwhile):
            await change_entry(session, file, mine, author, NOW, shown=0)
    for group_id in (territory.group_id, other.group_id, None):
        assert await names(group_id) == (["Vélos pliants", "Abris"], [])
    async with database.transaction() as session:
        for code in ("velos", "abris"):
            await withdraw_entry(session, file, code, author, NOW + timedelta(days=1), shown=1)
        with pytest.raises(Conflict):
            await withdraw_entry(session, file, "abris", author, NOW, shown=2)
        assert [(entry.system.code, entry.number) for entry in await entries(session, file)] == [
            ("velos", 2),
            ("abris", 2),
        ]
        stored = await session.execute(text("SELECT count(*) FROM catalogue_versions"))
        assert stored.scalar_one() == 4
    assert await names(None) == (["Vélos"], ["Abris"])
    async with database.transaction() as session:
        await change_entry(session, file, own, author, NOW, shown=2)
    assert await names(None) == (["Vélos", "Abris"], [])
