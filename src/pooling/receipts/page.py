"""What the pages of receipts share: the order that something is noted of, the member that receives, the receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import NotFound
from pooling.kernel.tables import known_id, linked
from pooling.members.group_page import InGroup
from pooling.members.models import Member
from pooling.orders.models import OrderLine
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.receipts.permissions import members_seen, sees_all_receipts
from pooling.receipts.queries import (
    OrderShown,
    ReceiptShown,
    concerns_some,
    members_of_receipt,
    order_named,
    receipt_named,
)
from pooling.web.layout import Link
from pooling.web.typography import date_short

SECTION = "/receptions"
ARRIVALS = "/arrivees"
MOST_ORDERS = 2**31 - 1
SHOWN_IN = frozenset({PurchaseState.ORDERED, PurchaseState.DELIVERED, PurchaseState.SETTLED})
"""States of a purchase whose page leads to its receipts."""


@dataclass(frozen=True)
class ReceiptsPage(PurchasePage):
    """A page of what a purchase received."""

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Réceptions", self.url + SECTION)]

    @property
    def seen(self) -> list[int] | None:
        """The members whose receipts the caller sees; None: everybody's."""
        return members_shown(self)


def members_shown(here: OnPurchase) -> list[int] | None:
    return None if sees_all_receipts(here.caller, here.purchase) else members_seen(here.caller)


@dataclass(frozen=True)
class OnOrder(OnPurchase):
    """A program's request about what came of an order that has left."""

    order: OrderShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), order=await _order(about))

    @property
    def buyer_id(self) -> int | None:
        return self.order.buyer_id


@dataclass(frozen=True)
class OrderPage(ReceiptsPage):
    """A page about what came of an order that has left."""

    order: OrderShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await ReceiptsPage.load(here)
        return cls(**vars(about), order=await _order(about))

    @property
    def buyer_id(self) -> int | None:
        return self.order.buyer_id

    @property
    def order_path(self) -> str:
        return f"{SECTION}/{self.order.number}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(self.order.reference, self.url + self.order_path)]


async def _order(about: OnPurchase) -> OrderShown:
    """Raises:
    NotFound: the purchase has no order of this number that has left, or it brings nothing to the caller's members.
    """
    number = about.named["order_number"]
    order = await order_named(about.session, about.purchase.id, number) if 0 < number <= MOST_ORDERS else None
    members = members_shown(about)
    if order is None or not (members is None or await concerns_some(about.session, order.id, members)):
        raise NotFound
    return order


@dataclass(frozen=True)
class MemberReceiptPage(OrderPage):
    """A page about what one member receives of an order."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OrderPage.load(here)
        member = await _receiving(about.session, about.order.id, about.named["member"])
        return cls(**vars(about), member=member)

    @property
    def path(self) -> str:
        return f"{self.order_path}/membres/{self.member.code}"


async def _receiving(session: AsyncSession, order_id: int, code: str) -> Member:
    """Raises:
    NotFound: the order brings nothing to the member of this code.
    """
    brought = select(col(OrderLine.id)).where(
        linked(OrderLine.member_id, Member.id), col(OrderLine.order_id) == order_id
    )
    found = await session.execute(select(Member).where(col(Member.code) == code, brought.exists()))
    member: Member | None = found.scalar_one_or_none()
    if member is None:
        raise NotFound
    return member


@dataclass(frozen=True)
class OnReceipt(OnPurchase):
    """A program's request about a receipt."""

    receipt: ReceiptShown
    concerned: Sequence[int]
    """The members that it is about."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        receipt = await _receipt(about)
        return cls(**vars(about), receipt=receipt, concerned=await members_of_receipt(about.session, receipt.id))


@dataclass(frozen=True)
class ReceiptPage(ReceiptsPage):
    """A page of a receipt."""

    receipt: ReceiptShown
    concerned: Sequence[int]

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await ReceiptsPage.load(here)
        receipt = await _receipt(about)
        return cls(**vars(about), receipt=receipt, concerned=await members_of_receipt(about.session, receipt.id))

    @property
    def path(self) -> str:
        return f"{ARRIVALS}/{self.receipt.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(f"Réception du {date_short(self.receipt.received_on)}", self.url + self.path)]


async def _receipt(about: OnPurchase) -> ReceiptShown:
    """Raises:
    NotFound: the purchase has no such receipt.
    """
    receipt = await receipt_named(about.session, about.purchase.id, known_id(about.named["receipt_id"]))
    if receipt is None:
        raise NotFound
    return receipt
