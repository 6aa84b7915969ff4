"""Members by list in the pages: looked at line by line, nothing written before it is confirmed, once."""

import io
import re
from html import unescape

import httpx
import openpyxl
import pytest
from sqlalchemy import select, text

from factories import ARCACHON, LUGOS, NOW, Territory
from pooling.directory.reading import PACKAGED, read_authorities
from pooling.kernel.database import Database
from pooling.kernel.list_reading import Line
from pooling.members.importing import import_members
from pooling.members.models import Member
from web_client import TOKEN, Browser, SignIn, text_of

FACILITATOR = "animation@bassin.example"
PAGE = "/g/bassin/liste-de-membres"
LIST = (
    "siren;nom;type;population;agents;rattachement\n"
    "213300098;Arcachon;commune;11 500;;\n"
    "213302607;Lugos;;;32;\n"
    '213303332;"Le Barp, dit ""le Barp""";commune;5806;153;\n'
    "\n"
    "IUT;IUT;;;;130018351\n"
    "213300097;Clé fausse;;;;\n"
    "213304983;Salles;;;;130018351\n"
)


async def send(browser: Browser, content: bytes, name: str = "membres.csv") -> httpx.Response:
    shown = TOKEN.search((await browser.get(PAGE)).text)
    assert shown is not None
    return await browser.client.post(
        PAGE,
        data={"csrf": shown[1]},
        files={"fichier": (name, content, "application/octet-stream")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


def to_confirm(preview: httpx.Response) -> dict[str, str]:
    return {
        name: unescape(re.search(rf'name="{name}" value="([^"]*)"', preview.text)[1])  # type: ignore[index]
        for name in ("seen", "liste")
    }


async def members(database: Database, territory: Territory) -> dict[str, Member]:
    async with database.transaction(territory.group_id) as session:
        return {one.code: one for one in (await session.execute(select(Member))).scalars()}


async def test_a_list_is_looked_at_then_written_once(sign_in: SignIn, database: Database, territory: Territory) -> None:
    browser = await sign_in(FACILITATOR)
    preview = await send(browser, LIST.encode())
    said = text_of(preview)
    assert preview.status_code == 200
    for expected in (
        *("Nouveau 2 lignes", "Corrigé 1 ligne", "Inchangé 1 ligne", "Refusé 2 lignes"),
        *("Ligne 7 : le SIREN doit avoir neuf chiffres", "Ligne 8 : une liste ne change pas un établissement"),
        "population : 11092 → 11500",
    ):
        assert expected in said, expected
    assert set(await members(database, territory)) == set(territory.members), "nothing is written yet"
    confirmed = to_confirm(preview)
    done = await browser.post(f"{PAGE}/confirmation", confirmed, page=PAGE)
    assert done.headers["location"] == "/g/bassin/membres"
    now = await members(database, territory)
    assert (now[ARCACHON].population, now[ARCACHON].agents, now[LUGOS].population) == (11_500, 292, 1208)
    assert (now["213303332"].name, now["IUT"].category) == ('Le Barp, dit "le Barp"', "composante")
    again = await browser.post(f"{PAGE}/confirmation", confirmed, page=PAGE)
    assert again.status_code == 409
    assert "Les membres ont changé entre-temps" in text_of(again)
    assert "Il n’y a rien à enregistrer." in text_of(again)
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(text("SELECT name FROM events WHERE name LIKE 'member.%' ORDER BY name"))
        assert list(told.scalars()) == ["member.added", "member.added", "member.corrected"]


async def test_a_workbook_says_the_same(sign_in: SignIn) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["SIREN", "Nom", "Population"])
    sheet.append([213303332, "Le Barp", 5806])
    content = io.BytesIO()
    book.save(content)
    said = text_of(await send(await sign_in(FACILITATOR), content.getvalue(), "membres.xlsx"))
    assert "Nouveau 1 ligne" in said
    assert "Enregistrer la liste" in said


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choisissez un fichier."),
        (b"siren;nom\n", "Le fichier ne contient aucune ligne après la première."),
        (b"code;libelle\n1;2\n", "Il manque la colonne « nom »"),
        (bytes(range(256)) * 50, "Ce n’est ni un fichier CSV, ni un classeur."),
        (b"PK\x03\x04" + b"\x00" * 500, "Ce n’est pas un classeur lisible"),
        (b"siren;nom\n" + b"1;x\n" * 5_001, "Le fichier a plus de 5\u202f000 lignes."),
    ],
)
async def test_what_cannot_be_read_is_told_in_a_sentence(sign_in: SignIn, content: bytes, sentence: str) -> None:
    answer = await send(await sign_in(FACILITATOR), content)
    assert answer.status_code == 422
    assert sentence.replace("\u202f", " ") in text_of(answer)


async def test_what_is_carried_is_judged_again(sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    page = f"{PAGE}/confirmation"
    assert (await browser.post(page, {"liste": "x", "seen": "x"}, page=PAGE)).status_code == 422
    typed = await browser.post(page, {"liste": "siren\tnom\n213303332\tLe Barp", "seen": "x"}, page=PAGE)
    assert (typed.status_code, "vérifiez de nouveau" in text_of(typed)) == (409, True)


async def test_a_department_of_the_directory_is_imported(database: Database, territory: Territory) -> None:
    lines = [
        Line.of(
            number, {"code": row.siren, "name": row.name, "insee": row.insee or "", "population": str(row.population)}
        )
        for number, row in enumerate(read_authorities(PACKAGED), start=2)
        if row.department == "33"
    ]
    async with database.transaction(territory.group_id) as session:
        written, _, bad = await import_members(session, lines, NOW)
    assert (written, bad) == (len(lines), [])
    async with database.transaction(territory.group_id) as session:
        told = await session.execute(text("SELECT name, count(*) FROM events WHERE name LIKE 'member.%' GROUP BY name"))
        assert {name: count for name, count in told} == {"member.added": len(lines) - 3, "member.corrected": 3}
