"""The next step of a purchase, asked for and taken."""

from typing import Any

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.advancing import advance_purchase, lacking_fact, lacking_said
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.web.forms import Form, PostedForm

STEP = "/achats/{reference:str}/etape"


@get(STEP, right=may_run)
async def ask_step(here: Here[PurchasePage]) -> Response[str]:
    return await _page(here, Form())


async def _page(here: PurchasePage, form: Form) -> Response[str]:
    await here.session.refresh(here.purchase)  # somebody may have gone on meanwhile
    step = here.kind.next_step(here.purchase.state)
    if step is None:
        raise Conflict(
            f"Cet achat est dans l’état « {here.state_word} » : aucune étape n’est à enregistrer.",
            code="transition_refused",
        )
    lacking = await lacking_fact(here.session, here.purchase.id, step)
    form.values["state"] = step.state
    return here.ask(
        step.label,
        template="needs/step.html",
        form=form,
        question=step.question,
        consequences=step.consequences,
        action="/etape",
        label=step.label,
        danger=False,
        lacking=lacking,
        lacking_said=await lacking_said(here.session, here.purchase.id, lacking) if lacking else "",
    )


@post(STEP, right=may_run)
async def do_step(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    state = form.value("state")
    if state not in list(PurchaseState):
        form.refuse("", "Dites quelle étape vous enregistrez : rechargez la page.")
    async with form.submitted(lambda: _page(here, form), conflict=""):
        step = await advance_purchase(
            here.session, here.caller, here.purchase.id, PurchaseState(state or PurchaseState.DRAFT), here.clock
        )
    return here.redirect(done=step.done, mailed="un courriel part aux référents" if step.subject else "")


ROUTES = [ask_step, do_step]
