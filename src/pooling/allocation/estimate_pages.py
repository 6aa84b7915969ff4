"""What a declaration would cost its member, before it is filed: shown on its own page, nothing is kept."""

from dataclasses import replace
from typing import Any

from litestar import Response, post

from pooling.allocation.allocating import apply_rule
from pooling.allocation.case import label_of, read_purchase
from pooling.allocation.page import finance_of
from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.grid import read_declaration
from pooling.needs.page import DECLARATION, DeclarationPage
from pooling.needs.pages import declaration_page
from pooling.needs.permissions import may_file
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.queries import purchase_items
from pooling.sharing.allocation_case import Need
from pooling.sharing.allocation_result import MemberResult
from pooling.web.forms import PostedForm
from pooling.web.typography import euros


@post(f"{DECLARATION}/part", right=may_file)
async def show_estimate(here: Here[DeclarationPage], form: PostedForm) -> Response[str]:
    """The declaration's page with what was typed, and the share that it would cost."""
    items = await purchase_items(here.session, here.purchase.id)
    command = read_declaration(form, items, here.member.id, filing=False)
    share = None if form.has_errors else await _estimate(here, command)
    return await declaration_page(here, form, share=share)


async def _estimate(here: DeclarationPage, command: DeclarationIn) -> dict[str, Any]:
    """What the page says of the share: key figures, or why there are none."""
    read = await read_purchase(here.session, here.purchase.id, label_of(here.purchase), finance_of(here))
    member = here.member
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
