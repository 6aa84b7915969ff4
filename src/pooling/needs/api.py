"""Declarations: who has filed what, and a member's whole declaration."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, put
from litestar.params import FromPath
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.errors import Invalid, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.needs.declaring import file_declaration, save_draft
from pooling.needs.models import Declaration
from pooling.needs.queries import DeclarationShown, declarations_of_member, member_page
from pooling.needs.receipts import send_receipt
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases.api import Exact, MemberRef
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.queries import purchase_items
from pooling.web.api import (
    ApiIn,
    ApiOut,
    Operation,
    PageIn,
    PageOut,
    json_answer,
    page_of,
    require_match,
    unpack_after,
    wants_match,
)
from pooling.web.api_input import fields_renamed, read_body, read_query, refuse_twice
from pooling.web.services import services_of

Units = Annotated[int, Field(ge=0, le=1_000_000)]


class FiledNeedOut(ApiOut):
    item: str
    quantity: int


class DeclarationLineOut(ApiOut):
    """Where a participant is: `filed`, `draft`, or `silent`. Only what is filed counts."""

    member: MemberRef
    state: Literal["filed", "draft", "silent"]
    filed_at: datetime | None
    draft_at: datetime | None
    needs: Sequence[FiledNeedOut]
    amount: Exact
    """Euros before VAT, at the items' plain price."""


class NeedOut(ApiOut):
    item: str
    quantity: int
    up_to: int
    """The most that this member would accept."""


class VersionOut(ApiOut):
    """A filed declaration has the items of which it wants some; a draft those that it has answered."""

    needs: Sequence[NeedOut]
    comment: str
    updated_at: datetime
    filed_at: datetime | None
    author: str | None
    """Who wrote it last; None for somebody who left."""


class DeclarationOut(ApiOut):
    """What a member declares: `filed` counts, `draft` is being prepared beside it."""

    member: MemberRef
    filed: VersionOut | None
    draft: VersionOut | None


class NeedPut(ApiIn):
    item: str = Field(max_length=40)
    quantity: Units
    up_to: Units | None = None


class DeclarationPut(ApiIn):
    """The whole declaration. An item that is not named counts as zero once filed; a draft has not answered it yet."""

    state: Literal["draft", "filed"]
    needs: tuple[NeedPut, ...] = Field(default=(), max_length=500)
    comment: str = Field(default="", max_length=2000)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why so much is asked for, once it was answered that a quantity may be a slip (code `doubtful`)."""


@get(
    "/purchases/{reference:str}/declarations",
    right=Right.SEE_TOTALS,
    api=Operation("list_declarations", PageOut[DeclarationLineOut], query=PageIn),
)
async def list_declarations(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[Any]:
    """Who has filed what: everybody for the lead buyer and the facilitator, their own member for the others."""
    page = read_query(request, PageIn)
    purchase = await find_purchase(session, reference)
    only = None if caller.sees_all_lines(purchase.id) else caller.members_as(Role.REFERENT, Role.FINANCE)
    after = unpack_after(page.after, str, int)
    lines, next_key = await member_page(session, purchase.id, after=after, only=only, size=page.limit)
    items = await purchase_items(session, purchase.id)
    shown = [
        DeclarationLineOut(
            member=MemberRef(code=line.code, name=line.name),
            state=line.state,
            filed_at=line.filed_at,
            draft_at=line.draft_at,
            needs=[
                FiledNeedOut(item=item.code, quantity=line.quantities[item.id])
                for item in items
                if line.quantities.get(item.id)
            ],
            amount=line.amount,
        )
        for line in lines
    ]
    return page_of(request, shown, next_key, page.limit)


@get(
    "/purchases/{reference:str}/declarations/{member:str}",
    right=Right.SEE_DECLARATION,
    api=Operation("get_declaration", DeclarationOut, tagged=True),
)
async def get_declaration(
    session: SessionHere, caller: CallerHere, reference: FromPath[str], member: FromPath[str]
) -> Response[Any]:
    """What a member (its SIREN, or a unit's code) declares."""
    purchase = await find_purchase(session, reference)
    declaring = await _member(session, caller, purchase, member)
    return json_answer(await _declaration(session, caller, purchase, declaring), tagged=True)


@put(
    "/purchases/{reference:str}/declarations/{member:str}",
    right=Right.FILE_NEEDS,
    api=Operation(
        "put_declaration",
        DeclarationOut,
        takes=DeclarationPut,
        conflicts=("collection_closed",),
        tagged=True,
        matched=True,
    ),
)
async def put_declaration(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    """Keep a member's draft, or file its declaration in place of the one before. For its référent."""
    sent = await read_body(request, DeclarationPut)
    purchase = await find_purchase(session, reference)
    declaring = await _member(session, caller, purchase, member)
    ids = await item_ids(session, purchase.id)
    command = _command(sent, ids, declaring.id)
    if wants_match(request):
        caller.require(Right.FILE_NEEDS, member_id=declaring.id)
        await _compare(request, session, caller, purchase, declaring)
    places = {f"jusqu-{ids[need.item]}": f"needs.{place}.up_to" for place, need in enumerate(sent.needs)}
    with fields_renamed(places):
        if sent.state == "filed":
            filed_at = await file_declaration(
                session, caller, purchase.id, command, services_of(request).clock, insistence=Insistence(sent.confirmed)
            )
            await send_receipt(session, caller, purchase.id, command, filed_at)
        else:
            await save_draft(session, caller, purchase.id, command, services_of(request).clock)
    return json_answer(await _declaration(session, caller, purchase, declaring), tagged=True)


async def _member(session: AsyncSession, caller: Caller, purchase: Purchase, code: str) -> Member:
    """The participant of this code, for who may see its declaration; for others there is none.

    Raises:
        NotFound: no such participant, or not the caller's business.
    """
    found = await session.execute(
        select(Member)
        .join(Participation, col(Participation.member_id) == col(Member.id))
        .where(col(Member.code) == code, col(Participation.purchase_id) == purchase.id)
    )
    member: Member | None = found.scalar_one_or_none()
    if member is None:
        raise NotFound
    if not caller.sees_all_lines(purchase.id) and not _involved(caller, purchase, member):
        raise NotFound
    return member


def _involved(caller: Caller, purchase: Purchase, member: Member) -> bool:
    return caller.may(Right.SEE_DECLARATION, member_id=member.id, purchase_id=purchase.id)


def _command(sent: DeclarationPut, ids: dict[str, int], member_id: int) -> DeclarationIn:
    names = [need.item for need in sent.needs]
    refuse_twice(names, "needs.{}.item")
    unknown = {
        f"needs.{place}.item": f"Cet achat n’a pas d’article « {name} »."
        for place, name in enumerate(names)
        if name not in ids
    }
    if unknown:
        raise Invalid(unknown)
    return DeclarationIn(
        member_id=member_id,
        needs=tuple(NeedIn(item_id=ids[need.item], quantity=need.quantity, up_to=need.up_to) for need in sent.needs),
        comment=sent.comment,
    )


async def _compare(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, purchase: Purchase, member: Member
) -> None:
    """Compares with `If-Match`. Filing shares the collection's lock, so the member's own rows are locked too: of two
    programs that read the same version, one writes.
    """
    await lock_collection(session, ("purchase", purchase.id), alone=False)
    await session.execute(
        select(col(Declaration.id))
        .where(col(Declaration.purchase_id) == purchase.id, col(Declaration.member_id) == member.id)
        .order_by(col(Declaration.id))
        .with_for_update()
    )
    require_match(request, await _declaration(session, caller, purchase, member))


async def _declaration(session: AsyncSession, caller: Caller, purchase: Purchase, member: Member) -> DeclarationOut:
    """A draft is its member's and the lead buyer's business only."""
    found = await declarations_of_member(session, purchase.id, member.id)
    codes = {item.id: item.code for item in await purchase_items(session, purchase.id)}
    draft = found.get("draft") if _involved(caller, purchase, member) else None
    return DeclarationOut(
        member=MemberRef(code=member.code, name=member.name),
        filed=_version(found.get("filed"), codes),
        draft=_version(draft, codes),
    )


def _version(shown: DeclarationShown | None, codes: dict[int, str]) -> VersionOut | None:
    if shown is None:
        return None
    needs = [
        NeedOut(item=code, quantity=shown.quantities[item_id], up_to=shown.most[item_id])
        for item_id, code in codes.items()
        if item_id in shown.quantities and (shown.most[item_id] or shown.filed_at is None)
    ]
    return VersionOut(
        needs=needs,
        comment=shown.comment,
        updated_at=shown.updated_at,
        filed_at=shown.filed_at,
        author=shown.author,
    )


ROUTES = [list_declarations, get_declaration, put_declaration]
