"""The lead buyer's pages: opening the collection, moving its date, closing it, giving the purchase up."""

from datetime import datetime, time
from typing import Any

from litestar import Response, get, post

from pooling.collections.rules import TOO_NEAR, is_too_near
from pooling.members.group_page import Here
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import SAY_WHY, close_collection, extend_collection, open_collection, reopen_collection
from pooling.needs.consolidating import current_consolidation
from pooling.needs.queries import coverage
from pooling.purchases.kinds.asking import Asking
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import date_time_long, plural

OPENING = "/achats/{reference:str}/ouverture"
CLOSURE = "/achats/{reference:str}/cloture"
EXTENSION = "/achats/{reference:str}/prolongation"
CANCELLATION = "/achats/{reference:str}/annulation"
FIELDS = {"closes_at": "closes_on"}
"""What is said of the closing date stands at its day; the hour has a field of its own."""


@get(OPENING, right=may_run)
async def ask_opening(here: Here[PurchasePage]) -> Response[str]:
    return await _opening_page(here, _deadline_form(here))


async def _opening_page(here: PurchasePage, form: Form) -> Response[str]:
    return here.ask(
        "Ouvrir la collecte",
        template="needs/opening.html",
        form=form,
        question=f"Ouvrir la collecte {_asking(here).collected} ?",
        consequences=[
            _asking(here).still_open,
            "La population et l’effectif de chaque participant sont figés pour la répartition des coûts.",
        ],
        action="/ouverture",
        label="Ouvrir la collecte",
        danger=False,
    )


@post(OPENING, right=may_run)
async def do_opening(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    closes_at = _typed_deadline(here, form)
    async with form.submitted(lambda: _opening_page(here, form), fields=FIELDS):
        insistence = form.insistence()
        await open_collection(here.session, here.caller, here.purchase.id, closes_at, here.clock, insistence=insistence)
    return here.redirect(done="La collecte est ouverte.")


@get(CLOSURE, right=may_run)
async def ask_closure(here: Here[PurchasePage]) -> Response[str]:
    return await _closure_page(here, Form())


async def _closure_page(here: PurchasePage, form: Form) -> Response[str]:
    covered = await coverage(here.session, here.purchase.id)
    early = here.closes_at is not None and here.now < here.closes_at
    asking = _asking(here)
    consequences = [f"Les {asking.answer}s ne pourront plus être modifiées par les référents."]
    missing = covered.participants - covered.filed
    if missing:
        silent = f"{plural(missing, 'participant')} sur {covered.participants} sans {asking.answer} déposée."
        consequences.append(" ".join(filter(None, [silent, asking.silence])))
    if covered.no_need:
        consequences.append(f"{plural(covered.no_need, 'réponse')} « pas de besoin ».")
    if early and here.closes_at:
        consequences.append(f"La clôture était annoncée pour {date_time_long(here.closes_at, here.zone)}.")
    return here.ask(
        "Clôturer la collecte",
        template="needs/closure.html",
        form=form,
        question=f"Clôturer la collecte {_asking(here).collected} ?",
        consequences=consequences,
        action="/cloture",
        label="Clôturer la collecte",
        danger=False,
        early=early,
    )


@post(CLOSURE, right=may_run)
async def do_closure(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _closure_page(here, form)):
        await close_collection(here.session, here.caller, here.purchase.id, here.clock, reason=reason)
    return here.redirect(_asking(here).next_path, done="La collecte est close.")


@get(EXTENSION, right=may_run)
async def ask_extension(here: Here[PurchasePage]) -> Response[str]:
    return await _extension_page(here, _deadline_form(here))


@post(EXTENSION, right=may_run)
async def do_extension(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    """Another date for an open collection; a closed one is opened again."""
    act = extend_collection if here.purchase.state == PurchaseState.OPEN else reopen_collection
    closes_at = _typed_deadline(here, form)
    reason = form.reason(required=SAY_WHY)
    async with form.submitted(lambda: _extension_page(here, form), fields=FIELDS):
        insistence = form.insistence()
        await act(
            here.session, here.caller, here.purchase.id, closes_at, here.clock, reason=reason, insistence=insistence
        )
    return here.redirect(done="La nouvelle date est enregistrée", mailed="un courriel part aux référents")


async def _extension_page(here: PurchasePage, form: Form) -> Response[str]:
    is_open = here.purchase.state == PurchaseState.OPEN
    told = "Tous les référents des participants reçoivent un courriel avec la nouvelle date et votre raison."
    kept = f"Les {_asking(here).answer}s déposées restent en vigueur ; elles peuvent de nouveau être modifiées."
    current = await current_consolidation(here.session, here.purchase.id)
    ended = (
        [f"La consolidation n° {current.number} ne comptera plus : elle sera à figer de nouveau."] if current else []
    )
    label = "Changer la date" if is_open else "Rouvrir la collecte"
    return here.ask(
        label,
        template="needs/extension.html",
        form=form,
        question="Changer la date de clôture ?" if is_open else f"Rouvrir la collecte {_asking(here).collected} ?",
        consequences=[told] if is_open else [kept, *ended, told],
        action="/prolongation",
        label=label,
        danger=False,
    )


def _asking(here: PurchasePage) -> Asking:
    asking = here.kind.asking
    assert asking is not None, "these pages are of a part that only such kinds have"
    return asking


def _filed(count: int, asking: Asking) -> str:
    return plural(count, f"{asking.answer} déposée", f"{asking.answer}s déposées")


def _deadline_form(here: PurchasePage) -> Form:
    local = here.closes_at.astimezone(here.zone) if here.closes_at else None
    return Form(
        values={"closes_on": f"{local:%Y-%m-%d}" if local else "", "closes_at": f"{local:%H:%M}" if local else "18:00"}
    )


def _typed_deadline(here: PurchasePage, form: Form) -> datetime:
    """What is wrong with it is told at once with the rest of the form; the use case looks again at the lock's time."""
    day, hour = form.date("closes_on"), form.time("closes_at")
    closes_at = datetime.combine(day or here.now.date(), hour or time.max, tzinfo=here.zone)
    if day and is_too_near(closes_at, here.now):
        form.refuse("closes_on", TOO_NEAR)
    return closes_at


@get(CANCELLATION, right=may_run)
async def ask_cancellation(here: Here[PurchasePage]) -> Response[str]:
    return await _cancellation_page(here, Form())


async def _cancellation_page(here: PurchasePage, form: Form) -> Response[str]:
    covered = await coverage(here.session, here.purchase.id)
    current = await current_consolidation(here.session, here.purchase.id)
    return here.ask(
        "Annuler l’achat",
        template="needs/cancellation.html",
        form=form,
        question="Annuler cet achat groupé ?",
        consequences=[
            f"État de l’achat : {here.state_word.lower()}.",
            *(
                [f"{_filed(covered.filed, here.kind.asking)}{covered.among_them}."]
                if covered.filed and here.kind.asking
                else []
            ),
            *([f"La consolidation n° {current.number} est figée."] if current else []),
            "Plus personne ne peut répondre ; ce qui a été déposé reste lisible.",
            "Les référents des participants reçoivent un courriel avec votre raison.",
            "Une annulation ne se défait pas.",
        ],
        action="/annulation",
        label="Annuler l’achat",
    )


@post(CANCELLATION, right=may_run)
async def do_cancellation(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _cancellation_page(here, form)):
        await cancel_purchase(here.session, here.caller, here.purchase.id, here.clock, reason=reason)
    return here.redirect(done="L’achat est annulé.")


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
