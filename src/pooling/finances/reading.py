"""What members engage, are invoiced and get over all purchases: read from frozen allocations, current shares as they
were computed last, accepted bills and titres. A fixed number of statements, whatever the members.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Boolean, Integer, String, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import column
from sqlmodel import col

from pooling.allocation.current import made_with
from pooling.allocation.page import finance_of
from pooling.allocation.records.latest import LATEST
from pooling.finances.rules import Figures, OfYear, Position
from pooling.kernel.database import group_of
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of
from pooling.members.group_page import InGroup
from pooling.members.models import Member
from pooling.purchases.kinds import KINDS
from pooling.purchases.kinds.parts import Part
from pooling.sharing.money import Cents
from pooling.sharing.tying import charge_vat

LISTED_AT_MOST = 100
_BOUGHT = f"""
    latest AS ({LATEST}),
    bought AS (
        SELECT p.id, p.reference, p.title, p.state, p.kind, p.lead_member_id, l.id AS allocation_id, l.number,
            CAST(extract(year FROM COALESCE(
                CAST(l.frozen_at AT TIME ZONE :zone AS date), p.delivery_expected_on,
                CAST(p.created_at AT TIME ZONE 'UTC' AS date))) AS int) AS year,
            l.id IS NOT NULL OR p.state IN ('ordered', 'delivered', 'settled') AS engaged
        FROM purchases p LEFT JOIN latest l ON l.purchase_id = p.id
        WHERE p.group_id = :group AND p.state NOT IN ('draft', 'cancelled'))"""  # noqa: S608 - ours
# A member that became another one stands in records, bills and titres as what it was.
_OF_MEMBERS = f"""
    {_BOUGHT},
    who AS (
        SELECT id, code, COALESCE(merged_into_id, id) AS member_id FROM members
        WHERE group_id = :group AND (id = ANY(:members) OR merged_into_id = ANY(:members))
            AND COALESCE(merged_into_id, id) = ANY(:members)),
    parts AS (
        SELECT b.id AS purchase_id, w.member_id, s.ht + s.vat AS ttc, s.subsidies, s.fctva, s.net, 0 AS invoiced
        FROM bought b JOIN allocation_shares s ON s.group_id = :group AND s.allocation_id = b.allocation_id
        JOIN who w ON w.code = s.member
        UNION ALL
        SELECT b.id, w.member_id, s.ht + s.vat, s.subsidies, s.fctva, s.net, 0
        FROM bought b JOIN current_shares s ON s.group_id = :group AND s.purchase_id = b.id
        JOIN who w ON w.code = s.member WHERE b.allocation_id IS NULL
        UNION ALL
        SELECT b.id, w.member_id, c.cents, 0, 0, c.cents, 0
        FROM bought b JOIN followup_costs c ON c.group_id = :group AND c.purchase_id = b.id
        JOIN who w ON w.id = c.member_id WHERE b.allocation_id IS NULL
        UNION ALL
        SELECT b.id, w.member_id, 0, 0, 0, 0, r.ht + r.vat
        FROM bought b JOIN billed r ON r.group_id = :group AND r.purchase_id = b.id
        JOIN who w ON w.id = COALESCE(r.member_id, b.lead_member_id)
        UNION ALL
        SELECT b.id, w.member_id, 0, 0, 0, 0, side.sign * (CASE e.kind WHEN 'titre' THEN e.cents ELSE -e.cents END)
        FROM bought b JOIN recovery_entries e ON e.group_id = :group AND e.purchase_id = b.id
        CROSS JOIN LATERAL (VALUES (e.debtor_id, 1), (e.creditor_id, -1)) side (member_id, sign)
        JOIN who w ON w.id = side.member_id
        WHERE e.kind IN ('titre', 'reduction') AND e.withdrawn_at IS NULL
        UNION ALL
        SELECT a.purchase_id, w.member_id, 0, 0, 0, 0, a.cents
        FROM unnest(CAST(:apart AS bigint[]), CAST(:payers AS text[]), CAST(:paid AS bigint[]))
            AS a (purchase_id, payer, cents)
        JOIN who w ON w.code = a.payer)"""  # noqa: S608 - ours
_SUMS = ", ".join(f"CAST(sum(f.{name}) AS bigint) AS {name}" for name in Figures._fields)
_ALL_BY_YEAR = f"""
    WITH {_BOUGHT},
    parts AS (
        SELECT b.id AS purchase_id, CAST(h.totals->>'ht' AS bigint) + CAST(h.totals->>'vat' AS bigint) AS ttc,
            CAST(h.totals->>'subsidies' AS bigint) AS subsidies, CAST(h.totals->>'fctva' AS bigint) AS fctva,
            CAST(h.totals->>'ht' AS bigint) + CAST(h.totals->>'vat' AS bigint)
                - CAST(h.totals->>'subsidies' AS bigint) - CAST(h.totals->>'fctva' AS bigint) AS net, 0 AS invoiced
        FROM bought b
        LEFT JOIN latest l ON l.purchase_id = b.id
        LEFT JOIN current_allocations c ON c.group_id = :group AND c.purchase_id = b.id AND b.allocation_id IS NULL
        CROSS JOIN LATERAL (SELECT COALESCE(l.stated, c.stated)->'totals' AS totals) h WHERE h.totals IS NOT NULL
        UNION ALL
        SELECT b.id, c.cents, 0, 0, c.cents, 0
        FROM bought b JOIN followup_costs c ON c.group_id = :group AND c.purchase_id = b.id
        WHERE b.allocation_id IS NULL
        UNION ALL
        SELECT b.id, 0, 0, 0, 0, r.ht + r.vat
        FROM bought b JOIN billed r ON r.group_id = :group AND r.purchase_id = b.id
        UNION ALL
        SELECT a.purchase_id, 0, 0, 0, 0, a.cents
        FROM unnest(CAST(:apart AS bigint[]), CAST(:paid AS bigint[])) AS a (purchase_id, cents))
    SELECT b.year, b.engaged, {_SUMS} FROM parts f JOIN bought b ON b.id = f.purchase_id
    GROUP BY b.year, b.engaged ORDER BY b.year, b.engaged"""  # noqa: S608 - ours


class PaidApart(NamedTuple):
    """What members paid that is on no supplier's bill, by purchase and payer: its code on the day."""

    purchases: Sequence[int]
    payers: Sequence[str]
    cents: Sequence[Cents]


class Line(NamedTuple):
    """A member's part of one purchase."""

    member_id: int
    purchase_id: int
    reference: str
    title: str
    state: str
    kind: str
    record: int | None
    """The number of the frozen allocation that it is read from."""
    year: int
    engaged: bool
    figures: Figures


@dataclass(frozen=True)
class Ledger:
    """All that is read of one group; `zone` says when its years begin."""

    session: AsyncSession
    zone: str
    apart: PaidApart

    @classmethod
    async def of(cls, session: AsyncSession, zone: ZoneInfo) -> Self:
        return cls(session, str(zone), await paid_apart(session))

    def _values(self, **more: object) -> dict[str, Any]:
        apart = {"apart": self.apart.purchases, "payers": self.apart.payers, "paid": self.apart.cents}
        return {"group": group_of(self.session), "zone": self.zone, **apart, **more}

    async def by_year(self, members: Collection[int] | None) -> list[OfYear]:
        """Of these members together, or of everybody."""
        if members is None:
            values = self._values()
            del values["payers"]
            rows = await self.session.execute(text(_ALL_BY_YEAR), values)
        else:
            statement = f"""
                WITH {_OF_MEMBERS}
                SELECT b.year, b.engaged, {_SUMS} FROM parts f JOIN bought b ON b.id = f.purchase_id
                GROUP BY b.year, b.engaged ORDER BY b.year, b.engaged"""  # noqa: S608 - ours
            rows = await self.session.execute(text(statement), self._values(members=list(members)))
        return [OfYear(year, engaged, Figures(*figures)) for year, engaged, *figures in rows]

    async def by_member(self, members: Collection[int], year: int | None) -> Mapping[int, Position]:
        """Of each of them, in one year or in all."""
        statement = f"""
            WITH {_OF_MEMBERS}
            SELECT f.member_id, b.engaged, {_SUMS} FROM parts f JOIN bought b ON b.id = f.purchase_id
            WHERE CAST(:year AS int) IS NULL OR b.year = :year GROUP BY f.member_id, b.engaged"""  # noqa: S608 - ours
        rows = await self.session.execute(text(statement), self._values(members=list(members), year=year))
        found: dict[int, Position] = {}
        for member, engaged, *figures in rows:
            found[member] = found.get(member, Position()).plus(Figures(*figures), engaged=engaged)
        return found

    async def lines(self, member_id: int, year: int | None, wanted: Slice) -> Listed[Line]:
        """A member's purchases, the latest first."""
        return (await _LATEST_FIRST.read(self.session, self._lines([member_id], year), wanted)).each(_line)

    async def all_lines(self, members: Collection[int], year: int | None) -> list[Line]:
        """Those of several members, member by member."""
        statement = self._lines(members, year).order_by(
            column("member_id"), column("year").desc(), column("reference").desc()
        )
        return [_line(row) for row in await self.session.execute(statement)]

    def _lines(self, members: Collection[int], year: int | None) -> Any:  # noqa: ANN401 - a SELECT of many columns
        statement = text(f"""
            WITH {_OF_MEMBERS}
            SELECT f.member_id, b.id AS purchase_id, b.reference, b.title, b.state, b.kind, b.number, b.year,
                b.engaged, {_SUMS}
            FROM parts f JOIN bought b ON b.id = f.purchase_id
            WHERE CAST(:year AS int) IS NULL OR b.year = :year
            GROUP BY f.member_id, b.id, b.reference, b.title, b.state, b.kind, b.number, b.year,
                b.engaged""")  # noqa: S608 - ours
        found = statement.bindparams(**self._values(members=list(members), year=year)).columns(*_LINE).subquery()
        return select(*found.c)

    async def purchases(self, year: int | None) -> list[int]:
        """Ids of those that count, of one year or of all."""
        statement = f"WITH {_BOUGHT} SELECT id FROM bought WHERE CAST(:year AS int) IS NULL OR year = :year"  # noqa: S608
        values = {"group": group_of(self.session), "zone": self.zone, "year": year}
        return list((await self.session.execute(text(statement), values)).scalars())


_LINE: Sequence[Any] = (
    column("member_id", BigInteger),
    column("purchase_id", BigInteger),
    *(column(name, String) for name in ("reference", "title", "state", "kind")),
    column("number", Integer),
    column("year", Integer),
    column("engaged", Boolean),
    *(column(name, BigInteger) for name in Figures._fields),
)
_LATEST_FIRST = Order(column("year", Integer), column("reference", String), latest_first=True, size=LISTED_AT_MOST)


def _line(row: Sequence[Any]) -> Line:
    member, purchase, reference, title, state, kind, record, year, engaged, *figures = row
    return Line(
        member,
        purchase,
        reference,
        title,
        state,
        kind,
        record,
        year,
        engaged,
        Figures(*figures[: len(Figures._fields)]),
    )


async def paid_apart(session: AsyncSession) -> PaidApart:
    """By the last frozen allocation of each purchase: a few rows."""
    statement = f"""
        SELECT l.purchase_id, l.stated->'paid_by'->>(line->>'id'), CAST(line->>'total' AS bigint), line->>'vat_rate'
        FROM ({LATEST}) l CROSS JOIN LATERAL jsonb_array_elements(l.stated->'lines') line
        WHERE jsonb_exists(l.stated, 'paid_by') AND line->>'kind' = 'charge'
            AND jsonb_exists(l.stated->'paid_by', line->>'id')"""  # noqa: S608 - ours
    rows = await session.execute(text(statement), {"group": group_of(session)})
    found = [(purchase, payer, total + charge_vat(total, Fraction(rate))) for purchase, payer, total, rate in rows]
    return PaidApart(*(list(part) for part in zip(*found, strict=True))) if found else PaidApart([], [], [])


async def stale_purchases(here: InGroup) -> list[int]:
    """Ids of those whose current shares count and are not those of now: nobody looked since something changed."""
    statement = f"""
        WITH {_BOUGHT}
        SELECT b.id FROM bought b
        LEFT JOIN current_allocations c ON c.group_id = :group AND c.purchase_id = b.id AND c.made_with = :made_with
        WHERE b.allocation_id IS NULL AND b.kind = ANY(:kinds) AND (c.purchase_id IS NULL OR EXISTS (
            SELECT FROM case_changes k WHERE k.group_id = :group AND k.purchase_id = b.id))
        ORDER BY b.id"""  # noqa: S608 - ours
    values = {
        "group": group_of(here.session),
        "zone": str(here.zone),
        "made_with": made_with(finance_of(here)),
        "kinds": [name for name, kind in KINDS.items() if kind.has(Part.COSTS)],
    }
    return list((await here.session.execute(text(statement), values)).scalars())


async def suppliers_owed(session: AsyncSession, purchases: Collection[int], member_id: int) -> Cents:
    """What a member owes suppliers by the last frozen allocations of these purchases."""
    statement = f"""
        SELECT CAST(COALESCE(sum(d.cents), 0) AS bigint) FROM ({LATEST}) l
        JOIN allocation_debts d ON d.group_id = :group AND d.allocation_id = l.id AND d.creditor = ''
        JOIN members m ON m.group_id = :group AND m.code = d.debtor AND COALESCE(m.merged_into_id, m.id) = :member
        WHERE l.purchase_id = ANY(:purchases)"""  # noqa: S608 - ours
    values = {"group": group_of(session), "member": member_id, "purchases": list(purchases)}
    return int(await session.scalar(text(statement), values) or 0)


_BY_NAME = Order(col(Member.sort_key), col(Member.id), size=LISTED_AT_MOST)


async def members_listed(session: AsyncSession, wanted: Slice, only: Collection[int] | None) -> Listed[Member]:
    """In French order, without those that became another one."""
    statement: Any = select(Member).where(col(Member.merged_into_id).is_(None))
    if only is not None:
        statement = statement.where(any_of(col(Member.id), only))
    return (await _BY_NAME.read(session, statement, wanted)).each(lambda row: row[0])


async def count_members(session: AsyncSession) -> int:
    """All that are listed."""
    counted = await session.execute(select(func.count()).where(col(Member.merged_into_id).is_(None)))
    return counted.scalar_one()


async def all_members(session: AsyncSession, only: Collection[int] | None) -> list[Member]:
    statement: Any = select(Member).where(col(Member.merged_into_id).is_(None))
    if only is not None:
        statement = statement.where(any_of(col(Member.id), only))
    rows = await session.execute(statement.order_by(col(Member.sort_key), col(Member.id)))
    return list(rows.scalars())
