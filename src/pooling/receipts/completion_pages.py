"""Declaring an order complete, whatever came of it, and opening it again."""

from typing import Any

from litestar import Response, get, post

from pooling.members.group_page import Here
from pooling.receipts.finishing import declare_complete, reopen
from pooling.receipts.noting import lock_order, require_receiving
from pooling.receipts.page import OrderPage
from pooling.receipts.pages import ORDER
from pooling.receipts.permissions import may_complete
from pooling.web.forms import Form, PostedForm

COMPLETION = f"{ORDER}/completion"
REOPENING = f"{ORDER}/reouverture"


@get(COMPLETION, right=may_complete)
async def ask_completion(here: Here[OrderPage]) -> Response[str]:
    return _completion_page(here, Form())


def _completion_page(here: OrderPage, form: Form) -> Response[str]:
    return here.ask(
        "Déclarer complète",
        template="receipts/because.html",
        form=form,
        question=f"Déclarer complète la commande {here.order.reference} ?",
        consequences=(
            "Plus rien n’en est attendu : les rappels cessent, même s’il est venu un peu plus ou un peu moins.",
            "Les parts ne changent pas d’elles-mêmes : ajustez ensuite ce qui est attribué à ce que chacun a reçu.",
            "Quand toutes les commandes sont complètes, l’achat passe de lui-même à « Livré ».",
        ),
        action=f"{here.order_path}/completion",
        label="Déclarer complète",
        cancel=here.order_path,
        danger=False,
    )


@post(COMPLETION, right=may_complete)
async def do_complete(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()

    async def page() -> Response[str]:
        return _completion_page(here, form)

    async with form.submitted(page, conflict=""):
        purchase, order = await lock_order(here.session, here.purchase.id, here.order.id)
        require_receiving(purchase, order)
        delivered = await declare_complete(here.session, here.caller, purchase, order, here.now, reason=reason)
    done = "La commande est déclarée complète." + (" L’achat est livré." if delivered else "")
    return here.redirect(here.order_path, done=done)


@get(REOPENING, right=may_complete)
async def ask_reopening(here: Here[OrderPage]) -> Response[str]:
    return _reopening_page(here, Form())


def _reopening_page(here: OrderPage, form: Form) -> Response[str]:
    return here.ask(
        "Rouvrir",
        template="receipts/because.html",
        form=form,
        question=f"Attendre de nouveau ce qui manque de la commande {here.order.reference} ?",
        consequences=("Ce qui manque est de nouveau attendu.", "Un achat déjà livré le reste."),
        action=f"{here.order_path}/reouverture",
        label="Rouvrir la livraison",
        cancel=here.order_path,
        danger=False,
    )


@post(REOPENING, right=may_complete)
async def do_reopen(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()

    async def page() -> Response[str]:
        return _reopening_page(here, form)

    async with form.submitted(page, conflict=""):
        purchase, order = await lock_order(here.session, here.purchase.id, here.order.id)
        require_receiving(purchase, order)
        await reopen(here.session, here.caller, purchase, order, here.now, reason=reason)
    return here.redirect(here.order_path, done="La livraison est rouverte.")


ROUTES = [ask_completion, do_complete, ask_reopening, do_reopen]
