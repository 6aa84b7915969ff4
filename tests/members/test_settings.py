"""The facilitator's settings of the group: its name and hour, the second factor, who sees whose lines."""

from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.models import Group
from web_client import Browser, SignIn, text_of

PAGE = "/g/bassin/reglages"
PRESENT = {
    "name": "Bassin",
    "timezone": "Europe/Paris",
    "committee_every_months": "3",
    "quorum_percent": "",
    "school_zone": "",
}


async def save(browser: Browser, **changes: str) -> int:
    return (await browser.post(PAGE, {**PRESENT, **changes}, page=PAGE)).status_code


async def test_settings_are_kept_and_traced(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("animation@bassin.example")
    assert await save(browser) == 303
    assert await save(browser, name="Bassin d’Arcachon", timezone="Indian/Reunion") == 303
    shown = await browser.get(PAGE)
    assert 'value="Bassin d’Arcachon"' in shown.text
    assert '<option value="Indian/Reunion" selected>' in shown.text
    async with database.transaction(territory.group_id) as session:
        (event,) = (await session.execute(select(Event).where(col(Event.name) == "group.settings_changed"))).scalars()
    assert event.details == {
        "changed": {"name": ["Bassin", "Bassin d’Arcachon"], "timezone": ["Europe/Paris", "Indian/Reunion"]}
    }
    journal = text_of(await browser.get("/g/bassin/journal")).replace("\u00a0", " ")
    assert "a changé les réglages du groupe nom : « Bassin » ; heure locale : « Europe/Paris »" in journal


async def test_bad_settings_change_nothing(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("animation@bassin.example")
    for changes in (
        {"name": ""},
        {"name": "x" * 201},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        *({"committee_every_months": typed} for typed in ("", "5", "0", "x")),
        *({"quorum_percent": typed} for typed in ("100", "-1", "x")),
        {"school_zone": "D"},
    ):
        assert await save(browser, **changes) == 422, changes
    async with database.transaction(territory.group_id) as session:
        group = await session.get(Group, territory.group_id)
        assert group is not None
        assert (group.name, group.timezone) == ("Bassin", "Europe/Paris")


async def test_how_committees_are_planned(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("animation@bassin.example")
    assert await save(browser, committee_every_months="1", quorum_percent="50", school_zone="A") == 303
    shown = await browser.get(PAGE)
    assert '<option value="1" selected>' in shown.text
    assert '<option value="A" selected>' in shown.text
    assert 'value="50"' in shown.text
    journal = text_of(await browser.get("/g/bassin/journal")).replace("\u00a0", " ")
    assert "quorum en pourcentage : aucun" in journal
    assert await save(browser) == 303, "and back: no quorum, no zone"


async def test_every_member_sees_every_line_once_the_group_says_so(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    for email, units in (("referent@salles.example", 7), ("referent@lugos.example", 3)):
        await file_needs(database, territory, purchase_id, email, NOW, arceau=units)
    purchase = "/g/bassin/achats/AG-2027-001"
    referent, reader = await sign_in("referent@lugos.example"), await sign_in("observation@bassin.example")
    workbook = f"{purchase}/couts/repartition.xlsx"

    async def seen(browser: Browser) -> list[bool]:
        return [
            "Salles" in text_of(await browser.get(f"{purchase}/besoins")),
            (await browser.get(f"{purchase}/besoins/{SALLES}")).status_code == 200,
            "Salles" in text_of(await browser.get(f"{purchase}/couts")),
            (await browser.get(workbook)).status_code == 200,
        ]

    assert await seen(referent) == [False] * 4
    facilitator = await sign_in("animation@bassin.example")
    assert await save(facilitator, lines_visible_to_all="1") == 303
    assert await seen(referent) == [True] * 4
    assert await seen(reader) == [False] * 4, "an observer is no member"
    page = f"{purchase}/besoins/{SALLES}"
    assert (await referent.post(f"{page}/depot", {"no_need": "1"})).status_code in {403, 404}, "seeing is not filing"
    other = f"{purchase}/besoins/{ARCACHON}"
    buyer = await sign_in("referent@arcachon.example")
    assert (await buyer.post(f"{other}/brouillon", {"comment": "secret de brouillon"}, page=other)).status_code == 303
    assert "secret de brouillon" not in (await referent.get(other)).text, "a draft is nobody else's"
    assert await save(facilitator) == 303
    assert await seen(referent) == [False] * 4


async def test_the_second_factor_is_asked_of_those_it_is_meant_for(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    assert await save(await sign_in("animation@bassin.example"), second_factor_required="1") == 303
    for email, let_in in (
        ("animation@bassin.example", False),
        ("finances@arcachon.example", False),
        ("referent@lugos.example", True),
        ("observation@bassin.example", True),
    ):
        answer = await (await sign_in(email)).get("/g/bassin")
        assert answer.status_code == (200 if let_in else 303), email
