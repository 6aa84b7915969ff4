"""Changing what a member declared, after the closing: the lead buyer's amendment."""

from typing import Any

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.amending import SAY_WHY, amend_declaration
from pooling.needs.grid import form_of_declaration, grid_context, read_declaration
from pooling.needs.page import DECLARATION, DeclarationPage
from pooling.needs.queries import declarations_of_member
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import purchase_items
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import of_name

AMENDMENT = f"{DECLARATION}/modification"


@get(AMENDMENT, right=may_run)
async def ask_amendment(here: Here[DeclarationPage]) -> Response[str]:
    here.kind.require(Part.CONSOLIDATION)
    return await _page(here, None)


@post(AMENDMENT, right=may_run)
async def do_amendment(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    items = await purchase_items(here.session, here.purchase.id)
    command = read_declaration(form, items, here.member.id, filing=True)
    reason, insistence = form.reason(required=SAY_WHY), form.insistence()
    async with form.submitted(lambda: _page(here, form)):
        number = await amend_declaration(
            here.session, here.caller, here.purchase.id, command, here.clock, reason=reason, insistence=insistence
        )
    done = f"La déclaration {of_name(here.member.name)} est modifiée."
    if number is not None:
        done += f" La consolidation n° {number} remplace la précédente."
    return here.redirect(here.path, done=done)


async def _page(here: DeclarationPage, form: Form | None) -> Response[str]:
    if here.purchase.state != PurchaseState.CLOSED:
        raise Conflict("Une déclaration se modifie ainsi une fois la collecte close, et avant la commande.")
    items = await purchase_items(here.session, here.purchase.id)
    filed = (await declarations_of_member(here.session, here.purchase.id, here.member.id)).get("filed")
    shown = form or form_of_declaration(filed, items)
    return here.render("needs/amendment.html", "Modifier", member=here.member, form=shown, **grid_context(shown, items))


ROUTES = [ask_amendment, do_amendment]
