"""The form of a bill that is typed, or of the lines that a file lacks: from what is typed to a bill, and back. What the
page can compute may be left out; what is typed is checked, never corrected.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction

from pooling.bills.models import Bill, BillKind, BillLine, BillRate
from pooling.bills.rules import ItemOrdered
from pooling.bills.schemas import LONGEST_NUMBER, BillIn, LineIn, RateIn
from pooling.invoices.invoice import CENT, plain
from pooling.kernel.tables import id_typed
from pooling.sharing.money import Cents, half_up
from pooling.web.forms import Form
from pooling.web.numbers import decimal_text, read_cents, read_optional_cents, read_percent, typed_cents, typed_number

MOST_TYPED = 60
"""Lines that have boxes; of more, the supplier's file has them."""
EMPTY_ROWS = 3
_MOST_RATES = 5
_LINE = ("name", "quantity", "price", "net", "rate")
_RATE = ("vatrate", "base", "vat")


def line_rows(form: Form) -> range:
    """The lines that have boxes: those that are filled, and a few more."""
    return range(1, min(_last(form, _LINE, MOST_TYPED) + EMPTY_ROWS, MOST_TYPED) + 1)


def rate_rows(form: Form) -> range:
    return range(1, min(max(_last(form, _RATE, _MOST_RATES) + 1, 2), _MOST_RATES) + 1)


def _last(form: Form, names: Collection[str], most: int) -> int:
    filled = (place for place in range(1, most + 1) if any(form.value(f"{name}-{place}").strip() for name in names))
    return max(filled, default=0)


def read_orders(form: Form) -> list[int]:
    """The orders that are still ticked, and the one that is added."""
    typed = (*form.all("orders"), form.value("order"))
    return list(dict.fromkeys(id_ for text in typed if (id_ := id_typed(text)) is not None))


def read_lines(form: Form, codes: Collection[str]) -> list[LineIn]:
    """The lines that were typed; `codes` are those of the items that one may be for."""
    return [
        _line(form, place, codes)
        for place in range(1, MOST_TYPED + 1)
        if any(form.value(f"{name}-{place}").strip() for name in ("name", "quantity", "price", "net"))
    ]


def _line(form: Form, place: int, codes: Collection[str]) -> LineIn:
    name = form.text(f"name-{place}", required="Dites ce que cette ligne facture.", longest=300)
    quantity = _decimal(form, f"quantity-{place}", 6, "1")
    price = _decimal(form, f"price-{place}", 8, "")
    net = read_optional_cents(form, f"net-{place}") if not form.value(f"net-{place}").strip() else _signed(form, place)
    if net is None and price is None:
        form.refuse(f"net-{place}", "Indiquez le montant de la ligne, ou son prix unitaire.")
    item = form.value(f"item-{place}")
    if item and item not in codes:
        form.refuse(f"item-{place}", "Choisissez un des articles proposés.")
    units = Decimal(1) if quantity is None else quantity
    if net is None:
        net = half_up(Fraction(units) * Fraction(price or 0) * 100)
    if price is None:
        price = (abs(Decimal(net)) / 100 / abs(units)).quantize(Decimal("0.0001")) if units else Decimal(0)
    return LineIn.model_construct(
        name=name,
        supplier_code="",
        order_line="",
        quantity=units,
        unit_price=price,
        net_cents=net,
        vat_rate=Decimal(read_percent(form, f"rate-{place}", 2)),
        item=item,
    )


def _signed(form: Form, place: int) -> Cents:
    return read_cents(form, f"net-{place}", signed=True)


def _decimal(form: Form, name: str, decimals: int, default: str) -> Decimal | None:
    typed = form.value(name).strip() or default
    if not typed:
        return None
    try:
        return Decimal(decimal_text(typed.removesuffix("€"), decimals, signed=True))
    except ValueError as wrong:
        form.refuse(name, str(wrong))
        return Decimal(1)


def read_rates(form: Form, lines: Sequence[LineIn]) -> list[RateIn]:
    """The rates that were typed; nothing typed, those of the lines."""
    typed = [
        place
        for place in range(1, _MOST_RATES + 1)
        if any(form.value(f"{name}-{place}").strip() for name in ("base", "vat"))
    ]
    if typed:
        rates = [_rate(form, place) for place in typed]
        for place, rate in zip(typed, rates, strict=True):
            if [other.vat_rate for other in rates].count(rate.vat_rate) > 1:
                form.refuse(f"vatrate-{place}", "Ce taux est indiqué deux fois : additionnez ses montants.")
        return rates
    bases: dict[Decimal, Cents] = defaultdict(int)
    for line in lines:
        bases[line.vat_rate] += line.net_cents
    return [_computed(rate, base) for rate, base in sorted(bases.items(), reverse=True)]


def _rate(form: Form, place: int) -> RateIn:
    rate = Decimal(read_percent(form, f"vatrate-{place}", 2))
    base = read_cents(form, f"base-{place}", signed=True)
    vat = read_cents(form, f"vat-{place}", signed=True) if form.value(f"vat-{place}").strip() else None
    return _computed(rate, base) if vat is None else RateIn(vat_rate=rate, base_cents=base, vat_cents=vat)


def _computed(rate: Decimal, base: Cents) -> RateIn:
    return RateIn.model_construct(vat_rate=rate, base_cents=base, vat_cents=half_up(base * Fraction(rate) / 100))


def read_bill(form: Form, codes: Collection[str]) -> BillIn:
    """A whole bill; of its totals those that were left out are what the others give."""
    lines = read_lines(form, codes)
    rates = read_rates(form, lines)
    ht_of_rates, vat_of_rates = (sum(getattr(rate, name) for rate in rates) for name in ("base_cents", "vat_cents"))
    around = read_cents(form, "around", signed=True) if form.value("around").strip() else 0
    together = sum(line.net_cents for line in lines) + around if lines else ht_of_rates
    ht = _total(form, "ht", together)
    vat = _total(form, "vat", vat_of_rates)
    ttc = _total(form, "ttc", ht + vat)
    prepaid = _total(form, "prepaid", 0)
    return form.command(
        BillIn,
        {"lines": "", "rates": "vatrate-1"},
        kind=form.choice("kind", list(BillKind)),
        number=form.text("number", required="Indiquez le numéro de la facture.", longest=LONGEST_NUMBER),
        issued_on=form.date("issued_on"),
        due_on=form.date("due_on") if form.value("due_on").strip() else None,
        order_reference="",
        credited=tuple(number for number in form.text("credited", longest=300).replace(",", " ").split()),
        lines=tuple(lines),
        rates=tuple(rates),
        allowances_cents=max(0, -around),
        charges_cents=max(0, around),
        ht_cents=ht,
        vat_cents=vat,
        ttc_cents=ttc,
        prepaid_cents=prepaid,
        due_cents=_total(form, "due", ttc - prepaid),
    )


def _total(form: Form, name: str, otherwise: Cents) -> Cents:
    return read_cents(form, name, signed=True) if form.value(name).strip() else otherwise


def typed_bill(bill: Bill, lines: Sequence[BillLine], rates: Sequence[BillRate], codes: dict[int, str]) -> Form:
    """A bill as it would be typed. `codes` are those of its items, by id."""
    around = bill.ht_cents - sum(line.net_cents for line in lines) if lines else 0
    values = {
        "supplier": str(bill.supplier_id or ""),
        "kind": bill.kind,
        "number": bill.number,
        "issued_on": bill.issued_on.isoformat() if bill.issued_on else "",
        "due_on": bill.due_on.isoformat() if bill.due_on else "",
        "credited": ", ".join(bill.credited),
        "around": typed_cents(around) if around else "",
        **{name: typed_cents(getattr(bill, f"{name}_cents")) for name in ("ht", "vat", "ttc", "prepaid", "due")},
        "version": str(bill.version),
    }
    for place, line in enumerate(lines[:MOST_TYPED], start=1):
        values |= {
            f"name-{place}": line.name,
            f"quantity-{place}": typed_number(plain(line.quantity)),
            f"price-{place}": typed_number(plain(line.unit_price, CENT)),
            f"net-{place}": typed_cents(line.net_cents),
            f"rate-{place}": typed_number(plain(line.vat_rate)),
            f"item-{place}": codes.get(line.item_id or 0, ""),
        }
    return Form(values=values | typed_rates(rates))


def typed_rates(rates: Sequence[BillRate]) -> dict[str, str]:
    values: dict[str, str] = {}
    for place, rate in enumerate(rates[:_MOST_RATES], start=1):
        values |= {
            f"vatrate-{place}": typed_number(plain(rate.vat_rate)),
            f"base-{place}": typed_cents(rate.base_cents),
            f"vat-{place}": typed_cents(rate.vat_cents),
        }
    return values


def typed_orders(items: Sequence[ItemOrdered]) -> dict[str, str]:
    """What is still to be invoiced of orders: what arrived, else what was ordered."""
    values: dict[str, str] = {}
    place = 0
    for item in items:
        left = max(Fraction(0), min(item.accepted, item.ordered) - item.invoiced) or max(Fraction(0), item.remaining)
        if not left:
            continue
        place += 1
        if place > MOST_TYPED:
            break
        price = Decimal(item.unit_price.numerator) / item.unit_price.denominator
        values |= {
            f"name-{place}": item.name,
            f"quantity-{place}": typed_number(plain(Decimal(left.numerator) / left.denominator)),
            f"price-{place}": typed_number(plain(price, CENT)),
            f"rate-{place}": typed_number(plain(Decimal(item.vat_rate.numerator) / item.vat_rate.denominator)),
            f"item-{place}": item.code,
        }
    return values
