"""What stands at the top of every page of a purchase: where it is in its life, and its sections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.collections.models import Collection
from pooling.collections.rules import is_open
from pooling.members.features import features_of
from pooling.members.models import Member
from pooling.members.rights import AnyRight, Caller, Right
from pooling.purchases.finding import find_with_collection
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.queries import state_dates
from pooling.purchases.rules import PURCHASE
from pooling.web.layout import Link
from pooling.web.typography import date_short

STEPS: tuple[tuple[str, PurchaseState], ...] = (
    ("Préparation", PurchaseState.DRAFT),
    ("Déclarations", PurchaseState.OPEN),
    ("Consolidation", PurchaseState.CLOSED),
    ("Commande", PurchaseState.ORDERED),
    ("Livraison", PurchaseState.DELIVERED),
    ("Soldé", PurchaseState.SETTLED),
)


OVER_ONCE_REACHED = frozenset({PurchaseState.DELIVERED, PurchaseState.SETTLED})
"""Whose step is behind as soon as the purchase is in it: it is delivered, it is settled."""


@dataclass(frozen=True)
class PurchasePage:
    """A purchase as its pages show it."""

    purchase: Purchase
    collection: Collection | None
    """None: it was never opened."""
    group: EnteredGroup
    zone: ZoneInfo
    lead: str
    url: str
    state_word: str
    state_tag: str
    steps: list[dict[str, Any]]
    dates: dict[str, datetime]
    """When it last entered each state."""
    tabs: list[Link]
    breadcrumb: list[Link]

    @property
    def closes_at(self) -> datetime | None:
        """Until when its collection runs, or ran."""
        return self.collection.closes_at if self.collection else None


async def purchase_page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str, section: str = ""
) -> PurchasePage:
    """The frame of one purchase, whose section (a tab's path) is being shown.

    Raises:
        NotFound: the group has no purchase of this reference.
    """
    purchase, collection = await find_with_collection(session, reference)
    lead = await session.get(Member, (purchase.group_id, purchase.lead_member_id))
    assert lead is not None, "a foreign key holds it"
    group: EnteredGroup = request.scope["state"]["group"]
    url = f"/g/{group.slug}/achats/{purchase.reference}"
    zone = ZoneInfo(group.timezone)
    dates = await state_dates(session, purchase.id)
    return PurchasePage(
        purchase=purchase,
        collection=collection,
        group=group,
        zone=zone,
        lead=lead.name,
        url=url,
        state_word=PURCHASE.word(purchase.state),
        state_tag=PURCHASE.tag(purchase.state),
        steps=steps(purchase, collection, dates, zone),
        dates=dates,
        tabs=[
            Link(tab.label, url + tab.path, tab.path == section)
            for tab in features_of(request).purchase_tabs
            if _may_see(caller, tab.right, purchase.id)
        ],
        breadcrumb=[
            Link("À faire", f"/g/{group.slug}"),
            Link("Achats groupés", f"/g/{group.slug}/achats"),
            Link(purchase.reference, url if section else None),
        ],
    )


async def led_purchase(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str, section: str
) -> PurchasePage:
    """The frame of a purchase that the caller runs.

    Raises:
        NotFound: the group has no purchase of this reference.
        Forbidden: the caller does not run it.
    """
    frame = await purchase_page(request, session, caller, reference, section)
    caller.require(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    return frame


def _may_see(caller: Caller, right: AnyRight, purchase_id: int) -> bool:
    """A role of a member opens a section for that member's part; a lead buyer's right counts for its purchase only."""
    members = caller.members_as(*(held.role for held in caller.roles)) or [0]
    return any(caller.may(right, member_id=member_id, purchase_id=purchase_id) for member_id in members)


def steps(
    purchase: Purchase, collection: Collection | None, dates: dict[str, datetime], zone: ZoneInfo
) -> list[dict[str, Any]]:
    """The frise: what is behind, where it stands, what is to come, with the dates known."""
    order = [state for _, state in STEPS]
    cancelled = purchase.state == PurchaseState.CANCELLED
    reached = [state for state in order if state in dates] or [PurchaseState.DRAFT]
    here = order.index(reached[-1] if cancelled else PurchaseState(purchase.state))
    shown = []
    for place, (label, state) in enumerate(STEPS):
        entered = dates.get(state)
        date = date_short(entered.astimezone(zone).date()) if entered and place <= here else None
        if state == PurchaseState.CLOSED and collection is not None and is_open(collection):
            date = f"à partir du {date_short(collection.closes_at.astimezone(zone).date())}"
        status = "done" if place < here else "to_come"
        if place == here:
            status = "cancelled" if cancelled else ("done" if state in OVER_ONCE_REACHED else "current")
        shown.append({"label": label, "date": date, "state": status})
    return shown
