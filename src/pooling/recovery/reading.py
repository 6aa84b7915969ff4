"""What each member owes to whom by the latest version of a purchase's allocation, beside what was issued and paid."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Subquery, and_, case, func, literal, null, or_, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.models import AllocationDebt, AllocationRecord
from pooling.kernel.database import group_of
from pooling.kernel.slices import AnySelect, Listed, Order, Slice
from pooling.kernel.tables import any_of
from pooling.members.models import Member
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.recovery.rules import ISSUES, PAYS, Standing


class Account(NamedTuple):
    """Between a debtor and its creditor, over one purchase; names are those of the day."""

    debtor_id: int
    debtor: str
    debtor_name: str
    creditor_id: int
    creditor: str
    creditor_name: str
    standing: Standing
    reminded_on: date | None


_DEBTOR, _CREDITOR = aliased(Member), aliased(Member)


def _sums(group_id: int, purchase_id: int, today: date) -> Subquery:
    """By debtor and creditor. A member that became another one stands in a record under its former code."""
    debt, entry = AllocationDebt, RecoveryEntry
    by, to = aliased(Member), aliased(Member)
    latest = (
        select(col(AllocationRecord.id))
        .where(col(AllocationRecord.group_id) == group_id, col(AllocationRecord.purchase_id) == purchase_id)
        .order_by(col(AllocationRecord.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    nothing = literal(0)
    owed: AnySelect = (
        select(
            func.coalesce(by.merged_into_id, by.id).label("debtor"),
            func.coalesce(to.merged_into_id, to.id).label("creditor"),
            col(debt.cents).label("owed"),
            *(nothing.label(name) for name in ("issued", "late", "paid")),
            null().cast(Date).label("reminded_on"),
        )
        .join(by, and_(col(by.group_id) == debt.group_id, col(by.code) == debt.debtor))
        .join(to, and_(col(to.group_id) == debt.group_id, col(to.code) == debt.creditor))
        .where(col(debt.group_id) == group_id, col(debt.allocation_id) == latest)
    )
    issued = case({kind.value: sign * col(entry.cents) for kind, sign in ISSUES.items()}, value=entry.kind, else_=0)
    noted = select(
        col(entry.debtor_id),
        col(entry.creditor_id),
        nothing,
        issued,
        case((func.coalesce(col(entry.due_on) < today, True), issued), else_=0),
        case({kind.value: sign * col(entry.cents) for kind, sign in PAYS.items()}, value=entry.kind, else_=0),
        case((col(entry.kind) == EntryKind.REMINDER, col(entry.dated_on))),
    ).where(col(entry.group_id) == group_id, col(entry.purchase_id) == purchase_id, col(entry.withdrawn_at).is_(None))
    parts = union_all(owed, noted).subquery()
    return (
        select(
            parts.c.debtor,
            parts.c.creditor,
            *(func.sum(parts.c[name]).label(name) for name in ("owed", "issued", "late", "paid")),
            func.max(parts.c.reminded_on).label("reminded_on"),
        )
        .where(parts.c.debtor != parts.c.creditor)  # two that became one owe each other nothing
        .group_by(parts.c.debtor, parts.c.creditor)
        .subquery()
    )


def _listed(session: AsyncSession, purchase_id: int, today: date, only: Collection[str] | None) -> AnySelect:
    sums, group = _sums(group_of(session), purchase_id, today), group_of(session)
    return (
        select(
            *(col(_DEBTOR.id), col(_DEBTOR.code), col(_DEBTOR.name)),
            *(col(_CREDITOR.id), col(_CREDITOR.code), col(_CREDITOR.name)),
            *(sums.c.owed, sums.c.issued, sums.c.late, sums.c.paid, sums.c.reminded_on),
        )
        .join_from(sums, _DEBTOR, and_(col(_DEBTOR.group_id) == group, col(_DEBTOR.id) == sums.c.debtor))
        .join(_CREDITOR, and_(col(_CREDITOR.group_id) == group, col(_CREDITOR.id) == sums.c.creditor))
        .where(_of(only))
    )


def _of(only: Collection[str] | None) -> ColumnElement[bool]:
    return true() if only is None else or_(any_of(col(_DEBTOR.code), only), any_of(col(_CREDITOR.code), only))


def _account(row: Sequence[Any]) -> Account:
    return Account(*(*row[:6], Standing(*map(int, row[6:10])), row[10]))


_BY_NAME = Order(col(_DEBTOR.sort_key), col(_DEBTOR.id), col(_CREDITOR.id), size=100)


async def accounts_listed(
    session: AsyncSession, purchase_id: int, today: date, wanted: Slice, only: Collection[str] | None = None
) -> Listed[Account]:
    """Of everybody, or of these members alone, as debtors or creditors; in the order of debtors' names."""
    return (await _BY_NAME.read(session, _listed(session, purchase_id, today, only), wanted)).each(_account)


async def all_accounts(session: AsyncSession, purchase_id: int, today: date) -> list[Account]:
    statement = _listed(session, purchase_id, today, None)
    by_name = statement.order_by(col(_DEBTOR.sort_key), col(_DEBTOR.id), col(_CREDITOR.id))
    return [_account(row) for row in await session.execute(by_name)]


async def accounts_of(session: AsyncSession, purchase_id: int, today: date, debtor_id: int) -> list[Account]:
    """What one member owes, creditor by creditor."""
    statement = _listed(session, purchase_id, today, None).where(col(_DEBTOR.id) == debtor_id)
    rows = await session.execute(statement.order_by(col(_CREDITOR.sort_key), col(_CREDITOR.id)))
    return [_account(row) for row in rows]


async def total_of(session: AsyncSession, purchase_id: int, today: date) -> Standing:
    """All accounts together."""
    sums = _sums(group_of(session), purchase_id, today)
    names = (func.coalesce(func.sum(sums.c[name]), 0) for name in Standing._fields)
    return Standing(*map(int, (await session.execute(select(*names))).one()))


async def creditors_of(session: AsyncSession, purchase_id: int, today: date) -> list[int]:
    """A few, whatever the number of members."""
    sums = _sums(group_of(session), purchase_id, today)
    return list((await session.execute(select(sums.c.creditor).distinct())).scalars())


async def entries_of(session: AsyncSession, purchase_id: int, debtor_id: int) -> list[RecoveryEntry]:
    """All that was ever noted of one debtor, the oldest first."""
    rows = await session.execute(
        select(RecoveryEntry)
        .where(col(RecoveryEntry.purchase_id) == purchase_id, col(RecoveryEntry.debtor_id) == debtor_id)
        .order_by(col(RecoveryEntry.dated_on), col(RecoveryEntry.id))
    )
    return list(rows.scalars())


def version_of(entries: Sequence[RecoveryEntry]) -> int:
    """Grows with each that is noted and each that is withdrawn."""
    return len(entries) + sum(entry.withdrawn_at is not None for entry in entries)
