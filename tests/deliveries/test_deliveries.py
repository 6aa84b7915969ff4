"""Where assigned units go: as was wished, then as the référent says, until the order leaves; and every list follows."""

import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, make_purchase, open_purchase
from pooling.deliveries.splitting import keep_split
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.members.merging import MergeIn, merge
from pooling.members.models import Member
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.purchases.finding import item_ids
from pooling.purchases.models import PurchaseKind
from pooling.sites.keeping import add_site
from pooling.sites.models import Site, SiteSplit
from pooling.sites.schemas import SiteIn
from web_client import Browser, SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
LIST = f"{PURCHASE}/livraisons"
MINE = f"{LIST}/{LUGOS}"
DECLARATION = f"{PURCHASE}/besoins/{LUGOS}"
REFERENT, FACILITATOR = "referent@lugos.example", "animation@bassin.example"
WHOLE = {"street": "1 place de la Mairie", "postcode": "33830", "city": "Lugos"}


async def add_sites(
    database: Database, territory: Territory, *names: str, member: str = LUGOS, whole: bool = True
) -> list[int]:
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        kept = await session.get_one(Member, (territory.group_id, territory.members[member]))
        address = WHOLE if whole else {}
        return [(await add_site(session, facilitator, kept, SiteIn(name=name, **address), NOW)).id for name in names]


async def declare(database: Database, territory: Territory, **quantities: int) -> int:
    """An open purchase for which Lugos declares so much, and Salles a rack."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, **quantities)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, abri=1)
    return purchase_id


async def freeze(database: Database, territory: Territory, purchase_id: int, reason: str = "") -> None:
    """Closes the collection where it is open, and consolidates."""
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        state = await session.execute(text("SELECT state FROM purchases WHERE id = :id"), {"id": purchase_id})
        if state.scalar_one() == "open":
            await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, purchase_id, FixedClock(NOW), options={}, reason=reason)


async def leave(database: Database, territory: Territory, purchase_id: int) -> None:
    """The order leaves."""
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'ordered' WHERE id = :id"), {"id": purchase_id})


async def boxes(database: Database, territory: Territory, purchase_id: int, **units: list[tuple[int, int]]) -> Any:  # noqa: ANN401
    """Fields of the form: by item, (site, units)."""
    async with database.transaction(territory.group_id) as session:
        items = await item_ids(session, purchase_id)
    return {f"part-{items[code]}-{site}": str(given) for code, shares in units.items() for site, given in shares}


def version_in(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


async def say(browser: Browser, fields: dict[str, str]) -> Any:  # noqa: ANN401
    version = version_in((await browser.get(MINE)).text)
    return await browser.post(MINE, {**fields, "version": version}, page=MINE)


async def said(database: Database, territory: Territory) -> dict[int, int]:
    async with database.transaction(territory.group_id) as session:
        kept = (await session.execute(select(SiteSplit))).scalars()
        return {split.site_id: split.quantity for split in kept}


async def test_with_one_site_nothing_is_asked(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await add_sites(database, territory, "Mairie")
    purchase_id = await declare(database, territory, abri=3)
    browser = await sign_in(REFERENT)
    assert "Où livrer" not in text_of(await browser.get(DECLARATION))
    await freeze(database, territory, purchase_id)
    shown = await browser.get(MINE)
    assert "Mairie 1 place de la Mairie, 33830 Lugos 3 abris" in text_of(shown)
    assert "<input" not in shown.text.partition("<h2>")[2].partition("</main>")[0]
    assert "livraison" not in text_of(await browser.get("/g/bassin"))


async def test_an_address_that_is_missing_is_said_before_the_order(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await declare(database, territory, abri=3)
    await add_sites(database, territory, "Mairie", member=SALLES)
    browser, buyer = await sign_in(REFERENT), await sign_in(BUYER)
    assert "Où livrer : indiquer l’adresse de livraison de Lugos" in text_of(await browser.get(DECLARATION))
    assert "Rien n’est encore attribué" in text_of(await buyer.get(LIST))
    await freeze(database, territory, purchase_id)
    assert "Compléter l’adresse de livraison de Lugos" in text_of(await browser.get("/g/bassin"))
    listed = text_of(await buyer.get(LIST))
    assert "Adresses à compléter avant la commande Lugos." in listed
    assert "Il manque une adresse complète" in text_of(await browser.get(MINE))
    await add_sites(database, territory, "Mairie", whole=False)
    assert "Adresses à compléter avant la commande Lugos." in text_of(await buyer.get(LIST))
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE sites SET street = '1 rue', postcode = '33830', city = 'Lugos'"))
    assert "Adresses à compléter" not in text_of(await buyer.get(LIST))
    assert "livraison de Lugos" not in text_of(await browser.get("/g/bassin"))


async def test_units_follow_the_wish_then_what_is_said(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, abri=5)
    browser = await sign_in(REFERENT)
    assert "répartir entre les 2 sites de Lugos" in text_of(await browser.get(DECLARATION))
    asked = text_of(await browser.get(MINE))
    assert "Sans réponse, tout va au site principal, Mairie" in asked
    wish = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 1)])
    assert (await say(browser, wish)).status_code == 303
    await freeze(database, territory, purchase_id)
    assert "Répartir entre les sites de Lugos ce qui est attribué" in text_of(await browser.get("/g/bassin"))
    buyer = await sign_in(BUYER)
    listed = text_of(await buyer.get(LIST))
    assert "Lugos Mairie 1 place de la Mairie, 33830 Lugos – 3" in listed, "the odd one at the site known first"
    assert "Lugos École 1 place de la Mairie, 33830 Lugos – 2" in listed

    wrong = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 3)])
    refused = await say(browser, wrong)
    assert refused.status_code == 422
    assert "« Abri de 10 places » : répartissez 5 abris entre les sites, il y en a 4." in text_of(refused)
    assert f'id="erreur-champ-{next(iter(wrong))}"' in refused.text
    right = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 4)])
    assert (await say(browser, right)).status_code == 303
    assert "Répartir entre les sites" not in text_of(await browser.get("/g/bassin"))
    assert "Lugos École 1 place de la Mairie, 33830 Lugos – 4" in text_of(await buyer.get(LIST))
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(
            select(Event).where(col(Event.name).startswith("delivery.")).order_by(col(Event.id))
        )
        told = [(event.name, event.details["before"], event.details["after"]) for event in found.scalars()]
    assert told == [
        ("delivery.wished", {}, {"abri": "Mairie 1, École 1"}),
        ("delivery.split", {"abri": "Mairie 1, École 1"}, {"abri": "Mairie 1, École 4"}),
    ]
    journal = text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/journal"))
    assert "a réparti entre ses sites ce qui est attribué à Lugos" in journal


async def test_a_new_consolidation_keeps_the_proportions(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, abri=4)
    await freeze(database, territory, purchase_id)
    browser = await sign_in(REFERENT)
    fields = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 3)])
    assert (await say(browser, fields)).status_code == 303
    stale = version_in((await browser.get(MINE)).text)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE needs SET quantity = 8, up_to = 8 WHERE quantity = 4"))
    await freeze(database, territory, purchase_id, reason="Oubli")
    listed = text_of(await (await sign_in(BUYER)).get(LIST))
    assert "Lugos – 2" in listed
    assert "Lugos – 6" in listed
    late = await browser.post(MINE, {**fields, "version": stale}, page=MINE)
    assert late.status_code == 422, "the units are no longer those that were shown"
    assert "Entre-temps" in text_of(late)


async def test_of_two_who_divide_at_once_the_second_is_told(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, abri=4)
    await freeze(database, territory, purchase_id)
    browser, other = await sign_in(REFERENT), await sign_in(FACILITATOR)
    version = version_in((await browser.get(MINE)).text)
    first = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 3)])
    second = await boxes(database, territory, purchase_id, abri=[(hall, 2), (school, 2)])
    assert (await other.post(MINE, {**first, "version": version}, page=MINE)).status_code == 303
    late = await browser.post(MINE, {**second, "version": version}, page=MINE)
    assert late.status_code == 422
    assert "une autre personne a changé cette répartition" in text_of(late)
    assert "enregistré entre-temps : 3" in text_of(late)
    assert late.text.count('value="2"') == 2, "what was typed is kept"
    again = await browser.post(MINE, {**second, "version": version_in(late.text)}, page=MINE)
    assert again.status_code == 303
    assert await said(database, territory) == {hall: 2, school: 2}


async def test_once_the_order_has_left_nothing_changes_where_it_went(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Neither what is said, nor another main site, nor an archived one."""
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, abri=4)
    await freeze(database, territory, purchase_id)
    browser, buyer = await sign_in(REFERENT), await sign_in(BUYER)
    version = version_in((await browser.get(MINE)).text)
    await leave(database, territory, purchase_id)
    fields = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 3)])
    late = await browser.post(MINE, {**fields, "version": version}, page=MINE)
    assert late.status_code == 422
    assert "la commande est partie" in text_of(late)
    assert await said(database, territory) == {}
    archiving = f"/g/bassin/membres/{LUGOS}/sites/{hall}/archivage"
    assert (await browser.post(archiving, {}, page=archiving)).status_code == 303
    listed = text_of(await buyer.get(LIST))
    assert "Lugos Mairie 1 place de la Mairie, 33830 Lugos – 4" in listed
    assert "École" not in listed


async def test_what_was_to_go_to_an_archived_site_goes_to_the_others(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, abri=4)
    await freeze(database, territory, purchase_id)
    browser = await sign_in(REFERENT)
    fields = await boxes(database, territory, purchase_id, abri=[(hall, 1), (school, 3)])
    assert (await say(browser, fields)).status_code == 303
    archiving = f"/g/bassin/membres/{LUGOS}/sites/{school}/archivage"
    assert (await browser.post(archiving, {}, page=archiving)).status_code == 303
    assert "Lugos Mairie 1 place de la Mairie, 33830 Lugos – 4" in text_of(await (await sign_in(BUYER)).get(LIST))
    async with database.transaction(territory.group_id) as session:
        (event,) = (await session.execute(select(Event).where(col(Event.name) == "site.archived"))).scalars()
    assert event.details["purchases"] == ["AG-2027-001"]


async def rows_of(browser: Browser, path: str, sheet: str) -> list[tuple[Any, ...]]:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return list(load_workbook(io.BytesIO(answer.content), data_only=True)[sheet].iter_rows(values_only=True))


async def test_every_file_follows(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """The rack's surplus is the lead's, which has said nothing and declared nothing."""
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, arceau=7, abri=2)
    wish = await boxes(database, territory, purchase_id, arceau=[(hall, 2), (school, 5)])
    assert (await say(await sign_in(REFERENT), wish)).status_code == 303
    await freeze(database, territory, purchase_id)
    buyer = await sign_in(BUYER)
    at = ("1 place de la Mairie", "33830", "Lugos", None, None)
    head, *lines = await rows_of(buyer, f"{LIST}/liste.xlsx", "Livraisons")
    assert head[:3] == ("Code membre", "Membre", "Site")
    assert lines[:-1] == [
        (LUGOS, "Lugos", "Mairie", *at, "arceau", "Arceau posé", "arceau", 1),
        (LUGOS, "Lugos", "Mairie", *at, "abri", "Abri de 10 places", "abri", 2),
        (LUGOS, "Lugos", "École", *at, "arceau", "Arceau posé", "arceau", 4),
        (SALLES, "Salles", None, "à compléter", None, None, None, None, "abri", "Abri de 10 places", "abri", 1),
    ]
    control = await rows_of(buyer, f"{LIST}/liste.xlsx", "Contrôle")
    assert control[1:] == [("Arceau posé", 5, 5, 0), ("Abri de 10 places", 3, 3, 0)]
    order = await rows_of(buyer, f"{PURCHASE}/consolidation/commande.xlsx", "Livraison")
    assert [(line[1], line[2], line[8], line[10]) for line in order[1:]] == [
        ("Lugos", "Mairie", "arceau", 1),
        ("Lugos", "École", "arceau", 4),
        ("Lugos", "Mairie", "abri", 2),
        ("Salles", None, "abri", 1),
    ]
    item = await rows_of(buyer, f"{PURCHASE}/consolidation/arceau/consolidation.xlsx", "Livraison")
    assert [(line[2], line[8]) for line in item[1:]] == [("Mairie", 1), ("École", 4), (None, 5)]


async def test_the_list_shows_one_item_and_goes_on(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await declare(database, territory, arceau=5, abri=2)
    await freeze(database, territory, purchase_id)
    buyer = await sign_in(BUYER)
    whole, one = text_of(await buyer.get(LIST)), text_of(await buyer.get(f"{LIST}?article=arceau"))
    assert "Salles" in whole.partition("Total attribué")[0].partition("Unités par lieu")[2]
    assert "Salles" not in one.partition("Total attribué")[0].partition("Unités par lieu")[2]
    assert "Total attribué 5 3" in whole
    assert "Total attribué 5" in one


async def test_programs_divide_and_read(connect: Connect, database: Database, territory: Territory) -> None:
    hall, school = await add_sites(database, territory, "Mairie", "École")
    purchase_id = await declare(database, territory, abri=3)
    place = f"{API}/purchases/AG-2027-001/deliveries"
    referent, buyer = await connect(REFERENT), await connect(BUYER)
    assert (await buyer.get(place)).json() == {"items": [], "next": None}
    await freeze(database, territory, purchase_id)
    read = await referent.get(f"{place}/{LUGOS}")
    line = next(item for item in read.json()["items"] if item["item"] == "abri")
    assert line == {
        "item": "abri",
        "declared": 3,
        "assigned": 3,
        "wanted": [],
        "delivered": [{"site": hall, "quantity": 3}],
    }
    sent = {"items": [{"item": "abri", "sites": [{"site": hall, "quantity": 1}, {"site": school, "quantity": 2}]}]}
    tag = read.headers["etag"]
    done = await referent.put(f"{place}/{LUGOS}", sent, if_match=tag)
    assert done.status_code == 200
    assert problem(await referent.put(f"{place}/{LUGOS}", sent, if_match=tag)) == (412, "changed_meanwhile")
    short = {"items": [{"item": "abri", "sites": [{"site": hall, "quantity": 1}]}]}
    assert "items.0" in (await referent.put(f"{place}/{LUGOS}", short)).json()["errors"]
    foreign = {"items": [{"item": "abri", "sites": [{"site": 10**9, "quantity": 3}]}]}
    assert (await referent.put(f"{place}/{LUGOS}", foreign)).status_code == 422
    assert (await referent.put(f"{place}/{LUGOS}", {"items": [{"item": "x"}]})).status_code == 422
    lugos, salles = (await buyer.get(place)).json()["items"]
    assert [(place["site"]["name"], place["units"]) for place in lugos["places"]] == [
        ("Mairie", [{"item": "abri", "quantity": 1}]),
        ("École", [{"item": "abri", "quantity": 2}]),
    ]
    assert salles["places"][0]["site"] is None
    assert (await referent.get(place)).status_code == 403
    await leave(database, territory, purchase_id)
    assert problem(await referent.put(f"{place}/{LUGOS}", sent)) == (409, "order_left")


async def test_nothing_is_divided_before_members_are_asked(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await make_purchase(database, territory, NOW)
    referent = await connect(REFERENT)
    answer = await referent.put(f"{API}/purchases/AG-2027-001/deliveries/{LUGOS}", {"items": []})
    assert problem(answer) == (409, "not_asked_yet")


@pytest.mark.parametrize("path", [LIST, MINE, f"{LIST}/liste.xlsx"])
async def test_a_service_is_not_delivered(path: str, database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW, kind=PurchaseKind.SERVICE, items=())
    buyer = await sign_in(BUYER)
    assert (await buyer.get(path)).status_code == 404
    assert "Livraisons" not in text_of(await buyer.get(PURCHASE))


async def test_others_see_neither_the_list_nor_the_split(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await declare(database, territory, abri=1)
    salles = await sign_in("referent@salles.example")
    assert (await salles.get(LIST)).status_code == 403
    assert (await salles.get(MINE)).status_code == 404
    finance = await sign_in("finances@arcachon.example")
    assert (await finance.get(f"{LIST}/{ARCACHON}")).status_code == 200
    assert (await finance.post(f"{LIST}/{ARCACHON}", {}, page=f"{LIST}/{ARCACHON}")).status_code == 403


async def unite(database: Database, territory: Territory, *codes: str) -> Member:
    """Salles becomes what these were."""
    async with database.transaction(territory.group_id) as session:
        return await merge(session, MergeIn(codes, SALLES, NOW.date(), "Commune nouvelle"), NOW, NOW.date(), by=None)


async def test_members_that_become_one_bring_their_sites_and_what_they_wished(
    database: Database, territory: Territory
) -> None:
    """Each one's need goes where it would have gone; of two town halls, one says whose it was."""
    hall, school = await add_sites(database, territory, "Mairie", "École")
    (other,) = await add_sites(database, territory, "Mairie", member=SALLES)
    purchase_id = await declare(database, territory, arceau=3, abri=6)
    async with database.transaction(territory.group_id) as session:
        items = await item_ids(session, purchase_id)
        referent = await caller_of(session, territory.people[REFERENT], territory.group_id)
        lugos = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        await keep_split(session, referent, purchase_id, lugos, [(items["abri"], {hall: 1, school: 2})], NOW)
    salles = await unite(database, territory, LUGOS, SALLES)
    async with database.transaction(territory.group_id) as session:
        kept = list((await session.execute(select(Site).order_by(col(Site.id)))).scalars())
        splits = (await session.execute(select(SiteSplit))).scalars()
        assert [(site.name, site.member_id, site.is_main) for site in kept] == [
            ("Mairie (Lugos)", salles.id, False),
            ("École", salles.id, False),
            ("Mairie", salles.id, True),
        ]
        assert {(split.item_id, split.member_id, split.site_id): split.quantity for split in splits} == {
            (items["abri"], salles.id, hall): 2,
            (items["abri"], salles.id, school): 4,
            (items["abri"], salles.id, other): 1,
        }
        (event,) = (await session.execute(select(Event).where(col(Event.name) == "sites.brought"))).scalars()
        assert event.details["sites"] == ["Mairie (Lugos)", "École"]


async def test_what_is_frozen_stays_where_it_went_when_members_become_one(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await add_sites(database, territory, "Mairie", "École")
    await add_sites(database, territory, "Hôtel de ville", member=SALLES)
    purchase_id = await declare(database, territory, abri=3)
    await freeze(database, territory, purchase_id)
    buyer = await sign_in(BUYER)
    before = text_of(await buyer.get(LIST)).partition("Unités par lieu")[2]
    assert "Lugos Mairie 1 place de la Mairie, 33830 Lugos – 3" in before
    await leave(database, territory, purchase_id)
    await unite(database, territory, LUGOS, SALLES)
    assert text_of(await buyer.get(LIST)).partition("Unités par lieu")[2] == before


async def test_a_member_that_is_new_has_the_oldest_main_site(database: Database, territory: Territory) -> None:
    hall, _ = await add_sites(database, territory, "Mairie", "École")
    salles = await unite(database, territory, LUGOS, SALLES)
    async with database.transaction(territory.group_id) as session:
        (main,) = (await session.execute(select(Site).where(col(Site.is_main)))).scalars()
        assert (main.id, main.member_id) == (hall, salles.id)
