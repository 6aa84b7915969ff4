"""A subsidy from what is asked to its last instalment: pages, programs, À faire, reminders, what an allocation takes
off beside it.
"""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from allocation.records.test_versions import freeze, read
from api_client import API, Connect, Program
from bills.scene import PURCHASE, buy
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory
from pooling.allocation.models import Subsidy
from pooling.grants.models import Grant
from pooling.grants.reminders import _keepers, _plan, deadline_of, revision_of
from pooling.grants.rules import Deadline, GrantState, gap_words, state_of
from pooling.kernel.database import Database
from pooling.reminders.configuration import Schedule
from web_client import Browser, SignIn, text_of

GRANTS = "/g/bassin/finances/subventions"
NEW = f"{GRANTS}/nouveau"
ZONE = ZoneInfo("Europe/Paris")
FACILITATOR, FINANCE = "animation@bassin.example", "finances@arcachon.example"
ASKED = {
    "title": "Alvéole",
    "funder": "Un fonds",
    "member": "Arcachon",
    "purchase": "AG-2027-001",
    "asked_on": "2027-01-04",
    "asked": "720",
    "answer_by": "2027-01-20",
}


async def test_from_what_is_asked_to_the_last_instalment(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    bought = await buy(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE collections SET closed_at = opened_at"))
        session.add(
            Subsidy(
                group_id=territory.group_id, purchase_id=bought.purchase_id, code="alveole", label="Alvéole",
                rate=Decimal(40), items=["arceau"], members=[ARCACHON],
            )
        )  # fmt: skip
    buyer, finance, facilitator = await sign_in(BUYER), await sign_in(FINANCE), await sign_in(FACILITATOR)
    refused = await finance.post(NEW, {**ASKED, "member": "", "granted": "3"}, page=NEW)
    assert refused.status_code == 422
    assert 'value="720"' in refused.text, "what was typed is kept"
    assert (await finance.post(NEW, {**ASKED, "member": "Salles"}, page=NEW)).status_code == 403
    opened = await finance.post(NEW, {**ASKED, "subsidy": "alveole"}, page=NEW)
    assert opened.status_code == 303, text_of(opened)
    page = opened.headers["location"].split("?")[0]
    assert "Demandée" in await read(finance, GRANTS)
    assert "Demander où en est la subvention" in await read(finance, "/g/bassin")

    await freeze(buyer)
    await is_granted(finance, page)
    await is_read_by_whom_it_concerns(sign_in, facilitator, page)
    await tells_the_same(await connect(FACILITATOR))
    await stands_in_the_workbook(finance, facilitator, page)


async def is_granted(finance: Browser, page: str) -> None:
    """Less than what the allocation takes off (40 % of 1 800 €), paid in two parts."""
    assert "La répartition ne dit pas" not in await read(finance, page), "it takes off what is asked"
    sheet = f"{page}/fiche"
    shown = (await finance.get(sheet)).text
    version = shown.split('name="version" value="')[1].split('"')[0]
    granted = {
        **ASKED, "subsidy": "alveole", "version": version, "granted_on": "2027-02-01", "granted": "600",
        "decision": "D-12", "justify_by": "2027-03-01", "paid-on-1": "2027-02-10", "paid-1": "700",
    }  # fmt: skip
    too_much = await finance.post(sheet, granted, page=sheet)
    assert "Les versements dépassent ce qui est accordé." in text_of(too_much)
    assert (await finance.post(sheet, {**granted, "paid-1": "400"}, page=sheet)).status_code == 303
    stale = await finance.post(sheet, granted | {"paid-1": "1"}, page=sheet)
    assert "depuis que" in text_of(stale)
    said = await read(finance, page)
    assert "Versée en partie" in said
    assert "Reste à recevoir 200,00 €" in said
    assert "la répartition en déduit 720,00 € : baissez la subvention de 120,00 €" in said
    assert "720,00 € 600,00 € 400,00 €" in await read(finance, f"/g/bassin/finances/{ARCACHON}")


async def stands_in_the_workbook(finance: Browser, facilitator: Browser, page: str) -> None:
    """With the columns of the page, deadlines and documents; the group's own beside everybody's and officers' own."""
    document = {"files": ("décision.txt", b"Accord", "text/plain")}
    sent = await finance.post(f"{page}/pieces", {}, page=page, files=document)
    assert sent.status_code == 303, text_of(sent)
    mine: tuple[Any, ...] = (
        *(ARCACHON, "Arcachon", "Alvéole", "Un fonds", "AG-2027-001", day(2027, 1, 4), 720, day(2027, 2, 1), 600, 400),
        *("Versée en partie", day(2027, 1, 20), day(2027, 3, 1), None, None, "décision.txt"),
    )
    of_group: tuple[Any, ...] = (
        None,
        "Le groupe",
        "Étude",
        "Région",
        None,
        day(2027, 1, 4),
        15_000,
        None,
        0,
        0,
        "Demandée",
    )
    for browser, address, expected in (
        (finance, "liste.xlsx", [mine, of_group]),
        (facilitator, "liste.xlsx?annee=2027", [mine, of_group]),
        (facilitator, "liste.xlsx?annee=2026", []),
        (facilitator, f"{ARCACHON}/liste.xlsx", [mine]),
        (facilitator, f"{SALLES}/liste.xlsx", []),
    ):
        book = load_workbook(io.BytesIO((await browser.get(f"/g/bassin/finances/{address}")).content), data_only=True)
        rows = list(book["Subventions"].iter_rows(min_row=2, values_only=True))
        shown = [row for row in rows if row[2]]
        assert [row[: len(one)] for row, one in zip(shown, expected, strict=True)] == expected, address
        if expected:
            assert (rows[-1][6], rows[-1][9]) == (sum(one[6] for one in expected), 400), "the foot"


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number)  # noqa: DTZ001 - as a spreadsheet has it


async def is_read_by_whom_it_concerns(sign_in: SignIn, facilitator: Browser, page: str) -> None:
    assert (await facilitator.get(page)).status_code == 200
    assert (await (await sign_in("referent@lugos.example")).get(page)).status_code == 403
    assert "la subvention « Alvéole » apporte 600,00 €" in await read(await sign_in(BUYER), f"{PURCHASE}/couts/gel")
    assert "a mis à jour le dossier de subvention « Alvéole »" in await read(facilitator, "/g/bassin/journal")


async def tells_the_same(program: Program) -> None:
    (line,) = (await program.get(f"{API}/grants?state=partly_paid")).json()["items"]
    assert (line["granted_cents"], line["paid_cents"]) == (60_000, 40_000)
    assert (await program.get(f"{API}/grants?state=paid")).json()["items"] == []
    sent = {"title": "Étude", "funder": "Région", "asked_on": "2027-01-04", "asked_cents": 1_500_000, "action": ""}
    made = [await program.post(f"{API}/grants", sent, idempotency_key="etude") for _ in range(2)]
    assert made[0].json()["id"] == made[1].json()["id"], "made once"


async def test_deadlines_remind_finance_officers_until_they_are_met(database: Database, territory: Territory) -> None:
    group_id, members, soon = territory.group_id, territory.members, NOW.date() + timedelta(days=20)
    async with database.transaction(group_id) as session:
        for member, answer_by, refused_on in (
            (members[ARCACHON], soon, None),
            (None, soon, None),
            (members[LUGOS], NOW.date() - timedelta(days=1), None),
            (members[SALLES], soon, NOW.date()),
        ):
            session.add(
                Grant(
                    group_id=group_id, title="Alvéole", funder="Un fonds", asked_on=NOW.date(), asked_cents=1,
                    changed_at=NOW, member_id=member, answer_by=answer_by, refused_on=refused_on, justify_by=soon,
                )
            )  # fmt: skip
        await session.flush()
        planned = await _plan(session, Schedule(offsets=(-15, -2)), ZONE, NOW)
        assert len(planned) == 4, "two for each file that waits for an answer"
        assert {deadline_of(one.revision) for one in planned} == {(soon, Deadline.ANSWER)}
        told = {row.person_id for row in await session.execute(_keepers(ZONE, NOW))}
        assert told == {territory.people[FINANCE], territory.people[FACILITATOR]}


@pytest.mark.parametrize("which", Deadline)
def test_another_day_is_another_occasion(which: Deadline) -> None:
    day = date(2027, 3, 1)
    days = (day - date(1970, 1, 1)).days
    assert deadline_of(revision_of(days, list(Deadline).index(which))) == (day, which)


def test_how_a_file_stands_and_differs() -> None:
    stands = [state_of(None, None, 0), state_of(None, 5, 0), state_of(None, 5, 4), state_of(None, 5, 5)]
    assert stands == [GrantState.ASKED, GrantState.GRANTED, GrantState.PARTLY_PAID, GrantState.PAID]
    assert state_of(date(2027, 1, 1), None, 0) is GrantState.REFUSED
    assert gap_words("A", 5, 5) == ""
    assert "relevée de" in gap_words("A", 6, 5)
