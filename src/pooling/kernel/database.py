"""The engine, and the transaction opened for one group.

Every statement on a tenant table is bound to the transaction's group twice: here, where SQLAlchemy adds
`group_id = …` to it, and in PostgreSQL, whose row-level security reads the transaction's `pooling.group_id`.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self, TypeVar

from asyncpg import InterfaceError, InternalClientError, PostgresError, Record
from sqlalchemy import Column, Connection, Dialect, Result, Select, SQLColumnExpression, column, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import InterfaceError as ClosedOrMisused
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import await_only

from pooling.kernel.changes import Keys, changing, follow, follow_flush, follow_statement, keys_in, written_by
from pooling.kernel.errors import NotFound
from pooling.kernel.limits import Readers, limit
from pooling.kernel.tables import TenantTable

Part = TypeVar("Part")
Found = TypeVar("Found")

_NO_GROUP = -1
"""Stands for "no group was opened": no row has it, so nothing comes out."""
COMPILED = 1_500
"""Statements whose text is kept: those of all pages and roles. The usual 500 are written again and again."""
PREPARED = {"prepared_statement_cache_size": 1000, "statement_cache_size": 1000}
"""How many statements a connection keeps prepared, in SQLAlchemy's asyncpg adapter and in asyncpg itself. There are
several hundred in all: with their 100, most are prepared and dropped again at every request.
"""


@dataclass(frozen=True)
class Patience:
    """How long one kind of work may hold, or wait for, what others need, in seconds: what lasts longer is ended."""

    statement: int
    """One statement, the locks that it waits for included."""
    idle: int
    """Between two statements of a transaction."""
    waiting: int
    """For a connection, free or new."""


WEB = Patience(
    statement=limit(60, "A statement of a page or of a call", __name__, Readers.OPERATORS, unit="seconds"),
    idle=limit(120, "Between two statements of a page or of a call", __name__, Readers.OPERATORS, unit="seconds"),
    waiting=limit(
        5, "Waiting for a connection with the database, then 503", __name__, Readers.OPERATORS, unit="seconds"
    ),
)
"""A page or a call of the interface for programs: somebody waits for it."""
LONG = Patience(statement=900, idle=1800, waiting=30)
"""The worker, with workbooks of a million rows; commands, with imports of as many."""
_SIGN_OF_VALUE = re.compile("[:\"'\n]")
SECONDS_TO_TRY_AGAIN = 5
"""What who was refused for want of a connection is told to wait."""
_PASSING = ("08", "53", "57", "25P03", "40001", "40P01", "55P03")
"""How the SQLSTATE of what another try may not meet begins: connection lost, resources short, stopped by the server or
a time limit, idle for too long, deadlocked.
"""
_OF_A_VALUE = ("22", "42601")
"""How the SQLSTATE of an error begins that quotes what it could not read (the second one, a search)."""


class Unavailable(ConnectionError):
    """The database does not answer, or every connection with it is taken."""


def is_passing(error: DBAPIError) -> bool:
    """Whether it is no fault of the statement: the connection was lost, or the server ended it."""
    closed = isinstance(error, ClosedOrMisused) and "closed" in str(error.orig)
    return closed or error.connection_invalidated or str(getattr(error.orig, "sqlstate", "") or "").startswith(_PASSING)


class TenantSession(Session):
    """A session whose statements on tenant tables are bound to the group it was opened for."""


@event.listens_for(TenantSession, "do_orm_execute")
def _bind_to_group(state: ORMExecuteState) -> None:
    if not (state.is_select or state.is_update or state.is_delete) or not state.session.info.get("filter", True):
        return
    group_id = state.session.info.get("group_id") or _NO_GROUP
    if state.execution_options.get(_STANDING):
        state.statement = _standing_in(state.statement, group_id)
    else:
        state.statement = state.statement.options(_criterion(group_id))


class _AnyTenantTable:
    """Stands for all of them in one criterion: one for each would be looked at anew at every statement."""

    group_id: SQLColumnExpression[int] = column("group_id")

    @staticmethod
    def __subclasses__() -> list[type[TenantTable]]:
        return TenantTable.__subclasses__()


@event.listens_for(TenantSession, "do_orm_execute")
def _follow_changes(state: ORMExecuteState) -> None:
    if not state.is_select:
        follow_statement(state)


event.listen(TenantSession, "after_flush", follow_flush)


@lru_cache(maxsize=256)
def _criterion(group_id: int) -> LoaderCriteriaOption:
    return with_loader_criteria(_AnyTenantTable, lambda entity: entity.group_id == group_id, include_aliases=True)


_STANDING = "standing"


def standing(statement: Select[Any]) -> Select[Any]:
    """One that is put together once and asked at many requests, with what differs as `bindparam`s. Putting one together
    and finding what was compiled for it take SQLAlchemy several times as long as asking it does: what is found for this
    very object, in a group, is kept.
    """
    return statement.execution_options(**{_STANDING: True})


@lru_cache(maxsize=512)
def _standing_in(statement: Select[Any], group_id: int) -> Select[Any]:
    return statement.options(_criterion(group_id))


def driver_url(url: str) -> str:
    """The address as SQLAlchemy wants it. A libpq-style `?host=/folder` is a unix socket, which asyncpg takes too."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _take_another(connection: DBAPIConnection, record: object, proxy: object) -> None:  # noqa: ARG001
    """A connection that was closed while nobody used it is not handed out. Its socket says so: asking the server each
    time, as `pool_pre_ping` does, costs three round trips.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _tell_lost_connection(context: ExceptionContext) -> None:
    """A connection that the server ended while it stood idle answers its next statement with this: without being told,
    SQLAlchemy takes it for a fault of the statement and keeps the connection.
    """
    if isinstance(context.original_exception.__cause__, InternalClientError):
        context.is_disconnect = True


def _without_values(said: str) -> str:
    """What PostgreSQL or its driver says is wrong with a value, without the value: it stands behind these signs."""
    return _SIGN_OF_VALUE.split(said, maxsplit=1)[0].strip()


def _tell_no_values(context: ExceptionContext) -> None:
    """Whoever logs an error, or lets it end a command, writes down nothing that somebody typed: neither the DETAIL,
    which is a key or a whole row, nor a value that could not be read.
    """
    driver, cause = context.original_exception, context.original_exception.__cause__
    if not isinstance(cause, PostgresError):
        return
    words = str(cause.args[0]) if cause.args else ""
    told = _without_values(words) if str(cause.sqlstate or "").startswith(_OF_A_VALUE) else words
    cause.args, cause.detail, cause.hint = (told,), None, None
    driver.args = (f"{type(cause).__name__}: {told}",)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(driver).__name__}) {told}",)


class Database:
    """Opens transactions. `engine` is a pool in the application, and one outer transaction's connection in tests."""

    def __init__(
        self,
        engine: AsyncEngine | AsyncConnection,
        *,
        base_url: str = "http://127.0.0.1:8000",
        mail_from: str = "pooling@localhost",
        reads_answers: bool = False,
    ) -> None:
        self._engine = engine
        self._info: dict[Any, Any] = {"base_url": base_url, "mail_from": mail_from, "reads_answers": reads_answers}

    @classmethod
    def connect(
        cls, url: str, *, pool_size: int = 20, patience: Patience = LONG, reads_answers: bool = False, **addresses: str
    ) -> "Database":
        """`base_url` and `mail_from` are the installation's own addresses, for the mails that a transaction writes;
        `reads_answers` whether what is answered to the second one is read.
        """
        engine = create_async_engine(
            driver_url(url),
            # Opened when they are needed, and kept: one that is opened and closed again for a moment's need costs more
            # than the request that wanted it. The one used last is taken first: it knows what is asked.
            pool_size=pool_size,
            max_overflow=0,
            pool_use_lifo=True,
            hide_parameters=True,  # what people typed is in no log
            query_cache_size=COMPILED,
            pool_timeout=patience.waiting,
            connect_args={
                "timeout": patience.waiting,
                "server_settings": {
                    "application_name": "pooling",
                    "timezone": "UTC",
                    "statement_timeout": f"{patience.statement}s",
                    "idle_in_transaction_session_timeout": f"{patience.idle}s",
                },
                **PREPARED,
            },
        )
        event.listen(engine.sync_engine, "checkout", _take_another)
        event.listen(engine.sync_engine, "handle_error", _tell_lost_connection)
        event.listen(engine.sync_engine, "handle_error", _tell_no_values)
        return cls(engine, reads_answers=reads_answers, **addresses)

    def handing(self, part: object) -> Self:
        """The same, whose transactions bring along this too: what stands above and is asked for by its type."""
        made = copy(self)
        made._info = {**self._info, type(part): part}  # noqa: SLF001 - its own
        return made

    @property
    def connections(self) -> tuple[int, int]:
        """How many are in use, and how many at most."""
        pool = self._engine.pool if isinstance(self._engine, AsyncEngine) else None
        return (pool.checkedout(), pool.size()) if isinstance(pool, QueuePool) else (0, 0)

    async def dispose(self) -> None:
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()

    @asynccontextmanager
    async def transaction(
        self, group_id: int | None = None, *, enter: "Enter | None" = None
    ) -> AsyncIterator[AsyncSession]:
        """One transaction, for one group or (None) for what belongs to no group. Commits at the end, or rolls back.
        `enter` binds it to the group and may ask more in the same statement.

        Raises:
            Unavailable: it could not be opened.
        """
        session = AsyncSession(
            self._engine,
            sync_session_class=TenantSession,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
            autobegin=False,
            info=dict(self._info),
        )
        try:
            try:
                await (enter or enter_group)(session, group_id)
            except _NOT_OPENED as error:
                raise Unavailable(str(getattr(error, "orig", None) or error)) from error
            yield session
            if session.in_transaction():
                await session.commit()
        finally:
            if session.in_transaction():
                async with session:
                    pass  # rolls back, even where somebody is stopped meanwhile
            else:
                session.sync_session.close()  # has nothing to wait for

    async def ask(self, statement: str, *values: object) -> list[Record]:
        """What one statement gives that is a transaction of its own: a function about what belongs to no group.

        Raises:
            Unavailable: it could not be asked.
        """
        try:
            if isinstance(self._engine, AsyncConnection):
                return await fetch(self._engine, statement, *values)
            connection = await self._engine.connect()
            try:
                return await fetch(connection, statement, *values)
            finally:
                await connection.close()
        except _NOT_OPENED as error:
            raise Unavailable(str(getattr(error, "orig", None) or error)) from error


_NOT_OPENED = (OSError, SQLAlchemyError, PostgresError, InterfaceError)
Enter = Callable[[AsyncSession, int | None], Awaitable[None]]


async def enter_group(session: AsyncSession, group_id: int | None) -> None:
    """Binds the rest of the transaction to a group. The setting ends with the transaction."""
    await enter_by(session, group_id, "SELECT set_config('pooling.group_id', $1, true)", str(group_id or ""))


async def enter_by(session: AsyncSession, group_id: int | None, statement: str, *values: object) -> list[Record]:
    """The same by this statement, which may give something."""
    connection = await session.run_sync(_begun)
    rows = await _fetch(session, connection, statement, values)
    session.info.update({"group_id": group_id, "connection": connection})
    return rows


def _begun(session: Session) -> Connection:
    """Its connection, on which a transaction was begun: SQLAlchemy alone would begin it at its own first statement."""
    if not session.in_transaction():
        session.begin()
    connection = session.connection()
    adapted: Any = connection.connection.dbapi_connection
    if adapted._transaction is None:  # noqa: SLF001 - there is no other way to begin it
        try:
            await_only(adapted._start_transaction())  # noqa: SLF001
        # Stopped meanwhile, too: it may have begun all the same, unknown to everybody. Whoever used the connection next
        # would be inside of that one, and commit nothing. SQLAlchemy lets go of it.
        except BaseException as refused:  # noqa: BLE001 - of whichever class
            connection._handle_dbapi_exception(refused, "BEGIN", None, None, None)  # noqa: SLF001
    return connection


Where = AsyncSession | AsyncConnection
"""In a transaction of a group; or on a connection of steps of their own."""


async def fetch(where: Where, statement: str, *values: object, changed: Keys | None = None) -> list[Record]:
    """The rows of a statement that is written as PostgreSQL takes it (`$1`), from the driver itself: for what every
    request asks, where putting a statement together would take longer than its answer. It names the group by itself;
    row-level security binds it all the same. `changed` is what it changes of tables that are watched.
    """
    if isinstance(where, AsyncSession):
        if where.new or where.dirty or where.deleted:
            await where.flush()
        rows = await _fetch(where, where.info["connection"], statement, values)
        if written_by(statement):
            await where.run_sync(follow, statement, changed)
        return rows
    assert where.sync_connection is not None, "it was begun"
    return await _fetch(where, where.sync_connection, statement, values)


async def _fetch(where: Where, connection: Connection, statement: str, values: Sequence[object]) -> list[Record]:
    if connection.invalidated:
        await where.run_sync(lambda _: connection.connection)  # comes back to life, or says what was lost
    driver: Any = connection.connection.driver_connection
    try:
        rows: list[Record] = await driver.fetch(statement, *values)
    except (PostgresError, InterfaceError, OSError) as error:
        refused = error
        await where.run_sync(lambda _: _told_as_ours(connection, refused, statement))
        raise
    return rows


async def copy_rows(session: AsyncSession, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows into a temporary table of this transaction, the quickest way there is. Tables of groups take none so: COPY
    and row-level security exclude each other.
    """
    connection: Connection = session.info["connection"]
    driver: Any = connection.connection.driver_connection
    try:
        await driver.copy_records_to_table(table, columns=columns, records=rows)
    except (PostgresError, InterfaceError, OSError) as error:
        refused = error
        await session.run_sync(lambda _: _told_as_ours(connection, refused, f"COPY {table}"))
        raise


def _told_as_ours(connection: Connection, error: Exception, statement: str) -> None:
    """Raises what SQLAlchemy would have raised, and lets go of a connection that is lost."""
    adapted: Any = connection.connection.dbapi_connection
    try:
        adapted._handle_exception(error)  # noqa: SLF001 - there is no other way from the one to the other
    except Exception as translated:  # noqa: BLE001 - of whichever class
        connection._handle_dbapi_exception(translated, statement, None, None, None)  # noqa: SLF001


def group_of(session: AsyncSession) -> int:
    """The group the transaction was opened for."""
    group_id = session.info.get("group_id")
    assert isinstance(group_id, int), "this use case needs a transaction opened for a group"
    return group_id


def base_url_of(session: AsyncSession) -> str:
    """The installation's own address, without a slash at its end."""
    base_url: str = session.info["base_url"]
    return base_url.rstrip("/")


def part_of(session: AsyncSession, kind: type[Part]) -> Part:
    """What the transaction's database was `handing` over of this type."""
    found = session.info.get(kind)
    assert isinstance(found, kind), f"this use case needs a database that hands over {kind.__name__}"
    return found


def mail_from_of(session: AsyncSession) -> str:
    """The address that the installation's mails come from."""
    mail_from: str = session.info["mail_from"]
    return mail_from


def reads_answers(session: AsyncSession) -> bool:
    """Whether what is answered to that address is read by us."""
    return bool(session.info["reads_answers"])


async def one_row(session: AsyncSession, statement: Select[Found]) -> Found:
    """The one row that the statement asks for.

    Raises:
        NotFound: the group has none.
    """
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


MANY_ROWS = 1_000
"""Written at once, so many change how the statements after them are best planned."""


async def insert_many(
    session: AsyncSession,
    table: type[TenantTable],
    rows: Sequence[Mapping[str, Any]],
    *,
    on_conflict: str = "",
    at_once: int | None = None,
) -> Result[Any] | None:
    """Writes any number of rows in one statement, or `at_once` so many, arrays unnested by the server (`COPY` refuses
    tables under row-level security). Every row has the same keys, and gets the transaction's group. `on_conflict` is
    SQL. Gives what the (last) statement gives, where there was one.

    After many, the database looks at the table: what follows in the same transaction is planned for what it holds by
    then. As though it were still empty, a join may take minutes.
    """
    if not rows:
        return None
    size, written = at_once or len(rows), None
    for start in range(0, len(rows), size):
        written = await _insert(session, table, rows[start : start + size], on_conflict)
    await _looked_at(session, table, len(rows))
    return written


async def insert_parts(
    session: AsyncSession, table: type[TenantTable], parts: Iterator[Sequence[Mapping[str, Any]]]
) -> None:
    """The same of rows that come in parts: each is made, beside the event loop, while the one before is written."""
    written, making = 0, _next_of(parts)
    while rows := await making:
        making = _next_of(parts)
        try:
            await _insert(session, table, rows)
        except BaseException:
            await asyncio.wait({making})  # nobody else may go on with them meanwhile
            raise
        written += len(rows)
    await _looked_at(session, table, written)


def _next_of(parts: Iterator[Sequence[Mapping[str, Any]]]) -> asyncio.Task[Sequence[Mapping[str, Any]]]:
    return asyncio.create_task(asyncio.to_thread(next, parts, ()))


async def _insert(
    session: AsyncSession, table: type[TenantTable], rows: Sequence[Mapping[str, Any]], on_conflict: str = ""
) -> Result[Any]:
    columns, dialect = table.__table__.columns, session.get_bind().dialect  # type: ignore[attr-defined]
    types = {name: _type_name(columns[name], dialect) for name in rows[0]}
    same = _alike(rows) if len(rows) >= MANY_ROWS else {}
    each = [name for name in types if name not in same]
    once = "".join(f"CAST(:{name} AS {types[name]}), " for name in same)
    arrays = ", ".join(f"CAST(:{name} AS {types[name]}[])" for name in each)
    statement = text(
        f"INSERT INTO {table.__tablename__} (group_id, {', '.join([*same, *each])}) "  # noqa: S608 - names of columns, not input
        f"SELECT :the_group, {once}given.* FROM unnest({arrays}) given {on_conflict}"
    )
    parameters: dict[str, Any] = {**same, **{name: [row[name] for row in rows] for name in each}}
    parameters["the_group"] = group_of(session)
    changed = changing(**keys_in(table.__table__.name, rows))  # type: ignore[attr-defined]
    return await session.execute(statement, parameters, execution_options=changed)


def _alike(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is the same in each of them and is sent once; never the last column, which says how many there are."""
    first = rows[0]
    return {name: first[name] for name in list(first)[:-1] if all(row[name] == first[name] for row in rows)}


async def _looked_at(session: AsyncSession, table: type[TenantTable], rows: int) -> None:
    if rows >= MANY_ROWS:
        await session.execute(text(f"ANALYZE {table.__tablename__}"))


def _type_name(column: Column[Any], dialect: Dialect) -> str:
    return column.type.compile(dialect=dialect).split(" COLLATE ")[0]
