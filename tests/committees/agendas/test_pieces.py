"""Files of a committee: sent, seen by the group, always handed out as a download, within limits."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from factories import NOW, Territory, make_territory
from pooling.committees.agendas.files import LARGEST_SENDING, MOST_OF_ITEM, MOST_OF_MINUTES, attach_files
from pooling.committees.agendas.items import add_item
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.files import LARGEST_FILE, Upload
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from web_client import TOKEN, Browser, SignIn, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
PDF = b"%PDF-1.7\n%\xe2\xe3 un devis"


def facilitator(territory: Territory) -> Caller:
    return territory.caller(FACILITATOR, HeldRole(Role.FACILITATOR))


async def plan(database: Database, territory: Territory, slug: str = "bassin") -> tuple[str, int]:
    """A committee with one item: its page and the item's id."""
    command = CommitteeIn.model_validate({"day": (NOW + timedelta(days=20)).date(), "hour": "14:00", "place": "M"})
    async with database.transaction(territory.group_id) as session:
        committee = await schedule_committee(session, facilitator(territory), command, NOW)
        item = await add_item(session, facilitator(territory), committee, AgendaItemIn(title="Devis"), NOW)
    return f"/g/{slug}/comites/{committee}", item


async def send(
    browser: Browser, page: str, files: Sequence[tuple[str, bytes]], point: int | None = None
) -> httpx.Response:
    """Posts as the multipart form of the page does."""
    shown = await browser.get("/compte")
    token = TOKEN.search(shown.text)
    assert token is not None
    fields: Mapping[str, str] = {"csrf": token[1], **({"point": str(point)} if point is not None else {})}
    return await browser.client.post(
        f"{page}/pieces",
        data=fields,
        files=[("files", (name, content, "application/x-lie")) for name, content in files],
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def links(browser: Browser, address: str) -> list[str]:
    return re.findall(r'href="([^"]+/pieces/\d+)"', (await browser.get(address)).text)


async def test_files_go_with_an_item_and_come_back_as_downloads(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    answer = await send(browser, page, [("Devis été.pdf", PDF), ("note.html", b"<script>1</script>")], item)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}/pieces?point={item}")
    reader = await sign_in(REFERENT)
    shown = text_of(await reader.get(f"{page}/ordre-du-jour"))
    assert f"Devis été.pdf ({len(PDF)} octets)" in shown
    assert "note.html.txt" in shown
    first, second = await links(reader, f"{page}/ordre-du-jour")
    got = await reader.get(first)
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"Devis ete.pdf\"; filename*=UTF-8''Devis%20%C3%A9t%C3%A9.pdf"
    )
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"].startswith("private")
    page_as_text = await reader.get(second)
    assert page_as_text.headers["content-type"].startswith("text/plain")
    assert page_as_text.headers["content-disposition"].startswith("attachment")


async def test_files_of_the_minutes_stand_apart(database: Database, territory: Territory, sign_in: SignIn) -> None:
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    answer = await send(browser, page, [("Annexe.pdf", PDF)])
    assert answer.headers["location"] == f"{page}/pieces"
    assert "Annexe.pdf" in text_of(await browser.get(f"{page}/pieces"))
    assert "Annexe.pdf" not in text_of(await browser.get(f"{page}/pieces?point={item}"))
    assert "Annexe.pdf" not in text_of(await browser.get(f"{page}/ordre-du-jour"))


def macros() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr("[Content_Types].xml", "<Types/>")
        zipped.writestr("xl/vbaProject.bin", "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("vide.pdf", b"", "« vide.pdf » : Ce fichier est vide."),
        ("programme.pdf", b"MZ\x90\x00", "n’est pas d’une sorte acceptée"),
        ("budget.xlsx", macros(), "sans macros"),
        ("archive.docx", b"PK\x03\x04 cut", "n’est pas d’une sorte acceptée"),
        ("lourd.pdf", b"%PDF-" + bytes(LARGEST_FILE), "10 Mo au plus"),
    ],
)
async def test_what_is_refused_is_named_and_nothing_is_kept(
    database: Database, territory: Territory, sign_in: SignIn, name: str, content: bytes, sentence: str
) -> None:
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    answer = await send(browser, page, [("bon.pdf", PDF), (name, content)], item)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    async with database.transaction(territory.group_id) as session:
        for table in ("files", "file_contents", "attached_files"):
            assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0


async def test_a_form_without_a_file_says_so(database: Database, territory: Territory, sign_in: SignIn) -> None:
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    answer = await browser.post(f"{page}/pieces", {"point": item}, page=f"{page}/pieces?point={item}")
    assert (answer.status_code, "Choisissez au moins un fichier" in text_of(answer)) == (422, True)


@pytest.mark.parametrize(("minutes", "most"), [(False, MOST_OF_ITEM), (True, MOST_OF_MINUTES)])
async def test_there_is_one_file_too_many(
    database: Database, territory: Territory, sign_in: SignIn, *, minutes: bool, most: int
) -> None:
    page, item = await plan(database, territory)
    point = None if minutes else item
    browser = await sign_in(FACILITATOR)
    many = [(f"{number}.txt", f"note {number}".encode()) for number in range(most + 1)]
    too_many = await send(browser, page, many, point)
    assert (too_many.status_code, f"{most} pièces jointes au plus" in text_of(too_many)) == (422, True)
    assert (await send(browser, page, many[:most], point)).status_code == 303
    one_more = await send(browser, page, many[most:], point)
    assert (one_more.status_code, f"il y en a déjà {most}" in text_of(one_more)) == (422, True)


async def test_a_committee_has_room_for_so_much(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pooling.committees.agendas.files.LARGEST_TOGETHER", 2 * 1024 * 1024)
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    assert (await send(browser, page, [("a.txt", b"a" * 1024 * 1024)], item)).status_code == 303
    answer = await send(browser, page, [("b.txt", b"b" * (1024 * 1024 + 1))])
    assert (answer.status_code, "2 Mo au plus, ensemble" in text_of(answer)) == (422, True)


async def test_too_much_at_once_is_refused_before_it_is_read(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    page, _ = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    assert (await send(browser, page, [("a.txt", b"a" * (LARGEST_SENDING + 1024 * 1024))])).status_code == 413


async def test_nobody_from_outside_makes_us_read_a_file(
    database: Database, territory: Territory, visitor: Browser
) -> None:
    page, _ = await plan(database, territory)
    answer = await visitor.client.post(f"{page}/pieces", content=b"x" * 6_000_000)
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?suite=/")


async def test_only_who_writes_the_committee_adds_and_removes(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    page, item = await plan(database, territory)
    async with database.transaction(territory.group_id) as session:
        committee = int(page.rsplit("/", 1)[1])
        (file_id,) = await attach_files(
            session, facilitator(territory), committee, [Upload("a.pdf", PDF)], NOW, agenda_item_id=item
        )
    reader = await sign_in(REFERENT)
    assert (await send(reader, page, [("b.pdf", PDF)], item)).status_code == 403
    assert (await reader.post(f"{page}/pieces/{file_id}/retrait")).status_code == 403
    assert "Ajouter des fichiers" not in text_of(await reader.get(f"{page}/pieces?point={item}"))
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("UPDATE committees SET secretary_id = :person"), {"person": territory.people[REFERENT]}
        )
    secretary = await sign_in(REFERENT)
    assert (await send(secretary, page, [("b.pdf", PDF)], item)).status_code == 303
    assert (await secretary.post(f"{page}/pieces/{file_id}/retrait")).status_code == 303
    assert (await secretary.get(f"{page}/pieces/{file_id}")).status_code == 404


async def test_files_are_reached_through_their_own_committee_and_group_only(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    page, _ = await plan(database, territory)
    beside, beside_item = await plan(database, territory)
    other = await make_territory(database, NOW, slug="autre")
    foreign_page, foreign_item = await plan(database, other, "autre")
    made = {}
    for group, committee_page, point in ((territory, beside, beside_item), (other, foreign_page, foreign_item)):
        async with database.transaction(group.group_id) as session:
            committee = int(committee_page.rsplit("/", 1)[1])
            (made[committee_page],) = await attach_files(
                session, facilitator(group), committee, [Upload("a.pdf", PDF)], NOW, agenda_item_id=point
            )
    browser = await sign_in(FACILITATOR)
    for file_id in (*made.values(), 0, 10**30):
        assert (await browser.get(f"{page}/pieces/{file_id}")).status_code == 404
        assert (await browser.post(f"{page}/pieces/{file_id}/retrait")).status_code == 404
    for point in (beside_item, foreign_item, 999_999_999):
        assert (await send(browser, page, [("a.pdf", PDF)], point)).status_code == 404
        assert (await browser.get(f"{page}/pieces?point={point}")).status_code == 404
    through_ours = foreign_page.replace("/g/autre/", "/g/bassin/")
    assert (await browser.get(f"{through_ours}/pieces/{made[foreign_page]}")).status_code == 404
    assert (await browser.get(f"{beside}/pieces/{made[beside]}")).status_code == 200


async def test_an_item_takes_its_files_along(database: Database, territory: Territory, sign_in: SignIn) -> None:
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    await send(browser, page, [("a.pdf", PDF)], item)
    await send(browser, page, [("la meme.pdf", PDF)])  # the same content, once in the database
    await browser.post(f"{page}/ordre-du-jour/{item}/retrait")
    async with database.transaction(territory.group_id) as session:
        names = (await session.execute(text("SELECT name FROM files"))).scalars().all()
        contents = (await session.execute(text("SELECT count(*) FROM file_contents"))).scalar_one()
    assert (names, contents) == (["la meme.pdf"], 1)
    (kept,) = await links(browser, f"{page}/pieces")
    await browser.post(f"{kept}/retrait")
    async with database.transaction(territory.group_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM file_contents"))).scalar_one() == 0


async def test_files_stand_still_once_the_committee_is_over(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    page, item = await plan(database, territory)
    browser = await sign_in(FACILITATOR)
    await send(browser, page, [("a.pdf", PDF)], item)
    await browser.post(f"{page}/annulation", {"reason": "Grève"}, page=f"{page}/annulation")
    assert (await send(browser, page, [("b.pdf", PDF)], item)).status_code == 409
    (kept,) = await links(browser, f"{page}/ordre-du-jour")
    assert (await browser.post(f"{kept}/retrait")).status_code == 409
    assert (await browser.get(kept)).status_code == 200
