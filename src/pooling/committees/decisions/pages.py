"""A decision: taken down while the minutes are written, corrected, removed; then read and followed up."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post

from pooling.committees.decisions.form import decision_form, read_decision
from pooling.committees.decisions.models import DecisionState
from pooling.committees.decisions.page import DecisionPage
from pooling.committees.decisions.permissions import may_apply, may_follow
from pooling.committees.decisions.queries import events_of, with_effects
from pooling.committees.decisions.recording import add_decision, change_decision, remove_decision
from pooling.committees.decisions.schemas import DecisionIn
from pooling.committees.decisions.words import effect_done
from pooling.committees.invitations.choosing import FoundPerson, people_offered, person_field, person_meant
from pooling.committees.page import MINUTES, CommitteePage
from pooling.committees.permissions import may_write_minutes
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import date_long, date_time_long, typo

NEW = "/comites/{committee_id:int}/decisions/nouvelle"
DECISION = "/comites/{committee_id:int}/decisions/{number:int}"


@get(NEW, right=may_write_minutes)
async def ask_decision(here: Here[CommitteePage]) -> Response[str]:
    return await _new_page(here, Form())


async def _new_page(here: CommitteePage, form: Form, found: Sequence[FoundPerson] = ()) -> Response[str]:
    return here.render(
        "committees/decision_form.html",
        ("Compte-rendu", MINUTES),
        "Nouvelle décision",
        form=form,
        label="Nouvelle décision",
        offered=people_offered(found),
        subjects=await here.features.subjects.choices(here.session, form),
        action_url=f"{here.url}/decisions/nouvelle",
        cancel_url=here.url + MINUTES,
    )


@post(NEW, right=may_write_minutes)
async def do_decision(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    owner = await person_meant(here.session, form, "owner")
    values, insistence = await read_decision(here.session, form), form.insistence()
    async with form.submitted(lambda: _new_page(here, form, owner.offered)):
        command = DecisionIn(**values, owner_id=owner.person_id)
        decision = await add_decision(
            here.session, here.caller, here.committee.id, command, here.now, insistence=insistence
        )
    if form.value("then") == "effect" and command.about:
        return here.redirect(f"/decisions/{decision.number}/effet")
    return here.redirect(f"{MINUTES}#decisions", done="La décision est consignée.")


@get(DECISION, right=Right.SEE_GROUP)
async def show_decision(here: Here[DecisionPage]) -> Response[str]:
    return await decision_page(here, Form())


async def decision_page(here: DecisionPage, form: Form, found: Sequence[FoundPerson] = ()) -> Response[str]:
    """It, with the forms that follow it up."""
    decision, acts = here.decision, here.features.acts
    (shown,) = await with_effects(here.session, [here.shown])
    if decision.due_on and "due_on" not in form.values:
        form.values["due_on"] = decision.due_on.isoformat()
    if "owner" not in form.values and here.manages and here.shown.owner_here:
        form.values |= await person_field(here.session, decision.owner_id, "owner")
    return here.render(
        "committees/decision.html",
        form=form,
        kind=here.about()[0] if here.shown.subject else None,
        facts=_facts(here, shown.effect),
        offered=people_offered(found),
        events=[(effect_done(event, acts.values()), event.at) for event in await events_of(here.session, decision.id)],
        effect=shown.effect or (acts[decision.act].label if decision.act in acts else ""),
        follows=may_follow(here.caller, decision),
        applies=decision.act in acts
        and decision.acted_at is None
        and decision.state != DecisionState.DROPPED
        and may_apply(here.caller, here.committee, decision, here.subjects),
        corrects=here.writes and here.is_writable and decision.acted_at is None,
    )


def _facts(here: DecisionPage, effect: str) -> list[Mapping[str, str]]:
    """What there is to know of it, as a summary list."""
    decision, shown = here.decision, here.shown
    facts: list[Mapping[str, str]] = [
        {"label": "Responsable", "value": _owner(here)},
        {"label": "Échéance", "value": _due(here)},
    ]
    if shown.votes:
        facts.append({"label": "Votes", "value": shown.votes})
    if shown.subject:
        kind, subject = here.about()
        facts.append({"label": kind.word, "value": subject.called, "url": here.base + subject.path, "action": "Voir"})
        if effect:
            facts.append({"label": f"Effet sur {kind.the}", "value": typo(effect)})
    if decision.acted_at:
        by = f", par {shown.acted_by}" if shown.acted_by else ""
        facts.append({"label": "Appliquée", "value": date_time_long(decision.acted_at, here.zone, with_year=True) + by})
    if decision.outcome:
        label = "Ce qui en est sorti" if decision.state == DecisionState.DONE else "Pourquoi"
        facts.append({"label": label, "value": typo(decision.outcome)})
    return facts


def _owner(here: DecisionPage) -> str:
    if not here.shown.owner:
        return "personne"
    return f"{here.shown.owner}, qui n’est plus dans le groupe" if here.shown.orphan else here.shown.owner


def _due(here: DecisionPage) -> str:
    if here.decision.due_on is None:
        return "aucune"
    due = here.shown.time_left(here.today)
    return date_long(here.decision.due_on) + (f" ({due})" if due else "")


@get(f"{DECISION}/modification", right=may_write_minutes)
async def ask_correction(here: Here[DecisionPage]) -> Response[str]:
    owner = await person_field(here.session, here.decision.owner_id, "owner")
    return await _correction_page(here, decision_form(here.decision, owner))


async def _correction_page(here: DecisionPage, form: Form, found: Sequence[FoundPerson] = ()) -> Response[str]:
    return here.render(
        "committees/decision_form.html",
        form=form,
        label=here.name,
        offered=people_offered(found),
        subjects=await here.subjects.choices(here.session, form, here.shown.subject),
        action_url=f"{here.url}/modification",
        cancel_url=here.url,
    )


@post(f"{DECISION}/modification", right=may_write_minutes)
async def do_correction(here: Here[DecisionPage], form: PostedForm) -> Response[Any]:
    owner = await person_meant(here.session, form, "owner")
    values, insistence = await read_decision(here.session, form), form.insistence()
    async with form.submitted(lambda: _correction_page(here, form, owner.offered)):
        command = DecisionIn(**values, owner_id=owner.person_id)
        await change_decision(
            here.session,
            here.caller,
            here.committee.id,
            here.decision.number,
            command,
            here.now,
            insistence=insistence,
        )
    if form.value("then") == "effect" and command.about:
        return here.redirect("/effet")
    return here.redirect(done="La décision est corrigée.")


@get(f"{DECISION}/suppression", right=may_write_minutes)
async def ask_removal(here: Here[DecisionPage]) -> Response[str]:
    return here.ask(
        "Retirer",
        question=f"Retirer la décision n°\u00a0{here.decision.number} ?",
        consequences=[
            f"« {here.decision.content} »",
            "Elle ne figurera pas dans le compte-rendu. Les autres décisions gardent leur numéro.",
        ],
        action="/suppression",
        label="Retirer la décision",
    )


@post(f"{DECISION}/suppression", right=may_write_minutes)
async def do_removal(here: Here[DecisionPage]) -> Response[Any]:
    await remove_decision(here.session, here.caller, here.committee.id, here.decision.number, here.now)
    return here.to_committee(f"{MINUTES}#decisions", done="La décision est retirée.")


ROUTES = [
    ask_decision,
    do_decision,
    show_decision,
    ask_correction,
    do_correction,
    ask_removal,
    do_removal,
]
