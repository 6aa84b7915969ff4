"""Changing what a member declared, after the closing: the lead buyer's amendment."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import Conflict, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.needs.amending import SAY_WHY, amend_declaration
from pooling.needs.grid import form_of_declaration, grid_context, read_declaration
from pooling.needs.queries import declarations_of_member
from pooling.purchases.models import Participation, PurchaseState
from pooling.purchases.page import PurchasePage, led_purchase
from pooling.purchases.queries import purchase_items
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import of_name

SECTION = "/besoins"


@get("/achats/{reference:str}/besoins/{member:str}/modification", right=Right.RUN_PURCHASE)
async def ask_amendment(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[str]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    return await _page(request, session, frame, await _participant(session, frame, member), None)


@post("/achats/{reference:str}/besoins/{member:str}/modification", right=Right.RUN_PURCHASE)
async def do_amendment(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    amended = await _participant(session, frame, member)
    items = await purchase_items(session, frame.purchase.id)
    command = read_declaration(form, items, amended.id, filing=True)
    reason = form.lines("reason", required=SAY_WHY, longest=500)
    record = None
    if not form.has_errors:
        with form.redisplayed():
            record = await amend_declaration(
                session, caller, frame.purchase.id, command, services_of(request).clock,
                reason=reason, insistence=form.insistence(),
            )  # fmt: skip
    if form.has_errors:
        raise Redisplay(await _page(request, session, frame, amended, form))
    done = f"La déclaration {of_name(amended.name)} est modifiée."
    if record is not None:
        done += f" La consolidation n° {record.number} remplace la précédente."
    return redirect(request, f"{frame.url}{SECTION}/{member}", done=done)


async def _participant(session: AsyncSession, frame: PurchasePage, code: str) -> Member:
    found = await session.execute(
        select(Member)
        .join(Participation, col(Participation.member_id) == col(Member.id))
        .where(col(Member.code) == code, col(Participation.purchase_id) == frame.purchase.id)
    )
    member: Member | None = found.scalar_one_or_none()
    if member is None:
        raise NotFound
    return member


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchasePage, member: Member, form: Form | None
) -> Response[str]:
    if frame.purchase.state != PurchaseState.CLOSED:
        raise Conflict("Une déclaration se modifie ainsi une fois la collecte close, et avant la commande.")
    items = await purchase_items(session, frame.purchase.id)
    filed = (await declarations_of_member(session, frame.purchase.id, member.id)).get("filed")
    shown = form or form_of_declaration(filed, items)
    crumbs = [*frame.breadcrumb, Link("Besoins", frame.url + SECTION)]
    return render(
        request,
        "needs/amendment.html",
        breadcrumb=[*crumbs, Link(member.name, f"{frame.url}{SECTION}/{member.code}"), Link("Modifier", None)],
        here=frame,
        member=member,
        form=shown,
        **grid_context(shown, items),
    )


ROUTES = [ask_amendment, do_amendment]
