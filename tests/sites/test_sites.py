"""A member's sites: one is an address, several are sites; who keeps them, and what becomes of one that is archived."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import LUGOS, NOW, SALLES, Territory
from pooling.features import FORGETS
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.sites.keeping import forget_contacts
from pooling.sites.models import Site
from web_client import Browser, SignIn, text_of

PAGE = f"/g/bassin/membres/{LUGOS}"
NEW = f"{PAGE}/sites/nouveau"
TOWN_HALL = {"name": "Mairie", "street": "1 place de la Mairie", "postcode": "33 830", "city": "Lugos"}
SCHOOL = {"name": "École", "street": "2 route de Salles", "postcode": "33830", "city": "Lugos"}


def seen_in(page: str) -> str:
    return page.partition('name="seen" value="')[2].partition('"')[0]


async def keep(browser: Browser, *sites: dict[str, str]) -> None:
    for site in sites:
        saved = await browser.post(NEW, site, page=NEW)
        assert (saved.status_code, saved.headers["location"]) == (303, PAGE)


async def sites_kept(database: Database, territory: Territory) -> list[Site]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(Site).order_by(col(Site.id)))).scalars())


async def test_a_village_with_one_town_hall_reads_of_an_address(sign_in: SignIn) -> None:
    browser = await sign_in("referent@lugos.example")
    before = text_of(await browser.get(PAGE))
    assert "Adresse de livraison Pas encore indiquée" in before
    assert " site" not in before.partition("Adresse de livraison")[2].partition("Personnes")[0]
    asked = await browser.get(NEW)
    assert 'value="Mairie"' in asked.text
    assert 'value="Lugos"' in asked.text
    assert "C’est le site principal" not in text_of(asked)
    await keep(browser, TOWN_HALL)
    shown = text_of(await browser.get(PAGE))
    assert "Adresse de livraison Adresse Mairie 1 place de la Mairie, 33830 Lugos" in shown
    assert "Sites de livraison" not in shown


async def test_several_are_listed_and_what_is_missing_is_said(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, TOWN_HALL, {"name": "École", "contact": "Direction, 05 00 00 00 00"})
    shown = text_of(await browser.get(PAGE))
    assert "Sites de livraison" in shown
    assert "Mairie site principal 1 place de la Mairie, 33830 Lugos" in shown
    assert "École – il manque la rue, le code postal, la commune Direction, 05 00 00 00 00" in shown
    assert [(site.name, site.is_main) for site in await sites_kept(database, territory)] == [
        ("Mairie", True),
        ("École", False),
    ]
    reader = text_of(await (await sign_in("observation@bassin.example")).get(PAGE))
    assert "1 place de la Mairie" in reader
    assert "Ajouter un site" not in reader


async def test_another_becomes_the_main_one_and_only_one_is(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("animation@bassin.example")
    await keep(browser, TOWN_HALL, {**SCHOOL, "main": "1"})
    assert [(site.name, site.is_main) for site in await sites_kept(database, territory)] == [
        ("Mairie", False),
        ("École", True),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Indiquez un nom"),
        ({"postcode": "3383"}, "Un code postal a cinq chiffres"),
        ({"postcode": "３３８３０"}, "Un code postal a cinq chiffres"),
        ({"street": "x" * 201}, "200 caractères au plus"),
        ({"name": "MAIRIE"}, "Un autre site porte déjà ce nom"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(wrong: dict[str, str], said: str, sign_in: SignIn) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, TOWN_HALL)
    refused = await browser.post(NEW, {**SCHOOL, **wrong}, page=NEW)
    assert refused.status_code == 422
    assert said in text_of(refused)
    assert 'value="Lugos"' in refused.text


async def test_of_two_who_correct_a_site_at_once_the_second_is_told(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, TOWN_HALL)
    (site,) = await sites_kept(database, territory)
    form = f"{PAGE}/sites/{site.id}"
    seen = seen_in((await browser.get(form)).text)
    first = await browser.post(form, {**TOWN_HALL, "street": "3 rue Neuve", "seen": seen}, page=form)
    assert first.status_code == 303
    second = await browser.post(form, {**TOWN_HALL, "street": "4 rue Neuve", "seen": seen}, page=form)
    assert second.status_code == 422
    assert "Quelqu’un a changé ce site entre-temps" in text_of(second)
    assert 'value="4 rue Neuve"' in second.text
    again = {**TOWN_HALL, "street": "4 rue Neuve", "seen": seen_in(second.text)}
    assert (await browser.post(form, again, page=form)).status_code == 303
    journal = text_of(await (await sign_in("animation@bassin.example")).get("/g/bassin/journal"))
    assert "a corrigé le site de livraison « Mairie » de Lugos" in journal
    assert "rue : 3 rue Neuve" in journal


async def test_the_journal_names_nobody_who_receives(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, {**TOWN_HALL, "contact": "Quelqu’un"})
    (site,) = await sites_kept(database, territory)
    form = f"{PAGE}/sites/{site.id}"
    seen = seen_in((await browser.get(form)).text)
    changed = {**TOWN_HALL, "contact": "Quelqu’un d’autre", "seen": seen}
    assert (await browser.post(form, changed, page=form)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        of_sites = select(Event).where(col(Event.name).startswith("site.")).order_by(col(Event.id))
        events = list((await session.execute(of_sites)).scalars())
    assert [event.name for event in events] == ["site.added", "site.corrected"]
    assert "Quelqu’un" not in str([event.details for event in events])


async def test_an_archived_site_stays_and_the_oldest_takes_its_place(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, TOWN_HALL, SCHOOL)
    main, other = await sites_kept(database, territory)
    archiving = f"{PAGE}/sites/{main.id}/archivage"
    asked = text_of(await browser.get(archiving))
    assert "« École » devient le site principal" in asked
    assert (await browser.post(archiving, {}, page=archiving)).status_code == 303
    kept = {site.id: site for site in await sites_kept(database, territory)}
    assert (kept[main.id].archived_at, kept[main.id].is_main, kept[other.id].is_main) == (NOW, False, True)
    shown = text_of(await browser.get(PAGE))
    assert "Sites archivés : Mairie." in shown
    assert "Adresse de livraison Adresse École" in shown
    for path in (archiving, f"{PAGE}/sites/{main.id}"):
        assert (await browser.get(path)).status_code == 409
    await keep(browser, TOWN_HALL)  # the name is free again


async def test_a_site_is_its_members_alone(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, TOWN_HALL)
    (site,) = await sites_kept(database, territory)
    facilitator = await sign_in("animation@bassin.example")
    assert (await facilitator.get(f"/g/bassin/membres/{SALLES}/sites/{site.id}")).status_code == 404
    for email in ("referent@salles.example", "observation@bassin.example"):
        other = await sign_in(email)
        assert (await other.get(f"{PAGE}/sites/{site.id}")).status_code == 403
        assert (await other.get(NEW)).status_code == 403


async def test_who_received_is_forgotten_with_an_archived_site(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in("referent@lugos.example")
    await keep(browser, {**TOWN_HALL, "contact": "Accueil"}, {**SCHOOL, "contact": "Direction"})
    main, _ = await sites_kept(database, territory)
    assert (await browser.post(f"{PAGE}/sites/{main.id}/archivage", {}, page=PAGE)).status_code == 303
    assert forget_contacts in FORGETS
    for before, contacts in ((NOW, ["Accueil", "Direction"]), (NOW + timedelta(days=1), ["", "Direction"])):
        async with database.transaction(territory.group_id) as session:
            await forget_contacts(session, before)
        assert [site.contact for site in await sites_kept(database, territory)] == contacts


async def test_a_member_has_so_many_sites_at_most(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("referent@lugos.example")
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("INSERT INTO sites (group_id, member_id, name, sort_key, street, postcode, city, contact, "
                 "opening_hours, is_main, created_at) "
                 "SELECT :group, :member, n, n, '', '', '', '', '', false, :now FROM generate_series(1, 200) n"),
            {"group": territory.group_id, "member": territory.members[LUGOS], "now": NOW},
        )  # fmt: skip
    refused = await browser.post(NEW, SCHOOL, page=NEW)
    assert refused.status_code == 422
    assert "200 sites au plus" in text_of(refused)


async def test_programs_keep_sites_too(connect: Connect) -> None:
    program = await connect("referent@lugos.example")
    place = f"{API}/members/{LUGOS}/sites"
    added = await program.post(place, TOWN_HALL | {"postcode": "33830"})
    assert added.status_code == 201
    assert added.json()["main"] is True
    where = f"{place}/{added.json()['id']}"
    tag = (await program.get(where)).headers["etag"]
    changed = await program.put(where, {"name": "Mairie", "city": "Lugos"}, if_match=tag)
    assert (changed.status_code, changed.json()["street"]) == (200, "")
    assert problem(await program.put(where, {"name": "Mairie"}, if_match=tag)) == (412, "changed_meanwhile")
    assert (await program.put(where, {"name": "Mairie", "postcode": "3383"})).status_code == 422
    archived = await program.post(f"{where}/archiving", {})
    assert archived.json()["archived"] is True
    assert problem(await program.post(f"{where}/archiving", {})) == (409, "site_archived")
    assert [site["archived"] for site in (await program.get(place)).json()["sites"]] == [True]
    elsewhere = f"{API}/members/{SALLES}/sites/{added.json()['id']}"
    assert (await program.get(elsewhere)).status_code == 404
