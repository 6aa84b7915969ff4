"""The form of an action's terms: rows of items, then up to three estimates beside each other."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel

from pooling.actions.catalogue import System, TypicalItem
from pooling.actions.codes import LONGEST, read_account, read_cpv
from pooling.allocation.locking import LONGEST_CODE, code_for
from pooling.kernel.text import slug
from pooling.procurement.models import Mandate
from pooling.procurement.words import MANDATES
from pooling.purchases.kinds import KINDS
from pooling.purchases.models import PurchaseKind
from pooling.purchases.schemas import LONGEST_SOURCE
from pooling.terms.models import ChargesKey, Spread
from pooling.terms.rules import KEY_WORDS, SPREAD_WORDS
from pooling.terms.schemas import (
    CHARGES,
    MOST_AIDS,
    MOST_ESTIMATES,
    MOST_ITEMS,
    MOST_PRICE,
    MOST_UNITS,
    AidIn,
    EstimateIn,
    TermsIn,
    TermsItemIn,
)
from pooling.web.forms import Form, longest_of

Choice = TypeVar("Choice", bound=StrEnum)
PLACES = range(1, MOST_ESTIMATES + 1)
FIELDS = {"items": "nom-1", "estimates": "libelle-1"}
_EMPTY_ROWS = 2
_WHOLE = "tout"
_SAID: dict[str, type[BaseModel]] = {
    "mandate": TermsIn,
    "exit_clause": TermsIn,
    "name": TermsItemIn,
    "unit": TermsItemIn,
    "label": EstimateIn,
}
LONGEST_OF = {name: longest_of(model, name) for name, model in _SAID.items()} | {
    "charges": longest_of(EstimateIn, "charges_label"),
    "aid": longest_of(AidIn, "label"),
    "source": LONGEST_SOURCE,
    "code": LONGEST,
}


def choices(form: Form) -> dict[str, Any]:
    """What the form's template needs beside its values."""
    rows = _rows(form, "nom", MOST_ITEMS)
    return {
        "places": PLACES,
        "rows": rows,
        "aids": {place: _rows(form, f"aide-{place}", MOST_AIDS, empty=1) for place in PLACES},
        "counted": [
            (_WHOLE, "Tout, frais compris"),
            *((str(row), form.value(f"nom-{row}").strip() or f"Article n° {row}") for row in rows),
        ],
        "kinds": [(str(kind.name), kind.label) for kind in KINDS.values()],
        "mandates": [(str(mandate), words) for mandate, words in MANDATES.items()],
        "spreads": [(str(spread), words) for spread, words in SPREAD_WORDS.items()],
        "keys": [(str(key), words) for key, words in KEY_WORDS.items()],
        "longest": LONGEST_OF,
        "said": {place: _is_said(form, place) for place in PLACES},
    }


def _rows(form: Form, name: str, most: int, *, empty: int = _EMPTY_ROWS) -> range:
    """The numbers of the rows shown: those filled, and some to fill."""
    filled = [row for row in range(1, most + 1) if form.value(f"{name}-{row}").strip()]
    return range(1, min(max(filled, default=0) + empty, most) + 1)


def _is_said(form: Form, place: int) -> bool:
    """Whether the estimate has anything: its part of the form then stands open."""
    fields = [f"quantite-{place}-{row}" for row in range(1, MOST_ITEMS + 1)]
    fields += [f"{name}-{place}" for name in ("libelle", "frais")]
    return any(form.value(field).strip() or form.error(field) for field in fields)


def values_of(terms: TermsIn) -> dict[str, object]:
    """The values of a form filled with them."""
    rows = {item.code: row for row, item in enumerate(terms.items, start=1)}
    values: dict[str, object] = {
        "kind": terms.kind,
        "mandate": terms.mandate,
        "coordination": terms.coordination,
        "exit_clause": terms.exit_clause,
        **{name: day.isoformat() for name in ("answer_by", "order_by", "deliver_by") if (day := getattr(terms, name))},
        **{f"tva-{row}": "20" for row in range(1, MOST_ITEMS + 1)},
        **{f"frais-tva-{place}": "20" for place in PLACES},
    }
    for item in terms.items:
        values |= _values_of_item(item, rows[item.code])
    for place, one in enumerate(terms.estimates, start=1):
        values |= {f"quantite-{place}-{rows[code]}": str(units) for code, units in one.quantities.items()}
        values |= {
            f"libelle-{place}": one.label,
            f"repartition-{place}": one.spread,
            f"frais-nom-{place}": one.charges_label,
            f"frais-{place}": typed(one.charges_cents) if one.charges_cents else "",
            f"frais-tva-{place}": typed(one.charges_vat_hundredths),
            f"cle-{place}": one.charges_key,
        }
        for row, aid in enumerate(one.aids, start=1):
            values |= {
                f"aide-{place}-{row}": aid.label,
                f"taux-{place}-{row}": typed(aid.rate_hundredths),
                f"somme-{place}-{row}": typed(aid.amount_cents),
                f"plafond-unite-{place}-{row}": typed(aid.cap_per_unit_cents),
                f"plafond-{place}-{row}": typed(aid.cap_total_cents),
                f"porte-{place}-{row}": str(rows[aid.item]) if aid.item else _WHOLE,
            }
    return values


def _values_of_item(item: TermsItemIn, row: int) -> Mapping[str, object]:
    return {
        f"code-{row}": item.code,
        f"nom-{row}": item.name,
        f"unite-{row}": item.unit,
        f"prix-{row}": typed(item.unit_price_cents),
        f"tva-{row}": typed(item.vat_hundredths),
        f"cpv-{row}": item.cpv,
        f"compte-{row}": item.account,
        f"seul-{row}": typed(item.price_alone_cents),
        f"source-{row}": item.price_source,
        f"au-{row}": item.priced_on.isoformat() if item.priced_on else "",
    }


def from_catalogue(system: System) -> TermsIn:
    """What terms begin with: the usual items of the catalogue, their reference price as the expected one, and as the
    price alone where it is confirmed.
    """
    codes: list[str] = []
    for item in system.items:
        codes.append(code_for(item.name, codes, else_="article"))
    items = tuple(_usual(code, item) for code, item in zip(codes, system.items, strict=True))
    return TermsIn(kind=PurchaseKind(system.kind) if system.kind else PurchaseKind.GOODS, items=items[:MOST_ITEMS])


def _usual(code: str, item: TypicalItem) -> TermsItemIn:
    cents = None if item.price is None else int(item.price * 100)
    alone = None if item.to_confirm else cents
    return TermsItemIn(
        code=code,
        name=item.name,
        unit=item.unit,
        unit_price_cents=cents or 0,
        vat_hundredths=int(item.vat_rate * 100),
        cpv=item.cpv,
        account=item.account,
        price_alone_cents=alone,
        price_source=f"{item.source} (catalogue)"[:LONGEST_SOURCE] if alone is not None else "",
        priced_on=item.priced_on if alone is not None else None,
    )


def typed(hundredths: int | None) -> str:
    """As one types it; nothing of nothing."""
    return "" if hundredths is None else f"{Decimal(hundredths).scaleb(-2).normalize():f}".replace(".", ",")


def read_terms(form: Form) -> TermsIn:
    codes: dict[int, str] = {}
    items = [item for row in range(1, MOST_ITEMS + 1) if (item := _read_item(form, row, codes)) is not None]
    estimates = [one for place in PLACES if (one := _read_estimate(form, place, codes)) is not None]
    return form.command(
        TermsIn,
        {},
        kind=_choice(form, "kind", PurchaseKind, PurchaseKind.GOODS),
        mandate=form.lines("mandate", longest=LONGEST_OF["mandate"]),
        coordination=_choice(form, "coordination", Mandate, Mandate.UNDECIDED),
        exit_clause=form.lines("exit_clause", longest=LONGEST_OF["exit_clause"]),
        **{name: _day(form, name) for name in ("answer_by", "order_by", "deliver_by")},
        items=tuple(items),
        estimates=tuple(estimates),
    )


def _read_item(form: Form, row: int, codes: dict[int, str]) -> TermsItemIn | None:
    """The row's item, if it names one; its code joins those of the rows before."""
    name = form.text(f"nom-{row}", longest=LONGEST_OF["name"])
    if not name:
        fields = ("prix", "cpv", "compte", "seul", "source", *(f"quantite-{place}" for place in PLACES))
        if any(form.value(f"{field}-{row}").strip() for field in fields):
            form.refuse(f"nom-{row}", "Dites ce que l’on achèterait.")
        return None
    kept = form.value(f"code-{row}")
    free = kept and slug(kept) == kept and kept not in codes.values() and len(kept) <= LONGEST_CODE
    codes[row] = kept if free else code_for(name, codes.values(), else_="article")
    alone, source, on = (
        _hundredths(form, f"seul-{row}", MOST_PRICE // 100),
        form.text(f"source-{row}", longest=LONGEST_SOURCE),
        _day(form, f"au-{row}"),
    )
    if not form.error(f"au-{row}") and len({alone is None, not source, on is None}) > 1:
        form.refuse(f"seul-{row}", "Un prix de référence va avec sa source et sa date.")
        alone, source, on = None, "", None
    return TermsItemIn(
        code=codes[row],
        name=name,
        unit=form.text(f"unite-{row}", longest=LONGEST_OF["unit"]) or "unité",
        unit_price_cents=_hundredths(form, f"prix-{row}", MOST_PRICE // 100) or 0,
        vat_hundredths=_hundredths(form, f"tva-{row}", 100) or 0,
        cpv=_code(form, f"cpv-{row}", read_cpv),
        account=_code(form, f"compte-{row}", read_account),
        price_alone_cents=alone,
        price_source=source if alone is not None else "",
        priced_on=on if alone is not None else None,
    )


def _code(form: Form, name: str, read: Callable[[str], str]) -> str:
    try:
        return read(form.text(name, longest=LONGEST))
    except ValueError as wrong:
        form.refuse(name, str(wrong))
        return ""


def _read_estimate(form: Form, place: int, codes: Mapping[int, str]) -> EstimateIn | None:
    """What the place says, if it says any quantity or cost."""
    quantities = {
        code: form.integer(f"quantite-{place}-{row}", largest=MOST_UNITS)
        for row, code in codes.items()
        if form.value(f"quantite-{place}-{row}").strip()
    }
    charges = _hundredths(form, f"frais-{place}", MOST_PRICE // 100) or 0
    aids = [aid for row in range(1, MOST_AIDS + 1) if (aid := _read_aid(form, place, row, codes)) is not None]
    label = form.text(f"libelle-{place}", longest=LONGEST_OF["label"])
    if not quantities and not charges:
        if aids or (label and place > 1):
            form.refuse(f"libelle-{place}", "Dites au moins une quantité ou des frais.")
        return None
    return EstimateIn(
        label=label or ("Estimation" if place == 1 else f"Variante {place - 1}"),
        quantities=quantities,
        spread=_choice(form, f"repartition-{place}", Spread, Spread.POPULATION),
        charges_label=form.text(f"frais-nom-{place}", longest=LONGEST_OF["charges"]) or CHARGES,
        charges_cents=charges,
        charges_vat_hundredths=_hundredths(form, f"frais-tva-{place}", 100) or 0,
        charges_key=_choice(form, f"cle-{place}", ChargesKey, ChargesKey.EQUAL),
        aids=tuple(aids),
    )


def _read_aid(form: Form, place: int, row: int, codes: Mapping[int, str]) -> AidIn | None:
    def named(field: str) -> str:
        return f"{field}-{place}-{row}"

    label = form.text(named("aide"), longest=LONGEST_OF["aid"])
    rate = _hundredths(form, named("taux"), 100)
    amount, cap_per_unit, cap_total = (
        _hundredths(form, named(field), MOST_PRICE // 100) for field in ("somme", "plafond-unite", "plafond")
    )
    if not label:
        if any(value is not None for value in (rate, amount, cap_per_unit, cap_total)):
            form.refuse(named("aide"), "Nommez l’aide.")
        return None
    if (rate is None) == (amount is None):
        form.refuse(named("taux"), "Donnez un pourcentage ou une somme, l’un des deux.")
        return None
    if amount is not None and (cap_per_unit, cap_total) != (None, None):
        form.refuse(named("plafond"), "Un plafond va avec un pourcentage.")
        return None
    return AidIn(
        label=label,
        rate_hundredths=rate,
        amount_cents=amount,
        cap_per_unit_cents=cap_per_unit,
        cap_total_cents=cap_total,
        item=_counted(form, named("porte"), codes),
    )


def _counted(form: Form, name: str, codes: Mapping[int, str]) -> str:
    """The code of the row that the aid counts; empty: all of them."""
    chosen = form.value(name)
    if chosen in {"", _WHOLE}:
        return ""
    code = next((code for row, code in codes.items() if str(row) == chosen), "")
    if not code:
        form.refuse(name, "Choisissez un article de la liste, ou tout.")
    return code


def _choice(form: Form, name: str, choices: type[Choice], otherwise: Choice) -> Choice:
    """Nothing chosen is as usual."""
    if not form.value(name):
        return otherwise
    chosen = form.choice(name, list(choices))
    return choices(chosen) if chosen in list(choices) else otherwise


def _day(form: Form, name: str) -> date | None:
    return form.date(name) if form.value(name).strip() else None


def _hundredths(form: Form, name: str, largest: int) -> int | None:
    """Nothing typed is nothing."""
    return int(form.decimal(name, largest=largest) * 100) if form.value(name).strip() else None
