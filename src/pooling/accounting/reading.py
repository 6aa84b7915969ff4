"""A frozen allocation as finance books it, with all that its statements and files say beside the figures."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, bindparam, collate, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounting.dues import SIREN, Buying, Creditor, Owes
from pooling.accounting.fields import Entry
from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import BOOKED, UNKNOWN, Booking, Bookkeeping, Identity
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.figures import described
from pooling.allocation.filing import books_of_record, identities_of
from pooling.allocation.models import AllocationDebt, AllocationShare
from pooling.allocation.records.opening import FoundRecord, details_of, open_record, spool_record
from pooling.allocation.supplying import Supplying, supplying_of
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import any_of
from pooling.members.models import Group, Member
from pooling.purchases.models import Purchase
from pooling.sharing.allocation_result import MemberResult
from pooling.sharing.money import Cents
from pooling.sharing.owing import SUPPLIERS
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import StatedMember

LONGEST_NUMBER = 20
MOST_NAMED = 12
"""Bills that a statement refers to."""
_OWING = """
WITH owed AS (SELECT * FROM allocation_debts WHERE group_id = $1 AND allocation_id = $2),
lead AS (SELECT COALESCE((SELECT creditor FROM owed WHERE what = '' AND creditor <> '' LIMIT 1), $3) AS code)
SELECT lead.code AS lead,
    EXISTS (SELECT FROM owed WHERE creditor = '' AND debtor <> lead.code) AS each_buys,
    ARRAY (SELECT DISTINCT creditor FROM owed WHERE creditor <> '') AS creditors
FROM lead"""
_DEBTS = """
SELECT debtor, creditor, supplier, CAST(sum(cents) AS bigint) AS cents FROM allocation_debts
WHERE group_id = $1 AND allocation_id = $2 AND ($3::text IS NULL OR debtor = $3)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
_BILLS = f"""
SELECT COALESCE(m.code, '') AS member, max(b.due_on) FILTER (WHERE b.due_cents > 0) AS due_on,
    (array_agg(b.number ORDER BY b.issued_on, b.id) FILTER (WHERE b.decided_at <= $3))[1:{MOST_NAMED}] AS numbers
FROM bills b LEFT JOIN members m ON m.group_id = b.group_id AND m.id = b.member_id
WHERE b.group_id = $1 AND b.purchase_id = $2 AND b.state = 'accepted' AND b.replaced_by_id IS NULL
GROUP BY 1"""  # noqa: S608 - a number of ours
_ORDERS = """
SELECT COALESCE(m.code, '') AS member, array_agg(o.reference ORDER BY o.number) AS references
FROM orders o LEFT JOIN members m ON m.group_id = o.group_id AND m.id = o.member_id
WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state IN ('sent', 'confirmed')
GROUP BY 1"""

_HAS_STATEMENT = """(allocation_shares.ht <> 0 OR allocation_shares.vat <> 0 OR EXISTS (
    SELECT FROM jsonb_array_elements(allocation_shares.lines) one
    WHERE (CAST(one ->> 0 AS integer) = ANY (:booked_lines) AND one ->> 1 <> '0')
        OR (CAST(one ->> 0 AS integer) = ANY (:item_lines) AND one ->> 3 <> '0')))"""


@dataclass(frozen=True)
class BookedRecord:
    """A record, or as many of its members as were read."""

    record: FoundRecord
    purchase: Purchase
    group: str
    zone: ZoneInfo
    fictional: bool
    stated: StatedPurchase
    books: Bookkeeping
    buying: Buying
    orders: Mapping[str, Sequence[str]]
    """References of orders, by the code of who buys; of those for everybody, by none."""
    debts: Mapping[str, Mapping[Owes, Cents]]
    """What each owes with VAT."""
    first: int
    """The place of the first of these members among all of the record's, from 1."""
    at: datetime
    """When it was read."""

    def entries(self) -> Iterator[Entry]:
        """Member by member, in the order of codes; who has nothing to pay and takes nothing is left out."""
        result, labels = self.stated.result, self.stated.labels
        booking = Booking(result, self.books.counted)
        told = {id(line): described(line, labels, result) for line in result.lines if line.kind in BOOKED}
        for place, member in enumerate(result.members, start=self.first):
            if entry := self._entry(member, booking, told, place):
                yield entry

    def lead_without_share(self) -> Entry:
        """The lead that pays for all and takes nothing itself: it has no statement."""
        result, code = self.stated.result, self.buying.lead
        named = self.buying.members[code]
        siret = named.siret if len(named.siret) > SIREN else ""
        told = {id(line): described(line, self.stated.labels, result) for line in result.lines if line.kind in BOOKED}
        nothing = StatedMember(MemberResult(code, {}, {}, 0, 0, {}, 0, {}, 0, 0), [])
        return Entry(
            purchase=result.label,
            reference=self.purchase.reference,
            record=self.record.number,
            dated=self.record.frozen_at.astimezone(self.zone).date(),
            code=code,
            name=named.name,
            identity=Identity(siren=named.siret[:SIREN], siret=siret),
            budget="",
            number="",
            orders=self.orders.get("", ()),
            buying=self.buying,
            owed=self.debts.get(code, {}),
            lines=[],
            labels={line: said[0] for line, said in told.items()},
            filed={line: said[1:] for line, said in told.items()},
            engagements={},
            member=nothing,
        )

    def _entry(
        self, member: StatedMember, booking: Booking, told: Mapping[int, tuple[str, str, str, str]], place: int
    ) -> Entry | None:
        code, lines = member.result.id, booking.of(member)
        if not lines:
            return None
        budget = self.books.budgets.get(code, "")
        return Entry(
            purchase=self.stated.result.label,
            reference=self.purchase.reference,
            record=self.record.number,
            dated=self.record.frozen_at.astimezone(self.zone).date(),
            code=code,
            name=self.stated.labels.member(code),
            identity=self.books.identities.get(code, UNKNOWN),
            budget=budget,
            number=statement_number(self.purchase.reference, self.record, place),
            orders=[*self.orders.get(code, ()), *self.orders.get("", ())],
            buying=self.buying,
            owed=self.debts.get(code, {}),
            lines=lines,
            labels={line: said[0] for line, said in told.items()},
            filed={line: said[1:] for line, said in told.items()},
            engagements={id(one.line): self.books.engagement(code, one.line) for one in lines},
            member=member,
        )


def statement_number(reference: str, record: FoundRecord, place: int) -> str:
    """`2027-001-2-14`: of the purchase, of the record, of the member. As short as accounting packages take it."""
    number = f"{reference.removeprefix('AG-')}-{record.number}-{place}"
    return number if len(number) <= LONGEST_NUMBER else f"R{record.id}-{place}"


async def read_booked(
    session: AsyncSession,
    purchase: Purchase,
    record: FoundRecord,
    at: datetime,
    finance: FinanceConfiguration,
    *,
    only: str | None = None,
) -> BookedRecord:
    """A record with all of its members, some of which are held at a time, or one alone; the smallest titre is that of
    this day.

    Raises:
        NotFound: there is no such member in it.
        Conflict: as `FoundRecord.told`.
    """
    group = await session.get_one(Group, group_of(session))
    only_it: Collection[str] | None = None if only is None else [only]
    stated = await spool_record(session, record) if only is None else await open_record(session, record, [only])
    if only is not None and only not in stated.result:
        raise NotFound
    said = await details_of(session, record)
    assert record.stated is not None, "it was told"
    books = await books_of_record(session, record.id, record.stated, stated, said, only_it)
    given = (group_of(session), purchase.id)
    lead, each_buys, creditors = await _owing(session, purchase, record)
    payers = dict(stated.paid_by)
    bills = await fetch(session, _BILLS, *given, record.frozen_at)
    buying = Buying(
        lead=lead,
        each_buys=each_buys,
        payers=payers,
        members=await _creditors(session, {lead, *creditors, *payers.values()}),
        supplying=await _supplying(session, purchase, record.stated),
        due={row["member"]: row["due_on"] for row in bills if row["due_on"]},
        bills={row["member"]: row["numbers"] for row in bills if row["numbers"]},
        smallest=finance.smallest_titre_on(at.astimezone(group.zone).date()),
    )
    orders = {row["member"]: row["references"] for row in await fetch(session, _ORDERS, *given)}
    first = 1 if only is None else await _place(session, record, only)
    about = (record, purchase, group.name, group.zone, group.fictional)
    return BookedRecord(*about, stated, books, buying, orders, await _debts(session, record, only), first, at)


async def _owing(session: AsyncSession, purchase: Purchase, record: FoundRecord) -> tuple[str, bool, Collection[str]]:
    """As the record was frozen: who pays for all, or else leads; whether each pays suppliers; who is owed something."""
    lead = await session.get_one(Member, (group_of(session), purchase.lead_member_id))
    kept = (await fetch(session, _OWING, group_of(session), record.id, lead.code))[0]
    return kept["lead"], kept["each_buys"], kept["creditors"]


async def _supplying(session: AsyncSession, purchase: Purchase, head: Mapping[str, Any]) -> Supplying:
    """As the record keeps it; of one that was frozen before, as it stands."""
    if (kept := head.get("suppliers")) is not None:
        return Supplying.from_json(kept)
    found, _ = await supplying_of(session, purchase.id)
    return found


async def _debts(session: AsyncSession, record: FoundRecord, only: str | None) -> Mapping[str, Mapping[Owes, Cents]]:
    found: dict[str, dict[Owes, Cents]] = {}
    for row in await fetch(session, _DEBTS, group_of(session), record.id, only):
        found.setdefault(row["debtor"], {})[row["creditor"], row["supplier"]] = row["cents"]
    return found


def has_statement(record: FoundRecord) -> ColumnElement[bool]:
    """Of a share: it pays something, or takes something for nothing. The others have no statement."""
    lines = record.told().result.lines
    booked = [place for place, line in enumerate(lines) if line.kind in BOOKED]
    items = [place for place, line in enumerate(lines) if line.kind is LineKind.ITEM]
    said: ColumnElement[bool] = text(_HAS_STATEMENT).bindparams(  # type: ignore[assignment]
        bindparam("booked_lines", booked, ARRAY(Integer)), bindparam("item_lines", items, ARRAY(Integer))
    )
    return said


async def creditors_of(session: AsyncSession, record_id: int) -> list[tuple[str, str]]:
    """The members that are owed something by a record, by their codes, with their names of today."""
    owed = (
        select(col(AllocationDebt.creditor))
        .where(col(AllocationDebt.allocation_id) == record_id, col(AllocationDebt.creditor) != SUPPLIERS)
        .distinct()
        .subquery()
    )
    rows = await session.execute(
        select(owed.c.creditor, func.coalesce(Member.name, owed.c.creditor))
        .outerjoin(Member, col(Member.code) == owed.c.creditor)
        .order_by(owed.c.creditor)
    )
    return [(code, name) for code, name in rows]


async def _creditors(session: AsyncSession, codes: Collection[str]) -> dict[str, Creditor]:
    rows = await session.execute(select(col(Member.code), col(Member.name)).where(any_of(col(Member.code), codes)))
    identities = await identities_of(session, codes)
    found = {code: (name, identities.get(code, UNKNOWN)) for code, name in rows}
    return {code: Creditor(name, identity.siret or identity.siren) for code, (name, identity) in found.items()}


async def _place(session: AsyncSession, record: FoundRecord, member: str) -> int:
    before = select(func.count()).where(
        col(AllocationShare.allocation_id) == record.id,
        collate(col(AllocationShare.member), "C") <= member,
    )
    return (await session.execute(before)).scalar_one()
