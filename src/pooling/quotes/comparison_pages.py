"""Quotes in columns on one page, what each member would pay, criteria and marks."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Slice
from pooling.kernel.text import whole_number
from pooling.kernel.versions import version_of
from pooling.members.group_page import Here
from pooling.needs.permissions import may_see_all_needs
from pooling.purchases.item_form import typed_decimal
from pooling.purchases.permissions import may_run
from pooling.purchases.size import has_many
from pooling.quotes.comparing import Comparison, compare, criteria_of, given_marks, shares_of
from pooling.quotes.judging import (
    MOST_CRITERIA,
    CriterionIn,
    MarkIn,
    content_of,
    keep_criteria,
    keep_marks,
    marks_content,
)
from pooling.quotes.keeping import require_comparing
from pooling.quotes.models import CriterionKind
from pooling.quotes.page import QUOTES, SECTION, QuotePage, QuotesPage
from pooling.quotes.pages import ONE, may_compare
from pooling.quotes.queries import members_concerned
from pooling.quotes.rules import BEST_MARK, COMPUTED, Basket, LineOutcome
from pooling.quotes.schemas import MOST_CENTS
from pooling.quotes.words import KINDS, STATUSES, days_in_words
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, longest_of
from pooling.web.numbers import read_cents, typed_cents
from pooling.web.typography import date_short, euros, number, plural, price

COMPARISON = f"{QUOTES}/comparaison"
SHARES = f"{QUOTES}/parts"
CRITERIA = f"{QUOTES}/criteres"
MARKS = f"{ONE}/notes"


@get(COMPARISON, right=may_see_all_needs)
async def show_comparison(here: Here[QuotesPage]) -> Response[str]:
    found = await compare(here.session, here.purchase.id, here.now)
    return here.render(
        "quotes/comparison.html",
        "Comparaison",
        found=found,
        columns=[{"label": "Article"}, *({"label": quote.called, "numeric": True} for quote in found.quotes)],
        mark_columns=[{"label": "Critère"}, *({"label": quote.called, "numeric": True} for quote in found.quotes)],
        lines=[_line(found, place) for place in range(len(found.wanted))],
        sums=_sums(found),
        total=[euros(found.baskets[quote.id].ttc) for quote in found.quotes],
        best=_best(found),
        criteria=[(one, KINDS[one.kind], one.kind in COMPUTED) for one in found.criteria],
        ranking=(ranking := _ranking(found)),
        ranked=[(one["label"], one["text"]) for one in ranking],
        marks=_marks(found),
        may_compare=may_compare(here),
    )


def _line(found: Comparison, place: int) -> dict[str, Any]:
    """One item, through all quotes."""
    item, wanted = found.items[place], found.wanted[place]
    best = found.by_line.get(wanted.code)
    return {
        "item": item,
        "needed": plural(wanted.firm, item.unit),
        "cells": [
            _cell(found.baskets[quote.id].lines.get(wanted.code), item.unit, is_best=quote.id == best)
            for quote in found.quotes
        ],
    }


def _cell(line: LineOutcome | None, unit: str, *, is_best: bool) -> dict[str, str]:
    if line is None:
        return {"value": "–", "note": ""}
    if not line.units or line.consolidation is None:
        return {"value": STATUSES[line.status], "note": ""}
    parts = [f"{plural(line.units, unit)} à {price(line.consolidation.unit_price)}"]
    if not line.covers:
        parts.append(f"il manque {number(line.wanted.firm - line.units)}")
    if line.consolidation.surplus:
        parts.append(f"dont {number(line.consolidation.surplus)} en stock pour le pilote")
    if is_best:
        parts.append("le moins cher")
    return {"value": euros(line.total), "note": " ; ".join(parts)}


def _sums(found: Comparison) -> list[tuple[str, list[str]]]:
    """What is said of each quote as a whole, above its total."""
    baskets, heads = [found.baskets[quote.id] for quote in found.quotes], [quote.quote for quote in found.quotes]
    return [
        ("Délai", [days_in_words(head.delivery_days) for head in heads]),
        ("Valable jusqu’au", [date_short(head.valid_until) if head.valid_until else "–" for head in heads]),
        ("Livraison HT", [euros(sum(amount for amount, _ in basket.deliveries.values())) for basket in baskets]),
        ("Total HT", [euros(basket.ht) for basket in baskets]),
        ("TVA", [euros(basket.vat) for basket in baskets]),
        ("Écart TTC avec le moins cher de ceux qui proposent tout", _gaps(found)),
    ]


def _gaps(found: Comparison) -> list[str]:
    """Each quote beside the cheapest of those that are asked for the same and leave nothing out. One that nobody else
    is asked for, such as a quote for one lot alone, is beside nothing.
    """
    said: dict[int, str] = {}
    for offers in found.together:
        if len(offers) == 1:
            said[offers[0].id] = "–"
            continue
        sums = {offer.id: basket.ttc for offer in offers if (basket := found.baskets[offer.id]).is_complete}
        least = min(sums.values(), default=0)
        first = "le moins cher" if len(sums) > 1 else "seul à tout proposer"
        for offer in offers:
            gap = sums.get(offer.id, 0) - least
            said[offer.id] = "incomplet" if offer.id not in sums else f"+ {euros(gap)}" if gap else first
    return [said[quote.id] for quote in found.quotes]


def _best(found: Comparison) -> list[tuple[str, str, str, str]]:
    """What is best in each way: who, and what it comes to."""
    rows = []
    if found.best is not None:
        rows.append(("Tout chez un seul, le moins cher", found.called(found.best), *_sum(found.baskets[found.best])))
    if found.earliest is not None:
        rows.append(
            ("Tout chez un seul, le plus tôt", found.called(found.earliest), *_sum(found.baskets[found.earliest]))
        )
    if len({one.lot for one in found.wanted}) > 1 and found.by_lot:
        rows.append(("Le moins cher de chaque lot", *_mixed(found, found.by_lot)))
    if found.by_line:
        rows.append(("Le moins cher de chaque article", *_mixed(found, found.by_line)))
    return rows


def _mixed(found: Comparison, choice: Mapping[str, int]) -> tuple[str, str, str]:
    names = dict.fromkeys(found.called(quote) for quote in choice.values())
    return ", ".join(names), *_sum(found.basket(choice))


def _sum(basket: Basket) -> tuple[str, str]:
    lacking = "" if basket.is_complete else " (incomplet)"
    return euros(basket.ht), f"{euros(basket.ttc)}{lacking}"


def _ranking(found: Comparison) -> list[dict[str, Any]]:
    """The weighted marks, the best first, for the picture and its table."""
    ranked = sorted(found.scores.items(), key=lambda one: (-one[1], one[0]))
    return [
        {
            "label": found.called(quote),
            "value": int(score * 100),
            "target": BEST_MARK * 100,
            "text": f"{_mark(score)} sur {BEST_MARK}",
            "detail": "",
        }
        for quote, score in ranked
    ]


def _mark(mark: Fraction) -> str:
    return number(Fraction(round(mark * 100), 100))


def _marks(found: Comparison) -> list[tuple[str, list[dict[str, str]]]]:
    """By criterion, each quote's mark with its reason."""
    rows = []
    for one in found.criteria:
        cells = []
        for quote in found.quotes:
            mark, given = found.marks.get((one.number, quote.id)), found.given.get((one.number, quote.id))
            cost = f"{euros(given.cents)}. " if given and given.cents is not None else ""
            note = f"{cost}{given.reason}" if given else ""
            cells.append({"value": "–" if mark is None else _mark(mark), "note": note})
        rows.append((f"{one.label} ({number(one.weight)} %)", cells))
    return rows


@get(SHARES, right=may_see_all_needs)
async def show_shares(here: Here[QuotesPage], devis: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    """What each member would pay: by every quote or, where members are many, by the one that is chosen."""
    found = await compare(here.session, here.purchase.id, here.now)
    many = await has_many(here.session, here.purchase.id)
    named = whole_number(devis, 18)
    if named is not None and all(quote.id != named for quote in found.quotes):
        raise NotFound
    shown = [quote for quote in found.quotes if quote.id == named or (named is None and not many)]
    listed = await members_concerned(here.session, here.purchase, Slice(apres))
    codes = [code for code, _ in listed.items]
    choices = [dict.fromkeys(found.baskets[quote.id].lines, quote.id) for quote in shown]
    shares = await shares_of(here.session, here.purchase, found, choices, here.now, codes) if shown else []
    return here.render(
        "quotes/shares.html",
        "Part de chacun",
        quotes=found.quotes,
        named=named,
        many=many,
        columns=[
            {"label": "Membre"},
            *({"label": quote.called, "numeric": True, "unit": "TTC"} for quote in shown),
        ],
        rows=[(name, [_share(each.get(code)) for each in shares]) for code, name in listed.items] if shown else [],
        totals=[euros(found.baskets[quote.id].ttc) for quote in shown],
        **pages_after(here.url + f"{SECTION}/parts", apres, listed, {"devis": devis}),
    )


def _share(share: tuple[int, int] | None) -> tuple[str, str]:
    return ("–", "") if share is None else (euros(share[1]), f"{euros(share[0])} HT")


@get(CRITERIA, right=may_run)
async def ask_criteria(here: Here[QuotesPage]) -> Response[str]:
    require_comparing(here.purchase)
    criteria = await criteria_of(here.session, here.purchase.id)
    values = {"version": version_of(content_of(criteria))}
    for place, one in enumerate(criteria, start=1):
        values |= {
            f"nature-{place}": str(one.kind),
            f"critere-{place}": one.label,
            f"poids-{place}": typed_decimal(Decimal(one.weight.numerator) / one.weight.denominator),
        }
    return await _criteria_page(here, Form(values=values))


async def _criteria_page(here: QuotesPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.purchase)
    require_comparing(here.purchase)
    if form.conflict:
        form.values["version"] = version_of(content_of(await criteria_of(here.session, here.purchase.id)))
    filled = [place for place in range(1, MOST_CRITERIA + 1) if _is_filled(form, place)]
    return here.render(
        "quotes/criteria.html",
        "Critères",
        form=form,
        rows=range(1, min(max(max(filled, default=0) + 1, 4), MOST_CRITERIA) + 1),
        kinds=[(str(kind), label) for kind, label in KINDS.items()],
        longest=longest_of(CriterionIn, "label"),
    )


def _is_filled(form: Form, place: int) -> bool:
    return any(form.value(f"{field}-{place}").strip() for field in ("nature", "critere", "poids"))


@post(CRITERIA, right=may_run)
async def do_criteria(here: Here[QuotesPage], form: PostedForm) -> Response[Any]:
    command = [_read_criterion(form, place) for place in range(1, MOST_CRITERIA + 1) if _is_filled(form, place)]
    shown, purchase_id = form.value("version"), here.purchase.id
    async with form.submitted(lambda: _criteria_page(here, form), fields={"criteria": "poids-1"}, conflict=""):
        await keep_criteria(here.session, here.caller, purchase_id, command, here.now, shown=shown or None)
    return here.redirect(f"{SECTION}/comparaison", done="Les critères sont enregistrés.")


def _read_criterion(form: Form, place: int) -> CriterionIn:
    return form.command(
        CriterionIn,
        {"kind": f"nature-{place}", "label": f"critere-{place}", "weight": f"poids-{place}"},
        kind=form.choice(f"nature-{place}", [str(kind) for kind in CriterionKind]),
        label=form.text(f"critere-{place}", longest=longest_of(CriterionIn, "label")),
        weight=form.decimal(f"poids-{place}", largest=100),
    )


@get(MARKS, right=may_run)
async def ask_marks(here: Here[QuotePage]) -> Response[str]:
    require_comparing(here.purchase)
    criteria, given = await _said(here)
    values = {"version": version_of(marks_content(criteria, given, here.found.id))}
    for one in criteria:
        if (said := given.get((one.number, here.found.id))) is not None:
            values[f"raison-{one.number}"] = said.reason
            if said.cents is not None:
                values[f"note-{one.number}"] = typed_cents(said.cents)
            elif said.mark is not None:
                values[f"note-{one.number}"] = typed_decimal(Decimal(said.mark.numerator) / said.mark.denominator)
    return await _marks_page(here, Form(values=values))


async def _said(here: QuotePage) -> tuple[Sequence[Any], Mapping[tuple[int, int], Any]]:
    return await criteria_of(here.session, here.purchase.id), await given_marks(here.session, here.purchase.id)


async def _marks_page(here: QuotePage, form: Form) -> Response[str]:
    """As `_criteria_page`."""
    await here.session.refresh(here.purchase)
    require_comparing(here.purchase)
    criteria, given = await _said(here)
    if form.conflict:
        form.values["version"] = version_of(marks_content(criteria, given, here.found.id))
    return here.render(
        "quotes/marks.html",
        "Noter",
        form=form,
        criteria=[one for one in criteria if one.kind not in COMPUTED],
        computed=[one.label for one in criteria if one.kind in COMPUTED],
        life_cycle=CriterionKind.LIFE_CYCLE,
    )


@post(MARKS, right=may_run)
async def do_marks(here: Here[QuotePage], form: PostedForm) -> Response[Any]:
    criteria, _ = await _said(here)
    command = {}
    for one in criteria:
        mark, reason = f"note-{one.number}", f"raison-{one.number}"
        if not form.value(mark).strip() and not form.value(reason).strip():
            continue
        costs = one.kind == CriterionKind.LIFE_CYCLE
        typed = bool(form.value(mark).strip())
        command[one.number] = form.command(
            MarkIn,
            {"mark": mark, "cents": mark, "reason": reason},
            mark=form.decimal(mark, largest=BEST_MARK) if typed and not costs else None,
            cents=min(read_cents(form, mark), MOST_CENTS) if typed and costs else None,
            reason=form.lines(reason, longest=longest_of(MarkIn, "reason")),
        )
    fields = {f"marks.{one.number}": f"note-{one.number}" for one in criteria}
    fields |= {f"reasons.{one.number}": f"raison-{one.number}" for one in criteria}
    whose, shown = (here.session, here.caller, here.purchase.id, here.found.id), form.value("version")
    async with form.submitted(lambda: _marks_page(here, form), fields=fields, conflict=""):
        await keep_marks(*whose, command, here.now, shown=shown or None)
    return here.redirect(f"{SECTION}/comparaison", done=f"Les notes de {here.found.called} sont enregistrées.")


ROUTES = [show_comparison, show_shares, ask_criteria, do_criteria, ask_marks, do_marks]
