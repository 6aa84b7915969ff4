"""What the pages of a purchase's costs have in common, and the calls of programs about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.allocation.allocating import own_codes, sees_all_costs
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import Current
from pooling.members.group_page import InGroup
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.web.layout import Link
from pooling.web.typography import date_time_long

SECTION = "/couts"
COSTS = f"/achats/{{reference:str}}{SECTION}"


def finance_of(here: InGroup) -> FinanceConfiguration:
    """The installation's rates, as they were read at the start."""
    return here.services.part(FinanceConfiguration)


def computing_since(here: InGroup, current: Current) -> str:
    """Of when the figures are, in French, while others are being computed; empty: they are those of now."""
    return date_time_long(current.read_at, here.zone) if current.outdated else ""


async def _own(here: OnPurchase) -> frozenset[str] | None:
    if await sees_all_costs(here.session, here.caller, here.purchase.id):
        return None
    return frozenset(await own_codes(here.session, here.caller))


@dataclass(frozen=True)
class OnCosts(OnPurchase):
    """A request about the costs of the purchase that its address names."""

    own: frozenset[str] | None
    """The codes of the caller's own members, whose shares alone it sees; None: it sees everybody's."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), own=await _own(about))

    @property
    def sees_all(self) -> bool:
        """Whether the caller sees every member's share."""
        return self.own is None

    @property
    def finance(self) -> FinanceConfiguration:
        return finance_of(self)


@dataclass(frozen=True)
class CostsPage(OnCosts, PurchasePage):
    """A page of a purchase's costs."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await PurchasePage.load(here)
        return cls(**vars(about), own=await _own(about))

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Coûts", self.url + SECTION)]


@dataclass(frozen=True)
class SharePage(CostsPage):
    """A page about one member's share."""

    @property
    def member(self) -> str:
        """Its code, as the address names it."""
        code: str = self.named["member"]
        return code
