"""Who owes whom by a frozen allocation: kept when it is frozen, read ever after."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.listing import names_of_shares, record_shares
from pooling.allocation.models import AllocationDebt, AllocationShare
from pooling.allocation.records.opening import FoundRecord
from pooling.allocation.supplying import Invoiced, Supplying, parts_by_supplier
from pooling.kernel.apart import PRELOADED
from pooling.kernel.database import group_of
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value, write_csv
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of
from pooling.members.models import Member
from pooling.sharing.money import Cents
from pooling.sharing.owing import SUPPLIERS, Debt, PaidApart, debts, told_by_supplier
from pooling.sharing.shared_lines import LineKind

PRELOADED.add(__name__)
_EACH_PAYS = "SELECT EXISTS (SELECT FROM executing WHERE group_id = :group AND purchase_id = :purchase)"


async def each_pays(session: AsyncSession, purchase_id: int) -> bool:
    """Whether each member pays suppliers what it gets. Mandates and orders belong to features that know this one: the
    view `executing` tells it.
    """
    found = await session.execute(text(_EACH_PAYS), {"group": group_of(session), "purchase": purchase_id})
    return bool(found.scalar_one())


def debts_stated(
    stated: StatedPurchase,
    *,
    lead: str,
    each_pays: bool,
    supplying: Supplying | None = None,
    invoiced: Invoiced | None = None,
) -> list[Debt]:
    """By the rule in `sharing.owing`; to each supplier, where it is known who sells what."""
    members = [member.id for member in stated.result.results]
    places = {member: place for place, member in enumerate(members)}
    apart = []
    for line, shares in stated.result.of_kind(LineKind.CHARGE):
        payer = stated.paid_by.get(line.id)
        if payer is None or line.vat_rate is None:
            continue
        cents = [0] * len(members)
        for member, share in shares:
            cents[places[member]] = share.cents
        apart.append(PaidApart(line.id, payer, line.vat_rate, cents))
    ttc = [member.ttc for member in stated.result.results]
    found = debts(members, ttc, apart, lead=lead, each_pays=each_pays)
    if supplying is None:
        return found
    owed = {debt.debtor: debt.cents for debt in found if debt.creditor == SUPPLIERS}
    return told_by_supplier(
        found, parts_by_supplier(stated, supplying, invoiced or {}, owed, each_pays=each_pays) if owed else {}
    )


class DebtShown(NamedTuple):
    """What one owes to another, in cents with VAT; names are those of the day."""

    debtor: str
    debtor_name: str
    creditor: str
    """Empty: suppliers."""
    creditor_name: str
    what: str
    """The code of a charge; empty: what suppliers invoice."""
    supplier: int
    """Which of them; 0: nobody said."""
    cents: Cents


async def debts_listed(
    session: AsyncSession, record_id: int, wanted: Slice, only: Collection[str] | None = None
) -> Listed[DebtShown]:
    """Who owes what to whom by a frozen allocation: of everybody, or of these members alone, as debtors or creditors.
    In the order of codes.
    """
    debt, by, to = AllocationDebt, aliased(AllocationShare), aliased(AllocationShare)
    statement = (
        select(
            col(debt.debtor),
            _named(by, debt.debtor),
            col(debt.creditor),
            _named(to, debt.creditor),
            col(debt.what),
            col(debt.supplier),
            col(debt.cents),
        )
        .outerjoin(by, _of(by, debt.debtor))
        .outerjoin(to, _of(to, debt.creditor))
        .where(
            col(debt.allocation_id) == record_id,
            true() if only is None else or_(any_of(col(debt.debtor), only), any_of(col(debt.creditor), only)),
        )
    )
    by_code = Order(col(debt.debtor), col(debt.creditor), col(debt.what), col(debt.supplier))
    return (await by_code.read(session, statement, wanted)).each(lambda row: DebtShown(*row[:7]))


def _of(share: type[AllocationShare], code: str) -> ColumnElement[bool]:
    return and_(
        col(share.group_id) == AllocationDebt.group_id,
        col(share.allocation_id) == AllocationDebt.allocation_id,
        col(share.member) == code,
    )


def _named(share: type[AllocationShare], code: str) -> ColumnElement[str]:
    """As the share has it; a lead that buys for others alone has none, and is called as it is today."""
    today = (
        select(col(Member.name))
        .where(col(Member.group_id) == AllocationDebt.group_id, col(Member.code) == code)
        .correlate(AllocationDebt)
        .scalar_subquery()
    )
    return func.coalesce(share.name, today, code)


async def names_of_owing(session: AsyncSession, record_id: int, codes: Collection[str]) -> dict[str, str]:
    """The names of these debtors and creditors, as `_named` has them."""
    today = await session.execute(select(col(Member.code), col(Member.name)).where(any_of(col(Member.code), codes)))
    return {
        **{code: name for code, name in today},
        **await names_of_shares(session, record_shares(record_id), codes),
    }


class Owed(NamedTuple):
    """All that is owed to one creditor, over all its debtors."""

    creditor: str
    supplier: int
    debtors: int
    cents: Cents


async def owed_to(session: AsyncSession, record_id: int) -> list[Owed]:
    """By creditor, the suppliers first: a few rows, whatever the number of members."""
    rows = await session.execute(
        select(
            col(AllocationDebt.creditor),
            col(AllocationDebt.supplier),
            func.count(),
            func.sum(col(AllocationDebt.cents)),
        )
        .where(col(AllocationDebt.allocation_id) == record_id)
        .group_by(col(AllocationDebt.creditor), col(AllocationDebt.supplier))
        .order_by(col(AllocationDebt.creditor), col(AllocationDebt.supplier))
    )
    return [Owed(creditor, supplier, many, int(cents)) for creditor, supplier, many, cents in rows]


class Mutual(NamedTuple):
    """Two members that owe each other something, in cents with VAT."""

    debtor: str
    """Who owes more."""
    creditor: str
    owes: Cents
    is_owed: Cents

    @property
    def balance(self) -> Cents:
        """What remains to be paid once both are set off."""
        return self.owes - self.is_owed


_MUTUAL = """
    WITH debt AS NOT MATERIALIZED (
        SELECT * FROM allocation_debts WHERE group_id = :group AND allocation_id = :record AND creditor <> ''),
    one AS ( -- of those alone that are owed something too, a few
        SELECT debtor, creditor, CAST(sum(cents) AS bigint) AS cents
        FROM debt WHERE debtor IN (SELECT DISTINCT creditor FROM debt) GROUP BY 1, 2)
    SELECT one.debtor, one.creditor, one.cents, other.cents
    FROM one JOIN one other ON other.debtor = one.creditor AND other.creditor = one.debtor
    WHERE (one.cents, one.debtor) > (other.cents, other.debtor) AND other.cents > 0
        AND (CAST(:only AS text[]) IS NULL OR one.debtor = ANY (CAST(:only AS text[]))
            OR one.creditor = ANY (CAST(:only AS text[])))
    ORDER BY 1, 2 LIMIT :most"""


async def netted_between(
    session: AsyncSession, record_id: int, most: int, only: Collection[str] | None = None
) -> list[Mutual]:
    """The members that owe each other something, which they may set off if they wish."""
    rows = await session.execute(
        text(_MUTUAL),
        {
            "group": group_of(session), "record": record_id, "most": most,
            "only": None if only is None else sorted(only),
        },
    )  # fmt: skip
    return [Mutual(*row) for row in rows]


_ALL = """
    SELECT d.debtor, coalesce(b.name, one.name, d.debtor) AS debtor_name, d.creditor,
        coalesce(t.name, other.name, d.creditor) AS creditor_name, d.supplier, d.what, d.cents
    FROM allocation_debts d
    LEFT JOIN allocation_shares b
        ON b.group_id = d.group_id AND b.allocation_id = d.allocation_id AND b.member = d.debtor
    LEFT JOIN allocation_shares t
        ON t.group_id = d.group_id AND t.allocation_id = d.allocation_id AND t.member = d.creditor
    LEFT JOIN members one ON one.group_id = d.group_id AND one.code = d.debtor
    LEFT JOIN members other ON other.group_id = d.group_id AND other.code = d.creditor
    WHERE d.group_id = :group AND d.allocation_id = :record ORDER BY d.debtor, d.creditor, d.what, d.supplier"""


async def write_debts(
    session: AsyncSession, path: str, record: FoundRecord, facts: Mapping[str, str], notice: str | None, kind: str
) -> None:
    """Who owes whom, of everybody, as a workbook or CSV.

    Raises:
        Conflict: as `FoundRecord.told`.
    """
    listed = await read_debts(session, record)
    await asyncio.to_thread(_write, path, listed, facts, notice, kind)


def _write(path: str, rows: Iterable[Sequence[Value]], facts: Mapping[str, str], notice: str | None, kind: str) -> None:
    with Path(path).open("wb") as target:
        write_debt_rows(target, rows, facts, notice, kind)


async def read_debts(session: AsyncSession, record: FoundRecord) -> Sequence[Sequence[Value]]:
    """The rows of that file."""
    rows = await session.execute(text(_ALL), {"group": group_of(session), "record": record.id})
    charges, sellers = record.told().labels.charges, record.supplying.named
    return [
        [
            *(row.debtor, row.debtor_name),
            *(
                (row.creditor, row.creditor_name)
                if row.creditor
                else (sellers[row.supplier].siret, sellers[row.supplier].name)
                if row.supplier in sellers
                else ("", "Fournisseurs")
            ),
            *(charges.get(row.what, row.what) or "Factures des fournisseurs", row.cents),
        ]
        for row in rows
    ]


def write_debt_rows(
    target: BinaryIO,
    rows: Iterable[Sequence[Value]],
    facts: Mapping[str, str],
    notice: str | None,
    kind: str,
) -> None:
    columns = [
        Column("Code du débiteur", ColumnKind.CODE, 16),
        Column("Débiteur", width=34),
        Column("Code ou SIRET du créancier", ColumnKind.CODE, 18),
        Column("Créancier", width=34),
        Column("Pour", width=34),
        Column("Dû TTC", ColumnKind.AMOUNT, 16, summed=True),
    ]
    table = SheetTable("Dettes", columns, rows, names=2)
    if kind == "csv":
        write_csv(target, table, notice, facts)
        return
    from pooling.kernel.workbook_writing import Book  # noqa: PLC0415 - loads openpyxl

    book = Book(facts, notice)
    book.add(table)
    book.save(target)


async def count_debts(session: AsyncSession, record_id: int) -> int:
    counted = select(func.count()).where(col(AllocationDebt.allocation_id) == record_id)
    return (await session.execute(counted)).scalar_one()


__all__ = [
    "SUPPLIERS",
    "DebtShown",
    "Owed",
    "count_debts",
    "debts_listed",
    "debts_stated",
    "each_pays",
    "names_of_owing",
    "netted_between",
    "owed_to",
    "read_debts",
    "write_debt_rows",
    "write_debts",
]
