"""Charges and subsidies that name a member which is to leave the group: without it they would share nothing, or no
longer make a hundred percent.
"""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.key_choices import KeyChoice, parts_of
from pooling.allocation.merging import merge
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.page import SECTION
from pooling.kernel.tables import linked
from pooling.members.departures import Departure, Tie
from pooling.members.models import Member
from pooling.purchases.models import Participation, Purchase, PurchaseState

_GOES_ON = (PurchaseState.DRAFT, PurchaseState.OPEN)
"""In these the member takes part no more; in the others its share stands."""


def _hangs_on(charge: Charge, code: str) -> bool:
    if charge.scope == [code]:
        return True
    numbers = [next(iter(part.items())) for _, part in parts_of(charge.key) if isinstance(part, dict)]
    return any(code in given and (kind == KeyChoice.PERCENTS or len(given) == 1) for kind, given in numbers)


def _goes_on(line: type[Charge] | type[Subsidy], member: Member) -> Select[*tuple[Any, ...]]:
    found: Select[*tuple[Any, ...]] = (
        select(line, col(Purchase.reference))
        .join(Purchase, linked(Purchase.id, line.purchase_id))
        .join(Participation, linked(Participation.purchase_id, Purchase.id))
        .where(col(Participation.member_id) == member.id, col(Purchase.state).in_(_GOES_ON))
        .order_by(col(Purchase.id), col(line.id))
    )
    return found


async def _ties(session: AsyncSession, member: Member) -> list[Tie]:
    charges = await session.execute(_goes_on(Charge, member))
    subsidies = await session.execute(_goes_on(Subsidy, member))
    naming = [
        *((charge.label, reference) for charge, reference in charges if _hangs_on(charge, member.code)),
        *((one.label, reference) for one, reference in subsidies if member.code in (one.members or ())),
    ]
    return [
        Tie(
            f"« {label} » le nomme dans la répartition : l’acheteur pilote doit d’abord la changer.",
            keeps=True,
            label=reference,
            path=f"/achats/{reference}{SECTION}",
        )
        for label, reference in naming
    ]


DEPARTURE = Departure(ties=_ties, merge=merge)
