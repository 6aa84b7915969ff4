"""Declarations: who has filed what, and a member's whole declaration."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from litestar import get, post, put
from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed
from pooling.kernel.text import one_line
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.needs import declaring, telephoned
from pooling.needs.declaring import file_declaration, save_draft
from pooling.needs.details import NOTHING_SAID, budgets_of
from pooling.needs.doors.no_need import withdraw_no_need
from pooling.needs.models import Declaration
from pooling.needs.page import AtPlace, OnDeclaration
from pooling.needs.permissions import is_involved, may_file, may_gather, may_see_declaration
from pooling.needs.queries import Answered, DeclarationShown, declarations_of_member, member_page
from pooling.needs.receipts import send_receipt
from pooling.needs.schemas import LONGEST_ENGAGEMENT, LONGEST_NOTE, DeclarationIn, DetailIn, NeedIn
from pooling.purchases.api import Exact, MemberRef
from pooling.purchases.finding import item_ids
from pooling.purchases.page import OnPurchase
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import refuse_twice

LIST = "/purchases/{reference:str}/declarations"
DECLARATION = f"{LIST}/{{member:str}}"
Units = Annotated[int, Field(ge=0, le=1_000_000)]


class FiledNeedOut(ApiOut):
    item: str
    quantity: int


class DeclarationLineOut(ApiOut):
    """Where a participant is: `filed`, `draft`, or `silent`. Only what is filed counts."""

    member: MemberRef
    state: Literal["filed", "draft", "silent"]
    no_need: bool
    """What is filed answers that this member needs nothing."""
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
    note: str
    budget: str
    """The code of one of the member's budgets; empty: the one that it takes part on."""
    engagement: str
    """The number under which the member's finance committed the expense."""


class VersionOut(ApiOut):
    """Filed, it has the items of which it wants some or says something; a draft has those that it has answered."""

    needs: Sequence[NeedOut]
    no_need: bool
    """It is filed, and answers that nothing is needed."""
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
    note: str = Field(default="", max_length=LONGEST_NOTE)
    budget: str = Field(default="", max_length=40)
    """The code of one of the member's budgets; empty: the one that it takes part on."""
    engagement: str = Field(default="", max_length=LONGEST_ENGAGEMENT)


class NeedsIn(ApiIn):
    needs: tuple[NeedPut, ...] = Field(default=(), max_length=500)
    no_need: bool = False
    """Answers that nothing is needed: filing no units at all has to be said."""
    comment: str = Field(default="", max_length=2000)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why so much is asked for, once it was answered that a quantity may be a slip (code `doubtful`)."""


class DeclarationPut(NeedsIn):
    """The whole declaration. An item that is not named counts as zero once filed; a draft has not answered it yet."""

    state: Literal["draft", "filed"]


class TelephonedIn(NeedsIn):
    """The whole declaration that a member asked for by telephone."""

    caller: str = Field(min_length=1, max_length=200)
    """Who called: a name, a function."""
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    """Why it is filed for the member: its référents read it."""


class DeclarationsAsked(PageIn):
    """Which declarations: those of this answer, of the members whose name has these words."""

    answer: Answered | None = None
    search: str = Field(default="", max_length=100)


@endpoint(get, LIST, right=Right.SEE_TOTALS)
async def list_declarations(here: Here[OnPurchase], asked: DeclarationsAsked) -> Listed[DeclarationLineOut]:
    """Who has filed what: everybody for the lead buyer and the facilitator, their own member for the others."""
    session, caller, purchase = here.session, here.caller, here.purchase
    only = None if caller.sees_all_lines(purchase.id) else caller.members_as(Role.REFERENT, Role.FINANCE)
    listed = await member_page(session, purchase.id, asked.slice, only=only, answer=asked.answer, search=asked.search)
    items = await purchase_items(session, purchase.id)
    return listed.each(
        lambda line: DeclarationLineOut(
            member=MemberRef(code=line.code, name=line.name),
            state=line.state,
            no_need=line.no_need,
            filed_at=line.filed_at,
            draft_at=line.draft_at,
            needs=[
                FiledNeedOut(item=item.code, quantity=line.quantities[item.id])
                for item in items
                if line.quantities.get(item.id)
            ],
            amount=line.amount,
        )
    )


@endpoint(get, DECLARATION, right=may_see_declaration, tagged=True)
async def get_declaration(here: Here[OnDeclaration]) -> DeclarationOut:
    """What a member (its SIREN, or a unit's code) declares."""
    return await _declaration(here)


@endpoint(put, DECLARATION, right=may_file, conflicts=("collection_closed",), tagged=True, matched=True)
async def put_declaration(here: Here[AtPlace], sent: DeclarationPut) -> DeclarationOut:
    """Keep a member's draft, or file its declaration in place of the one before. For its référent."""
    session, caller, place = here.session, here.caller, here.place
    ids = {item.code: item.id for item in place.items}
    command = await _command(here, sent, ids, filing=sent.state == "filed")
    if wants_match(here.request):
        await _compare(here)
    if sent.state == "filed":
        insistence = Insistence(sent.confirmed)
        filed = await file_declaration(
            session, caller, here.purchase.id, command, here.clock, insistence=insistence, place=place
        )
        await send_receipt(session, here.who, here.context, command, filed)
    else:
        await save_draft(session, caller, here.purchase.id, command, here.clock, place=place)
    return await _declaration(here, place.items)


@endpoint(
    post,
    f"{DECLARATION}/telephone",
    right=may_gather,
    conflicts=("collection_closed",),
    once=True,
    tagged=True,
    matched=True,
)
async def file_for_member(here: Here[OnDeclaration], sent: TelephonedIn) -> DeclarationOut:
    """File what a member asked for by telephone; its référents are told. For the facilitator and the lead buyer."""
    command = await _command(here, sent, await item_ids(here.session, here.purchase.id), filing=True)
    if wants_match(here.request):
        await _compare(here)
    await telephoned.file_for_member(
        here.session, here.caller, here.purchase.id, command,
        by_whom=sent.caller, reason=sent.reason, clock=here.clock, insistence=Insistence(sent.confirmed),
    )  # fmt: skip
    return await _declaration(here)


@endpoint(
    post,
    f"{DECLARATION}/discarding",
    right=may_file,
    conflicts=("collection_closed", "no_draft"),
    once=True,
    tagged=True,
    matched=True,
)
async def discard_draft(here: Here[OnDeclaration]) -> DeclarationOut:
    """Give up a draft; what is filed stays. For the member's référent."""
    if wants_match(here.request):
        await _compare(here)
    await declaring.discard_draft(here.session, here.caller, here.purchase.id, here.member.id, here.clock)
    return await _declaration(here)


@endpoint(
    post,
    f"{DECLARATION}/withdrawal",
    right=may_file,
    conflicts=("collection_closed", "no_answer"),
    once=True,
    tagged=True,
    matched=True,
)
async def withdraw_answer(here: Here[OnDeclaration]) -> DeclarationOut:
    """Take back the answer that nothing is needed; a draft stays. For the member's référent."""
    if wants_match(here.request):
        await _compare(here)
    await withdraw_no_need(
        here.session, here.caller, here.purchase.id, DeclarationIn(member_id=here.member.id), here.clock
    )
    return await _declaration(here)


async def _command(here: OnDeclaration | AtPlace, sent: NeedsIn, ids: dict[str, int], *, filing: bool) -> DeclarationIn:
    names = [need.item for need in sent.needs]
    refuse_twice(names, "needs.{}.item")
    unknown = {
        f"needs.{place}.item": f"Cet achat n’a pas d’article « {name} »."
        for place, name in enumerate(names)
        if name not in ids
    }
    budgets = await _budgets(here, sent)
    unknown |= {
        f"needs.{place}.budget": f"Ce membre n’a pas de budget « {need.budget} »."
        for place, need in enumerate(sent.needs)
        if need.budget and need.budget not in budgets
    }
    if unknown:
        raise Invalid(unknown)
    details = (
        DetailIn(
            item_id=ids[need.item],
            note=one_line(need.note),
            budget_id=budgets.get(need.budget),
            engagement=one_line(need.engagement),
        )
        for need in sent.needs
    )
    command = DeclarationIn(
        member_id=here.member.id,
        details=tuple(detail for detail in details if detail.says_something),
        needs=tuple(NeedIn(item_id=ids[need.item], quantity=need.quantity, up_to=need.up_to) for need in sent.needs),
        comment=sent.comment,
    )
    if sent.no_need and not (filing and command.wants_nothing):
        raise Invalid({"no_need": "On ne répond « pas de besoin » qu’en déposant, et sans quantité."})
    if filing and command.wants_nothing and not sent.no_need:
        raise Invalid({"no_need": "Indiquez au moins une quantité, ou répondez que rien n’est nécessaire (no_need)."})
    return command


async def _budgets(here: OnDeclaration | AtPlace, sent: NeedsIn) -> dict[str, int]:
    """The member's budgets by code, where one is named."""
    if not any(need.budget for need in sent.needs):
        return {}
    return {budget.code: budget.id for budget in await budgets_of(here.session, here.member.id)}


async def _compare(here: OnDeclaration | AtPlace) -> None:
    """Compares with `If-Match`. Filing shares the collection's lock, so the member's own rows are locked too: of two
    programs that read the same version, one writes.
    """
    await lock_collection(here.session, ("purchase", here.purchase.id), alone=False)
    await here.session.execute(
        select(col(Declaration.id))
        .where(col(Declaration.purchase_id) == here.purchase.id, col(Declaration.member_id) == here.member.id)
        .order_by(col(Declaration.id))
        .with_for_update()
    )
    require_match(here.request, await _declaration(here))


async def _declaration(here: OnDeclaration | AtPlace, items: Sequence[ItemShown] = ()) -> DeclarationOut:
    """A draft is its member's and the lead buyer's business only."""
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    codes = {item.id: item.code for item in items or await purchase_items(here.session, here.purchase.id)}
    draft = found.get("draft") if is_involved(here.caller, here.purchase, here.member) else None
    return DeclarationOut(
        member=MemberRef(code=here.member.code, name=here.member.name),
        filed=_version(found.get("filed"), codes),
        draft=_version(draft, codes),
    )


def _version(shown: DeclarationShown | None, codes: dict[int, str]) -> VersionOut | None:
    if shown is None:
        return None
    needs = [
        NeedOut(
            item=code,
            quantity=shown.quantities.get(item_id, 0),
            up_to=shown.most.get(item_id, 0),
            note=detail.note,
            budget=detail.budget,
            engagement=detail.engagement,
        )
        for item_id, code in codes.items()
        if (detail := shown.details.get(item_id, NOTHING_SAID)).words
        or (item_id in shown.quantities and (shown.most[item_id] or shown.filed_at is None))
    ]
    return VersionOut(
        needs=needs,
        no_need=shown.no_need,
        comment=shown.comment,
        updated_at=shown.updated_at,
        filed_at=shown.filed_at,
        author=shown.author,
    )


ROUTES = [list_declarations, get_declaration, put_declaration, file_for_member, discard_draft, withdraw_answer]
