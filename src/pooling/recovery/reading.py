"""What each member owes to whom by the latest version of a purchase's allocation, beside what was issued and paid."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.models import AllocationDebt, AllocationRecord
from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import AnySelect, Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.purchases.size import MANY
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.recovery.rules import ISSUES, PAYS, Standing
from pooling.sharing.money import Cents
from pooling.sharing.owing import SUPPLIERS


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


def _parts_of(
    today: date,
    purchases: Collection[int] | None = None,
    members: Collection[int] | None = None,
    *,
    debtors: Collection[int] | None = None,
    creditors: Collection[int] | None = None,
) -> Subquery:
    """What `sums_of` adds up, between two members that are not one."""
    debt, record = AllocationDebt, aliased(AllocationRecord)
    by, to = aliased(Member), aliased(Member)
    nothing = literal(0)
    owed: AnySelect = (
        select(
            col(record.purchase_id).label("purchase"),
            func.coalesce(by.merged_into_id, by.id).label("debtor"),
            func.coalesce(to.merged_into_id, to.id).label("creditor"),
            col(debt.cents).label("owed"),
            *(nothing.label(name) for name in ("issued", "late", "paid")),
            null().cast(Date).label("reminded_on"),
        )
        .select_from(debt)
        .join(record, linked(record.id, debt.allocation_id))
        .join(by, and_(col(by.group_id) == debt.group_id, col(by.code) == debt.debtor))
        .join(to, and_(col(to.group_id) == debt.group_id, col(to.code) == debt.creditor))
        .where(
            _is_latest(record),
            _in(col(record.purchase_id), purchases),
            _named(members),
            true() if debtors is None else _is_now(by, debtors),
            true() if creditors is None else col(debt.creditor).in_(_codes_of(creditors)),
        )
    )
    entry = RecoveryEntry
    noted = _noted(today, col(entry.debtor_id), col(entry.creditor_id)).where(
        _in(col(entry.purchase_id), purchases),
        _noted_of(members),
        _in(col(entry.debtor_id), debtors),
        _in(col(entry.creditor_id), creditors),
    )
    parts = union_all(owed, noted).subquery()
    by_now, to_now = parts.c.debtor, parts.c.creditor
    either = true() if members is None else or_(any_of(by_now, members), any_of(to_now, members))
    # Two that became one owe nothing; whoever became one of these has all its accounts there.
    theirs = (either, _in(by_now, debtors), _in(to_now, creditors))
    return select(parts).where(by_now != to_now, *theirs).subquery()


def _noted(today: date, *whose: SQLColumnExpression[int]) -> AnySelect:
    """What entries that stand say, in the columns that `sums_of` adds up."""
    entry = RecoveryEntry
    issued = case({kind.value: sign * col(entry.cents) for kind, sign in ISSUES.items()}, value=entry.kind, else_=0)
    return select(
        col(entry.purchase_id),
        *whose,
        literal(0).label("owed"),
        issued.label("issued"),
        case((func.coalesce(col(entry.due_on) < today, True), issued), else_=0).label("late"),
        case({kind.value: sign * col(entry.cents) for kind, sign in PAYS.items()}, value=entry.kind, else_=0).label(
            "paid"
        ),
        case((col(entry.kind) == EntryKind.REMINDER, col(entry.dated_on))),
    ).where(col(entry.withdrawn_at).is_(None))


def sums_of(
    today: date,
    purchases: Collection[int] | None = None,
    members: Collection[int] | None = None,
    debtors: Collection[int] | None = None,
) -> Subquery:
    """By purchase, debtor and creditor, of these purchases or of all, of everybody or of these members alone, as
    debtors or creditors (`debtors`: as debtors alone). A member that became another one stands in a record under its
    former code.
    """
    parts = _parts_of(today, purchases, members, debtors=debtors).c
    key = (parts.purchase, parts.debtor, parts.creditor)
    sums = (func.sum(parts[name]).label(name) for name in Standing._fields)
    return select(*key, *sums, func.max(parts.reminded_on).label("reminded_on")).group_by(*key).subquery()


def _is_latest(record: type[AllocationRecord]) -> ColumnElement[bool]:
    later = aliased(AllocationRecord)
    return ~exists().where(linked(later.purchase_id, record.purchase_id), col(later.number) > col(record.number))


def _named(members: Collection[int] | None) -> ColumnElement[bool]:
    """Of a debt: it is of one of these, by whichever code the record names it."""
    if members is None:
        return true()
    codes = _codes_of(members)
    return or_(col(AllocationDebt.debtor).in_(codes), col(AllocationDebt.creditor).in_(codes))


def _codes_of(members: Collection[int]) -> Select[Any]:
    """By which records name them, and those that became one of them."""
    return select(select(col(Member.code)).where(_is_now(Member, members)).cte("codes"))


def _is_now(member: type[Member], these: Collection[int]) -> ColumnElement[bool]:
    """It is one of these, or became one."""
    return or_(any_of(col(member.id), these), any_of(col(member.merged_into_id), these))


def _noted_of(members: Collection[int] | None) -> ColumnElement[bool]:
    """Of an entry: the same."""
    if members is None:
        return true()
    return or_(any_of(col(RecoveryEntry.debtor_id), members), any_of(col(RecoveryEntry.creditor_id), members))


def _in(column: Any, these: Collection[int] | None) -> ColumnElement[bool]:  # noqa: ANN401 - mapped, or of a subquery
    return true() if these is None else any_of(column, these)


def lacking_of(sums: Subquery, smallest: Cents) -> ColumnElement[int]:
    """`Standing.to_issue` of such a row, for the database."""
    lacking = sums.c.owed - sums.c.issued
    return case((and_(lacking >= 0, lacking < smallest), 0), else_=func.greatest(lacking, -sums.c.issued))


def open_titres() -> Subquery:
    """Titres of which something is not paid yet, each with how much: payments count for those due first, reductions
    before all.
    """
    entry = RecoveryEntry
    whose = (col(entry.purchase_id), col(entry.debtor_id), col(entry.creditor_id))
    issued = case({kind.value: sign * col(entry.cents) for kind, sign in ISSUES.items()}, value=entry.kind, else_=0)
    paid = case({kind.value: sign * col(entry.cents) for kind, sign in PAYS.items()}, value=entry.kind, else_=0)
    until = func.sum(issued).over(
        partition_by=whose, order_by=(col(entry.due_on).nulls_first(), col(entry.id)), rows=(None, 0)
    )
    told = (
        select(
            *(col(entry.group_id), col(entry.id), *whose, col(entry.number), col(entry.due_on), col(entry.noted_at)),
            col(entry.cents),
            (until - func.sum(paid).over(partition_by=whose)).label("unpaid"),
        )
        .where(col(entry.withdrawn_at).is_(None))
        .subquery()
    )
    unpaid = func.least(told.c.unpaid, told.c.cents).label("unpaid")
    return (
        select(*(one for one in told.c if one.name not in {"cents", "unpaid"}), unpaid)
        .where(told.c.due_on.is_not(None), told.c.unpaid > 0)
        .subquery()
    )


def _listed(
    purchase_id: int, today: date, members: Collection[int] | None = None, debtors: Collection[int] | None = None
) -> AnySelect:
    sums = sums_of(today, [purchase_id], members, debtors)
    return (
        select(
            *(col(_DEBTOR.id), col(_DEBTOR.code), col(_DEBTOR.name)),
            *(col(_CREDITOR.id), col(_CREDITOR.code), col(_CREDITOR.name)),
            *(sums.c.owed, sums.c.issued, sums.c.late, sums.c.paid, sums.c.reminded_on),
        )
        .join_from(sums, _DEBTOR, col(_DEBTOR.id) == sums.c.debtor)
        .join(_CREDITOR, col(_CREDITOR.id) == sums.c.creditor)
    )


def _account(row: Sequence[Any]) -> Account:
    return Account(*(*row[:6], Standing(*map(int, row[6:10])), row[10]))


_BY_NAME = Order(col(_DEBTOR.sort_key), col(_DEBTOR.id), col(_CREDITOR.id))


async def accounts_listed(
    session: AsyncSession,
    purchase_id: int,
    today: date,
    wanted: Slice,
    only: Collection[str] | None = None,
    *,
    many: int = MANY,
) -> Listed[Account]:
    """Of everybody, or of these members alone, as debtors or creditors; in the order of debtors' names. Where more than
    `many` take part, debtors are chosen first.
    """
    members = None if only is None else await _ids_of(session, only)
    debtors = await _first_debtors(session, purchase_id, wanted, many) if only is None else None
    return (await _BY_NAME.read(session, _listed(purchase_id, today, members, debtors), wanted)).each(_account)


_OWES = """EXISTS (
        SELECT FROM allocation_debts d JOIN members c ON c.group_id = $1 AND c.code = d.creditor
        WHERE d.group_id = $1 AND d.allocation_id = (SELECT id FROM latest) AND d.debtor = {by}.code
            AND COALESCE(c.merged_into_id, c.id) <> m.id)"""
_SOUGHT = "m.group_id = $1 AND (m.sort_key, m.id) >= ($3, $4) AND (SELECT so FROM many)"
_FIRST = f"""
WITH many AS (
    SELECT count(*) > $6 AS so
    FROM (SELECT FROM participations WHERE group_id = $1 AND purchase_id = $2 LIMIT $6 + 1) taking_part),
latest AS (SELECT id FROM allocations WHERE group_id = $1 AND purchase_id = $2 ORDER BY number DESC LIMIT 1)
SELECT id FROM (
    (SELECT m.id, m.sort_key FROM members m
     WHERE {_SOUGHT} AND m.merged_into_id IS NULL AND {_OWES.format(by="m")}
     ORDER BY m.sort_key, m.id LIMIT $5)
    UNION ALL -- what those owed who became one
    (SELECT m.id, m.sort_key FROM members f JOIN members m ON m.id = f.merged_into_id
     WHERE f.group_id = $1 AND f.merged_into_id IS NOT NULL AND {_SOUGHT} AND {_OWES.format(by="f")})
    UNION ALL
    (SELECT m.id, m.sort_key FROM members m
     WHERE {_SOUGHT} AND EXISTS (
        SELECT FROM recovery_entries e WHERE e.group_id = $1 AND e.purchase_id = $2 AND e.debtor_id = m.id
            AND e.creditor_id <> e.debtor_id AND e.withdrawn_at IS NULL)
     ORDER BY m.sort_key, m.id LIMIT $5)) found
GROUP BY sort_key, id ORDER BY sort_key, id LIMIT $5"""  # noqa: S608 - ours


async def _first_debtors(session: AsyncSession, purchase_id: int, wanted: Slice, many: int) -> list[int] | None:
    """Whose accounts are in this slice, chosen before anything is added up; None: no more than `many` take part, or
    none of these are left.
    """
    key, debtor_id, _ = _BY_NAME.start(wanted) or ("", 0, 0)
    most = _BY_NAME.most(wanted) + 2  # of the first of them all accounts may be in the slice before
    rows = await fetch(session, _FIRST, group_of(session), purchase_id, key, debtor_id, most, many)
    return [row["id"] for row in rows] or None


async def _ids_of(session: AsyncSession, codes: Collection[str]) -> list[int]:
    return list((await session.execute(select(col(Member.id)).where(any_of(col(Member.code), codes)))).scalars())


async def all_accounts(session: AsyncSession, purchase_id: int, today: date) -> list[Account]:
    statement = _listed(purchase_id, today)
    by_name = statement.order_by(col(_DEBTOR.sort_key), col(_DEBTOR.id), col(_CREDITOR.id))
    return [_account(row) for row in await session.execute(by_name)]


async def accounts_of(session: AsyncSession, purchase_id: int, today: date, debtor_id: int) -> list[Account]:
    """What one member owes, creditor by creditor."""
    statement = _listed(purchase_id, today, debtors=[debtor_id])
    rows = await session.execute(statement.order_by(col(_CREDITOR.sort_key), col(_CREDITOR.id)))
    return [_account(row) for row in rows]


async def total_of(session: AsyncSession, purchase_id: int, today: date) -> Standing:
    """All accounts together."""
    noted = _noted_together(today, col(RecoveryEntry.purchase_id) == purchase_id)
    owed = _owed_together(col(AllocationRecord.purchase_id) == purchase_id)
    return Standing(*map(int, (await session.execute(select(owed, *noted))).one()))


def _owed_together(of: ColumnElement[bool]) -> ColumnElement[int]:
    """What members owe each other by the latest versions of these purchases. Who is one with whom is asked of those
    alone that became another one.
    """
    debt, became = AllocationDebt, aliased(Member)
    now = (
        select(col(Member.code), col(became.code).label("now"))
        .join(became, linked(became.id, Member.merged_into_id))
        .where(col(Member.merged_into_id).is_not(None))
        .cte("became")
    )
    by, to = now.alias(), now.alias()
    return func.coalesce(
        select(func.sum(col(debt.cents)))
        .join(AllocationRecord, linked(AllocationRecord.id, debt.allocation_id))
        .outerjoin(by, by.c.code == debt.debtor)
        .outerjoin(to, to.c.code == debt.creditor)
        .where(
            of,
            _is_latest(AllocationRecord),
            col(debt.creditor) != SUPPLIERS,
            func.coalesce(by.c.now, debt.debtor) != func.coalesce(to.c.now, debt.creditor),
        )
        .scalar_subquery(),
        0,
    )


def _noted_together(today: date, of: ColumnElement[bool]) -> list[ColumnElement[int]]:
    """What was issued, is late and was paid of these entries."""
    entry = RecoveryEntry
    noted = _noted(today).where(of, col(entry.debtor_id) != col(entry.creditor_id)).subquery().c
    return [func.coalesce(func.sum(noted[name]), 0) for name in Standing._fields if name != "owed"]


async def creditors_of(session: AsyncSession, purchase_id: int) -> list[int]:
    """To whom something is owed, or was: a few, whatever the number of members."""
    debt, entry = AllocationDebt, RecoveryEntry
    owed = (
        select(col(debt.creditor))
        .join(AllocationRecord, linked(AllocationRecord.id, debt.allocation_id))
        .where(col(AllocationRecord.purchase_id) == purchase_id, _is_latest(AllocationRecord))
        .distinct()
        .subquery()
    )
    of_debts = select(func.coalesce(Member.merged_into_id, Member.id)).join(owed, col(Member.code) == owed.c.creditor)
    noted = select(col(entry.creditor_id)).where(
        col(entry.purchase_id) == purchase_id, col(entry.withdrawn_at).is_(None)
    )
    return list((await session.execute(union(of_debts, noted))).scalars())


class Remaining(NamedTuple):
    """Between members, over several purchases."""

    to_pay: Cents
    to_receive: Cents


async def remaining_of(
    session: AsyncSession, purchases: Collection[int], today: date, members: Collection[int]
) -> dict[int, Remaining]:
    """What each of these members still owes others, and others owe it."""
    paying = _parts_of(today, purchases, debtors=members).c
    receiving = _parts_of(today, purchases, creditors=members).c
    nothing = literal(0)
    both = union_all(
        select(paying.debtor.label("member"), (paying.owed - paying.paid).label("to_pay"), nothing.label("to_receive")),
        select(receiving.creditor, nothing, receiving.owed - receiving.paid),
    ).subquery()
    rows = await session.execute(
        select(both.c.member, func.sum(both.c.to_pay), func.sum(both.c.to_receive)).group_by(both.c.member)
    )
    return {member: Remaining(int(pay), int(receive)) for member, pay, receive in rows}


async def remaining_of_all(session: AsyncSession, purchases: Collection[int], today: date) -> Cents:
    """What all members still owe each other."""
    paid = _noted_together(today, any_of(col(RecoveryEntry.purchase_id), purchases))[-1]
    owed = _owed_together(any_of(col(AllocationRecord.purchase_id), purchases))
    return int(await session.scalar(select(owed - paid)) or 0)


class Between(NamedTuple):
    """Two members over several purchases, as one of them sees the other."""

    other: str
    other_name: str
    owes: Cents
    """What the one still owes the other."""
    is_owed: Cents

    @property
    def balance(self) -> Cents:
        """What is left to pay once both are set off; negative: to receive."""
        return self.owes - self.is_owed


_OTHER = aliased(Member)
_BY_OTHER = Order(col(_OTHER.sort_key), col(_OTHER.id), size=100)


async def balances_listed(
    session: AsyncSession, purchases: Collection[int], today: date, member_id: int, wanted: Slice
) -> Listed[Between]:
    """With whom a member has accounts, in the order of names."""
    sums = sums_of(today, purchases, [member_id])
    mine = sums.c.debtor == member_id
    left = sums.c.owed - sums.c.paid
    seen = (
        select(
            case((mine, sums.c.creditor), else_=sums.c.debtor).label("other"),
            func.sum(case((mine, left), else_=0)).label("owes"),
            func.sum(case((mine, 0), else_=left)).label("is_owed"),
        )
        .where(or_(mine, sums.c.creditor == member_id))
        .group_by("other")
        .subquery()
    )
    statement = select(col(_OTHER.code), col(_OTHER.name), seen.c.owes, seen.c.is_owed).join_from(
        seen, _OTHER, col(_OTHER.id) == seen.c.other
    )
    return (await _BY_OTHER.read(session, statement, wanted)).each(
        lambda row: Between(row[0], row[1], int(row[2]), int(row[3]))
    )


async def accounts_between(
    session: AsyncSession, purchases: Collection[int], today: date, one: int, other: int
) -> list[tuple[int, int, Standing]]:
    """Purchase by purchase, in both directions: its id, who owes, and how that stands."""
    sums = sums_of(today, purchases, [one])
    rows = await session.execute(
        select(sums.c.purchase, sums.c.debtor, *(sums.c[name] for name in Standing._fields))
        .where(any_of(sums.c.debtor, [one, other]), any_of(sums.c.creditor, [one, other]))
        .order_by(sums.c.purchase.desc(), sums.c.debtor)
    )
    return [(purchase, debtor, Standing(*map(int, row))) for purchase, debtor, *row in rows]


async def has_titres(session: AsyncSession, purchase_id: int) -> bool:
    """Whether one was issued for this purchase."""
    entry = RecoveryEntry
    issued = exists().where(
        col(entry.purchase_id) == purchase_id,
        col(entry.kind) == EntryKind.TITRE,
        col(entry.withdrawn_at).is_(None),
    )
    return bool(await session.scalar(select(issued)))


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
