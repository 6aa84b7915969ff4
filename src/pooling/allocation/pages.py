"""A purchase's costs: who pays what, on a page and as files for finance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation import estimate_pages, why_pages
from pooling.allocation.allocating import StatedPurchase, own_codes
from pooling.allocation.case import charges_of, date_of, names_of, subsidies_of
from pooling.allocation.current import Current, consistently, current_allocation, without_units
from pooling.allocation.editing import pages as line_pages
from pooling.allocation.editing import weight_pages as key_pages
from pooling.allocation.editing.schemas import content_of
from pooling.allocation.excerpts import warned_first, warnings_listed
from pooling.allocation.figures import Labels
from pooling.allocation.key_choices import in_words
from pooling.allocation.listing import (
    ShareListed,
    Shares,
    Summary,
    current_shares,
    list_shares,
    names_of_shares,
    record_shares,
    sum_up,
)
from pooling.allocation.locking import may_edit
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.page import COSTS, SECTION, CostsPage, computing_since
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records import export_pages
from pooling.allocation.records import pages as record_pages
from pooling.allocation.records.downloads import (
    FILE_NAMES,
    Asked,
    asked_in,
    current_file,
    download_links,
    writes_apart,
)
from pooling.allocation.records.opening import frozen_allocations
from pooling.allocation.records.workbook_file import BOOKS
from pooling.allocation.words import (
    NAMED_AT_MOST,
    aid_words,
    beneficiaries_in_words,
    charge_amount,
    fctva_in_words,
    names_in_words,
    sharers_in_words,
    taken_of,
)
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.text import sort_key
from pooling.members.group_page import Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.needs.consolidating import latest_consolidation
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items, successors
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import Statement
from pooling.sharing.tiers import line_total
from pooling.web.cursors import pages_after
from pooling.web.layout import Link
from pooling.web.typography import euros, percent

DRAWN_AT_MOST = 40
"""Members in the picture; the table has more, the files all."""


@get(COSTS, right=Right.SEE_TOTALS)
async def show_costs(here: Here[CostsPage], apres: FromQuery[str] = "") -> Response[str]:
    """Who pays what: every share, or for a référent its own with the totals."""
    session, purchase, finance = here.session, here.purchase, here.finance
    records = await frozen_allocations(session, purchase.id)
    since = record_shares(records[0].id) if records else None
    read = partial(_shown, here, wanted=Slice(apres), since=since)
    shown = await consistently(session, purchase.id, finance, read, last_known=True)
    items = await purchase_items(session, purchase.id)
    consolidation = await latest_consolidation(session, purchase.id)
    day, runs = date_of(purchase), may_run(here.caller, purchase)
    apart = here.sees_all and writes_apart(here.request, shown.current.workbook_rows)
    return here.render(
        "allocation/costs.html",
        base=here.url + SECTION,
        outdated=consolidation.outdated if consolidation else "",
        computing=computing_since(here, shown.current),
        refused=shown.current.refused.message if shown.current.refused else None,
        sees_all=here.sees_all,
        fctva=fctva_in_words(finance.fctva_on(day)),
        beneficiaries=beneficiaries_in_words(finance.beneficiaries_on(day)),
        files=download_links(here.url + SECTION, apart=apart) if here.sees_all else [],
        offer=export_pages.offer(here) if apart else None,
        to_declare=_to_declare(here, shown),
        edits=runs and may_edit(purchase),
        runs=runs,
        records=records,
        successors=await successors(here.session, purchase.id),
        **await _lines(session, purchase.id, items),
        **_figures(here, shown, items, adjusted=bool(consolidation and consolidation.counts and consolidation.adjusts)),
        **_members(here, shown, apres),
    )


class _Shown(NamedTuple):
    """The current shares of those whom the caller sees: a page of them, and what is said of them all."""

    current: Current
    stated: StatedPurchase | None
    """What is everybody's; None: the rule refuses it."""
    members: Listed[ShareListed]
    summary: Summary
    warned: Mapping[str, str]
    """Names of those of whom there is something to verify."""
    to_declare: Mapping[str, str]
    """Names of the caller's own members that take nothing, where they may still declare."""


async def _shown(here: CostsPage, current: Current, *, wanted: Slice, since: Shares | None) -> _Shown:
    session, shares = here.session, current_shares(current.purchase_id)
    stated, since = (None, None) if current.refused else (current.told(), since)
    summary = await sum_up(session, shares, here.own, since=since)
    # Where nothing moved, nobody is looked up in the record once more.
    members = await list_shares(session, shares, wanted, here.own, since=since if summary.moved else None)
    warned = await names_of_shares(session, shares, warned_first(stated.result, here.own) if stated else [])
    declaring: dict[str, str] = {}
    if here.own is not None and here.purchase.state == PurchaseState.OPEN:
        mine = await own_codes(session, here.caller, Role.REFERENT)
        declaring = await without_units(session, current, mine)
    return _Shown(current, stated, members, summary, warned, declaring)


def _figures(here: CostsPage, shown: _Shown, items: Sequence[ItemShown], *, adjusted: bool) -> dict[str, Any]:
    """What the page says of everybody's figures, and what is to be verified of those whom the caller sees."""
    stated = shown.stated
    if stated is None:
        return {}
    return {
        "lead": _lead(here, stated.basis),
        "built": _built(stated.result, items, adjusted=adjusted),
        "totals": stated.result.totals,
        "warnings": warnings_listed(stated.result, replace(stated.labels, members=shown.warned), here.own),
    }


def _members(here: CostsPage, shown: _Shown, after: str) -> dict[str, Any]:
    """What the page says of members, and of what moved since the newest record."""
    members = shown.members.items
    return {
        "summary": shown.summary,
        "members": members,
        "hidden": max(shown.summary.listed - len(members), 0),
        "chart": [] if after else [_bar(member) for member in members[:DRAWN_AT_MOST]],
        **pages_after(here.url + SECTION, after, shown.members),
    }


async def _lines(session: AsyncSession, purchase_id: int, items: Sequence[ItemShown]) -> dict[str, Any]:
    """Charges and subsidies in words."""
    charges, subsidies = await charges_of(session, purchase_id), await subsidies_of(session, purchase_id)
    lists = [*(charge.scope for charge in charges), *(subsidy.members for subsidy in subsidies)]
    named = {code for codes in lists if isinstance(codes, list) for code in codes[:NAMED_AT_MOST]}
    labels = Labels(members=await names_of(session, purchase_id, named), items={item.code: item.name for item in items})
    return {
        "charges": [_charge_row(charge, labels) for charge in charges],
        "subsidies": [_subsidy_row(subsidy, labels) for subsidy in subsidies],
    }


_ORDERED = frozenset({PurchaseState.ORDERED, PurchaseState.DELIVERED, PurchaseState.SETTLED})


def _lead(here: PurchasePage, basis: str) -> str:
    """What the figures are: an estimate as long as nothing is ordered."""
    if here.purchase.state in _ORDERED:
        return f"D’après les {basis}. Seul le FCTVA reste une estimation."
    return f"Estimation, d’après les {basis}."


def _built(result: Statement, items: Sequence[ItemShown], *, adjusted: bool) -> str:
    """How the total HT comes about, from the figures that other pages of the purchase show."""
    lines = [line for line in result.lines if line.kind is LineKind.ITEM]
    goods = sum(line.total for line in lines)
    if not goods:
        return ""
    prices = {item.code: Fraction(item.unit_price) for item in items}
    indicative = sum(line_total(line.quantity, prices[line.id]) for line in lines)
    others = result.totals.ht - goods
    if adjusted:
        tier = " au prix de la commande"
    elif indicative != goods:
        tier = f" au prix des paliers atteints ({euros(indicative)} au prix indicatif, celui de la page Besoins)"
    else:
        tier = " au prix indicatif, celui de la page Besoins"
    shared = f", {'plus' if others > 0 else 'moins'} {euros(abs(others))} de frais et remises" if others else ""
    return f"Total HT\u00a0: {euros(goods)} d’articles{tier}{shared}."


def _to_declare(here: CostsPage, shown: _Shown) -> list[Link]:
    """Where the caller's members without a share may still declare, and see what it would cost them."""
    without = sorted(shown.to_declare.items(), key=lambda member: sort_key(member[1]))
    return [Link(name, f"{here.url}/besoins/{code}") for code, name in without] if here.kind.has(Part.NEEDS) else []


def _bar(member: ShareListed) -> dict[str, Any]:
    text = euros(member.ttc)
    return {
        "label": member.name,
        "value": max(member.ttc, 0),
        "text": text,
        "detail": f"{member.name} paie {text} TTC.",
    }


def _charge_row(charge: Charge, labels: Labels) -> dict[str, str]:
    return {
        "code": charge.code,
        "label": charge.label,
        "amount": charge_amount(content_of(charge)),
        "taken_of": taken_of(content_of(charge)),
        "vat_rate": percent(charge.vat_rate / 100, 2),
        "key": in_words(charge.key),
        "scope": sharers_in_words(charge.scope, labels),
    }


def _subsidy_row(subsidy: Subsidy, labels: Labels) -> dict[str, str]:
    return {
        "code": subsidy.code,
        "label": subsidy.label,
        "aid": aid_words(content_of(subsidy)),
        "items": names_in_words(subsidy.items, labels.items, "tous les articles", none="aucun article"),
        "members": names_in_words(subsidy.members, labels.members, "tous les participants"),
        "public": "argent public" if subsidy.public else "argent privé",
    }


@get([f"{COSTS}/{name}" for name in FILE_NAMES], right=may_see_every_share)
async def download_allocation(here: Here[CostsPage]) -> Response[Any]:
    """Today's figures as a file, for who sees every member's share."""
    (kind, view), name = asked_in(here.request), f"{here.purchase.reference}-repartition-estimee"
    if kind in BOOKS:
        current = await current_allocation(here.session, here.purchase.id, here.finance)
        if writes_apart(here.request, current.workbook_rows):
            return here.redirect(export_pages.path())
    return await current_file(here, Asked.by(here, kind, view), name)


ROUTES = [
    show_costs,
    download_allocation,
    *line_pages.ROUTES,
    *key_pages.ROUTES,
    *record_pages.ROUTES,
    *export_pages.ROUTES,
    *why_pages.ROUTES,
    *estimate_pages.ROUTES,
]
