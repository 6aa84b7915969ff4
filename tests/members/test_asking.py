"""Somebody with a link asks to come in; a référent asks for a colleague; the facilitator decides."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from factories import LUGOS, NOW, SALLES, Territory, make_territory
from pooling.accounts.people import ensure_people
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.answering import accept_request, refuse_request
from pooling.members.asking import RequestIn, keep_request
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.mails import Sender
from pooling.members.models import AccessRequest, Group, Membership, Role
from pooling.outbox.models import Message
from pooling.reminders.kinds import Context
from web_client import TOKEN, Browser, SignIn, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
STRANGER = "nouvelle@ailleurs.example"
ASK = "/demande-acces"
PARIS = ZoneInfo("Europe/Paris")
COLLEAGUE = {"email": "c@lugos.example", "name": "Chloé", "function": "Comptable", "role": "finance", "member": LUGOS}


async def requests(database: Database, group_id: int) -> list[tuple[str, str]]:
    async with database.transaction(group_id) as session:
        rows = await session.execute(
            select(col(AccessRequest.email), col(AccessRequest.state)).order_by(col(AccessRequest.id))
        )
        return [(one, two) for one, two in rows]


async def mails(database: Database, territory: Territory) -> list[tuple[str, str]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Message.recipient), col(Message.kind)).order_by(col(Message.id)))
        return [(one, two) for one, two in rows]


async def stranger(database: Database, territory: Territory, sign_in: SignIn) -> Browser:
    async with database.transaction() as session:
        territory.people |= await ensure_people(session, [(STRANGER, "Nouvelle Venue", "")], NOW)
    return await sign_in(STRANGER)


async def waiting(database: Database, territory: Territory) -> str:
    async with database.transaction(territory.group_id) as session:
        found = await session.execute(
            select(col(AccessRequest.id)).where(col(AccessRequest.state) == "pending").limit(1)
        )
        return f"/g/bassin/demandes/{found.scalar_one()}"


async def test_an_unknown_group_and_a_closed_one_answer_alike(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """No oracle: neither the pages nor the request say whether a group exists."""
    browser = await stranger(database, territory, sign_in)
    for path in ("", "/membres", "/personnes", "/journal", "/achats/AG-2027-001", "/demandes/1"):
        real, unreal = await browser.get(f"/g/bassin{path}"), await browser.get(f"/g/nuage0{path}")
        assert (real.status_code, unreal.status_code) == (404, 404), path
        assert TOKEN.sub("", real.text).replace("bassin", "nuage0") == TOKEN.sub("", unreal.text), path
        assert "/demande-acces?groupe=bassin" in real.text, path
    answers = []
    for slug in ("bassin", "nuage0"):
        form = await browser.get(ASK, params={"groupe": slug})
        sent = await browser.post(ASK, {"groupe": slug, "message": "Mairie de Mios"}, page=ASK)
        answers.append((TOKEN.sub("", form.text).replace(slug, "…"), sent.status_code, sent.headers["location"]))
    assert answers[0] == answers[1]
    assert answers[0][1:] == (303, "/demande-acces/envoyee")
    assert await requests(database, territory.group_id) == [(STRANGER, "pending")]


async def test_asking_twice_waits_once_and_tells_the_facilitator_once(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await stranger(database, territory, sign_in)
    for _ in range(2):
        await browser.post(ASK, {"groupe": "bassin", "message": "Mairie de Mios"}, page=ASK)
    assert await requests(database, territory.group_id) == [(STRANGER, "pending")]
    assert await mails(database, territory) == [(FACILITATOR, "members.access_asked")]
    assert "Répondre à 1 demande d’accès" in text_of(await (await sign_in(FACILITATOR)).get("/g/bassin")).replace(
        "\u00a0", " "
    )
    empty = await browser.post(ASK, {"groupe": "bassin", "message": " "}, page=ASK)
    assert empty.status_code == 422
    assert "Dites qui vous êtes et pourquoi." in text_of(empty)


async def test_asking_is_throttled(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await stranger(database, territory, sign_in)
    codes = [
        (await browser.post(ASK, {"groupe": f"groupe-{place}", "message": "Bonjour"}, page=ASK)).status_code
        for place in range(11)
    ]
    assert codes == [303] * 10 + [429]
    clock.instant = NOW + timedelta(days=1)
    browser = await sign_in(STRANGER)
    assert (await browser.post(ASK, {"groupe": "groupe-1", "message": "Bonjour"}, page=ASK)).status_code == 303


async def test_asking_for_colleagues_is_throttled_and_keeps_what_was_typed(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    """Each is a mail to every facilitator. What one asks for oneself counts in the same."""
    browser, page = await sign_in(REFERENT), "/g/bassin/demande"
    colleagues = [{**COLLEAGUE, "email": f"c{place}@lugos.example", "name": f"Chloé {place}"} for place in range(14)]
    answers = [await browser.post(page, colleague, page=page) for colleague in colleagues]
    assert [answer.status_code for answer in answers] == [303] * 10 + [429] * 4
    assert 'value="c13@lugos.example"' in answers[-1].text
    assert "recommencez demain" in text_of(answers[-1])
    assert len(await mails(database, territory)) == 10
    assert (await browser.post(ASK, {"groupe": "ailleurs", "message": "Bonjour"}, page=ASK)).status_code == 429
    clock.instant = NOW + timedelta(days=1)
    browser = await sign_in(REFERENT)
    assert (await browser.post(page, colleagues[-1], page=page)).status_code == 303


async def test_a_request_that_is_refused_counts_for_nothing(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser, page = await sign_in(REFERENT), "/g/bassin/demande"
    for _ in range(12):
        assert (await browser.post(page, {**COLLEAGUE, "email": "?"}, page=page)).status_code == 422
    assert (await browser.post(page, COLLEAGUE, page=page)).status_code == 303


async def test_nobody_asks_for_an_archived_group(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await stranger(database, territory, sign_in)
    async with database.transaction(territory.group_id) as session:
        group = await session.get(Group, territory.group_id)
        assert group is not None
        group.archived_at = NOW
    answer = await browser.post(ASK, {"groupe": "bassin", "message": "Mairie de Mios"}, page=ASK)
    assert answer.headers["location"] == "/demande-acces/envoyee"
    assert await requests(database, territory.group_id) == []


async def test_the_facilitator_accepts_with_a_role(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await stranger(database, territory, sign_in)
    await browser.post(ASK, {"groupe": "bassin", "message": "<b>Mairie</b> de Salles"}, page=ASK)
    facilitator = await sign_in(FACILITATOR)
    path = await waiting(database, territory)
    page = await facilitator.get(path)
    assert "&lt;b&gt;Mairie&lt;/b&gt; de Salles" in page.text
    without = await facilitator.post(f"{path}/accord", {"role": "referent", "member": ""}, page=path)
    assert without.status_code == 422
    assert (await browser.get("/g/bassin")).status_code == 404
    answer = await facilitator.post(f"{path}/accord", {"role": "referent", "member": "Salles"}, page=path)
    assert answer.status_code == 303
    assert (await browser.get("/g/bassin")).status_code == 200
    assert (await mails(database, territory))[1:] == [(STRANGER, "members.invitation")]
    again = await facilitator.post(f"{path}/accord", {"role": "referent", "member": "Lugos"})
    assert again.status_code == 409
    assert (await facilitator.get(path)).status_code == 303, "back to the list, which says so"
    async with database.transaction(territory.group_id) as session:
        held = await session.execute(
            select(col(Membership.member_id)).where(col(Membership.person_id) == territory.people[STRANGER])
        )
        assert list(held.scalars()) == [territory.members[SALLES]]


async def test_a_refusal_says_why(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await stranger(database, territory, sign_in)
    await browser.post(ASK, {"groupe": "bassin", "message": "Presse"}, page=ASK)
    facilitator = await sign_in(FACILITATOR)
    path = await waiting(database, territory)
    silent = await facilitator.post(f"{path}/refus", {"reason": ""}, page=path)
    assert silent.status_code == 422
    assert "Dites pourquoi" in text_of(silent)
    answer = await facilitator.post(f"{path}/refus", {"reason": "Ce groupe est réservé aux communes."}, page=path)
    assert answer.status_code == 303
    async with database.transaction(territory.group_id) as session:
        mail = (await session.execute(select(Message).order_by(col(Message.id).desc()).limit(1))).scalar_one()
    assert mail.recipient == STRANGER
    assert "Ce groupe est réservé aux communes." in mail.body_text
    assert await requests(database, territory.group_id) == [(STRANGER, "refused")]
    await browser.post(ASK, {"groupe": "bassin", "message": "Encore"}, page=ASK)
    assert await requests(database, territory.group_id) == [(STRANGER, "refused"), (STRANGER, "pending")]


async def test_a_referent_asks_for_a_colleague_of_its_member_only(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(REFERENT)
    assert (await browser.get(ASK, params={"groupe": "bassin"})).headers["location"] == "/g/bassin"
    page = "/g/bassin/demande"
    for changes in ({"member": SALLES}, {"role": "facilitator"}, {"role": "reader"}, {"member": ""}):
        refused = await browser.post(page, {**COLLEAGUE, **changes}, page=page)
        assert refused.status_code == 422, changes
    assert await requests(database, territory.group_id) == []
    assert (await browser.post(page, COLLEAGUE, page=page)).status_code == 303
    assert await requests(database, territory.group_id) == [("c@lugos.example", "pending")]
    facilitator = await sign_in(FACILITATOR)
    path = await waiting(database, territory)
    shown = await facilitator.get(path)
    assert 'value="Lugos (213302607)"' in shown.text
    answer = await facilitator.post(f"{path}/accord", {"role": "finance", "member": "Lugos (213302607)"}, page=path)
    assert answer.status_code == 303
    assert (await mails(database, territory))[1:] == [
        ("c@lugos.example", "members.invitation"),
        (REFERENT, "members.access_granted"),
    ]
    for email in ("observation@bassin.example", "finances@arcachon.example", FACILITATOR):
        assert (await (await sign_in(email)).post(page, COLLEAGUE)).status_code == 403, email


async def test_another_groups_request_does_not_exist(database: Database, territory: Territory, sign_in: SignIn) -> None:
    other = await make_territory(database, NOW, slug="autre")
    context = Context(other.group_id, "autre", "Autre", PARIS, False, "http://127.0.0.1:8000", NOW)
    async with database.transaction(other.group_id) as session:
        command = RequestIn("x@autre.example", "X", "Bonjour")
        await keep_request(session, other.people[REFERENT], command, Sender("X", "x@autre.example"), context)
        asked = (await session.execute(select(col(AccessRequest.id)))).scalar_one()
    async with database.transaction(territory.group_id) as session:  # facilitates here, only reads there
        await grant_role(session, territory.people[REFERENT], Role.FACILITATOR, NOW)
    browser = await sign_in(REFERENT)
    for path in (f"/g/bassin/demandes/{asked}", "/g/bassin/demandes/9999999999999999999999"):
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(f"{path}/accord", {"role": "reader"})).status_code == 404
        assert (await browser.post(f"{path}/refus", {"reason": "Non"})).status_code == 404
    assert (await browser.get(f"/g/autre/demandes/{asked}")).status_code == 403


async def test_two_facilitators_who_decide_at_once_decide_once(fresh_database: Database, territory: Territory) -> None:
    """In transactions that really commit: the second waits for the first, then finds the request answered."""
    context = Context(territory.group_id, "bassin", "Bassin", PARIS, False, "http://127.0.0.1:8000", NOW)
    sender = Sender("Animation", FACILITATOR)
    async with fresh_database.transaction(territory.group_id) as session:
        await grant_role(session, territory.people[REFERENT], Role.FACILITATOR, NOW)
        await keep_request(
            session, territory.people[REFERENT], RequestIn("x@y.example", "X", "Bonjour"), sender, context
        )
        asked = (await session.execute(select(col(AccessRequest.id)))).scalar_one()

    async def decide(email: str, *, accept: bool) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            caller = await caller_of(session, territory.people[email], territory.group_id)
            if accept:
                await accept_request(session, caller, asked, Role.READER, None, sender, context)
            else:
                await refuse_request(session, caller, asked, "Non", sender, context)

    results = await asyncio.gather(
        decide(FACILITATOR, accept=True), decide(REFERENT, accept=False), return_exceptions=True
    )
    assert [type(result) for result in results if result is not None] == [Conflict]
    ((_, state),) = await requests(fresh_database, territory.group_id)
    assert state == ("granted" if results[0] is None else "refused")
    async with fresh_database.transaction(territory.group_id) as session:
        kinds = (
            await session.execute(select(col(Message.kind)).where(col(Message.kind) != "members.access_asked"))
        ).scalars()
        assert list(kinds) == ["members.invitation" if state == "granted" else "members.access_refused"]
