"""À faire, and a purchase at a glance."""

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from pooling.accounts.who import signed_in
from pooling.committees.decisions.queries import decisions_about
from pooling.committees.decisions.rules import DECISION
from pooling.committees.decisions.words import due_words
from pooling.home.beginning import first_steps
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.members.task import Task
from pooling.needs.queries import coverage
from pooling.needs.tasks import open_collections
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.purchases.queries import purchase_items
from pooling.purchases.rules import PURCHASE
from pooling.web.layout import Link, render
from pooling.web.services import services_of
from pooling.web.typography import date_long, date_time_long, deadline_words, relative_day


@get("/", right=Right.SIGNED_IN)
async def front_door(request: Request[Any, Any, Any]) -> Response[Any]:
    """One group: go in. Several: choose. None: say so."""
    person = signed_in(request)
    if len(person.groups) == 1:
        return Redirect(f"/g/{person.groups[0].slug}", status_code=303)
    return render(request, "home/groups.html", groups=person.groups)


@get("/", right=Right.SEE_GROUP)
async def show_home(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    now = services_of(request).clock.now()
    zone = ZoneInfo(entered_group.timezone)
    tasks = await features_of(request).tasks(session, caller, now)
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "home/tasks.html",
        breadcrumb=[Link("À faire", None)],
        base=base,
        cards_shown=[_card(task, base, now, zone) for task in tasks],
        steps=await first_steps(session, caller),
        told_of_collections=caller.has(Role.REFERENT),
        collections=[
            (reference, title, deadline_words(closes_at, now, zone), filed, total)
            for reference, title, closes_at, filed, total in await open_collections(session, now)
        ],
    )


def _card(task: Task, base: str, now: Any, zone: ZoneInfo) -> dict[str, Any]:  # noqa: ANN401
    due = None
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
        "url": base + task.path,
        "button": task.button,
        "due": due,
        "state": task.state,
        "context": task.context,
    }


@get("/achats/{reference:str}", right=Right.SEE_GROUP)
async def show_purchase(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reference: FromPath[str],
) -> Response[str]:
    frame = await purchase_page(request, session, caller, reference)
    now = services_of(request).clock.now()
    base = f"/g/{entered_group.slug}"
    mine = [
        task for task in await features_of(request).tasks(session, caller, now) if f"/achats/{reference}/" in task.path
    ]
    return render(
        request,
        "home/purchase.html",
        breadcrumb=frame.breadcrumb,
        frame=frame,
        report_url=f"{base}/comites/difficultes/nouvelle?achat={reference}",
        cards_shown=[_card(task, base, now, frame.zone) for task in mine],
        items=await purchase_items(session, frame.purchase.id),
        may_edit=frame.purchase.state == PurchaseState.DRAFT
        and caller.may(Right.EDIT_PURCHASE, member_id=frame.purchase.lead_member_id, purchase_id=frame.purchase.id),
        may_cancel=PURCHASE.may(frame.purchase.state, PurchaseState.CANCELLED)
        and caller.may(Right.RUN_PURCHASE, purchase_id=frame.purchase.id),
        names_buyers=caller.may(Right.NAME_BUYERS, member_id=frame.purchase.lead_member_id),
        coverage=await coverage(session, frame.purchase.id),
        moments=_moments(frame),
        decisions=await decisions_about(session, caller, frame.purchase.id),
        decision_words=DECISION.words,
        decision_tags=DECISION.tags,
        base=base,
    )


_AWAITED = frozenset(
    {
        PurchaseState.DRAFT,
        PurchaseState.OPEN,
        PurchaseState.CLOSED,
        PurchaseState.ORDERED,
        PurchaseState.CANCELLED,
    }
)


def _moments(frame: PurchasePage) -> list[dict[str, str]]:
    """When the collection closes and the goods come: as planned while that is ahead, as it was once it is behind, with
    what had been planned where it differs.
    """
    purchase, collection, zone = frame.purchase, frame.collection, frame.zone
    planned = date_time_long(collection.closes_at, zone, with_year=True) if collection else ""
    closing = {"label": "Clôture des déclarations", "value": planned or "à fixer"}
    if collection and collection.closed_at:
        closed = date_time_long(collection.closed_at, zone, with_year=True)
        early = f" (elle était prévue {planned})" if planned and planned != closed else ""
        closing = {"label": "Déclarations closes", "value": closed + early}
    expected = date_long(purchase.delivery_expected_on) if purchase.delivery_expected_on else ""
    delivery = {"label": "Livraison prévue", "value": expected or "à fixer"}
    delivered_at = frame.dates.get(PurchaseState.DELIVERED)
    if delivered_at and purchase.state not in _AWAITED:
        delivered = date_long(delivered_at.astimezone(zone).date())
        planned_then = f" (elle était prévue le {expected})" if expected and expected != delivered else ""
        delivery = {"label": "Livraison", "value": f"le {delivered}{planned_then}"}
    return [closing, delivery]


FRONT = [front_door]
ROUTES = [show_home, show_purchase]
