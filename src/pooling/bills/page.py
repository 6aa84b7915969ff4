"""What the pages of a purchase's bills share, and the calls of programs about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from pooling.bills.models import Bill
from pooling.bills.ordered import buyers_of
from pooling.bills.permissions import Reach, may_decide, may_see_bill
from pooling.bills.queries import find_bill, reach_of
from pooling.bills.rules import BILL
from pooling.members.group_page import InGroup
from pooling.members.models import Role
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.purchases.rules import OVER
from pooling.sharing.money import Cents
from pooling.web.layout import Link
from pooling.web.typography import euros

SECTION = "/factures"
BILLS = f"/achats/{{reference:str}}{SECTION}"
ONE = f"{BILLS}/{{bill_id:int}}"


@dataclass(frozen=True)
class OnBills(OnPurchase):
    """A request about the bills of the purchase that its address names."""

    reach: Reach
    buyers: frozenset[int]
    """Those of the caller's members, of whose finance it is, that order themselves."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), **await _sight(about))


async def _sight(about: OnPurchase) -> dict[str, Any]:
    return {
        "reach": await reach_of(about.session, about.caller, about.purchase),
        "buyers": await buyers_of(about.session, about.purchase.id, about.caller.members_as(Role.FINANCE)),
    }


@dataclass(frozen=True)
class BillsPage(OnBills, PurchasePage):
    """A page of them."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await PurchasePage.load(here)
        return cls(**vars(about), **await _sight(about))

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Factures", self.url + SECTION)]

    @property
    def changes(self) -> bool:
        """Whether anything of its bills may still change."""
        return self.purchase.state not in OVER


@dataclass(frozen=True)
class OnBill(OnBills):
    """A program's request about one bill."""

    bill: Bill

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnBills.load(here)
        return cls(**vars(about), bill=await _bill_named(about))


async def _bill_named(about: OnBills) -> Bill:
    """Raises:
    NotFound: there is none such, or none that the caller sees.
    """
    bill = await find_bill(about.session, about.purchase.id, about.named["bill_id"])
    may_see_bill.require(about.caller, about.reach, bill)
    return bill


@dataclass(frozen=True)
class BillPage(BillsPage):
    """A page of one bill."""

    bill: Bill

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await BillsPage.load(here)
        return cls(**vars(about), bill=await _bill_named(about))

    @property
    def path(self) -> str:
        """Of the bill, from the purchase on."""
        return f"{SECTION}/{self.bill.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(called(self.bill), self.url + self.path)]

    @property
    def decides(self) -> bool:
        return self.changes and may_decide(self.caller, self.purchase, self.bill)


def called(bill: Bill) -> str:
    """« Avoir A-12 »."""
    return f"{NOUNS[bill.kind]} {bill.number or 'sans numéro'}"


def state_word(bill: Bill) -> str:
    return "Remplacée" if bill.replaced_by_id is not None else BILL.word(bill.state)


def money(currency: str, cents: Cents) -> str:
    """An amount in the document's own currency."""
    return in_currency(currency, euros(cents))


def in_currency(currency: str, said: str) -> str:
    return said if currency == "EUR" else said.replace("€", currency)


NOUNS = {
    "invoice": "Facture",
    "credit_note": "Avoir",
    "corrected": "Facture rectificative",
    "prepayment": "Facture d’acompte",
}
