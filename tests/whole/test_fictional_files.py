"""Every file of a fictional group says that it is one, in a place that moves no figure; no other group's does."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl
from litestar import Litestar
from litestar.routes import HTTPRoute
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api_client import API, Connect
from factories import BUYER, LUGOS, NOW, Territory, file_needs, open_purchase
from furnished import read_bill
from ordering import CYCLES
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.records.freezing import freeze_allocation
from pooling.allocation.records.workbook_export import ask_workbook, workbook_kind
from pooling.exports.writing import write_exports
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.files import Upload
from pooling.members.entrance import caller_of
from pooling.members.rights import Caller
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.orders.making import make_orders
from pooling.orders.naming import name_suppliers
from pooling.outbox.mail import FICTIONAL
from pooling.receipts.lists.sending import send_list
from pooling.receipts.lists.writing import LIST_KIND
from pooling.suppliers.keeping import add_supplier
from web_client import SignIn

HERE = {
    "group": "bassin",
    "reference": "AG-2027-001",
    "item": "arceau",
    "member": LUGOS,
    "number": "2",
    "export_id": "0",
    "list_id": "0",
    "order_number": "1",
}
AS_MAILED = "/versions/"
"""In the address of what a supplier was sent: it stays as it left. It is written as the order's own documents are."""
LIST = f"Code du membre;Article;Reçu\n{LUGOS};arceau;1".encode()
JSON_OF_API = tuple(f"{API}/purchases/AG-2027-001/{what}" for what in ("allocation", "consolidation"))


def files(app: Litestar, kind: str) -> list[str]:
    """The address of every file of this kind that a group hands out."""
    paths = [
        route.path_format for route in app.routes if isinstance(route, HTTPRoute) and "{group}" in route.path_format
    ]
    return sorted(path.format_map(HERE) for path in paths if path.endswith(f".{kind}") and AS_MAILED not in path)


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


ABOUT = ("À propos", "Lisez-moi")


def _remark(title: str, rows: Sequence[Sequence[Any]]) -> object:
    """What the last column of every row says, or on the sheet about the file its last line; None without one."""
    if title in ABOUT:
        return {row[0]: row[1] for row in rows}.get("Remarque")
    if rows[0][-1] != "Remarque":
        return None
    (said,) = {row[-1] for row in rows[1:] if row[0] != "Total"} or {FICTIONAL}
    return said


class Files:
    """What a group's files hold, by address."""

    def __init__(self, app: Litestar, contents: Mapping[str, bytes]) -> None:
        self.csv = {path: read_csv(contents[path]) for path in files(app, "csv")}
        self.json = {path: json.loads(contents[path]) for path in (*files(app, "json"), *JSON_OF_API)}
        self.sheets: dict[str, object] = {
            f"{path} {sheet.title}": _remark(sheet.title, list(sheet.values))
            for path in files(app, "xlsx")
            for sheet in openpyxl.load_workbook(io.BytesIO(contents[path]))
        }
        for path in files(app, "ods"):
            book = CalamineWorkbook.from_filelike(io.BytesIO(contents[path]))
            self.sheets |= {
                f"{path} {title}": _remark(title, book.get_sheet_by_name(title).to_python())
                for title in book.sheet_names
            }


async def _buy(session: AsyncSession, buyer: Caller, territory: Territory, purchase_id: int) -> None:
    """An order that has left, and a bill."""
    supplier = await add_supplier(session, buyer, CYCLES, NOW)
    await name_suppliers(session, buyer, purchase_id, {"arceau": supplier.id}, NOW)
    await make_orders(session, buyer, purchase_id, FixedClock(NOW))
    await session.execute(text("UPDATE orders SET state = 'sent', sent_at = created_at"))
    await session.execute(text("UPDATE purchases SET state = 'ordered'"))
    await read_bill(session, territory, purchase_id)


async def test_every_file_of_a_fictional_group_says_so(
    app: Litestar, sign_in: SignIn, connect: Connect, database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW, participants=(LUGOS,))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, purchase_id, FixedClock(NOW), options={})
        for _ in range(2):  # the second is compared with the first
            await freeze_allocation(session, buyer, purchase_id, "x", FixedClock(NOW))
        await _buy(session, buyer, territory, purchase_id)
    browser, program = await sign_in("animation@bassin.example"), await connect(BUYER)
    referent, lead = await sign_in("referent@lugos.example"), await sign_in(BUYER)

    async def read() -> Files:
        async with database.transaction(territory.group_id) as session:
            books: dict[str, int] = {
                "xlsx": await ask_workbook(session, buyer, purchase_id, NOW),
                "ods": await ask_workbook(session, buyer, purchase_id, NOW, kind="ods"),
            }
            list_id = (await send_list(session, buyer, purchase_id, Upload("recu.csv", LIST), NOW.date(), NOW)).id
        kinds = [workbook_kind(FinanceConfiguration()), LIST_KIND]
        assert await write_exports(database, FixedClock(NOW), kinds) == 3
        contents = {}
        for path in (*files(app, "csv"), *files(app, "json"), *files(app, "xlsx"), *files(app, "ods"), *JSON_OF_API):
            asked = path.replace("/classeurs/0/", f"/classeurs/{books.get(path.rpartition('.')[2])}/")
            asked = asked.replace("/fichiers/0/", f"/fichiers/{list_id}/")
            of_lead = "/devis/modele." in path or "/arrivees/" in path
            theirs = lead if of_lead else referent if "/modele." in path else browser
            answer = await (program if path.startswith("/api/") else theirs).get(asked)
            assert answer.status_code == 200, path
            contents[path] = answer.content
        return Files(app, contents)

    before = await read()
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("DELETE FROM receipt_lists"))  # the same may be sent again
        await session.execute(text("UPDATE groups SET fictional = true"))
    after = await read()

    assert len(before.csv) == 15
    for path, rows in before.csv.items():
        assert "Remarque" not in rows[0], path
        assert len(rows) > 1, path
        assert after.csv[path] == [[*rows[0], "Remarque"], *([*row, FICTIONAL] for row in rows[1:])], path
    assert len(before.json) == 7
    for path, figures in before.json.items():
        assert figures.pop("notice", None) is None, path
        assert after.json[path] == {"notice": FICTIONAL, **figures}, path
    assert len(before.sheets) > 10
    assert {*before.sheets.values()} == {None}
    assert after.sheets == dict.fromkeys(before.sheets, FICTIONAL)


async def test_the_lines_say_so_too(connect: Connect, database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW, participants=(LUGOS,))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    answer = await (await connect(BUYER)).get(f"{API}/purchases/AG-2027-001/allocation.csv?view=lines")
    title, *rows = read_csv(answer.content)
    assert title[-1] == "Remarque"
    assert {row[-1] for row in rows} == {FICTIONAL}
