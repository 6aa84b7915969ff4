"""The board of decisions, and the search through what committees said."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.decisions.board import (
    WORDS,
    Filters,
    View,
    committees_with_decisions,
    count_views,
    decision_page,
)
from pooling.committees.decisions.queries import with_effects
from pooling.committees.decisions.words import committee_day
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Slice
from pooling.kernel.tables import id_typed
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Caller, Right
from pooling.purchases.finding import find_purchase
from pooling.purchases.models import Purchase
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, form_of
from pooling.web.layout import Link
from pooling.web.typography import number

BOARD = "/comites/decisions"


@get(BOARD, right=Right.SEE_GROUP)
async def show_board(
    here: Here[GroupPage],
    vue: FromQuery[str] = "",
    comite: FromQuery[str] = "",
    achat: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    session, caller, today = here.session, here.caller, here.today
    form = form_of({"comite": comite[:20], "achat": achat[:40]})
    within = Filters(View.OPEN, committee_id=_committee_id(form), purchase_id=await _purchase_id(session, form))
    counts = await count_views(session, caller, within, today)
    view = View(vue) if vue in set(View) else _first_view(counts)
    filters = Filters(view, within.committee_id, within.purchase_id)
    listed = await decision_page(session, caller, filters, today, Slice(apres))
    kept = {name: value for name, value in form.values.items() if value}
    url = here.base + BOARD
    return here.render(
        "committees/board.html",
        ("Comités", "/comites"),
        "Décisions",
        tabs=here.sections("/comites"),
        form=form,
        url=url,
        view=view,
        views=[
            Link(f"{WORDS[one]} ({number(counts[one])})", f"{url}?{urlencode({'vue': one, **kept})}", one is view)
            for one in View
            if one is not View.ORPHAN or counts[one] or view is one
        ],
        filtered=bool(kept),
        manages=caller.may(Right.MANAGE_COMMITTEES),
        decisions=await with_effects(session, listed.items),
        kinds=here.features.subjects,
        **pages_after(url, apres, listed, {"vue": view, **kept}),
        **await _choices(session, caller),
    )


def _first_view(counts: dict[View, int]) -> View:
    return View.MINE if counts[View.MINE] else View.OPEN


def _committee_id(form: Form) -> int | None:
    return id_typed(form.value("comite"))


async def _purchase_id(session: AsyncSession, form: Form) -> int | None:
    if not form.value("achat"):
        return None
    try:
        return (await find_purchase(session, form.value("achat"))).id
    except NotFound:
        return 0


async def _choices(session: AsyncSession, caller: Caller) -> dict[str, Any]:
    purchases = await session.execute(
        select(col(Purchase.reference), col(Purchase.title)).order_by(col(Purchase.id).desc()).limit(100)
    )
    return {
        "committees": [
            (committee.id, f"{committee.title}, {committee_day(committee.local_start)}")
            for committee in await committees_with_decisions(session, caller)
        ],
        "purchases": [(reference, f"{reference} · {title}") for reference, title in purchases],
    }


ROUTES = [show_board]
