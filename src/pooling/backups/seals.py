"""What never changes, by its content: frozen records of purchases, and the journal so far. Computed by the database,
for a backup's manifest and again for what was restored from it.
"""

import asyncpg
from pydantic import BaseModel, ConfigDict


class Seal(BaseModel):
    """A record that was frozen for ever."""

    model_config = ConfigDict(frozen=True)

    named: str
    """As a person calls it."""
    sha256: str


class Journal(BaseModel):
    """A group's events up to one of them."""

    model_config = ConfigDict(frozen=True)

    named: str
    last: int
    count: int
    sha256: str

    @property
    def content(self) -> tuple[int, int, str]:
        """All but its name, which a group may change."""
        return self.last, self.count, self.sha256


_RECORDS = """
SELECT '{what} ' || r.group_id || '/' || r.id AS key,
    '{what} n° ' || r.number || ' of ' || coalesce(p.reference, 'purchase ' || p.id) || ' in ' || g.slug AS named,
    encode(sha256(convert_to(to_jsonb(r)::text || coalesce((
        SELECT string_agg(to_jsonb(l)::text, E'\\n' ORDER BY to_jsonb(l)::text COLLATE "C") FROM {lines} l
        WHERE l.group_id = r.group_id AND l.{key} = r.id), ''), 'UTF8')), 'hex') AS sha256
FROM {table} r
JOIN purchases p ON p.group_id = r.group_id AND p.id = r.purchase_id
JOIN groups g ON g.id = r.group_id
"""
_FROZEN = (
    {"what": "allocation", "table": "allocations", "lines": "allocation_shares", "key": "allocation_id"},
    {"what": "consolidation", "table": "consolidations", "lines": "assignments", "key": "consolidation_id"},
)
_JOURNALS = """
SELECT g.id, g.slug AS named, max(e.id) AS last, count(*) AS count,
    encode(sha256(convert_to(string_agg(
        encode(sha256(convert_to(to_jsonb(e)::text, 'UTF8')), 'hex'), '' ORDER BY e.id), 'UTF8')), 'hex') AS sha256
FROM events e JOIN groups g ON g.id = e.group_id
WHERE e.id <= coalesce(($1::jsonb ->> g.id::text)::bigint, 9223372036854775807)
GROUP BY g.id, g.slug
"""


async def frozen_records(connection: asyncpg.Connection) -> dict[str, Seal]:
    """Every frozen allocation and consolidation with its lines, by a key that outlives its name."""
    found = {}
    for words in _FROZEN:
        for row in await connection.fetch(_RECORDS.format(**words)):
            found[row["key"]] = Seal(named=row["named"], sha256=row["sha256"])
    return found


async def journals(connection: asyncpg.Connection, until: dict[str, Journal] | None = None) -> dict[str, Journal]:
    """Of every group that has one, by its id; no further than each of these."""
    ends = {group: journal.last for group, journal in (until or {}).items()}
    rows = await connection.fetch(_JOURNALS, ends)
    return {
        str(row["id"]): Journal(named=row["named"], last=row["last"], count=row["count"], sha256=row["sha256"])
        for row in rows
    }
