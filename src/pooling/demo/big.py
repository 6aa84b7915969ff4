"""Ten years of the demonstration: what its group finished is told again and again, each time further back; 500 actions
and 2 000 sheets of experience beside. For whoever looks at long lists, and for benchmarks.

Rows are repeated in the database, table by table, whatever hangs on a purchase or a committee: their keys are read from
its catalogue, so that a feature need not say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

DAYS_APART = 165
"""Each time lies so many days before the one that follows it."""


@dataclass(frozen=True)
class Size:
    """How often what is over is told again, and how many actions and sheets there are then."""

    again: int = 20
    actions: int = 500
    experiences: int = 2_000


TEN_YEARS = Size()
ROOTS = {
    "purchases": "state = 'settled'",
    "committees": "state = 'minuted'",
}
"""What is repeated, with all that hangs on it."""
LEFT_OUT = frozenset({"events", "memberships", "current_allocations", "current_shares", "case_changes", "exports"})
"""Told apart below, or of no meaning for what is long over."""
RENAMED = {
    ("purchases", "reference"): "format('AG-%s-%s', to_char({created_at}, 'YYYY'), 100 + row_number() OVER ())",
    ("orders", "reference"): "(SELECT p.reference FROM purchases p WHERE p.group_id = $1 AND p.id = {purchase_id}) "
    "|| '-' || t.number",
    ("bills", "number"): "t.number || '-' || n",
    ("bills", "same_as"): "t.same_as || '-' || n",
}
"""What no two may share."""
SHEETS = ("action_factors", "action_phases", "contributions", "action_terms", "action_estimates", "action_answers")
"""What hangs on an action and is its own."""
_COLUMNS = """
SELECT c.relname AS table, a.attname AS name, a.attidentity <> '' AS is_id, a.attnotnull AS needed,
    format_type(a.atttypid, NULL) AS type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    AND a.attgenerated = ''
    AND EXISTS (SELECT FROM pg_attribute g WHERE g.attrelid = c.oid AND g.attname = 'group_id')
ORDER BY c.relname, a.attnum"""
_KEYS = """
SELECT k.conrelid::regclass::text AS table, a.attname AS name, k.confrelid::regclass::text AS of_table,
    f.attname AS of_name
FROM pg_constraint k
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS pair (mine, theirs)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.mine
JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = pair.theirs
WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND a.attname <> 'group_id'"""


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    is_id: bool
    needed: bool


class Schema:
    """Tables of groups, their columns, and whose id each column holds in the end."""

    def __init__(self, columns: Sequence[asyncpg.Record], keys: Sequence[asyncpg.Record]) -> None:
        self.tables: dict[str, list[Column]] = {}
        for row in columns:
            self.tables.setdefault(row["table"], []).append(
                Column(row["name"], row["type"], row["is_id"], row["needed"])
            )
        self._keys: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for row in keys:
            self._keys.setdefault((row["table"], row["name"]), []).append((row["of_table"], row["of_name"]))

    @classmethod
    async def read(cls, connection: asyncpg.Connection) -> "Schema":
        return cls(await connection.fetch(_COLUMNS), await connection.fetch(_KEYS))

    def has_id(self, table: str) -> bool:
        return any(column.is_id for column in self.tables.get(table, ()))

    def origin(self, table: str, name: str) -> str | None:
        """The table whose id this column holds: a key may lead there over others'."""
        for of_table, of_name in self._keys.get((table, name), ()):
            if of_name == "id" and self.has_id(of_table):
                return of_table
            if (of_table, of_name) != (table, name) and (found := self.origin(of_table, of_name)):
                return found
        return None

    def hanging_on(self, roots: Sequence[str]) -> list[str]:
        """The roots and all tables whose rows hang on theirs, each behind those that it hangs on."""
        ordered = list(roots)
        while True:
            more = [
                table
                for table in self.tables
                if table not in ordered and table not in LEFT_OUT and self.held(table, ordered)
            ]
            if not more:
                return ordered
            ready = [table for table in more if not self._behind(table) & set(more) - {table}]
            ordered += ready or more

    def _behind(self, table: str) -> set[str]:
        """The tables that its keys lead to."""
        return {of_table for (mine, _), others in self._keys.items() if mine == table for of_table, _ in others}

    def held(self, table: str, among: Sequence[str]) -> list[str]:
        """On which of these tables its rows hang."""
        origins = {self.origin(table, column.name) for column in self.tables[table]}
        return [one for one in among if one in origins]


async def enlarge(owner_url: str, size: Size = TEN_YEARS) -> None:
    """Once its history stands: what comes later has the latest ids. As the owner of the tables, who may say them."""
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            group_id: int = await connection.fetchval("SELECT id FROM all_groups() WHERE fictional")
            await connection.execute("SELECT set_config('pooling.group_id', $1, true)", str(group_id))
            await connection.execute(
                "UPDATE groups SET created_at = created_at - make_interval(days => $2) WHERE id = $1",
                *(group_id, size.again * DAYS_APART),
            )
            repeating = _Repeating(connection, await Schema.read(connection), group_id, size)
            await repeating.what_is_over()
            await repeating.actions()
            await repeating.experiences()
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


@dataclass(frozen=True)
class _Repeating:
    connection: asyncpg.Connection
    schema: Schema
    group_id: int
    size: Size

    async def what_is_over(self) -> None:
        await self.connection.execute(
            "CREATE TEMPORARY TABLE again (kind text, old bigint, nth int, new bigint, PRIMARY KEY (kind, old, nth)) "
            "ON COMMIT DROP"
        )
        # Of rows just written the server knows nothing: joining them one by one takes minutes.
        await self.connection.execute("SET LOCAL enable_nestloop = off")
        tables = self.schema.hanging_on(list(ROOTS))
        for table in tables:
            await self._rows(table, tables)
            await self.connection.execute("ANALYZE again")
        await self.connection.execute(
            """
            INSERT INTO events (group_id, at, person_id, subject_kind, subject_id, name, from_state, to_state,
                reason, details)
            SELECT $1, e.at - make_interval(days => a.nth * $2), e.person_id, e.subject_kind, a.new, e.name,
                e.from_state, e.to_state, e.reason, CASE WHEN p.new IS NULL THEN e.details
                    ELSE jsonb_set(e.details, '{purchase_id}', to_jsonb(p.new)) END
            FROM events e JOIN again a ON a.kind = e.subject_kind || 's' AND a.old = e.subject_id
            LEFT JOIN again p ON p.kind = 'purchases' AND p.nth = a.nth
                AND p.old = CAST(e.details->>'purchase_id' AS bigint)
            WHERE e.group_id = $1 ORDER BY a.nth DESC, e.id""",
            *(self.group_id, DAYS_APART),
        )

    async def _rows(self, table: str, tables: Sequence[str]) -> None:
        """Its rows that hang on something that is repeated, under new ids."""
        columns = self.schema.tables[table]
        held = {
            column.name: origin
            for column in columns
            if (origin := self.schema.origin(table, column.name)) is not None and origin in tables
        }
        joins = [
            f"LEFT JOIN again {_alias(name)} ON {_alias(name)}.kind = '{origin}' AND {_alias(name)}.nth = n "
            f"AND {_alias(name)}.old = t.{name}"
            for name, origin in held.items()
        ]
        needed = [name for name in held if next(one for one in columns if one.name == name).needed]
        which = ROOTS.get(table) or " AND ".join(f"{_alias(name)}.new IS NOT NULL" for name in needed)
        which = which or f"COALESCE({', '.join(f'{_alias(name)}.new' for name in held)}) IS NOT NULL"
        source = f"{table} t CROSS JOIN generate_series(1, {self.size.again}) n {' '.join(joins)}"
        where = f"t.group_id = $1 AND ({which})"
        if self.schema.has_id(table):
            await self.connection.execute(
                f"""
                INSERT INTO again SELECT '{table}', t.id, n, nextval(pg_get_serial_sequence('{table}', 'id'))
                FROM {source} WHERE {where} ORDER BY n DESC, t.id""",  # noqa: S608 - names of the catalogue
                self.group_id,
            )
            source += f" JOIN again itself ON itself.kind = '{table}' AND itself.nth = n AND itself.old = t.id"
        said = {column.name: _said(column, held) for column in columns}
        for (of_table, name), renamed in RENAMED.items():
            if of_table == table:
                said[name] = renamed.format_map(said)
        await self.connection.execute(
            f"""
            INSERT INTO {table} ({_named(said)}) OVERRIDING SYSTEM VALUE
            SELECT {", ".join(said.values())} FROM {source} WHERE {where}""",  # noqa: S608 - names of the catalogue
            self.group_id,
        )

    async def actions(self) -> None:
        """With their own sheets."""
        await self.connection.execute(
            """
            CREATE TEMPORARY TABLE acted ON COMMIT DROP AS
            SELECT id AS old, n, nextval(pg_get_serial_sequence('actions', 'id')) AS new
            FROM actions CROSS JOIN generate_series(1, $2) n WHERE group_id = $1 ORDER BY n DESC, id
            LIMIT $2 - (SELECT count(*) FROM actions WHERE group_id = $1)""",
            *(self.group_id, self.size.actions),
        )
        whole = {column.name: _said(column, {}, "80") for column in self.schema.tables["actions"]}
        whole |= {
            "id": "a.new",
            "reference": f"format('FA-%s-%s', to_char({whole['proposed_at']}, 'YYYY'), 100 + row_number() OVER ())",
            "title": "t.title || ' – ' || n",
        }
        for table in ("actions", *SHEETS):
            said = {column.name: _said(column, {}, "80") for column in self.schema.tables[table]}
            said = (
                whole
                if table == "actions"
                else {name: said[name] for name in said if name != "id"} | {"action_id": "a.new"}
            )
            key = "id" if table == "actions" else "action_id"
            await self.connection.execute(
                f"""
                INSERT INTO {table} ({_named(said)}) OVERRIDING SYSTEM VALUE
                SELECT {", ".join(said.values())} FROM {table} t JOIN acted a ON a.old = t.{key}
                WHERE t.group_id = $1 ORDER BY n DESC, t.{key}""",  # noqa: S608 - names of the catalogue
                self.group_id,
            )

    async def experiences(self) -> None:
        said = {
            column.name: _said(column, {}, "14") for column in self.schema.tables["experiences"] if not column.is_id
        }
        said["title"] = "t.title || ' – ' || n"
        await self.connection.execute(
            f"""
            INSERT INTO experiences ({_named(said)})
            SELECT {", ".join(said.values())} FROM experiences t CROSS JOIN generate_series(1, $2) n
            WHERE t.group_id = $1 ORDER BY n, t.id LIMIT $2 - (SELECT count(*) FROM experiences WHERE group_id = $1)""",  # noqa: S608
            *(self.group_id, self.size.experiences),
        )


def _named(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _alias(name: str) -> str:
    return f"of_{name}"


def _said(column: Column, held: Mapping[str, str], apart: str = str(DAYS_APART)) -> str:
    """What the repeated row says in a column: another id, an earlier day."""
    if column.is_id:
        return "itself.new"
    if column.name in held:
        return f"COALESCE({_alias(column.name)}.new, t.{column.name})"
    if column.type == "date":
        return f't."{column.name}" - n * {apart}'
    if column.type.startswith("timestamp") and column.name != "recorded_at":
        return f't."{column.name}" - make_interval(days => n * {apart})'
    return f't."{column.name}"'
