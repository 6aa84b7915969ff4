"""What is done about the members that are silent: reminding them, filing for one that telephoned."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.collections.rules import accepts
from pooling.kernel.errors import Conflict
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.models import Member
from pooling.members.page_parts import context_of
from pooling.members.rights import Caller, Right
from pooling.needs.grid import form_of_declaration, grid_context, read_declaration
from pooling.needs.pages import SECTION, declaring_member, grid_other
from pooling.needs.queries import declarations_of_member, latest_of, stamp_of
from pooling.needs.reminding_silent import remind_silent
from pooling.needs.telephoned import file_for_member
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.purchases.queries import purchase_items
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import of_name, plural


@post("/achats/{reference:str}/relance", right=Right.GATHER_NEEDS)
async def do_reminding(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    services, kinds = services_of(request), features_of(request).kinds
    context = context_of(request, entered_group)
    count, written = await remind_silent(session, caller, frame.purchase.id, kinds, context, services.clock)
    done = f"{plural(count, 'relance part', 'relances partent')} aux référents des membres sans réponse."
    answer = redirect(request, frame.url + SECTION, done=done)
    # Once the answer has left, the rows are committed: a bell that rang earlier would wake who finds nothing.
    answer.background = BackgroundTask(services.bell.ring, "deliver" if written == count else "sweep")
    return answer


@get("/achats/{reference:str}/besoins/{member:str}/telephone", right=Right.GATHER_NEEDS)
async def ask_filing_for(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[str]:
    frame, declaring = await _gathered(request, session, caller, reference, member)
    now = services_of(request).clock.now()
    if not accepts(frame.collection, now):
        raise Conflict("On dépose pour un membre qui a téléphoné tant que la collecte est ouverte.")
    return await _page(request, session, frame, declaring, None)


@post("/achats/{reference:str}/besoins/{member:str}/telephone", right=Right.GATHER_NEEDS)
async def do_filing_for(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    frame, declaring = await _gathered(request, session, caller, reference, member)
    command = read_declaration(form, await purchase_items(session, frame.purchase.id), declaring.id, filing=True)
    by_whom = _line(form, "by_whom", "Indiquez qui a appelé : un nom, une fonction.")
    reason = _line(form, "reason", "Dites pourquoi vous déposez pour ce membre : ses référents le liront.")
    told, changed = 0, False
    if not form.has_errors:
        with form.redisplayed():
            try:
                told = await file_for_member(
                    session, caller, frame.purchase.id, command,
                    by_whom=by_whom, reason=reason, clock=services_of(request).clock, insistence=form.insistence(),
                )  # fmt: skip
            except Conflict as refused:
                form.refuse("", refused.message)
                changed = refused.code == "changed_meanwhile"
    if form.has_errors:
        await session.refresh(frame.purchase)
        raise Redisplay(await _page(request, session, frame, declaring, form, changed=changed))
    heard = f"{plural(told, 'référent est prévenu', 'référents sont prévenus')} par courriel."
    done = f"La déclaration {of_name(declaring.name)} est déposée. " + (heard if told else "Il n’a pas de référent.")
    return redirect(request, frame.url + SECTION, done=done)


def _line(form: Form, name: str, required: str) -> str:
    """What is typed on one line is kept on one."""
    return " ".join(form.text(name, required=required).split())


async def _gathered(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str, code: str
) -> tuple[PurchasePage, Member]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    caller.require(Right.GATHER_NEEDS, purchase_id=frame.purchase.id)
    return frame, await declaring_member(session, caller, frame, code)


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: PurchasePage,
    member: Member,
    form: Form | None,
    *,
    changed: bool = False,
) -> Response[str]:
    items = await purchase_items(session, frame.purchase.id)
    found = await declarations_of_member(session, frame.purchase.id, member.id)
    shown = form or form_of_declaration(found.get("filed"), items)
    latest = latest_of(found)
    shown.values["seen"] = stamp_of(found)
    page = f"{frame.url}{SECTION}/{member.code}"
    crumbs = [*frame.breadcrumb, Link("Besoins", frame.url + SECTION), Link(member.name, page)]
    return render(
        request,
        "needs/telephone.html",
        breadcrumb=[*crumbs, Link("Déposer pour ce membre", None)],
        here=frame,
        member=member,
        form=shown,
        declaration_url=page,
        draft="draft" in found,
        other=grid_other(latest, items) if changed and latest else None,
        **grid_context(shown, items),
    )


ROUTES = [do_reminding, ask_filing_for, do_filing_for]
