"""A group's suppliers: added, found, corrected, archived and taken back, by pages and by programs."""

import asyncio

import pytest
from sqlalchemy import select
from sqlmodel import col

from api_client import API, Connect, problem
from factories import NOW, Territory
from pooling.kernel.database import Database
from pooling.kernel.errors import Forbidden, Invalid
from pooling.kernel.events import Event
from pooling.members.entrance import caller_of
from pooling.suppliers.keeping import SupplierIn, add_supplier
from pooling.suppliers.models import Supplier
from web_client import Browser, SignIn, text_of

FACILITATOR, REFERENT, READER = "animation@bassin.example", "referent@lugos.example", "observation@bassin.example"
LIST = "/g/bassin/fournisseurs"
NEW = f"{LIST}/nouveau"
CYCLES = {"name": "Cycles de l’exemple", "siret": "999 900 004 00014", "order_email": "Commandes@Cycles.example"}
MOBILIER = {"name": "Mobilier de l’exemple", "vat_number": "de 136 695 976"}


async def added(browser: Browser, **values: str) -> str:
    answer = await browser.post(NEW, values, page=NEW)
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"])


async def test_a_supplier_is_added_found_corrected_and_archived(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(REFERENT)
    assert "Aucun fournisseur pour l’instant" in text_of(await browser.get(LIST))
    cycles = await added(browser, **CYCLES, address="1 rue de l’Exemple\r\n33120 Arcachon")
    await added(browser, **MOBILIER)
    shown = text_of(await browser.get(cycles))
    assert "SIRET 99990000400014" in shown
    assert "FR50999900004 (selon le SIRET)" in shown
    assert "commandes@cycles.example" in shown
    assert "1 rue de l’Exemple 33120 Arcachon" in shown
    for typed, found in (("exemple", 2), ("999900004", 1), ("136695", 1), ("MOBILIER", 1), ("rien", 0)):
        listed = (await browser.get(f"{LIST}?cherche={typed}")).text
        assert listed.count('<th scope="row"') == found, typed
    sheet = f"{cycles}/fiche"
    page = await browser.get(sheet)
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    corrected = {**CYCLES, "name": "Cycles", "seen": seen}
    assert (await browser.post(sheet, corrected, page=sheet)).headers["location"] == cycles
    assert (await browser.post(f"{cycles}/archivage", page=cycles)).headers["location"] == cycles
    assert "Fournisseur archivé" in text_of(await browser.get(cycles))
    assert "Cycles" not in text_of(await browser.get(LIST)).partition("Commandes à")[2]
    assert "Cycles" in text_of(await browser.get(f"{LIST}?archives=1")).partition("Commandes à")[2]
    assert (await browser.post(f"{cycles}/reprise", page=cycles)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(select(Event).where(col(Event.subject_kind) == "supplier").order_by(col(Event.id)))
        events = [(event.name, event.details) for event in told.scalars()]
    assert [name for name, _ in events] == [
        "supplier.added",
        "supplier.added",
        *("supplier.changed", "supplier.archived", "supplier.restored"),
    ]
    assert events[2][1]["changed"]["name"] == ["Cycles de l’exemple", "Cycles"]
    journal = text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/journal"))
    assert "a corrigé la fiche du fournisseur Cycles" in journal


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"name": ""}, "name", "Indiquez le nom du fournisseur."),
        ({"siret": "99990000400015"}, "siret", "Ce n’est pas un numéro SIRET"),
        ({"siret": "9" * 60}, "siret", "14"),
        ({"vat_number": "FR50999900005"}, "vat_number", "n’existe pas"),
        ({"vat_number": "DE136695976"}, "vat_number", "ce SIRET donne FR50999900004"),
        ({"siret": ""}, "siret", "Indiquez le SIRET, ou le numéro de TVA"),
        ({"siret": "", "vat_number": "FR50999900004"}, "siret", "Une entreprise française a un SIRET"),
        ({"order_email": "cycles"}, "order_email", "adresse"),
        ({"note": "x" * 2_001}, "note", "2"),
    ],
)
async def test_what_cannot_be_is_said_at_its_field_and_kept(
    sign_in: SignIn, typed: dict[str, str], field: str, said: str
) -> None:
    browser = await sign_in(REFERENT)
    refused = await browser.post(NEW, {**CYCLES, **typed}, page=NEW)
    assert refused.status_code == 422
    assert f'href="#champ-{field}"' in refused.text
    assert said in text_of(refused)
    assert "Commandes@Cycles.example" in refused.text or field == "order_email"


async def test_a_name_or_a_siret_is_one_suppliers(sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    cycles = await added(browser, **CYCLES)
    await browser.post(f"{cycles}/archivage", page=cycles)
    same = await browser.post(NEW, {**CYCLES, "name": "Autre"}, page=NEW)
    assert "« Cycles de l’exemple », archivé : reprenez-le" in text_of(same).replace("\u00a0", " ")
    named = await browser.post(NEW, {**MOBILIER, "name": CYCLES["name"]}, page=NEW)
    assert 'href="#champ-name"' in named.text


async def test_suppliers_without_a_siret_are_several(sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    await added(browser, **MOBILIER)
    await added(browser, **{**MOBILIER, "name": "Mobilier d’ailleurs"})


async def test_two_who_add_the_same_at_once_add_it_once(fresh_database: Database, territory: Territory) -> None:
    async def adding() -> bool:
        async with fresh_database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[REFERENT], territory.group_id)
            try:
                await add_supplier(session, caller, SupplierIn(**CYCLES), NOW)
            except Invalid:
                return False
            return True

    assert sorted(await asyncio.gather(adding(), adding())) == [False, True]
    async with fresh_database.transaction(territory.group_id) as session:
        assert len((await session.execute(select(Supplier))).scalars().all()) == 1


async def test_who_only_reads_keeps_none(database: Database, territory: Territory, sign_in: SignIn) -> None:
    async with database.transaction(territory.group_id) as session:
        reader = await caller_of(session, territory.people[READER], territory.group_id)
        with pytest.raises(Forbidden):
            await add_supplier(session, reader, SupplierIn(**CYCLES), NOW)
    assert "Ajouter un fournisseur" not in text_of(await (await sign_in(READER)).get(LIST))


async def test_two_who_correct_at_once_do_not_overwrite_each_other(sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    sheet = f"{await added(browser, **CYCLES)}/fiche"
    seen = (await browser.get(sheet)).text.partition('name="seen" value="')[2].partition('"')[0]
    assert (await browser.post(sheet, {**CYCLES, "phone": "05 00", "seen": seen}, page=sheet)).status_code == 303
    slip = await browser.post(sheet, {**CYCLES, "name": "", "seen": seen}, page=sheet)
    assert f'name="seen" value="{seen}"' in slip.text, "a slip does not hide what somebody else has kept"
    second = await browser.post(sheet, {**CYCLES, "note": "Livre le lundi", "seen": seen}, page=sheet)
    assert second.status_code == 422
    assert "Quelqu’un a modifié ce fournisseur" in text_of(second)
    assert "Livre le lundi" in second.text
    newer = second.text.partition('name="seen" value="')[2].partition('"')[0]
    again = {**CYCLES, "note": "Livre le lundi", "seen": newer}
    assert (await browser.post(sheet, again, page=sheet)).status_code == 303


async def test_programs_keep_suppliers(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    path = f"{API}/suppliers"
    made = await program.post(path, CYCLES, **{"Idempotency-Key": "once"})
    assert made.status_code == 201
    assert made.json()["vat_number"] == "FR50999900004"
    assert (await program.post(path, CYCLES, **{"Idempotency-Key": "once"})).json() == made.json()
    assert problem(await program.post(path, CYCLES)) == (422, "invalid")
    one = made.headers["location"]
    read = await program.get(one)
    put = {**CYCLES, "phone": "05 00 00 00 00"}
    assert (await program.put(one, put, **{"If-Match": read.headers["etag"]})).json()["phone"] == "05 00 00 00 00"
    assert (await program.put(one, put, **{"If-Match": read.headers["etag"]})).status_code == 412
    assert (await program.post(f"{one}/archive", {})).json()["archived_at"] is not None
    assert (await program.get(path)).json()["items"] == []
    assert len((await program.get(f"{path}?archived=true&q=cycles")).json()["items"]) == 1
    assert (await program.post(f"{one}/restore", {})).json()["archived_at"] is None
