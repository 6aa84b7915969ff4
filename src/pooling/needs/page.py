"""What the pages of a declaration share, and the calls of programs about one: the member that declares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.members.models import Member
from pooling.needs.permissions import may_see_declaration
from pooling.purchases.models import Participation
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.web.layout import Link

SECTION = "/besoins"
DECLARATION = f"/achats/{{reference:str}}{SECTION}/{{member:str}}"


async def find_declaring(here: OnPurchase) -> Member:
    """The participant that the address names, for who may see its declaration.

    Raises:
        NotFound: no such participant, or not the caller's business.
    """
    found = await here.session.execute(
        select(Member)
        .join(Participation, col(Participation.member_id) == col(Member.id))
        .where(col(Member.code) == here.named["member"], col(Participation.purchase_id) == here.purchase.id)
    )
    member: Member | None = found.scalar_one_or_none()
    if member is None:
        raise NotFound
    may_see_declaration.require(here.caller, here.purchase, member)
    return member


@dataclass(frozen=True)
class OnDeclaration(OnPurchase):
    """A request about what a participant of a purchase declares."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), member=await find_declaring(about))


@dataclass(frozen=True)
class DeclarationPage(PurchasePage):
    """A page about what a participant declares."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await PurchasePage.load(here)
        return cls(**vars(about), member=await find_declaring(about))

    @property
    def path(self) -> str:
        """Of the declaration, from the purchase on."""
        return f"{SECTION}/{self.member.code}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Besoins", self.url + SECTION), Link(self.member.name, self.url + self.path)]
