"""An order that is to ask for no more than what was received: what would change, then its next version."""

from typing import Any

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.purchases.permissions import may_run
from pooling.receipts.adjusting import adjust_order, short_lines
from pooling.receipts.page import OrderPage
from pooling.receipts.pages import ORDER
from pooling.receipts.taking import may_follow
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import number, plural

ADJUSTMENT = f"{ORDER}/ajustement"
SHOWN_AT_MOST = 100
USUAL = "Unités refusées ou jamais livrées"


@get(ADJUSTMENT, right=may_run)
async def ask_adjustment(here: Here[OrderPage]) -> Response[str]:
    return await _page(here, Form(values={"reason": USUAL}))


async def _page(here: OrderPage, form: Form) -> Response[str]:
    short = await short_lines(here.session, here.order.id)
    if not short:
        raise Conflict("Rien ne manque : la commande dit déjà ce qui est arrivé.", code="nothing_due")
    others = len(short) - SHOWN_AT_MOST
    follows = await may_follow(here.session, here.purchase)
    return here.ask(
        "Ajuster",
        template="receipts/adjustment.html",
        form=form,
        question=f"Ne plus attendre ce qui manque de la commande {here.order.reference} ?",
        consequences=(
            "La prochaine version de la commande demande, lieu par lieu, ce qui est arrivé : envoyez-la ensuite.",
            "Ce qui est attribué suit, et la part de chacun avec lui : les référents concernés sont prévenus."
            if follows
            else "Aucune consolidation ne compte : la part de chacun ne change pas.",
        ),
        action=f"{here.order_path}/ajustement",
        label="Modifier la commande",
        cancel=here.order_path,
        danger=False,
        lines=[
            (one.member, one.site, one.item, number(one.before), number(one.after)) for one in short[:SHOWN_AT_MOST]
        ],
        others=plural(others, "autre ligne", "autres lignes") if others > 0 else "",
    )


@post(ADJUSTMENT, right=may_run)
async def do_adjustment(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _page(here, form), conflict=""):
        made = await adjust_order(here.session, here.caller, here.purchase.id, here.order.id, here.clock, reason=reason)
    done = f"La version n° {made.version} de la commande est prête : envoyez-la."
    if made.consolidation is not None:
        done += f" La consolidation n° {made.consolidation} dit ce que chacun prend."
    return here.redirect(f"/commandes/{here.order.number}", done=done)


ROUTES = [ask_adjustment, do_adjustment]
