"""What the pages of a purchase's costs have in common."""

from dataclasses import dataclass
from typing import Any, Self

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import sees_all_costs
from pooling.allocation.case import PurchaseCase, label_of, read_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.locking import require_editable
from pooling.members.group_page import InGroup
from pooling.members.rights import Caller, Right
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.layout import Link
from pooling.web.services import services_of

SECTION = "/couts"
COSTS = f"/achats/{{reference:str}}{SECTION}"


@dataclass(frozen=True)
class CostsPage(PurchasePage):
    """A page of a purchase's costs."""

    sees_all: bool
    """Whether the caller sees every member's share."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        page = await PurchasePage.load(here)
        return cls(**vars(page), sees_all=await sees_all_costs(here.session, here.caller, page.purchase.id))

    @property
    def finance(self) -> FinanceConfiguration:
        """The installation's rates, as they were read at the start."""
        return self.services.part(FinanceConfiguration)


def finance_of(request: Request[Any, Any, Any]) -> FinanceConfiguration:
    """The installation's rates, as they were read at the start."""
    found: FinanceConfiguration = services_of(request).part(FinanceConfiguration)
    return found


def trail(frame: PurchasePage, here: str) -> list[Link]:
    """The breadcrumb of a page below the costs."""
    return [*frame.breadcrumb, Link("Coûts", frame.url + SECTION), Link(here, None)]


async def edited(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str
) -> tuple[PurchasePage, PurchaseCase]:
    """A purchase whose costs the caller may change, and what they are.

    Raises:
        Forbidden: the caller does not run it.
        Conflict: it is settled or cancelled.
    """
    frame = await purchase_page(request, session, caller, reference, SECTION)
    caller.require(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    require_editable(frame.purchase)
    return frame, await read_purchase(session, frame.purchase.id, label_of(frame.purchase), finance_of(request))
