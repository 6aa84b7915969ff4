"""What the pages of a purchase's procedure have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.procurement.models import ProcurementPlan
from pooling.procurement.reading import ShareShown, plan_of, share_of
from pooling.purchases.page import PurchasePage
from pooling.web.layout import Link

SECTION = "/procedure"
PROCEDURE = f"/achats/{{reference:str}}{SECTION}"


@dataclass(frozen=True)
class ProcedurePage(PurchasePage):
    """A page of how a purchase is bought."""

    plan: ProcurementPlan

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await PurchasePage.load(here)
        return cls(**vars(about), plan=await plan_of(about.session, about.purchase.id))

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Procédure", self.url + SECTION)]

    @property
    def configuration(self) -> ProcurementConfiguration:
        """The thresholds, as they were read at the start."""
        return self.services.part(ProcurementConfiguration)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def day(self) -> date:
        """Whose thresholds count: the day of the notice, before it today."""
        return self.plan.launched_on or self.today


@dataclass(frozen=True)
class MemberSharePage(ProcedurePage):
    """A page of what one member says."""

    share: ShareShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await ProcedurePage.load(here)
        share = await share_of(about.session, about.purchase.id, about.named["member"])
        if share is None:
            raise NotFound
        return cls(**vars(about), share=share)

    @property
    def member_id(self) -> int:
        return self.share.member_id
