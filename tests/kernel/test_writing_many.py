"""What is written at once, however much."""

from sqlalchemy import text
from stdnum import luhn

from factories import NOW, make_territory
from pooling.kernel.database import MANY_ROWS, Database
from pooling.members.adding import MemberIn, add_members

CODES = [body + luhn.calc_check_digit(body) for body in (f"2{number:07d}" for number in range(MANY_ROWS))]


async def test_after_many_rows_the_database_knows_how_many_there_are(fresh_database: Database) -> None:
    """A join would else be planned as though the table were as it was, in the very transaction that filled it."""
    territory = await make_territory(fresh_database, NOW)
    async with fresh_database.transaction(territory.group_id) as session:
        await add_members(session, [MemberIn(code=code, name=code) for code in CODES], NOW)
        known = await session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'members'::regclass"))
    assert known is not None
    assert known >= MANY_ROWS
