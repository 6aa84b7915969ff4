"""À faire, and a purchase at a glance."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from pooling.accounts.who import signed_in
from pooling.committees.decisions.queries import decisions_about
from pooling.committees.decisions.words import due_words
from pooling.home.beginning import first_steps
from pooling.home.beside import beside
from pooling.home.whereabouts import Whereabouts, whereabouts
from pooling.members.administration_pages import BASE as ADMINISTRATION
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.members.task import Task
from pooling.needs.queries import coverage
from pooling.needs.tasks import open_collections
from pooling.purchases.kinds.parts import Part
from pooling.purchases.lots import ARRANGED
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_edit, may_name_buyers, may_run
from pooling.purchases.queries import purchase_items
from pooling.purchases.rules import ONCE_CLOSED
from pooling.web.layout import render
from pooling.web.typography import date_long, date_time_long, deadline_words, relative_day

SOON = timedelta(days=7)


@get("/", right=Right.SIGNED_IN)
async def front_door(request: Request[Any, Any, Any]) -> Response[Any]:
    """One group: go in. Several: choose. None: say so, or go where one administers."""
    person = signed_in(request)
    if len(person.groups) == 1:
        return Redirect(f"/g/{person.groups[0].slug}", status_code=303)
    if not person.groups and person.administrator:
        return Redirect(ADMINISTRATION, status_code=303)
    return render(request, "home/groups.html", groups=person.groups)


@get("/", right=Right.SEE_GROUP)
async def show_home(here: Here[GroupPage]) -> Response[str]:
    collections = await open_collections(here.session, here.now)
    return here.render(
        "home/tasks.html",
        cards_shown=_by_weight(await here.features.tasks(here.session, here.caller, here.now), here),
        steps=await first_steps(here.session, here.caller),
        told_of_collections=here.caller.has(Role.REFERENT),
        collections=[
            (reference, title, deadline_words(closes_at, here.now, here.zone), filed, total)
            for reference, title, closes_at, filed, total in collections
        ],
    )


def _by_weight(tasks: Sequence[Task], here: GroupPage) -> list[dict[str, Any]]:
    """The first card, what is late and what is due soon stand out; fifteen of one weight would hide them."""
    soon = here.now.astimezone(here.zone).date() + SOON
    cards = [_card(task, here) for task in tasks]
    for task, card in list(zip(tasks, cards, strict=True))[1:]:
        day = _day(task, here)
        if task.state == "due" and (day is None or day > soon):
            card["state"] = "later"
    return cards


def _day(task: Task, here: GroupPage) -> date | None:
    return task.due_on or (task.due_at.astimezone(here.zone).date() if task.due_at else None)


def _card(task: Task, here: GroupPage) -> dict[str, Any]:
    due, now, zone = None, here.now, here.zone
    if task.due_on is not None:
        today = now.astimezone(zone).date()
        due = f"Pour le {date_long(task.due_on)} ({due_words(task.due_on, today)})"
    elif task.due_at is not None:
        day = relative_day(task.due_at.astimezone(zone).date(), now.astimezone(zone).date())
        when = date_time_long(task.due_at, zone) if "/comites/" in task.path else deadline_words(task.due_at, now, zone)
        due = when if when.startswith(day) else f"{when} ({day})"
        due = due[0].upper() + due[1:]
    return {
        "sentence": task.sentence,
        "url": here.base + task.path,
        "button": task.button,
        "due": due,
        "state": task.state,
        "context": task.context,
    }


@get("/achats/{reference:str}", right=Right.SEE_GROUP)
async def show_purchase(here: Here[PurchasePage]) -> Response[str]:
    session, caller, purchase = here.session, here.caller, here.purchase
    tasks = await here.features.tasks_of_purchase(session, caller, here.now, purchase.reference)
    served, experiences = await beside(session, purchase)
    return here.render(
        "home/purchase.html",
        cards_shown=[_card(task, here) for task in tasks],
        items=await purchase_items(session, purchase.id),
        may_edit=purchase.state == PurchaseState.DRAFT and may_edit(caller, purchase),
        may_arrange_lots=purchase.state in ARRANGED and here.kind.has(Part.ITEMS) and may_edit(caller, purchase),
        may_cancel=here.kind.life.may(purchase.state, PurchaseState.CANCELLED) and may_run(caller, purchase),
        next_step=here.kind.next_step(purchase.state) if may_run(caller, purchase) else None,
        may_prepare=caller.may_somewhere(Right.PREPARE_PURCHASE),
        names_buyers=may_name_buyers(caller, purchase),
        coverage=await coverage(session, purchase.id),
        moments=_moments(here),
        decisions=await decisions_about(session, caller, ("purchase", purchase.id)),
        whereabouts=await _whereabouts(here),
        served=served,
        may_serve=may_edit(caller, purchase),
        experiences=experiences,
    )


async def _whereabouts(here: PurchasePage) -> Sequence[Whereabouts]:
    """Nothing is asked of a purchase whose orders cannot have been made yet."""
    if not here.kind.has(Part.ORDERS) or here.purchase.state not in ONCE_CLOSED:
        return []
    return await whereabouts(here.session, here.caller, here.purchase.id)


_AWAITED = frozenset(
    {
        PurchaseState.DRAFT,
        PurchaseState.OPEN,
        PurchaseState.CLOSED,
        PurchaseState.ORDERED,
        PurchaseState.CANCELLED,
    }
)


def _moments(here: PurchasePage) -> list[dict[str, str]]:
    """When the collection closes and the goods come: as planned while that is ahead, as it was once it is behind, with
    what had been planned where it differs.
    """
    purchase, collection, zone = here.purchase, here.collection, here.zone
    planned = date_time_long(collection.closes_at, zone, with_year=True) if collection else ""
    answers = f"{here.kind.asking.answer}s" if here.kind.asking else ""
    closing = {"label": f"Clôture des {answers}", "value": planned or "à fixer"}
    if collection and collection.closed_at:
        closed = date_time_long(collection.closed_at, zone, with_year=True)
        early = f" (elle était prévue {planned})" if planned and planned != closed else ""
        closing = {"label": f"{answers.capitalize()} closes", "value": closed + early}
    expected = date_long(purchase.delivery_expected_on) if purchase.delivery_expected_on else ""
    delivery = {"label": f"{here.kind.due} prévue", "value": expected or "à fixer"}
    delivered_at = here.dates.get(PurchaseState.DELIVERED)
    if delivered_at and purchase.state not in _AWAITED:
        delivered = date_long(delivered_at.astimezone(zone).date())
        planned_then = f" (elle était prévue le {expected})" if expected and expected != delivered else ""
        delivery = {"label": here.kind.due, "value": f"le {delivered}{planned_then}"}
    return [closing, delivery] if here.kind.asking else [delivery]


FRONT = [front_door]
ROUTES = [show_home, show_purchase]
