"""What the pages of a purchase share, and the calls of programs about one: the purchase, its life, its sections."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from pooling.collections.models import Collection
from pooling.collections.rules import is_open
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.rights import AnyRight, Caller
from pooling.purchases.finding import find_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.queries import find_shown, shown_purchase
from pooling.purchases.rules import PURCHASE
from pooling.web.addresses import path_of
from pooling.web.layout import Link
from pooling.web.typography import date_short

OVER_ONCE_REACHED = frozenset({PurchaseState.DELIVERED, PurchaseState.SETTLED})
"""Whose step is behind as soon as the purchase is in it: it is delivered, it is settled."""

_WORD_ENDS = re.compile(r"[/.]")


@dataclass(frozen=True)
class OnPurchase(InGroup):
    """A request about the purchase that its address names."""

    purchase: Purchase

    def __post_init__(self) -> None:
        """Raises:
        NotFound: the address is of a part that a purchase of this kind has not.
        """
        self.kind.require(self.features.purchase_parts.get(self.word_below))

    @property
    def kind(self) -> Kind:
        return kind_of(self.purchase.kind)

    @property
    def word_below(self) -> str:
        """The first word of the address below the purchase, `allocation` of `allocation.csv` too; empty for its own."""
        return _WORD_ENDS.split(path_of(self.request).partition(f"/{self.named['reference']}/")[2], maxsplit=1)[0]

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), purchase=await find_purchase(here.session, here.named["reference"]))


@dataclass(frozen=True)
class PurchasePage(OnPurchase, GroupPage):
    """A page of a purchase."""

    collection: Collection | None
    """None: it was never opened."""
    lead: str
    dates: dict[str, datetime]
    """When it last entered each state."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        shown, _ = await find_shown(here.session, shown_purchase(), here.named)
        return cls(**vars(here), **vars(shown))

    @property
    def url(self) -> str:
        return f"{self.base}/achats/{self.purchase.reference}"

    @property
    def above(self) -> Sequence[Link]:
        listed = Link("Achats groupés", f"{self.base}/achats")
        return [*super().above, listed, Link(self.purchase.reference, self.url)]

    @property
    def closes_at(self) -> datetime | None:
        """Until when its collection runs, or ran."""
        return self.collection.closes_at if self.collection else None

    @property
    def state_word(self) -> str:
        return self.kind.word(self.purchase.state)

    @property
    def state_tag(self) -> str:
        return PURCHASE.tag(self.purchase.state)

    @property
    def steps(self) -> list[dict[str, Any]]:
        return steps(self.purchase, self.collection, self.dates, self.zone)

    @property
    def tabs(self) -> list[Link]:
        """Its sections, of which the one that the address lies in is current."""
        seen = [
            tab
            for tab in self.features.purchase_tabs
            if self.kind.has(self.features.purchase_parts.get(tab.path.strip("/")))
            and (not tab.states or self.purchase.state in tab.states)
            and _may_see(self.caller, tab.right, self.purchase.id)
        ]
        inside = path_of(self.request).removeprefix(self.url)
        label_of = self.kind.label_of
        return [Link(label_of(tab.path, tab.label), self.url + tab.path, _lies_in(inside, tab.path)) for tab in seen]


def _lies_in(path: str, tab: str) -> bool:
    return path == tab or (tab != "" and path.startswith(f"{tab}/"))


def _may_see(caller: Caller, right: AnyRight, purchase_id: int) -> bool:
    """A role of a member opens a section for that member's part; a lead buyer's right counts for its purchase only."""
    members = caller.members_as(*(held.role for held in caller.roles)) or [0]
    return any(caller.may(right, member_id=member_id, purchase_id=purchase_id) for member_id in members)


def steps(
    purchase: Purchase, collection: Collection | None, dates: dict[str, datetime], zone: ZoneInfo
) -> list[dict[str, Any]]:
    """The frise: what is behind, where it stands, what is to come, with the dates known."""
    stations = kind_of(purchase.kind).steps
    order = [state for _, state in stations]
    cancelled = purchase.state == PurchaseState.CANCELLED
    reached = [state for state in order if state in dates] or [PurchaseState.DRAFT]
    here = order.index(reached[-1] if cancelled else PurchaseState(purchase.state))
    shown = []
    for place, (label, state) in enumerate(stations):
        entered = dates.get(state)
        date = date_short(entered.astimezone(zone).date()) if entered and place <= here else None
        if state == PurchaseState.CLOSED and collection is not None and is_open(collection):
            date = f"à partir du {date_short(collection.closes_at.astimezone(zone).date())}"
        status = "done" if place < here else "to_come"
        if place == here:
            status = "cancelled" if cancelled else ("done" if state in OVER_ONCE_REACHED else "current")
        shown.append({"label": label, "date": date, "state": status})
    return shown
