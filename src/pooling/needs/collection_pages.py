"""The lead buyer's pages: opening and closing the collection, what the needs add up to."""

from datetime import datetime
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.needs.collection import close_collection, open_collection
from pooling.needs.consolidating import freeze_consolidation, latest_consolidation, outlook
from pooling.needs.queries import coverage
from pooling.purchases.frame import PurchaseFrame, purchase_frame
from pooling.purchases.models import PurchaseState
from pooling.purchases.queries import purchase_items
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.typography import date_time_long, euros, plural, price

SECTION = "/consolidation"


async def _led(request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str) -> PurchaseFrame:
    """The frame of a purchase that the caller runs.

    Raises:
        Forbidden: it does not run it.
    """
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    caller.require(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    return frame


def _ask(
    request: Request[Any, Any, Any],
    frame: PurchaseFrame,
    label: str,
    template: str,
    **context: Any,  # noqa: ANN401 - whatever the template wants
) -> Response[str]:
    return render(
        request,
        template,
        breadcrumb=[*frame.breadcrumb, Link(label, None)],
        frame=frame,
        cancel_url=frame.url,
        **context,
    )


@get("/achats/{reference:str}/ouverture", right=Right.RUN_PURCHASE)
async def ask_opening(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _led(request, session, caller, reference)
    form = Form(values={"closes_at": "18:00"})
    return _opening_page(request, frame, form)


def _opening_page(request: Request[Any, Any, Any], frame: PurchaseFrame, form: Form) -> Response[str]:
    return _ask(
        request,
        frame,
        "Ouvrir la collecte",
        "needs/opening.html",
        form=form,
        question="Ouvrir la collecte des besoins ?",
        consequences=[
            "Les référents de tous les participants peuvent déclarer leurs besoins jusqu’à la date que vous fixez.",
            "La population et l’effectif de chaque participant sont figés pour la répartition des coûts.",
        ],
        action_url=f"{frame.url}/ouverture",
        action_label="Ouvrir la collecte",
    )


@post("/achats/{reference:str}/ouverture", right=Right.RUN_PURCHASE)
async def do_opening(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _led(request, session, caller, reference)
    day, hour = form.date("closes_on"), form.time("closes_at")
    with form.redisplayed():
        if day and hour:
            closes_at = datetime.combine(day, hour, tzinfo=frame.zone)
            await open_collection(session, caller, frame.purchase.id, closes_at, request.app.state.clock)
    if form.has_errors:
        raise Redisplay(_opening_page(request, frame, form))
    return redirect(request, frame.url, done="La collecte est ouverte.")


@get("/achats/{reference:str}/cloture", right=Right.RUN_PURCHASE)
async def ask_closure(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _led(request, session, caller, reference)
    return await _closure_page(request, session, frame, Form())


async def _closure_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchaseFrame, form: Form
) -> Response[str]:
    now = request.app.state.clock.now()
    covered = await coverage(session, frame.purchase.id)
    closes_at = frame.purchase.closes_at
    early = closes_at is not None and now < closes_at
    consequences = ["Les déclarations ne pourront plus être modifiées par les référents."]
    missing = covered.participants - covered.filed
    if missing:
        consequences.append(f"{plural(missing, 'participant')} sur {covered.participants} sans déclaration déposée.")
    if early and closes_at:
        consequences.append(f"La clôture était annoncée pour {date_time_long(closes_at, frame.zone)}.")
    return _ask(
        request,
        frame,
        "Clôturer la collecte",
        "needs/closure.html",
        form=form,
        question="Clôturer la collecte des besoins ?",
        consequences=consequences,
        action_url=f"{frame.url}/cloture",
        action_label="Clôturer la collecte",
        early=early,
    )


@post("/achats/{reference:str}/cloture", right=Right.RUN_PURCHASE)
async def do_closure(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _led(request, session, caller, reference)
    reason = form.text("reason", longest=500)
    with form.redisplayed():
        form.check()
        await close_collection(session, caller, frame.purchase.id, request.app.state.clock, reason=reason)
    if form.has_errors:
        raise Redisplay(await _closure_page(request, session, frame, form))
    return redirect(request, f"{frame.url}{SECTION}", done="La collecte est close.")


@get("/achats/{reference:str}/consolidation", right=Right.SEE_ALL_NEEDS)
async def show_consolidation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    """What would be ordered of each item with what is filed, and what was frozen."""
    frame = await purchase_frame(request, session, caller, reference, SECTION)
    if not caller.may(Right.SEE_ALL_NEEDS, purchase_id=frame.purchase.id):
        raise Forbidden
    items = {item.code: item for item in await purchase_items(session, frame.purchase.id)}
    results = await outlook(session, frame.purchase.id)
    runs = caller.may(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    return render(
        request,
        "needs/consolidation.html",
        breadcrumb=[*frame.breadcrumb, Link("Consolidation", None)],
        frame=frame,
        items=items,
        results=results,
        coverage=await coverage(session, frame.purchase.id),
        frozen=await latest_consolidation(session, frame.purchase.id),
        total=euros(sum(result.total for result in results.values())),
        runs=runs,
        may_close=runs and frame.purchase.state == PurchaseState.OPEN,
        may_freeze=runs and frame.purchase.state == PurchaseState.CLOSED,
        tier_steps={
            code: [{"threshold": 0, "price": price(item.unit_price)}]
            + [{"threshold": threshold, "price": price(tier)} for threshold, tier in item.tiers]
            for code, item in items.items()
        },
        statuses=STATUSES,
    )


STATUSES = {
    "ok": ("done", "Commande possible"),
    "nothing_declared": ("neutral", "Aucun besoin"),
    "minimum_not_reached": ("overdue", "Minimum non atteint"),
    "below_one_pack": ("overdue", "Moins d’un lot"),
}


@post("/achats/{reference:str}/consolidation", right=Right.RUN_PURCHASE)
async def do_freeze(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - read for its token
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _led(request, session, caller, reference)
    record = await freeze_consolidation(session, caller, frame.purchase.id, request.app.state.clock)
    return redirect(request, f"{frame.url}{SECTION}", done=f"La consolidation n° {record.number} est figée.")


ROUTES = [ask_opening, do_opening, ask_closure, do_closure, show_consolidation, do_freeze]
