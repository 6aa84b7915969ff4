"""A block that is pasted, a file that is filled in: looked at line by line, nothing written before it is confirmed."""

import io
import re
import zipfile
from datetime import timedelta
from html import unescape

import httpx
import openpyxl
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from factories import BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.needs.queries import DeclarationShown, declarations_of_member
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.finding import item_ids
from web_client import TOKEN, Browser, SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
PAGE = f"{BASE}/besoins/{LUGOS}"
REFERENT = "referent@lugos.example"
BLOCK = "Arceau posé\t12,0\t15\tDevant l’école\nabri\t1\nBanc\t3\n"


async def declared(database: Database, territory: Territory, purchase_id: int) -> dict[str, DeclarationShown]:
    async with database.transaction(territory.group_id) as session:
        return await declarations_of_member(session, purchase_id, territory.members[LUGOS])


async def units(database: Database, territory: Territory, purchase_id: int, shown: DeclarationShown) -> dict[str, int]:
    async with database.transaction(territory.group_id) as session:
        codes = {number: code for code, number in (await item_ids(session, purchase_id)).items()}
    return {codes[number]: quantity for number, quantity in shown.quantities.items()}


def to_confirm(preview: httpx.Response) -> dict[str, str]:
    return {
        name: unescape(re.search(rf'name="{name}" value="([^"]*)"', preview.text)[1])  # type: ignore[index]
        for name in ("seen", "porte", "lignes")
    }


async def send(browser: Browser, content: bytes, name: str = "besoins.xlsx") -> httpx.Response:
    shown = TOKEN.search((await browser.get(f"{PAGE}/fichier")).text)
    assert shown is not None
    return await browser.client.post(
        f"{PAGE}/fichier",
        data={"csrf": shown[1]},
        files={"fichier": (name, content, "application/octet-stream")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )


async def template(browser: Browser, kind: str = "xlsx", page: str = PAGE) -> bytes:
    answer = await browser.get(f"{page}/modele.{kind}")
    assert answer.status_code == 200
    assert f"AG-2027-001-declaration-{page.rpartition('/')[2]}.{kind}" in answer.headers["content-disposition"]
    return answer.content


def filled(content: bytes, **cells: dict[str, str | float]) -> bytes:
    """The template with these cells, by item's code and heading."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    assert not any(one.protection.sheet for one in book.worksheets), "nothing is protected"
    headings = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        for heading, value in cells.get(str(row[0].value), {}).items():
            row[headings.index(heading)].value = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


async def test_a_block_is_looked_at_kept_as_a_draft_checked_and_filed(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    assert "coller des cellules" in text_of(await browser.get(PAGE))
    preview = await browser.post(f"{PAGE}/collage", {"lignes": BLOCK}, page=f"{PAGE}/collage")
    said = text_of(preview)
    assert preview.status_code == 200
    assert "Besoins Lugos Vérifier les lignes" in said.replace("\u203a", ""), "each step of the way once"
    for words in (
        "Nouvelle 2 lignes",
        "Modifiée 0 ligne",
        "Refusée 1 ligne",
        "12, jusqu’à 15 · Devant l’école",
        "Ligne 3 : « Banc » n’est pas un article de cet achat",
        "Reprendre 2 lignes dans le brouillon",
    ):
        assert words in said, words
    assert await declared(database, territory, purchase_id) == {}, "nothing is written yet"

    done = await browser.post(f"{PAGE}/lignes", to_confirm(preview), page=f"{PAGE}/collage")
    assert done.headers["location"] == f"{PAGE}/verification"
    found = await declared(database, territory, purchase_id)
    assert set(found) == {"draft"}
    assert await units(database, territory, purchase_id, found["draft"]) == {"arceau": 12, "abri": 1}

    check = await browser.get(f"{PAGE}/verification")
    assert "Vérifiez la déclaration de Lugos" in text_of(check)
    assert "Devant l’école" in text_of(check)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', check.text))
    filed = await browser.post(
        f"{PAGE}/depot", {name: unescape(value) for name, value in hidden.items() if name != "csrf"}
    )
    assert filed.headers["location"] == PAGE
    found = await declared(database, territory, purchase_id)
    assert set(found) == {"filed"}
    assert [detail.note for detail in found["filed"].details.values()] == ["Devant l’école"]
    assert (await browser.get(f"{PAGE}/verification")).headers["location"] == PAGE, "nothing is left to check"

    again = await browser.post(f"{PAGE}/collage", {"lignes": "arceau;12;15\nabri;0"}, page=f"{PAGE}/collage")
    assert "Inchangée 1 ligne" in text_of(again)
    assert "Modifiée 1 ligne" in text_of(again)


async def test_what_another_person_kept_meanwhile_is_not_written_over(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    preview = await browser.post(f"{PAGE}/collage", {"lignes": BLOCK}, page=f"{PAGE}/collage")
    await file_needs(database, territory, purchase_id, REFERENT, NOW + timedelta(minutes=1), arceau=7)
    refused = await browser.post(f"{PAGE}/lignes", to_confirm(preview), page=f"{PAGE}/collage")
    assert refused.status_code == 422
    assert "une autre version de cette déclaration a été enregistrée" in text_of(refused)
    assert "Modifiée 1 ligne" in text_of(refused), "compared with what is declared now"
    assert set(await declared(database, territory, purchase_id)) == {"filed"}
    now = await browser.post(f"{PAGE}/lignes", to_confirm(refused), page=f"{PAGE}/collage")
    assert now.headers["location"] == f"{PAGE}/verification"


@pytest.mark.parametrize("fictional", [False, True])
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
async def test_a_template_comes_back_as_it_left(
    database: Database, territory: Territory, sign_in: SignIn, kind: str, fictional: bool
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = :fictional"), {"fictional": fictional})
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=4)
    content = await template(browser, kind)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[0][:6] == ["Code", "Article", "Unité", "Prix indicatif HT", "Quantité", "Jusqu’à"]
    assert [row[:2] + row[4:5] for row in rows[1:]] == [["arceau", "Arceau posé", 4], ["abri", "Abri de 10 places", ""]]
    assert [row[-1] == FICTIONAL for row in rows[1:]] == [fictional] * 2
    said = text_of(await send(browser, content, f"besoins.{kind}"))
    assert "Il n’y a rien à reprendre" in said
    assert "Inchangée 1 ligne" in said


async def test_an_open_document_names_its_kind_first(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    content = await template(await sign_in(REFERENT), "ods")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        first = book.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert book.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"


async def test_a_template_that_is_filled_in(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    content = filled(
        await template(browser),
        arceau={"Quantité": 12, "Jusqu’à": 15, "Numéro d’engagement": "E-2027-14"},
        abri={"Quantité": 1.5},
    )
    preview = await send(browser, content)
    assert "Nouvelle 1 ligne" in text_of(preview)
    assert "12, jusqu’à 15 · engagement E-2027-14" in text_of(preview)
    assert "Ligne 3 : la quantité « 1.5 » n’est pas un nombre entier" in text_of(preview)
    await browser.post(f"{PAGE}/lignes", to_confirm(preview), page=f"{PAGE}/fichier")
    draft = (await declared(database, territory, purchase_id))["draft"]
    assert await units(database, territory, purchase_id, draft) == {"arceau": 12}
    assert [detail.engagement for detail in draft.details.values()] == ["E-2027-14"]


async def test_a_file_of_another_or_of_before_is_refused_with_a_sentence(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await open_purchase(database, territory, NOW, title="Abris")
    browser = await sign_in(REFERENT)
    mine = await template(browser)
    other = await (await sign_in("referent@salles.example")).get(f"{BASE}/besoins/{SALLES}/modele.xlsx")
    answer = await send(browser, other.content)
    assert answer.status_code == 422
    assert f"Ce fichier est celui du membre {SALLES}, pas celui de Lugos ({LUGOS})." in text_of(answer)
    second = await browser.get(f"/g/bassin/achats/AG-2027-002/besoins/{LUGOS}/modele.xlsx")
    assert "celui de l’achat AG-2027-002, pas de AG-2027-001" in text_of(await send(browser, second.content))
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=7)
    assert "préparé avant la dernière version" in text_of(await send(browser, mine))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choisissez un fichier."),
        (b"article;quantite\n", "Il n’y a aucune ligne à lire."),
        (b"code;libelle\n1;2\n", "Il manque la colonne « article »"),
        (bytes(range(256)) * 50, "Ce n’est ni un fichier CSV, ni un classeur."),
        (b"MZ" + b"\x00" * 500, "Ce n’est ni un fichier CSV, ni un classeur."),
        (b"PK\x03\x04" + b"\x00" * 500, "Ce n’est pas un classeur lisible"),
        (b"article;quantite\n" + b"arceau;1\n" * 1_001, "Le fichier a plus de 1\u202f000 lignes."),
    ],
)
async def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    database: Database, territory: Territory, sign_in: SignIn, content: bytes, sentence: str
) -> None:
    await open_purchase(database, territory, NOW)
    answer = await send(await sign_in(REFERENT), content, "besoins.xlsx")
    assert answer.status_code == 422
    assert sentence.replace("\u202f", " ") in text_of(answer)


async def test_a_list_of_ones_own_in_an_old_encoding_is_read_right(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    said = text_of(
        await send(await sign_in(REFERENT), "Article;Quantité\nArceau posé;12,0\n".encode("cp1252"), "b.csv")
    )
    assert "Nouvelle 1 ligne" in said


async def test_doors_are_closed_to_others_and_with_the_collection(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    for email in ("referent@salles.example", "finances@arcachon.example", BUYER, "animation@bassin.example"):
        other = await sign_in(email)
        assert (await other.get(f"{PAGE}/modele.xlsx")).status_code in {403, 404}, email
        assert (await other.post(f"{PAGE}/lignes", {"lignes": BLOCK})).status_code in {403, 404}, email
    clock.instant = NOW + timedelta(days=14)
    browser = await sign_in(REFERENT)
    assert (await browser.get(f"{PAGE}/collage")).status_code == 409
    assert (await browser.post(f"{PAGE}/collage", {"lignes": BLOCK})).status_code == 409
    assert (await browser.post(f"{PAGE}/lignes", {"lignes": BLOCK, "seen": "none"})).status_code == 409
    assert await declared(database, territory, purchase_id) == {}


@pytest.mark.parametrize("typed", ["", "   ", 'arceau\t1\t\t"ouverte', "x" * 100_001])
async def test_a_block_that_is_none_is_told_and_kept(
    database: Database, territory: Territory, sign_in: SignIn, typed: str
) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(REFERENT)
    answer = await browser.post(f"{PAGE}/collage", {"lignes": typed}, page=f"{PAGE}/collage")
    assert answer.status_code == 422
    assert typed.replace('"', "&#34;")[:50] in answer.text
