"""Who is invited, what they answered, who came."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from factories import NOW, Territory
from pooling.committees.meetings.queries import committee_page
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.members.models import Role
from pooling.members.rights import HeldRole
from web_client import SignIn, text_of

FACILITATOR, LUGOS, SALLES = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"
ARCACHON, FINANCES = "referent@arcachon.example", "finances@arcachon.example"
START = datetime(2027, 3, 30, 14, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
async def page(database: Database, territory: Territory) -> str:
    """The address of a committee to which the four référents are invited."""
    facilitator = territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))
    command = CommitteeIn(day=START.date(), hour=START.time(), place="Mairie", roles=(Role.REFERENT,))
    async with database.transaction(territory.group_id) as session:
        return f"/g/bassin/comites/{await schedule_committee(session, facilitator, command, NOW)}"


async def test_people_are_invited_by_name_and_taken_off(territory: Territory, sign_in: SignIn, page: str) -> None:
    browser = await sign_in(FACILITATOR)
    people = f"{page}/personnes"
    part = await browser.post(f"{page}/invitations", {"person": "finan"}, page=people)
    assert (part.status_code, "Est-ce cette personne" in text_of(part)) == (422, True)
    whole = await browser.post(f"{page}/invitations", {"person": "finances"}, page=people)
    assert whole.headers["location"] == people
    assert "5 personnes invitées" in text_of(await browser.get(people))
    again = await browser.post(f"{page}/invitations", {"person": "finances"}, page=people)
    assert (again.status_code, "sans être déjà invité" in text_of(again)) == (422, True)
    await browser.post(f"{page}/invitations/{territory.people[FINANCES]}/retrait", page=people)
    assert "4 personnes invitées" in text_of(await browser.get(people))


async def test_people_are_invited_by_role(territory: Territory, sign_in: SignIn, page: str) -> None:
    browser = await sign_in(FACILITATOR)
    people = f"{page}/personnes"
    assert (await browser.post(f"{page}/invitations/roles", page=people)).status_code == 422
    standing = "Invités par leur rôle, aussi ceux qui arrivent d’ici là : les référents des membres"
    assert f"{standing}." in text_of(await browser.get(people))
    await browser.post(f"{page}/invitations/roles", {"roles": "finance"}, page=people)
    shown = text_of(await browser.get(people))
    assert "1 personne invitée de plus" in shown
    assert f"{standing}, les services financiers." in shown
    await browser.post(f"{page}/invitations/roles", {"roles": "finance"}, page=people)
    assert "Tous étaient déjà invités" in text_of(await browser.get(people))


async def test_answers_are_counted_and_sorted_out(territory: Territory, sign_in: SignIn, page: str) -> None:
    for who, answer in ((LUGOS, {"answer": "yes"}), (SALLES, {"answer": "proxy", "proxy": LUGOS})):
        browser = await sign_in(who)
        assert (await browser.post(f"{page}/reponse", answer, page=f"{page}/reponse")).status_code == 303
    shown = await (await sign_in(FACILITATOR)).get(f"{page}/personnes")
    assert "Vient : 1 Ne vient pas : 0 Donne pouvoir : 1 Sans réponse : 2" in text_of(shown)
    assert 'role="img"' in shown.text
    browser = await sign_in(LUGOS)
    by_proxy = text_of(await browser.get(f"{page}/personnes?reponse=pouvoir"))
    assert by_proxy.count("Donne pouvoir à referent") == 1
    assert "Retirer" not in by_proxy
    assert "Personne ne correspond" in text_of(await browser.get(f"{page}/personnes?reponse=non"))
    assert "Personne ne correspond" in text_of(await browser.get(f"{page}/personnes?cherche=lugos")), "not by address"


async def test_who_left_before_does_not_count(
    database: Database, territory: Territory, sign_in: SignIn, page: str
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person"),
            {"now": NOW, "person": territory.people[SALLES]},
        )
        (listed,) = (await committee_page(session, NOW, Slice(), past=False)).items
    assert listed.invited == 3
    assert "3 personnes invitées" in text_of(await (await sign_in(FACILITATOR)).get(f"{page}/personnes"))


async def test_who_left_since_still_counts(database: Database, territory: Territory, page: str) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person"),
            {"now": START + timedelta(days=1), "person": territory.people[SALLES]},
        )
        (listed,) = (await committee_page(session, START + timedelta(days=2), Slice(), past=True)).items
    assert listed.invited == 4


async def test_pages_of_people_hold_fifty_each(
    database: Database, territory: Territory, sign_in: SignIn, page: str
) -> None:
    committee = int(page.rsplit("/", 1)[1])
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("""
                WITH many AS (
                    SELECT * FROM ensure_people(
                        ARRAY(SELECT 'p' || n || '@bassin.example' FROM generate_series(1, 70) n),
                        ARRAY(SELECT 'Personne ' || lpad(n::text, 3, '0') FROM generate_series(1, 70) n),
                        ARRAY(SELECT '' FROM generate_series(1, 70)), now())
                ), held AS (
                    INSERT INTO memberships (group_id, person_id, role, started_at)
                    SELECT :group, person_id, 'reader', now() FROM many
                )
                INSERT INTO committee_invitations (group_id, committee_id, person_id, invited_at)
                SELECT :group, :committee, person_id, now() FROM many"""),
            {"group": territory.group_id, "committee": committee},
        )
    browser = await sign_in(FACILITATOR)
    first = await browser.get(f"{page}/personnes?cherche=personne")
    assert "Personne 050" in first.text
    assert "Personne 051" not in first.text
    following = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = await browser.get(following)
    assert "Personne 051" in second.text
    assert "Personne 070" in second.text
    assert "Personne 050" not in second.text


async def ticked(database: Database, territory: Territory) -> dict[str, bool | None]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT p.email, i.present FROM committee_invitations i JOIN people p ON p.id = i.person_id")
        )
        return {email: present for email, present in rows if present is not None}


async def test_attendance_opens_an_hour_before(
    database: Database, territory: Territory, sign_in: SignIn, page: str, clock: FixedClock
) -> None:
    presence = f"{page}/presence"
    lugos = territory.people[LUGOS]
    early = await sign_in(FACILITATOR)
    assert "La feuille n’est pas ouverte" in text_of(await early.get(presence))
    assert "/presence" not in (await early.get(page)).text
    assert (await early.post(presence, {f"present_{lugos}": "1"}, page=presence)).status_code == 409
    clock.instant = START - timedelta(hours=1)
    browser = await sign_in(FACILITATOR)
    assert "/presence" in (await browser.get(page)).text
    assert (await browser.post(presence, {f"present_{lugos}": "1"}, page=presence)).status_code == 303
    assert await ticked(database, territory) == {LUGOS: True}
    assert "1 personne notée" in text_of(await browser.get(presence))


async def test_two_people_who_tick_at_once_lose_nothing(
    database: Database, territory: Territory, sign_in: SignIn, page: str, clock: FixedClock
) -> None:
    """Even on the same page: only what each of them changed is kept."""
    clock.instant = START
    presence = f"{page}/presence"
    one, other = await sign_in(FACILITATOR), await sign_in(FACILITATOR)
    lugos, salles, arcachon = (territory.people[email] for email in (LUGOS, SALLES, ARCACHON))
    nothing_yet = {f"was_{person}": "" for person in (lugos, salles, arcachon)}
    await one.post(presence, {**nothing_yet, f"present_{lugos}": "1", f"present_{arcachon}": "0"}, page=presence)
    await other.post(presence, {**nothing_yet, f"present_{salles}": "1"}, page=presence)
    assert await ticked(database, territory) == {LUGOS: True, ARCACHON: False, SALLES: True}
    stale = {f"was_{lugos}": "1", f"present_{lugos}": "1", f"was_{arcachon}": "0", f"present_{arcachon}": "1"}
    await other.post(presence, {f"was_{lugos}": "1", f"present_{lugos}": "0"}, page=presence)
    await one.post(presence, stale, page=presence)
    assert await ticked(database, territory) == {LUGOS: False, ARCACHON: True, SALLES: True}


async def test_the_others_are_present_at_once(
    database: Database, territory: Territory, sign_in: SignIn, page: str, clock: FixedClock
) -> None:
    """All but those ticked as absent, and those whom somebody else noted meanwhile."""
    clock.instant = START
    presence = f"{page}/presence"
    one, other = await sign_in(FACILITATOR), await sign_in(FACILITATOR)
    shown = (await one.get(presence)).text
    assert "Les autres sont présents" in shown
    nothing_yet = dict.fromkeys(re.findall(r'name="(was_\d+)" value=""', shown), "")
    lugos, salles = territory.people[LUGOS], territory.people[SALLES]
    await other.post(presence, {f"present_{salles}": "0"}, page=presence)
    await one.post(presence, {**nothing_yet, f"present_{lugos}": "0", "others": "1"}, page=presence)
    noted = await ticked(database, territory)
    assert {email for email, present in noted.items() if not present} == {LUGOS, SALLES}
    assert len(noted) == len(nothing_yet) > 2
    assert "Les autres sont présents" not in (await one.get(presence)).text
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(
            text("SELECT details FROM events WHERE name = 'committee.attendance_ticked' ORDER BY id DESC LIMIT 1")
        )
        details = told.scalar_one()
    assert details["absent"] == [lugos]
    assert len(details["present"]) == len(noted) - 2


async def test_nobody_else_is_ticked(
    database: Database, territory: Territory, sign_in: SignIn, page: str, clock: FixedClock
) -> None:
    clock.instant = START
    browser = await sign_in(FACILITATOR)
    stranger = {f"present_{territory.people[FINANCES]}": "1", "present_999999": "1", f"present_{'9' * 30}": "1"}
    assert (await browser.post(f"{page}/presence", stranger, page=page)).status_code == 303
    assert await ticked(database, territory) == {}
    assert (await (await sign_in(LUGOS)).get(f"{page}/presence")).status_code == 403


async def test_the_quorum_counts_who_is_there_and_not_who_is_represented(
    database: Database, territory: Territory, sign_in: SignIn, page: str, clock: FixedClock
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET quorum_percent = 50"))
        await session.execute(text("UPDATE committees SET kind = 'formal'"))
    giver = await sign_in(SALLES)
    await giver.post(f"{page}/reponse", {"answer": "proxy", "proxy": LUGOS}, page=f"{page}/reponse")
    clock.instant = START
    browser = await sign_in(FACILITATOR)
    presence = f"{page}/presence"
    lugos, arcachon, droit = (territory.people[who] for who in (LUGOS, ARCACHON, "referent@droit.example"))
    await browser.post(presence, {f"present_{lugos}": "1", f"present_{arcachon}": "1"}, page=presence)
    shown = text_of(await browser.get(presence))
    assert "Quorum non atteint 2 présents sur les 3 qu’il faut : il en manque 1" in shown
    assert "Représentés leur pouvoir est porté par une personne présente 1" in shown
    await browser.post(presence, {f"present_{droit}": "1"}, page=presence)
    assert "Quorum atteint 3 présents sur les 3" in text_of(await browser.get(page))


async def test_the_sheet_to_sign_is_a_pdf(territory: Territory, sign_in: SignIn, page: str) -> None:
    browser = await sign_in(FACILITATOR)
    sheet = await browser.get(f"{page}/presence/emargement.pdf")
    assert sheet.content.startswith(b"%PDF-")
    assert sheet.headers["content-disposition"] == 'attachment; filename="emargement-2027-03-30.pdf"'
    assert (await browser.get(f"{page}/presence/emargement.pdf?partie=9")).content.startswith(b"%PDF-")
