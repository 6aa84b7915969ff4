"""The lead buyer's pages: opening the collection, moving its date, closing it, giving the purchase up."""

from datetime import datetime, time
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.collections.rules import TOO_NEAR, is_too_near
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import (
    SAY_WHY,
    close_collection,
    extend_collection,
    open_collection,
    reopen_collection,
)
from pooling.needs.consolidating import current_consolidation
from pooling.needs.queries import coverage
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage, led_purchase
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import date_time_long, plural

SECTION = "-"
"""None of the tabs: these pages ask one question."""


def _ask(
    request: Request[Any, Any, Any],
    frame: PurchasePage,
    label: str,
    template: str,
    **context: Any,  # noqa: ANN401 - whatever the template wants
) -> Response[str]:
    return render(
        request,
        template,
        breadcrumb=[*frame.breadcrumb, Link(label, None)],
        here=frame,
        cancel_url=frame.url,
        **context,
    )


@get("/achats/{reference:str}/ouverture", right=Right.RUN_PURCHASE)
async def ask_opening(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    return _opening_page(request, frame, _deadline_form(frame))


def _opening_page(request: Request[Any, Any, Any], frame: PurchasePage, form: Form) -> Response[str]:
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
    frame = await led_purchase(request, session, caller, reference, SECTION)
    closes_at = _typed_deadline(form, frame, services_of(request).clock.now())
    with form.redisplayed():
        form.check()
        if closes_at:
            clock = services_of(request).clock
            insistence = form.insistence()
            await open_collection(session, caller, frame.purchase.id, closes_at, clock, insistence=insistence)
    if form.has_errors:
        raise Redisplay(_opening_page(request, frame, form))
    return redirect(request, frame.url, done="La collecte est ouverte.")


@get("/achats/{reference:str}/cloture", right=Right.RUN_PURCHASE)
async def ask_closure(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    return await _closure_page(request, session, frame, Form())


async def _closure_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchasePage, form: Form
) -> Response[str]:
    now = services_of(request).clock.now()
    covered = await coverage(session, frame.purchase.id)
    closes_at = frame.closes_at
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
    frame = await led_purchase(request, session, caller, reference, SECTION)
    reason = form.lines("reason", longest=500)
    with form.redisplayed():
        form.check()
        await close_collection(session, caller, frame.purchase.id, services_of(request).clock, reason=reason)
    if form.has_errors:
        raise Redisplay(await _closure_page(request, session, frame, form))
    return redirect(request, f"{frame.url}/consolidation", done="La collecte est close.")


@get("/achats/{reference:str}/prolongation", right=Right.RUN_PURCHASE)
async def ask_extension(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    return await _extension_page(request, session, frame, _deadline_form(frame))


@post("/achats/{reference:str}/prolongation", right=Right.RUN_PURCHASE)
async def do_extension(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    """Another date for an open collection; a closed one is opened again."""
    frame = await led_purchase(request, session, caller, reference, SECTION)
    was_open = frame.purchase.state == PurchaseState.OPEN
    act = extend_collection if was_open else reopen_collection
    closes_at = _typed_deadline(form, frame, services_of(request).clock.now())
    reason = form.lines("reason", required=SAY_WHY, longest=500)
    with form.redisplayed():
        form.check()
        if closes_at:
            clock, insistence = services_of(request).clock, form.insistence()
            await act(session, caller, frame.purchase.id, closes_at, clock, reason=reason, insistence=insistence)
    if form.has_errors:
        raise Redisplay(await _extension_page(request, session, frame, form))
    return redirect(request, frame.url, done="La nouvelle date est annoncée aux référents.")


async def _extension_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchasePage, form: Form
) -> Response[str]:
    is_open = frame.purchase.state == PurchaseState.OPEN
    told = "Tous les référents des participants reçoivent un courriel avec la nouvelle date et votre raison."
    kept = "Les déclarations déposées restent en vigueur ; elles peuvent de nouveau être modifiées."
    current = await current_consolidation(session, frame.purchase.id)
    ended = (
        [f"La consolidation n° {current.number} ne comptera plus : elle sera à figer de nouveau."] if current else []
    )
    return _ask(
        request,
        frame,
        "Changer la date" if is_open else "Rouvrir la collecte",
        "needs/extension.html",
        form=form,
        question="Changer la date de clôture ?" if is_open else "Rouvrir la collecte des besoins ?",
        consequences=[told] if is_open else [kept, *ended, told],
        action_url=f"{frame.url}/prolongation",
        action_label="Changer la date" if is_open else "Rouvrir la collecte",
    )


def _deadline_form(frame: PurchasePage) -> Form:
    closes_at = frame.closes_at
    local = closes_at.astimezone(frame.zone) if closes_at else None
    return Form(
        values={"closes_on": f"{local:%Y-%m-%d}" if local else "", "closes_at": f"{local:%H:%M}" if local else "18:00"}
    )


def _typed_deadline(form: Form, frame: PurchasePage, now: datetime) -> datetime | None:
    """What is wrong with it is told at once with the rest of the form; the use case looks again at the lock's time."""
    day, hour = form.date("closes_on"), form.time("closes_at")
    closes_at = datetime.combine(day, hour or time.max, tzinfo=frame.zone) if day else None
    if closes_at and is_too_near(closes_at, now):
        form.refuse("closes_on", TOO_NEAR)
    return closes_at if hour else None


@get("/achats/{reference:str}/annulation", right=Right.RUN_PURCHASE)
async def ask_cancellation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    return await _cancellation_page(request, session, frame, Form())


async def _cancellation_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchasePage, form: Form
) -> Response[str]:
    covered = await coverage(session, frame.purchase.id)
    current = await current_consolidation(session, frame.purchase.id)
    return _ask(
        request,
        frame,
        "Annuler l’achat",
        "needs/cancellation.html",
        form=form,
        question="Annuler cet achat groupé ?",
        consequences=[
            f"État de l’achat : {frame.state_word.lower()}.",
            *([f"{plural(covered.filed, 'déclaration déposée', 'déclarations déposées')}."] if covered.filed else []),
            *([f"La consolidation n° {current.number} est figée."] if current else []),
            "Plus personne ne peut déclarer de besoin ; ce qui a été déclaré reste lisible.",
            "Les référents des participants reçoivent un courriel avec votre raison.",
            "Une annulation ne se défait pas.",
        ],
        action_url=f"{frame.url}/annulation",
        action_label="Annuler l’achat",
        danger=True,
    )


@post("/achats/{reference:str}/annulation", right=Right.RUN_PURCHASE)
async def do_cancellation(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    reason = form.lines("reason", longest=500)
    with form.redisplayed():
        form.check()
        await cancel_purchase(session, caller, frame.purchase.id, services_of(request).clock, reason=reason)
    if form.has_errors:
        raise Redisplay(await _cancellation_page(request, session, frame, form))
    return redirect(request, frame.url, done="L’achat est annulé.")


ROUTES = [
    ask_opening,
    do_opening,
    ask_closure,
    do_closure,
    ask_extension,
    do_extension,
    ask_cancellation,
    do_cancellation,
]
