"""The pages of how a purchase is bought: what applies and why, the plan, what each member says."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post

from pooling.allocation.page import finance_of
from pooling.kernel.configuration import Dated
from pooling.kernel.slices import Slice
from pooling.kernel.versions import ChangedMeanwhile, differences
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.procurement.assessing import assess
from pooling.procurement.configuration import Procedure
from pooling.procurement.event_words import SETTINGS
from pooling.procurement.models import Environment, Mandate
from pooling.procurement.page import PROCEDURE, SECTION, MemberSharePage, ProcedurePage
from pooling.procurement.permissions import may_plan, may_state
from pooling.procurement.planning import (
    PlanIn,
    ShareIn,
    content_of,
    keep_plan,
    keep_share,
    plan_in_words,
    said_by,
    share_in_words,
    version_of,
)
from pooling.procurement.reading import NAMED_AT_MOST, Tally, plan_of, share_of, shares_listed, undecided_members
from pooling.procurement.rules import Calendar, Estimate, Guidance
from pooling.procurement.words import ENVIRONMENTS, MANDATES
from pooling.sharing.money import Cents
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.numbers import read_optional_cents, typed_cents
from pooling.web.typography import date_short, euros, number, plural

PLAN = f"{PROCEDURE}/modification"
MEMBER = f"{PROCEDURE}/membres/{{member:str}}"


@get(PROCEDURE, right=Right.SEE_TOTALS)
async def show_procedure(here: Here[ProcedurePage]) -> Response[str]:
    found = await assess(here.session, here.assessed, here.configuration, finance_of(here))
    estimate, guidance, tally = found.estimate, found.guidance, found.tally
    plans = may_plan(here.caller, here.purchase)
    return here.render(
        "procurement/procedure.html",
        estimate=estimate,
        parts=_parts(estimate, tally),
        by_lot=_shares(found.lots, found.negligible),
        by_family=_shares(found.families),
        negligible=found.negligible,
        small=found.small,
        small_source=_sourced(found.small) if found.small else "",
        refused=found.refused,
        guidance=guidance,
        thresholds=_thresholds(here, estimate),
        left=guidance.missing_to_next(estimate),
        duties=[(duty.name, "conseillé" if duty.advice else "obligatoire", _sourced(duty)) for duty in guidance.duties],
        procedure_source=_sourced(guidance.procedure) if guidance.procedure else "",
        calendar=_days(found.calendar, guidance),
        warnings=found.warnings,
        plan=here.plan,
        mandate=MANDATES.get(Mandate(here.plan.mandate)),
        environment=ENVIRONMENTS.get(Environment(here.plan.environment)),
        launched=_launched(here),
        tally=tally,
        undecided=await undecided_members(here.session, here.purchase.id) if tally.needs_convention else (),
        named_at_most=NAMED_AT_MOST,
        may_plan=plans,
        **await _said(here, sees_all=plans or here.caller.may(Right.SEE_ALL_NEEDS, purchase_id=here.purchase.id)),
    )


def _shares(found: Mapping[str, Cents], negligible: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    said = dict.fromkeys(negligible, "procédure adaptée possible")
    return [(name, euros(cents), said.get(name, "")) for name, cents in found.items()]


def _thresholds(here: ProcedurePage, estimate: Estimate) -> list[dict[str, Any]]:
    """Each threshold of the day beside the value, for the picture and its table."""
    return [
        {
            "label": procedure.name,
            "value": estimate.value,
            "target": procedure.cents,
            "text": f"seuil de {euros(procedure.cents)}",
            "detail": _beside(estimate, procedure),
        }
        for procedure in here.configuration.procedures_on(here.assessed.day)
        if procedure.cents
    ]


def _beside(estimate: Estimate, procedure: Procedure) -> str:
    left = procedure.cents - estimate.value
    return f"il reste {euros(left)}" if left > 0 else f"atteint, {euros(-left)} au-dessus"


async def _said(here: ProcedurePage, *, sees_all: bool) -> dict[str, Any]:
    """What members said: all of them, or the caller's own."""
    after = here.request.query_params.get("apres", "")
    mine = None if sees_all else here.caller.members_as(*(held.role for held in here.caller.roles))
    listed = await shares_listed(here.session, here.purchase.id, Slice(after), among=mine)
    return {"sees_all": sees_all, "shares": listed.items, **pages_after(here.url + SECTION, after, listed)}


def _parts(estimate: Estimate, tally: Tally) -> list[tuple[str, str, str]]:
    """Where the value comes from: what, how much, why."""
    parts = [("Besoins de tous les membres", euros(estimate.base), "articles, frais et remises, à voir dans « Coûts »")]
    if estimate.maximum is not None:
        parts.append(("Maximum de l’accord-cadre", euros(estimate.maximum), "il compte à la place des besoins connus"))
    elif estimate.options or estimate.renewals:
        times = plural(estimate.renewals, "reconduction")
        parts.append(("Options", euros(estimate.options), "qu’elles soient levées ou non"))
        parts.append(("Reconductions", euros(estimate.renewed), f"{times}, options comprises"))
    said = f"{number(tally.said)} membre{'s' if tally.said > 1 else ''} sur {number(tally.members)} l’ont dit"
    parts.append(
        ("Même famille, ailleurs dans l’année", euros(estimate.spent), said if tally.said else "personne ne l’a dit")
    )
    return parts


def _sourced(dated: Dated) -> str:
    unsure = ", à confirmer" if dated.to_confirm else ""
    return f"{dated.source}, depuis le {date_short(dated.valid_from)}{unsure}"


def _days(calendar: Calendar | None, guidance: Guidance) -> list[tuple[str, str, str]]:
    """What may happen when, at the earliest."""
    if calendar is None or guidance.procedure is None:
        return []
    procedure = guidance.procedure
    if not procedure.bids_days and not procedure.advertising:
        return [("Commande", date_short(calendar.signing), "la loi ne fixe pas de délai")]
    usual = "délai d’usage, la loi n’en fixe pas" if procedure.bids_days_usual else "délai légal, offres électroniques"
    waited = f"{procedure.standstill_days} jours de suspension" if procedure.standstill_days else "sans suspension"
    return [
        ("Avis", date_short(calendar.notice), procedure.advertising),
        ("Fin de remise des offres", date_short(calendar.offers), f"{procedure.bids_days} jours : {usual}"),
        ("Signature", date_short(calendar.signing), f"{waited}, analyse des offres en plus"),
    ]


def _launched(here: ProcedurePage) -> str:
    plan = here.plan
    if plan.launched_on is None:
        return ""
    names = {procedure.code: procedure.name for procedure in here.configuration.procedures_on(plan.launched_on)}
    return f"{names.get(plan.procedure, plan.procedure)}, le {date_short(plan.launched_on)}"


@get(PLAN, right=may_plan)
async def ask_plan(here: Here[ProcedurePage]) -> Response[str]:
    plan = here.plan
    values = {
        "family": plan.family,
        "options": typed_cents(plan.options_cents) if plan.options_cents else "",
        "renewals": str(plan.renewals),
        "maximum": "" if plan.maximum_cents is None else typed_cents(plan.maximum_cents),
        "procedure": plan.procedure,
        "launched_on": plan.launched_on.isoformat() if plan.launched_on else "",
        "mandate": plan.mandate,
        "convention_signed_on": plan.convention_signed_on.isoformat() if plan.convention_signed_on else "",
        "environment": plan.environment,
        "version": version_of(content_of(plan)),
    }
    return await _plan_page(here, Form(values=values))


async def _plan_page(here: ProcedurePage, form: Form, typed: PlanIn | None = None) -> Response[str]:
    """The version stays the one that was shown, unless the person is told of a newer one beside what it `typed`."""
    await here.session.refresh(here.purchase)
    conflict = None
    if typed is not None:
        stored = content_of(await plan_of(here.session, here.purchase.id))
        form.values["version"] = version_of(stored)
        conflict = _differing(plan_in_words(stored), plan_in_words(typed))
    names = {procedure.code: procedure.name for procedure in here.configuration.procedures}
    return here.render(
        "procurement/plan.html",
        "Modifier",
        form=form,
        mandates=[("", "Pas encore décidé"), *MANDATES.items()],
        environments=[("", "Pas encore décidé"), *ENVIRONMENTS.items()],
        procedures=list(names.items()),
        conflict=conflict,
    )


def _differing(stored: Mapping[str, str], typed: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [(SETTINGS[name].capitalize(), was, said) for name, was, said in differences(stored, typed)]


@post(PLAN, right=may_plan)
async def do_plan(here: Here[ProcedurePage], form: PostedForm) -> Response[Any]:
    command, shown = _read_plan(form), form.value("version")
    whose = (here.session, here.caller, here.purchase.id)
    async with form.submitted(lambda: _plan_page(here, form), conflict=""):
        try:
            await keep_plan(*whose, command, here.configuration, here.now, shown=shown)
        except ChangedMeanwhile as changed:
            form.refuse("", changed.message)
            raise Redisplay(await _plan_page(here, form, command)) from changed
    return here.redirect(SECTION, done="La procédure est enregistrée.")


def _read_plan(form: Form) -> PlanIn:
    return PlanIn(
        family=form.text("family", longest=120),
        options_cents=read_optional_cents(form, "options") or 0,
        renewals=form.integer("renewals", largest=10, default=0),
        maximum_cents=read_optional_cents(form, "maximum"),
        procedure=form.text("procedure", longest=40),
        launched_on=form.date("launched_on") if form.value("launched_on").strip() else None,
        mandate=form.choice("mandate", list(Mandate)),
        convention_signed_on=form.date("convention_signed_on") if form.value("convention_signed_on").strip() else None,
        environment=form.choice("environment", list(Environment)),
    )


@get(MEMBER, right=may_state)
async def ask_share(here: Here[MemberSharePage]) -> Response[str]:
    share = here.share
    values = {
        "spent": "" if share.spent is None else typed_cents(share.spent),
        "deliberated_on": share.deliberated_on.isoformat() if share.deliberated_on else "",
        "deliberation": share.deliberation,
        "version": version_of(said_by(share)),
    }
    return await _share_page(here, Form(values=values))


async def _share_page(here: MemberSharePage, form: Form, typed: ShareIn | None = None) -> Response[str]:
    await here.session.refresh(here.purchase)
    share, conflict = here.share, None
    if typed is not None:
        share = await share_of(here.session, here.purchase.id, share.code) or share
        form.values["version"] = version_of(said_by(share))
        conflict = _differing(share_in_words(said_by(share)), share_in_words(typed))
    return here.render(
        "procurement/member.html", share.name, form=form, share=share, family=here.plan.family, conflict=conflict
    )


@post(MEMBER, right=may_state)
async def do_share(here: Here[MemberSharePage], form: PostedForm) -> Response[Any]:
    command = ShareIn(
        spent_cents=read_optional_cents(form, "spent"),
        deliberated_on=form.date("deliberated_on") if form.value("deliberated_on").strip() else None,
        deliberation=form.text("deliberation", longest=120),
    )
    whose = (here.session, here.caller, here.purchase.id, here.share.code)
    async with form.submitted(lambda: _share_page(here, form), conflict=""):
        try:
            await keep_share(*whose, command, here.now, shown=form.value("version"))
        except ChangedMeanwhile as changed:
            form.refuse("", changed.message)
            raise Redisplay(await _share_page(here, form, command)) from changed
    return here.redirect(SECTION, done=f"C’est noté pour {here.share.name}.")


ROUTES = [show_procedure, ask_plan, do_plan, ask_share, do_share]
