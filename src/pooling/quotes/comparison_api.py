"""The comparison of quotes for programs: euros as decimals, marks out of 20."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from litestar import get, put
from pydantic import Field

from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.needs.permissions import may_see_all_needs
from pooling.purchases.api import Exact
from pooling.purchases.finding import lock_purchase
from pooling.purchases.page import OnPurchase
from pooling.purchases.permissions import may_run
from pooling.quotes.api import ONE, QUOTES, Amount
from pooling.quotes.comparing import Comparison, compare, criteria_of, given_marks
from pooling.quotes.judging import MOST_CRITERIA, CriterionIn, MarkIn, keep_criteria, keep_marks
from pooling.quotes.models import CriterionKind
from pooling.quotes.page import OnQuote
from pooling.quotes.rules import BEST_MARK, Basket, Criterion, Given
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import validated
from pooling.web.forms import longest_of


class LineComparedOut(ApiOut):
    item: str
    status: str
    """`ok`, or why nothing would be ordered."""
    units: int
    unit_price: Exact | None
    total: Exact
    """Before VAT."""
    covers: bool
    """Whether everybody gets what it is sure to need."""


class BasketOut(ApiOut):
    lines: Sequence[LineComparedOut]
    delivery: Exact
    ht: Exact
    vat: Exact
    ttc: Exact
    complete: bool


class ComparedOut(BasketOut):
    quote_id: int
    supplier: str
    lot: int | None
    delivery_days: int | None
    score: Exact | None
    """Out of 20, to two decimals; null: a mark is lacking."""


class ChosenOut(ApiOut):
    items: Mapping[str, int]
    """The quote of each item, by its code."""
    ht: Exact
    ttc: Exact
    complete: bool


class ComparisonOut(ApiOut):
    quotes: Sequence[ComparedOut]
    best: int | None
    """The cheapest quote for the whole purchase that leaves nothing out."""
    earliest: int | None
    by_lot: ChosenOut
    by_item: ChosenOut


class CriterionPut(ApiIn):
    kind: CriterionKind
    label: str = Field(default="", max_length=longest_of(CriterionIn, "label"))
    """Empty: what its kind is called."""
    weight: Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)]
    """Percent; all of them are 100."""


class CriteriaPut(ApiIn):
    """What quotes are judged by: one for the environment at least, or the life-cycle cost alone (CCP R2152-7)."""

    criteria: Sequence[CriterionPut] = Field(max_length=MOST_CRITERIA)


class CriterionOut(ApiOut):
    number: int
    kind: CriterionKind
    label: str
    weight: Exact


class CriteriaOut(ApiOut):
    criteria: Sequence[CriterionOut]


class MarkPut(ApiIn):
    number: int = Field(ge=1, le=MOST_CRITERIA)
    """Of the criterion."""
    mark: Annotated[Decimal, Field(ge=0, le=BEST_MARK, max_digits=4, decimal_places=2)] | None = None
    cost: Amount | None = None
    """The life-cycle cost, in place of a mark."""
    reason: str = Field(min_length=1, max_length=longest_of(MarkIn, "reason"))


class MarksPut(ApiIn):
    """All that a quote is given; prices and delays are computed."""

    marks: Sequence[MarkPut] = Field(max_length=MOST_CRITERIA)


class MarkOut(ApiOut):
    number: int
    mark: Exact | None
    cost: Exact | None
    reason: str


class MarksOut(ApiOut):
    marks: Sequence[MarkOut]


def _euros(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _basket(basket: Basket) -> dict[str, object]:
    return {
        "lines": [
            LineComparedOut(
                item=code,
                status=line.status,
                units=line.units,
                unit_price=_exact(line.consolidation.unit_price) if line.units and line.consolidation else None,
                total=_euros(line.total),
                covers=line.covers,
            )
            for code, line in basket.lines.items()
        ],
        "delivery": _euros(sum(amount for amount, _ in basket.deliveries.values())),
        "ht": _euros(basket.ht),
        "vat": _euros(basket.vat),
        "ttc": _euros(basket.ttc),
        "complete": basket.is_complete,
    }


def _exact(number: Fraction) -> Decimal:
    """A price, weight or mark, whose decimals end."""
    return Decimal(number.numerator) / number.denominator


def _chosen(found: Comparison, choice: Mapping[str, int]) -> ChosenOut:
    basket = found.basket(choice)
    return ChosenOut(items=choice, ht=_euros(basket.ht), ttc=_euros(basket.ttc), complete=basket.is_complete)


@endpoint(get, f"{QUOTES}/comparison", right=may_see_all_needs)
async def compare_quotes(here: Here[OnPurchase]) -> ComparisonOut:
    """What would be ordered of each quote and what it comes to, which are best, and how criteria rank them."""
    found = await compare(here.session, here.purchase.id, here.now)
    return ComparisonOut(
        quotes=[
            ComparedOut.model_validate(
                {
                    "quote_id": quote.id,
                    "supplier": quote.supplier,
                    "lot": quote.quote.lot,
                    "delivery_days": quote.quote.delivery_days,
                    "score": Decimal(round(found.scores[quote.id] * 100)) / 100 if quote.id in found.scores else None,
                    **_basket(found.baskets[quote.id]),
                }
            )
            for quote in found.quotes
        ],
        best=found.best,
        earliest=found.earliest,
        by_lot=_chosen(found, found.by_lot),
        by_item=_chosen(found, found.by_line),
    )


def _criteria(criteria: Sequence[Criterion]) -> CriteriaOut:
    return CriteriaOut(
        criteria=[
            CriterionOut(number=one.number, kind=one.kind, label=one.label, weight=_exact(one.weight))
            for one in criteria
        ]
    )


@endpoint(get, f"{QUOTES}/criteria", right=may_see_all_needs, tagged=True)
async def get_quote_criteria(here: Here[OnPurchase]) -> CriteriaOut:
    """What quotes are judged by."""
    return _criteria(await criteria_of(here.session, here.purchase.id))


@endpoint(put, f"{QUOTES}/criteria", right=may_run, conflicts=("quotes_closed",), tagged=True, matched=True)
async def put_quote_criteria(here: Here[OnPurchase], sent: CriteriaPut) -> CriteriaOut:
    """Say what quotes are judged by. Marks stay with criteria whose place, kind and label stay."""
    if wants_match(here.request):
        await lock_purchase(here.session, here.purchase.id)
        require_match(here.request, _criteria(await criteria_of(here.session, here.purchase.id)))
    command = [validated(CriterionIn, one.model_dump()) for one in sent.criteria]
    return _criteria(await keep_criteria(here.session, here.caller, here.purchase.id, command, here.now))


def _marks(given: Mapping[tuple[int, int], Given], quote_id: int) -> MarksOut:
    return MarksOut(
        marks=[
            MarkOut(
                number=number,
                mark=None if said.mark is None else _exact(said.mark),
                cost=None if said.cents is None else _euros(said.cents),
                reason=said.reason,
            )
            for (number, quote), said in sorted(given.items())
            if quote == quote_id
        ]
    )


@endpoint(get, f"{ONE}/marks", right=may_see_all_needs, tagged=True)
async def get_quote_marks(here: Here[OnQuote]) -> MarksOut:
    """What a quote was given for the criteria that are not computed."""
    return _marks(await given_marks(here.session, here.purchase.id), here.found.id)


@endpoint(put, f"{ONE}/marks", right=may_run, conflicts=("quotes_closed",), tagged=True, matched=True)
async def put_quote_marks(here: Here[OnQuote], sent: MarksPut) -> MarksOut:
    """Give a quote its marks, each with its reason."""
    purchase_id, quote_id = here.purchase.id, here.found.id
    if wants_match(here.request):
        await lock_purchase(here.session, purchase_id)
        require_match(here.request, _marks(await given_marks(here.session, purchase_id), quote_id))
    command = {
        one.number: validated(
            MarkIn,
            {"mark": one.mark, "cents": None if one.cost is None else int(one.cost * 100), "reason": one.reason},
        )
        for one in sent.marks
    }
    await keep_marks(here.session, here.caller, purchase_id, quote_id, command, here.now)
    return _marks(await given_marks(here.session, purchase_id), quote_id)


ROUTES = [compare_quotes, get_quote_criteria, put_quote_criteria, get_quote_marks, put_quote_marks]
