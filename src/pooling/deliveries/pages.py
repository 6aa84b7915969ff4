"""Pages of deliveries: where everybody's units go, and how one member divides its own."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.deliveries.files import delivery_workbook
from pooling.deliveries.page import DELIVERIES, SECTION, MemberDeliveryPage
from pooling.deliveries.reading import (
    NAMED_AT_MOST,
    Delivery,
    ItemSplit,
    MemberSplit,
    assigned_units,
    deliveries_listed,
    member_split,
    without_address,
)
from pooling.deliveries.splitting import Wanted, keep_split
from pooling.kernel.apart import apart
from pooling.kernel.errors import Conflict
from pooling.kernel.sheet_writing import XLSX
from pooling.kernel.slices import Slice
from pooling.kernel.text import whole_number
from pooling.members.group_page import Here
from pooling.needs.consolidating import current_consolidation
from pooling.needs.permissions import may_see_all_needs, may_see_declaration
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.page import PurchasePage
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.purchases.size import has_many
from pooling.sites.keeping import NOT_LEFT
from pooling.sites.permissions import may_keep_sites
from pooling.web.cursors import pages_after
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import NBSP, date_time_long, number, plural

MEMBER = f"{DELIVERIES}/{{member:str}}"
FILE = f"{SECTION}/liste.xlsx"
_MOST_UNITS = 1_000_000


@get(DELIVERIES, right=may_see_all_needs)
async def show_deliveries(
    here: Here[PurchasePage], article: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    """Where everybody's units go: all of them, or those of one item."""
    items = await purchase_items(here.session, here.purchase.id)
    chosen = next((item for item in items if item.code == article), None)
    shown = [chosen] if chosen else items
    frozen = await current_consolidation(here.session, here.purchase.id)
    facts: dict[str, Any] = {}
    if frozen is not None:
        listed = await deliveries_listed(
            here.session, here.purchase.id, frozen.id, Slice(apres), item_id=chosen.id if chosen else None
        )
        assigned = await assigned_units(here.session, frozen.id)
        doubtful, many = ((), 0) if apres else await without_address(here.session, frozen.id)
        facts = {
            "lines": [_line(place, shown) for places in listed.items for place in places],
            "totals": [number(assigned.get(item.id, 0)) for item in shown],
            "doubtful": doubtful,
            "many": many,
            **pages_after(here.url + SECTION, apres, listed, {"article": chosen.code} if chosen else {}),
        }
    return here.render(
        "deliveries/list.html",
        "Livraisons",
        frozen=frozen,
        items=items,
        shown=shown,
        columns=[{"label": "Membre"}, {"label": "Lieu"}, *({"label": item.name, "numeric": True} for item in shown)],
        form=form_of({"article": chosen.code if chosen else ""}),
        choices=[(item.code, item.name) for item in items],
        chosen=chosen,
        named_at_most=NAMED_AT_MOST,
        open_still=here.purchase.state in NOT_LEFT,
        files=[{"label": "XLSX", "url": here.url + FILE}],
        **facts,
    )


def _line(place: Delivery, items: Sequence[ItemShown]) -> dict[str, Any]:
    return {
        "code": place.code,
        "member": place.member,
        "site": place.site,
        "takes_part": place.takes_part,
        "units": [number(place.units[item.id]) if item.id in place.units else "–" for item in items],
    }


@get(f"/achats/{{reference:str}}{FILE}", right=may_see_all_needs)
async def download_deliveries(here: Here[PurchasePage]) -> Response[bytes]:
    """All items as one file, for who delivers. Of many members it is written in a process apart."""
    frozen = await current_consolidation(here.session, here.purchase.id)
    if frozen is None:
        raise Conflict("Rien n’est encore attribué : la consolidation n’est pas figée.", code="not_consolidated")
    facts = {
        "Document": "Liste de livraison",
        "Achat": f"{here.purchase.reference} {here.purchase.title}",
        "Groupe": here.group.name,
        "Quantités": f"consolidation n°{NBSP}{frozen.number}",
        "Date": f"adresses du {date_time_long(here.now, here.zone, with_year=True)}",
    }
    given = (here.purchase.id, frozen.id, facts, FICTIONAL if here.group.fictional else None)
    if await has_many(here.session, here.purchase.id):
        content = await apart(here.session, delivery_workbook, *given)
    else:
        content = await delivery_workbook(here.session, *given)
    return download(content, f"{here.purchase.reference}-livraisons.xlsx", XLSX)


@get(MEMBER, right=may_see_declaration)
async def show_split(here: Here[MemberDeliveryPage]) -> Response[str]:
    return await _split_page(here, None)


@post(MEMBER, right=may_keep_sites)
async def do_split(here: Here[MemberDeliveryPage], form: PostedForm) -> Response[Any]:
    split = await member_split(here.session, here.purchase, here.member)
    asked = [
        one for one in split.asked if not one.left and any(_field(one, site.id) in form.values for site in split.sites)
    ]
    wanted = [(one.item.id, _read(form, one, split)) for one in asked]
    fields = {f"items.{place}": _field(one, split.sites[0].id) for place, one in enumerate(asked)}
    async with form.submitted(lambda: _split_page(here, form), fields=fields, conflict=""):
        await keep_split(
            here.session, here.caller, here.purchase.id, here.member, wanted, here.now, seen=form.value("version")
        )
    return here.redirect(here.delivery_path, done="La répartition entre vos sites est enregistrée.")


def _field(one: ItemSplit, site_id: int) -> str:
    return f"part-{one.item.id}-{site_id}"


def _read(form: Form, one: ItemSplit, split: MemberSplit) -> Wanted:
    """An empty box is none."""
    return {
        site.id: form.integer(_field(one, site.id), largest=_MOST_UNITS, default=0)
        for site in split.sites
        if _field(one, site.id) in form.values
    }


async def _split_page(here: MemberDeliveryPage, form: Form | None) -> Response[str]:
    await here.session.refresh(here.purchase)  # its order may have left meanwhile
    split = await member_split(here.session, here.purchase, here.member)
    editable = split.may_change and len(split.sites) > 1 and may_keep_sites(here.caller, here.member)
    shown = form or Form(values=_typed(split))
    if form is None or form.conflict:
        shown.values["version"] = split.version
    return here.render(
        "deliveries/member.html",
        "Livraison",
        form=shown,
        member=here.member,
        split=split,
        editable=editable,
        keeps=may_keep_sites(here.caller, here.member),
        shown=[_table(one, split, shown) for one in split.asked],
        incomplete=_incomplete(split),
    )


def _typed(split: MemberSplit) -> dict[str, str]:
    """What is assigned, as it is divided; before, what was wished."""
    typed: dict[str, str] = {}
    for one in split.asked:
        shares = {site.id: units for site, units in one.places if site} if one.assigned else one.said
        for site in split.sites:
            units = shares.get(site.id, 0)
            typed[_field(one, site.id)] = str(units) if units or one.assigned else ""
    return typed


def _table(one: ItemSplit, split: MemberSplit, form: Form) -> dict[str, Any]:
    """What the page shows of an item: its boxes, or where its units go."""
    boxes = [
        {
            "field": _field(one, site.id),
            "site": site,
            "kept": number(one.said[site.id]) if form.conflict and site.id in one.said else None,
        }
        for site in split.sites
    ]
    typed = sum(whole_number("".join(form.value(_field(one, site.id)).split()), 9) or 0 for site in split.sites)
    known = one.assigned if one.assigned is not None else one.declared
    word = "attribué" if one.assigned is not None else "déclaré"
    said = (
        f"{plural(known, one.item.unit)} {word}{'s' if known > 1 else ''}" if known is not None else "rien de déclaré"
    )
    return {
        "item": one.item,
        "left": one.left,
        "said": said,
        "boxes": boxes,
        "typed": number(typed),
        "places": [(site, plural(units, one.item.unit)) for site, units in one.places],
        "by_rule": one.by_rule,
        "wished": bool(one.said),
    }


def _incomplete(split: MemberSplit) -> list[str]:
    """Names of the places that something goes to and whose address is not whole."""
    met = {site for one in split.items for site, _ in one.places}
    return sorted("" if site is None else site.name for site in met if site is None or not site.complete)


ROUTES = [show_deliveries, download_deliveries, show_split, do_split]
