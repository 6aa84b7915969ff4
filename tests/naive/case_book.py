"""Where the worked cases are, and how much of a result each of them speaks about."""

import json
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any

TESTS = Path(__file__).parent.parent
SHARED = TESTS.parent.parent / "shared" / "vectors"
WHOLE = {"charges", "subsidies", "vat_by_rate", "assigned", "warnings"}


def read_cases(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def own_cases(name: str) -> list[Json]:
    return read_cases(TESTS / "sharing" / "cases" / f"{name}.jsonl")


def part_of(result: Json, expected: Json) -> Json:
    """The part of `result` that `expected` speaks about; members become a mapping by id, in order.

    A mapping of amounts (charges, subsidies, VAT by rate, assigned units) is always taken whole: an entry
    too many is seen.
    """
    if isinstance(result, list):
        result = {member["id"]: member for member in result}
    if not isinstance(expected, dict) or not expected:
        return result
    return {name: result[name] if name in WHOLE else part_of(result[name], value) for name, value in expected.items()}
