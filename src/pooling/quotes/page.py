"""What the pages of quotes share, and the calls of programs about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from pooling.kernel.tables import known_id
from pooling.members.group_page import InGroup
from pooling.purchases.page import OnPurchase, PurchasePage
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.quotes.queries import QuoteShown, find_quote
from pooling.web.layout import Link

SECTION = "/devis"
QUOTES = f"/achats/{{reference:str}}{SECTION}"


@dataclass(frozen=True)
class OnQuote(OnPurchase):
    """A program's request about one quote."""

    found: QuoteShown
    items: Sequence[ItemShown]
    """All of the purchase."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnPurchase.load(here)
        return cls(**vars(about), **await _named(about))


@dataclass(frozen=True)
class QuotesPage(PurchasePage):
    """A page about the quotes of a purchase."""

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Devis", self.url + SECTION)]


@dataclass(frozen=True)
class QuotePage(QuotesPage):
    """A page of one quote."""

    found: QuoteShown
    items: Sequence[ItemShown]

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await QuotesPage.load(here)
        return cls(**vars(about), **await _named(about))

    @property
    def path(self) -> str:
        """From the purchase on."""
        return f"{SECTION}/{self.found.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(self.found.called, self.url + self.path)]


async def _named(about: OnPurchase) -> dict[str, Any]:
    quote_id = known_id(about.named["quote_id"])
    items = await purchase_items(about.session, about.purchase.id)
    return {"found": await find_quote(about.session, about.purchase.id, quote_id, about.now), "items": items}
