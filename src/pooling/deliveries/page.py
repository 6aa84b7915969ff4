"""What the pages of deliveries share."""

from dataclasses import dataclass
from typing import Self

from pooling.members.group_page import InGroup
from pooling.needs.page import DeclarationPage, OnDeclaration
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase
from pooling.purchases.page import OnPurchase, PurchasePage

SECTION = "/livraisons"
DELIVERIES = f"/achats/{{reference:str}}{SECTION}"


def require_delivered(purchase: Purchase) -> None:
    """Raises:
    NotFound: nothing of such a purchase is delivered.
    """
    kind_of(purchase.kind).require(Part.CONSOLIDATION)


@dataclass(frozen=True)
class OnDeliveries(OnPurchase):
    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await super().load(here)
        require_delivered(about.purchase)
        return about


@dataclass(frozen=True)
class DeliveriesPage(PurchasePage):
    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await super().load(here)
        require_delivered(about.purchase)
        return about


@dataclass(frozen=True)
class OnMemberDelivery(OnDeclaration):
    """A request about where a participant is delivered."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await super().load(here)
        require_delivered(about.purchase)
        return about


@dataclass(frozen=True)
class MemberDeliveryPage(DeclarationPage):
    """A page about it: it stands behind the member's declaration."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await super().load(here)
        require_delivered(about.purchase)
        return about

    @property
    def delivery_path(self) -> str:
        return f"{SECTION}/{self.member.code}"
