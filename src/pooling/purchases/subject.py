"""A purchase as what decisions, agenda items and difficulties are about."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import ARRAY, BigInteger, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.members.subjects import Subject, SubjectKind
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Purchase


async def _read(session: AsyncSession, ids: Collection[int]) -> dict[int, Subject]:
    wanted = any_(cast(sorted(ids), ARRAY(BigInteger)))
    rows = await session.execute(
        select(
            col(Purchase.id), col(Purchase.reference), col(Purchase.title), col(Purchase.state), col(Purchase.kind)
        ).where(col(Purchase.id) == wanted)
    )
    return {
        key: Subject("purchase", key, reference, title, state, kind_of(kind).word(state), f"/achats/{reference}")
        for key, reference, title, state, kind in rows
    }


def _as_lead_buyer(caller: Caller, purchase_id: int) -> Caller:
    """One role more, in memory, for this purchase."""
    return replace(caller, roles=(*caller.roles, HeldRole(Role.LEAD_BUYER, purchase_id=purchase_id)))


SUBJECT = SubjectKind("purchase", "Achat", "l’achat", "l’acheteur pilote", _read, Caller.purchases_led, _as_lead_buyer)
