"""Planning a committee, moving it, cancelling it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.committees.meetings.reminders import is_reminded
from pooling.committees.meetings.scheduling import cancel_committee, move_committee, schedule_once, whereabouts_errors
from pooling.committees.meetings.schemas import LONGEST_TEXT, CommitteeIn, MoveIn
from pooling.committees.models import CommitteeKind
from pooling.committees.notices.changes import CHANGES
from pooling.committees.page import CommitteePage, managed_committee
from pooling.committees.queries import committee_by_id
from pooling.committees.words import INVITED_ROLES, KIND_WORDS
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.reminders.configuration import ReminderConfiguration
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import plural

CLEAR_DAYS = ("5", "3", "1")
USUAL = {
    "title": "Comité de suivi",
    "hour": "14:00",
    "duration": "120",
    "kind": str(CommitteeKind.WORKING_GROUP),
    "clear_days": "5",
    "take_up": "1",
}
USUAL_ROLES = [str(Role.FACILITATOR), str(Role.REFERENT), str(Role.LEAD_BUYER)]


def _whereabouts(form: Form, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """When and where, as the form has it; all that is wrong with it is told at once."""
    day, hour, place, link = form.date("day"), form.time("hour"), form.text("place"), form.text("link", longest=500)
    minutes = form.integer("duration", smallest=15, largest=24 * 60, default=120)
    for name, sentence in whereabouts_errors(day, hour, place, link, zone, now).items():
        form.refuse(name, sentence)
    return {"day": day, "hour": hour, "duration_minutes": minutes, "place": place, "link": link}


def _kind(form: Form) -> dict[str, Any]:
    """What sort of meeting it is, as the form has it; a working group where it says nothing."""
    kind = form.choice("kind", [str(kind) for kind in CommitteeKind]) if form.value("kind") else USUAL["kind"]
    days = form.choice("clear_days", CLEAR_DAYS) if form.value("clear_days") else USUAL["clear_days"]
    return {"kind": kind, "clear_days": int(days) if days in CLEAR_DAYS else 0}


@get("/comites/nouveau", right=Right.MANAGE_COMMITTEES)
async def ask_scheduling(
    request: Request[Any, Any, Any],
    caller: CallerHere,  # noqa: ARG001 - its provider is the guard
    entered_group: EnteredGroupHere,
    jour: FromQuery[str] = "",
) -> Response[str]:
    """`jour` is the day that the calendar proposed."""
    form = Form(values={**USUAL, "day": jour[:10]}, lists={"roles": USUAL_ROLES})
    return _scheduling_page(request, entered_group, form)


def _scheduling_page(request: Request[Any, Any, Any], group: EnteredGroup, form: Form) -> Response[str]:
    base = f"/g/{group.slug}"
    return render(
        request,
        "committees/new.html",
        breadcrumb=[Link("À faire", base), Link("Comités", f"{base}/comites"), Link("Nouveau comité", None)],
        form=form,
        url=f"{base}/comites",
        roles=[(str(role), label) for role, label in INVITED_ROLES],
        kinds=[(str(kind), word) for kind, word in KIND_WORDS.items()],
        clear_days=[(days, plural(int(days), "jour franc", "jours francs")) for days in CLEAR_DAYS],
    )


@post("/comites/nouveau", right=Right.MANAGE_COMMITTEES)
async def do_scheduling(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    known = {str(role): role for role, _ in INVITED_ROLES}
    values = {
        **_whereabouts(form, ZoneInfo(entered_group.timezone), services_of(request).clock.now()),
        "title": form.text("title", required="Donnez un nom à la réunion.", longest=120),
        **_kind(form),
        "take_up": form.value("take_up") == "1",
        "agenda": form.lines("agenda", longest=LONGEST_TEXT),
        "roles": tuple(known[role] for role in form.all("roles") if role in known),
    }
    committee_id = 0
    with form.redisplayed():
        form.check()
        now, insistence = services_of(request).clock.now(), form.insistence()
        committee_id = await schedule_once(session, caller, CommitteeIn(**values), now, insistence=insistence)
    if form.has_errors:
        raise Redisplay(_scheduling_page(request, entered_group, form))
    url = f"/g/{entered_group.slug}/comites/{committee_id}"
    return redirect(request, url, done=await _planned(request, session, entered_group, committee_id))


async def _planned(request: Request[Any, Any, Any], session: AsyncSession, group: EnteredGroup, key: int) -> str:
    """What is said of a committee that was just planned: that people will be reminded, or that nothing will leave."""
    services, zone, committee = services_of(request), ZoneInfo(group.timezone), await committee_by_id(session, key)
    if await is_reminded(session, features_of(request).kinds, committee, zone, services.clock.now()):
        return "Le comité est prévu. Les relances partiront d’elles-mêmes."
    return "Le comité est prévu. Aucune relance ne partira d’ici là."


@get("/comites/{committee_id:int}/report", right=Right.MANAGE_COMMITTEES)
async def ask_move(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await managed_committee(request, session, caller, committee_id)
    committee = frame.committee
    minutes = int((committee.ends_at - committee.starts_at).total_seconds()) // 60
    values = {
        "day": f"{committee.local_start:%Y-%m-%d}",
        "hour": f"{committee.local_start:%H:%M}",
        "duration": str(minutes),
        "place": committee.place,
        "link": committee.link,
    }
    return _question(request, frame, Form(values=values), move=True)


def _question(request: Request[Any, Any, Any], frame: CommitteePage, form: Form, *, move: bool) -> Response[str]:
    told = "Les personnes déjà prévenues reçoivent un courriel, et leur agenda est mis à jour."
    asked = {
        True: ("Déplacer le comité", "Déplacer ce comité ?", "report", "committees/move.html"),
        False: ("Annuler le comité", "Annuler ce comité ?", "annulation", "committees/cancel.html"),
    }
    label, question, action, template = asked[move]
    kept = "Les relances sont reprogrammées d’après la nouvelle date." if move else "Plus aucune relance ne part."
    return render(
        request,
        template,
        breadcrumb=frame.crumbs(label),
        form=form,
        question=question,
        consequences=[told, kept],
        action_url=f"{frame.url}/{action}",
        action_label=label,
        cancel_url=frame.url,
        danger=not move,
    )


@post("/comites/{committee_id:int}/report", right=Right.MANAGE_COMMITTEES)
async def do_move(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    values = {**_whereabouts(form, frame.zone, frame.now), "reason": form.lines("reason", longest=500)}
    base_url = services_of(request).settings.base_url
    with form.redisplayed():
        form.check()
        await CHANGES.count_here(session, committee_id, at=frame.now)
        move, reminders = MoveIn(**values), services_of(request).part(ReminderConfiguration)
        await move_committee(
            session, caller, committee_id, move, frame.now,
            base_url=base_url, reminders=reminders, insistence=form.insistence(),
        )  # fmt: skip
    if form.has_errors:
        raise Redisplay(_question(request, frame, form, move=True))
    return redirect(request, frame.url, done="Le changement est enregistré.")


@get("/comites/{committee_id:int}/annulation", right=Right.MANAGE_COMMITTEES)
async def ask_cancelling(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[str]:
    frame = await managed_committee(request, session, caller, committee_id)
    return _question(request, frame, Form(), move=False)


@post("/comites/{committee_id:int}/annulation", right=Right.MANAGE_COMMITTEES)
async def do_cancelling(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    committee_id: FromPath[int],
) -> Response[Any]:
    frame = await managed_committee(request, session, caller, committee_id)
    reason = form.lines("reason", longest=500)
    base_url = services_of(request).settings.base_url
    with form.redisplayed():
        form.check()
        reminders = services_of(request).part(ReminderConfiguration)
        await cancel_committee(
            session, caller, committee_id, frame.now, reason=reason, base_url=base_url, reminders=reminders
        )
    if form.has_errors:
        raise Redisplay(_question(request, frame, form, move=False))
    return redirect(request, frame.url, done="Le comité est annulé.")


ROUTES = [ask_scheduling, do_scheduling, ask_move, do_move, ask_cancelling, do_cancelling]
