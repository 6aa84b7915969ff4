"""People found by what is typed, however many are called alike."""

from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from factories import NOW, Territory
from pooling.accounts.people import ensure_people
from pooling.committees.invitations.choosing import MOST_FOUND, in_group, named
from pooling.kernel.database import Database
from pooling.members.granting import grant_role
from pooling.members.models import Role


async def test_of_namesakes_each_is_asked_for_a_role(database: Database, territory: Territory) -> None:
    """A join of everybody with all roles took half a minute in a group of 36 130, where one person was expected."""
    statement = named("Claude", ["claude"]).compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    async with database.transaction(territory.group_id) as session:
        plan = await session.execute(text(f"EXPLAIN {statement}".replace(":", "\\:")))
        said = "\n".join(plan.scalars())
    assert "SubPlan 2" in said, said
    assert "Nested Loop" not in said, said
    assert "Join" not in said, said


async def test_only_who_holds_a_role_is_found(database: Database, territory: Territory) -> None:
    called = [(f"claude{number}@salles.example", "Claude", "") for number in range(MOST_FOUND + 3)]
    async with database.transaction(territory.group_id) as session:
        people = await ensure_people(session, called, NOW)
        assert await in_group(session, "Claude") == [], "nobody of them is of the group"
        first = people[called[0][0]]
        await grant_role(session, first, Role.READER, NOW)
        assert [(one.person_id, one.exact) for one in await in_group(session, "claude")] == [(first, True)]
        for person in people.values():
            if person != first:
                await grant_role(session, person, Role.READER, NOW)
        assert len(await in_group(session, "claude")) == MOST_FOUND + 1
