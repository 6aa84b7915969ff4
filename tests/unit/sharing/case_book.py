"""Where the worked cases are, and how much of a result each of them speaks about."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED = HERE.parents[2].parent / "shared" / "vectors"


def read_cases(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def own_cases(name: str) -> list[Any]:
    return read_cases(HERE / "cases" / f"{name}.jsonl")


def part_of(result: Any, expected: Any) -> Any:
    """The part of `result` that `expected` speaks about; members become a mapping by id, in order.

    A mapping that stands for amounts (charges, subsidies, VAT by rate, assigned units) is always taken whole, so that an
    entry too many is seen.
    """
    if isinstance(result, list) and result and "id" in result[0]:
        result = {member["id"]: member for member in result}
    if not isinstance(expected, dict):
        return {} if result == [] and expected == {} else result
    return {
        name: result[name] if name in WHOLE else part_of(result.get(name), value)
        for name, value in expected.items()
    }


WHOLE = {"charges", "subsidies", "vat_by_rate", "assigned", "warnings"}
