"""The offer as everybody reads it, the form that writes it, and what became of it."""

from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.kernel.errors import Conflict
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.needs.permissions import may_file, may_see_declaration
from pooling.offers.page import ACCOUNT, OFFER, SECTION, UPTAKE, UPTAKES, UptakePage
from pooling.offers.publishing import keep_offer
from pooling.offers.queries import has_ended, offer_of, tallies_of, uptake_of, uptakes_listed
from pooling.offers.schemas import MOST_BOUGHT, OfferIn
from pooling.offers.telling import require_ended, tell_uptake
from pooling.offers.words import dates_in_words
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, longest_of
from pooling.web.numbers import read_cents, typed_cents
from pooling.web.typography import date_time_long

WRITING = f"{OFFER}/modification"
PUBLISHED = frozenset({PurchaseState.ORDERED, PurchaseState.DELIVERED, PurchaseState.SETTLED})
_WRITABLE = frozenset({PurchaseState.DRAFT, PurchaseState.OPEN, PurchaseState.CLOSED, PurchaseState.ORDERED})


@get(OFFER, right=Right.SEE_TOTALS)
async def show_offer(here: Here[PurchasePage]) -> Response[str]:
    """Once it is published; its lead buyer reads it before."""
    runs, published = may_run(here.caller, here.purchase), here.purchase.state in PUBLISHED
    shown = await offer_of(here.session, here.purchase.id)
    return here.render(
        "offers/offer.html",
        "Offre",
        offer=shown.offer if published or runs else None,
        published=published,
        ended=has_ended(shown.offer, here.today),
        dates=dates_in_words(shown.offer.valid_from, shown.offer.valid_until),
        items=await purchase_items(here.session, here.purchase.id),
        prices=shown.prices,
        tallies=await tallies_of(here.session, here.purchase.id),
        may_write=runs and here.purchase.state in _WRITABLE,
    )


@get(WRITING, right=may_run)
async def ask_offer(here: Here[PurchasePage]) -> Response[str]:
    shown = await offer_of(here.session, here.purchase.id)
    items = await purchase_items(here.session, here.purchase.id)
    offer = shown.offer
    values = {
        "supplier": offer.supplier,
        "valid_from": _typed(offer.valid_from),
        "valid_until": _typed(offer.valid_until),
        "conditions": offer.conditions,
        "claiming": offer.claiming,
        "version": shown.version,
        **{f"prix-{item.id}": typed_cents(shown.prices[item.id]) for item in items if item.id in shown.prices},
    }
    return await _offer_page(here, Form(values=values))


def _typed(day: date | None) -> str:
    return day.isoformat() if day else ""


async def _offer_page(here: PurchasePage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.purchase)
    if form.conflict:
        form.values["version"] = (await offer_of(here.session, here.purchase.id)).version
    return here.render(
        "offers/writing.html",
        ("Offre", SECTION),
        "Écrire l’offre",
        form=form,
        items=await purchase_items(here.session, here.purchase.id),
        published=here.purchase.state == PurchaseState.ORDERED,
    )


@post(WRITING, right=may_run)
async def do_offer(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    items = await purchase_items(here.session, here.purchase.id)
    command, shown = _read_offer(form, items), form.value("version")
    fields = {f"prices.{item.code}": f"prix-{item.id}" for item in items}
    async with form.submitted(lambda: _offer_page(here, form), fields=fields, conflict=""):
        await keep_offer(here.session, here.caller, here.purchase.id, command, here.now, shown=shown or None)
    return here.redirect(SECTION, done="L’offre est enregistrée.")


def _read_offer(form: Form, items: list[ItemShown]) -> OfferIn:
    priced = [item for item in items if form.value(f"prix-{item.id}").strip()]
    return form.command(
        OfferIn,
        {},
        supplier=form.text("supplier", longest=longest_of(OfferIn, "supplier")),
        valid_from=form.date("valid_from") if form.value("valid_from").strip() else None,
        valid_until=form.date("valid_until") if form.value("valid_until").strip() else None,
        conditions=form.lines("conditions", longest=longest_of(OfferIn, "conditions")),
        claiming=form.lines("claiming", longest=longest_of(OfferIn, "claiming")),
        prices={item.code: read_cents(form, f"prix-{item.id}") for item in priced},
    )


@get(UPTAKES, right=Right.SEE_TOTALS)
async def show_uptakes(here: Here[PurchasePage], apres: FromQuery[str] = "") -> Response[str]:
    """How many were interested and how many bought; by member for the lead buyer and the facilitator, their own for
    the others.
    """
    caller, purchase = here.caller, here.purchase
    sees_all = caller.sees_all_lines(purchase.id)
    own = None if sees_all else caller.members_as(Role.REFERENT, Role.FINANCE)
    listed = await uptakes_listed(here.session, purchase.id, Slice(apres), only=own)
    items = await purchase_items(here.session, purchase.id)
    return here.render(
        "offers/uptakes.html",
        "Bilan",
        lines=listed.items,
        items=items,
        item_columns=[{"label": item.name, "numeric": True} for item in items],
        tallies=await tallies_of(here.session, purchase.id),
        sees_all=sees_all,
        declares=bool(own),
        **pages_after(here.url + ACCOUNT, apres, listed),
    )


@get(UPTAKE, right=may_see_declaration)
async def show_uptake(here: Here[UptakePage]) -> Response[str]:
    return await _uptake_page(here, None)


async def _uptake_page(here: UptakePage, form: Form | None) -> Response[str]:
    if form and form.has_errors:
        await here.session.refresh(here.purchase)  # its account may be over meanwhile
    shown = await uptake_of(here.session, here.purchase.id, here.member.id)
    items = await purchase_items(here.session, here.purchase.id)
    if form is None:
        form = Form(values={f"achetes-{item}": str(units) for item, units in shown.bought.items()})
    if form.conflict or not form.value("version"):
        form.values["version"] = shown.version
    waiting = await _waiting(here)
    return here.render(
        "offers/uptake.html",
        form=form,
        member=here.member,
        shown=shown,
        told=date_time_long(shown.told_at, here.zone) if shown.told_at else "",
        items=items,
        waiting=waiting,
        editable=not waiting and may_file(here.caller, here.member),
    )


async def _waiting(here: UptakePage) -> str:
    """Why nothing can be told now; empty: it can."""
    try:
        await require_ended(here.session, here.purchase, here.now)
    except Conflict as refused:
        return refused.message
    return ""


@post(UPTAKE, right=may_file)
async def do_uptake(here: Here[UptakePage], form: PostedForm) -> Response[Any]:
    items = await purchase_items(here.session, here.purchase.id)
    bought = {item.code: form.integer(f"achetes-{item.id}", largest=MOST_BOUGHT, default=0) for item in items}
    shown = form.value("version")
    fields = {f"bought.{item.code}": f"achetes-{item.id}" for item in items}
    async with form.submitted(lambda: _uptake_page(here, form), fields=fields, conflict=""):
        purchase, member = here.purchase.id, here.member.id
        await tell_uptake(here.session, here.caller, purchase, member, bought, here.clock, shown=shown or None)
    return here.redirect(here.path, done="C’est enregistré, merci.")


ROUTES = [show_offer, ask_offer, do_offer, show_uptakes, show_uptake, do_uptake]
