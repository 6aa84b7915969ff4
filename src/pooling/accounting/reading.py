"""A frozen allocation as finance books it, with all that its statements and files say beside the figures."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import collate, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounting.dues import Buying, Creditor
from pooling.accounting.fields import Entry
from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.booking import BOOKED, UNKNOWN, Booking, Bookkeeping
from pooling.allocation.figures import described
from pooling.allocation.filing import books_of_record, identities_of
from pooling.allocation.models import AllocationShare
from pooling.allocation.records.opening import FoundRecord, details_of, open_record, spool_record
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import any_of
from pooling.members.models import Group, Member
from pooling.purchases.models import Purchase
from pooling.sharing.money import Cents
from pooling.sharing.statement import StatedMember

LONGEST_NUMBER = 20
_SUPPLIERS = """
SELECT i.code, s.name, COALESCE(s.siret, '') AS siret
FROM awards a
JOIN items i ON i.group_id = a.group_id AND i.id = a.item_id
JOIN suppliers s ON s.group_id = a.group_id AND s.id = a.supplier_id
WHERE a.group_id = $1 AND a.purchase_id = $2"""
_OWING = """
WITH owed AS (SELECT * FROM allocation_debts WHERE group_id = $1 AND allocation_id = $2),
lead AS (SELECT COALESCE((SELECT creditor FROM owed WHERE what = '' AND creditor <> '' LIMIT 1), $3) AS code)
SELECT lead.code AS lead,
    EXISTS (SELECT FROM owed WHERE creditor = '' AND debtor <> lead.code) AS each_buys,
    ARRAY (SELECT DISTINCT creditor FROM owed WHERE creditor <> '') AS creditors
FROM lead"""
_DEBTS = """
SELECT debtor, creditor, CAST(sum(cents) AS bigint) AS cents FROM allocation_debts
WHERE group_id = $1 AND allocation_id = $2 AND ($3::text IS NULL OR debtor = $3)
GROUP BY 1, 2 ORDER BY 1, 2"""
_DUE = """
SELECT COALESCE(m.code, '') AS member, max(b.due_on) AS due_on
FROM bills b LEFT JOIN members m ON m.group_id = b.group_id AND m.id = b.member_id
WHERE b.group_id = $1 AND b.purchase_id = $2 AND b.state = 'accepted' AND b.replaced_by_id IS NULL
    AND b.due_on IS NOT NULL AND b.due_cents > 0
GROUP BY 1"""
_ORDERS = """
SELECT COALESCE(m.code, '') AS member, array_agg(o.reference ORDER BY o.number) AS references
FROM orders o LEFT JOIN members m ON m.group_id = o.group_id AND m.id = o.member_id
WHERE o.group_id = $1 AND o.purchase_id = $2 AND o.state IN ('sent', 'confirmed')
GROUP BY 1"""


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
    debts: Mapping[str, Mapping[str, Cents]]
    """What each owes with VAT, by the code of its creditor; that of none: to suppliers."""
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
    session: AsyncSession, purchase: Purchase, record: FoundRecord, at: datetime, *, only: str | None = None
) -> BookedRecord:
    """A record with all of its members, some of which are held at a time, or one alone.

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
    named = await _creditors(session, {lead, *creditors, *payers.values()})
    buying = Buying(
        lead=lead,
        coordinator=named[lead],
        each_buys=each_buys,
        payers=payers,
        members={code: named[code] for code in {*creditors, *payers.values()}},
        suppliers={
            row["code"]: Creditor(row["name"], row["siret"]) for row in await fetch(session, _SUPPLIERS, *given)
        },
        due={row["member"]: row["due_on"] for row in await fetch(session, _DUE, *given)},
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


async def _debts(session: AsyncSession, record: FoundRecord, only: str | None) -> Mapping[str, Mapping[str, Cents]]:
    found: dict[str, dict[str, Cents]] = {}
    for row in await fetch(session, _DEBTS, group_of(session), record.id, only):
        found.setdefault(row["debtor"], {})[row["creditor"]] = row["cents"]
    return found


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
