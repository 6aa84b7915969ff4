"""How fast what finance gets of 10 000 members is made, next to bare limits: `python benchmarks/finance.py [MEMBERS]`.

10 000 members with four items of two suppliers, two charges and a subsidy, as for current shares: a version frozen, its
files for accounting packages, who owes whom, what remains to recover, everybody's finances over all purchases, and
some of its statements and deliberations. Each is made as it is for people: in a process apart, whose whole memory is
told, but what the worker writes (statements, deliberations, finances). The bare limits, in the same run: the rule, and
PostgreSQL copying the same rows; asyncpg fetching them and the standard library, or openpyxl's write-only sheet,
writing as many cells; typst setting the same pages; odfdo and python-docx writing as many plain paragraphs and cells.
They leave out the case and the result that a version keeps whole, what belongs to which line, names and references,
who is owed what, the texts with their headings, lists and styles, the foot of each page, and the sheet that checks.
"""

import asyncio
import csv
import resource
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import docx
from odfdo import Document as Odt
from odfdo import Element, Paragraph
from openpyxl import Workbook
from sqlalchemy.ext.asyncio import AsyncSession

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.current_shares import FINANCE, OTHERS, ROOM, world
from benchmarks.measuring import Row, interleaved
from benchmarks.measuring.server import in_a_world
from pooling import BESIDE
from pooling.accounting.configuration import EXPENSES, RECEIPTS
from pooling.accounting.layout_files import write_layout_file
from pooling.accounting.reading import read_booked
from pooling.accounting.statement import TEMPLATE, statement_data
from pooling.accounting.statement_export import write_statements
from pooling.allocation.case import read_purchase
from pooling.allocation.current import current_allocation
from pooling.allocation.records.freezing import freeze_allocation
from pooling.allocation.records.opening import find_record
from pooling.allocation.records.owing import write_debts
from pooling.conventions.export import read_deliberations
from pooling.embedded.postgres import PostgresAddresses
from pooling.exports.zips import zipped
from pooling.features import FEATURES
from pooling.finances.files import EVERYBODYS
from pooling.kernel.apart import PRELOADED, apart
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.members.features import gather_features
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.procurement.models import Mandate, ProcurementPlan
from pooling.purchases.models import Purchase
from pooling.recovery.workbook import write_accounts
from pooling.reminders.configuration import ReminderConfiguration
from pooling.sharing.allocation import allocate
from pooling.suppliers.keeping import SupplierIn, add_supplier
from pooling.web.pdf import Setter

MEMBERS = 10_000
STATEMENTS = 20
"""Of those that a ZIP file holds, thirty times as many. Deliberations, too."""
PARAGRAPHS, PARAGRAPH = 24, "Le conseil délibère sur la convention et sur la part que le membre prend à cet achat."
TABLES, TABLE_ROWS, CELLS, CELL = 4, 5, 3, "12 345,67 €"
"""About what a deliberation has, headings among the paragraphs."""
FREEZING = 5
AWARDS = """
    INSERT INTO awards (group_id, purchase_id, item_id, supplier_id, chosen_at, reason)
    SELECT i.group_id, i.purchase_id, i.id, s.id, now(), ''
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM items) i
    JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM suppliers) s ON s.place = 1 + i.place % 2"""
KEPT = "SELECT * FROM allocation_shares WHERE group_id = $1"
DEBTS = "SELECT debtor, creditor, what, cents FROM allocation_debts WHERE group_id = $1"
SHARES = "SELECT member, name, ht, vat, subsidies, fctva, net FROM allocation_shares WHERE group_id = $1"
COPY = """
    CREATE TEMP TABLE copied (LIKE current_shares INCLUDING ALL);
    INSERT INTO copied SELECT * FROM current_shares;
    DROP TABLE copied"""


async def prepared(database: Database, owner: asyncpg.Connection, group: int, purchase: int) -> Caller:
    """Two suppliers beside what current shares are measured with; its buyer."""
    buyer = Caller(0, group, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase),))
    async with database.transaction(group) as session:
        for name, number in (("Un", "DE136695976"), ("Deux", "DE129273398")):
            await add_supplier(session, buyer, SupplierIn(name=name, vat_number=number), datetime.now(UTC))
        session.add(ProcurementPlan(group_id=group, purchase_id=purchase, mandate=Mandate.FULL))
    await owner.execute(AWARDS)
    return buyer


async def rows(addresses: PostgresAddresses, folder: Path, ids: tuple[int, int]) -> list[Row]:
    """All of this file."""
    group, purchase = ids
    configured = gather_features(FEATURES, BESIDE / "config", ReminderConfiguration())
    database = Database.connect(addresses.application).handing(configured)
    owner = await asyncpg.connect(addresses.superuser)
    buyer = await prepared(database, owner, group, purchase)
    peaks: dict[str, float] = {}

    async def made(name: str, work: Callable[..., Awaitable[Any]], *given: Any) -> None:  # noqa: ANN401
        async with database.transaction(group) as session:
            peak = await apart(session, told, work, *given)
        peaks[name] = max(peak, peaks.get(name, 0.0))

    async def measured(
        name: str,
        bare: Callable[[], Awaitable[Any]],
        wanted: float,
        work: Callable[..., Awaitable[Any]],
        *given: Any,  # noqa: ANN401
    ) -> Row:
        row = await interleaved(name, lambda: made(name, work, *given), bare, wanted)
        return replace(row, peak=peaks[name], room=ROOM, patience=OTHERS)

    async def bare_rows(statement: str) -> None:
        with (folder / "bare").open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, delimiter=";").writerows(await owner.fetch(statement, group))

    async def bare_book() -> None:
        book = Workbook(write_only=True)
        sheet: Any = book.create_sheet("Dettes")
        for row in await owner.fetch(DEBTS, group):
            sheet.append([*row, "", ""])
        await asyncio.to_thread(book.save, folder / "bare")

    async with database.transaction(group) as session:
        await current_allocation(session, purchase, FINANCE)
        case = await read_purchase(session, purchase, "Grand achat", FINANCE)
    path, now, today = str(folder / "file"), datetime.now(UTC), datetime.now(UTC).date()

    async def bare_version() -> None:
        await asyncio.to_thread(allocate, case.case)
        await owner.execute(COPY)

    facts = {"Document": "Dettes"}
    found = [
        replace(
            await interleaved(
                "a version frozen, with who owes whom, beside the rule and a copy",
                lambda: made("frozen", frozen, purchase, buyer),
                bare_version,
                FREEZING,
            ),
            peak=peaks["frozen"],
            patience=OTHERS,
        )
    ]
    async with database.transaction(group) as session:
        record = await find_record(session, purchase, 1)
    found += [
        await measured(
            title, partial(bare_rows, KEPT), wanted, write_layout_file, path, purchase, 1, layout, "", now, FINANCE
        )
        for title, layout, wanted in (("« projets de titres »", RECEIPTS, 16), ("« projets de mandats »", EXPENSES, 32))
    ]
    found += [
        await measured("who owes whom, as a workbook", bare_book, 3, write_debts, path, record, facts, None, "xlsx"),
        await measured(
            "what remains to recover, as a workbook", bare_book, 6,
            write_accounts, path, purchase, today, 1500, facts, None, "xlsx",
        ),
        await finances(database, owner, group, folder),
        await statements(database, group, purchase),
        *await deliberations(database, group, purchase),
    ]  # fmt: skip
    await owner.close()
    await database.dispose()
    return found


async def frozen(session: AsyncSession, purchase: int, buyer: Caller) -> None:
    await freeze_allocation(session, buyer, purchase, "Grand achat", SystemClock(), finance=FINANCE)


async def told(session: AsyncSession, work: Callable[..., Awaitable[Any]], *given: Any) -> float:  # noqa: ANN401
    """The part of the process apart, which is told how many megabytes it held at its largest."""
    await work(session, *given)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def statements(database: Database, group: int, purchase: int) -> Row:
    async with database.transaction(group) as session:
        whole = await session.get_one(Purchase, (group, purchase))
        booked = await read_booked(session, whole, await find_record(session, purchase, 1), datetime.now(UTC), FINANCE)
    some = list(islice(booked.entries(), STATEMENTS))
    written = [statement_data(booked, entry) for entry in some]

    def bare() -> None:
        setter = Setter(TEMPLATE)
        for data in written:
            setter.set(data, booked.record.frozen_at)

    return await interleaved(
        f"{STATEMENTS} statements in a ZIP file, beside typst alone",
        lambda: asyncio.to_thread(write_statements, booked, some, lambda _: None),
        lambda: asyncio.to_thread(bare),
        2.5,
        room=ROOM,
        patience=OTHERS,
    )


async def finances(database: Database, owner: asyncpg.Connection, group: int, folder: Path) -> Row:
    async def bare() -> None:
        book = Workbook(write_only=True)
        for title in ("Membres", "Achats"):
            sheet: Any = book.create_sheet(title)
            for row in await owner.fetch(SHARES, group):
                sheet.append([*row, *[""] * 8])
        await asyncio.to_thread(book.save, folder / "bare")

    async def written() -> None:
        async with database.transaction(group) as session:
            prepared = await EVERYBODYS.prepare(session, {"year": None, "format": "xlsx"}, datetime.now(UTC))
        await asyncio.to_thread(prepared.write, lambda _: None)

    name = "finances of everybody, as a workbook"
    return await interleaved(name, written, bare, 3, room=ROOM, patience=OTHERS)


async def deliberations(database: Database, group: int, purchase: int) -> list[Row]:
    """Some of one file, for all of which what they say is read once."""
    now = datetime.now(UTC)
    async with database.transaction(group) as session:
        read = await read_deliberations(session, purchase, 1, now)
    some = read._replace(parties=read.parties[:STATEMENTS])

    async def written(kind: str) -> None:
        await asyncio.to_thread(zipped, some.files(kind), now, lambda _: None)

    def bare(made: Callable[[], Any]) -> None:
        for _ in range(STATEMENTS):
            made().save(BytesIO())

    return [
        await interleaved(
            f"{STATEMENTS} deliberations in a ZIP file, {kind.upper()}",
            partial(written, kind),
            partial(asyncio.to_thread, bare, made),
            2.5,
            room=ROOM,
            patience=OTHERS,
        )
        for kind, made in (("odt", bare_odt), ("docx", bare_docx))
    ]


def bare_odt() -> Any:  # noqa: ANN401 - odfdo's and python-docx's have nothing in common
    document = Odt("text")
    for _ in range(PARAGRAPHS):
        document.body.append(Paragraph(PARAGRAPH))
    for number in range(TABLES):
        table = Element.from_tag("table:table")
        table.set_attribute("table:name", f"T{number}")
        for _ in range(TABLE_ROWS):
            row = Element.from_tag("table:table-row")
            for _ in range(CELLS):
                cell = Element.from_tag("table:table-cell")
                cell.append(Paragraph(CELL))
                row.append(cell)
            table.append(row)
        document.body.append(table)
    return document


def bare_docx() -> Any:  # noqa: ANN401
    document = docx.Document()
    for _ in range(PARAGRAPHS):
        document.add_paragraph(PARAGRAPH)
    for _ in range(TABLES):
        for row in document.add_table(TABLE_ROWS, CELLS).rows:
            for cell in row.cells:
                cell.text = CELL
    return document


WORLDS = (world(MEMBERS),)


def measure(members: int = MEMBERS) -> list[Row]:
    PRELOADED.add(__name__)
    found = in_a_world(world(members), rows)
    return [replace(row, name=f"{row.name} ({members} members)") for row in found]


if __name__ == "__main__":
    asked = int(sys.argv[1]) if sys.argv[1:] else MEMBERS
    sys.exit(0 if all(row.kept for row in measure(asked)) else 1)
