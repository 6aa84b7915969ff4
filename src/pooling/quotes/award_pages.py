"""Choosing between quotes: all to one, lot by lot, item by item. First what would come of it, then why."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post

from pooling.kernel.tables import id_typed
from pooling.members.group_page import Here
from pooling.needs.consolidating import latest_consolidation
from pooling.purchases.permissions import may_run
from pooling.purchases.pricing import Priced
from pooling.quotes.awarding import all_to, award, awards_of, chosen_before, deliveries_of, priced_by
from pooling.quotes.comparing import Comparison, compare
from pooling.quotes.keeping import require_comparing
from pooling.quotes.page import QUOTES, SECTION, QuotesPage
from pooling.quotes.pages import lots_of
from pooling.quotes.rules import Choice
from pooling.quotes.words import conditions_in_words, tiers_in_words
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import euros, plural, price

AWARD = f"{QUOTES}/attribution"


@get(AWARD, right=may_run)
async def ask_award(here: Here[QuotesPage]) -> Response[str]:
    require_comparing(here.purchase)
    return await _page(here, Form(values=dict(here.request.query_params)))


async def _page(here: QuotesPage, form: Form) -> Response[str]:
    await here.session.refresh(here.purchase)
    require_comparing(here.purchase)
    found = await compare(here.session, here.purchase.id, here.now)
    way = form.value("facon")
    before = chosen_before(found, await awards_of(here.session, here.purchase.id))
    choice = read_choice(form.values, found) if way else {}
    shown = {**before, **found.by_line} if not way else choice
    for item in found.items:
        form.values.setdefault(f"article-{item.id}", str(shown.get(item.code, "")))
    for lot in lots_of(found.items):
        of_lot = {shown.get(item.code) for item in found.items if item.lot and item.lot.number == lot.number}
        form.values.setdefault(f"lot-{lot.number}", str(next(iter(of_lot)) or "") if len(of_lot) == 1 else "")
    form.values.setdefault("devis", str(found.best or ""))
    basket = found.basket(choice)
    frozen = await latest_consolidation(here.session, here.purchase.id)
    return here.render(
        "quotes/award.html",
        "Retenir des devis",
        form=form,
        way=way,
        whole=[(str(quote.id), quote.called) for quote in found.quotes],
        by_lot=[(lot, _offering(found, lot.number)) for lot in lots_of(found.items)],
        by_item=[(item, _options(found, item.code)) for item in found.items],
        choice={f"article-{item.id}": choice[item.code] for item in found.items if item.code in choice},
        rows=[_row(found, choice, item.code) for item in found.items if item.code in choice],
        left_out=[
            item.name
            for item, wanted in zip(found.items, found.wanted, strict=True)
            if wanted.firm and item.code not in choice
        ],
        deliveries=[(one.label, euros(one.amount)) for one in deliveries_of(found, choice)],
        total=f"{euros(basket.ht)} HT, {euros(basket.ttc)} TTC",
        reorders=_reorders(found, choice),
        frozen=frozen,
    )


def _options(found: Comparison, code: str) -> list[tuple[str, str]]:
    """The quotes that offer an item, with what it would come to."""
    options = []
    for quote, offer in zip(found.quotes, found.offers, strict=True):
        if code in offer.lines:
            line = found.baskets[quote.id].lines[code]
            said = euros(line.total) if line.units else "rien ne serait commandé"
            options.append((str(quote.id), f"{quote.called} : {said}"))
    return options


def _offering(found: Comparison, lot: int) -> list[tuple[str, str]]:
    codes = {one.code for one in found.wanted if one.lot == lot}
    return [
        (str(quote.id), quote.called)
        for quote, offer in zip(found.quotes, found.offers, strict=True)
        if codes & offer.lines.keys()
    ]


def read_choice(values: Mapping[str, str], found: Comparison) -> dict[str, int]:
    """The quote of each item, in the way that was chosen; whatever does not offer an item is left out."""
    way, offers = values.get("facon", ""), {offer.id: offer for offer in found.offers}
    if way == "tout":
        return all_to(found, id_typed(values.get("devis", "")) or 0)
    chosen = {}
    for item in found.items:
        lot = item.lot.number if item.lot else 0
        typed = values.get(f"lot-{lot}" if way == "lots" and lot else f"article-{item.id}", "")
        quote = id_typed(typed) or 0
        if quote in offers and item.code in offers[quote].lines:
            chosen[item.code] = quote
    return chosen


def _row(found: Comparison, choice: Choice, code: str) -> dict[str, str]:
    """One item: how it is bought today, and how by this choice."""
    (item,) = [one for one in found.items if one.code == code]
    (quote,) = [one for one in found.quotes if one.id == choice[code]]
    line = found.basket(choice).lines[code]
    return {
        "name": item.name,
        "supplier": quote.supplier,
        "before": _sold(Priced.of(item), item.unit),
        "after": _sold(priced_by(quote, item, found), item.unit),
        "units": plural(line.units, item.unit),
        "total": euros(line.total),
    }


def _sold(priced: Priced, unit: str) -> str:
    conditions = conditions_in_words(priced.pack, priced.minimum, 0)
    return " ; ".join([price(priced.unit_price), *tiers_in_words(priced.tiers, unit), *conditions])


def _reorders(found: Comparison, choice: Choice) -> bool:
    """Whether what is ordered may change."""
    quotes = {quote.id: quote for quote in found.quotes}
    return any(
        not priced_by(quotes[choice[item.code]], item, found).orders_like(Priced.of(item))
        for item in found.items
        if item.code in choice
    )


@post(AWARD, right=may_run)
async def do_award(here: Here[QuotesPage], form: PostedForm) -> Response[Any]:
    found = await compare(here.session, here.purchase.id, here.now)
    form.values["facon"] = "articles"
    choice, reason, insistence = read_choice(form.values, found), form.reason(), form.insistence()
    fields = {f"items.{item.code}": f"article-{item.id}" for item in found.items}
    async with form.submitted(lambda: _page(here, form), fields={**fields, "items": "", "label": ""}, conflict=""):
        whose = (here.session, here.caller, here.purchase.id)
        anew = await award(*whose, choice, here.clock, reason=reason, insistence=insistence)
    if anew:
        done = "Les fournisseurs sont retenus. Vérifiez la consolidation avec leurs conditions, puis figez-la."
        return here.redirect("/consolidation", done=done)
    return here.redirect(SECTION, done="Les fournisseurs sont retenus.")


ROUTES = [ask_award, do_award]
