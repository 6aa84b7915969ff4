"""What the database deals out is what the rule gives each member, whatever is asked."""

import random
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from factories import BUYER, NOW, Territory, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.slices import Slice
from pooling.members.entrance import caller_of
from pooling.needs.assigned import assigned_now
from pooling.needs.collection import close_collection
from pooling.needs.consolidating import ConsolidationOptions, consolidate_columns, consolidate_purchase, filed_needs
from pooling.needs.dealing import hashing
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.item_shares import ShareLine, item_shares
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.schemas import ItemIn, TierIn
from pooling.sharing.comparison import compare_tolerance, member_costs
from pooling.sharing.consolidation_case import IncompletePack, Rationing

PRICES = ("180", "0.0834", "19.99", "7.5")
ITEMS = tuple(
    ItemIn(
        code=f"article-{number}",
        name=f"Article {number}",
        unit_price=Decimal(price),
        pack=pack,
        minimum=minimum,
        tiers=(TierIn(from_quantity=40, unit_price=Decimal(price) / 2),) if number % 2 else (),
    )
    for number, (price, pack, minimum) in enumerate(
        (price, pack, minimum) for price in PRICES for pack, minimum in ((1, 0), (7, 0), (12, 30))
    )
)
WISHES = ((0, 3), (1, 0), (4, 0), (3, 2), (9, 9), (200, 0))
"""The most units that anybody wants, and the widest tolerance."""
UNITS = 40
"""Members more, with codes that do not stand in the order of their ids."""


async def many_take_part(session: AsyncSession, territory: Territory, purchase: Purchase) -> None:
    await session.execute(
        text(
            "INSERT INTO members (group_id, kind, code, name, sort_key, parent_id, category, created_at) "
            "SELECT :group, 'internal_unit', chr(65 + (n * 7) % 26) || '-É' || n, 'Unité ' || n % 9, "
            "'unite ' || n % 9, :parent, '', :now FROM generate_series(1, :units) n"
        ),
        {"group": territory.group_id, "parent": territory.members["130018351"], "now": NOW, "units": UNITS},
    )
    await session.execute(
        text(
            "INSERT INTO participations (group_id, purchase_id, member_id) SELECT group_id, :purchase, id FROM members "
            "ON CONFLICT DO NOTHING"
        ),
        {"purchase": purchase.id},
    )


async def declare(session: AsyncSession, purchase: Purchase, dice: random.Random, wishes: tuple[int, int]) -> None:
    """Most have filed, the lead buyer's own member only at times: up to so many units, and so many more."""
    await session.execute(text("DELETE FROM declarations"))
    lead = purchase.lead_member_id if dice.random() < 0.5 else 0
    await session.execute(
        text(
            "INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, filed_at) "
            "SELECT group_id, purchase_id, member_id, CASE WHEN filed THEN 'filed' ELSE 'draft' END, '', :now, "
            "CASE WHEN filed THEN CAST(:now AS timestamptz) END FROM ("
            "  SELECT *, :seed * rank() OVER (ORDER BY member_id) % 9 > 1 AS filed FROM participations "
            "  WHERE member_id <> :lead) part"
        ),
        {"seed": dice.randrange(1, 99), "now": NOW, "lead": lead},
    )
    most, tolerance = wishes
    await session.execute(
        text(
            "INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at) "
            "SELECT group_id, id, item_id, quantity, quantity + more, turn FROM ("
            "  SELECT d.group_id, d.id, i.id AS item_id, (:seed * d.turn * i.turn) % (1 + :most) AS quantity, "
            "  (:seed * (d.turn + i.turn)) % (1 + :tolerance) AS more, "
            "  CAST(:now AS timestamptz) + d.turn % 4 * interval '1 minute' AS turn "
            "  FROM (SELECT *, rank() OVER (ORDER BY member_id) AS turn FROM declarations) d "
            "  JOIN (SELECT *, rank() OVER (ORDER BY id) AS turn FROM items) i ON i.purchase_id = d.purchase_id) wish"
        ),
        {"seed": dice.randrange(1, 10**6), "most": most, "tolerance": tolerance, "now": NOW},
    )


@pytest.mark.parametrize("seed", range(2))
async def test_it_is_what_the_rule_gives_each(database: Database, territory: Territory, seed: int) -> None:
    dice = random.Random(seed)
    purchase_id = await open_purchase(database, territory, NOW, items=ITEMS)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        purchase = await lock_purchase(session, purchase_id)
        await many_take_part(session, territory, purchase)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        items = await purchase_items(session, purchase_id)
        statuses: set[str] = set()
        choices = list(product(Rationing, IncompletePack, (True, False)))
        assert len(choices) == len(items)
        for wishes in WISHES:
            await declare(session, purchase, dice, wishes)
            dice.shuffle(choices)
            options = {item.code: ConsolidationOptions(*choice) for item, choice in zip(items, choices, strict=True)}
            expected = await consolidate_purchase(session, purchase_id, options)
            statuses |= {result.status for result in expected.values()} | {
                "surplus" for result in expected.values() if result.surplus
            }
            number = await freeze_consolidation(
                session, buyer, purchase_id, FixedClock(NOW), options=options, reason="Autre choix"
            )
            kept = await session.execute(
                text("SELECT result FROM consolidations WHERE number = :number"), {"number": number}
            )
            assert kept.scalar_one() == {code: result.to_json() for code, result in expected.items()}
            lead = next(code for code, member in territory.members.items() if member == purchase.lead_member_id)
            assert await given(session, number) == {
                (code, member): share.units
                for code, result in expected.items()
                for member, share in member_costs(result, lead).items()
            }
            for item in items:
                await compare(session, purchase, item, options[item.code], lead)
            await compare_slices(session, purchase_id)
        assert statuses >= {"ok", "nothing_declared", "surplus"}


async def test_freezing_takes_as_many_statements_for_few_as_for_many(database: Database, territory: Territory) -> None:
    """And so does freezing again, which tells those whose units change: nobody here has a référent."""
    purchase_id = await open_purchase(database, territory, NOW, items=ITEMS)
    connection = database._engine
    assert isinstance(connection, AsyncConnection)
    seen: list[str] = []
    event.listen(connection.sync_connection, "before_cursor_execute", lambda _c, _k, said, *_: seen.append(said))
    counts = []
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        purchase = await lock_purchase(session, purchase_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        for take_part in (False, True):
            if take_part:
                await many_take_part(session, territory, purchase)
            for wishes in ((3, 2), (9, 9)):
                await declare(session, purchase, random.Random(wishes[0]), wishes)
                begun = len(seen)
                await freeze_consolidation(
                    session, buyer, purchase_id, FixedClock(NOW), options={}, reason="Autre choix"
                )
                await session.flush()
                counts.append(len(seen) - begun)
    first, again, *later = counts
    assert first <= 10
    assert later == [again, again]
    assert again <= 18


async def given(session: AsyncSession, number: int) -> dict[tuple[str, str], int]:
    rows = await session.execute(
        text(
            "SELECT i.code, m.code, a.quantity FROM assignments a JOIN consolidations c ON c.id = a.consolidation_id "
            "JOIN items i ON i.id = a.item_id JOIN members m ON m.id = a.member_id WHERE c.number = :number"
        ),
        {"number": number},
    )
    return {(item, member): units for item, member, units in rows}


async def compare_slices(session: AsyncSession, purchase_id: int) -> None:
    """What programs read of everybody, seven members at a time, in the order of codes."""
    expected: dict[str, dict[str, int]] = {}
    for code, result in (await consolidate_purchase(session, purchase_id, {})).items():
        for member, units in result.assigned.items():
            expected.setdefault(member, {})[code] = units
    read: list[tuple[str, dict[str, int]]] = []
    after: str | None = ""
    while after is not None:
        _, listed = await assigned_now(session, purchase_id, Slice(after, size=7))
        read += listed.items
        after = listed.next
    assert read == sorted(expected.items())


async def compare(
    session: AsyncSession, purchase: Purchase, item: ItemShown, chosen: ConsolidationOptions, lead: str
) -> None:
    """An item's page, in pages of 7, with both consolidations member by member."""
    filed = (await filed_needs(session, purchase.id, item_id=item.id)).get(item.id, ())
    compared = compare_tolerance(consolidate_columns(item, filed, {item.code: chosen}).case, lead)
    members = await session.execute(text("SELECT id, code, name, sort_key FROM members"))
    known = {row.code: row for row in members}
    declared = {need.member: (need.firm, need.up_to) for need in compared.without.case.needs}
    ordered = sorted(
        compared.members,
        key=lambda line: (-abs(line.more_units), known[line.member].sort_key, known[line.member].id),
    )
    expected = [
        (known[line.member].id, *declared.get(line.member, (0, 0)), line.without, line.with_tolerance)
        for line in ordered
    ]
    lines: list[ShareLine] = []
    after: str | None = ""
    pages = 0
    while after is not None:
        asked = Slice(after, size=7)
        shares = await item_shares(session, purchase, item, {item.code: chosen}, asked)
        lines += shares.lines.items
        after, pages = shares.lines.next, pages + 1
        assert (shares.without.order, shares.without.total) == (compared.without.order, compared.without.total)
        assert (shares.with_tolerance.order, shares.saving) == (compared.with_tolerance.order, compared.saving)
    assert [(line.member_id, line.firm, line.most, line.without, line.with_tolerance) for line in lines] == expected
    assert pages == max(1, -(-len(expected) // 7))


async def test_rows_are_met_by_hashing_even_where_they_come_in_order(database: Database, territory: Territory) -> None:
    """Once orders were analyzed, each of 5 000 was compared with each of 40 000 items that had the same supplier."""
    ordered = "(SELECT id FROM members ORDER BY id OFFSET 0)"
    async with database.transaction(territory.group_id) as session:
        async with hashing(session):
            plan = await session.execute(text(f"EXPLAIN SELECT FROM {ordered} a JOIN {ordered} b USING (id)"))
        assert "Hash Join" in "\n".join(plan.scalars())
        for way in ("nestloop", "mergejoin"):
            assert (await session.execute(text(f"SHOW enable_{way}"))).scalar_one() == "on"
