"""« Suivi » : a purchase's life on one page, who has filed, who has a draft, who is silent, and reminding them."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.accounts.throttle import DAY
from pooling.collections.rules import accepts
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.needs.consolidating import current_consolidation
from pooling.needs.life import Moment, Status, drawing, moments
from pooling.needs.page import DECLARATION, DeclarationPage
from pooling.needs.permissions import may_gather, may_see_all_needs
from pooling.needs.queries import Answered, Coverage, coverage, member_page
from pooling.needs.reminding_silent import remind_member, reminded_at
from pooling.purchases.page import PurchasePage
from pooling.web.cursors import pages_after, with_query
from pooling.web.forms import Form
from pooling.web.typography import date_short, number, of_name, plural

SECTION = "/suivi"
ANSWERS = {
    Answered.FILED: "Déposées",
    Answered.NO_NEED: "Sans besoin",
    Answered.DRAFT: "Brouillons",
    Answered.SILENT: "Sans réponse",
}
LIFE = f"/achats/{{reference:str}}{SECTION}"
_STATUSES = {
    Status.DONE: ("done", "Fait"),
    Status.PLANNED: ("due", "Prévu"),
    Status.OPEN: ("neutral", "À venir"),
    Status.GIVEN_UP: ("cancelled", "Annulé"),
}


@get(LIFE, right=may_see_all_needs)
async def show_life(
    here: Here[PurchasePage], etat: FromQuery[str] = "", q: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    frozen = await current_consolidation(here.session, here.purchase.id)
    told = moments(here.purchase, here.collection, here.dates, frozen.frozen_at if frozen else None, here.zone)
    asks = {}
    if here.collection is not None:
        asks = await _answers(here, next((one for one in Answered if one == etat), None), q.strip()[:100], apres)
    return here.render(
        "needs/life.html",
        told=[_told(moment) for moment in told],
        drawn=drawing(told, here.now.astimezone(here.zone).date()),
        statuses=_STATUSES,
        asks=asks,
        **asks,
    )


def _told(moment: Moment) -> tuple[str, str, tuple[str, str]]:
    day = date_short(moment.day) if moment.day else "–"
    return moment.label, f"{day} ({moment.note})" if moment.note else day, _STATUSES[moment.status]


async def _answers(here: PurchasePage, answer: Answered | None, search: str, after: str) -> dict[str, Any]:
    """Who has answered what, of those who are looked for."""
    covered = await coverage(here.session, here.purchase.id)
    listed = await member_page(here.session, here.purchase.id, Slice(after), answer=answer, search=search)
    path, query = here.url + SECTION, {name: said for name, said in (("etat", answer or ""), ("q", search)) if said}
    gathers = accepts(here.collection, here.now) and may_gather(here.caller, here.purchase)
    return {
        "coverage": covered,
        "lines": listed.items,
        "filters": _filters(covered, answer, path, search),
        "form": Form(values={"q": search, "etat": answer or ""}),
        "answer": answer or "",
        "search": search,
        "gathers": gathers,
        "reminders": await _reminders(here, [line.member_id for line in listed.items]) if gathers else {},
        "reminds": gathers and covered.filed < covered.participants,
        **pages_after(path, after, listed, query),
    }


async def _reminders(here: PurchasePage, members: list[int]) -> dict[int, str]:
    """By member, what is said in place of « Relancer »: nothing where it may be pressed."""
    assert here.collection is not None, "it is open"
    found = await reminded_at(here.session, here.collection, members)
    return {member: _instead(member in found, found.get(member), here.now) for member in members}


def _instead(has_referent: bool, at: datetime | None, now: datetime) -> str:  # noqa: FBT001
    if not has_referent:
        return "pas de référent à relancer"
    return "relancé depuis moins d’un jour" if at is not None and at > now - DAY else ""


def _filters(covered: Coverage, chosen: Answered | None, path: str, search: str) -> list[dict[str, Any]]:
    """All, and each answer with how many gave it."""
    counts = {
        None: covered.participants,
        Answered.FILED: covered.in_need,
        Answered.NO_NEED: covered.no_need,
        Answered.DRAFT: covered.drafts,
        Answered.SILENT: covered.silent,
    }
    return [
        {
            "label": f"{ANSWERS[answer] if answer else 'Tous'} ({number(count)})",
            "url": with_query(path, {name: said for name, said in (("etat", answer or ""), ("q", search)) if said}),
            "current": answer == chosen,
        }
        for answer, count in counts.items()
    ]


@post(f"{DECLARATION}/relance", right=may_gather)
async def do_reminding_member(here: Here[DeclarationPage]) -> Response[Any]:
    count, written = await remind_member(
        here.session, here.caller, here.purchase.id, here.member, here.features.kinds, here.context, here.clock
    )
    ready = plural(count, "relance est prête", "relances sont prêtes")
    done = f"{ready} pour les référents {of_name(here.member.name)}"
    mailed = f"{'elle part' if count == 1 else 'elles partent'} maintenant"
    return here.redirect(SECTION, done=done, mailed=mailed, rings="deliver" if written == count else "sweep")


ROUTES = [show_life, do_reminding_member]
