"""Adjusting what is assigned to what members really take: filled in from receipts, looked at, then kept."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here
from pooling.members.models import Member
from pooling.needs.adjusting import MOST_UNITS, SAY_WHY, Line
from pooling.needs.consolidating import Terms
from pooling.purchases.permissions import may_run
from pooling.receipts.page import SECTION, ReceiptsPage
from pooling.receipts.pages import RECEIPTS
from pooling.receipts.taking import (
    ItemTaken,
    TakenLine,
    Taking,
    adjust_taken,
    differing_lines,
    read_taking,
    taken_lines,
)
from pooling.sharing.money import format_decimal
from pooling.sharing.tiers import PRICE_DECIMALS
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.numbers import typed_number
from pooling.web.typography import number, plural

PATH = f"{SECTION}/ajustement"
ADJUSTMENT = f"{RECEIPTS}/ajustement"
EDITED_LINES = 200
"""Lines on one page: of more, those that would change come first."""
USUAL = "Unités refusées, jamais livrées ou livrées en plus"
RATE_DECIMALS = 2


@get(ADJUSTMENT, right=may_run)
async def ask_taking(here: Here[ReceiptsPage], membre: FromQuery[str] = "") -> Response[str]:
    """Prices and rates in the address, by the code of their item (`prix-arceau`), are filled in: what bills say."""
    form = form_of({"membre": membre})
    proposed = {name: value for name, value in here.request.query_params.items() if name.startswith(("prix-", "tva-"))}
    form.values |= proposed
    if not proposed and not membre and await differing_lines(here.session, here.purchase):
        form.values["reason"] = USUAL
    return await _page(here, form)


async def _page(here: ReceiptsPage, form: Form) -> Response[str]:
    taking, lines = await _shown(here, form)
    if not form.value("version") or form.conflict:
        form.values["version"] = taking.version
    for line in lines:
        form.values.setdefault(_field(line), str(line.units))
    for one in taking.items:
        for name, value in (("prix", one.after.unit_price), ("tva", one.after.vat_rate)):
            form.values.setdefault(f"{name}-{one.item.code}", typed_number(format_decimal(value)))
    shown = sum(line.units != line.assigned for line in lines)
    others = taking.differing - shown
    return here.render(
        "receipts/taking.html",
        "Ajuster",
        form=form,
        path=here.url + PATH,
        frozen=taking.frozen,
        differing=taking.differing,
        items=[_item(one) for one in taking.items if one.lines],
        lines=[_line(line, taking.items) for line in lines],
        others=plural(others, "autre ligne", "autres lignes") if others > 0 else "",
        too_many=taking.lines > EDITED_LINES,
        one_member=lines[0].member if form.value("membre") else "",
    )


async def _shown(here: ReceiptsPage, form: Form) -> tuple[Taking, list[TakenLine]]:
    """All lines where they fit on a page, else those that would change; all of one member where one is named.

    Raises:
        NotFound: that is none that takes something.
    """
    taking = await read_taking(here.session, here.purchase)
    if not (code := form.value("membre").strip()):
        everything = taking.lines <= EDITED_LINES
        return taking, await taken_lines(here.session, taking, EDITED_LINES, everything=everything)
    found = await here.session.execute(select(col(Member.id)).where(col(Member.code) == code))
    members = list(found.scalars())
    lines = await taken_lines(here.session, taking, EDITED_LINES, everything=True, members=members)
    if not lines:
        raise NotFound
    return taking, lines


def _field(line: TakenLine) -> str:
    return f"unites-{line.item_id}-{line.member_id}"


def _item(one: ItemTaken) -> dict[str, Any]:
    return {
        "code": one.item.code,
        "name": one.item.name,
        "unit": one.item.unit,
        "assigned": number(one.assigned),
        "units": number(one.units),
    }


def _line(line: TakenLine, items: Sequence[ItemTaken]) -> dict[str, Any]:
    item = next(one.item for one in items if one.item.id == line.item_id)
    return {
        "field": _field(line),
        "item": item.name,
        "unit": item.unit,
        "member": line.member,
        "said": _said(line),
        "changes": line.units != line.assigned,
    }


def _said(line: TakenLine) -> str:
    said = f"{number(line.assigned)} attribués"
    if line.ordered or line.accepted:
        said += f", {number(line.ordered)} en commande, {number(line.accepted)} acceptés"
    return said


@post(ADJUSTMENT, right=may_run)
async def do_adjust_taken(here: Here[ReceiptsPage], form: PostedForm) -> Response[Any]:
    taking, lines = await _shown(here, form)
    units: dict[Line, int] = {
        (line.item_id, line.member_id): form.integer(field, largest=MOST_UNITS, default=0)
        for line in lines
        if (field := _field(line)) in form.values
    }
    terms = _terms(form, taking.items)
    reason = form.reason(required=SAY_WHY)
    fields = {"units": _field(lines[0]) if lines else "", "terms": "prix-" + taking.items[0].item.code}
    async with form.submitted(lambda: _page(here, form), fields=fields, conflict=""):
        consolidation = await adjust_taken(
            here.session,
            here.caller,
            here.purchase.id,
            here.clock,
            reason=reason,
            units=units,
            terms=terms,
            seen=form.value("version"),
        )
    return here.redirect(SECTION, done=f"La consolidation n° {consolidation} dit ce que chacun prend : sa part suit.")


def _terms(form: Form, items: Sequence[ItemTaken]) -> Mapping[int, Terms]:
    """Of the items whose boxes were there."""
    return {
        one.item.id: Terms(
            Fraction(form.decimal(f"prix-{one.item.code}", places=PRICE_DECIMALS)),
            Fraction(form.decimal(f"tva-{one.item.code}", places=RATE_DECIMALS, largest=100)),
        )
        for one in items
        if f"prix-{one.item.code}" in form.values and f"tva-{one.item.code}" in form.values
    }


ROUTES = [ask_taking, do_adjust_taken]
