"""Delivered quantities from a file: read line by line, looked at before anything counts, kept once."""

import csv
import io
import re
from collections.abc import Mapping

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from factories import BUYER, LUGOS, NOW, SALLES, Territory
from pooling.exports.writing import write_exports
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.list_reading import Line
from pooling.receipts.lists import reading
from pooling.receipts.lists.lines import COLUMNS, read_line
from pooling.receipts.lists.template_file import KINDS
from pooling.receipts.lists.writing import LIST_KIND
from receipts.test_receipts import ORDER, PURCHASE, TODAY, purchase_state, receipts
from receiving import REFERENTS, line_ids, make_ordered
from web_client import TOKEN, Browser, SignIn, insisting, text_of

LISTS = f"{PURCHASE}/arrivees/fichiers"


async def send(browser: Browser, content: bytes, name: str = "bl.csv") -> str:
    """Where it is looked at."""
    token = TOKEN.search((await browser.get(LISTS)).text)
    assert token
    answer = await browser.client.post(
        LISTS,
        data={"csrf": token[1], "received_on": TODAY},
        files={"fichier": (name, content)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"])


async def work(database: Database) -> None:
    await write_exports(database, FixedClock(NOW), [LIST_KIND])


async def filled(browser: Browser, values: Mapping[str, str]) -> bytes:
    """The template as CSV, with cells of columns by their titles: `Reçu` of everything, say."""
    blank = (await browser.get(f"{LISTS}/modele.csv")).content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(blank), delimiter=";"))
    head = lines[0]
    for line in lines[1:]:
        for title, value in values.items():
            line[head.index(title)] = line[head.index("À recevoir")] if value == "tout" else value
    target = io.StringIO()
    csv.writer(target, delimiter=";").writerows(lines)
    return target.getvalue().encode()


async def test_a_supplier_fills_in_the_template_and_all_of_it_is_kept_once(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id, order_id = await make_ordered(database, territory)
    buyer = await sign_in(BUYER)
    book = load_workbook(io.BytesIO((await buyer.get(f"{LISTS}/modele.xlsx")).content))
    titles = [cell.value for cell in next(book["Réceptions"].iter_rows(max_row=1))]
    assert {"Ligne", "Commande", "À recevoir", "Reçu"} <= set(titles)
    assert (await buyer.get(f"{LISTS}/modele.ods")).content[:2] == b"PK"

    content = await filled(buyer, {"Reçu": "tout", "Bon de livraison": "BL 7"})
    page = await send(buyer, content)
    assert "Le travail commence dans la minute" in text_of(await buyer.get(page))
    await work(database)
    read = text_of(await buyer.get(page))
    assert "Rien n’est encore noté" in read
    assert "tout ce qui était à recevoir" in read
    assert await receipts(database, territory) == []
    assert await send(buyer, content, "autre nom.csv") == page, "the same file is one"
    assert "déjà envoyé" in text_of(await buyer.get(page))

    assert (await buyer.post(f"{page}/confirmation")).status_code == 303
    twice = await buyer.post(f"{page}/confirmation")
    assert twice.status_code in {200, 422}
    await work(database)
    await work(database)
    assert len(await receipts(database, territory)) == 1, "one for an order and a delivery note"
    assert await purchase_state(database, territory, purchase_id) == "delivered"
    assert "BL 7" in text_of(await buyer.get(f"{ORDER}/membres/{SALLES}"))
    assert await send(buyer, content) == page
    assert "modele." not in (await buyer.get(LISTS)).text, "nothing is due"
    whole = (await buyer.get(f"{page}/lignes.csv")).content.decode("utf-8-sig")
    assert whole.count("\r\n") == 1 + len(await line_ids(database, territory, order_id))
    assert (await (await sign_in(REFERENTS[LUGOS])).get(page)).status_code == 403

    # withdrawn, it may be sent again
    (receipt_id,) = await receipts(database, territory)
    gone = await buyer.post(f"{PURCHASE}/arrivees/{receipt_id}/retrait", {"reason": "Mauvais fichier"})
    assert gone.status_code == 303
    assert await send(buyer, content) != page


async def test_only_templates_that_are_given_are_offered(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_ordered(database, territory)
    buyer = await sign_in(BUYER)
    monkeypatch.setattr("pooling.receipts.lists.pages.MOST_OF_WORKBOOK", 2)
    offered = re.findall(r"/modele\.(\w+)", (await buyer.get(LISTS)).text)
    assert offered == [kind for kind in KINDS if (await buyer.get(f"{LISTS}/modele.{kind}")).status_code == 200]
    assert offered == ["csv"]


async def test_each_line_is_taken_or_refused_with_its_reason(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    _, order_id = await make_ordered(database, territory)
    line = await line_ids(database, territory, order_id)
    buyer = await sign_in(BUYER)
    await buyer.post(ORDER, {"received_on": TODAY, f"recu-{line[LUGOS, 'abri']}": "2"})
    rows = [
        f";;{LUGOS};Arceau;12;;",
        f"L{line[SALLES, 'arceau']};;;;18;1;Abîmé",
        f";;{LUGOS};abri;2;;",
        f";;{SALLES};abri;1;;",
        f";AG-2099;{SALLES};arceau;1;;",
        f";;{SALLES};arceau;1,500;;",
        f"L{line[SALLES, 'arceau']};;;;1;;",
        f";;{SALLES};arceau;;1;",
        ";;;;;;",
        f";;{LUGOS};;;;",
    ]
    head = "Ligne;Commande;Code du membre;Article;Reçu;Refusé;Motif du refus"
    page = await send(buyer, "\n".join([head, *rows]).encode())
    await work(database)
    shown = text_of(await buyer.get(page))

    for said in (
        "2 de trop",
        "il manquera 2",
        "cet article n’était pas commandé pour ce lieu",
        "« 1,500 » peut se lire de deux façons",
        "même ligne de commande qu’à la ligne 3",
        "le motif du refus manque",
        "2 arceaux de trop pour 30 en commande",
        "1 ligne semble déjà notée",
    ):
        assert said in shown, said
    assert "Toutes les lignes" in shown
    refused = text_of(await buyer.get(f"{page}?voir=refusees"))
    assert "il manquera" not in refused
    assert "tout ce qui" not in text_of(await buyer.get(f"{page}?voir=ecarts"))

    doubted = await buyer.post(f"{page}/confirmation")
    assert doubted.status_code == 422
    assert (await buyer.post(f"{page}/confirmation", insisting(doubted))).status_code == 303
    await work(database)
    async with database.transaction(territory.group_id) as session:
        kept = await session.execute(text("SELECT sum(accepted), sum(refused), count(*) FROM receipt_lines"))
        assert kept.one() == (2 + 12 + 18 + 2, 1, 4)


async def test_a_file_that_is_none_is_told_and_one_can_be_given_up(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_ordered(database, territory)
    buyer = await sign_in(BUYER)
    page = await send(buyer, b"\x00\x01\x02")
    await work(database)
    assert "n’a pas pu être lu" in text_of(await buyer.get(page))
    empty = await send(buyer, await filled(buyer, {}))
    await work(database)
    assert "Aucune ligne" in text_of(await buyer.get(empty))
    assert (await buyer.post(f"{empty}/confirmation")).status_code == 422
    assert (await buyer.post(f"{empty}/abandon")).status_code == 303
    assert "Abandonné" in text_of(await buyer.get(LISTS))


async def test_a_worker_that_is_killed_at_it_loses_and_doubles_nothing(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends after a chunk is copied; another one begins anew. Then one ends once all is noted, before it said so."""
    _, order_id = await make_ordered(database, territory)
    buyer = await sign_in(BUYER)
    page = await send(buyer, await filled(buyer, {"Reçu": "tout"}))
    monkeypatch.setattr(reading, "CHUNK", 1)
    staged, stages = reading._stage, 0

    async def killed(*given: object) -> None:
        nonlocal stages
        stages += 1
        if stages == 2:
            raise SystemExit
        await staged(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "_stage", killed)
    with pytest.raises(SystemExit):
        await work(database)
    await work_again(database, territory)
    assert (await buyer.post(f"{page}/confirmation")).status_code == 303
    await work(database)
    async with database.transaction(territory.group_id) as session:
        waits = "UPDATE exports SET state = 'waiting', ended_at = NULL WHERE terms ->> 'step' = 'keep'"
        await session.execute(text(waits))
    await work(database)
    assert len(await receipts(database, territory)) == 1
    async with database.transaction(territory.group_id) as session:
        kept = await session.execute(text("SELECT count(*) FROM receipt_lines"))
        assert kept.scalar_one() == len(await line_ids(database, territory, order_id))


async def work_again(database: Database, territory: Territory) -> None:
    """As another worker does once the lease has run out."""
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE exports SET lease_until = :at"), {"at": NOW})
    await work(database)


def _line(**cells: str) -> Line:
    return Line.of(2, {name: cells.get(name, "") for name in COLUMNS})


@pytest.mark.parametrize(
    ("cells", "units", "problem"),
    [
        ({"accepted": "1 200"}, (1200, 0), ""),
        ({"accepted": "12,0"}, (12, 0), ""),
        ({"accepted": "3", "refused": "1", "reason": "Abîmé"}, (3, 1), ""),
        ({"accepted": "-1"}, (0, 0), "n’est pas un nombre entier"),
        ({"accepted": "2,5"}, (0, 0), "n’est pas un nombre entier"),
        ({"accepted": "9999999999"}, (0, 0), "n’est pas un nombre entier"),
        ({"accepted": "1", "line": "12x"}, (1, 0), "n’est pas un numéro de ligne du modèle"),
        ({"accepted": "1", "delivery_note": "x" * 61}, (1, 0), "dépasse 60 caractères"),
    ],
)
def test_what_cells_mean(cells: dict[str, str], units: tuple[int, int], problem: str) -> None:
    read = read_line(_line(**cells))
    assert read is not None
    assert (read.accepted, read.refused) == units
    assert problem in read.problem
    assert bool(problem) == bool(read.problem)


@pytest.mark.parametrize("cells", [{}, {"accepted": "0"}, {"accepted": "", "reason": "x"}])
def test_a_line_without_units_says_nothing(cells: dict[str, str]) -> None:
    assert read_line(_line(**cells)) is None
