"""Consolidation: what the needs add up to, how the lead buyer shares what does not fit, who gets what, freezing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.apart import Work, apart
from pooling.kernel.errors import NotFound
from pooling.kernel.sheet_writing import XLSX
from pooling.kernel.slices import Slice
from pooling.kernel.tables import any_of
from pooling.members.group_page import Here
from pooling.needs.adjusting import ADJUSTING
from pooling.needs.consolidating import (
    ConsolidationOptions,
    FrozenConsolidation,
    Options,
    latest_consolidation,
    order_outlook,
    terms_of,
    totals_by_lot,
    units_ordered,
)
from pooling.needs.details import SHOWN_AT_MOST, filed_details
from pooling.needs.files import Asked, item_workbook, order_workbook
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.item_shares import ShareLine, item_shares
from pooling.needs.models import Assignment
from pooling.needs.permissions import may_see_all_needs
from pooling.needs.queries import REMARKS_AT_MOST, coverage, remarks_of, silent_members
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items, successors
from pooling.purchases.size import has_many
from pooling.sharing.comparison import next_tier_outlook
from pooling.sharing.consolidation_case import IncompletePack, Rationing
from pooling.sharing.consolidation_result import Consolidation
from pooling.sharing.tiers import line_total
from pooling.web.cursors import pages_after, with_query
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import NBSP, date_time_long, euros, number, plural, price

SECTION = "/consolidation"
PATH = f"/achats/{{reference:str}}{SECTION}"
CURRENCY = "EUR"

RULES = (
    (Rationing.PROPORTIONAL, "En proportion des demandes"),
    (Rationing.FIRST_COME, "Dans l’ordre d’arrivée des déclarations"),
    (Rationing.MAX_MIN, "Une unité chacun à son tour"),
)
PACKS = (
    (IncompletePack.ROUND_DOWN, "Commander des lots entiers, sans dépasser ce que chacun accepte"),
    (IncompletePack.ROUND_UP, "Compléter le dernier lot : le pilote garde le surplus"),
)
TOLERANCES = (
    ("oui", "Oui, si le total baisse"),
    ("non", "Non, seulement pour compléter un lot ou atteindre le minimum"),
)
STATUSES = {
    "ok": ("done", "Commande possible"),
    "nothing_declared": ("neutral", "Aucun besoin"),
    "minimum_not_reached": ("overdue", "Minimum non atteint"),
    "below_one_pack": ("overdue", "Moins d’un lot"),
}


def read_options(given: Mapping[str, str], items: list[ItemShown]) -> Options:
    """The choices of the form, as the page's address or the posted form carries them; anything else is the default."""
    rules = {str(rule): rule for rule, _ in RULES}
    packs = {str(pack): pack for pack, _ in PACKS}
    return {
        item.code: ConsolidationOptions(
            rules.get(given.get(f"regle-{item.code}", ""), Rationing.PROPORTIONAL),
            packs.get(given.get(f"lot-{item.code}", ""), IncompletePack.ROUND_DOWN),
            given.get(f"tolerance-{item.code}", "oui") != "non",
        )
        for item in items
    }


def written_options(options: Options) -> dict[str, str]:
    """Options as the form's fields write them."""
    written: dict[str, str] = {}
    for code, chosen in options.items():
        written[f"regle-{code}"] = str(chosen.rule)
        written[f"lot-{code}"] = str(chosen.incomplete_pack)
        written[f"tolerance-{code}"] = "oui" if chosen.use_tolerance_for_tier else "non"
    return written


@get(PATH, right=may_see_all_needs)
async def show_consolidation(here: Here[PurchasePage]) -> Response[str]:
    """What would be ordered of each item with what is filed, and the effect of another choice before it is made."""
    return await _page(here, Form())


async def _page(here: PurchasePage, form: Form) -> Response[str]:
    session, purchase = here.session, here.purchase
    items = await purchase_items(session, purchase.id)
    frozen = await latest_consolidation(session, purchase.id)
    given = form.values or dict(here.request.query_params)
    options = _chosen(given, items, frozen)
    results = await order_outlook(session, purchase.id, items, options)
    covered = await coverage(session, purchase.id)
    asks_for = purchase.state == PurchaseState.OPEN and covered.filed < covered.participants
    runs = may_run(here.caller, purchase)
    adjusted = frozen is not None and frozen.counts and frozen.adjusts
    form.values = {**written_options(options), **form.values}
    return here.render(
        "needs/consolidation.html",
        "Consolidation",
        form=form,
        items={item.code: item for item in items},
        results=results,
        outlooks={code: next_tier_outlook(result) for code, result in results.items()},
        coverage=covered,
        silent=await silent_members(session, purchase.id) if asks_for else [],
        remarks=await remarks_of(session, purchase.id),
        remarks_at_most=REMARKS_AT_MOST,
        frozen=frozen,
        adjusted=await _adjusted(here, frozen, items) if frozen and adjusted else [],
        adjusts=runs and adjusted and purchase.state in ADJUSTING and here.kind.has(Part.ORDERS),
        successors=await successors(session, purchase.id),
        total=euros(sum(result.total for result in results.values())),
        lot_totals={lot: euros(cents) for lot, cents in totals_by_lot(items, results).items()},
        may_close=runs and purchase.state == PurchaseState.OPEN,
        may_reopen=runs and purchase.state == PurchaseState.CLOSED,
        may_freeze=runs and purchase.state == PurchaseState.CLOSED and not adjusted,
        fields=written_options(options),
        query=urlencode(written_options(options)),
        files=_files(here, options) if items else [],
        rules=RULES,
        packs=PACKS,
        tolerances=TOLERANCES,
        tier_steps={item.code: _steps(item) for item in items},
        statuses=STATUSES,
    )


async def _adjusted(here: PurchasePage, frozen: FrozenConsolidation, items: list[ItemShown]) -> list[dict[str, str]]:
    """What members really take of each item, and at what it is paid."""
    units, terms = await units_ordered(here.session, frozen.id), await terms_of(here.session, frozen, items)
    return [
        {
            "name": item.name,
            "units": number(units.get(item.code, 0)),
            "price": price(terms[item.id].unit_price),
            "total": euros(line_total(units.get(item.code, 0), terms[item.id].unit_price)),
        }
        for item in items
    ]


def _chosen(given: Mapping[str, str], items: list[ItemShown], frozen: FrozenConsolidation | None) -> Options:
    """What was chosen here; otherwise what the frozen consolidation was made with, if it still counts."""
    chosen = any(name.startswith("regle-") for name in given)
    return frozen.options if frozen and frozen.counts and not chosen else read_options(given, items)


def _files(here: PurchasePage, options: Options) -> list[dict[str, str]]:
    query = urlencode(written_options(options))
    return [{"label": "Commande XLSX", "url": f"{here.url}{SECTION}/commande.xlsx?{query}"}]


def _steps(item: ItemShown) -> list[dict[str, Any]]:
    return [
        {"threshold": 0, "price": price(item.unit_price)},
        *({"threshold": threshold, "price": price(tier)} for threshold, tier in item.tiers),
    ]


@get(f"{PATH}/{{item:str}}", right=may_see_all_needs)
async def show_item(here: Here[PurchasePage], item: FromPath[str], apres: FromQuery[str] = "") -> Response[str]:
    """Who gets what of one item and what it costs each, with and without tolerance for a price tier."""
    frozen = await latest_consolidation(here.session, here.purchase.id)
    shown, options = await _item(here, item, frozen)
    compared = await item_shares(here.session, here.purchase, shown, options, Slice(apres))
    query = {name: value for name, value in here.request.query_params.items() if name != "apres"}
    path = f"{here.url}{SECTION}/{shown.code}"
    return here.render(
        "needs/item.html",
        ("Consolidation", SECTION),
        shown.name,
        remarks=await remarks_of(here.session, here.purchase.id),
        remarks_at_most=REMARKS_AT_MOST,
        item=shown,
        said=await filed_details(here.session, here.purchase.id, item_id=shown.id, most=SHOWN_AT_MOST),
        said_at_most=SHOWN_AT_MOST,
        outdated=frozen.outdated if frozen else "",
        adjusted=frozen if frozen and frozen.counts and frozen.adjusts else None,
        taken=await _taken(here, frozen, shown, compared.lines.items) if frozen else {},
        taken_units=number((await units_ordered(here.session, frozen.id)).get(shown.code, 0)) if frozen else "",
        chosen=options[shown.code],
        rule=dict(RULES)[options[shown.code].rule],
        compared=compared,
        orders=[
            _order("À commander sans viser de palier", compared.without, shown),
            _order("À commander en visant un palier", compared.with_tolerance, shown),
        ],
        lines=compared.lines.items,
        lead_id=here.purchase.lead_member_id,
        files=[{"label": "XLSX", "url": with_query(f"{path}/consolidation.xlsx", query)}],
        **pages_after(path, apres, compared.lines, query),
    )


async def _taken(
    here: PurchasePage, frozen: FrozenConsolidation, item: ItemShown, lines: Sequence[ShareLine]
) -> dict[int, str]:
    """What each of these members really takes, by its id."""
    found = await here.session.execute(
        select(col(Assignment.member_id), col(Assignment.quantity)).where(
            col(Assignment.consolidation_id) == frozen.id,
            col(Assignment.item_id) == item.id,
            any_of(col(Assignment.member_id), [line.member_id for line in lines]),
        )
    )
    return {member_id: number(units) for member_id, units in found}


def _order(label: str, result: Consolidation, item: ItemShown) -> dict[str, str]:
    """A key figure: the units, their cost, and how much of the tolerances they take."""
    used = f", dont {plural(result.tolerance_used, item.unit)} de tolérance" if result.tolerance_used else ""
    return {"label": label, "value": plural(result.order, item.unit), "note": f"{euros(result.total)} HT{used}"}


async def _item(here: PurchasePage, code: str, frozen: FrozenConsolidation | None) -> tuple[ItemShown, Options]:
    items = await purchase_items(here.session, here.purchase.id)
    found = next((item for item in items if item.code == code), None)
    if found is None:
        raise NotFound
    given = dict(here.request.query_params)
    if frozen is not None and frozen.counts and f"regle-{code}" not in given:
        return found, {found.code: ConsolidationOptions(), **frozen.options}
    return found, read_options(given, items)


def _facts(here: PurchasePage, document: str, frozen: FrozenConsolidation | None, options: Options) -> dict[str, str]:
    """Where a file's figures come from: what was frozen, or an attempt that nothing keeps."""
    if frozen is not None and frozen.counts and frozen.adjusts:
        basis = f"quantités déclarées ; la consolidation n°{NBSP}{frozen.number} dit ce que chacun a pris depuis"
        dated = f"chiffres du {date_time_long(here.now, here.zone, with_year=True)}"
    elif frozen is not None and frozen.counts and options == frozen.options:
        frozen_at = date_time_long(frozen.frozen_at, here.zone, with_year=True)
        basis, dated = f"consolidation n°{NBSP}{frozen.number}", f"figée {frozen_at}"
    else:
        now = date_time_long(here.now, here.zone, with_year=True)
        basis, dated = "quantités déclarées à ce jour", f"chiffres du {now}, qui peuvent encore changer"
    return {
        "Document": document,
        "Achat": f"{here.purchase.reference} {here.purchase.title}",
        "Groupe": here.group.name,
        "Quantités": basis,
        "Date": dated,
        "Devise": CURRENCY,
    }


@get(f"{PATH}/{{item:str}}/consolidation.xlsx", right=may_see_all_needs)
async def download_item(here: Here[PurchasePage], item: FromPath[str]) -> Response[bytes]:
    frozen = await latest_consolidation(here.session, here.purchase.id)
    shown, options = await _item(here, item, frozen)
    facts = _facts(here, f"Consolidation de l’article « {shown.name} »", frozen, options)
    return await _written(here, item_workbook, Asked(shown, options, facts), f"{shown.code}-consolidation")


@get(f"{PATH}/commande.xlsx", right=may_see_all_needs)
async def download_order(here: Here[PurchasePage]) -> Response[bytes]:
    """The order of all items as one file, for the supplier."""
    items = await purchase_items(here.session, here.purchase.id)
    frozen = await latest_consolidation(here.session, here.purchase.id)
    options = _chosen(dict(here.request.query_params), items, frozen)
    return await _written(
        here, order_workbook, Asked(None, options, _facts(here, "Commande", frozen, options)), "commande"
    )


async def _written(here: PurchasePage, work: Work[[int, Asked], bytes], asked: Asked, name: str) -> Response[bytes]:
    """Of many members it is written in a process apart."""
    given = (here.purchase.id, replace(asked, notice=FICTIONAL if here.group.fictional else None))
    many = await has_many(here.session, here.purchase.id)
    content = await (apart(here.session, work, *given) if many else work(here.session, *given))
    return download(content, f"{here.purchase.reference}-{name}.xlsx", XLSX)


@post(PATH, right=may_run)
async def do_freeze(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    items = await purchase_items(here.session, here.purchase.id)
    reason, options = form.reason(), read_options(form.values, items)
    async with form.submitted(lambda: _page(here, form)):
        number = await freeze_consolidation(
            here.session, here.caller, here.purchase.id, here.clock, options=options, reason=reason
        )
    return here.redirect(SECTION, done=f"La consolidation n° {number} est figée.")


ROUTES = [show_consolidation, show_item, download_item, download_order, do_freeze]
