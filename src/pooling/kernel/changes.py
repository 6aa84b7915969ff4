"""What follows when rows of some tables change, in the transaction that changes them. Features say it once for a table
(`Watch`), and a session sees to it for all that it writes, so that no use case can forget it. Triggers would do the
same, but a database that spreads groups over several servers has none.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, TextClause, select
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql.dml import UpdateBase

Keys = Mapping[str, Collection[int | None]]
"""By the name of a table, what `Watch.key` is in the rows that a statement changes."""
_CHANGING = "changing"
_WRITTEN = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class Watch:
    """What follows is SQL as PostgreSQL takes it: of the group, `$1`, and of the keys, `$2`."""

    key: str
    """The column that says whom a changed row concerns."""
    follows: str
    of_anything: str = ""
    """The same of the group alone, where nobody says which rows a statement changes; empty: nothing follows."""
    of: frozenset[str] = frozenset({"insert", "update", "delete"})


_WATCHES: dict[str, list[Watch]] = defaultdict(list)


def watch(table: str, watched: Watch) -> None:
    _WATCHES[table].append(watched)


def changing(**keys: Collection[int | None]) -> dict[str, Any]:
    """Execution options of a statement that is written by hand: what it changes, by the names of tables."""
    return {_CHANGING: keys}


def keys_in(table: str, rows: Sequence[Mapping[str, Any]]) -> Keys:
    """What rows to be inserted say. A row that has no number yet concerns nobody."""
    names = {watched.key for watched in _WATCHES.get(table, ())} & rows[0].keys()
    return {table: {row[name] for row in rows for name in names}} if names else {}


@lru_cache(maxsize=2_000)
def written_by(statement: str) -> frozenset[str]:
    """The watched tables that a text changes."""
    return frozenset(_WRITTEN.findall(statement)) & _WATCHES.keys()


class _Following:
    """What is to be done, each thing once however many tables ask for it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._keys: dict[str, set[int]] = defaultdict(set)
        self._whole: set[str] = set()

    def add(self, table: str, how: str | None, keys: Callable[[str], Iterable[int | None]]) -> None:
        """`how` None: in whichever way."""
        for watched in _WATCHES.get(table, ()):
            if how is None or how in watched.of:
                self._keys[watched.follows] |= {key for key in keys(watched.key) if key is not None}

    def add_anything(self, table: str) -> None:
        self._whole |= {watched.of_anything for watched in _WATCHES[table]} - {""}

    def do(self) -> None:
        group = self._session.info.get("group_id")
        connection = self._session.connection()
        for statement in self._whole:
            connection.exec_driver_sql(statement, (group,))
        for statement, keys in self._keys.items():
            if keys:
                connection.exec_driver_sql(statement, (group, sorted(keys)))


def follow(session: Session, statement: str, named: Keys | None) -> None:
    """What follows a text that a session has executed."""
    written = written_by(statement)
    if not written:
        return
    following = _Following(session)
    if named is None:
        for table in written:
            following.add_anything(table)
    for table, keys in (named or {}).items():
        following.add(table, None, lambda _, keys=keys: keys)  # type: ignore[misc]
    following.do()


def follow_rows(session: Session, table: str, keys: Collection[int]) -> None:
    """What follows rows that were inserted, where only the database knew their numbers."""
    following = _Following(session)
    following.add(table, "insert", lambda _: keys)
    following.do()


def follow_statement(state: ORMExecuteState) -> None:
    """The same before a statement: of texts by what they name, of others by the rows that they will change."""
    statement = state.statement
    if isinstance(statement, TextClause):
        follow(state.session, statement.text, state.execution_options.get(_CHANGING))
    elif isinstance(statement, UpdateBase) and isinstance(table := statement.table, Table) and table.name in _WATCHES:
        named = state.execution_options.get(_CHANGING)
        following = _Following(state.session)
        for name, keys in (named or {}).items():
            following.add(name, None, lambda _, keys=keys: keys)  # type: ignore[misc]
        if named is None and state.is_insert:
            raise AssertionError(f"name what is inserted into {table.name} (`changing`)")
        if named is None:
            how = "update" if state.is_update else "delete"
            following.add(table.name, how, lambda key: _keys_of(state, table, key))
        following.do()


def _keys_of(state: ORMExecuteState, table: Table, key: str) -> Iterable[int | None]:
    conditions = state.statement._where_criteria  # type: ignore[attr-defined]  # noqa: SLF001 - for a SELECT of the same
    values = state.parameters if isinstance(state.parameters, dict) else {}
    asked = select(table.c[key]).where(table.c.group_id == state.session.info.get("group_id"), *conditions).distinct()
    return list(state.session.connection().execute(asked, values).scalars())


def follow_flush(session: Session, _: object) -> None:
    following = _Following(session)
    for how, rows in (("insert", session.new), ("update", session.dirty), ("delete", session.deleted)):
        for row in rows:
            table = type(row).__tablename__
            if table in _WATCHES and (how != "update" or session.is_modified(row)):
                following.add(table, how, lambda key, row=row: (getattr(row, key),))  # type: ignore[misc]
    following.do()
