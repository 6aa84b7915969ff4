"""What a declaration would cost its member, before it is filed: shown on its own page, nothing is kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from litestar import Response, post
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import apply_rule
from pooling.allocation.case import label_of, read_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.page import finance_of
from pooling.kernel.apart import apart
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.grid import read_declaration
from pooling.needs.page import DECLARATION, DeclarationPage
from pooling.needs.pages import declaration_page
from pooling.needs.permissions import may_file
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase
from pooling.purchases.queries import purchase_items
from pooling.purchases.size import has_many
from pooling.sharing.allocation_case import Need
from pooling.sharing.allocation_result import MemberResult
from pooling.web.forms import PostedForm
from pooling.web.typography import euros


@post(f"{DECLARATION}/part", right=may_file, repeatable=True)
async def show_estimate(here: Here[DeclarationPage], form: PostedForm) -> Response[str]:
    """The declaration's page with what was typed, and the share that it would cost."""
    here.kind.require(Part.COSTS)
    items = await purchase_items(here.session, here.purchase.id)
    command = read_declaration(form, items, here.member.id, filing=False)
    share = None if form.has_errors else await _estimate(here, command)
    return await declaration_page(here, form, share=share)


async def _estimate(here: DeclarationPage, command: DeclarationIn) -> dict[str, Any]:
    """What the page says of the share: key figures, or why there are none."""
    typed = {need.item_id: need.quantity for need in command.needs if need.quantity}
    given = (here.purchase.id, finance_of(here), here.member.code, typed)
    if await has_many(here.session, here.purchase.id):
        return await apart(here.session, _estimated, *given)
    return await _estimated(here.session, *given)


async def _estimated(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, member: str, typed: Mapping[int, int]
) -> dict[str, Any]:
    purchase = await session.get_one(Purchase, (group_of(session), purchase_id))
    read = await read_purchase(session, purchase_id, label_of(purchase), finance)
    codes = {item.id: item.code for item in read.items}
    mine = [Need(member, codes[item_id], quantity) for item_id, quantity in typed.items()]
    others = [need for need in read.case.needs if need.member != member]
    try:
        stated, _, _ = await apply_rule(replace(read.case, needs=(*others, *mine)), read.labels)
    except Conflict as refusal:
        return {"refused": refusal.message}
    return {"figures": _figures(stated.member(member).result)}


def _figures(result: MemberResult) -> list[dict[str, str]]:
    goods = sum(share.ht for share in result.items.values())
    made_of = f"articles {euros(goods)} HT, frais {euros(result.ht - goods)} HT, TVA {euros(result.vat)}"
    return [
        {"label": "À payer", "note": f"TTC\u00a0: {made_of}", "value": euros(result.ttc)},
        {"label": "Subventions", "value": euros(result.subsidised)},
        {"label": "FCTVA estimé", "value": euros(result.fctva)},
        {"label": "Reste à charge", "note": "après subventions et FCTVA estimé", "value": euros(result.net)},
    ]


ROUTES = [show_estimate]
