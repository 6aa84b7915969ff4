"""The database as the last wall: with the application's filter switched off everywhere, no page, file or answer
differs, and nothing of another group's comes out.

The other group is a twin: the same members, purchases and records, under other names. A missing wall would show its
names, double a list or change a total.
"""

import pytest
from sqlalchemy import text

from ground.walk import MARK, Walk
from pooling.kernel.database import Database, enter_group
from pooling.kernel.slices import Slice
from pooling.members.queries import member_list

ROLES = ("facilitator", "reader", "referent", "referent_lead", "finance", "buyer")


@pytest.mark.parametrize("role", ROLES)
async def test_without_the_filter_every_address_answers_the_same(walk: Walk, role: str) -> None:
    """Every GET route with the filter, then without it what has a statement that was not tried yet; and none of them
    changes a row.
    """
    with_filter = {step.path: step for step in await walk.reads(role) if step.route.template != "/health/ready"}
    without = {step.path: step for step in await walk.reads_without_filter(role) if step.path in with_filter}
    assert {statement for step in with_filter.values() for statement in step.asked} <= walk.asked_without_filter
    assert walk.changed_by_reading == [], "a GET changed something"
    assert [path for path, step in (*with_filter.items(), *without.items()) if MARK in step.said] == []
    assert [
        path for path, step in without.items() if step.status != with_filter[path].status or step.status >= 500
    ] == []
    assert [path for path, step in without.items() if step.said != with_filter[path].said] == []
    shown = [path for path, step in with_filter.items() if " ici" in step.said and step.answer.status_code == 200]
    assert len(shown) > 8, "the walk saw pages that say something"
    assert without or role != ROLES[0]


@pytest.mark.parametrize("role", ["facilitator", "buyer"])
async def test_what_the_other_group_names_is_not_found_here(walk: Walk, role: str) -> None:
    """The other group's ids under this group's address, and its own address, with the filter off."""
    mixed, theirs = await walk.mixes(role), await walk.trespasses(role)
    assert [step.path for step in [*mixed, *theirs] if MARK in step.said] == []
    assert {step.path: step.status for step in theirs if step.answer.status_code not in {404, 303}} == {}
    named = [step for step in mixed if f"/comites/{walk.others['committee_id']}" in step.path]
    assert named
    assert {step.status for step in named} <= {403, 404}


async def test_the_marks_would_be_seen(walk: Walk) -> None:
    """Asked in the other group's own transaction, the same reads do show them."""
    async with walk.undone(), walk.database.transaction(walk.here.group_id) as session:
        session.info["filter"] = False
        members = (await member_list(session, Slice())).items
        await enter_group(session, (await session.execute(text("SELECT id FROM group_by_slug('voisin')"))).scalar_one())
        others = (await member_list(session, Slice())).items
    assert not any(MARK in member.name for member in members)
    assert all(MARK in member.name for member in others)
    assert len(members) == len(others)


async def test_functions_that_run_as_the_owner_look_for_temporary_tables_last(database: Database) -> None:
    """Otherwise the application's role could put its own table before ours, with a trigger run as the owner."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace")
        )
        found = {name: config for name, config in rows}
    assert found
    for name, config in found.items():
        assert config == ["search_path=pg_catalog, public, pg_temp"], name


async def test_a_temporary_table_of_the_same_name_is_not_read(database: Database) -> None:
    async with database.transaction() as session:
        allowed = await session.execute(text("SELECT has_database_privilege(current_database(), 'TEMPORARY')"))
        if allowed.scalar_one():
            await session.execute(text("CREATE TEMPORARY TABLE groups (LIKE public.groups) ON COMMIT DROP"))
            await session.execute(
                text(
                    "INSERT INTO pg_temp.groups (id, slug, name, timezone, fictional, created_at, "
                    "second_factor_required, lines_visible_to_all, committee_every_months, school_zone) "
                    "VALUES (999, 'forged', 'forged', 'UTC', false, now(), false, false, 3, '')"
                )
            )
            await session.execute(text("GRANT SELECT ON pg_temp.groups TO PUBLIC"))
        forged = await session.execute(text("SELECT count(*) FROM group_by_slug('forged')"))
        assert forged.scalar_one() == 0
