"""A member that leaves while bills are its own to pay; members that become one bring theirs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.bills.models import Bill
from pooling.bills.queries import OPEN
from pooling.kernel.tables import any_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member
from pooling.web.typography import plural


async def _count(session: AsyncSession, members: Sequence[int], *meant: Any) -> int:  # noqa: ANN401 - conditions
    counted = await session.execute(select(func.count()).where(any_of(col(Bill.member_id), members), *meant))
    return counted.scalar_one()


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    many = await _count(session, [member.id], any_of(col(Bill.state), OPEN))
    if not many:
        return []
    said = plural(many, "facture de fournisseur est à décider", "factures de fournisseurs sont à décider")
    return [Tie(f"{said} : acceptez-la ou refusez-la d’abord." if many == 1 else f"{said} d’abord.", keeps=True)]


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    former = [one.id for one in members if becomes is None or one.id != becomes.id]
    many = await _count(session, former)
    return [Tie(f"{plural(many, 'facture de fournisseur suit', 'factures de fournisseurs suivent')}.")] if many else []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    await session.execute(
        update(Bill)
        .where(any_of(col(Bill.member_id), merging.ids))
        .values(member_id=merging.becomes.id, version=col(Bill.version) + 1)
    )


DEPARTURE = Departure(ties=_ties, merge_ties=_merge_ties, merge=_merge)
