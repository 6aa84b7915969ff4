"""Every worked case, the project's own and the shared ones, through the JSON entry of the two rules."""

import pytest

from naive.case_book import SHARED, Json, own_cases, part_of, read_cases
from pooling.sharing.allocation import allocate_json
from pooling.sharing.case_files import JsonRule
from pooling.sharing.consolidation import consolidate_json

RULES: dict[str, JsonRule] = {"allocation": allocate_json, "consolidation": consolidate_json}


def each(name: str) -> list[Json]:
    return [pytest.param(RULES[name], worked, id=f"{name}: {worked['why']}") for worked in own_cases(name)]


def each_error(name: str) -> list[Json]:
    return [
        pytest.param(RULES[name], worked["given"], worked["expect"], id=f"{name} {number}: {worked['expect']}")
        for number, worked in enumerate(own_cases(f"{name}_errors"), start=1)
    ]


@pytest.mark.parametrize(("rule", "worked"), each("allocation") + each("consolidation"))
def test_worked_by_hand(rule: JsonRule, worked: Json) -> None:
    result: Json = rule(worked["given"])
    expected = worked["expect"]
    if "error" in expected:
        assert result["error"]["code"] == expected["error"]
    else:
        assert part_of(result, expected) == expected


@pytest.mark.parametrize(("rule", "given", "code"), each_error("allocation") + each_error("consolidation"))
def test_refused(rule: JsonRule, given: Json, code: str) -> None:
    result: Json = rule(given)
    assert set(result) == {"case", "error"}
    assert result["error"]["code"] == code
    assert isinstance(result["error"]["field"], str)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared worked cases are not beside this checkout")
@pytest.mark.parametrize("name", ["allocation", "allocation-percent", "consolidation"])
def test_shared_cases(name: str) -> None:
    rule = RULES[name.partition("-")[0]]
    for worked in read_cases(SHARED / f"{name}.jsonl"):
        expected = worked["expect"]
        result: Json = rule(worked["given"])
        if "error" in expected:
            assert (result["case"], result["error"]["code"]) == (expected["case"], expected["error"]["code"])
        else:
            assert result == expected, expected["case"]
