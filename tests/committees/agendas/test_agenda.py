"""The agenda of a committee: its items change and move without a mouse; what is open is taken up once."""

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from factories import NOW, Territory, file_needs, open_purchase
from pooling.committees.agendas.items import add_item, remove_item, shift_item
from pooling.committees.agendas.rows import order_of
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.agendas.taking_up import take_up
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import NotFound
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from web_client import Browser, SignIn, insist, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
MEETING = (NOW + timedelta(days=20)).date()


def facilitator(territory: Territory) -> Caller:
    return territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))


async def plan(database: Database, territory: Territory, *titles: str, **values: object) -> str:
    """A committee of two hours at 14 h with these items; returns its page."""
    command = CommitteeIn.model_validate(
        {"day": MEETING, "hour": "14:00", "place": "Mairie", "agenda": "\n".join(titles), **values}
    )
    async with database.transaction(territory.group_id) as session:
        return f"/g/bassin/comites/{await schedule_committee(session, facilitator(territory), command, NOW)}"


async def ids_of(database: Database, territory: Territory, page: str) -> list[int]:
    async with database.transaction(territory.group_id) as session:
        return await order_of(session, int(page.rsplit("/", 1)[1]))


async def titles(browser: Browser, page: str) -> Sequence[str]:
    shown = (await browser.get(f"{page}/ordre-du-jour")).text
    return re.findall(r'agenda-title">\d+\. ([^<]+)<', shown)


async def test_an_item_is_added_with_all_there_is_to_say(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    page = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    agenda = f"{page}/ordre-du-jour"
    assert "n’est pas encore écrit" in text_of(await browser.get(agenda))
    item = {"title": "Choisir", "duration": "25", "presenter": "Acheteuse pilote", "purchase": "AG-2027-001"}
    answer = await browser.post(agenda, item, page=agenda)
    assert re.fullmatch(rf"{agenda}#point-\d+", answer.headers["location"])
    await browser.post(agenda, {"title": "Décider"}, page=agenda)
    shown = text_of(await browser.get(agenda))
    assert "14 h 25 min 1. Choisir Acheteuse pilote · AG-2027-001 · Arceaux" in shown
    assert "14 h 25 2. Décider" in shown
    read = text_of(await (await sign_in(REFERENT)).get(agenda))
    assert "1. Choisir" in read
    assert not re.search("Modifier|Monter|Ajouter|Convoquer", read)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"title": ""}, "Donnez un titre"),
        ({"title": "x" * 201}, "200 caractères"),
        ({"duration": "0"}, "1 au moins"),
        ({"duration": "dix"}, "nombre entier"),
        ({"presenter": "x" * 121}, "120 caractères"),
        ({"purchase": "AG-2027-999"}, "pas d’achat"),
    ],
)
async def test_bad_input_is_told_and_kept(
    database: Database, territory: Territory, sign_in: SignIn, typed: dict[str, str], sentence: str
) -> None:
    page = await plan(database, territory, "Un point")
    browser = await sign_in(FACILITATOR)
    (item,) = await ids_of(database, territory, page)
    for address in (f"{page}/ordre-du-jour", f"{page}/ordre-du-jour/{item}"):
        answer = await browser.post(address, {"title": "Gardé", "presenter": "Élue", **typed}, page=address)
        assert answer.status_code == 422, address
        assert sentence in text_of(answer)
        assert "Élue" in answer.text or "presenter" in typed
    assert await titles(browser, page) == ["Un point"]


async def test_items_move_by_buttons_and_by_place(database: Database, territory: Territory, sign_in: SignIn) -> None:
    page = await plan(database, territory, "A", "B", "C", "D")
    browser = await sign_in(FACILITATOR)
    first, second, _, last = await ids_of(database, territory, page)
    url = f"{page}/ordre-du-jour"
    await browser.post(f"{url}/{last}/montee", page=url)
    assert await titles(browser, page) == ["A", "B", "D", "C"]
    await browser.post(f"{url}/{first}/descente", page=url)
    assert await titles(browser, page) == ["B", "A", "D", "C"]
    await browser.post(f"{url}/{second}/montee", page=url)  # the first one stays the first
    assert await titles(browser, page) == ["B", "A", "D", "C"]
    form = await browser.get(f"{url}/{last}")
    assert 'name="place" type="text" inputmode="numeric" value="3"' in form.text
    await browser.post(f"{url}/{last}", {"title": "D bis", "place": "1"}, page=url)
    assert await titles(browser, page) == ["D bis", "B", "A", "C"]
    refused = await browser.post(f"{url}/{last}", {"title": "D", "place": "5"}, page=url)
    assert (refused.status_code, "4 au plus" in text_of(refused)) == (422, True)


async def test_an_item_is_removed(database: Database, territory: Territory, sign_in: SignIn) -> None:
    page = await plan(database, territory, "A", "B")
    browser = await sign_in(FACILITATOR)
    first, _ = await ids_of(database, territory, page)
    await browser.post(f"{page}/ordre-du-jour/{first}/retrait", page=f"{page}/ordre-du-jour/{first}")
    assert await titles(browser, page) == ["B"]
    assert (await browser.post(f"{page}/ordre-du-jour/{first}/retrait")).status_code == 404


async def test_an_item_is_reached_through_its_own_committee_only(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    page, other = await plan(database, territory, "A"), await plan(database, territory, "B")
    (foreign,) = await ids_of(database, territory, other)
    browser = await sign_in(FACILITATOR)
    assert (await browser.get(f"{page}/ordre-du-jour/{foreign}")).status_code == 404
    for act in ("", "/montee", "/descente", "/retrait"):
        answer = await browser.post(f"{page}/ordre-du-jour/{foreign}{act}", {"title": "Pris"})
        assert answer.status_code == 404, act
    assert await titles(browser, other) == ["B"]


async def test_an_agenda_too_long_for_the_meeting_is_told(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    page = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    url = f"{page}/ordre-du-jour"
    await browser.post(url, {"title": "A", "duration": "100"}, page=url)
    assert "dépasse" not in text_of(await browser.get(url))
    await browser.post(url, {"title": "B", "duration": "50"}, page=url)
    assert "dépasse la réunion de 30 minutes" in text_of(await browser.get(url))


async def test_nothing_changes_once_the_meeting_has_begun(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    page = await plan(database, territory, "A", "B")
    first, _ = await ids_of(database, territory, page)
    clock.instant = NOW + timedelta(days=21)
    browser = await sign_in(FACILITATOR)
    url = f"{page}/ordre-du-jour"
    assert "Modifier" not in text_of(await browser.get(url))
    for act in ("", f"/{first}", f"/{first}/montee", f"/{first}/retrait", "/propositions"):
        assert (await browser.post(f"{url}{act}", {"title": "C"})).status_code == 409, act
    assert await titles(browser, page) == ["A", "B"]


async def test_what_is_open_is_proposed_and_taken_up_once(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase = await open_purchase(database, territory, NOW, days=30)
    await file_needs(database, territory, purchase, REFERENT, NOW, arceau=3)
    page = await plan(database, territory, "Accueil")
    browser = await sign_in(FACILITATOR)
    url = f"{page}/ordre-du-jour"
    shown = text_of(await browser.get(url))
    assert "Collecte bientôt close : Arceaux (1 réponse sur 5)" in shown
    assert "Membres sans réponse : Arceaux" in shown
    await browser.post(f"{url}/propositions", {"key": f"closing-{purchase}"}, page=url)
    again = await browser.post(f"{url}/propositions", {"key": f"closing-{purchase}"}, page=url)
    assert again.status_code == 303
    assert await titles(browser, page) == ["Accueil", "Collecte bientôt close\u00a0: Arceaux"]
    await browser.post(f"{url}/propositions", page=url)
    await browser.post(f"{url}/propositions", page=url)
    assert len(await titles(browser, page)) == 3
    live = text_of(await browser.get(url))
    assert "4 membres sans réponse sur 5" in live
    await file_needs(database, territory, purchase, "referent@salles.example", NOW, arceau=1)
    assert "3 membres sans réponse sur 5" in text_of(await browser.get(url))


@pytest.mark.parametrize("key", ["nothing", "closing-999999", "follow_up", "difficulty-1", "closing-x"])
async def test_a_proposal_that_does_not_stand_adds_nothing(
    database: Database, territory: Territory, sign_in: SignIn, key: str
) -> None:
    await open_purchase(database, territory, NOW)
    page = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    url = f"{page}/ordre-du-jour"
    assert (await browser.post(f"{url}/propositions", {"key": key}, page=url)).status_code == 303
    assert await titles(browser, page) == []


async def test_what_earlier_committees_left_is_suggested_first(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    earlier = await plan(database, territory)
    later, sooner = [await open_purchase(database, territory, NOW, days=days) for days in (40, 25)]
    browser = await sign_in(FACILITATOR)
    page = await plan(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text(
                "INSERT INTO decisions (group_id, committee_id, number, content, terms, state, outcome, revision, "
                "assigned_at, created_at) VALUES (:group, :committee, 1, 'Écrire', '{}', 'open', '', 1, :now, :now)"
            ),
            {"group": territory.group_id, "committee": int(earlier.rsplit("/", 1)[1]), "now": NOW},
        )
        await session.execute(
            text(
                "INSERT INTO difficulties (group_id, raised_by, content, state, settlement, raised_at) "
                "VALUES (:group, :person, 'Un retard', 'raised', '', :now)"
            ),
            {"group": territory.group_id, "person": territory.people[FACILITATOR], "now": NOW},
        )
    shown = (await browser.get(f"{page}/ordre-du-jour")).text
    keys = re.findall(r'name="key" value="([^"]+)"', shown)
    assert keys[1].startswith("difficulty-")
    del keys[1]
    assert keys == ["follow_up", f"closing-{sooner}", f"closing-{later}", f"silent-{sooner}", f"silent-{later}"]


async def test_what_is_open_comes_with_a_new_committee(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW, days=40)
    browser = await sign_in(FACILITATOR)
    new = "/g/bassin/comites/nouveau"
    assert 'name="take_up" value="1" checked' in (await browser.get(new)).text
    monday = MEETING + timedelta(days=1)
    form = {"title": "Comité", "day": f"{monday}", "hour": "14:00", "duration": "60", "place": "Mairie"}
    made = await browser.post(new, {**form, "agenda": "Accueil", "take_up": "1"}, page=new)
    taken = await titles(browser, made.headers["location"])
    assert taken == [
        "Accueil",
        "Collecte bientôt close\u00a0: Arceaux",
        "Membres sans réponse\u00a0: Arceaux",
    ]
    without = await insist(browser, new, {**form, "agenda": "Accueil"}, "a lieu le même jour, à 14 h")
    assert await titles(browser, without.headers["location"]) == ["Accueil"]


@pytest.mark.parametrize(("field", "value"), [("kind", "secret"), ("clear_days", "2"), ("clear_days", "abc")])
async def test_the_sort_of_meeting_is_one_there_is(
    territory: Territory, sign_in: SignIn, field: str, value: str
) -> None:
    browser = await sign_in(FACILITATOR)
    new = "/g/bassin/comites/nouveau"
    form = {"title": "Comité", "day": f"{MEETING}", "hour": "14:00", "place": "Mairie", "kind": "formal"}
    answer = await browser.post(new, {**form, field: value}, page=new)
    assert (answer.status_code, "réponses proposées" in text_of(answer)) == (422, True)


async def test_decisions_that_are_open_are_followed_up(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    earlier = await plan(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text(
                "INSERT INTO decisions (group_id, committee_id, number, content, terms, state, outcome, revision, "
                "due_on, assigned_at, created_at) VALUES (:group, :committee, 1, 'Écrire aux fournisseurs', '{}', "
                "'open', '', 1, DATE '2027-02-01', :now, :now)"
            ),
            {"group": territory.group_id, "committee": int(earlier.rsplit("/", 1)[1]), "now": NOW},
        )
    page = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    url = f"{page}/ordre-du-jour"
    assert "Suivi des décisions (1 décision ouverte, dont 1 en retard)" in text_of(await browser.get(url))
    await browser.post(f"{url}/propositions", page=url)
    shown = text_of(await browser.get(url))
    assert "Écrire aux fournisseurs (en retard depuis le 01/02/2027, décision n° 1 du 21/03/2027)" in shown
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE decisions SET state = 'done'"))
    assert "Aucune décision n’est en attente." in text_of(await browser.get(url))


async def test_people_who_move_items_at_once_neither_lose_nor_double_one(
    fresh_database: Database, territory: Territory
) -> None:
    caller = facilitator(territory)
    page = await plan(fresh_database, territory, *"ABCDEFGH")
    committee = int(page.rsplit("/", 1)[1])
    ids = await ids_of(fresh_database, territory, page)

    async def shift(item: int, by: int) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            await shift_item(session, caller, committee, item, by, NOW)

    async def add(title: str) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            await add_item(session, caller, committee, AgendaItemIn(title=title), NOW)

    async def remove(item: int) -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            await remove_item(session, caller, committee, item, NOW)

    async def take() -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            await take_up(session, caller, committee, NOW)

    await open_purchase(fresh_database, territory, NOW, days=40)
    of_the_removed, *others = await asyncio.gather(
        *(shift(item, by) for item, by in zip(ids, (1, -1, 3, -3, 2, -2, 1, -1), strict=True)),
        *(add(title) for title in "XYZ"),
        remove(ids[0]),
        *(take() for _ in range(3)),
        return_exceptions=True,
    )
    assert of_the_removed is None or isinstance(of_the_removed, NotFound), "gone by the time it was shifted"
    assert not [failure for failure in others if isinstance(failure, BaseException)]
    async with fresh_database.transaction(territory.group_id) as session:
        rows = (await session.execute(text("SELECT position, title FROM agenda_items ORDER BY position"))).all()
    assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
    assert sorted(title for _, title in rows) == sorted(
        [*"BCDEFGHXYZ", "Collecte bientôt close : Arceaux", "Membres sans réponse : Arceaux"]
    )
