"""What a declaration would cost its member, before it is filed: shown on its own page, nothing is kept."""

from dataclasses import replace
from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import apply_rule
from pooling.allocation.case import read_purchase
from pooling.allocation.page import finance_of, label_of
from pooling.kernel.errors import Conflict
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.needs.grid import read_declaration
from pooling.needs.pages import SECTION, declaration_page, declaring_member
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.purchases.queries import purchase_items
from pooling.sharing.allocation_case import Need
from pooling.sharing.allocation_result import MemberResult
from pooling.web.forms import PostedForm, Redisplay
from pooling.web.typography import euros


@post("/achats/{reference:str}/besoins/{member:str}/part", right=Right.FILE_NEEDS)
async def show_estimate(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[str]:
    """The declaration's page with what was typed, and the share that it would cost."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    declaring = await declaring_member(session, caller, frame, member)
    caller.require(Right.FILE_NEEDS, member_id=declaring.id)
    command = read_declaration(form, await purchase_items(session, frame.purchase.id), declaring.id, filing=False)
    if form.has_errors:
        raise Redisplay(await declaration_page(request, session, caller, frame, declaring, form))
    share = await _estimate(request, session, frame, declaring, command)
    return await declaration_page(request, session, caller, frame, declaring, form, share=share)


async def _estimate(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: PurchasePage,
    member: Member,
    command: DeclarationIn,
) -> dict[str, Any]:
    """What the page says of the share: key figures, or why there are none."""
    read = await read_purchase(session, frame.purchase.id, label_of(frame), finance_of(request))
    codes = {item.id: item.code for item in read.items}
    typed = [Need(member.code, codes[need.item_id], need.quantity) for need in command.needs if need.quantity]
    others = [need for need in read.case.needs if need.member != member.code]
    try:
        stated = await apply_rule(replace(read.case, needs=(*others, *typed)), read.labels)
    except Conflict as refusal:
        return {"refused": refusal.message}
    return {"figures": _figures(stated.member(member.code).result)}


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
