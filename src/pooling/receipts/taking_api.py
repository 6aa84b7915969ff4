"""What members really take of what is assigned, for programs: as receipts say it, and the adjustment."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from litestar import get, post
from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Invalid
from pooling.kernel.tables import any_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.models import Member
from pooling.needs.api import Units
from pooling.needs.consolidating import Terms
from pooling.purchases.api import Exact, MemberRef
from pooling.purchases.finding import lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.receipts.api import RECEIPTS
from pooling.receipts.taking import ItemTaken, adjust_taken, read_taking, taken_lines
from pooling.sharing.money import format_decimal
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import refuse_twice

TAKING = f"{RECEIPTS}/taking"
MOST_LINES = 2_000
REFUSED = ("not_adjustable", "not_consolidated", "nothing_ordered")


class ItemTakenOut(ApiOut):
    item: str
    assigned: int
    units: int
    """What members would take, over all of them."""
    unit_price: Exact
    """Euros before VAT: as it was ordered, or as an adjustment said."""
    vat_rate: Exact


class LineTakenOut(ApiOut):
    item: str
    member: MemberRef
    assigned: int
    ordered: int
    accepted: int
    units: int
    """What it would take: accepted of an order that is complete; else what is ordered, or more if more was accepted."""


class TakingOut(ApiOut):
    """What members really take, as receipts say it, beside what is assigned."""

    consolidation: int
    """The number of the one that counts."""
    adjusted: bool
    """It is an adjustment already."""
    differing: int
    """Lines that an adjustment would change."""
    items: Sequence[ItemTakenOut]
    lines: Sequence[LineTakenOut]
    """The first 2 000 of those that it would change."""
    version: str
    """Stands for all of it, also for the lines that are not here."""


class LineTakenIn(ApiIn):
    item: str = Field(max_length=40)
    member: str = Field(max_length=40)
    units: Units


class ItemTermsIn(ApiIn):
    item: str = Field(max_length=40)
    unit_price: Annotated[Decimal, Field(ge=0, lt=Decimal(10**9), max_digits=13, decimal_places=4)]
    vat_rate: Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)] | None = None
    """Null: as it is."""


class TakingPost(ApiIn):
    """What is assigned from now on; of what is not named, what receipts say, or nothing changes."""

    as_received: bool = True
    lines: tuple[LineTakenIn, ...] = Field(default=(), max_length=MOST_LINES)
    prices: tuple[ItemTermsIn, ...] = Field(default=(), max_length=500)
    because: str = Field(min_length=1, max_length=LONGEST_REASON)


@endpoint(get, TAKING, right=may_run, conflicts=REFUSED, tagged=True)
async def get_taking(here: Here[OnPurchase]) -> TakingOut:
    """What members really take of what is assigned, as receipts say it. For the lead buyer."""
    return await _out(here)


@endpoint(
    post,
    TAKING,
    right=may_run,
    conflicts=REFUSED,
    once=True,
    tagged=True,
    matched=True,
)
async def post_taking(here: Here[OnPurchase], sent: TakingPost) -> TakingOut:
    """Adjust what is assigned to what members really take: a further numbered consolidation, which no rule makes; the
    référents concerned are told. For the lead buyer.
    """
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, await _out(here))
    taking = await read_taking(here.session, here.purchase)
    items = {one.item.code: one for one in taking.items}
    members = await _members(here, sent)
    named = [(f"lines.{place}", line.item) for place, line in enumerate(sent.lines)]
    named += [(f"prices.{place}", price.item) for place, price in enumerate(sent.prices)]
    errors = {f"{place}.item": "Cet achat n’a pas cet article." for place, item in named if item not in items}
    errors |= {
        f"lines.{place}.member": "Le groupe n’a pas ce membre."
        for place, one in enumerate(sent.lines)
        if one.member not in members
    }
    if errors:
        raise Invalid(errors)
    refuse_twice([f"{one.item} {one.member}" for one in sent.lines], "lines.{}.item")
    refuse_twice([one.item for one in sent.prices], "prices.{}.item")
    await adjust_taken(
        here.session,
        here.caller,
        here.purchase.id,
        here.clock,
        reason=sent.because,
        units={(items[one.item].item.id, members[one.member]): one.units for one in sent.lines},
        terms={items[one.item].item.id: _terms(one, items[one.item]) for one in sent.prices},
        as_received=sent.as_received,
    )
    return await _out(here)


def _terms(sent: ItemTermsIn, item: ItemTaken) -> Terms:
    return Terms(Fraction(sent.unit_price), item.after.vat_rate if sent.vat_rate is None else Fraction(sent.vat_rate))


async def _members(here: OnPurchase, sent: TakingPost) -> dict[str, int]:
    found = await here.session.execute(
        select(col(Member.code), col(Member.id)).where(any_of(col(Member.code), {one.member for one in sent.lines}))
    )
    return {code: member_id for code, member_id in found}


async def _out(here: OnPurchase) -> TakingOut:
    taking = await read_taking(here.session, here.purchase)
    codes = {one.item.id: one.item.code for one in taking.items}
    return TakingOut(
        consolidation=taking.frozen.number,
        adjusted=taking.frozen.adjusts,
        differing=taking.differing,
        items=[
            ItemTakenOut(
                item=one.item.code,
                assigned=one.assigned,
                units=one.units,
                unit_price=Decimal(format_decimal(one.after.unit_price)),
                vat_rate=Decimal(format_decimal(one.after.vat_rate)),
            )
            for one in taking.items
        ],
        lines=[
            LineTakenOut(
                item=codes[line.item_id],
                member=MemberRef(code=line.member_code, name=line.member),
                assigned=line.assigned,
                ordered=line.ordered,
                accepted=line.accepted,
                units=line.units,
            )
            for line in await taken_lines(here.session, taking, MOST_LINES)
        ],
        version=taking.version,
    )


ROUTES = [get_taking, post_taking]
