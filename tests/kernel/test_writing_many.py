"""What is written at once, however much."""

from sqlalchemy import text
from stdnum import luhn

from factories import NOW, make_territory
from pooling.kernel.database import MANY_ROWS, Database, insert_many
from pooling.kernel.events import Event
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


async def test_many_rows_that_are_alike_are_written_each(database: Database) -> None:
    """What is the same in all of them is sent once, in the type of its column."""
    territory = await make_territory(database, NOW)
    row = {
        "at": NOW,
        "person_id": None,
        "subject_kind": "group",
        "subject_id": 2**40,
        "name": "alike",
        "details": '{"said": "oui"}',
    }
    async with database.transaction(territory.group_id) as session:
        await insert_many(session, Event, [row] * MANY_ROWS)
        found = await session.execute(
            text("""
                SELECT at, person_id, subject_kind, subject_id, details, count(DISTINCT id)
                FROM events WHERE name = 'alike' GROUP BY 1, 2, 3, 4, 5""")
        )
        assert [tuple(one) for one in found] == [(NOW, None, "group", 2**40, {"said": "oui"}, MANY_ROWS)]
