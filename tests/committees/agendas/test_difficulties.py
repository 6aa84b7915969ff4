"""What a member struggles with is read by the group and stays on the next agenda until somebody says it is settled."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from factories import LUGOS, NOW, SALLES, Territory, make_territory, open_purchase
from pooling.committees.agendas.difficulties import (
    MOST_UNSETTLED,
    carry_difficulties,
    carry_what_is_open,
    raise_difficulty,
)
from pooling.committees.agendas.queries import agenda_lines
from pooling.committees.agendas.schemas import DifficultyIn
from pooling.committees.meetings.scheduling import cancel_committee, schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.queries import committee_by_id, whole_titles
from pooling.committees.rules import whole_title
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Forbidden
from pooling.members.entrance import caller_of
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.reminders.configuration import ReminderConfiguration
from web_client import Browser, SignIn, text_of

LIST = "/g/bassin/comites/difficultes"
NEW = f"{LIST}/nouvelle"
FACILITATOR, REFERENT, OTHER = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"


def facilitator(territory: Territory) -> Caller:
    return territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))


async def plan(database: Database, territory: Territory, days: int, now_days: int = 0) -> int:
    command = CommitteeIn.model_validate({"day": (NOW + timedelta(days=days)).date(), "hour": "14:00", "place": "M"})
    async with database.transaction(territory.group_id) as session:
        return await schedule_committee(session, facilitator(territory), command, NOW + timedelta(days=now_days))


async def tell(browser: Browser, content: str = "Pas de garage", **values: object) -> str:
    answer = await browser.post(NEW, {"content": content, **values}, page=NEW)
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["location"]


async def agendas(database: Database, territory: Territory) -> dict[int, list[str]]:
    """The difficulties on each committee's agenda, by what they say."""
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text(
                "SELECT i.committee_id, d.content FROM agenda_items i "
                "JOIN difficulties d ON d.group_id = i.group_id AND d.id = i.difficulty_id ORDER BY i.position"
            )
        )
        found: dict[int, list[str]] = {}
        for committee, content in rows:
            found.setdefault(committee, []).append(content)
        return found


@pytest.mark.parametrize("email", [FACILITATOR, REFERENT, "observation@bassin.example", "finances@arcachon.example"])
async def test_anybody_of_the_group_raises_one_and_all_read_it(
    territory: Territory, sign_in: SignIn, email: str
) -> None:
    page = await tell(await sign_in(email), "Pas de <b>garage</b>\nni de clé")
    reader = await sign_in(OTHER)
    shown = await reader.get(page)
    assert "Pas de &lt;b&gt;garage&lt;/b&gt;" in shown.text
    assert "Aucun comité n’est encore prévu" in text_of(shown)
    assert "À régler Difficulté n°" in text_of(await reader.get(LIST))


async def test_the_form_sent_twice_tells_one_difficulty(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    assert await tell(browser) == await tell(browser) != await tell(browser, "Pas de clé")
    assert await tell(await sign_in(OTHER)) != await tell(browser), "somebody else's is another"


async def test_one_is_raised_for_ones_own_member_about_a_purchase(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    form = await browser.get(f"{NEW}?achat=AG-2027-001")
    assert re.search(r'<option value="AG-2027-001" selected>', form.text)
    assert f'<option value="{territory.members[LUGOS]}" selected>Lugos' in form.text
    page = await tell(browser, purchase="AG-2027-001", member=territory.members[LUGOS])
    assert "par referent pour Lugos · AG-2027-001 · Arceaux" in text_of(await browser.get(page))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"content": " "}, "Décrivez la difficulté"),
        ({"content": "x" * 2001}, "2000 caractères"),
        ({"purchase": "AG-2020-009"}, "pas d’achat"),
        ({"member": "0"}, "réponses proposées"),
        ({"member": "abc"}, "réponses proposées"),
    ],
)
async def test_bad_input_is_told_and_kept(
    territory: Territory, sign_in: SignIn, typed: dict[str, str], sentence: str
) -> None:
    browser = await sign_in(REFERENT)
    answer = await browser.post(NEW, {"content": "Pas de garage", **typed}, page=NEW)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert "Pas de garage" in answer.text or "content" in typed


async def test_nobody_speaks_for_another_member(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    answer = await browser.post(NEW, {"content": "Faux", "member": territory.members[SALLES]}, page=NEW)
    assert answer.status_code == 422
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[REFERENT], territory.group_id)
        with pytest.raises(Forbidden):
            await raise_difficulty(session, caller, DifficultyIn(content="x", member_id=territory.members[SALLES]), NOW)


async def test_a_person_has_so_many_at_once(database: Database, territory: Territory) -> None:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[REFERENT], territory.group_id)
        for number in range(MOST_UNSETTLED):
            await raise_difficulty(session, caller, DifficultyIn(content=f"n° {number}"), NOW)
        with pytest.raises(Conflict):
            await raise_difficulty(session, caller, DifficultyIn(content="trop"), NOW)


async def test_it_comes_on_the_next_agenda_by_itself(database: Database, territory: Territory, sign_in: SignIn) -> None:
    later = await plan(database, territory, 40)
    browser = await sign_in(REFERENT)
    await tell(browser, "Avant")
    assert await agendas(database, territory) == {later: ["Avant"]}
    sooner = await plan(database, territory, 20)  # the next committee is another now
    await tell(browser, "Après")
    assert await agendas(database, territory) == {later: ["Avant"], sooner: ["Avant", "Après"]}


async def test_what_a_committee_did_not_settle_comes_to_the_next_one(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    first, second = await plan(database, territory, 10), await plan(database, territory, 40)
    browser = await sign_in(REFERENT)
    page = await tell(browser, "Reste")
    settled = await tell(browser, "Se règle")
    clock.instant = NOW + timedelta(days=11)
    browser = await sign_in(REFERENT)
    await browser.post(f"{settled}/reglement", {"settlement": "Garage trouvé"})
    async with database.transaction(territory.group_id) as session:
        assert await carry_what_is_open(session, clock) == 1
        assert await carry_what_is_open(session, clock) == 0
    assert await agendas(database, territory) == {first: ["Reste", "Se règle"], second: ["Reste"]}
    shown = text_of(await browser.get(page))
    assert shown.index("jeudi 11 mars") > shown.index("samedi 10 avril"), "the latest committee first"


async def test_a_cancelled_committee_hands_them_on(database: Database, territory: Territory, sign_in: SignIn) -> None:
    first, second = await plan(database, territory, 10), await plan(database, territory, 40)
    await tell(await sign_in(REFERENT), "Reste")
    async with database.transaction(territory.group_id) as session:
        await cancel_committee(
            session,
            facilitator(territory),
            first,
            NOW,
            reason="Grève",
            base_url="http://x",
            reminders=ReminderConfiguration(),
        )
    assert await agendas(database, territory) == {first: ["Reste"], second: ["Reste"]}


async def test_it_cannot_be_removed_from_the_agenda_only_settled(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    committee = await plan(database, territory, 20)
    browser = await sign_in(FACILITATOR)
    page = await tell(browser)
    agenda = f"/g/bassin/comites/{committee}/ordre-du-jour"
    found = re.search(r"id=\"point-(\d+)\"", (await browser.get(agenda)).text)
    assert found is not None
    item = f"{agenda}/{found[1]}"
    assert "Retirer de l’ordre du jour" not in text_of(await browser.get(item))
    assert (await browser.post(f"{item}/retrait")).status_code == 409
    await browser.post(item, {"title": "Garage", "duration": "10"}, page=item)
    await browser.post(f"{page}/reglement", {"settlement": "Garage trouvé à Salles"}, page=f"{page}/reglement")
    assert "Réglée : Garage trouvé à Salles" in text_of(await browser.get(agenda))
    assert (await browser.post(f"{item}/retrait")).status_code == 303
    assert "Garage" not in text_of(await browser.get(agenda))


async def test_settling_says_how_once(territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(REFERENT)
    page = await tell(browser)
    ask = f"{page}/reglement"
    assert "Dites en une phrase" in text_of(await browser.post(ask, {"settlement": " "}, page=ask))
    await browser.post(ask, {"settlement": "Salles prête son garage"}, page=ask)
    shown = text_of(await browser.get(page))
    assert "Réglée" in shown
    assert "Salles prête son garage" in shown
    assert (await browser.post(ask, {"settlement": "Encore"})).status_code == 409
    listed = text_of(await browser.get(LIST))
    assert "Aucune difficulté n’est en attente" in listed
    assert "Réglée : Salles prête son garage" in listed


@pytest.mark.parametrize(("email", "status"), [(REFERENT, 200), (FACILITATOR, 200), (OTHER, 403)])
async def test_who_raised_it_and_the_facilitator_settle_it(
    territory: Territory, sign_in: SignIn, email: str, status: int
) -> None:
    page = await tell(await sign_in(REFERENT))
    browser = await sign_in(email)
    assert (await browser.get(f"{page}/reglement")).status_code == status
    assert ("Dire qu’elle est réglée" in text_of(await browser.get(page))) == (status == 200)
    answer = await browser.post(f"{page}/reglement", {"settlement": "Oui"})
    assert answer.status_code == (303 if status == 200 else 403)


async def test_the_secretary_of_the_committee_that_speaks_of_it_settles_it(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    committee = await plan(database, territory, 20)
    page = await tell(await sign_in(REFERENT))
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("UPDATE committees SET secretary_id = :person WHERE id = :id"),
            {"person": territory.people[OTHER], "id": committee},
        )
    browser = await sign_in(OTHER)
    assert (await browser.post(f"{page}/reglement", {"settlement": "Décision n° 2"})).status_code == 303


async def test_another_groups_difficulty_does_not_exist(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    other = await make_territory(database, NOW, slug="autre")
    async with database.transaction(other.group_id) as session:
        caller = await caller_of(session, other.people[REFERENT], other.group_id)
        foreign = await raise_difficulty(session, caller, DifficultyIn(content="Chez nous"), NOW)
    browser = await sign_in(FACILITATOR)
    for address in (f"{LIST}/{foreign}", f"{LIST}/{foreign}/reglement", f"{LIST}/0", f"{LIST}/{10**30}"):
        assert (await browser.get(address)).status_code == 404
    assert (await browser.post(f"{LIST}/{foreign}/reglement", {"settlement": "x"})).status_code == 404
    assert "Chez nous" not in text_of(await browser.get(LIST))


async def test_the_list_turns_its_pages(database: Database, territory: Territory, sign_in: SignIn) -> None:
    async with database.transaction(territory.group_id) as session:
        for email in (REFERENT, OTHER):
            caller = await caller_of(session, territory.people[email], territory.group_id)
            for number in range(15):
                await raise_difficulty(session, caller, DifficultyIn(content=f"{email} {number}"), NOW)
    browser = await sign_in(REFERENT)
    first = await browser.get(LIST)
    assert f"{OTHER} 14" in text_of(first)
    assert f"{REFERENT} 4" not in text_of(first)
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    assert f"{REFERENT} 4" in text_of(await browser.get(following))


async def test_an_agenda_takes_only_so_many(database: Database, territory: Territory) -> None:
    committee = await plan(database, territory, 20)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text(
                "INSERT INTO difficulties (group_id, raised_by, content, state, settlement, raised_at) "
                "SELECT :group, :person, 'n° ' || n, 'raised', '', :now FROM generate_series(1, 300) n"
            ),
            {"group": territory.group_id, "person": territory.people[REFERENT], "now": NOW},
        )
        assert await carry_difficulties(session, NOW) == 200
    assert len((await agendas(database, territory))[committee]) == 200


async def test_a_long_difficulty_stands_whole_in_the_documents(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """A list shows it cut; a convocation and minutes are read without the page beside."""
    committee_id = await plan(database, territory, 20)
    said = " ".join(f"mot{n}" for n in range(100))
    await tell(await sign_in(REFERENT), said)
    async with database.transaction(territory.group_id) as session:
        committee = await committee_by_id(session, committee_id)
        (line,) = await agenda_lines(session, committee, ZoneInfo("Europe/Paris"), NOW)
        assert line.title.endswith("…")
        assert line.whole_title == f"Difficulté : {said}"
        assert await whole_titles(session, committee_id) == [f"Difficulté : {said}"]


@pytest.mark.parametrize(
    ("title", "difficulty"),
    [
        ("Budget…", None),
        ("Difficulté : le garage…", "Le vélo est cassé"),
        ("Difficulté : Pas de garage", "Pas de garage"),
    ],
)
def test_a_title_of_ones_own_stays_as_it_is(title: str, difficulty: str | None) -> None:
    assert whole_title(title, difficulty) == title
