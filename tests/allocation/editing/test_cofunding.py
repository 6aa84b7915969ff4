"""The three common co-fundings of docs/allocation.md can be typed in the pages, as docs/cases has them."""

import json
from typing import Any

from pooling import PROJECT_ROOT
from pooling.allocation.case import Payer
from pooling.allocation.editing.key_form import read_key
from pooling.allocation.editing.offered import Offered
from pooling.allocation.editing.subsidy_form import read_subsidy
from pooling.allocation.models import Charge
from pooling.purchases.queries import ItemShown
from pooling.web.forms import Form


def case(name: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((PROJECT_ROOT / "docs" / "cases" / f"{name}.json").read_text("utf-8"))


def offered(name: str) -> Offered:
    """Those who take part, and what the case has of items and charges."""
    found = case(name)
    payers = [
        Payer(place, member["id"], member["id"], None, None, None, "commune", "")
        for place, member in enumerate(found["members"], start=1)
    ]
    items = [_item(place, item["id"]) for place, item in enumerate(found.get("items", ()), start=1)]
    charges = [
        Charge(group_id=1, id=place, purchase_id=1, code=charge["id"], label=charge["id"], key="equal")
        for place, charge in enumerate(found.get("charges", ()), start=1)
    ]
    return Offered(payers, len(payers), items, charges, [], ("", ""))


def _item(place: int, code: str) -> ItemShown:
    return ItemShown(place, code, code, "", "unité", 1, 20, False, 1, 0, ())  # type: ignore[arg-type]  # prices do not count


def test_half_by_the_agglomeration_and_the_rest_by_employers() -> None:
    typed = {
        "key": "mix", "part-1": "50", "part-key-1": "percents", "part-2": "50 %", "part-key-2": "weights",
        "percents-1": "100", "weights-1": "0", "weights-2": "310", "weights-3": "420", "weights-4": "23",
    }  # fmt: skip
    form = Form(values=typed)
    assert read_key(form, offered("flotte").payers) == case("flotte")["charges"][0]["key"]
    assert not form.has_errors


def test_forty_percent_up_to_250_euros_each_item_by_item() -> None:
    found = offered("aide-par-velo")
    for place, wanted in enumerate(case("aide-par-velo")["subsidies"], start=1):
        typed = {"label": "Aide", "kind": "rate", "rate": "40", "cap_per_unit": "250", "items": "list"}
        form = Form(values={**typed, f"item-{place}": "1", "scope": "all", "public": "1"})
        read = read_subsidy(form, found)
        assert not form.has_errors
        assert (str(read.rate), read.cap_per_unit_cents, read.items) == (wanted["rate"], 250_00, wanted["items"])


def test_15_000_euros_a_project() -> None:
    typed = {"label": "Projet", "kind": "amount", "amount": "15 000", "items": "all", "charge-1": "1", "scope": "all"}
    form = Form(values=typed)
    read = read_subsidy(form, offered("projet"))
    assert not form.has_errors
    assert (read.amount_cents, read.items, read.charges) == (15_000_00, None, case("projet")["subsidies"][0]["charges"])
