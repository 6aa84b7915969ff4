"""A member that leaves while titres are open; members that become one bring theirs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member
from pooling.recovery.models import RecoveryEntry
from pooling.recovery.rules import ISSUES, PAYS
from pooling.web.typography import plural


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    signs: dict[str, Any] = {kind.value: sign * col(RecoveryEntry.cents) for kind, sign in ISSUES.items()}
    signs |= {kind.value: -sign * col(RecoveryEntry.cents) for kind, sign in PAYS.items()}
    entry = RecoveryEntry
    unpaid = (
        select(col(entry.purchase_id))
        .where(
            or_(col(entry.debtor_id) == member.id, col(entry.creditor_id) == member.id),
            col(entry.withdrawn_at).is_(None),
        )
        .group_by(col(entry.purchase_id), col(entry.debtor_id), col(entry.creditor_id))
        .having(func.sum(case(signs, value=entry.kind, else_=0)) > 0)
        .subquery()
    )
    many = (await session.execute(select(func.count()).select_from(unpaid))).scalar_one()
    said = plural(many, "dette n’est pas encore payée", "dettes ne sont pas encore payées")
    return [Tie(f"{said} : les titres restent à suivre.")] if many else []


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    former = [one.id for one in members if becomes is None or one.id != becomes.id]
    entry = RecoveryEntry
    counted = await session.execute(
        select(func.count()).where(or_(any_of(col(entry.debtor_id), former), any_of(col(entry.creditor_id), former)))
    )
    many = counted.scalar_one()
    return [Tie(f"{plural(many, 'titre ou paiement suit', 'titres ou paiements suivent')}.")] if many else []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    for column in (RecoveryEntry.debtor_id, RecoveryEntry.creditor_id):
        await session.execute(
            update(RecoveryEntry).where(any_of(col(column), merging.ids)).values({column.key: merging.becomes.id})  # type: ignore[attr-defined]
        )


DEPARTURE = Departure(ties=_ties, merge_ties=_merge_ties, merge=_merge)
