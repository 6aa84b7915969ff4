"""What a decision does to its subject: chosen with it, then carried out by one click."""

from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.committees.decisions.carrying_out import apply_decision
from pooling.committees.decisions.page import DecisionPage
from pooling.committees.decisions.pages import DECISION
from pooling.committees.decisions.permissions import may_apply
from pooling.committees.decisions.queries import find_decision, with_effects
from pooling.committees.decisions.recording import doubts_of_effect, give_effect
from pooling.committees.permissions import may_write_minutes
from pooling.kernel.errors import Conflict, NotFound
from pooling.members.acts import Act, Fields
from pooling.members.group_page import Here
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm


@get(f"{DECISION}/effet", right=may_write_minutes)
async def ask_effect(here: Here[DecisionPage], acte: FromQuery[str] = "") -> Response[str]:
    """Which act; then, with `acte` in the address, its terms."""
    _, subject = here.about()
    act = here.features.acts_on(here.decision.about).get(acte)
    if act is None:
        return _choice_page(here)
    fields = await act.asks(here.session, subject.id)
    terms = here.decision.terms if here.decision.act == act.name else {}
    return await _terms_page(here, act, fields, Form(values=await fields.typed(here.session, terms)))


def _choice_page(here: DecisionPage) -> Response[str]:
    kind, subject = here.about()
    acts = here.features.acts_on(here.decision.about).values()
    return here.render(
        "committees/effect_choice.html",
        f"Effet sur {kind.the}",
        kind=kind,
        subject=subject,
        acts=[(act.name, act.label, subject.state in act.possible) for act in acts],
    )


async def _terms_page(
    here: DecisionPage, act: Act[Any], fields: Fields, form: Form, *, incomplete: bool = False
) -> Response[str]:
    kind, subject = here.about()
    return here.render(
        "committees/effect.html",
        act.label,
        form=form,
        kind=kind,
        subject=subject,
        act=act,
        fields=fields,
        incomplete=incomplete,
        **fields.shown(form),
    )


@post(f"{DECISION}/effet", right=may_write_minutes, **LONG_FORM)
async def do_effect(here: Here[DecisionPage], form: PostedForm) -> Response[Any]:
    (kind, subject), number = here.about(), here.decision.number
    if not form.value("act"):
        await give_effect(here.session, here.caller, here.committee.id, number, None, None, here.now)
        return here.redirect(done=f"La décision n’a pas d’effet sur {kind.the}.")
    act = _chosen(here, form)
    fields, step = await act.asks(here.session, subject.id), form.value("step")
    lacking = fields.begin(form)
    if lacking or step == "fields":
        return await _terms_page(here, act, fields, form, incomplete=step != "fields")
    async with form.submitted(lambda: _terms_page(here, act, fields, form)):
        terms, insistence = act.read(await fields.read(here.session, form)), form.insistence()
        await give_effect(
            here.session, here.caller, here.committee.id, number, act, terms, here.now, insistence=insistence
        )
    return here.redirect(done="L’effet est enregistré : appliquez-le quand vous voulez.")


def _chosen(here: DecisionPage, form: Form) -> Act[Any]:
    """Raises:
    NotFound: no act on such a subject has this name.
    """
    act = here.features.acts_on(here.decision.about).get(form.value("act"))
    if act is None:
        raise NotFound
    return act


@get(f"{DECISION}/application", right=may_apply)
async def ask_application(here: Here[DecisionPage]) -> Response[str]:
    return await _application_page(here, Form())


async def _application_page(here: DecisionPage, form: Form) -> Response[str]:
    decision = here.decision
    act = here.features.acts.get(decision.act or "")
    if act is None:
        raise Conflict("Cette décision n’a pas d’effet à appliquer.", code="nothing_to_apply")
    if decision.acted_at is not None:
        raise Conflict("Cette décision a déjà été appliquée.", code="already_applied")
    kind, subject = here.about()
    terms = act.read(decision.terms)
    (shown,) = await with_effects(here.session, [here.shown])
    return here.ask(
        "Appliquer",
        template="committees/application.html",
        form=form,
        question=f"Appliquer cette décision {kind.to_the} ?",
        consequences=[*act.consequences(terms), f"Le journal {kind.of_the} renvoie à cette décision."],
        action="/application",
        label="Appliquer cette décision",
        danger=act.danger,
        kind=kind,
        subject=subject,
        possible=subject.state in act.possible,
        words=shown.effect or act.label,
        doubts=await doubts_of_effect(here.session, decision, act, terms, here.now),
    )


@post(f"{DECISION}/application", right=may_apply, **LONG_FORM)
async def do_application(here: Here[DecisionPage], form: PostedForm) -> Response[Any]:
    kind, _ = here.about()
    async with form.submitted(lambda: _refused(here, form), conflict=""), here.session.begin_nested():
        await apply_decision(here.session, here.caller, here.committee.id, here.decision.number, here.clock)
    return here.redirect(done=f"La décision est appliquée {kind.to_the}.")


async def _refused(here: DecisionPage, form: Form) -> Response[str]:
    """What its subject refuses, said at the head: the page has no field of its own."""
    form.errors = {"": " ".join(form.errors.values())}
    shown = await find_decision(here.session, here.caller, here.named["committee_id"], here.named["number"])
    return await _application_page(replace(here, shown=shown), form)


ROUTES = [ask_effect, do_effect, ask_application, do_application]
