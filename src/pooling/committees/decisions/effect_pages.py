"""What a decision does to its subject: chosen with it, then carried out by one click."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.decisions.carrying_out import apply_decision, may_apply
from pooling.committees.decisions.pages import DECISION, crumbs, decision_url, framed, written_decision
from pooling.committees.decisions.queries import DecisionShown, effects_in_words
from pooling.committees.decisions.recording import doubts_of_effect, give_effect
from pooling.committees.page import CommitteePage
from pooling.kernel.errors import Conflict, Forbidden, NotFound
from pooling.members.acts import Act, Fields
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.features import features_for
from pooling.members.rights import Right
from pooling.members.subjects import Subject, SubjectKind
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
    kind, subject = _subject(session, shown)
    act = features_for(session).acts_on(shown.decision.about).get(request.query_params.get("acte", ""))
    if act is None:
        return _choice_page(request, session, frame, shown, kind, subject)
    fields = await act.asks(session, subject.id)
    terms = shown.decision.terms if shown.decision.act == act.name else {}
    form = Form(values=await fields.typed(session, terms))
    return _terms_page(request, session, frame, shown, subject, act, fields, form)


def _subject(session: AsyncSession, shown: DecisionShown) -> tuple[SubjectKind, Subject]:
    """Raises:
    NotFound: the decision is about nothing.
    """
    if shown.subject is None:
        raise NotFound("Choisissez d’abord ce que la décision concerne.")
    return features_for(session).subjects[shown.subject.kind], shown.subject


def _choice_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    shown: DecisionShown,
    kind: SubjectKind,
    subject: Subject,
) -> Response[str]:
    return render(
        request,
        "committees/effect_choice.html",
        breadcrumb=crumbs(frame, shown.decision.number, f"Effet sur {kind.the}"),
        frame=frame,
        shown=shown,
        kind=kind,
        subject=subject,
        acts=[
            (act.name, act.label, subject.state in act.possible)
            for act in features_for(session).acts_on(shown.decision.about).values()
        ],
        url=decision_url(frame, shown.decision.number),
    )


def _terms_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    shown: DecisionShown,
    subject: Subject,
    act: Act[Any],
    fields: Fields,
    form: Form,
    *,
    incomplete: bool = False,
) -> Response[str]:
    return render(
        request,
        "committees/effect.html",
        breadcrumb=crumbs(frame, shown.decision.number, act.label),
        form=form,
        shown=shown,
        kind=features_for(session).subjects[subject.kind],
        subject=subject,
        act=act,
        fields=fields,
        incomplete=incomplete,
        url=decision_url(frame, shown.decision.number),
        **fields.shown(form),
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
    kind, subject = _subject(session, shown)
    url = decision_url(frame, number)
    if not form.value("act"):
        await give_effect(session, caller, committee_id, number, None, None, frame.now)
        return redirect(request, url, done=f"La décision n’a pas d’effet sur {kind.the}.")
    act = features_for(session).acts_on(shown.decision.about).get(form.value("act"))
    if act is None:
        raise NotFound
    fields, step = await act.asks(session, subject.id), form.value("step")
    lacking = fields.begin(form)
    if lacking or step == "fields":
        return _terms_page(request, session, frame, shown, subject, act, fields, form, incomplete=step != "fields")
    with form.redisplayed():
        terms = act.read(await fields.read(session, form))
        await give_effect(session, caller, committee_id, number, act, terms, frame.now, insistence=form.insistence())
    if form.has_errors:
        raise Redisplay(_terms_page(request, session, frame, shown, subject, act, fields, form))
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
    if not may_apply(session, caller, frame.committee, shown.decision):
        raise Forbidden
    return await _application_page(request, session, frame, shown, Form())


async def _application_page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: CommitteePage,
    shown: DecisionShown,
    form: Form,
) -> Response[str]:
    decision, features = shown.decision, features_for(session)
    act = features.acts.get(decision.act or "")
    if act is None:
        raise Conflict("Cette décision n’a pas d’effet à appliquer.", code="nothing_to_apply")
    if decision.acted_at is not None:
        raise Conflict("Cette décision a déjà été appliquée.", code="already_applied")
    kind, subject = _subject(session, shown)
    terms = act.read(decision.terms)
    words = (await effects_in_words(session, [decision])).get(decision.id, act.label)
    return render(
        request,
        "committees/application.html",
        breadcrumb=crumbs(frame, decision.number, "Appliquer"),
        form=form,
        question=f"Appliquer cette décision {kind.to_the} ?",
        shown=shown,
        kind=kind,
        subject=subject,
        possible=subject.state in act.possible,
        words=words,
        consequences=[*act.consequences(terms), f"Le journal {kind.of_the} renvoie à cette décision."],
        doubts=await doubts_of_effect(session, decision, act, terms, frame.now),
        action_url=f"{decision_url(frame, decision.number)}/application",
        action_label="Appliquer cette décision",
        cancel_url=decision_url(frame, decision.number),
        danger=act.danger,
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
    kind, _ = _subject(session, shown)
    return redirect(request, decision_url(frame, number), done=f"La décision est appliquée {kind.to_the}.")


ROUTES = [ask_effect, do_effect, ask_application, do_application]
