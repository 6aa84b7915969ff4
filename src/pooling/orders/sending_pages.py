"""Sending orders: one, or all that wait; what is lacking is named before."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.needs.advancing import fact_lacking, lacking_said
from pooling.orders.mailing import send_by_mail
from pooling.orders.models import OrderState
from pooling.orders.page import ORDERS, SECTION, OrderPage
from pooling.orders.reading import tally_of, version_now, without_address
from pooling.orders.sending import LONGEST_HOW, say_sent
from pooling.purchases.kinds.steps import CONVENED
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import plural

MAIL, OTHERWISE = "mail", "otherwise"
ALL = f"{ORDERS}/envoi"
ONE = f"{ORDERS}/{{order_number:int}}/envoi"


@get(ALL, right=may_run)
async def ask_sending(here: Here[PurchasePage]) -> Response[str]:
    return await _all_page(here, form_of({"way": MAIL}))


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
        f"Envoyer {many} ?",
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
            "Par courriel, chaque fournisseur reçoit le bon de commande en PDF et en XLSX ; sa réponse vous arrive.",
            "Ce qui est parti ne change plus que par une nouvelle version, avec sa raison.",
            *(["Quand toutes les commandes sont parties, l’achat passe à « Commandé »."] if last else []),
        ],
        action=f"{path}/envoi",
        label="Envoyer",
        cancel=cancel,
        danger=False,
        lacking=lacking,
        lacking_said=await lacking_said(session, purchase.id, lacking) if lacking else "",
        doubtful=doubtful,
        many=many,
        longest_how=LONGEST_HOW,
        ways=[(MAIL, "Par courriel, d’ici"), (OTHERWISE, "Elle est partie autrement : le noter")],
    )


@post(ALL, right=may_run)
async def do_sending(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _all_page(here, form), conflict=""):
        left, asked = await _send(here, form, None)
    return _told(here, SECTION, left, asked)


async def _send(here: PurchasePage, form: Form, number: int | None) -> tuple[int, int]:
    """How many have left, and how many are to leave."""
    way, how = form.choice("way", (MAIL, OTHERWISE)), form.text("how", longest=LONGEST_HOW)
    form.check()
    if way == MAIL:
        return await send_by_mail(here.session, here.caller, here.purchase.id, here.clock, number=number)
    return await say_sent(here.session, here.caller, here.purchase.id, here.clock, how=how, number=number), 0


def _told(here: PurchasePage, path: str, left: int, asked: int) -> Response[Any]:
    if asked:
        many = plural(asked, "commande part", "commandes partent")
        return here.redirect(path, done=f"{many} par courriel, dès que ses documents sont faits.", rings="sweep")
    if left:
        said = f"{plural(left, 'commande est partie', 'commandes sont parties')}."
        return here.redirect(path, done=said, rings="deliver")
    return here.redirect(path, warning="C’était déjà parti, ou en train de partir.")


@get(ONE, right=may_run)
async def ask_sending_one(here: Here[OrderPage]) -> Response[str]:
    return await _one_page(here, form_of({"way": MAIL}))


async def _one_page(here: OrderPage, form: Form) -> Response[str]:
    await here.session.refresh(here.order)
    version = await version_now(here.session, here.order)
    if here.order.state == OrderState.CANCELLED or version.sent_at is not None:
        raise Conflict("Cette commande n’attend pas d’être envoyée.", code="nothing_to_send")
    return await _page(
        here,
        form,
        ("Envoyer",),
        f"Envoyer la commande {here.order.reference} à {here.supplier.name} ?",
        path=here.order_path,
        cancel=here.order_path,
        order_id=here.order.id,
    )


@post(ONE, right=may_run)
async def do_sending_one(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _one_page(here, form), conflict=""):
        left, asked = await _send(here, form, here.order.number)
    return _told(here, here.order_path, left, asked)


ROUTES = [ask_sending, do_sending, ask_sending_one, do_sending_one]
