"""Clés de répartition: population, agents and weight of everyone who takes part, and since when they stand."""

import asyncio
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import payers_of
from pooling.allocation.editing.member_numbers import has_boxes, numbers_typed, read_numbers
from pooling.allocation.editing.weights import give_weights, weights_editable, weights_of
from pooling.allocation.excerpts import SHOWN_AT_MOST
from pooling.allocation.locking import ChangedMeanwhile, version_of
from pooling.allocation.page import SECTION, trail
from pooling.allocation.words import differences
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import redirect, render
from pooling.web.numbers import typed_number
from pooling.web.services import services_of
from pooling.web.typography import date_short

PATH = "/achats/{reference:str}/couts/cles"
Rows = list[tuple[str, str, str]]


@get(PATH, right=Right.SEE_TOTALS)
async def show_keys(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    return await _page(request, session, caller, frame)


@post(PATH, right=Right.RUN_PURCHASE, **LONG_FORM)
async def do_give_weights(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    caller.require(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    payers = await payers_of(session, frame.purchase.id)
    weights = await asyncio.to_thread(read_numbers, form, "weights", payers)
    with form.redisplayed():
        form.check()
        clock = services_of(request).clock
        try:
            await give_weights(session, caller, frame.purchase.id, weights, clock, shown=form.value("version"))
        except ChangedMeanwhile as changed:
            form.refuse("", changed.message)
            stored = weights_of(await payers_of(session, frame.purchase.id))
            form.values["version"] = version_of(stored)
            names = {payer.code: payer.name for payer in payers}
            conflict = differences(_named(stored, names), _named(weights, names))
            raise Redisplay(await _page(request, session, caller, frame, form, conflict)) from changed
    if form.has_errors:
        raise Redisplay(await _page(request, session, caller, frame, form))
    return redirect(request, f"{frame.url}{SECTION}/cles", done="Les poids sont enregistrés.")


def _named(weights: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    return {names.get(code, code): typed_number(weight) for code, weight in weights.items()}


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    frame: PurchasePage,
    form: Form | None = None,
    conflict: Rows | None = None,
) -> Response[str]:
    payers = await payers_of(session, frame.purchase.id)
    weights = weights_of(payers)
    editable = weights_editable(frame.purchase) and caller.may(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    typed = Form(values={"version": version_of(weights), **numbers_typed("weights", weights, payers)})
    frozen_at = frame.purchase.keys_frozen_at
    return render(
        request,
        "allocation/keys.html",
        breadcrumb=trail(frame, "Clés de répartition"),
        form=form or typed,
        here=frame,
        payers=payers if editable and has_boxes(payers) else payers[:SHOWN_AT_MOST],
        hidden=max(len(payers) - SHOWN_AT_MOST, 0),
        boxes=has_boxes(payers),
        weights={code: typed_number(weight) for code, weight in weights.items()},
        editable=editable,
        conflict=conflict,
        action_url=f"{frame.url}{SECTION}/cles",
        cancel_url=frame.url + SECTION,
        frozen_on=date_short(frozen_at.astimezone(frame.zone)) if frozen_at else None,
    )


ROUTES = [show_keys, do_give_weights]
