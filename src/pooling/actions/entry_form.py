"""The form of an entry of the catalogue: what it says, then rows of items, aids and quotas."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from pooling.actions.catalogue import MOST_FACTS, MOST_ITEMS, MOST_PRICE, MOST_SAID, Fact, System, TypicalItem
from pooling.actions.codes import LONGEST as LONGEST_FILED
from pooling.actions.codes import read_account, read_cpv
from pooling.web.forms import Form, longest_of

LISTS = ("specify", "questions", "vigilance", "indicators")
"""Parts that are a text with one thing on each line."""
FACTS = {"aids": "aide", "quotas": "quota"}
"""Dated rules, by the beginning of the names of their fields."""
FIELDS = {"items": "nom-1", "aids": "aide-1", "quotas": "quota-1"}
LONGEST_SAID = 300
LONGEST = {
    **{name: longest_of(System, name) for name in ("name", "what")},
    **{name: longest_of(TypicalItem, name) for name in ("unit", "source")},
    "item": longest_of(TypicalItem, "name"),
    "fact": longest_of(Fact, "name"),
    "code": LONGEST_FILED,
    "list": MOST_SAID * (LONGEST_SAID + 2),
}
_EMPTY_ROWS = 2


def choices(form: Form) -> dict[str, Any]:
    """What the form's template needs beside its values."""
    return {
        "rows": _rows(form, "nom", MOST_ITEMS),
        "facts": {field: _rows(form, field, MOST_FACTS) for field in FACTS.values()},
        "longest": LONGEST,
    }


def _rows(form: Form, name: str, most: int) -> range:
    """The numbers of the rows shown: those filled, and some to fill."""
    filled = [row for row in range(1, most + 1) if form.value(f"{name}-{row}").strip() or form.error(f"{name}-{row}")]
    return range(1, min(max(filled, default=0) + _EMPTY_ROWS, most) + 1)


def values_of(system: System | None) -> dict[str, object]:
    """The values of a form filled with it; None: of a new entry."""
    values: dict[str, object] = {f"tva-{row}": "20" for row in range(1, MOST_ITEMS + 1)}
    if system is None:
        return values
    values |= {name: getattr(system, name) for name in ("name", "what", "kind")}
    values |= {name: "\n".join(getattr(system, name)) for name in LISTS}
    for row, item in enumerate(system.items, start=1):
        values |= {
            f"nom-{row}": item.name,
            f"unite-{row}": item.unit,
            f"cpv-{row}": item.cpv,
            f"compte-{row}": item.account,
            f"tva-{row}": _typed(item.vat_rate),
            f"prix-{row}": "" if item.price is None else f"{item.price:.2f}".replace(".", ","),
            f"au-{row}": item.priced_on.isoformat() if item.priced_on else "",
            f"source-{row}": item.source,
            f"a-confirmer-{row}": "1" if item.to_confirm else "",
        }
    for part, field in FACTS.items():
        for row, fact in enumerate(getattr(system, part), start=1):
            values |= {
                f"{field}-{row}": fact.name,
                f"{field}-du-{row}": fact.valid_from.isoformat(),
                f"{field}-au-{row}": fact.valid_to.isoformat() if fact.valid_to else "",
                f"{field}-source-{row}": fact.source,
                f"{field}-a-confirmer-{row}": "1" if fact.to_confirm else "",
            }
    return values


def _typed(value: Decimal) -> str:
    return f"{value.normalize():f}".replace(".", ",")


def read_entry(form: Form, code: str, kinds: list[str]) -> System:
    """The entry of this code, as the form says it."""
    items = [item for row in range(1, MOST_ITEMS + 1) if (item := _read_item(form, row)) is not None]
    facts = {
        part: tuple(fact for row in range(1, MOST_FACTS + 1) if (fact := _read_fact(form, field, row)) is not None)
        for part, field in FACTS.items()
    }
    return form.command(
        System,
        FIELDS,
        code=code,
        name=form.text("name", required="Donnez un nom à l’entrée.", longest=LONGEST["name"]),
        what=form.text("what", required="Dites ce que c’est, en une phrase ou deux.", longest=LONGEST["what"]),
        kind=form.choice("kind", ["", *kinds]),
        items=tuple(items),
        **{name: _read_list(form, name) for name in LISTS},
        **facts,
    )


def _read_list(form: Form, name: str) -> tuple[str, ...]:
    """One thing on each line."""
    lines = [line for line in form.lines(name, longest=LONGEST["list"]).splitlines() if line.strip()]
    if len(lines) > MOST_SAID:
        form.refuse(name, f"Gardez {MOST_SAID} lignes au plus.")
    if any(len(line) > LONGEST_SAID for line in lines):
        form.refuse(name, f"Raccourcissez chaque ligne : {LONGEST_SAID} caractères au plus.")
    return tuple(line.strip() for line in lines)


def _read_item(form: Form, row: int) -> TypicalItem | None:
    """The row's item, if it names one."""
    name = form.text(f"nom-{row}", longest=LONGEST["item"])
    if not name:
        if any(form.value(f"{field}-{row}").strip() for field in ("unite", "cpv", "compte", "prix", "source")):
            form.refuse(f"nom-{row}", "Nommez cet article, ou videz la ligne.")
        return None
    price = form.decimal(f"prix-{row}", largest=MOST_PRICE) if form.value(f"prix-{row}").strip() else None
    source, priced_on = form.text(f"source-{row}", longest=LONGEST["source"]), _day(form, f"au-{row}")
    if not form.error(f"au-{row}") and len({price is None, not source, priced_on is None}) > 1:
        form.refuse(f"prix-{row}", "Un prix de référence va avec sa source et sa date.")
    unit = form.text(f"unite-{row}", required="Dites l’unité, par exemple vélo.", longest=LONGEST["unit"])
    cpv, account = _filed(form, f"cpv-{row}", read_cpv), _filed(form, f"compte-{row}", read_account)
    vat = form.decimal(f"tva-{row}", largest=100)
    if form.has_errors:
        return None
    return TypicalItem(
        name=name,
        unit=unit,
        cpv=cpv,
        account=account,
        vat_rate=vat,
        price=price,
        priced_on=priced_on,
        source=source,
        to_confirm=form.value(f"a-confirmer-{row}") == "1",
    )


def _filed(form: Form, name: str, read: Callable[[str], str]) -> str:
    try:
        return read(form.text(name, longest=LONGEST_FILED))
    except ValueError as wrong:
        form.refuse(name, str(wrong))
        return ""


def _read_fact(form: Form, field: str, row: int) -> Fact | None:
    """The row's rule, if it says one."""
    name = form.text(f"{field}-{row}", longest=LONGEST["fact"])
    if not name:
        if any(form.value(f"{field}-{part}-{row}").strip() for part in ("du", "au", "source")):
            form.refuse(f"{field}-{row}", "Dites ce que c’est, ou videz la ligne.")
        return None
    begins, ends = form.date(f"{field}-du-{row}"), _day(form, f"{field}-au-{row}")
    source = form.text(f"{field}-source-{row}", required="Dites d’où vient cette règle.", longest=LONGEST["source"])
    if begins and ends and ends < begins:
        form.refuse(f"{field}-au-{row}", "Elle ne peut pas finir avant d’avoir commencé.")
    if form.has_errors or begins is None:
        return None
    return Fact(
        name=name,
        valid_from=begins,
        valid_to=ends,
        source=source,
        to_confirm=form.value(f"{field}-a-confirmer-{row}") == "1",
    )


def _day(form: Form, name: str) -> date | None:
    return form.date(name) if form.value(name).strip() else None
