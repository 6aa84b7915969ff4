"""What the pages of a purchase's orders share, and the calls of programs about one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.orders.models import Order
from pooling.orders.permissions import concerned_as, may_see_order, sees_every_line
from pooling.orders.reading import concerned_members, find_order
from pooling.purchases.finding import find_purchase
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.purchases.queries import find_shown, shown_purchase
from pooling.suppliers.models import Supplier
from pooling.web.layout import Link

SECTION = "/commandes"
ORDERS = f"/achats/{{reference:str}}{SECTION}"
MOST_ORDERS = 2**31 - 1


@dataclass(frozen=True)
class OnOrder(OnPurchase):
    """A request about the order that its address names by its number in the purchase."""

    order: Order
    supplier: Supplier
    buyer: str
    concerned: Collection[int]
    """Those of the caller's members that it is for; whose people see its own documents."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = OnPurchase(**vars(here), purchase=await find_purchase(here.session, here.named["reference"]))
        return cls(**vars(about), **await _order_named(about))

    @property
    def among(self) -> Collection[int] | None:
        """Whose lines the caller sees; None: everybody's."""
        return None if sees_every_line(self.caller, self.purchase) else concerned_as(self.caller)


@dataclass(frozen=True)
class OrderPage(OnOrder, PurchasePage):
    """A page of it."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        shown, _ = await find_shown(here.session, shown_purchase(), here.named)
        about = PurchasePage(**vars(here), **vars(shown))
        return cls(**vars(about), **await _order_named(about))

    @property
    def order_path(self) -> str:
        """From the purchase on."""
        return f"{SECTION}/{self.order.number}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            Link("Commandes", self.url + SECTION),
            Link(self.order.reference, self.url + self.order_path),
        ]


async def _order_named(about: OnPurchase) -> dict[str, Any]:
    """Raises:
    NotFound: there is none, or it concerns no member of the caller's.
    """
    number = about.named["order_number"]
    found = await find_order(about.session, about.purchase.id, number) if 0 < number <= MOST_ORDERS else None
    if found is None:
        raise NotFound
    concerned = await concerned_members(about.session, found.order, concerned_as(about.caller))
    may_see_order.require(about.caller, about.purchase, concerned)
    return {**found._asdict(), "concerned": concerned}
