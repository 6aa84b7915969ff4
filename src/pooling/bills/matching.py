"""What a bill asks for, line by line and by rate, and which items of its orders its lines are for."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.models import Bill, BillLine, BillRate, BillUnits
from pooling.bills.ordered import items_of_orders, orders_of_bill, replaced_by
from pooling.bills.queries import billed_lines, lines_of
from pooling.bills.rules import Matches, assign, match, units_of, with_matches
from pooling.bills.schemas import LineIn, RateIn
from pooling.kernel.database import insert_many


async def write_parts(session: AsyncSession, bill: Bill, lines: Sequence[LineIn], rates: Sequence[RateIn]) -> None:
    """The lines with the items that they are for, and the rates, in the place of those before."""
    whose = {"bill_id": bill.id}
    await session.execute(delete(BillLine).where(col(BillLine.bill_id) == bill.id))
    await session.execute(delete(BillRate).where(col(BillRate.bill_id) == bill.id))
    await insert_many(
        session,
        BillLine,
        [
            {
                **whose,
                "position": place,
                **line.model_dump(exclude={"item"}),
                "units": units_of(line.quantity, line.net_cents, bill.kind),
            }
            for place, line in enumerate(lines)
        ],
    )
    await insert_many(session, BillRate, [{**whose, **rate.model_dump()} for rate in rates])
    await match_again(session, bill, {place: line.item for place, line in enumerate(lines) if line.item})


async def match_again(session: AsyncSession, bill: Bill, said: Mapping[int, str]) -> None:
    """Matches all its lines to what its orders have: as somebody `said`, by an item's code, or as the rule finds it."""
    orders = [order.id for order in await orders_of_bill(session, bill.id)]
    items = await items_of_orders(session, orders, without=bill.id, replacing=replaced_by(bill))
    by_code = {item.code: item.item_id for item in items}
    chosen: dict[int, int | None] = {place: by_code[code] for place, code in said.items() if code in by_code}
    lines = await billed_lines(session, bill.id)
    found = match([line for line in lines if line.position not in chosen], items)
    await keep_matches(session, bill, assign(with_matches(lines, found), chosen, items))


async def keep_matches(session: AsyncSession, bill: Bill, matches: Matches) -> None:
    """Writes down what its lines are for, in the place of what they were for."""
    await session.execute(delete(BillUnits).where(col(BillUnits.bill_id) == bill.id))
    for line in await lines_of(session, bill.id):
        line.item_id = next((key.item_id for key in matches.get(line.position, ())), None)
    await session.flush()
    await insert_many(
        session,
        BillUnits,
        [
            {
                "bill_id": bill.id,
                "position": position,
                **key._asdict(),
                "units": Decimal(units.numerator) / units.denominator,
            }
            for position, parts in matches.items()
            for key, units in parts.items()
        ],
    )
