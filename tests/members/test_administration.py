"""The administrator of the installation: groups made, renamed, archived; for anybody else, no such pages."""

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from factories import ARCACHON, NOW, Territory
from pooling.accounts.models import Person
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.models import Group, Member, Membership
from pooling.outbox.models import Message
from pooling.reminders.settings import KindSetting, keep_setting, read_settings
from web_client import Browser, SignIn, give_second_factor, text_of

BASE = "/administration/groupes"
FACILITATOR = "animation@bassin.example"
NEW = {"name": "Pays de Buch", "facilitator": "Dominique", "email": "dominique@buch.example"}


async def administrator(database: Database, sign_in: SignIn, email: str = "observation@bassin.example") -> Browser:
    async with database.transaction() as session:
        await session.execute(update(Person).where(col(Person.email) == email).values(administrator=True))
    browser = await sign_in(email)
    async with database.transaction() as session:
        person_id = (await session.execute(select(col(Person.id)).where(col(Person.email) == email))).scalar_one()
        await give_second_factor(session, person_id, NOW)
    return browser


async def group_id(database: Database, slug: str) -> int | None:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT id FROM group_by_slug(:slug)"), {"slug": slug})
        return found.scalar_one_or_none()


async def test_an_administrator_without_a_group_arrives_where_it_administers(
    database: Database, sign_in: SignIn, territory: Territory
) -> None:
    browser = await administrator(database, sign_in)
    assert (await browser.get("/")).headers["location"] == "/g/bassin"
    async with database.transaction(territory.group_id) as session:
        await session.execute(update(Membership).values(ended_at=NOW))
    assert (await browser.get("/")).headers["location"] == BASE


@pytest.mark.parametrize(
    "path",
    [BASE, f"{BASE}/nouveau", f"{BASE}/bassin/nom", f"{BASE}/bassin/archivage", f"{BASE}/bassin/reouverture"],
)
async def test_for_anybody_else_there_is_nothing_here(
    path: str, database: Database, territory: Territory, sign_in: SignIn, visitor: Browser
) -> None:
    for email in (FACILITATOR, "observation@bassin.example", "referent@lugos.example"):
        browser = await sign_in(email)
        assert (await browser.get(path)).status_code == 404, email
        if path != BASE:
            assert (await browser.post(path, NEW)).status_code == 404, email
    assert (await visitor.get(path)).status_code == 303
    assert await group_id(database, "pays-de-buch") is None
    assert "Administration" not in text_of(await (await sign_in(FACILITATOR)).get("/g/bassin/membres"))


async def test_a_group_is_created_with_its_first_facilitator(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await administrator(database, sign_in)
    assert "Administration" in text_of(await browser.get("/g/bassin"))
    assert (await browser.post(f"{BASE}/nouveau", NEW, page=f"{BASE}/nouveau")).status_code == 303
    created = await group_id(database, "pays-de-buch")
    assert created is not None
    async with database.transaction(created) as session:
        roles = await session.execute(
            select(col(Membership.role), col(Person.email)).join(Person, col(Person.id) == col(Membership.person_id))
        )
        assert [tuple(row) for row in roles] == [("facilitator", "dominique@buch.example")]
        (mail,) = (await session.execute(select(Message).where(col(Message.group_id) == created))).scalars()
        assert "/g/pays-de-buch" in mail.body_text
    shown = text_of(await browser.get(BASE))
    assert "Pays de Buch /g/pays-de-buch" in shown
    again = await browser.post(f"{BASE}/nouveau", NEW, page=f"{BASE}/nouveau")
    assert again.status_code == 422
    assert "Un groupe porte déjà l’adresse" in text_of(again)
    assert (await browser.get("/g/pays-de-buch")).status_code == 404, "administering is not belonging"


async def test_a_name_changes_and_the_address_stays(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await administrator(database, sign_in)
    path = f"{BASE}/bassin/nom"
    assert (await browser.post(path, {"name": ""}, page=path)).status_code == 422
    assert (await browser.post(path, {"name": "Grand <b>Bassin</b>"}, page=path)).status_code == 303
    page = (await browser.get("/g/bassin")).text
    assert "Grand &lt;b&gt;Bassin&lt;/b&gt;" in page
    assert "<b>Bassin" not in page
    assert (await browser.post(f"{BASE}/nulle-part/nom", {"name": "X"})).status_code == 404


async def test_nobody_enters_an_archived_group_until_it_is_reopened(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser, inside = await administrator(database, sign_in), await sign_in(FACILITATOR)
    path = f"{BASE}/bassin/archivage"
    assert "Archiver le groupe « Bassin »" in text_of(await browser.get(path)).replace("\u00a0", " ")
    assert (await inside.get("/g/bassin")).status_code == 200
    assert (await browser.post(path)).status_code == 303
    assert (await inside.get("/g/bassin")).status_code == 404
    assert (await browser.post(path)).status_code == 409, "a second click"
    assert "Archivé" in text_of(await browser.get(BASE))
    assert (await browser.post(f"{BASE}/bassin/reouverture")).status_code == 303
    assert (await inside.get("/g/bassin")).status_code == 200
    assert (await browser.post(f"{BASE}/bassin/effacement")).status_code == 404
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Event.name), col(Event.person_id))
            .where(col(Event.subject_kind) == "group")
            .order_by(col(Event.id))
        )
        by = territory.people["observation@bassin.example"]
        assert [tuple(row) for row in rows][1:] == [("group.archived", by), ("group.reopened", by)]


async def test_an_administration_taken_away_is_gone_at_the_next_request(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await administrator(database, sign_in)
    assert (await browser.get(BASE)).status_code == 200
    async with database.transaction() as session:
        await session.execute(update(Person).values(administrator=False))
    assert (await browser.get(BASE)).status_code == 404
    assert (await browser.post(f"{BASE}/bassin/archivage")).status_code == 404


async def test_a_group_is_made_after_another_one(database: Database, territory: Territory, sign_in: SignIn) -> None:
    async with database.transaction(territory.group_id) as session:
        group = await session.get_one(Group, territory.group_id)
        group.committee_every_months, group.quorum_percent, group.school_zone = 6, 50, "A"
        await keep_setting(session, "minutes_due", KindSetting(active=False, wording="Bonjour"), NOW)
        await session.execute(
            update(Member).where(col(Member.code) == ARCACHON).values(retired_on=NOW.date(), retired_because="Partie")
        )
    browser = await administrator(database, sign_in)
    page = "/administration/groupes/nouveau"
    form = {"name": "Pays de Buch", "facilitator": "Animation", "email": "animation@buch.example"}
    wrong = await browser.post(page, {**form, "model": "ailleurs"}, page=page)
    assert 'id="erreur-champ-model"' in wrong.text
    wrong = await browser.post(page, {**form, "with_members": "1"}, page=page)
    assert 'id="erreur-champ-with_members"' in wrong.text
    assert (await browser.post(page, {**form, "model": "bassin", "with_members": "1"}, page=page)).status_code == 303
    async with database.transaction() as session:
        made = (await session.execute(text("SELECT id FROM group_by_slug('pays-de-buch')"))).scalar_one()
    async with database.transaction(made) as session:
        group = await session.get_one(Group, made)
        assert (group.committee_every_months, group.quorum_percent, group.school_zone) == (6, 50, "A")
        members = (await session.execute(select(col(Member.name)).order_by(col(Member.name)))).scalars().all()
        assert members == ["Lugos", "Salles", "UFR de droit", "UFR de santé", "Université"]
        people = (await session.execute(select(col(Membership.person_id)))).scalars().all()
        assert len(people) == 1  # its facilitator, and nobody of the model
        assert (await read_settings(session))["minutes_due"][0] == KindSetting(active=False, wording="Bonjour")
