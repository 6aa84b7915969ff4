"""Pages of a purchase's needs: declaring them, and how far the collection is."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.collections.rules import accepts
from pooling.kernel.errors import Conflict
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.members.models import Budget, Role
from pooling.members.rights import Right
from pooling.needs.declaring import discard_draft, file_declaration, save_draft
from pooling.needs.details import budgets_of
from pooling.needs.grid import euros_of, form_of_declaration, grid_context, grid_fields, read_declaration
from pooling.needs.page import DECLARATION, SECTION, DeclarationPage, FilingPage
from pooling.needs.permissions import is_involved, may_file, may_gather, may_see_all_needs, may_see_declaration
from pooling.needs.queries import (
    REMARKS_AT_MOST,
    DeclarationShown,
    Totals,
    consolidate_needs,
    coverage,
    declarations_of_member,
    latest_of,
    member_page,
    remarks_of,
    stamp_of,
)
from pooling.needs.receipts import send_receipt
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sites.permissions import may_keep_sites
from pooling.sites.queries import SiteShown, sites_of
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import date_time_long, deadline_words, of_name, time_short


@get(f"/achats/{{reference:str}}{SECTION}", right=Right.SEE_TOTALS)
async def show_needs(here: Here[PurchasePage], apres: FromQuery[str] = "") -> Response[str]:
    """Who has filed what: everybody's for the lead buyer and the facilitator, their own for the others."""
    session, caller, purchase = here.session, here.caller, here.purchase
    sees_all = caller.sees_all_lines(purchase.id)
    own = None if sees_all else caller.members_as(Role.REFERENT, Role.FINANCE)
    listed = await member_page(session, purchase.id, Slice(apres), only=own)
    items = await purchase_items(session, purchase.id)
    totals = await consolidate_needs(session, purchase.id)
    covered = await coverage(session, purchase.id)
    return here.render(
        "needs/list.html",
        here.kind.label_of(SECTION, "Besoins"),
        lines=listed.items,
        items=items,
        item_columns=[{"label": item.name, "numeric": True} for item in items],
        totals=totals,
        coverage=covered,
        may_gather=_may_gather_now(here) and covered.filed < covered.participants,
        sees_all=sees_all,
        remarks=await remarks_of(session, purchase.id) if may_see_all_needs(caller, purchase) else [],
        remarks_at_most=REMARKS_AT_MOST,
        declares=bool(own),
        declarable=set(caller.members_as(Role.REFERENT)),
        lot_amounts=_lot_amounts(items, totals),
        amount=euros_of(sum((item.unit_price * totals.by_item.get(item.id, 0) for item in items), Decimal(0))),
        euros_of=euros_of,
        **pages_after(here.url + SECTION, apres, listed),
    )


def _lot_amounts(items: list[ItemShown], totals: Totals) -> dict[str, str]:
    """What the filed needs of each lot come to at the items' plain price."""
    sums: dict[str, Decimal] = {}
    for item in items:
        amount = item.unit_price * totals.by_item.get(item.id, 0)
        sums[item.under] = sums.get(item.under, Decimal(0)) + amount
    return {lot: euros_of(amount) for lot, amount in sums.items()}


def _may_gather_now(here: PurchasePage) -> bool:
    return accepts(here.collection, here.now) and may_gather(here.caller, here.purchase)


@get(DECLARATION, right=may_see_declaration)
async def show_declaration(here: Here[DeclarationPage]) -> Response[str]:
    return await declaration_page(here, None)


@post(f"{DECLARATION}/brouillon", right=may_file, repeatable=True)
async def keep_draft(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    items = await purchase_items(here.session, here.purchase.id)
    command = read_declaration(form, items, here.member.id, filing=False)
    if here.request.headers.get("accept") == "application/json":
        if form.has_errors:  # no failure: it is still being typed, and browsers report those of scripts
            return Response({"refused": True}, status_code=200, media_type="application/json")
        return await _saved_by_itself(here, command)
    async with form.submitted(lambda: declaration_page(here, form), conflict=""):
        await save_draft(here.session, here.caller, here.purchase.id, command, here.clock)
    return here.redirect(here.path, done="Votre brouillon est enregistré.")


async def _saved_by_itself(here: DeclarationPage, command: DeclarationIn) -> Response[Any]:
    """The answer to the module that saves while somebody types."""
    try:
        at = await save_draft(here.session, here.caller, here.purchase.id, command, here.clock)
    except Conflict as refused:
        told = {"code": refused.code, "message": refused.message}
        return Response(told, status_code=refused.status, media_type="application/json")
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    saved = f"Brouillon enregistré à {time_short(at, here.zone)}"
    return Response({"seen": stamp_of(found), "saved": saved}, status_code=200, media_type="application/json")


@post(f"{DECLARATION}/depot", right=may_file, repeatable=True)
async def file_needs(here: Here[FilingPage]) -> Response[Any]:
    form, place = here.form, here.place
    command, insistence = read_declaration(form, place.items, here.member.id, filing=True), form.insistence()

    async def mended() -> Response[Any]:
        page = await here.declaration()
        return await (_check_page(page, form) if form.doubts else declaration_page(page, form))

    async with form.submitted(mended, conflict=""):
        filed = await file_declaration(
            here.session, here.caller, here.purchase.id, command, here.clock, insistence=insistence, place=place
        )
        await send_receipt(here.session, here.who, here.context, command, filed)
    done = (
        "Votre réponse est enregistrée : pas de besoin." if command.wants_nothing else "Votre déclaration est déposée."
    )
    return here.redirect(done=done)


@post(f"{DECLARATION}/verification", right=may_file, repeatable=True)
async def check_needs(here: Here[DeclarationPage], form: PostedForm) -> Response[Any]:
    """Keeps what is typed as the draft, and shows it once more before it is filed."""
    items = await purchase_items(here.session, here.purchase.id)
    command = read_declaration(form, items, here.member.id, filing=True)
    async with form.submitted(lambda: declaration_page(here, form), conflict=""):
        await save_draft(here.session, here.caller, here.purchase.id, command, here.clock)
    return here.redirect(f"{here.path}/verification")


@get(f"{DECLARATION}/verification", right=may_file)
async def show_check(here: Here[DeclarationPage]) -> Response[Any]:
    if not accepts(here.collection, here.now):
        return here.redirect(here.path)
    return await _check_page(here, None)


async def _check_page(here: DeclarationPage, form: Form | None) -> Response[Any]:
    """« Vérifiez votre déclaration »: the draft as it would be filed, or what was sent of it, with its doubts."""
    items = await purchase_items(here.session, here.purchase.id)
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    draft = found.get("draft")
    if form is None and draft is None:
        return here.redirect(here.path)
    shown = form or form_of_declaration(draft, items)
    shown.values.setdefault("seen", stamp_of(found))
    carried = {"seen", "comment", *grid_fields(items)}
    return here.render(
        "needs/check.html",
        "Vérifiez votre déclaration",
        form=shown,
        member=here.member,
        fields={name: value for name, value in shown.values.items() if name in carried},
        filed=found.get("filed"),
        wants_something=form is not None or (draft is not None and any(draft.most.values())),
        until=deadline_words(here.closes_at, here.now, here.zone) if here.closes_at else "",
        **grid_context(shown, items, budgets=await budgets_of(here.session, here.member.id)),
    )


@get(f"{DECLARATION}/abandon", right=may_file)
async def ask_discarding(here: Here[DeclarationPage]) -> Response[str]:
    found = await declarations_of_member(here.session, here.purchase.id, here.member.id)
    if "draft" not in found:
        raise Conflict("Il n’y a pas, ou plus, de brouillon à abandonner.", code="no_draft")
    filed = _filed(here, found.get("filed"))
    return here.ask(
        "Abandonner le brouillon",
        question=f"Abandonner le brouillon {of_name(here.member.name)} ?",
        consequences=[
            _saved(here, found["draft"]),
            "Ce que contient le brouillon est effacé.",
            f"La déclaration déposée reste telle quelle. {filed}" if filed else "Aucune déclaration n’est déposée.",
        ],
        action=f"{here.path}/abandon",
        label="Abandonner le brouillon",
        cancel=here.path,
    )


@post(f"{DECLARATION}/abandon", right=may_file)
async def do_discarding(here: Here[DeclarationPage]) -> Response[Any]:
    await discard_draft(here.session, here.caller, here.purchase.id, here.member.id, here.clock)
    return here.redirect(here.path, done="Le brouillon est abandonné.")


async def declaration_page(
    here: DeclarationPage, form: Form | None, *, share: Mapping[str, Any] | None = None
) -> Response[str]:
    """The declaration of one member: to fill in while the collection is open and the caller is its référent. `share` is
    what the declaration typed would cost.
    """
    session, caller, purchase, member = here.session, here.caller, here.purchase, here.member
    if form and form.has_errors:
        await session.refresh(purchase)  # it may have been closed meanwhile
    items = await purchase_items(session, purchase.id)
    budgets = await budgets_of(session, member.id)
    found = await declarations_of_member(session, purchase.id, member.id)
    draft, filed = found.get("draft") if is_involved(caller, purchase, member) else None, found.get("filed")
    open_now = accepts(here.collection, here.now)
    editable = open_now and may_file(caller, member)
    shown = form or form_of_declaration(draft or filed if editable else filed or draft, items)
    shown.values["seen"] = stamp_of(found)
    return here.render(
        "needs/declaration.html",
        form=shown,
        member=member,
        draft=draft,
        filed=filed,
        editable=editable,
        typed=form is not None,
        share=share,
        other=grid_other(shown, latest_of(found), items, budgets),
        open_now=open_now,
        may_gather=_may_gather_now(here),
        may_amend=purchase.state == PurchaseState.CLOSED
        and here.kind.has(Part.CONSOLIDATION)
        and may_run(caller, purchase),
        **grid_context(shown, items, filed=filed if draft else None, budgets=budgets),
        saved=_saved(here, draft) if draft else None,
        filed_text=_filed(here, filed),
        until=deadline_words(here.closes_at, here.now, here.zone) if here.closes_at else None,
        sites=await _sites(here),
    )


async def _sites(here: DeclarationPage) -> Sequence[SiteShown] | None:
    """Where the member is delivered, for who says so while it may still change; None for everybody else."""
    if here.purchase.state not in (PurchaseState.OPEN, PurchaseState.CLOSED):
        return None
    if not may_keep_sites(here.caller, here.member):
        return None
    return [site for site in await sites_of(here.session, here.member.id) if not site.archived]


def grid_other(
    form: Form, latest: DeclarationShown | None, items: list[ItemShown], budgets: Sequence[Budget]
) -> dict[str, Any] | None:
    """The version that somebody else kept meanwhile, beside the one just typed."""
    if latest is None or form.conflict != "changed_meanwhile":
        return None
    kept = form_of_declaration(latest, items)
    return {
        "form": kept,
        "author": latest.author or "une personne partie",
        **grid_context(kept, items, budgets=budgets),
    }


def _saved(here: PurchasePage, draft: DeclarationShown) -> str:
    author = draft.author or "une personne partie"
    return f"Brouillon enregistré {date_time_long(draft.updated_at, here.zone)}, par {author}."


def _filed(here: PurchasePage, filed: DeclarationShown | None) -> str | None:
    if filed is None or filed.filed_at is None:
        return None
    return f"Déposée {date_time_long(filed.filed_at, here.zone)}, par {filed.author or 'une personne partie'}."


ROUTES = [show_needs, show_declaration, keep_draft, check_needs, show_check, file_needs, ask_discarding, do_discarding]
