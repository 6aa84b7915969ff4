"""Sending orders: one, or all that wait; what is lacking is named before."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.advancing import fact_lacking, lacking_said
from pooling.orders.models import OrderState
from pooling.orders.page import ORDERS, SECTION, OrderPage
from pooling.orders.reading import tally_of, version_now, without_address
from pooling.orders.sending import LONGEST_HOW, say_sent
from pooling.purchases.kinds.steps import CONVENED
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import plural

ALL = f"{ORDERS}/envoi"
ONE = f"{ORDERS}/{{order_number:int}}/envoi"


@get(ALL, right=may_run)
async def ask_sending(here: Here[PurchasePage]) -> Response[str]:
    return await _all_page(here, Form())


async def _all_page(here: PurchasePage, form: Form) -> Response[str]:
    tally = await tally_of(here.session, here.purchase.id)
    waiting = tally.drafts + tally.unsent
    if not waiting:
        raise Conflict("Aucune commande n’attend d’être envoyée.", code="nothing_to_send")
    many = plural(waiting, "commande")
    return await _page(
        here,
        form,
        (("Commandes", SECTION), "Envoyer"),
        f"Noter que {many} {'est partie' if waiting == 1 else 'sont parties'} ?",
        path=SECTION,
        cancel=SECTION,
    )


async def _page(
    here: PurchasePage,
    form: Form,
    crumbs: Sequence[Any],
    question: str,
    *,
    path: str,
    cancel: str,
    order_id: int | None = None,
) -> Response[str]:
    session, purchase = here.session, here.purchase
    await session.refresh(purchase)
    last = purchase.state == PurchaseState.CLOSED
    lacking = CONVENED if last and await fact_lacking(session, purchase.id, CONVENED) else None
    doubtful, many = await without_address(session, purchase.id, order_id)
    return here.ask(
        *crumbs,
        template="orders/send.html",
        form=form,
        question=question,
        consequences=[
            "Ce qui est parti ne change plus que par une nouvelle version, avec sa raison.",
            *(["Quand toutes les commandes sont parties, l’achat passe à « Commandé »."] if last else []),
        ],
        action=f"{path}/envoi",
        label="Noter l’envoi",
        cancel=cancel,
        danger=False,
        lacking=lacking,
        lacking_said=await lacking_said(session, purchase.id, lacking) if lacking else "",
        doubtful=doubtful,
        many=many,
        longest_how=LONGEST_HOW,
    )


@post(ALL, right=may_run)
async def do_sending(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    how = form.text("how", longest=LONGEST_HOW)
    async with form.submitted(lambda: _all_page(here, form), conflict=""):
        many = await say_sent(here.session, here.caller, here.purchase.id, here.clock, how=how)
    said = f"{plural(many, 'commande est partie', 'commandes sont parties')}."
    return here.redirect(SECTION, done=said) if many else here.redirect(SECTION, warning="Tout était déjà parti.")


@get(ONE, right=may_run)
async def ask_sending_one(here: Here[OrderPage]) -> Response[str]:
    return await _one_page(here, Form())


async def _one_page(here: OrderPage, form: Form) -> Response[str]:
    await here.session.refresh(here.order)
    version = await version_now(here.session, here.order)
    if here.order.state == OrderState.CANCELLED or version.sent_at is not None:
        raise Conflict("Cette commande n’attend pas d’être envoyée.", code="nothing_to_send")
    return await _page(
        here,
        form,
        ("Envoyer",),
        f"Noter que la commande {here.order.reference} est partie ?",
        path=here.order_path,
        cancel=here.order_path,
        order_id=here.order.id,
    )


@post(ONE, right=may_run)
async def do_sending_one(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    how = form.text("how", longest=LONGEST_HOW)
    async with form.submitted(lambda: _one_page(here, form), conflict=""):
        many = await say_sent(
            here.session, here.caller, here.purchase.id, here.clock, how=how, number=here.order.number
        )
    if many:
        return here.redirect(here.order_path, done=f"La commande {here.order.reference} est partie.")
    return here.redirect(here.order_path, warning="Cette commande était déjà partie.")


ROUTES = [ask_sending, do_sending, ask_sending_one, do_sending_one]
