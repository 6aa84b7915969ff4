"""What the pages of a purchase's procedure have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pooling.collections.models import Collection
from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.procurement.assessing import Assessed
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.procurement.models import ProcurementPlan
from pooling.procurement.reading import ShareShown, plan_of, share_of
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.purchases.queries import find_shown, shown_purchase
from pooling.web.layout import Link

SECTION = "/procedure"
PROCEDURE = f"/achats/{{reference:str}}{SECTION}"


@dataclass(frozen=True)
class OnProcedure(OnPurchase):
    """A request about how a purchase is bought."""

    collection: Collection | None
    lead: str
    dates: dict[str, datetime]
    plan: ProcurementPlan

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        shown, _ = await find_shown(here.session, shown_purchase(), here.named)
        return cls(**vars(here), **vars(shown), plan=await plan_of(here.session, shown.purchase.id))

    @property
    def configuration(self) -> ProcurementConfiguration:
        """The thresholds, as they were read at the start."""
        return self.services.part(ProcurementConfiguration)

    @property
    def assessed(self) -> Assessed:
        return Assessed(self.purchase, self.collection, self.dates, self.plan, self.zone, self.now)


@dataclass(frozen=True)
class ProcedurePage(OnProcedure, PurchasePage):
    """A page of it."""

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Procédure", self.url + SECTION)]


@dataclass(frozen=True)
class OnShare(OnPurchase):
    """A program's request about what one member says."""

    share: ShareShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), share=await _share_named(about))

    @property
    def member_id(self) -> int:
        return self.share.member_id


@dataclass(frozen=True)
class MemberSharePage(ProcedurePage):
    """A page of what one member says."""

    share: ShareShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await ProcedurePage.load(here)
        return cls(**vars(about), share=await _share_named(about))

    @property
    def member_id(self) -> int:
        return self.share.member_id


async def _share_named(about: OnPurchase) -> ShareShown:
    """Raises:
    NotFound: the member that the address names does not take part.
    """
    share = await share_of(about.session, about.purchase.id, about.named["member"])
    if share is None:
        raise NotFound
    return share
