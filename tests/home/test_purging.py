"""Who left long ago is blanked, with requests as old; the trail of what they did stays."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlmodel import col

from factories import NOW, Territory, file_needs, make_territory, open_purchase
from pooling.accounts.models import Person
from pooling.features import FORGETS
from pooling.home.purging import purge
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from pooling.members.models import AccessRequest, Membership, RequestState

YEAR = timedelta(days=365)
LEAVER, OTHER = "referent@lugos.example", "referent@salles.example"


async def leave(database: Database, territory: Territory, email: str, *, days: int) -> None:
    """Ends all of a person's roles in a group, so many days ago."""
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :then WHERE person_id = :person"),
            {"then": NOW - timedelta(days=days), "person": territory.people[email]},
        )


async def person(database: Database, person_id: int) -> Person:
    async with database.transaction() as session:
        found = await session.get(Person, person_id)
        assert found is not None
        return found


async def test_only_who_left_every_group_long_ago_is_blanked(database: Database, territory: Territory) -> None:
    other = await make_territory(database, NOW, slug="autre")
    await leave(database, territory, LEAVER, days=400)
    await leave(database, other, LEAVER, days=366)
    await leave(database, territory, OTHER, days=400)
    await leave(database, territory, "finances@arcachon.example", days=400)
    await leave(database, other, "finances@arcachon.example", days=364)
    assert await purge(database, FORGETS, NOW, YEAR) == 1
    gone = await person(database, territory.people[LEAVER])
    assert (gone.name, gone.function, gone.phone, gone.purged_at) == ("Personne partie", "", "", NOW)
    assert LEAVER not in gone.email
    for email in (OTHER, "finances@arcachon.example", "animation@bassin.example"):
        assert (await person(database, territory.people[email])).email == email
    assert await purge(database, FORGETS, NOW, YEAR) == 0, "once"


async def test_the_trail_stays(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, LEAVER, NOW, arceau=3)
    async with database.transaction(territory.group_id) as session:
        before = (await session.execute(select(Event).order_by(col(Event.id)))).scalars().all()
        memberships = len((await session.execute(select(Membership))).scalars().all())
    await leave(database, territory, LEAVER, days=400)
    assert await purge(database, FORGETS, NOW, YEAR) == 1
    async with database.transaction(territory.group_id) as session:
        after = (await session.execute(select(Event).order_by(col(Event.id)))).scalars().all()
        assert [event.model_dump() for event in after] == [event.model_dump() for event in before]
        assert len((await session.execute(select(Membership))).scalars().all()) == memberships
        mails = await session.execute(
            text("SELECT DISTINCT recipient || body_text || body_html FROM messages WHERE person_id = :person"),
            {"person": territory.people[LEAVER]},
        )
        assert list(mails.scalars()) == [""]


async def test_old_requests_are_forgotten_in_every_group(database: Database, territory: Territory) -> None:
    other = await make_territory(database, NOW, slug="autre")
    for group_id in (territory.group_id, other.group_id):
        async with database.transaction(group_id) as session:
            for days, state in ((400, "pending"), (400, "refused"), (30, "granted"), (30, "pending")):
                then = NOW - timedelta(days=days)
                session.add(
                    AccessRequest(
                        group_id=group_id,
                        email=f"{days}.{state}@ailleurs.example",
                        name="Venue",
                        state=RequestState(state),
                        created_at=then,
                        decided_at=None if state == "pending" else then,
                    )
                )
    await purge(database, FORGETS, NOW, YEAR)
    for group_id in (territory.group_id, other.group_id):
        async with database.transaction(group_id) as session:
            left = await session.execute(select(col(AccessRequest.email)).order_by(col(AccessRequest.id)))
            assert list(left.scalars()) == ["30.granted@ailleurs.example", "30.pending@ailleurs.example"]
