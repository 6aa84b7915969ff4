"""What a decision does to its purchase: chosen with it, then carried out by one click."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import charges_of
from pooling.allocation.models import Charge
from pooling.committees.acting import apply_decision, may_apply
from pooling.committees.deciding import give_effect
from pooling.committees.decision_forms import current_key, effect_form, keys_to_choose, read_effect
from pooling.committees.decision_pages import DECISION, framed, written_decision
from pooling.committees.decision_queries import DecisionShown, effects_in_words, names_of
from pooling.committees.decision_schemas import read_terms
from pooling.committees.decision_words import ACT_WORDS, POSSIBLE, consequences
from pooling.committees.frame import CommitteeFrame
from pooling.committees.models import Act
from pooling.kernel.errors import Conflict, Forbidden, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.purchases.models import Item, Purchase, PurchaseState
from pooling.purchases.rules import WORDS
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render


@get(f"{DECISION}/effet", right=Right.SEE_GROUP)
async def ask_effect(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[str]:
    """Which act; then, with `acte` in the address, its terms."""
    frame, shown = await written_decision(request, session, caller, committee_id, number)
    chosen = request.query_params.get("acte", "")
    if chosen not in set(Act):
        return await _choice_page(request, session, frame, shown)
    code = shown.decision.terms.get("lead_member")
    leads = await names_of(session, Member.code, Member.name, [code])
    form = effect_form(shown.decision, Act(chosen), leads.get(code, ""))
    return await _terms_page(request, session, frame, shown, Act(chosen), form)


async def _purchase(session: AsyncSession, shown: DecisionShown) -> Purchase:
    """Raises:
    NotFound: the decision names no purchase.
    """
    found = await session.execute(select(Purchase).where(col(Purchase.id) == shown.decision.purchase_id))
    purchase: Purchase | None = found.scalar_one_or_none()
    if purchase is None:
        raise NotFound("Choisissez d’abord l’achat que la décision concerne.")
    return purchase


def _crumbs(frame: CommitteeFrame, number: int, label: str) -> list[Link]:
    *above, _ = frame.under("Compte-rendu")
    url = f"{frame.url}/decisions/{number}"
    minutes = Link("Compte-rendu", f"{frame.url}/compte-rendu")
    return [*above, minutes, Link(f"Décision n°\u00a0{number}", url), Link(label, None)]


async def _choice_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteeFrame, shown: DecisionShown
) -> Response[str]:
    purchase = await _purchase(session, shown)
    state = PurchaseState(purchase.state)
    url = f"{frame.url}/decisions/{shown.decision.number}"
    return render(
        request,
        "committees/effect_choice.html",
        breadcrumb=_crumbs(frame, shown.decision.number, "Effet sur l’achat"),
        frame=frame,
        shown=shown,
        purchase=purchase,
        state_word=WORDS[state],
        acts=[(act, word, state in POSSIBLE[act]) for act, word in ACT_WORDS.items()],
        url=url,
    )


async def _terms_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteeFrame,
    shown: DecisionShown,
    act: Act,
    form: Form,
) -> Response[str]:
    purchase = await _purchase(session, shown)
    url = f"{frame.url}/decisions/{shown.decision.number}"
    charges = await _charges(session, purchase.id) if act is Act.CHANGE_TERMS else []
    return render(
        request,
        "committees/effect.html",
        breadcrumb=_crumbs(frame, shown.decision.number, ACT_WORDS[act]),
        form=form,
        shown=shown,
        purchase=purchase,
        act=act,
        act_word=ACT_WORDS[act],
        charges=charges,
        url=url,
    )


async def _charges(session: AsyncSession, purchase_id: int) -> list[tuple[Charge, str, list[tuple[str, str]]]]:
    """Each charge with the key it has and those that it may be given."""
    collects = (await session.execute(select(exists().where(col(Item.purchase_id) == purchase_id)))).scalar_one()
    return [
        (charge, current_key(charge), keys_to_choose(charge, has_items=collects))
        for charge in await charges_of(session, purchase_id)
    ]


@post(f"{DECISION}/effet", right=Right.SEE_GROUP)
async def do_effect(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, shown = await written_decision(request, session, caller, committee_id, number)
    purchase = await _purchase(session, shown)
    url = f"{frame.url}/decisions/{number}"
    if not form.value("act"):
        await give_effect(session, caller, committee_id, number, None, None, frame.now)
        return redirect(request, url, done="La décision n’a pas d’effet sur l’achat.")
    act = Act(form.value("act")) if form.value("act") in set(Act) else None
    if act is None:
        raise NotFound
    with form.redisplayed():
        charges = [charge for charge, *_ in await _charges(session, purchase.id)]
        terms = await read_effect(session, form, act, charges)
        await give_effect(session, caller, committee_id, number, act, terms, frame.now)
    if form.has_errors:
        raise Redisplay(await _terms_page(request, session, frame, shown, act, form))
    return redirect(request, url, done="L’effet est enregistré : appliquez-le quand vous voulez.")


@get(f"{DECISION}/application", right=Right.SEE_GROUP)
async def ask_application(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[str]:
    frame, shown = await framed(request, session, caller, committee_id, number)
    if not may_apply(caller, frame.committee, shown.decision):
        raise Forbidden
    return await _application_page(request, session, frame, shown, Form())


async def _application_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteeFrame,
    shown: DecisionShown,
    form: Form,
) -> Response[str]:
    decision = shown.decision
    if decision.act is None:
        raise Conflict("Cette décision n’a pas d’effet à appliquer.", code="nothing_to_apply")
    if decision.acted_at is not None:
        raise Conflict("Cette décision a déjà été appliquée.", code="already_applied")
    act = Act(decision.act)
    purchase = await _purchase(session, shown)
    state = PurchaseState(purchase.state)
    words = (await effects_in_words(session, [decision])).get(decision.id, ACT_WORDS[act])
    return render(
        request,
        "committees/application.html",
        breadcrumb=_crumbs(frame, decision.number, "Appliquer"),
        form=form,
        question="Appliquer cette décision à l’achat ?",
        shown=shown,
        purchase=purchase,
        state_word=WORDS[state],
        possible=state in POSSIBLE[act],
        words=words,
        consequences=consequences(act, read_terms(act, decision.terms)),
        action_url=f"{frame.url}/decisions/{decision.number}/application",
        action_label="Appliquer cette décision",
        cancel_url=f"{frame.url}/decisions/{decision.number}",
        danger=act is Act.CANCEL,
    )


@post(f"{DECISION}/application", right=Right.SEE_GROUP)
async def do_application(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
    number: FromPath[int],
) -> Response[Any]:
    frame, shown = await framed(request, session, caller, committee_id, number)
    try:
        with form.redisplayed():
            async with session.begin_nested():
                await apply_decision(session, caller, committee_id, number, request.app.state.clock)
    except Conflict as refused:
        form.refuse("", refused.message)
    if form.has_errors:
        frame, shown = await framed(request, session, caller, committee_id, number)
        form.errors = {"": " ".join(form.errors.values())}
        raise Redisplay(await _application_page(request, session, frame, shown, form))
    return redirect(request, f"{frame.url}/decisions/{number}", done="La décision est appliquée à l’achat.")


ROUTES = [ask_effect, do_effect, ask_application, do_application]
