"""What a decision does to its purchase: chosen with it, then carried out by one click."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.editing.key_form import mix_options
from pooling.allocation.editing.member_numbers import has_boxes
from pooling.committees.decisions.carrying_out import apply_decision, may_apply
from pooling.committees.decisions.effect_form import (
    Costs,
    begin_keys,
    costs_to_change,
    effect_form,
    keys_asked,
    read_effect,
)
from pooling.committees.decisions.models import Act
from pooling.committees.decisions.pages import DECISION, crumbs, decision_url, framed, written_decision
from pooling.committees.decisions.queries import DecisionShown, effects_in_words, names_of
from pooling.committees.decisions.recording import doubts_of_effect, give_effect
from pooling.committees.decisions.schemas import read_terms
from pooling.committees.decisions.words import ACT_WORDS, POSSIBLE, act_consequences
from pooling.committees.page import CommitteePage
from pooling.kernel.errors import Conflict, Forbidden, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.rules import PURCHASE
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.services import services_of


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
    purchase = await _purchase(session, shown)
    costs = await costs_to_change(session, purchase.id, Act(chosen))
    form = effect_form(shown.decision, Act(chosen), leads.get(code, ""), costs)
    return _terms_page(request, frame, shown, purchase, Act(chosen), costs, form)


async def _purchase(session: AsyncSession, shown: DecisionShown) -> Purchase:
    """Raises:
    NotFound: the decision names no purchase.
    """
    found = await session.execute(select(Purchase).where(col(Purchase.id) == shown.decision.purchase_id))
    purchase: Purchase | None = found.scalar_one_or_none()
    if purchase is None:
        raise NotFound("Choisissez d’abord l’achat que la décision concerne.")
    return purchase


async def _choice_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: CommitteePage, shown: DecisionShown
) -> Response[str]:
    purchase = await _purchase(session, shown)
    state = PurchaseState(purchase.state)
    url = decision_url(frame, shown.decision.number)
    return render(
        request,
        "committees/effect_choice.html",
        breadcrumb=crumbs(frame, shown.decision.number, "Effet sur l’achat"),
        frame=frame,
        shown=shown,
        purchase=purchase,
        state_word=PURCHASE.word(state),
        acts=[(act, word, state in POSSIBLE[act]) for act, word in ACT_WORDS.items()],
        url=url,
    )


def _terms_page(
    request: Request[Any, Any, Any],
    frame: CommitteePage,
    shown: DecisionShown,
    purchase: Purchase,
    act: Act,
    costs: Costs,
    form: Form,
    *,
    incomplete: bool = False,
) -> Response[str]:
    keys = keys_asked(form, costs)
    return render(
        request,
        "committees/effect.html",
        breadcrumb=crumbs(frame, shown.decision.number, ACT_WORDS[act]),
        form=form,
        shown=shown,
        purchase=purchase,
        act=act,
        act_word=ACT_WORDS[act],
        keys=keys,
        error_labels={name: label for key in keys for name, label in key.error_labels.items()},
        mix_options=mix_options(has_items=bool(costs.items)),
        payers=costs.payers,
        boxes=has_boxes(costs.payers),
        incomplete=incomplete,
        url=decision_url(frame, shown.decision.number),
    )


@post(f"{DECISION}/effet", right=Right.SEE_GROUP, **LONG_FORM)
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
    url = decision_url(frame, number)
    if not form.value("act"):
        await give_effect(session, caller, committee_id, number, None, None, frame.now)
        return redirect(request, url, done="La décision n’a pas d’effet sur l’achat.")
    act = Act(form.value("act")) if form.value("act") in set(Act) else None
    if act is None:
        raise NotFound
    costs, step = await costs_to_change(session, purchase.id, act), form.value("step")
    lacking = begin_keys(form, costs)
    if lacking or step == "fields":
        return _terms_page(request, frame, shown, purchase, act, costs, form, incomplete=step != "fields")
    with form.redisplayed():
        terms = await read_effect(session, form, act, costs)
        await give_effect(session, caller, committee_id, number, act, terms, frame.now, insistence=form.insistence())
    if form.has_errors:
        raise Redisplay(_terms_page(request, frame, shown, purchase, act, costs, form))
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
    frame: CommitteePage,
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
    terms = read_terms(act, decision.terms)
    words = (await effects_in_words(session, [decision])).get(decision.id, ACT_WORDS[act])
    return render(
        request,
        "committees/application.html",
        breadcrumb=crumbs(frame, decision.number, "Appliquer"),
        form=form,
        question="Appliquer cette décision à l’achat ?",
        shown=shown,
        purchase=purchase,
        state_word=PURCHASE.word(state),
        possible=state in POSSIBLE[act],
        words=words,
        consequences=act_consequences(act, terms),
        doubts=await doubts_of_effect(session, decision, terms, frame.now),
        action_url=f"{decision_url(frame, decision.number)}/application",
        action_label="Appliquer cette décision",
        cancel_url=decision_url(frame, decision.number),
        danger=act is Act.CANCEL,
    )


@post(f"{DECISION}/application", right=Right.SEE_GROUP, **LONG_FORM)
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
                await apply_decision(session, caller, committee_id, number, services_of(request).clock)
    except Conflict as refused:
        form.refuse("", refused.message)
    if form.has_errors:
        frame, shown = await framed(request, session, caller, committee_id, number)
        form.errors = {"": " ".join(form.errors.values())}
        raise Redisplay(await _application_page(request, session, frame, shown, form))
    return redirect(request, decision_url(frame, number), done="La décision est appliquée à l’achat.")


ROUTES = [ask_effect, do_effect, ask_application, do_application]
