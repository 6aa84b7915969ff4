"""Offers to staff, and how many agents bought."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated

from litestar import get, put
from pydantic import Field

from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.needs.page import OnDeclaration
from pooling.needs.permissions import may_file, may_see_declaration
from pooling.offers import publishing, telling
from pooling.offers.pages import PUBLISHED
from pooling.offers.queries import UptakeShown, offer_of, tallies_of, uptake_of, uptakes_listed
from pooling.offers.schemas import MOST_BOUGHT, OfferIn
from pooling.purchases.api import MemberRef
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import purchase_items
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match


class OfferedItemOut(ApiOut):
    item: str
    name: str
    price: int | None
    """What an agent pays, in cents with VAT; null: not known yet."""
    interested: int
    """Agents, as members declared them."""
    bought: int


class OfferOut(ApiOut):
    """What a professional offers the agents; before it is published, its lead buyer alone reads its terms."""

    reference: str
    published: bool
    supplier: str
    valid_from: date | None
    valid_until: date | None
    conditions: str
    claiming: str
    """How an agent gets it."""
    items: Sequence[OfferedItemOut]


class OfferPut(OfferIn, ApiIn):
    """The whole offer. `prices` are cents with VAT by item code."""


class UptakeOut(ApiOut):
    """How many agents of a member bought, by item code; `told_at` null: it has not said."""

    member: MemberRef
    told_at: datetime | None
    author: str | None
    bought: Mapping[str, int]


class UptakePut(ApiIn):
    bought: dict[str, Annotated[int, Field(ge=0, le=MOST_BOUGHT)]] = Field(max_length=500)
    """By item code; an item that is not named, none."""


_OFFER, _UPTAKES = "/purchases/{reference:str}/offer", "/purchases/{reference:str}/uptakes"
_UPTAKE = f"{_UPTAKES}/{{member:str}}"


@endpoint(get, _OFFER, right=Right.SEE_TOTALS, tagged=True)
async def get_offer(here: Here[OnPurchase]) -> OfferOut:
    """What a professional offers the agents."""
    return await _offer(here)


@endpoint(put, _OFFER, right=may_run, conflicts=("offer_closed",), tagged=True, matched=True)
async def put_offer(here: Here[OnPurchase], sent: OfferPut) -> OfferOut:
    """Write the whole offer. For the purchase's lead buyer."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _offer(here))
    command = OfferIn.model_validate(sent.model_dump())
    await publishing.keep_offer(here.session, here.caller, here.purchase.id, command, here.now)
    return await _offer(here)


@endpoint(get, _UPTAKES, right=Right.SEE_TOTALS)
async def list_uptakes(here: Here[OnPurchase], asked: PageIn) -> Listed[UptakeOut]:
    """How many agents bought: of everybody for its lead buyer and the facilitator, their own for the others."""
    only = None
    if not here.caller.sees_all_lines(here.purchase.id):
        only = here.caller.members_as(Role.REFERENT, Role.FINANCE)
    codes = await _codes(here)
    listed = await uptakes_listed(here.session, here.purchase.id, asked.slice, only=only)
    return listed.each(lambda shown: _out(shown, codes))


@endpoint(get, _UPTAKE, right=may_see_declaration, tagged=True)
async def get_uptake(here: Here[OnDeclaration]) -> UptakeOut:
    """How many agents of a member (its SIREN, or a unit's code) bought."""
    return await _uptake(here)


@endpoint(put, _UPTAKE, right=may_file, conflicts=("offer_runs", "offer_closed"), tagged=True, matched=True)
async def put_uptake(here: Here[OnDeclaration], sent: UptakePut) -> UptakeOut:
    """Say how many agents of a member bought, once the offer has ended. For its référent."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _uptake(here))
    purchase, member = here.purchase.id, here.member.id
    await telling.tell_uptake(here.session, here.caller, purchase, member, sent.bought, here.clock)
    return await _uptake(here)


async def _offer(here: OnPurchase) -> OfferOut:
    shown = await offer_of(here.session, here.purchase.id)
    tallies = await tallies_of(here.session, here.purchase.id)
    published = here.purchase.state in PUBLISHED
    told = published or may_run(here.caller, here.purchase)
    offer = shown.offer
    return OfferOut(
        reference=here.purchase.reference,
        published=published,
        supplier=offer.supplier if told else "",
        valid_from=offer.valid_from if told else None,
        valid_until=offer.valid_until if told else None,
        conditions=offer.conditions if told else "",
        claiming=offer.claiming if told else "",
        items=[
            OfferedItemOut(
                item=item.code,
                name=item.name,
                price=shown.prices.get(item.id) if told else None,
                interested=tallies[item.id].interested,
                bought=tallies[item.id].bought,
            )
            for item in await purchase_items(here.session, here.purchase.id)
        ],
    )


async def _codes(here: OnPurchase) -> dict[int, str]:
    return {item: code for code, item in (await item_ids(here.session, here.purchase.id)).items()}


async def _uptake(here: OnDeclaration) -> UptakeOut:
    return _out(await uptake_of(here.session, here.purchase.id, here.member.id), await _codes(here))


def _out(shown: UptakeShown, codes: Mapping[int, str]) -> UptakeOut:
    return UptakeOut(
        member=MemberRef(code=shown.code, name=shown.name),
        told_at=shown.told_at,
        author=shown.author,
        bought={codes[item]: units for item, units in shown.bought.items()},
    )


ROUTES = [get_offer, put_offer, list_uptakes, get_uptake, put_uptake]
