"""How fast current shares are read and kept, next to the bare limits: `python benchmarks/current_shares.py`.

35 000 members take 4 items each of a purchase with two charges and a subsidy. Reading is measured as pages read: one
member's share, a page of everybody's lines, all that explains every figure. The bare limits, in the same run: asyncpg
fetching the same rows, and for computing, the rule alone on the same case. Medians of five, one beside the other.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
from stdnum import luhn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from pooling.allocation.allocating import apply_rule
from pooling.allocation.case import read_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import Current, consistently, current_allocation, read_current
from pooling.allocation.listing import current_shares, list_shares, sum_up
from pooling.allocation.models import Charge, Subsidy
from pooling.embedded.postgres import APPLICATION, EmbeddedPostgres, PostgresAddresses
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database
from pooling.kernel.migrations import migrate
from pooling.kernel.slices import Slice
from pooling.members.adding import MemberIn, add_members
from pooling.members.groups import create_group
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.purchases.adding import add_purchase
from pooling.purchases.schemas import ItemIn, PurchaseIn

MEMBERS, ITEMS, ROUNDS = 35_000, 4, 5
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


async def prepare(database: Database, owner: asyncpg.Connection) -> tuple[int, int]:
    """A group with an open purchase in which everybody has filed: its id and the purchase's."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        group_id = await create_group(session, name="Grand groupe", now=now)
    async with database.transaction(group_id) as session:
        members = [MemberIn(code=code, name=f"Commune {code}", population=50 + n) for n, code in enumerate(CODES)]
        await add_members(session, members, now)
    async with database.transaction(group_id) as session:
        items = tuple(
            ItemIn(code=f"article-{number}", name=f"Article {number}", unit_price=Decimal("9.99"), fctva=True)
            for number in range(ITEMS)
        )
        purchase = await add_purchase(
            session, PurchaseIn(title="Grand achat", lead_member=CODES[0], items=items), now, None
        )
        where = {"group_id": group_id, "purchase_id": purchase.id}
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
    return group_id, purchase.id


async def timed(work: Callable[[], Awaitable[Any]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


async def pair(label: str, ours: Callable[[], Awaitable[Any]], bare: Callable[[], Awaitable[Any]], most: float) -> bool:
    """Whether ours takes at most so many times the bare limit, or 50 ms more: what a page may take for many members."""
    rounds = [(await timed(ours), await timed(bare)) for _ in range(ROUNDS)]
    mine, limit = (median(column) for column in zip(*rounds, strict=True))
    kept = mine <= max(most * limit, limit + 0.05)
    print(f"{'ok' if kept else 'MISSED':<8}{label:<44}{mine * 1000:9.1f} ms  bare {limit * 1000:8.1f} ms"
          f"  {mine / limit:6.1f} ×  (at most {most:g} ×)")  # fmt: skip
    return kept


async def measure(addresses: PostgresAddresses) -> bool:
    database, owner = Database.connect(addresses.application), await asyncpg.connect(addresses.superuser)
    group, purchase = await prepare(database, owner)

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
        await in_group(current_allocation)

    async with database.transaction(group) as session:
        case = await read_purchase(session, purchase, "Grand achat", FINANCE)

    async def rule() -> None:
        await apply_rule(case.case, case.labels)

    verdicts = [
        await pair("computed and kept / the rule alone", compute, rule, 5),
        await pair(
            "one member’s share",
            lambda: in_group(read_current, [CODES[7]]),
            lambda: owner.fetch(ONE, group, purchase, CODES[7]),
            3,
        ),
        await pair(f"{MEMBERS} lines of a table", lambda: in_group(lines), lambda: owner.fetch(LINES, group), 8),
        await pair("all that explains them", lambda: in_group(read_current), lambda: owner.fetch(ALL, group), 30),
    ]
    await owner.close()
    await database.dispose()
    return all(verdicts)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pooling-") as folder:
        server = EmbeddedPostgres(Path(folder))
        try:
            addresses = server.prepare()
            migrate(addresses.owner, APPLICATION)
            kept = asyncio.run(measure(addresses))
        finally:
            server.stop()
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
