"""Preparing a purchase: what is bought, who leads it, who takes part; its items as long as it is in preparation."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.mail_addresses import is_address
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.models import Member, MemberKind, Role
from pooling.members.rights import Caller, Right
from pooling.purchases.adding import rewrite_items
from pooling.purchases.item_form import form_of_items, read_items, rows_of, usual_rates, with_more_rows
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.purchases.preparing import prepare_purchase
from pooling.purchases.queries import purchase_items
from pooling.purchases.schemas import PurchaseIn
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of

CHOSEN_AT_MOST = 300
"""Members to tick one by one; in a larger group everybody takes part."""


@get("/achats/nouveau", right=Right.PREPARE_PURCHASE)
async def ask_purchase(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    return await _page(
        request, session, caller, entered_group.slug, Form(values={"participation": "all", **usual_rates()})
    )


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, group: str, form: Form
) -> Response[str]:
    leads, members = await leads_and_members(session, caller)
    base = f"/g/{group}"
    if len(leads) == 1 and not form.value("lead_member"):
        form.values["lead_member"] = leads[0][0]
    return render(
        request,
        "purchases/new.html",
        breadcrumb=[
            Link("À faire", base),
            Link("Achats groupés", f"{base}/achats"),
            Link("Préparer un achat", None),
        ],
        form=form,
        base=base,
        leads=leads,
        members=members,
        rows=rows_of(form),
    )


async def leads_and_members(
    session: AsyncSession, caller: Caller
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who may lead, for this caller, and who may be ticked to take part: (code, name) in French order."""
    statement = select(col(Member.id), col(Member.code), col(Member.name), col(Member.kind), col(Member.parent_id))
    found = (await session.execute(statement.order_by(col(Member.sort_key)).limit(CHOSEN_AT_MOST + 1))).all()
    led = None if caller.has(Role.FACILITATOR) else set(caller.members_as(Role.REFERENT, Role.PURCHASING))
    parents = {row.parent_id for row in found}
    if led is not None:
        own = await session.execute(statement.where(col(Member.id).in_(led)).order_by(col(Member.sort_key)))
        leads = [(row.code, row.name) for row in own]
    else:
        leads = [(row.code, row.name) for row in found if row.kind == MemberKind.LEGAL_ENTITY]
    members = [(row.code, row.name) for row in found if row.id not in parents]
    return leads, members if len(found) <= CHOSEN_AT_MOST else []


@post("/achats/nouveau", right=Right.PREPARE_PURCHASE)
async def do_purchase(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    if form.value("ajouter"):
        raise Redisplay(await _page(request, session, caller, entered_group.slug, with_more_rows(form)))
    command, buyers = _read(form)
    reference = ""
    if not form.has_errors:
        with form.redisplayed():
            now = services_of(request).clock.now()
            purchase = await prepare_purchase(
                session, caller, command, now, lead_buyers=buyers, insistence=form.insistence()
            )
            reference = purchase.reference
    if form.has_errors:
        raise Redisplay(await _page(request, session, caller, entered_group.slug, form))
    done = f"L’achat {reference} est en préparation."
    return redirect(request, f"/g/{entered_group.slug}/achats/{reference}", done=done)


def _read(form: Form) -> tuple[PurchaseIn, list[str]]:
    emails = form.value("lead_buyers").replace(";", " ").replace(",", " ").split()
    if any(not is_address(email) for email in emails):
        form.refuse("lead_buyers", "Indiquez des adresses électroniques séparées par des virgules.")
    command = PurchaseIn.model_construct(items=tuple(read_items(form)), **read_terms(form))
    return command, emails


def read_terms(form: Form) -> dict[str, Any]:
    """What a purchase is, who leads it and who takes part: the fields that preparing and correcting share."""
    everybody = form.value("participation") != "some"
    participants = form.all("participants")
    if not everybody and not participants:
        form.refuse("participants", "Cochez au moins un membre, ou choisissez « Tous les membres ».")
    return {
        "title": form.text("title", required="Donnez un titre à cet achat, par exemple « Arceaux à vélos »."),
        "description": form.lines("description", longest=5000),
        "lead_member": form.text("lead_member", required="Choisissez la collectivité qui pilote cet achat."),
        "participants": None if everybody else tuple(participants),
        "delivery_expected_on": form.date("delivery") if form.value("delivery").strip() else None,
    }


@get("/achats/{reference:str}/articles", right=Right.EDIT_PURCHASE)
async def ask_items(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await edited_purchase(request, session, caller, reference)
    return _items_page(request, frame, Form(values=form_of_items(await purchase_items(session, frame.purchase.id))))


async def edited_purchase(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str
) -> PurchasePage:
    """The frame of a purchase that the caller prepares or runs.

    Raises:
        NotFound: the group has no purchase of this reference.
        Forbidden: the caller does neither.
    """
    frame = await purchase_page(request, session, caller, reference, "-")
    purchase = frame.purchase
    caller.require(Right.EDIT_PURCHASE, member_id=purchase.lead_member_id, purchase_id=purchase.id)
    return frame


def _items_page(request: Request[Any, Any, Any], frame: PurchasePage, form: Form) -> Response[str]:
    return render(
        request,
        "purchases/items.html",
        breadcrumb=[*frame.breadcrumb, Link("Articles", None)],
        frame=frame,
        form=form,
        rows=rows_of(form),
    )


@post("/achats/{reference:str}/articles", right=Right.EDIT_PURCHASE)
async def do_items(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await edited_purchase(request, session, caller, reference)
    if form.value("ajouter"):
        raise Redisplay(_items_page(request, frame, with_more_rows(form)))
    items = read_items(form)
    if not form.has_errors:
        with form.redisplayed():
            now = services_of(request).clock.now()
            await rewrite_items(session, caller, frame.purchase.id, items, now, insistence=form.insistence())
    if form.has_errors:
        raise Redisplay(_items_page(request, frame, form))
    return redirect(request, frame.url, done="Les articles sont enregistrés.")


ROUTES = [ask_purchase, do_purchase, ask_items, do_items]
