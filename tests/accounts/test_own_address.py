"""Changing one's own address: proved by a code at the new one, asked by who is surely there, told to the former one."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import text

from factories import NOW, Territory, make_territory
from pooling.accounts.codes import make_code, try_code
from pooling.accounts.own_address import forget_expired
from pooling.accounts.people import move_address
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from web_client import SignIn, stand_on, text_of

PAGE, CODE = "/compte/adresse", "/compte/adresse/code"
REFERENT, FINANCE = "referent@lugos.example", "finances@arcachon.example"
NEW = "referente@lugos.example"


async def mailed(database: Database, kind: str) -> list[tuple[str, str]]:
    """(recipient, code in its subject), the oldest first."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT recipient, subject FROM messages WHERE kind = :kind ORDER BY id"), {"kind": kind}
        )
        return [(to, "".join(each for each in subject if each.isdigit())) for to, subject in rows]


async def address_of(database: Database, person_id: int) -> str:
    async with database.transaction() as session:
        found = await session.execute(text("SELECT email FROM people WHERE id = :id"), {"id": person_id})
        return str(found.scalar_one())


async def test_a_code_at_the_new_address_changes_it_and_the_former_one_hears_of_it(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    elsewhere = await make_territory(database, NOW, slug="autre")
    person = territory.people[REFERENT]
    browser, other = await sign_in(REFERENT), await sign_in(REFERENT)
    assert PAGE in (await browser.get("/compte")).text
    asked = await browser.post(PAGE, {"email": " Referente@Lugos.example "}, page=PAGE)
    assert (asked.status_code, asked.headers["location"]) == (303, CODE)
    ((to, code),) = await mailed(database, "address_code")
    assert (to, await address_of(database, person)) == (NEW, REFERENT), "nothing yet"
    assert NEW in text_of(await browser.get(CODE))
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused = await browser.post(CODE, {"code": wrong}, page=CODE)
    assert (refused.status_code, await address_of(database, person)) == (422, REFERENT)
    done = await browser.post(CODE, {"code": f"{code[:3]} {code[3:]}"}, page=CODE)
    assert (done.status_code, done.headers["location"]) == (303, "/compte")
    assert await address_of(database, person) == NEW
    assert [to for to, _ in await mailed(database, "address_changed")] == [REFERENT]
    assert (await browser.get("/compte")).status_code == 200
    assert (await other.get("/compte")).status_code == 303, "whoever else had a session read the former mailbox"
    for group in (territory, elsewhere):
        async with database.transaction(group.group_id) as session:
            events = await session.execute(
                text("SELECT person_id, details FROM events WHERE name = 'person.address_changed'")
            )
            assert [tuple(row) for row in events] == [(person, {})], "never the address: a purge could not blank it"


async def test_a_code_is_dead_after_five_tries_and_after_ten_minutes(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser, person = await sign_in(REFERENT), territory.people[REFERENT]
    await browser.post(PAGE, {"email": NEW}, page=PAGE)
    ((_, code),) = await mailed(database, "address_code")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        await browser.post(CODE, {"code": wrong})
    assert (await browser.post(CODE, {"code": code})).status_code == 303, "asks for another"
    await browser.post(PAGE, {"email": NEW}, page=PAGE)
    _, (_, code) = await mailed(database, "address_code")
    clock.instant = NOW + timedelta(minutes=10)
    await browser.post(CODE, {"code": code})
    assert await address_of(database, person) == REFERENT
    async with database.transaction() as session:
        await forget_expired(session, clock.instant)
        assert (await session.execute(text("SELECT count(*) FROM address_changes"))).scalar_one() == 0


async def test_a_session_left_open_is_not_enough(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    thief = await sign_in(REFERENT)
    clock.instant = NOW + timedelta(minutes=11)
    asked = await thief.post(PAGE, {"email": "voleur@ailleurs.example"}, page=PAGE)
    assert "Confirmez que c’est vous" in text_of(asked)
    assert await mailed(database, "address_code") == []
    assert [to for to, _ in await mailed(database, "confirmation_code")] == [REFERENT]


async def test_the_code_of_somebody_else_changes_nothing(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    one, other = await sign_in(REFERENT), await sign_in(FINANCE)
    await one.post(PAGE, {"email": NEW}, page=PAGE)
    await other.post(PAGE, {"email": "compta@arcachon.example"}, page=PAGE)
    (_, code), (_, theirs) = await mailed(database, "address_code")
    if code != theirs:
        assert (await one.post(CODE, {"code": theirs}, page=CODE)).status_code == 422
    async with database.transaction() as session:
        assert await try_code(session, "", code, NOW) is None, "it signs nobody in"


async def test_an_address_that_somebody_has_is_told_to_who_reads_it_alone(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(REFERENT)
    asked = await browser.post(PAGE, {"email": FINANCE}, page=PAGE)
    assert asked.headers["location"] == CODE
    ((_, code),) = await mailed(database, "address_code")
    refused = await browser.post(CODE, {"code": code}, page=CODE)
    assert refused.status_code == 422
    assert "déjà celle d’un autre compte" in text_of(refused)
    assert await address_of(database, territory.people[REFERENT]) == REFERENT
    for email in (REFERENT, "réf@lugos.example", ""):
        assert (await browser.post(PAGE, {"email": email}, page=PAGE)).status_code == 422, email


async def test_what_waits_follows_and_codes_for_the_former_mailbox_are_dead(
    database: Database, territory: Territory
) -> None:
    person = territory.people[REFERENT]
    mail = """INSERT INTO messages (group_id, person_id, kind, recipient, subject, body_text, body_html, state, lease,
        priority, attempts, attachments, sender_name, thread, next_try_at, created_at)
        SELECT CAST(:group AS bigint), :person, 'k', :to, :subject, mail_key, '', :state, :lease, 1, 2, '{}', '', '',
            now(), now() FROM people WHERE id = :person"""
    async with database.transaction() as session:
        (key,) = (await session.execute(text("SELECT mail_key FROM people WHERE id = :id"), {"id": person})).one()
        assert await make_code(session, REFERENT, "browser", "/", NOW) is not None
        code = {"group": None, "person": person, "to": REFERENT, "subject": "code", "state": "queued", "lease": None}
        await session.execute(text(mail), code)
    async with database.transaction(territory.group_id) as session:
        for subject, state, lease in (("waits", "queued", None), ("in hand", "sending", "l"), ("left", "sent", None)):
            given = {"group": territory.group_id, "person": person, "to": REFERENT}
            await session.execute(text(mail), {**given, "subject": subject, "state": state, "lease": lease})
    async with database.transaction() as session:
        assert await move_address(session, person, REFERENT, NEW, NOW)
        assert not await move_address(session, person, REFERENT, "autre@lugos.example", NOW), "no longer theirs"
        assert not await move_address(session, person, NEW, FINANCE, NOW), "somebody else's"
        assert (await session.execute(text("SELECT count(*) FROM sign_in_codes"))).scalar_one() == 0
        assert (
            await session.execute(text("SELECT state FROM messages WHERE subject = 'code'"))
        ).scalar_one() == "failed"
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT subject, recipient, state, lease, body_text FROM messages ORDER BY id")
        )
        waits, in_hand, left = rows.all()
        assert [tuple(row[:4]) for row in (waits, in_hand)] == [
            ("waits", NEW, "queued", None),
            ("in hand", NEW, "queued", None),
        ]
        assert tuple(left[1:]) == (REFERENT, "sent", None, key)
        assert key not in {waits[4], in_hand[4]}, "whoever read the former mailbox knows it"


@pytest.mark.parametrize("leaves", [True, False])
async def test_no_page_says_that_a_code_left_where_no_mail_leaves(
    app: Litestar, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, leaves: bool
) -> None:
    settings: Settings = app.state.services.settings
    stand_on(app, settings=settings if leaves else settings.model_copy(update={"smtp_url": None}))
    browser = await sign_in(REFERENT)
    await browser.post(PAGE, {"email": NEW}, page=PAGE)
    clock.instant = NOW + timedelta(minutes=9)
    shown = [await browser.get(CODE)]
    clock.instant = NOW + timedelta(minutes=11)
    shown.append(await browser.post(PAGE, {"email": NEW}, page=PAGE))
    for page in shown:
        assert ("Un code à six chiffres part" in text_of(page)) is leaves
        assert ("Aucun courriel ne part pour l’instant" in text_of(page)) is not leaves
