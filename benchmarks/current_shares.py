"""How fast current shares are read and kept, next to the bare limits: `python benchmarks/current_shares.py [MEMBERS]`.

35 000 members take 4 items each of a purchase with two charges and a subsidy; 10 000, or as many as are asked for,
where a file has every figure. Reading is measured as pages read: one member's share, a page of everybody's lines;
files as they are written, in a process apart, whose whole memory is told. The bare limits, in the same run: asyncpg
fetching the same rows, of which a file is written by the standard library; and for computing, the rule alone on the
same case. They leave out who asks, whether the figures still stand, names and keys.
"""

import asyncio
import csv
import json
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from benchmarks.measuring.server import World, in_worlds
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

MEMBERS, FEWER, ITEMS = 35_000, 10_000, 4
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
CHANGED = "INSERT INTO case_changes (group_id, purchase_id) VALUES ($1, $2)"


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


WORLDS = (world(), world(FEWER))


@dataclass(frozen=True)
class Ground:
    """A purchase that `make` made."""

    database: Database
    owner: asyncpg.Connection
    group: int
    purchase: int
    folder: Path

    async def within(self, work: Callable[..., Awaitable[Any]], *given: Any) -> Any:  # noqa: ANN401
        async with self.database.transaction(self.group) as session:
            return await work(session, self.purchase, FINANCE, *given)

    def file(self, name: str, kind: str, view: View, bare: Work, wanted: float) -> Promise:
        """One that is written apart."""
        asked = Asked(kind, "Grand groupe", ZoneInfo("Europe/Paris"), datetime.now(UTC), fictional=False, view=view)

        async def ours() -> float:
            async with self.database.transaction(self.group) as session:
                return await apart(session, written, str(self.folder / "file"), self.purchase, asked)

        return Promise(name, ours, bare, wanted, room=ROOM, patience=OTHERS)


@asynccontextmanager
async def ground(addresses: PostgresAddresses, folder: Path, made: tuple[int, int]) -> AsyncIterator[Ground]:
    database = Database.connect(addresses.application).handing(Features(FEATURES))
    owner = await asyncpg.connect(addresses.superuser)
    yield Ground(database, owner, *made, folder)
    await owner.close()
    await database.dispose()


async def rows(places: Sequence[PostgresAddresses], folder: Path, made: Sequence[tuple[int, int]]) -> list[Row]:
    """All of this file."""
    async with ground(places[0], folder, made[0]) as on:
        found = [*await computing(on), *await reading(on)]
    async with ground(places[1], folder, made[1]) as on:
        return found + await whole_files(on)


async def computing(on: Ground) -> list[Row]:
    case = await on.within(lambda session, purchase, finance: read_purchase(session, purchase, "Grand achat", finance))

    async def rule() -> None:
        await asyncio.to_thread(allocate, case.case)

    async def compute() -> None:
        await on.owner.execute("UPDATE charges SET amount_cents = amount_cents + 1")
        await on.owner.execute(CHANGED, on.group, on.purchase)
        await on.within(current_allocation)

    async def preview() -> None:
        where: dict[str, Any] = {"group_id": on.group, "purchase_id": on.purchase}
        tried = Charge(**where, code="d", label="Pose", amount_cents=9_999, key="equal")
        assert isinstance(await on.within(preview_line, tried), Preview)

    await preview()  # what processes apart are forked from loads its modules once
    return await measured(
        Promise("shares computed and kept, beside the rule", compute, rule, 5, patience=OTHERS),
        Promise("preview of a charge, beside the rule", preview, rule, 4, patience=OTHERS),
    )


async def reading(on: Ground) -> list[Row]:
    """One member's share, a page of everybody's, and a file of them."""

    async def lines(session: AsyncSession, purchase: int, finance: FinanceConfiguration) -> None:
        async def read(current: Current) -> Any:  # noqa: ANN401
            shares = current_shares(current.purchase_id)
            return await list_shares(session, shares, Slice()), await sum_up(session, shares)

        await consistently(session, purchase, finance, read)

    async def bare_csv() -> None:
        with (on.folder / "bare").open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, delimiter=";").writerows(await on.owner.fetch(LINES, on.group))

    one, its = partial(on.within, read_current, [CODES[7]]), (on.group, on.purchase, CODES[7])
    page = partial(on.within, lines)
    return [
        await interleaved("one member’s share", one, lambda: on.owner.fetch(ONE, *its), 3, more=0.05),
        await interleaved("a page of lines", page, lambda: on.owner.fetch(LINES, on.group), 8, more=0.05),
        *await measured(on.file("CSV, a row per member", "csv", "summary", bare_csv, 16)),
    ]


async def whole_files(on: Ground) -> list[Row]:
    """Of every figure, which take long: of fewer members."""
    await on.within(current_allocation)
    count = await on.owner.fetchval("SELECT count(*) FROM current_shares")

    async def bare() -> None:
        with (on.folder / "bare").open("w", encoding="utf-8") as target:
            for row in await on.owner.fetch(ALL, on.group):
                json.dump({**row, "lines": json.loads(row["lines"])}, target)

    return await measured(
        on.file(f"CSV, every figure ({count} members)", "csv", "lines", bare, 16),
        on.file(f"JSON ({count} members)", "json", "summary", bare, 8),
    )


async def written(session: AsyncSession, path: str, purchase: int, asked: Asked) -> float:
    """The part of the process apart, which is told how many megabytes it held at its largest."""
    await write_current(session, path, purchase, FINANCE, asked)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(fewer: int = FEWER) -> list[Row]:
    PRELOADED.add(__name__)
    return in_worlds((world(), world(fewer)), rows)


if __name__ == "__main__":
    asked = int(sys.argv[1]) if sys.argv[1:] else FEWER
    sys.exit(0 if all(row.kept for row in measure(asked)) else 1)
