"""A series leaves no gap and gives no number twice, whoever asks at the same moment."""

import asyncio

from factories import NOW, make_territory
from pooling.kernel.database import Database
from pooling.kernel.numbering import next_number


class _NoPurchaseAfterAll(Exception):
    pass


async def test_a_series_has_no_gap_and_no_number_twice(fresh_database: Database) -> None:
    group, other = [(await make_territory(fresh_database, NOW, slug=slug)).group_id for slug in ("bassin", "autre")]

    async def take(series: str, group_id: int = group, *, keep: bool = True) -> int:
        async with fresh_database.transaction(group_id) as session:
            number = await next_number(session, series)
            await asyncio.sleep(0)
            if not keep:
                raise _NoPurchaseAfterAll
        return number

    taken = await asyncio.gather(*(take("AG-2027", keep=place % 3 > 0) for place in range(9)), return_exceptions=True)
    assert sorted(number for number in taken if isinstance(number, int)) == [1, 2, 3, 4, 5, 6]
    assert await take("AG-2027") == 7
    assert await take("AG-2028") == 1
    assert await take("AG-2027", other) == 1
