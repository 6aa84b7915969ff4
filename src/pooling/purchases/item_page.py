"""What the pages of an item share, and the calls of programs about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.web.layout import Link

ITEM = "/achats/{reference:str}/articles/{item:str}"


async def _named(session: AsyncSession, purchase_id: int, code: str) -> ItemShown:
    found = next((item for item in await purchase_items(session, purchase_id) if item.code == code), None)
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class OnItem(OnPurchase):
    """A request about the item that its address names."""

    item: ItemShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), item=await _named(about.session, about.purchase.id, about.named["item"]))


@dataclass(frozen=True)
class ItemPage(PurchasePage):
    """A page of an item."""

    item: ItemShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await PurchasePage.load(here)
        return cls(**vars(about), item=await _named(about.session, about.purchase.id, about.named["item"]))

    @property
    def path(self) -> str:
        """From the purchase on."""
        return f"/articles/{self.item.code}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(self.item.name, self.url + self.path)]
