"""Clés de répartition: population, agents and weight of everyone who takes part, and since when they stand."""

import asyncio
from typing import Any

from litestar import Response, get, post

from pooling.allocation.case import count_payers, payers_of
from pooling.allocation.editing.member_numbers import MOST_BOXES, has_boxes, numbers_typed, read_numbers
from pooling.allocation.editing.weights import give_weights, weights_editable, weights_given, weights_of
from pooling.allocation.listing import SHOWN_AT_MOST
from pooling.allocation.page import SECTION
from pooling.kernel.versions import ChangedMeanwhile, differences, version_of
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.numbers import typed_number
from pooling.web.typography import date_short

PATH = "/achats/{reference:str}/couts/cles"
Rows = list[tuple[str, str, str]]


@get(PATH, right=Right.SEE_TOTALS)
async def show_keys(here: Here[PurchasePage]) -> Response[str]:
    return await _page(here)


@post(PATH, right=may_run, **LONG_FORM)
async def do_give_weights(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    session, purchase = here.session, here.purchase
    payers = await payers_of(session, purchase.id)
    weights = await asyncio.to_thread(read_numbers, form, "weights", payers)
    async with form.submitted(lambda: _page(here, form)):
        try:
            await give_weights(session, here.caller, purchase.id, weights, here.clock, shown=form.value("version"))
        except ChangedMeanwhile as changed:
            form.refuse("", changed.message)
            stored = await weights_given(session, purchase.id)
            form.values["version"] = version_of(stored)
            names = {payer.code: payer.name for payer in payers}
            conflict = differences(_named(stored, names), _named(weights, names))
            raise Redisplay(await _page(here, form, conflict)) from changed
    return here.redirect(f"{SECTION}/cles", done="Les poids sont enregistrés.")


def _named(weights: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    return {names.get(code, code): typed_number(weight) for code, weight in weights.items()}


async def _page(here: PurchasePage, form: Form | None = None, conflict: Rows | None = None) -> Response[str]:
    payers = await payers_of(here.session, here.purchase.id, most=MOST_BOXES + 1)
    editable = weights_editable(here.purchase) and may_run(here.caller, here.purchase)
    if editable and form is None:
        weights = await weights_given(here.session, here.purchase.id)
        form = Form(values={"version": version_of(weights), **numbers_typed("weights", weights, payers)})
    shown = payers if editable and has_boxes(payers) else payers[:SHOWN_AT_MOST]
    frozen_at = here.purchase.keys_frozen_at
    return here.render(
        "allocation/keys.html",
        ("Coûts", SECTION),
        "Clés de répartition",
        form=form,
        payers=shown,
        hidden=await count_payers(here.session, here.purchase.id) - len(shown),
        boxes=has_boxes(payers),
        weights={code: typed_number(weight) for code, weight in weights_of(shown).items()},
        editable=editable,
        conflict=conflict,
        action_url=f"{here.url}{SECTION}/cles",
        cancel_url=here.url + SECTION,
        frozen_on=date_short(frozen_at.astimezone(here.zone)) if frozen_at else None,
    )


ROUTES = [show_keys, do_give_weights]
