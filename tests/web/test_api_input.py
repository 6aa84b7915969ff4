"""What programs send is told wrong in a few microseconds, however much of it is wrong."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator

import pytest

import pooling
from pooling.kernel.errors import Invalid
from pooling.purchases.api import NewPurchase
from pooling.web.api import ApiIn
from pooling.web.api_input import MANY_IN_JSON, MOST_IN_JSON, MOST_NAMES, Malformed, _read

MOST_TOLD = 100
"""Faults that a body may have at once: each takes some microseconds in which nobody else is answered."""
MANY = re.compile(r"tuple\[|list\[|[Ss]equence\[|[Mm]apping\[|dict\[|set\[")
"""What a field says of itself that holds more than one thing: anything else has one fault."""


def models(of: type[ApiIn]) -> Iterator[type[ApiIn]]:
    for model in of.__subclasses__():
        yield model
        yield from models(model)


def faults(content: object, model: type[ApiIn]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        _read(json.dumps(content).encode(), model)
    return dict(refused.value.errors)


def test_a_long_list_of_faults_ends_at_its_first() -> None:
    for found in pkgutil.walk_packages(pooling.__path__, "pooling."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    ours = {model for model in models(ApiIn) if model.__module__.startswith("pooling.")}
    lists = {(model, name) for model in ours for name, field in model.model_fields.items() if MANY.search(str(field))}
    assert {(NewPurchase, "participants"), (NewPurchase, "items")} < lists
    for model, name in lists:
        told = faults({name: [{}] * 2 * MANY_IN_JSON}, model)
        assert len(told) < MOST_TOLD, (model, name)


def test_a_short_one_is_told_whole() -> None:
    told = faults({"title": "Vélos", "lead_member": "213300098", "participants": [0] * 10 * MOST_TOLD}, NewPurchase)
    assert len(told) == MOST_TOLD * 10


def test_whoever_is_not_told_all_is_told_so() -> None:
    with pytest.raises(Invalid) as refused:
        _read(json.dumps({"participants": [0] * 2 * MANY_IN_JSON}).encode(), NewPurchase)
    assert not refused.value.is_all
    assert "seule la première faute" in refused.value.message


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({f"f{place}": 1 for place in range(MOST_NAMES + 1)}).encode(),
        b'"' * (4 * MOST_IN_JSON + 1),
    ],
)
def test_more_names_or_texts_than_anything_has_are_not_read(body: bytes) -> None:
    with pytest.raises(Malformed):
        _read(body, NewPurchase)


def test_a_text_longer_than_any_is_refused_as_it_is() -> None:
    told = faults({"title": "e\u0301" * 600_000, "lead_member": "213300098"}, NewPurchase)
    assert told == {"title": "Raccourcissez ce texte : 200 caractères au plus."}


def test_a_long_body_without_fault_is_the_same() -> None:
    content = {"title": "Vélos", "lead_member": "213300098", "participants": ["213300098"] * 2 * MANY_IN_JSON}
    assert _read(json.dumps(content).encode(), NewPurchase) == NewPurchase.model_validate(content)
