"""What the pages of a purchase's recovery share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import func, select
from sqlmodel import col

from pooling.allocation.page import CostsPage, OnCosts
from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.members.models import Member
from pooling.recovery.permissions import recovers_for
from pooling.recovery.reading import creditors_of
from pooling.sharing.money import Cents
from pooling.web.layout import Link

SECTION = "/recouvrement"
RECOVERY = f"/achats/{{reference:str}}{SECTION}"
TITLE = "Recouvrement"


async def _recovers(here: OnCosts) -> frozenset[int]:
    creditors = await creditors_of(here.session, here.purchase.id)
    return frozenset(one for one in creditors if recovers_for(here.caller, here.purchase.id, one))


async def _debtor(here: OnCosts) -> tuple[int, str]:
    """The member that the address names, or the one that it became: its id, with the name.

    Raises:
        NotFound: there is none such.
    """
    found = await here.session.execute(
        select(func.coalesce(Member.merged_into_id, Member.id), col(Member.name)).where(
            col(Member.code) == here.named["member"]
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


@dataclass(frozen=True)
class OnDebtor(OnCosts):
    """A program's request about what one member owes."""

    recovers: frozenset[int]
    """The creditors for which the caller notes titres and payments."""
    debtor_id: int

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnCosts.load(here)
        debtor_id, _ = await _debtor(about)
        return cls(**vars(about), recovers=await _recovers(about), debtor_id=debtor_id)

    @property
    def member(self) -> str:
        """Its code, as the address names it."""
        code: str = self.named["member"]
        return code


@dataclass(frozen=True)
class RecoveryPage(CostsPage):
    """A page of it."""

    @property
    def above(self) -> Sequence[Link]:
        """Beside the costs, not below them."""
        return super(CostsPage, self).above

    @property
    def smallest(self) -> Cents:
        """Below, no titre is issued."""
        return self.finance.smallest_titre_on(self.today)


@dataclass(frozen=True)
class DebtorPage(RecoveryPage):
    """A page of what one member owes."""

    recovers: frozenset[int]
    """The creditors for which the caller notes titres and payments."""
    debtor_id: int
    debtor_name: str

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await RecoveryPage.load(here)
        debtor_id, name = await _debtor(about)
        return cls(**vars(about), recovers=await _recovers(about), debtor_id=debtor_id, debtor_name=name)

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(TITLE, self.url + SECTION)]

    @property
    def member(self) -> str:
        """Its code, as the address names it."""
        code: str = self.named["member"]
        return code

    @property
    def path(self) -> str:
        return f"{SECTION}/{self.member}"
