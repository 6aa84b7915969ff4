"""Planning a committee, moving it, cancelling it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.committees.meetings.reminders import is_reminded
from pooling.committees.meetings.scheduling import cancel_committee, move_committee, schedule_once, whereabouts_errors
from pooling.committees.meetings.schemas import LONGEST_TEXT, CommitteeIn, MoveIn, Whereabouts
from pooling.committees.models import CommitteeKind
from pooling.committees.notices.changes import CHANGES
from pooling.committees.page import CommitteePage
from pooling.committees.queries import committee_by_id
from pooling.committees.words import INVITED_ROLES, KIND_WORDS
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.reminders.configuration import ReminderConfiguration
from pooling.web.forms import Form, PostedForm, longest_of
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
    day, hour, place = form.date("day"), form.time("hour"), form.text("place")
    link = form.text("link", longest=longest_of(Whereabouts, "link"))
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
async def ask_scheduling(here: Here[GroupPage], jour: FromQuery[str] = "") -> Response[str]:
    """`jour` is the day that the calendar proposed."""
    return await _scheduling_page(here, Form(values={**USUAL, "day": jour[:10]}, lists={"roles": USUAL_ROLES}))


async def _scheduling_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "committees/new.html",
        ("Comités", "/comites"),
        "Nouveau comité",
        form=form,
        url=f"{here.base}/comites",
        roles=[(str(role), label) for role, label in INVITED_ROLES],
        kinds=[(str(kind), word) for kind, word in KIND_WORDS.items()],
        clear_days=[(days, plural(int(days), "jour franc", "jours francs")) for days in CLEAR_DAYS],
    )


@post("/comites/nouveau", right=Right.MANAGE_COMMITTEES)
async def do_scheduling(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    known = {str(role): role for role, _ in INVITED_ROLES}
    values = {
        **_whereabouts(form, here.zone, here.now),
        "title": form.text("title", required="Donnez un nom à la réunion.", longest=longest_of(CommitteeIn, "title")),
        **_kind(form),
        "take_up": form.value("take_up") == "1",
        "agenda": form.lines("agenda", longest=LONGEST_TEXT),
        "roles": tuple(known[role] for role in form.all("roles") if role in known),
    }
    insistence = form.insistence()
    async with form.submitted(lambda: _scheduling_page(here, form)):
        command = CommitteeIn(**values)
        committee_id = await schedule_once(here.session, here.caller, command, here.now, insistence=insistence)
    return here.redirect(f"/comites/{committee_id}", done=await _planned(here, committee_id))


async def _planned(here: GroupPage, committee_id: int) -> str:
    """What is said of a committee that was just planned: that people will be reminded, or that nothing will leave."""
    committee = await committee_by_id(here.session, committee_id)
    if await is_reminded(here.session, here.features.kinds, committee, here.zone, here.now):
        return "Le comité est prévu. Les relances partiront d’elles-mêmes."
    return "Le comité est prévu. Aucune relance ne partira d’ici là."


@get("/comites/{committee_id:int}/report", right=Right.MANAGE_COMMITTEES)
async def ask_move(here: Here[CommitteePage]) -> Response[str]:
    committee = here.committee
    minutes = int((committee.ends_at - committee.starts_at).total_seconds()) // 60
    values = {
        "day": f"{committee.local_start:%Y-%m-%d}",
        "hour": f"{committee.local_start:%H:%M}",
        "duration": str(minutes),
        "place": committee.place,
        "link": committee.link,
    }
    return await _question(here, Form(values=values), move=True)


async def _question(here: CommitteePage, form: Form, *, move: bool) -> Response[str]:
    told = "Les personnes déjà prévenues reçoivent un courriel, et leur agenda est mis à jour."
    asked = {
        True: ("Déplacer le comité", "Déplacer ce comité ?", "report", "committees/move.html"),
        False: ("Annuler le comité", "Annuler ce comité ?", "annulation", "committees/cancel.html"),
    }
    label, question, action, template = asked[move]
    kept = "Les relances sont reprogrammées d’après la nouvelle date." if move else "Plus aucune relance ne part."
    return here.ask(
        label,
        template=template,
        form=form,
        question=question,
        consequences=[told, kept],
        action=f"/{action}",
        label=label,
        danger=not move,
    )


@post("/comites/{committee_id:int}/report", right=Right.MANAGE_COMMITTEES)
async def do_move(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    values = {**_whereabouts(form, here.zone, here.now), "reason": form.reason()}
    insistence = form.insistence()
    async with form.submitted(lambda: _question(here, form, move=True)):
        await CHANGES.count_here(here.session, here.committee.id, at=here.now)
        await move_committee(
            here.session,
            here.caller,
            here.committee.id,
            MoveIn(**values),
            here.now,
            base_url=here.services.settings.base_url,
            reminders=here.services.part(ReminderConfiguration),
            insistence=insistence,
        )
    return here.redirect(done="Le changement est enregistré.")


@get("/comites/{committee_id:int}/annulation", right=Right.MANAGE_COMMITTEES)
async def ask_cancelling(here: Here[CommitteePage]) -> Response[str]:
    return await _question(here, Form(), move=False)


@post("/comites/{committee_id:int}/annulation", right=Right.MANAGE_COMMITTEES)
async def do_cancelling(here: Here[CommitteePage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _question(here, form, move=False)):
        await cancel_committee(
            here.session,
            here.caller,
            here.committee.id,
            here.now,
            reason=reason,
            base_url=here.services.settings.base_url,
            reminders=here.services.part(ReminderConfiguration),
        )
    return here.redirect(done="Le comité est annulé.")


ROUTES = [ask_scheduling, do_scheduling, ask_move, do_move, ask_cancelling, do_cancelling]
