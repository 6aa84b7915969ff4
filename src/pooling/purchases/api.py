"""Purchases: the list, one of them, preparing one."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from litestar import get, post
from pydantic import Field, PlainSerializer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.idempotency import Made
from pooling.actions.models import Action
from pooling.collections.models import Collection
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.slices import Listed
from pooling.kernel.tables import linked
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.purchases import preparing
from pooling.purchases.details import details_of
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Emission, ItemNature, Participation, Purchase, PurchaseKind, PurchaseState
from pooling.purchases.page import OnPurchase
from pooling.purchases.queries import ItemShown, PurchaseLine, purchase_items, purchase_list
from pooling.purchases.schemas import NOTHING_SAID, DetailsIn, PurchaseIn
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.bodies import LARGEST_LONG_BODY


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


Exact = Annotated[Decimal, PlainSerializer(_plain, return_type=str)]
"""A decimal as text: no program's floating point comes near it."""


class MemberRef(ApiOut):
    code: str
    name: str


class PurchaseLineOut(ApiOut):
    reference: str
    title: str
    kind: PurchaseKind
    """`goods`: members declare quantities of its items; `service`: they say whether they take part;
    `staff_offer`: a professional's offer, which agents pay themselves; `outside`: run
    elsewhere, and followed here."""
    state: PurchaseState
    lead_member: MemberRef
    closes_at: datetime | None


class TierOut(ApiOut):
    from_quantity: int
    unit_price: Exact


class DetailsOut(ApiOut):
    """What an item is to public procurement and finance; empty or null where nothing is said."""

    cpv: str
    family: str
    account: str
    nature: ItemNature
    emission: Emission
    """Of a light vehicle."""
    price_alone: Exact | None
    """What a member would pay for one unit alone, by this source on this day."""
    price_source: str
    priced_on: date | None


class ItemOut(ApiOut):
    """Prices are in euros before VAT, the VAT rate in percent."""

    code: str
    name: str
    description: str
    unit: str
    unit_price: Exact
    vat_rate: Exact
    fctva: bool
    pack: int
    minimum: int
    tiers: Sequence[TierOut]
    lot: int | None
    """The number of its lot; null where it is in none."""
    details: DetailsOut


class PurchaseOut(PurchaseLineOut):
    description: str
    opened_at: datetime | None
    closed_at: datetime | None
    delivery_expected_on: date | None
    participants: int
    """How many members take part."""
    action: str | None
    """The reference of the action that it serves."""
    items: Sequence[ItemOut]


class NewPurchase(PurchaseIn, ApiIn):
    """A purchase to prepare. Members are given by their codes, lead buyers by their e-mail addresses."""

    lead_buyers: tuple[Annotated[str, Field(max_length=320)], ...] = Field(default=(), max_length=20)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why a purchase is meant as it is, once it was answered that something in it may be a slip (code `doubtful`)."""


async def purchase_out(session: AsyncSession, purchase: Purchase) -> PurchaseOut:
    """The purchase as programs see it. Four statements whatever its size."""
    taking_part = select(func.count()).where(col(Participation.purchase_id) == purchase.id).scalar_subquery()
    found = await session.execute(
        select(Member, Collection, taking_part, col(Action.reference))
        .select_from(Purchase)
        .join(Member, linked(Member.id, Purchase.lead_member_id))
        .outerjoin(Collection, linked(Collection.purchase_id, Purchase.id))
        .outerjoin(Action, linked(Action.id, Purchase.action_id))
        .where(col(Purchase.id) == purchase.id)
    )
    lead, collection, participants, action = found.one()
    details = await details_of(session, purchase.id)
    return PurchaseOut(
        reference=purchase.reference,
        title=purchase.title,
        description=purchase.description,
        kind=PurchaseKind(purchase.kind),
        state=PurchaseState(purchase.state),
        lead_member=MemberRef(code=lead.code, name=lead.name),
        opened_at=collection and collection.opened_at,
        closes_at=collection and collection.closes_at,
        closed_at=collection and collection.closed_at,
        delivery_expected_on=purchase.delivery_expected_on,
        participants=participants,
        action=action,
        items=[
            item_out(item, details.get(item.id, NOTHING_SAID)) for item in await purchase_items(session, purchase.id)
        ],
    )


def item_out(item: ItemShown, said: DetailsIn) -> ItemOut:
    return ItemOut(
        code=item.code,
        name=item.name,
        description=item.description,
        unit=item.unit,
        unit_price=item.unit_price,
        vat_rate=item.vat_rate,
        fctva=item.fctva,
        pack=item.pack,
        minimum=item.minimum,
        tiers=[TierOut(from_quantity=threshold, unit_price=price) for threshold, price in item.tiers],
        lot=item.lot and item.lot.number,
        details=DetailsOut(**said.model_dump()),
    )


async def matched_purchase(here: OnPurchase) -> Purchase:
    """The purchase, locked alone and compared with `If-Match` when that was sent.

    Raises:
        ChangedMeanwhile: it is no longer as it was read.
    """
    if not wants_match(here.request):
        return here.purchase
    purchase = await lock_purchase(here.session, here.purchase.id)
    require_match(here.request, await purchase_out(here.session, purchase))
    return purchase


@endpoint(get, "/purchases", right=Right.SEE_GROUP)
async def list_purchases(here: Here[InGroup], asked: PageIn) -> Listed[PurchaseLineOut]:
    """The group's purchases, the newest first."""
    return (await purchase_list(here.session, asked.slice)).each(_line)


def _line(line: PurchaseLine) -> PurchaseLineOut:
    return PurchaseLineOut(
        reference=line.reference,
        title=line.title,
        kind=PurchaseKind(line.kind),
        state=PurchaseState(line.state),
        lead_member=MemberRef(code=line.lead_code, name=line.lead),
        closes_at=line.closes_at,
    )


@endpoint(
    post,
    "/purchases",
    right=Right.PREPARE_PURCHASE,
    status=201,
    once=True,
    tagged=True,
    request_max_body_size=LARGEST_LONG_BODY,
)
async def prepare_purchase(here: Here[InGroup], sent: NewPurchase) -> Made[PurchaseOut]:
    """Prepare a purchase: for the facilitator, or a référent or the purchasing staff of the lead member."""
    command = PurchaseIn.model_validate(sent.model_dump(exclude={"lead_buyers", "confirmed"}))
    insistence = Insistence(sent.confirmed)
    purchase = await preparing.prepare_purchase(
        here.session, here.caller, command, here.now, lead_buyers=sent.lead_buyers, insistence=insistence
    )
    return Made(await purchase_out(here.session, purchase), f"{here.api_url}/purchases/{purchase.reference}")


@endpoint(get, "/purchases/{reference:str}", right=Right.SEE_GROUP, tagged=True)
async def get_purchase(here: Here[OnPurchase]) -> PurchaseOut:
    """A purchase with its items and price tiers."""
    return await purchase_out(here.session, here.purchase)


ROUTES = [list_purchases, prepare_purchase, get_purchase]
