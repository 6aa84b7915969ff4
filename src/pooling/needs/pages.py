"""Pages of a purchase's needs: declaring them, and how far the collection is."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import Conflict, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.needs.declaring import file_declaration, save_draft
from pooling.needs.queries import (
    DeclarationShown,
    consolidate_needs,
    coverage,
    declarations_of_member,
    member_page,
)
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases.frame import PurchaseFrame, purchase_frame
from pooling.purchases.models import Participation
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.rules import accepts_declarations
from pooling.sharing.money import half_up
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.keys import pack_key, unpack_key
from pooling.web.layout import Link, redirect, render
from pooling.web.typography import before, date_time_long, euros, number, price

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
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    sees_all = caller.may(Right.SEE_ALL_NEEDS, purchase_id=frame.purchase.id)
    own = None if sees_all else caller.members_as(Role.REFERENT, Role.FINANCE)
    lines, next_key = await member_page(session, frame.purchase.id, after=unpack_key(apres), only=own)
    items = await purchase_items(session, frame.purchase.id)
    totals = await consolidate_needs(session, frame.purchase.id)
    codes = await _codes(session, [line.member_id for line in lines])
    return render(
        request,
        "needs/list.html",
        breadcrumb=[*frame.breadcrumb, Link("Besoins", None)],
        frame=frame,
        lines=lines,
        items=items,
        item_columns=[{"label": item.name, "numeric": True} for item in items],
        totals=totals,
        coverage=await coverage(session, frame.purchase.id),
        sees_all=sees_all,
        declarable=set(caller.members_as(Role.REFERENT)),
        codes=codes,
        amount=_euros(sum((item.unit_price * totals.by_item.get(item.id, 0) for item in items), Decimal(0))),
        next_url=f"{frame.url}{SECTION}?apres={pack_key(next_key)}" if next_key else None,
        first_url=f"{frame.url}{SECTION}" if apres else None,
        euros_of=_euros,
    )


async def _codes(session: AsyncSession, members: list[int]) -> dict[int, str]:
    rows = await session.execute(select(col(Member.id), col(Member.code)).where(col(Member.id).in_(members)))
    return {member_id: code for member_id, code in rows}


def _euros(amount: Decimal) -> str:
    return euros(half_up(Fraction(amount) * 100))


async def _member(session: AsyncSession, caller: Caller, frame: PurchaseFrame, code: str) -> Member:
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
    if member is None or not caller.may(Right.SEE_DECLARATION, member_id=member.id, purchase_id=frame.purchase.id):
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
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    shown = await _member(session, caller, frame, member)
    return await _page(request, session, caller, frame, shown, None)


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
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    member = await _member(session, caller, frame, code)
    items = await purchase_items(session, frame.purchase.id)
    command = _read(form, items, member.id, filing=filing)
    clock = request.app.state.clock
    if not form.has_errors:
        with form.redisplayed():
            try:
                if filing:
                    await file_declaration(session, caller, frame.purchase.id, command, clock)
                else:
                    await save_draft(session, caller, frame.purchase.id, command, clock)
            except Conflict as closed:
                form.refuse("", closed.message)
    if form.has_errors:
        await session.refresh(frame.purchase)
        raise Redisplay(await _page(request, session, caller, frame, member, form))
    done = "Votre déclaration est déposée." if filing else "Votre brouillon est enregistré."
    return redirect(request, f"{frame.url}{SECTION}/{code}", done=done)


def _read(form: Form, items: list[ItemShown], member_id: int, *, filing: bool) -> DeclarationIn:
    nothing = form.value("no_need") == "1"
    quantities = {item.id: form.integer(f"quantite-{item.id}", default=0) for item in items}
    comment = form.text("comment", longest=2000)
    if nothing and any(quantities.values()):
        form.refuse("no_need", "Vous indiquez des quantités : videz-les, ou décochez cette case.")
    if filing and not nothing and not form.has_errors and not any(quantities.values()):
        form.refuse("no_need", "Indiquez au moins une quantité, ou cochez cette case si vous n’avez besoin de rien.")
    return DeclarationIn(
        member_id=member_id,
        needs=tuple(NeedIn(item_id=item, quantity=quantity) for item, quantity in quantities.items()),
        comment=comment,
    )


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    frame: PurchaseFrame,
    member: Member,
    form: Form | None,
) -> Response[str]:
    """The declaration of one member: to fill in while the collection is open and the caller is its référent."""
    items = await purchase_items(session, frame.purchase.id)
    found = await declarations_of_member(session, frame.purchase.id, member.id)
    draft, filed = found.get("draft"), found.get("filed")
    now = request.app.state.clock.now()
    open_now = accepts_declarations(frame.purchase.state, frame.purchase.closes_at, now)
    editable = open_now and caller.may(Right.FILE_NEEDS, member_id=member.id)
    shown = form or _form_of(draft or filed if editable else filed or draft, items)
    return render(
        request,
        "needs/declaration.html",
        breadcrumb=[*frame.breadcrumb, Link("Besoins", frame.url + SECTION), Link(member.name, None)],
        form=shown,
        frame=frame,
        member=member,
        draft=draft,
        filed=filed,
        editable=editable,
        typed=form is not None,
        open_now=open_now,
        rows=[_row(item, shown) for item in items],
        total_quantity=number(sum(_quantity(shown, item) for item in items)),
        total_amount=_euros(sum((item.unit_price * _quantity(shown, item) for item in items), Decimal(0))),
        saved=_saved(draft, frame),
        filed_text=_filed(filed, frame),
        until=before(frame.purchase.closes_at, now, frame.zone) if frame.purchase.closes_at else None,
    )


def _form_of(declaration: DeclarationShown | None, items: list[ItemShown]) -> Form:
    if declaration is None:
        return Form()
    values: Mapping[str, str] = {
        f"quantite-{item.id}": str(declaration.quantities[item.id])
        for item in items
        if declaration.quantities.get(item.id)
    }
    nothing = {} if values else {"no_need": "1"}
    return Form(values={**values, **nothing, "comment": declaration.comment})


def _quantity(form: Form, item: ItemShown) -> int:
    typed = form.value(f"quantite-{item.id}").replace(" ", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0  # noqa: PLR2004


def _row(item: ItemShown, form: Form) -> dict[str, Any]:
    quantity = _quantity(form, item)
    return {
        "field": f"quantite-{item.id}",
        "name": item.name,
        "about": item.description,
        "unit": item.unit,
        "price": price(item.unit_price),
        "price_cents": half_up(Fraction(item.unit_price) * 100),
        "amount": _euros(item.unit_price * quantity) if quantity else None,
    }


def _saved(draft: DeclarationShown | None, frame: PurchaseFrame) -> str | None:
    if draft is None:
        return None
    return f"Brouillon enregistré {date_time_long(draft.updated_at, frame.zone)}, par {draft.author or 'une personne partie'}."


def _filed(filed: DeclarationShown | None, frame: PurchaseFrame) -> str | None:
    if filed is None or filed.filed_at is None:
        return None
    return f"Déposée {date_time_long(filed.filed_at, frame.zone)}, par {filed.author or 'une personne partie'}."


ROUTES = [show_needs, show_declaration, keep_draft, file_needs]
