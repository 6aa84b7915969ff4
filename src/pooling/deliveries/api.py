"""Where what is assigned goes, for programs."""

from collections.abc import Sequence

from litestar import get, put
from pydantic import Field

from pooling.deliveries.reading import MemberSplit, deliveries_listed, member_split
from pooling.deliveries.splitting import keep_split
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.needs.api import Units
from pooling.needs.consolidating import current_consolidation
from pooling.needs.page import OnDeclaration
from pooling.needs.permissions import may_see_all_needs, may_see_declaration
from pooling.purchases.api import MemberRef
from pooling.purchases.page import OnPurchase
from pooling.purchases.queries import purchase_items
from pooling.sites.api import SiteOut, site_out
from pooling.sites.keeping import MOST_SITES, lock_sites
from pooling.sites.permissions import may_keep_sites
from pooling.web.api import ApiIn, ApiOut, PageIn, RowId, require_match, wants_match
from pooling.web.api_input import refuse_twice

LIST = "/purchases/{reference:str}/deliveries"
MEMBER = f"{LIST}/{{member:str}}"


class ItemUnitsOut(ApiOut):
    item: str
    quantity: int


class PlaceOut(ApiOut):
    """What goes to one place."""

    site: SiteOut | None
    """Null: the member has not said where it is delivered."""
    units: Sequence[ItemUnitsOut]


class DeliveryOut(ApiOut):
    member: MemberRef
    places: Sequence[PlaceOut]


class SiteUnitsOut(ApiOut):
    site: int | None
    quantity: int


class ItemSplitOut(ApiOut):
    item: str
    declared: int | None
    """What is declared, by a draft too; null: nothing is."""
    assigned: int | None
    """Null while no consolidation counts."""
    wanted: Sequence[SiteUnitsOut]
    """What was said: a wish, or exactly what is assigned."""
    delivered: Sequence[SiteUnitsOut]
    """Where the assigned units go: as was said, or in its proportions; the rest to the main site."""


class SplitOut(ApiOut):
    """How what a member gets is divided among its sites."""

    member: MemberRef
    consolidation: int | None
    """The number of the one that counts."""
    sites: Sequence[SiteOut]
    """Those in use, the main one first."""
    items: Sequence[ItemSplitOut]


class SiteUnitsIn(ApiIn):
    site: RowId
    quantity: Units


class ItemSplitPut(ApiIn):
    item: str = Field(max_length=40)
    sites: tuple[SiteUnitsIn, ...] = Field(default=(), max_length=MOST_SITES)
    """A site that is not named gets none; where none is named, all go to the main one until something is assigned."""


class SplitPut(ApiIn):
    items: tuple[ItemSplitPut, ...] = Field(max_length=500)
    """Of an item that is not named nothing changes."""


@endpoint(get, LIST, right=may_see_all_needs)
async def list_deliveries(here: Here[OnPurchase], asked: PageIn) -> Listed[DeliveryOut]:
    """Where the assigned units go, member by member; nobody while no consolidation counts. For the lead buyer and the
    facilitator.
    """
    frozen = await current_consolidation(here.session, here.purchase.id)
    if frozen is None:
        return Listed([], None)
    codes = {item.id: item.code for item in await purchase_items(here.session, here.purchase.id)}
    listed = await deliveries_listed(here.session, here.purchase.id, frozen.id, asked.slice)
    return listed.each(
        lambda places: DeliveryOut(
            member=MemberRef(code=places[0].code, name=places[0].member),
            places=[
                PlaceOut(
                    site=site_out(place.site) if place.site else None,
                    units=[
                        ItemUnitsOut(item=code, quantity=place.units[item_id])
                        for item_id, code in codes.items()
                        if item_id in place.units
                    ],
                )
                for place in places
            ],
        )
    )


@endpoint(get, MEMBER, right=may_see_declaration, tagged=True)
async def get_delivery(here: Here[OnDeclaration]) -> SplitOut:
    """How what a member gets is divided among its sites."""
    return _out(here, await member_split(here.session, here.purchase, here.member))


@endpoint(
    put,
    MEMBER,
    right=may_keep_sites,
    conflicts=("not_asked_yet", "order_left", "changed_meanwhile"),
    tagged=True,
    matched=True,
)
async def split_delivery(here: Here[OnDeclaration], sent: SplitPut) -> SplitOut:
    """Say how a member's units are divided: a wish while it declares, to the unit once they are assigned, until the
    order leaves. For the member's référents and the facilitator.
    """
    codes = {item.code: item.id for item in await purchase_items(here.session, here.purchase.id)}
    named = [one.item for one in sent.items]
    refuse_twice(named, "items.{}.item")
    unknown = {
        f"items.{place}.item": f"Cet achat n’a pas d’article « {code} »."
        for place, code in enumerate(named)
        if code not in codes
    }
    if unknown:
        raise Invalid(unknown)
    for place, one in enumerate(sent.items):
        refuse_twice([str(given.site) for given in one.sites], f"items.{place}.sites.{{}}.site")
    wanted = [(codes[one.item], {given.site: given.quantity for given in one.sites}) for one in sent.items]
    seen = None
    if wants_match(here.request):
        await lock_sites(here.session, here.member.id)
        split = await member_split(here.session, here.purchase, here.member)
        require_match(here.request, _out(here, split))
        seen = split.version
    return _out(
        here,
        await keep_split(here.session, here.caller, here.purchase.id, here.member, wanted, here.now, seen=seen),
    )


def _out(here: OnDeclaration, split: MemberSplit) -> SplitOut:
    return SplitOut(
        member=MemberRef(code=here.member.code, name=here.member.name),
        consolidation=split.consolidation.number if split.consolidation else None,
        sites=[site_out(site) for site in split.sites],
        items=[
            ItemSplitOut(
                item=one.item.code,
                declared=one.declared,
                assigned=one.assigned,
                wanted=[SiteUnitsOut(site=site, quantity=units) for site, units in sorted(one.said.items())],
                delivered=[SiteUnitsOut(site=site and site.id, quantity=units) for site, units in one.places],
            )
            for one in split.items
        ],
    )


ROUTES = [list_deliveries, get_delivery, split_delivery]
