"""What the pages of a declaration share, and the calls of programs about one: the member that declares."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from sqlalchemy import Select, bindparam, select
from sqlmodel import col

from pooling.kernel.database import standing
from pooling.kernel.errors import NotFound
from pooling.kernel.tables import linked
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.models import Member
from pooling.needs.declaring import MemberNamed, Place, PurchaseNamed, lock_place
from pooling.needs.permissions import may_see_declaration
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.purchases.queries import find_shown, shown_purchase
from pooling.web.forms import Form
from pooling.web.layout import Link

SECTION = "/besoins"
DECLARATION = f"/achats/{{reference:str}}{SECTION}/{{member:str}}"


def _with_member(statement: Select[Any]) -> Select[Any]:
    """The same of a purchase, beside the participant that the address names."""
    return standing(
        statement.add_columns(Member)
        .join(Participation, linked(Participation.purchase_id, Purchase.id))
        .join(Member, linked(Member.id, Participation.member_id))
        .where(col(Member.code) == bindparam("member"))
    )


@cache
def _asked() -> Select[Any]:
    return _with_member(select(Purchase).where(col(Purchase.reference) == bindparam("reference")))


@cache
def _shown() -> Select[Any]:
    return _with_member(shown_purchase())


@dataclass(frozen=True)
class OnDeclaration(OnPurchase):
    """A request about what a participant of a purchase declares."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        found = (await here.session.execute(_asked(), here.named)).one_or_none()
        if found is None:
            raise NotFound
        purchase, member = found
        may_see_declaration.require(here.caller, purchase, member)
        return cls(**vars(here), purchase=purchase, member=member)


@dataclass(frozen=True)
class AtPlace(InGroup):
    """A request that writes what a participant declares: its place is locked until the end. Nothing else is read."""

    place: Place

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        named = here.named
        place = await lock_place(here.session, named["reference"], named["member"])
        may_see_declaration.require(here.caller, place.purchase, place.member)
        return cls(**vars(here), place=place)

    @property
    def purchase(self) -> PurchaseNamed:
        return self.place.purchase

    @property
    def member(self) -> MemberNamed:
        return self.place.member


@dataclass(frozen=True)
class FilingPage(AtPlace, GroupPage):
    """The same by a form, sent from the declaration's page."""

    @property
    def url(self) -> str:
        """The declaration's."""
        return f"{self.base}/achats/{self.purchase.reference}{SECTION}/{self.member.code}"

    @property
    def form(self) -> Form:
        """What was posted, which was read before anything else (`web/first_checks.py`)."""
        form: Form = self.request.scope["state"]["form"]
        return form

    async def declaration(self) -> "DeclarationPage":
        """What its page shows, where something is to mend."""
        return await DeclarationPage.load(InGroup(**{one.name: getattr(self, one.name) for one in fields(InGroup)}))


@dataclass(frozen=True)
class DeclarationPage(PurchasePage):
    """A page about what a participant declares."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        shown, (member,) = await find_shown(here.session, _shown(), here.named)
        may_see_declaration.require(here.caller, shown.purchase, member)
        return cls(**vars(here), **vars(shown), member=member)

    @property
    def path(self) -> str:
        """Of the declaration, from the purchase on."""
        return f"{SECTION}/{self.member.code}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            Link(self.kind.label_of(SECTION, "Besoins"), self.url + SECTION),
            Link(self.member.name, self.url + self.path),
        ]
