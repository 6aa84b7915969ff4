"""Pages of a purchase's needs: declaring them, and how far the collection is."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.rules import accepts
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.tables import any_of
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.needs.declaring import discard_draft, file_declaration, save_draft
from pooling.needs.grid import euros_of, form_of_declaration, grid_context, read_declaration
from pooling.needs.queries import (
    REMARKS_AT_MOST,
    DeclarationShown,
    consolidate_needs,
    coverage,
    declarations_of_member,
    latest_of,
    member_page,
    remarks_of,
    stamp_of,
)
from pooling.needs.receipts import send_receipt
from pooling.purchases.models import Participation, PurchaseState
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.web.cursors import pages_after, unpack_key
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import date_time_long, deadline_words, of_name

SECTION = "/besoins"


@get("/achats/{reference:str}/besoins", right=Right.SEE_TOTALS)
async def show_needs(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    apres: FromQuery[str] = "",
) -> Response[str]:
    """Who has filed what: everybody's for the lead buyer and the facilitator, their own for the others."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    sees_all = caller.sees_all_lines(frame.purchase.id)
    all_needs = caller.may(Right.SEE_ALL_NEEDS, purchase_id=frame.purchase.id)
    own = None if sees_all else caller.members_as(Role.REFERENT, Role.FINANCE)
    lines, next_key = await member_page(session, frame.purchase.id, after=unpack_key(apres), only=own)
    items = await purchase_items(session, frame.purchase.id)
    totals = await consolidate_needs(session, frame.purchase.id)
    codes = await _codes(session, [line.member_id for line in lines])
    covered = await coverage(session, frame.purchase.id)
    return render(
        request,
        "needs/list.html",
        breadcrumb=[*frame.breadcrumb, Link("Besoins", None)],
        here=frame,
        lines=lines,
        items=items,
        item_columns=[{"label": item.name, "numeric": True} for item in items],
        totals=totals,
        coverage=covered,
        may_gather=_may_gather(request, caller, frame) and covered.filed < covered.participants,
        sees_all=sees_all,
        remarks=await remarks_of(session, frame.purchase.id) if all_needs else [],
        remarks_at_most=REMARKS_AT_MOST,
        declares=bool(own),
        declarable=set(caller.members_as(Role.REFERENT)),
        codes=codes,
        amount=euros_of(sum((item.unit_price * totals.by_item.get(item.id, 0) for item in items), Decimal(0))),
        euros_of=euros_of,
        **pages_after(frame.url + SECTION, apres, next_key),
    )


def _may_gather(request: Request[Any, Any, Any], caller: Caller, frame: PurchasePage) -> bool:
    now = services_of(request).clock.now()
    open_now = accepts(frame.collection, now)
    return open_now and caller.may(Right.GATHER_NEEDS, purchase_id=frame.purchase.id)


async def _codes(session: AsyncSession, members: list[int]) -> dict[int, str]:
    rows = await session.execute(select(col(Member.id), col(Member.code)).where(any_of(col(Member.id), members)))
    return {member_id: code for member_id, code in rows}


async def declaring_member(session: AsyncSession, caller: Caller, frame: PurchasePage, code: str) -> Member:
    """The participant of this code, for who may see its declaration.

    Raises:
        NotFound: no such participant, or not the caller's business.
    """
    found = await session.execute(
        select(Member)
        .join(Participation, col(Participation.member_id) == col(Member.id))
        .where(col(Member.code) == code, col(Participation.purchase_id) == frame.purchase.id)
    )
    member: Member | None = found.scalar_one_or_none()
    if member is None:
        raise NotFound
    own = caller.may(Right.SEE_DECLARATION, member_id=member.id, purchase_id=frame.purchase.id)
    if not own and not caller.sees_all_lines(frame.purchase.id):
        raise NotFound
    return member


@get("/achats/{reference:str}/besoins/{member:str}", right=Right.SEE_DECLARATION)
async def show_declaration(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[str]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    shown = await declaring_member(session, caller, frame, member)
    return await declaration_page(request, session, caller, frame, shown, None)


@post("/achats/{reference:str}/besoins/{member:str}/brouillon", right=Right.FILE_NEEDS)
async def keep_draft(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    return await _receive(request, session, caller, form, reference, member, filing=False)


@post("/achats/{reference:str}/besoins/{member:str}/depot", right=Right.FILE_NEEDS)
async def file_needs(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    return await _receive(request, session, caller, form, reference, member, filing=True)


@get("/achats/{reference:str}/besoins/{member:str}/abandon", right=Right.FILE_NEEDS)
async def ask_discarding(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[str]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    declaring = await declaring_member(session, caller, frame, member)
    caller.require(Right.FILE_NEEDS, member_id=declaring.id)
    found = await declarations_of_member(session, frame.purchase.id, declaring.id)
    if "draft" not in found:
        raise Conflict("Il n’y a pas, ou plus, de brouillon à abandonner.", code="no_draft")
    filed = _filed(found.get("filed"), frame)
    page = f"{frame.url}{SECTION}/{member}"
    return render(
        request,
        "confirm_page.html",
        breadcrumb=[*frame.breadcrumb, Link("Besoins", frame.url + SECTION), Link(declaring.name, page)],
        question=f"Abandonner le brouillon {of_name(declaring.name)} ?",
        consequences=[
            _saved(found["draft"], frame),
            "Ce que contient le brouillon est effacé.",
            f"La déclaration déposée reste telle quelle. {filed}" if filed else "Aucune déclaration n’est déposée.",
        ],
        action_url=f"{page}/abandon",
        action_label="Abandonner le brouillon",
        cancel_url=page,
        danger=True,
    )


@post("/achats/{reference:str}/besoins/{member:str}/abandon", right=Right.FILE_NEEDS)
async def do_discarding(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    declaring = await declaring_member(session, caller, frame, member)
    await discard_draft(session, caller, frame.purchase.id, declaring.id, services_of(request).clock)
    return redirect(request, f"{frame.url}{SECTION}/{member}", done="Le brouillon est abandonné.")


async def _receive(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    form: Form,
    reference: str,
    code: str,
    *,
    filing: bool,
) -> Response[Any]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    member = await declaring_member(session, caller, frame, code)
    items = await purchase_items(session, frame.purchase.id)
    command = read_declaration(form, items, member.id, filing=filing)
    clock = services_of(request).clock
    changed = False
    if not form.has_errors:
        with form.redisplayed():
            try:
                if filing:
                    insistence = form.insistence()
                    filed_at = await file_declaration(
                        session, caller, frame.purchase.id, command, clock, insistence=insistence
                    )
                    await send_receipt(session, caller, frame.purchase.id, command, filed_at)
                else:
                    await save_draft(session, caller, frame.purchase.id, command, clock)
            except Conflict as refused:
                form.refuse("", refused.message)
                changed = refused.code == "changed_meanwhile"
    if form.has_errors:
        await session.refresh(frame.purchase)
        raise Redisplay(await declaration_page(request, session, caller, frame, member, form, changed=changed))
    done = "Votre déclaration est déposée." if filing else "Votre brouillon est enregistré."
    return redirect(request, f"{frame.url}{SECTION}/{code}", done=done)


async def declaration_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    frame: PurchasePage,
    member: Member,
    form: Form | None,
    *,
    changed: bool = False,
    share: Mapping[str, Any] | None = None,
) -> Response[str]:
    """The declaration of one member: to fill in while the collection is open and the caller is its référent. `share` is
    what the declaration typed would cost.
    """
    items = await purchase_items(session, frame.purchase.id)
    found = await declarations_of_member(session, frame.purchase.id, member.id)
    involved = caller.may(Right.SEE_DECLARATION, member_id=member.id, purchase_id=frame.purchase.id)
    draft, filed = found.get("draft") if involved else None, found.get("filed")
    now = services_of(request).clock.now()
    open_now = accepts(frame.collection, now)
    editable = open_now and caller.may(Right.FILE_NEEDS, member_id=member.id)
    shown = form or form_of_declaration(draft or filed if editable else filed or draft, items)
    latest = latest_of(found)
    shown.values["seen"] = stamp_of(found)
    return render(
        request,
        "needs/declaration.html",
        breadcrumb=[*frame.breadcrumb, Link("Besoins", frame.url + SECTION), Link(member.name, None)],
        form=shown,
        here=frame,
        member=member,
        draft=draft,
        filed=filed,
        editable=editable,
        typed=form is not None,
        share=share,
        other=grid_other(latest, items) if changed and latest else None,
        open_now=open_now,
        may_gather=_may_gather(request, caller, frame),
        may_amend=frame.purchase.state == PurchaseState.CLOSED
        and caller.may(Right.RUN_PURCHASE, purchase_id=frame.purchase.id),
        **grid_context(shown, items, filed=filed if draft else None),
        saved=_saved(draft, frame),
        filed_text=_filed(filed, frame),
        until=deadline_words(frame.closes_at, now, frame.zone) if frame.closes_at else None,
    )


def grid_other(latest: DeclarationShown, items: list[ItemShown]) -> dict[str, Any]:
    """The version that somebody else kept meanwhile, beside the one just typed."""
    kept = form_of_declaration(latest, items)
    return {"form": kept, "author": latest.author or "une personne partie", **grid_context(kept, items)}


def _saved(draft: DeclarationShown | None, frame: PurchasePage) -> str | None:
    if draft is None:
        return None
    author = draft.author or "une personne partie"
    return f"Brouillon enregistré {date_time_long(draft.updated_at, frame.zone)}, par {author}."


def _filed(filed: DeclarationShown | None, frame: PurchasePage) -> str | None:
    if filed is None or filed.filed_at is None:
        return None
    return f"Déposée {date_time_long(filed.filed_at, frame.zone)}, par {filed.author or 'une personne partie'}."


ROUTES = [show_needs, show_declaration, keep_draft, file_needs, ask_discarding, do_discarding]
