"""What a form of a charge or a subsidy offers: members, items and lines of its purchase. Of many members, only as many
as tell that they are many: they are pasted, and looked up when they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import Payer, charges_of, count_payers, lead_of, payers_of, subsidies_of
from pooling.allocation.editing.member_numbers import MOST_BOXES, has_boxes
from pooling.allocation.models import Charge, Subsidy
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.web.forms import Form

_PASTED = ("weights", "percents", "members")


@dataclass(frozen=True)
class Offered:
    payers: Sequence[Payer]
    """The first ones, where they are too many for boxes (`has_boxes`)."""
    taking_part: int
    items: Sequence[ItemShown]
    charges: Sequence[Charge]
    subsidies: Sequence[Subsidy]
    lead: tuple[str, str]
    """The code and the name of who leads the purchase."""


async def read_offered(session: AsyncSession, purchase_id: int) -> Offered:
    return Offered(
        payers=await payers_of(session, purchase_id, most=MOST_BOXES + 1),
        taking_part=await count_payers(session, purchase_id),
        items=await purchase_items(session, purchase_id),
        charges=await charges_of(session, purchase_id),
        subsidies=await subsidies_of(session, purchase_id),
        lead=await lead_of(session, purchase_id),
    )


async def with_pasted(session: AsyncSession, purchase_id: int, offered: Offered, form: Form) -> Offered:
    """The same with everybody, where some were pasted that boxes have no room for."""
    if has_boxes(offered.payers) or not any(form.value(name).strip() for name in _PASTED):
        return offered
    return replace(offered, payers=await payers_of(session, purchase_id))
