"""The current shares of a purchase, kept as rows in the form of a record's: computed when somebody looks after
something has changed, read by everybody until it changes again.

What has changed is told by sessions of every table that a case is read from (`watching.py`): no use case can forget it.
What else the figures come from, the code and the configured rates, is in `made_with`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Delete,
    Text,
    and_,
    cast,
    delete,
    exists,
    func,
    null,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

import pooling
from pooling.allocation.allocating import StatedPurchase, allocate_read
from pooling.allocation.case import PurchaseCase, label_of, read_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.kept import Fingerprint, head_of, rows_of, stated_of
from pooling.allocation.listing import current_shares
from pooling.allocation.models import CaseChange, CurrentAllocation, CurrentShare
from pooling.allocation.spool import read_spooled
from pooling.kernel.apart import PRELOADED, apart
from pooling.kernel.database import TenantSession, group_of, insert_parts
from pooling.kernel.errors import Conflict
from pooling.kernel.slices import Order, Slice
from pooling.kernel.tables import any_of
from pooling.purchases.models import Purchase
from pooling.purchases.size import has_many, having_many
from pooling.sharing import RULE_VERSION
from pooling.sharing.shared_lines import LineKind

log = logging.getLogger(__name__)

Found = TypeVar("Found")
_SHARING = 7_366
"""The number of our advisory lock: two who look at one purchase do not both compute it."""
WRITTEN_AT_ONCE = 2_000
"""Rows in one statement: others have their turn in between."""


PRELOADED.add(__name__)


@dataclass(frozen=True)
class Current:
    """What stands for all of a purchase's current shares. Without `stated`, the rule refuses them: `refused` is why,
    in French.
    """

    purchase_id: int
    read_at: datetime
    fingerprint: str
    workbook_rows: int
    stated: dict[str, Any] | None
    refused: Conflict | None
    outdated: bool = False
    """Something has changed since, and is being computed."""

    def told(self, rows: Sequence[CurrentShare] = ()) -> StatedPurchase:
        """What it says with the shares of these rows.

        Raises:
            Conflict: the rule refuses the purchase's charges or subsidies.
        """
        if self.refused is not None:
            raise self.refused
        assert self.stated is not None, "a constraint holds it"
        return stated_of(self.stated, rows, RULE_VERSION)


async def read_current(
    session: AsyncSession,
    purchase_id: int,
    finance: FinanceConfiguration | None = None,
    only: Collection[str] | None = None,
) -> StatedPurchase:
    """Who pays what, with what is known now: all members or `only` some.

    Raises:
        Conflict: the rule refuses the purchase's charges or subsidies; the message says which, in French.
        Unavailable: as `current_allocation`.
    """
    _, stated = await consistently(session, purchase_id, finance, partial(_stated, session, only))
    return stated


async def spool_current(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, *, only_sums: bool = False
) -> tuple[Current, StatedPurchase]:
    """The same of all members, some of which are held at a time. `only_sums`: as `read_spooled`.

    Raises:
        Conflict, Unavailable: as `read_current`.
    """

    async def read(current: Current) -> tuple[Current, StatedPurchase]:
        current.told()
        assert current.stated is not None, "it was told"
        shares = current_shares(purchase_id)
        return current, await read_spooled(session, shares, current.stated, RULE_VERSION, only_sums=only_sums)

    return await consistently(session, purchase_id, finance, read)


async def read_part(
    session: AsyncSession,
    purchase_id: int,
    finance: FinanceConfiguration,
    wanted: Slice,
    only: Collection[str] | None = None,
) -> tuple[StatedPurchase, str | None]:
    """The same of some members after others, in the order of codes, and how the next ones are asked for.

    Raises:
        Conflict, Unavailable: as `read_current`.
        Invalid: as `Order.cut`.
    """

    async def read(current: Current) -> tuple[StatedPurchase, str | None]:
        if current.refused is not None:
            raise current.refused
        statement = select(CurrentShare).where(col(CurrentShare.purchase_id) == purchase_id)
        if only is not None:
            statement = statement.where(any_of(col(CurrentShare.member), only))
        by_code = Order(type_coerce(col(CurrentShare.member), Text()).label("place"))
        listed = await by_code.read(session, statement.execution_options(populate_existing=True), wanted)
        return await asyncio.to_thread(current.told, [share for (share,) in listed.items]), listed.next

    return await consistently(session, purchase_id, finance, read)


async def read_last_known(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration | None, only: Collection[str]
) -> tuple[Current, StatedPurchase]:
    """The same of `only` some, as it was known last.

    Raises: as `read_current`.
    """
    return await consistently(session, purchase_id, finance, partial(_stated, session, only), last_known=True)


async def _stated(
    session: AsyncSession, only: Collection[str] | None, current: Current
) -> tuple[Current, StatedPurchase]:
    if current.refused is not None:
        raise current.refused
    statement = select(CurrentShare).where(col(CurrentShare.purchase_id) == current.purchase_id)
    if only is not None:
        statement = statement.where(any_of(col(CurrentShare.member), only))
    found = await session.execute(statement.execution_options(populate_existing=True))
    return current, await asyncio.to_thread(current.told, list(found.scalars()))


async def without_units(session: AsyncSession, current: Current, only: Collection[str]) -> dict[str, str]:
    """Those of these members that take no unit of anything, by code: items stand first among the lines."""
    items = sum(line["kind"] == LineKind.ITEM for line in current.stated["lines"]) if current.stated else 0
    first = col(CurrentShare.lines)[(0, 0)].as_integer()
    found = await session.execute(
        select(col(CurrentShare.member), col(CurrentShare.name)).where(
            col(CurrentShare.purchase_id) == current.purchase_id,
            any_of(col(CurrentShare.member), only),
            or_(first.is_(None), first >= items),
        )
    )
    return {code: name for code, name in found}


async def consistently(
    session: AsyncSession,
    purchase_id: int,
    finance: FinanceConfiguration | None,
    read: Callable[[Current], Awaitable[Found]],
    *,
    last_known: bool = False,
) -> Found:
    """What `read` finds in the rows of `CurrentShare`, in however many statements: all of it of one moment, at which
    nothing was out of date; or, for who is content with the `last_known`, of the last one that was computed.
    """
    while True:
        current = await current_allocation(session, purchase_id, finance, last_known=last_known)
        found = await read(current)
        if await _stands(session, current):
            return found


async def current_allocation(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration | None = None, *, last_known: bool = False
) -> Current:
    """What stands for all of it, computed again where it is out of date. That writes rows, which change nothing that
    anybody sees: without them the same figures would be computed for each who looks. Those of many members are
    computed apart: nobody waits for it but who asked, nor who asked for what is `last_known`.

    Raises:
        Unavailable: they were to be computed apart, which failed.
    """
    finance = finance or FinanceConfiguration()
    await session.flush()
    kept, asked_at = await _kept(session, purchase_id, finance)
    if kept is not None:
        return kept
    if await has_many(session, purchase_id):
        computing = _computing(session, purchase_id, finance)
        known = await _known(session, purchase_id, finance) if last_known else None
        if known is not None:
            return known
        await asyncio.shield(computing)  # who leaves does not end what others wait for
        kept, _ = await _kept(session, purchase_id, finance, good_since=asked_at)
        if kept is not None:
            return kept
    return await _computed_here(session, purchase_id, finance, asked_at)


async def _computed_here(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, asked_at: datetime
) -> Current:
    await lock_sharing(session, purchase_id)
    kept, _ = await _kept(session, purchase_id, finance, good_since=asked_at)
    if kept is not None:
        return kept
    return await _compute(session, purchase_id, finance)


_UNDER_WAY: dict[tuple[int, int], asyncio.Task[None]] = {}
"""What is being computed apart, by group and purchase: whoever asks meanwhile waits for the same."""


def _computing(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration) -> asyncio.Task[None]:
    key = (group_of(session), purchase_id)
    if key not in _UNDER_WAY:
        task = asyncio.create_task(apart(session, compute_apart, purchase_id, finance))
        _UNDER_WAY[key] = task
        task.add_done_callback(partial(_ended, key))
    return _UNDER_WAY[key]


def _ended(key: tuple[int, int], task: asyncio.Task[None]) -> None:
    del _UNDER_WAY[key]
    if not task.cancelled() and task.exception() is not None:
        log.error("the shares of purchase %s in group %s were not computed", key[1], key[0], exc_info=task.exception())


async def bring_up_to_date(session: AsyncSession, purchases: Sequence[int], finance: FinanceConfiguration) -> int:
    """Computes those of these purchases that are out of date. Those of many members are computed apart, one after the
    other, so that others have their turn, and nobody waits for them: returns how many there are.
    """
    many = await having_many(session, purchases)
    for purchase_id in purchases:
        if purchase_id not in many:
            await current_allocation(session, purchase_id, finance)
    if many:
        task = asyncio.create_task(_in_turn(session, [one for one in purchases if one in many], finance))
        _IN_TURN.add(task)
        task.add_done_callback(_IN_TURN.discard)
    return len(many)


_IN_TURN: set[asyncio.Task[None]] = set()


async def _in_turn(session: AsyncSession, purchases: Sequence[int], finance: FinanceConfiguration) -> None:
    """The session only says of which group and where."""
    for purchase_id in purchases:
        await asyncio.wait({_computing(session, purchase_id, finance)})  # what went wrong is logged there


async def compute_apart(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration) -> None:
    """The part of the process apart."""
    kept, asked_at = await _kept(session, purchase_id, finance)
    if kept is None:
        await _computed_here(session, purchase_id, finance, asked_at)


async def _known(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration) -> Current | None:
    """What was computed last, whatever has changed since but the code and the rates."""
    found = await session.execute(
        select(CurrentAllocation)
        .where(
            col(CurrentAllocation.purchase_id) == purchase_id,
            col(CurrentAllocation.made_with) == made_with(finance),
        )
        .execution_options(populate_existing=True)
    )
    row = found.scalar_one_or_none()
    return replace(_current(row), outdated=True) if row else None


async def lock_sharing(session: AsyncSession, purchase_id: int) -> None:
    """Until the end of the transaction, nobody else computes this purchase."""
    await session.execute(select(func.pg_advisory_xact_lock(_SHARING, purchase_id % 2**31)))


async def _kept(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, *, good_since: datetime | None = None
) -> tuple[Current | None, datetime]:
    """What is kept, unless it is out of date; and the moment. What was read after `good_since` is good, though
    something has changed since then again: whoever waited while somebody computed does not compute once more. Not so
    with a change of this very transaction, which nobody else can have read.
    """
    changes = col(CaseChange.purchase_id) == purchase_id
    good = ~exists().where(changes)
    if good_since is not None:
        mine = exists().where(changes, col(CaseChange.transaction) == cast(cast(_ME, Text), BigInteger))
        good = ~mine & (good | (col(CurrentAllocation.read_at) >= good_since))
    moment = select(func.clock_timestamp().label("at")).subquery()
    found = await session.execute(
        select(moment.c.at, CurrentAllocation)
        .select_from(moment)
        .outerjoin(
            CurrentAllocation,
            and_(
                col(CurrentAllocation.purchase_id) == purchase_id,
                col(CurrentAllocation.made_with) == made_with(finance),
                good,
            ),
        )
        .execution_options(populate_existing=True)
    )
    at, row = found.one()
    return (_current(row) if row else None), at


_ME = func.pg_current_xact_id_if_assigned()


def _current(row: CurrentAllocation) -> Current:
    refused = Conflict(row.refused["message"], code=row.refused["code"]) if row.refused else None
    return Current(row.purchase_id, row.read_at, row.fingerprint, row.workbook_rows, row.stated, refused)


async def _stands(session: AsyncSession, current: Current) -> bool:
    """Whether nobody computed it again in between."""
    found = await session.execute(
        select(col(CurrentAllocation.read_at)).where(col(CurrentAllocation.purchase_id) == current.purchase_id)
    )
    return found.scalar_one_or_none() == current.read_at


async def _compute(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration) -> Current:
    """First the changes go, then the case is read: what changes in between is still told, and computed by the next."""
    clock = await session.execute(select(func.clock_timestamp()))
    read_at = clock.scalar_one()
    unread = {"synchronize_session": False}
    await session.execute(
        delete(CaseChange).where(col(CaseChange.purchase_id) == purchase_id), execution_options=unread
    )
    read = await _read(session, purchase_id, finance)
    values: dict[str, Any] = {"read_at": read_at, "made_with": made_with(finance), "stated": null(), "refused": null()}
    deleting = asyncio.ensure_future(session.execute(_without_shares(purchase_id), execution_options=unread))
    try:
        allocated = await allocate_read(read)  # while the database takes away what was there
    except Conflict as refusal:
        stated, refused = None, {"code": refusal.code, "message": refusal.message}
        values |= {"refused": refused, "workbook_rows": 0}
    else:
        stated, head = allocated, head_of(allocated)
        values |= {"stated": head, "workbook_rows": head["workbook_rows"]}
    finally:
        await deleting
    upsert = insert(CurrentAllocation).values(
        group_id=group_of(session), purchase_id=purchase_id, fingerprint="", **values
    )
    await session.execute(
        upsert.on_conflict_do_update(index_elements=["group_id", "purchase_id"], set_={**values, "fingerprint": ""}),
        execution_options=unread,
    )
    if stated is not None:
        fingerprint = Fingerprint(values["stated"])
        await insert_parts(session, CurrentShare, _shares_in_parts(stated, purchase_id, fingerprint))
        await session.execute(
            update(CurrentAllocation)
            .where(col(CurrentAllocation.purchase_id) == purchase_id)
            .values(fingerprint=str(fingerprint)),
            execution_options=unread,
        )
    kept, _ = await _kept(session, purchase_id, finance, good_since=read_at)
    assert kept is not None, "it was written a moment ago"
    return kept


def _without_shares(purchase_id: int) -> Delete:
    return delete(CurrentShare).where(col(CurrentShare.purchase_id) == purchase_id)


def _shares_in_parts(
    stated: StatedPurchase, purchase_id: int, fingerprint: Fingerprint
) -> Iterator[list[dict[str, Any]]]:
    members = stated.result.members
    for start in range(0, len(members), WRITTEN_AT_ONCE):
        rows = rows_of(stated, members[start : start + WRITTEN_AT_ONCE])
        fingerprint.add(rows)
        yield [{"purchase_id": purchase_id, **row} for row in rows]


async def _read(session: AsyncSession, purchase_id: int, finance: FinanceConfiguration) -> PurchaseCase:
    """The case by a session of its own in the same transaction: what this one read before, it would not see changed."""
    async with AsyncSession(
        await session.connection(),
        sync_session_class=TenantSession,
        join_transaction_mode="rollback_only",
        info=dict(session.info),
    ) as anew:
        purchase = await anew.get_one(Purchase, (group_of(session), purchase_id))
        return await read_purchase(anew, purchase_id, label_of(purchase), finance)


def made_with(finance: FinanceConfiguration) -> str:
    """Stands for the code and the rates: another version of either computes again."""
    return sha256(f"{_code()} {finance.model_dump_json()}".encode()).hexdigest()


@cache
def _code() -> str:
    """Of all of the package: whatever is changed in it, what it computed before is computed again."""
    sources = sorted(Path(pooling.__file__).parent.rglob("*.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
