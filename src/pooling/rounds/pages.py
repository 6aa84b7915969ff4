"""The pages of rounds: preparing one, opening and closing it, and what came of it."""

from datetime import datetime, time
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.collections.models import Collection
from pooling.collections.rules import TOO_NEAR, accepts, is_too_near
from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.rounds.finding import choices_of, collection_of
from pooling.rounds.models import CRITERIA, Method, RoundState, Weighting
from pooling.rounds.page import ROUND, ROUNDS, RoundPage
from pooling.rounds.permissions import may_lead
from pooling.rounds.preparing import change_round, content_of, prepare_round, version_of_round
from pooling.rounds.queries import (
    actions_offered,
    own_votes,
    result_of,
    rounds_listed,
    turnout_of,
)
from pooling.rounds.reminding import remind_voters
from pooling.rounds.rules import ROUND as LIFE
from pooling.rounds.rules import criteria_asked, shows_turnout
from pooling.rounds.running import SAY_WHY, cancel_round, close_round, extend_round, open_round
from pooling.rounds.schemas import HIGHEST_WEIGHT, MOST_ACTIONS, MOST_POINTS, RoundIn
from pooling.rounds.words import (
    CRITERION_HINTS,
    CRITERION_WORDS,
    METHOD_WORDS,
    WEIGHTING_WORDS,
    asks,
    discretion,
    rank_words,
    score_words,
    ties,
    turnout_words,
)
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.typography import date_time_long, deadline_words, plural

NEW = f"{ROUNDS}/nouveau"
FIELDS = {"closes_at": "closes_on", "opens_at": "opens_on"}
"""What is said of a date stands at its day; the hour has a field of its own."""
METHODS = [(str(method), word) for method, word in METHOD_WORDS.items()]
WEIGHTINGS = [(str(weighting), word) for weighting, word in WEIGHTING_WORDS.items()]
SECRET, COUNTED, OPENLY = "secret", "counted", "openly"
DISCRETIONS = [
    (
        COUNTED,
        "Secret jusqu’à la clôture, mais on voit qui a voté",
        "Les relances ne vont qu’à ceux qui n’ont pas voté.",
    ),
    (SECRET, "Secret jusqu’à la clôture, même qui a voté", "Les relances vont à tous les référents."),
    (OPENLY, "Ouvert", "Chacun voit à tout moment qui a voté, et quoi."),
]
WORDS: dict[str, Any] = {"score_words": score_words, "rank_words": rank_words}


@get(ROUNDS, right=Right.SEE_GROUP)
async def list_rounds(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    base = here.base + ROUNDS
    listed = await rounds_listed(here.session, Slice(apres))
    return here.render(
        "rounds/list.html",
        ("Actions", "/actions"),
        "Tours de priorisation",
        tabs=here.sections("/actions"),
        rounds=listed.items,
        life=LIFE,
        leads=may_lead(here.caller),
        base=base,
        **pages_after(base, apres, listed),
    )


@get(NEW, right=may_lead)
async def ask_preparing(here: Here[GroupPage]) -> Response[str]:
    offered = await actions_offered(here.session)
    form = form_of({"method": Method.POINTS, "weighting": Weighting.MEMBER, "discretion": COUNTED, "budget": 10})
    form.values |= {f"{mark}_weight": "1" for mark in CRITERIA} | {"opens_at": "08:00", "closes_at": "18:00"}
    form.lists["actions"] = [reference for reference, _ in offered] if len(offered) <= MOST_ACTIONS else []
    return await _preparing_page(here, form)


async def _preparing_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "rounds/form.html",
        ("Actions", "/actions"),
        ("Tours de priorisation", ROUNDS),
        "Préparer",
        **await _fields(here, form),
        heading="Préparer un tour de priorisation",
        target=here.base + NEW,
        back=here.base + ROUNDS,
    )


async def _fields(here: GroupPage, form: Form) -> dict[str, Any]:
    return {
        "form": form,
        "offered": await actions_offered(here.session, form.all("actions")[:MOST_ACTIONS]),
        "methods": METHODS,
        "weightings": WEIGHTINGS,
        "discretions": DISCRETIONS,
        "criteria": [(f"{mark}_weight", CRITERION_WORDS[mark], CRITERION_HINTS[mark]) for mark in CRITERIA],
        "longest": {name: longest_of(RoundIn, name) for name in ("title", "content")},
        "highest_weight": HIGHEST_WEIGHT,
    }


@post(NEW, right=may_lead)
async def do_preparing(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = _read(here, form)
    async with form.submitted(lambda: _preparing_page(here, form), fields=FIELDS):
        found = await prepare_round(here.session, here.caller, command, here.now)
    opens = "il s’ouvrira à sa date" if command.opens_at else "ouvrez-le quand vous voulez"
    return here.to_group(f"{ROUNDS}/{found.reference}", done=f"Le tour est préparé : {opens}.")


def _read(here: GroupPage, form: Form) -> RoundIn:
    """What does not go with the chosen method is not read: it was not to be filled in."""
    method = form.choice("method", list(Method))
    said = form.choice("discretion", [value for value, *_ in DISCRETIONS])
    weights: dict[str, int] = {}
    if method == Method.CRITERIA:
        weights = {f"{mark}_weight": form.integer(f"{mark}_weight", largest=HIGHEST_WEIGHT) for mark in CRITERIA}
    budget = form.integer("budget", smallest=1, largest=MOST_POINTS) if method == Method.POINTS else 10
    actions = tuple(form.all("actions"))
    return form.command(
        RoundIn,
        FIELDS,
        title=form.text("title", required="Donnez un titre au tour.", longest=longest_of(RoundIn, "title")),
        content=form.lines("content", longest=longest_of(RoundIn, "content")),
        actions=actions,
        method=method or Method.POINTS,
        budget=budget,
        weighting=form.choice("weighting", list(Weighting)),
        secret=said != OPENLY,
        turnout_shown=said != SECRET,
        opens_at=_moment(here, form, "opens") if form.value("opens_on").strip() else None,
        closes_at=_moment(here, form, "closes"),
        **weights,
    )


def _moment(here: GroupPage, form: Form, which: str) -> datetime:
    day, hour = form.date(f"{which}_on"), form.time(f"{which}_at")
    return datetime.combine(day or here.today, hour or time.max, tzinfo=here.zone)


@get(f"{ROUND}/fiche", right=may_lead)
async def ask_changing(here: Here[RoundPage]) -> Response[str]:
    content = await content_of(here.session, here.round)
    values: dict[str, object] = {
        name: getattr(content, name) for name in ("title", "content", "method", "budget", "weighting")
    }
    values |= {f"{mark}_weight": getattr(content, f"{mark}_weight") for mark in CRITERIA}
    if content.method == Method.POINTS:
        values |= {f"{mark}_weight": 1 for mark in CRITERIA}
    values["discretion"] = OPENLY if not content.secret else COUNTED if content.turnout_shown else SECRET
    form = form_of({**values, **_typed(here, "opens", content.opens_at), **_typed(here, "closes", content.closes_at)})
    form.lists["actions"] = list(content.actions)
    form.values["version"] = await version_of_round(here.session, here.round)
    return await _changing_page(here, form)


def _typed(here: GroupPage, which: str, moment: datetime | None) -> dict[str, str]:
    if moment is None:
        return {f"{which}_at": "08:00"}
    local = moment.astimezone(here.zone)
    return {f"{which}_on": f"{local:%Y-%m-%d}", f"{which}_at": f"{local:%H:%M}"}


async def _changing_page(here: RoundPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.round)
    if form.conflict == "changed_meanwhile":
        form.values["version"] = await version_of_round(here.session, here.round)
    return here.render(
        "rounds/form.html",
        "Modifier",
        **await _fields(here, form),
        heading=f"Modifier « {here.round.title} »",
        target=f"{here.url}/fiche",
        back=here.url,
    )


@post(f"{ROUND}/fiche", right=may_lead)
async def do_changing(here: Here[RoundPage], form: PostedForm) -> Response[Any]:
    command, shown = _read(here, form), form.value("version")
    async with form.submitted(lambda: _changing_page(here, form), fields=FIELDS, conflict=""):
        await change_round(here.session, here.caller, here.round.reference, command, here.now, shown=shown)
    return here.redirect(done="Le tour est modifié.")


@get(ROUND, right=Right.SEE_GROUP)
async def show_round(here: Here[RoundPage]) -> Response[str]:
    session, found = here.session, here.round
    collection = await collection_of(session, found.id)
    result = await result_of(session, found)
    turnout = result.turnout if result else await turnout_of(session, found)
    leads = may_lead(here.caller)
    return here.render(
        "rounds/round.html",
        found=found,
        life=LIFE,
        leads=leads,
        moves=[state for state in RoundState if leads and LIFE.may(found.state, state)],
        when=_when(here, collection),
        votes=accepts(collection, here.now),
        own=await own_votes(session, found.id, here.caller.members_as(Role.REFERENT)),
        actions=await choices_of(session, found.id),
        result=result,
        turnout=turnout,
        turnout_said=turnout_words(found, turnout) if turnout else "",
        reminds=leads and accepts(collection, here.now) and (turnout is None or turnout.voted < turnout.members),
        hides_turnout=found.state == RoundState.OPEN and not shows_turnout(found),
        asked=asks(found),
        weighting=WEIGHTING_WORDS[Weighting(found.weighting)],
        discretion=discretion(found),
        ties=ties(found),
        criteria=criteria_asked(found),
        marked=[{"label": CRITERION_WORDS[mark], "numeric": True} for mark in criteria_asked(found)],
        highest=_highest(found.method, result),
        parts=await here.features.round_parts(here),
        **WORDS,
    )


def _highest(method: str, result: Any) -> float:  # noqa: ANN401 - ink
    if method == Method.CRITERIA:
        return 5.0
    return max((float(line.ranked.score or 0) for line in result.lines), default=0.0) if result else 0.0


def _when(here: RoundPage, collection: Collection | None) -> list[tuple[str, str]]:
    """When it opens and closes, as planned while that is ahead, as it was once it is behind."""
    found, zone = here.round, here.zone
    if collection is None:
        opens = date_time_long(found.opens_at, zone, with_year=True) if found.opens_at else "quand l’animateur l’ouvre"
        return [("Ouverture", opens), ("Clôture", date_time_long(found.closes_at, zone, with_year=True))]
    opened = date_time_long(collection.opened_at, zone, with_year=True)
    if collection.closed_at is not None:
        return [("Ouverture", opened), ("Clos", date_time_long(collection.closed_at, zone, with_year=True))]
    if not accepts(collection, here.now):  # it is open no more, and the sweep has not been there yet
        closed = date_time_long(collection.closes_at, zone, with_year=True)
        return [("Ouverture", opened), ("Vote terminé", f"{closed} : le résultat arrive dans la minute")]
    return [("Ouverture", opened), ("Vote ouvert", deadline_words(collection.closes_at, here.now, zone))]


@get(f"{ROUND}/ouverture", right=may_lead)
async def ask_opening(here: Here[RoundPage]) -> Response[str]:
    return await _opening_page(here, form_of(_typed(here, "closes", here.round.closes_at)))


async def _opening_page(here: RoundPage, form: Form) -> Response[str]:
    return here.ask(
        "Ouvrir le vote",
        template="rounds/opening.html",
        form=form,
        question="Ouvrir le vote ?",
        consequences=[
            "Les référents de tous les membres peuvent voter ; un courriel le leur dit.",
            "Les membres qui ont une voix, et ce qu’elle pèse, ne changent plus.",
            "Qui a des composantes vote par elles.",
            discretion(here.round),
        ],
        action="/ouverture",
        label="Ouvrir le vote",
        danger=False,
    )


@post(f"{ROUND}/ouverture", right=may_lead)
async def do_opening(here: Here[RoundPage], form: PostedForm) -> Response[Any]:
    closes_at = _typed_deadline(here, form)
    async with form.submitted(lambda: _opening_page(here, form), fields=FIELDS):
        await open_round(
            here.session,
            here.caller,
            here.round.reference,
            here.clock,
            closes_at=closes_at,
            insistence=form.insistence(),
        )
    return here.redirect(done="Le vote est ouvert", mailed="un courriel part aux référents")


def _typed_deadline(here: RoundPage, form: Form) -> datetime:
    closes_at = _moment(here, form, "closes")
    if "closes_on" not in form.errors and is_too_near(closes_at, here.now):
        form.refuse("closes_on", TOO_NEAR)
    return closes_at


@get(f"{ROUND}/prolongation", right=may_lead)
async def ask_extension(here: Here[RoundPage]) -> Response[str]:
    collection = await collection_of(here.session, here.round.id)
    closes_at = collection.closes_at if collection else here.round.closes_at
    return await _extension_page(here, form_of(_typed(here, "closes", closes_at)))


async def _extension_page(here: RoundPage, form: Form) -> Response[str]:
    return here.ask(
        "Changer la date",
        template="rounds/extension.html",
        form=form,
        question="Changer la date de clôture ?",
        consequences=["Tous les référents reçoivent un courriel avec la nouvelle date et votre raison."],
        action="/prolongation",
        label="Changer la date",
        danger=False,
    )


@post(f"{ROUND}/prolongation", right=may_lead)
async def do_extension(here: Here[RoundPage], form: PostedForm) -> Response[Any]:
    closes_at = _typed_deadline(here, form)
    reason = form.reason(required=SAY_WHY)
    async with form.submitted(lambda: _extension_page(here, form), fields=FIELDS):
        await extend_round(
            here.session,
            here.caller,
            here.round.reference,
            closes_at,
            here.clock,
            reason=reason,
            insistence=form.insistence(),
        )
    return here.redirect(done="La nouvelle date est enregistrée", mailed="un courriel part aux référents")


@post(f"{ROUND}/relance", right=may_lead)
async def do_reminding_voters(here: Here[RoundPage]) -> Response[Any]:
    count, written = await remind_voters(
        here.session, here.caller, here.round.reference, here.features.kinds, here.context, here.clock
    )
    whom = "les référents des membres qui n’ont pas voté" if shows_turnout(here.round) else "tous les référents"
    return here.redirect(
        done=f"{plural(count, 'relance est prête', 'relances sont prêtes')} pour {whom}",
        mailed=f"{'elle part' if count == 1 else 'elles partent'} maintenant",
        rings="deliver" if written == count else "sweep",
    )


@get(f"{ROUND}/cloture", right=may_lead)
async def ask_closure(here: Here[RoundPage]) -> Response[str]:
    return await _closure_page(here, Form())


async def _closure_page(here: RoundPage, form: Form) -> Response[str]:
    collection = await collection_of(here.session, here.round.id)
    turnout = await turnout_of(here.session, here.round)
    early = accepts(collection, here.now)
    consequences = [
        "Plus aucun bulletin ne change, et le vote ne se rouvre pas.",
        "Tout le groupe voit le résultat et les bulletins.",
    ]
    if turnout is not None:
        consequences.append(f"{turnout_words(here.round, turnout)}.")
    if early and collection:
        consequences.append(f"La clôture était annoncée pour {date_time_long(collection.closes_at, here.zone)}.")
    return here.ask(
        "Clore le vote",
        template="rounds/closure.html",
        form=form,
        question="Clore le vote ?",
        consequences=consequences,
        action="/cloture",
        label="Clore le vote",
        danger=False,
        early=early,
    )


@post(f"{ROUND}/cloture", right=may_lead)
async def do_closure(here: Here[RoundPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _closure_page(here, form)):
        await close_round(here.session, here.caller, here.round.reference, here.clock, reason=reason)
    return here.redirect(done="Le vote est clos.")


@get(f"{ROUND}/abandon", right=may_lead)
async def ask_cancellation(here: Here[RoundPage]) -> Response[str]:
    return await _cancellation_page(here, Form())


async def _cancellation_page(here: RoundPage, form: Form) -> Response[str]:
    told = ["Les référents reçoivent un courriel avec votre raison."] if here.round.state == RoundState.OPEN else []
    return here.ask(
        "Abandonner",
        template="rounds/cancellation.html",
        form=form,
        question="Abandonner ce tour ?",
        consequences=[
            "Plus personne ne peut voter, et le classement ne se fera pas.",
            "Ce qui était secret le reste.",
            *told,
        ],
        action="/abandon",
        label="Abandonner le tour",
    )


@post(f"{ROUND}/abandon", right=may_lead)
async def do_cancellation(here: Here[RoundPage], form: PostedForm) -> Response[Any]:
    reason = form.reason(required=SAY_WHY)
    async with form.submitted(lambda: _cancellation_page(here, form)):
        await cancel_round(here.session, here.caller, here.round.reference, here.clock, reason=reason)
    return here.redirect(done="Le tour est abandonné.")


ROUTES = [
    list_rounds,
    ask_preparing,
    do_preparing,
    show_round,
    ask_changing,
    do_changing,
    ask_opening,
    do_opening,
    ask_extension,
    do_extension,
    do_reminding_voters,
    ask_closure,
    do_closure,
    ask_cancellation,
    do_cancellation,
]
