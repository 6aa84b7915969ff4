"""Frozen allocations opened again, read as they were kept: nothing is computed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, null, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.allocation.allocating import StatedPurchase
from pooling.allocation.kept import stated_of
from pooling.allocation.listing import record_shares
from pooling.allocation.models import AllocationRecord, AllocationShare
from pooling.allocation.spool import AT_ONCE, Spool, read_spooled
from pooling.allocation.supplying import Supplying
from pooling.allocation.words import CAUSES
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.tables import any_of, whole
from pooling.needs.details import SaidLine
from pooling.sharing.money import Cents, parse_cents

_HEADING = (
    col(AllocationRecord.id),
    col(AllocationRecord.number),
    col(AllocationRecord.frozen_at),
    col(Person.name),
)


@dataclass(frozen=True)
class FrozenShown:
    """A record in a list."""

    id: int
    number: int
    frozen_at: datetime
    by: str | None
    ttc: Cents
    cause: str = ""
    reason: str = ""

    @property
    def why(self) -> str:
        return why_in_words(self.cause, self.reason)


def why_in_words(cause: str, reason: str) -> str:
    """Why it follows the one before: « Avoir : deux unités rendues »."""
    return " : ".join(said for said in (CAUSES.get(cause, ""), reason) if said)


async def frozen_allocations(session: AsyncSession, purchase_id: int) -> list[FrozenShown]:
    """The purchase's records, the newest first, without their members. The result of the rule, which has them all, is
    read of those alone that have no totals of their own.
    """
    stated, result = col(AllocationRecord.stated), col(AllocationRecord.result)
    rows = await session.execute(
        select(
            *_HEADING,
            *(whole(stated["totals"]["ht"]), whole(stated["totals"]["vat"])),
            case((stated.is_(None), result["totals"]["ttc"].astext), else_=null()),
            *(col(AllocationRecord.cause), col(AllocationRecord.reason)),
        )
        .outerjoin(Person, col(Person.id) == AllocationRecord.frozen_by)
        .where(col(AllocationRecord.purchase_id) == purchase_id)
        .order_by(col(AllocationRecord.number).desc())
    )
    return [
        FrozenShown(id_, number, at, by, parse_cents(written, signed=True) if written else ht + vat, *why)
        for id_, number, at, by, ht, vat, written, *why in rows
    ]


@dataclass(frozen=True)
class FoundRecord:
    """A record without its members."""

    id: int
    number: int
    frozen_at: datetime
    by: str | None
    rule_version: int
    stated: Mapping[str, Any] | None
    cause: str = ""
    reason: str = ""

    @property
    def why(self) -> str:
        return why_in_words(self.cause, self.reason)

    @property
    def supplying(self) -> Supplying:
        """Who sold what, as it was kept; nothing, of one that was frozen before that was."""
        kept = (self.stated or {}).get("suppliers")
        return Supplying() if kept is None else Supplying.from_json(kept)

    def told(self, rows: Sequence[AllocationShare] = ()) -> StatedPurchase:
        """What it says, with the names of its day and the shares of these rows.

        Raises:
            Conflict: it was frozen before shares were kept, by a rule that gave other figures than the one that was
                there when they came to be kept.
        """
        if self.stated is None:
            raise Conflict(
                "Cet état a été figé par une version d’essai de la règle\u00a0: il ne peut plus être ouvert."
            )
        return stated_of(self.stated, rows, self.rule_version)


async def find_record(session: AsyncSession, purchase_id: int, number: int) -> FoundRecord:
    """The purchase's record of this number.

    Raises:
        NotFound: it has none.
    """
    found = await session.execute(
        select(
            *_HEADING,
            *(col(AllocationRecord.rule_version), col(AllocationRecord.stated)),
            *(col(AllocationRecord.cause), col(AllocationRecord.reason)),
        )
        .outerjoin(Person, col(Person.id) == AllocationRecord.frozen_by)
        .where(col(AllocationRecord.purchase_id) == purchase_id, col(AllocationRecord.number) == number)
    )
    row = found.first()
    if row is None:
        raise NotFound
    return FoundRecord(*row)


async def open_record(
    session: AsyncSession, record: FoundRecord, only: Collection[str] | None = None
) -> StatedPurchase:
    """A frozen allocation with all its members or `only` some.

    Raises:
        Conflict: as `FoundRecord.told`.
    """
    statement = select(AllocationShare).where(col(AllocationShare.allocation_id) == record.id)
    if only is not None:
        statement = statement.where(any_of(col(AllocationShare.member), only))
    found = await session.execute(statement)
    return record.told(list(found.scalars()))


async def workbook_rows(session: AsyncSession, record: FoundRecord) -> int:
    """About how many rows its workbook has (`figures.row_count`); counted where it was frozen before that was kept."""
    kept: int | None = (record.stated or {}).get("workbook_rows")
    if kept is not None:
        return kept
    lines = func.coalesce(func.sum(func.jsonb_array_length(col(AllocationShare.lines))), 0)
    found = await session.execute(
        select(func.count() + 2 * lines).where(col(AllocationShare.allocation_id) == record.id)
    )
    return int(found.scalar_one())


async def details_of(session: AsyncSession, record: FoundRecord) -> list[SaidLine]:
    """What members had said of their lines on the day."""
    found = await session.execute(select(col(AllocationRecord.details)).where(col(AllocationRecord.id) == record.id))
    return [SaidLine.from_json(kept) for kept in found.scalar_one()]


async def spool_record(session: AsyncSession, record: FoundRecord, *, only_sums: bool = False) -> StatedPurchase:
    """A frozen allocation with all its members, some of which are held at a time. `only_sums`: as `read_spooled`.

    Raises:
        Conflict: as `FoundRecord.told`.
    """
    record.told()
    assert record.stated is not None, "it was told"
    shares = record_shares(record.id)
    return await read_spooled(session, shares, record.stated, record.rule_version, only_sums=only_sums)


_HEAD_OF_RESULT = text(
    "SELECT result - 'members' AS head FROM allocations WHERE group_id = :group AND id = :record"
).columns(head=JSONB())
_MEMBERS_OF_RESULT = text("""
    SELECT member FROM allocations, jsonb_array_elements(result -> 'members') WITH ORDINALITY AS listed (member, place)
    WHERE group_id = :group AND id = :record ORDER BY place""").columns(member=JSONB())
Result = tuple[Mapping[str, Any], Iterable[Mapping[str, Any]]]
"""The result of the rule as JSON: without its members, and those."""


async def result_of(session: AsyncSession, record: FoundRecord) -> Result:
    """What the rule wrote on the day: the JSON file."""
    values = {"group": group_of(session), "record": record.id}
    head: Mapping[str, Any] = (await session.execute(_HEAD_OF_RESULT, values)).scalar_one()
    written = await session.stream(_MEMBERS_OF_RESULT.execution_options(yield_per=AT_ONCE), values)
    members = Spool()
    async for some in written.scalars().partitions():
        members.add(list(some))
    return head, members
