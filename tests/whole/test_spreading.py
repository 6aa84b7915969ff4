"""How far groups could be spread over several PostgreSQL by `group_id` (Citus), asked of the catalogue; what stands
against it is what docs/scaling.md names, and no more.
"""

import re

import pytest
from sqlalchemy import text

from pooling import PACKAGE, PROJECT_ROOT
from pooling.kernel.database import Database
from whole.test_walls import tenant_tables

PAGE = (PROJECT_ROOT / "docs" / "scaling.md").read_text("utf-8")
VOLATILE = r"(clock_timestamp|random|nextval|setval|gen_random_uuid|timeofday)\("
HAS_GROUP = """EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = {table} AND a.attnum = ANY ({columns})
    AND a.attname = 'group_id')"""
OF_TENANTS = "= ANY (CAST(:tenants AS text[]))"
NOT_OF_TENANTS = "<> ALL (CAST(:tenants AS text[]))"
AGAINST = {
    "a key without the group": f"""
        SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indrelid::regclass::text {OF_TENANTS}
        AND NOT {HAS_GROUP.format(table="indrelid", columns="indkey")}""",
    "a foreign key from elsewhere": f"""
        SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid::regclass::text {OF_TENANTS}
        AND conrelid::regclass::text {NOT_OF_TENANTS}""",
    "a foreign key between groups": f"""
        SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text {OF_TENANTS}
        AND confrelid::regclass::text {OF_TENANTS} AND NOT (
            {HAS_GROUP.format(table="conrelid", columns="conkey")} AND
            {HAS_GROUP.format(table="confrelid", columns="confkey")})""",
    "a trigger": "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    "an exclusion": f"""
        SELECT conname FROM pg_constraint WHERE contype = 'x' AND conrelid::regclass::text {OF_TENANTS}""",
    "a function that changes rows by what is volatile": f"""
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND prosrc ~* 'UPDATE\\s[^;]*{VOLATILE}'""",
}
NAMED = {
    "others": f"""
        SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'
        AND conrelid::regclass::text {OF_TENANTS} AND confrelid::regclass::text {NOT_OF_TENANTS}""",
    "crossing": """
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef""",
}


async def ask(database: Database, question: str) -> set[str]:
    async with database.transaction() as session:
        values = {"tenants": tenant_tables()} if ":tenants" in question else {}
        return set((await session.execute(text(question), values)).scalars())


@pytest.mark.parametrize("what", AGAINST)
async def test_nothing_stands_against_spreading(database: Database, what: str) -> None:
    assert await ask(database, AGAINST[what]) == set()


def named(mark: str) -> set[str]:
    """What the page names in code between these marks."""
    return set(re.findall(r"`([a-z_]+)`", PAGE.split(f"<!-- {mark} -->")[1].split("<!-- end -->")[0]))


async def test_the_page_names_all_that_does(database: Database) -> None:
    assert await ask(database, NAMED["others"]) == {"groups", "people", "messages"}
    tables = {"groups", "memberships", "people"}
    assert await ask(database, NAMED["crossing"]) == named("crossing") - tables


def test_statements_of_ours_change_rows_by_values_and_lock_within_a_group() -> None:
    sources = {path.relative_to(PACKAGE): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    changing = re.compile(r"UPDATE\s+\w+\s+SET\b(?:(?!\"\"\").){0,800}?" + VOLATILE, re.DOTALL)
    assert [str(path) for path, source in sources.items() if changing.search(source)] == []
    locks = {
        (str(path), line.strip())
        for path, source in sources.items()
        for line in source.splitlines()
        if "pg_advisory" in line and path.parts[0] not in {"embedded", "cli"}  # of the machine, and of migrations
    }
    assert locks
    for path, line in locks:
        assert re.search(r"group_of|purchase_id|_COLLECTING|numbers|\bn\b|alone", line), (path, line)
