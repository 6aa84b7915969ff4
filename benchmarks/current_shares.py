"""How fast current shares are read and kept, next to the bare limits: `python benchmarks/current_shares.py`.

35 000 members take 4 items each of a purchase with two charges and a subsidy. Reading is measured as pages read: one
member's share, a page of everybody's lines; files as they are written, in a process apart, whose whole memory is told.
The bare limits, in the same run: asyncpg fetching the same rows, of which a file is written by the standard library;
and for computing, the rule alone on the same case. They leave out who asks, whether the figures still stand, names and
keys.
"""

import asyncio
import csv
import json
import resource
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum import luhn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Promise, Row, Work, interleaved, measured
from benchmarks.measuring.server import World, in_a_world
from pooling.allocation.case import read_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import Current, consistently, current_allocation, read_current
from pooling.allocation.editing.preview import Preview, preview_line
from pooling.allocation.listing import current_shares, list_shares, sum_up
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.downloads import Asked, write_current
from pooling.allocation.records.workbook import View
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.apart import PRELOADED, apart
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import Features
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.sharing.allocation import allocate

MEMBERS, ITEMS = 35_000, 4
ROOM, OTHERS = 250, 0.05
"""Megabytes that writing a file may take; seconds that others may wait for anything here."""
CODES = [body + luhn.calc_check_digit(body) for body in (f"2{number:07d}" for number in range(MEMBERS))]
FINANCE = FinanceConfiguration()
FILE_ALL = """
    WITH filed AS (
        INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, filed_at)
        SELECT group_id, purchase_id, member_id, 'filed', '', now(), now() FROM participations RETURNING *)
    INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
    SELECT f.group_id, f.id, i.id, 1 + f.id % 7, 1 + f.id % 7, now() FROM filed f JOIN items i USING (group_id)"""
ONE = "SELECT * FROM current_shares WHERE group_id = $1 AND purchase_id = $2 AND member = $3"
LINES = "SELECT member, name, ht, vat, subsidies, fctva, net, gets_fctva FROM current_shares WHERE group_id = $1"
ALL = "SELECT * FROM current_shares WHERE group_id = $1"


async def make(addresses: PostgresAddresses, members: int = MEMBERS) -> tuple[int, int]:
    """A group with an open purchase in which everybody has filed: its id and the purchase's."""
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    now = datetime.now(UTC)
    async with database.transaction() as session:
        group_id = await create_group(session, name="Grand groupe", now=now)
    async with database.transaction(group_id) as session:
        communes = [
            MemberIn(code=code, name=f"Commune {code}", population=50 + n) for n, code in enumerate(CODES[:members])
        ]
        await add_members(session, communes, now)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal("9.99"), fctva=True)
            for number in range(ITEMS)
        )
        purchase = await add_purchase(
            session, PurchaseIn(title="Grand achat", lead_member=CODES[0], items=items), now, None
        )
        where: dict[str, Any] = {"group_id": group_id, "purchase_id": purchase.id}
        session.add_all(
            [
                Charge(**where, code="a", label="Livraison", amount_cents=1_234_567, key="population"),
                Charge(**where, code="b", label="Remise", amount_cents=-98_765, key="amount"),
                Subsidy(**where, code="c", label="Aide", rate=Decimal(30), cap_total_cents=10**8),
            ]
        )
        buyer = Caller(0, group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
        await open_collection(session, buyer, purchase.id, now + timedelta(days=1), SystemClock())
    await owner.execute(FILE_ALL)
    await owner.execute("ANALYZE")
    await owner.close()
    await database.dispose()
    return group_id, purchase.id


def world(members: int = MEMBERS) -> World:
    return World(f"shares_{members}", partial(make, members=members))


WORLDS = (world(),)


async def rows(addresses: PostgresAddresses, folder: Path, made: tuple[int, int]) -> list[Row]:
    """All of this file."""
    group, purchase = made
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)

    async def in_group(work: Callable[..., Awaitable[Any]], *arguments: Any) -> None:  # noqa: ANN401
        async with database.transaction(group) as session:
            await work(session, purchase, FINANCE, *arguments)

    async def lines(session: Any, *_: object) -> None:  # noqa: ANN401
        async def read(current: Current) -> Any:  # noqa: ANN401
            shares = current_shares(current.purchase_id)
            return await list_shares(session, shares, Slice()), await sum_up(session, shares)

        await consistently(session, purchase, FINANCE, read)

    async def compute() -> None:
        await owner.execute("UPDATE charges SET amount_cents = amount_cents + 1")
        await owner.execute("INSERT INTO case_changes (group_id, purchase_id) VALUES ($1, $2)", group, purchase)
        await in_group(current_allocation)

    async def preview() -> None:
        tried = Charge(group_id=group, purchase_id=purchase, code="d", label="Pose", amount_cents=9_999, key="equal")
        async with database.transaction(group) as session:
            assert isinstance(await preview_line(session, purchase, FINANCE, tried), Preview)

    async with database.transaction(group) as session:
        case = await read_purchase(session, purchase, "Grand achat", FINANCE)

    async def rule() -> None:
        await asyncio.to_thread(allocate, case.case)

    async def one_share() -> None:
        await in_group(read_current, [CODES[7]])

    one = (group, purchase, CODES[7])
    await preview()  # what processes apart are forked from loads its modules once
    found = [
        *await measured(
            Promise("shares computed and kept, beside the rule", compute, rule, 5, patience=OTHERS),
            Promise("preview of a charge, beside the rule", preview, rule, 4, patience=OTHERS),
        ),
        await interleaved("one member’s share", one_share, lambda: owner.fetch(ONE, *one), 3, more=0.05),
        await interleaved("a page of lines", lambda: in_group(lines), lambda: owner.fetch(LINES, group), 8, more=0.05),
        *await files(database, owner, group, purchase, folder),
    ]
    await owner.close()
    await database.dispose()
    return found


async def files(database: Database, owner: asyncpg.Connection, group: int, purchase: int, folder: Path) -> list[Row]:
    peaks: dict[tuple[str, View], float] = {}

    async def file(kind: str, view: View) -> None:
        asked = Asked(kind, "Grand groupe", ZoneInfo("Europe/Paris"), datetime.now(UTC), fictional=False, view=view)
        async with database.transaction(group) as session:
            peak = await apart(session, written, str(folder / "file"), purchase, asked)
        peaks[kind, view] = max(peak, peaks.get((kind, view), 0.0))

    async def bare_csv() -> None:
        with (folder / "bare").open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, delimiter=";").writerows(await owner.fetch(LINES, group))

    async def bare_json() -> None:
        with (folder / "bare").open("w", encoding="utf-8") as target:
            for row in await owner.fetch(ALL, group):
                json.dump({**row, "lines": json.loads(row["lines"])}, target)

    def promise(name: str, kind: str, view: View, bare: Work, wanted: float) -> Promise:
        return Promise(name, partial(file, kind, view), bare, wanted, patience=OTHERS)

    found = [
        *await measured(promise("CSV, a row per member", "csv", "summary", bare_csv, 16)),
        *await measured(
            promise("CSV, every figure", "csv", "lines", bare_json, 16),
            promise("JSON", "json", "summary", bare_json, 8),
        ),
    ]
    return [replace(row, peak=peak, room=ROOM) for row, peak in zip(found, peaks.values(), strict=True)]


async def written(session: AsyncSession, path: str, purchase: int, asked: Asked) -> float:
    """The part of the process apart, which is told how many megabytes it held at its largest."""
    await write_current(session, path, purchase, FINANCE, asked)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure() -> list[Row]:
    PRELOADED.add(__name__)
    return in_a_world(WORLDS[0], rows)


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)
