"""Saying which action a purchase serves."""

from typing import Any

from litestar import Response, get, post

from pooling.actions.queries import actions_offered
from pooling.members.group_page import Here
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_edit
from pooling.purchases.serving import action_served, serve_action
from pooling.web.forms import Form, PostedForm, form_of

SERVED = "/achats/{reference:str}/action"
LONGEST = 40


@get(SERVED, right=may_edit)
async def ask_action(here: Here[PurchasePage]) -> Response[str]:
    served = await action_served(here.session, here.purchase.id)
    return await _page(here, form_of({"action": served.reference if served else ""}))


async def _page(here: PurchasePage, form: Form) -> Response[str]:
    actions = await actions_offered(here.session, form.value("action"))
    return here.render("purchases/serving.html", "Action", form=form, actions=actions)


@post(SERVED, right=may_edit)
async def do_serve(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    reference = form.text("action", longest=LONGEST)
    async with form.submitted(lambda: _page(here, form)):
        await serve_action(here.session, here.caller, here.purchase.id, reference, here.now)
    return here.redirect(done="L’achat est rattaché à l’action." if reference else "L’achat ne sert plus d’action.")


ROUTES = [ask_action, do_serve]
