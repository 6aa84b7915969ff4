"""How fast what finance gets of 10 000 members is made, next to bare limits: `python benchmarks/finance.py [MEMBERS]`.

10 000 members (5 000 for the two longest files, or as many as are asked for) with four items of two suppliers, two
charges and a subsidy, as for current shares: a version frozen, its files for accounting packages, who owes whom, what
remains to recover, everybody's finances over all purchases, and some of its statements and deliberations. Each is made
as it is for people: in a process apart, whose whole memory is told, but what the worker writes (statements,
deliberations, finances). The bare limits, in the same run: the rule, and PostgreSQL copying the same rows; asyncpg
fetching them and the standard library, or openpyxl's write-only sheet, writing as many cells; typst setting the same
pages; odfdo and python-docx writing as many plain paragraphs and cells. They leave out the case and the result that a
version keeps whole, what belongs to which line, names and references, who is owed what, the texts with their headings,
lists and styles, the foot of each page, and the sheet that checks.
"""

import asyncio
import csv
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
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
from benchmarks.measuring import Promise, Row, interleaved, measured
from benchmarks.measuring.server import in_worlds
from pooling import BESIDE
from pooling.accounting.configuration import EXPENSES, RECEIPTS, Layout
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

MEMBERS, FEW = 10_000, 5_000
STATEMENTS = 10
"""Of those that a ZIP file holds, sixty times as many. Deliberations, too."""
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


@dataclass
class Ground:
    """A purchase of so many members whose shares are computed, with two suppliers and its buyer."""

    database: Database
    owner: asyncpg.Connection
    group: int
    purchase: int
    buyer: Caller
    folder: Path

    async def apart(self, work: Callable[..., Awaitable[Any]], *given: Any) -> float:  # noqa: ANN401
        """As it is made for people; the megabytes of that process at its largest."""
        async with self.database.transaction(self.group) as session:
            return await apart(session, told, work, *given)


@asynccontextmanager
async def ground(addresses: PostgresAddresses, folder: Path, ids: tuple[int, int]) -> AsyncIterator[Ground]:
    """What current shares are measured with, and two suppliers."""
    group, purchase = ids
    configured = gather_features(FEATURES, BESIDE / "config", ReminderConfiguration())
    database = Database.connect(addresses.application).handing(configured)
    owner = await asyncpg.connect(addresses.superuser)
    buyer = Caller(0, group, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase),))
    async with database.transaction(group) as session:
        for name, number in (("Un", "DE136695976"), ("Deux", "DE129273398")):
            await add_supplier(session, buyer, SupplierIn(name=name, vat_number=number), datetime.now(UTC))
        session.add(ProcurementPlan(group_id=group, purchase_id=purchase, mandate=Mandate.FULL))
    await owner.execute(AWARDS)
    async with database.transaction(group) as session:
        await current_allocation(session, purchase, FINANCE)
    yield Ground(database, owner, group, purchase, buyer, folder)
    await owner.close()
    await database.dispose()


async def rows(
    places: Sequence[PostgresAddresses], folder: Path, made: Sequence[tuple[int, int]], sizes: tuple[int, int]
) -> list[Row]:
    """All of this file, in each place what fits its number of members."""
    async with ground(places[0], folder, made[0]) as on:
        large = [
            *await freezing(on),
            *await measured(layout(on, "« projets de titres »", RECEIPTS, 16)),
            *await debts(on),
            await statements(on.database, on.group, on.purchase),
            *await deliberations(on.database, on.group, on.purchase),
        ]
    async with ground(places[1], folder, made[1]) as on:
        await on.apart(frozen, on.purchase, on.buyer)
        small = [
            *await measured(layout(on, "« projets de mandats »", EXPENSES, 32)),
            await finances(on.database, on.owner, on.group, folder),
        ]
    return [
        replace(row, name=f"{row.name} ({size} members)")
        for size, some in zip(sizes, (large, small), strict=True)
        for row in some
    ]


async def freezing(on: Ground) -> list[Row]:
    async with on.database.transaction(on.group) as session:
        case = await read_purchase(session, on.purchase, "Grand achat", FINANCE)

    async def bare() -> None:
        await asyncio.to_thread(allocate, case.case)
        await on.owner.execute(COPY)

    name = "a version frozen, with who owes whom, beside the rule and a copy"
    ours = partial(on.apart, frozen, on.purchase, on.buyer)
    return await measured(Promise(name, ours, bare, FREEZING, patience=OTHERS))


def layout(on: Ground, name: str, kind: Layout, wanted: float) -> Promise:
    """A file for an accounting package."""

    async def bare() -> None:
        with (on.folder / "bare").open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, delimiter=";").writerows(await on.owner.fetch(KEPT, on.group))

    given = str(on.folder / "file"), on.purchase, 1, kind, "", datetime.now(UTC), FINANCE
    return Promise(name, partial(on.apart, write_layout_file, *given), bare, wanted, room=ROOM, patience=OTHERS)


async def debts(on: Ground) -> list[Row]:
    async with on.database.transaction(on.group) as session:
        record = await find_record(session, on.purchase, 1)

    async def bare() -> None:
        book = Workbook(write_only=True)
        sheet: Any = book.create_sheet("Dettes")
        for row in await on.owner.fetch(DEBTS, on.group):
            sheet.append([*row, "", ""])
        await asyncio.to_thread(book.save, on.folder / "bare")

    path, facts, today = str(on.folder / "file"), {"Document": "Dettes"}, datetime.now(UTC).date()
    owed = partial(on.apart, write_debts, path, record, facts, None, "xlsx")
    accounts = partial(on.apart, write_accounts, path, on.purchase, today, 1500, facts, None, "xlsx")
    return await measured(
        Promise("who owes whom, as a workbook", owed, bare, 3, room=ROOM, patience=OTHERS),
        Promise("what remains to recover, as a workbook", accounts, bare, 6, room=ROOM, patience=OTHERS),
    )


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


WORLDS = (world(MEMBERS), world(FEW))


def measure(members: int = MEMBERS, few: int = FEW) -> list[Row]:
    PRELOADED.add(__name__)
    return in_worlds((world(members), world(few)), partial(rows, sizes=(members, few)))


if __name__ == "__main__":
    asked = [int(sys.argv[1])] * 2 if sys.argv[1:] else [MEMBERS, FEW]
    sys.exit(0 if all(row.kept for row in measure(*asked)) else 1)
