"""What a database must be like whatever it holds: frozen allocations tie and are what their rule makes of their case,
records and events follow one another without a gap, and every wall stands. Each fault is a sentence that says where.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import asyncpg

from pooling.kernel.migrations import OF_THE_HOST, every_table
from pooling.kernel.tables import TenantTable
from pooling.sharing import RULE_VERSION
from pooling.sharing.allocation import allocate_json
from pooling.sharing.money import Cents

_AMOUNTS = ("ht", "vat", "subsidies", "fctva", "net")
_RECORDS = """
SELECT a.group_id, a.id, a.rule_version, a.case, a.result, a.stated,
    'allocation n° ' || a.number || ' of ' || coalesce(p.reference, 'purchase ' || p.id) || ' in ' || g.slug AS named
FROM allocations a
JOIN purchases p ON p.group_id = a.group_id AND p.id = a.purchase_id
JOIN groups g ON g.id = a.group_id
ORDER BY a.group_id, a.id
"""
_SHARES = "SELECT * FROM allocation_shares WHERE group_id = $1 AND allocation_id = $2 ORDER BY member"
_NUMBERS = """
SELECT '{table} of ' || coalesce(p.reference, 'purchase ' || p.id) || ' in ' || g.slug
    || ' are not numbered from 1 on without a gap'
FROM {table} r
JOIN purchases p ON p.group_id = r.group_id AND p.id = r.purchase_id
JOIN groups g ON g.id = r.group_id
GROUP BY g.id, g.slug, p.group_id, p.id, p.reference HAVING min(r.number) <> 1 OR max(r.number) <> count(*)
"""
_MOVES = """
SELECT 'event ' || id || ' (' || name || ') of ' || subject_kind || ' ' || subject_id || ' in ' || slug
    || ' begins at ' || from_state || ', the one before ended at ' || before
FROM (SELECT g.slug, e.id, e.name, e.subject_kind, e.subject_id, e.from_state, lag(e.to_state) OVER (
            PARTITION BY e.group_id, e.subject_kind, e.subject_id, split_part(e.name, '.', 1) ORDER BY e.id) AS before
        FROM events e JOIN groups g ON g.id = e.group_id
        WHERE e.from_state IS NOT NULL AND e.to_state IS NOT NULL) moves
WHERE from_state <> before
"""

_UNBOUND = """
SELECT rolsuper OR rolbypassrls OR EXISTS (
    SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user)
FROM pg_roles WHERE rolname = current_user
"""


async def faults_in_records(owner: asyncpg.Connection) -> AsyncIterator[str]:
    """Of frozen allocations, numbers and events."""
    for record in await owner.fetch(_RECORDS):
        shares = await owner.fetch(_SHARES, record["group_id"], record["id"])
        for fault in _faults_of(record, shares):
            yield f"{record['named']}: {fault}"
    for statement in (_NUMBERS.format(table="allocations"), _NUMBERS.format(table="consolidations"), _MOVES):
        for (fault,) in await owner.fetch(statement):
            yield fault


def _faults_of(record: Mapping[str, Any], shares: Sequence[Mapping[str, Any]]) -> list[str]:
    faults = []
    result: dict[str, Any] = record["result"]
    if record["stated"] is not None:
        told = {member["id"]: _cents_of(member) for member in result["members"]}
        kept = {share["member"]: {name: share[name] for name in _AMOUNTS} for share in shares}
        faults += [
            f"the share of {member} is not what its rule wrote on the day"
            for member in sorted(told.keys() | kept.keys())
            if told.get(member) != kept.get(member)
        ]
        totals: dict[str, Cents] = record["stated"]["totals"]
        faults += [
            f"its shares do not add up to its total ({name})"
            for name in _AMOUNTS[:-1]
            if sum(share[name] for share in shares) != totals[name]
        ]
    if record["rule_version"] == RULE_VERSION and json.loads(json.dumps(allocate_json(record["case"]))) != result:
        faults.append("its case does not give its result")
    return faults


def _cents_of(member: Mapping[str, Any]) -> dict[str, Cents]:
    amounts = {name: _cents(member[name]) for name in ("ht", "vat", "fctva", "net")}
    return amounts | {"subsidies": sum(_cents(amount) for amount in member["subsidies"].values())}


def _cents(written: str) -> Cents:
    return int(Decimal(written) * 100)


async def faults_in_walls(application: asyncpg.Connection) -> AsyncIterator[str]:
    """Asked as the application's role, which must be held by each of them."""
    if await application.fetchval(_UNBOUND):
        yield "the application's role is not bound by row-level security"
    ours = every_table().tables
    tables = sorted(name for table in TenantTable.__subclasses__() if (name := str(table.__tablename__)) in ours)
    for table in await _where(application, tables, "true"):
        yield f"{table} shows rows where no group was opened"
    for group_id, slug in await application.fetch("SELECT id, slug FROM all_groups()"):
        async with application.transaction(readonly=True):
            await application.execute("SELECT set_config('pooling.group_id', $1, true)", str(group_id))
            for table in await _where(application, tables, f"group_id <> {group_id}"):
                yield f"{table} shows rows of others in {slug}"
    for table in OF_THE_HOST:
        if await application.fetchval("SELECT has_table_privilege($1, 'INSERT, UPDATE, DELETE')", table):
            yield f"{table} may be written by the application"


async def _where(application: asyncpg.Connection, tables: Sequence[str], condition: str) -> list[str]:
    """Which of these tables show a row like that."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\" WHERE {condition})"  # noqa: S608 - our own words
        for table in tables
    )
    return [table for (table,) in await application.fetch(asked)]
