"""How fast the allocation rule is, next to the bare limits of this machine: `python benchmarks/allocation.py`.

A territory of 35 000 members takes 8 items, bears 5 charges and receives 2 subsidies. The bare limits, measured in the
same run: reading and writing the same JSON with the standard library, and one largest-remainder pass over as many
members. Then 2 000 small cases of a `.jsonl` file.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import Row
from pooling.sharing.allocation import allocate, allocate_json
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.case_files import answer_case, answer_lines

MEMBERS, ITEMS, SMALL_CASES = 35_000, 8, 2_000
KEYS: list[Any] = [
    "quantity",
    "amount",
    "population",
    {"mix": [{"percent": "50", "key": "equal"}, {"percent": "50", "key": "population"}]},
]


def large_case(members: int, items: int, seed: int = 1) -> dict[str, Any]:
    """A case that any machine makes the same."""
    random = Random(seed)
    ids = [f"{number:05d}" for number in range(members)]
    keys = [*KEYS, {"weights": {id_: f"{random.randrange(1, 900) / 100:.2f}" for id_ in ids}}]
    return {
        "case": f"{members} members",
        "members": [{"id": id_, "population": random.randrange(50, 90_000)} for id_ in ids],
        "items": [
            {
                "id": f"item{number}",
                "unit_price": f"{random.randrange(100, 900_000) / 100:.2f}",
                "vat_rate": random.choice(["20", "5.5"]),
                "fctva": number % 2 == 0,
                "tiers": [{"from": 50, "unit_price": "99.1234"}, {"from": 500, "unit_price": "88.88"}],
            }
            for number in range(items)
        ],
        "needs": [
            {"member": id_, "item": f"item{number}", "quantity": random.randrange(1, 60)}
            for id_ in ids
            for number in range(items)
        ],
        "charges": [
            {"id": f"charge{n}", "amount": f"{12_345 * (n + 1)}.67", "vat_rate": "20", "key": key, "scope": "all"}
            for n, key in enumerate(keys)
        ],
        "subsidies": [
            {"id": "alveole", "kind": "rate", "rate": "40", "cap_per_unit": "80.00", "charges": ["charge0"]},
            {"id": "region", "kind": "amount", "amount": "1234567.89"},
        ],
    }


def timed(label: str, work: Callable[[], Any]) -> tuple[float, Any]:
    """Run once and print how long it took."""
    start = time.perf_counter()
    value = work()
    seconds = time.perf_counter() - start
    print(f"{label:<58}{seconds:8.2f} s")
    return seconds, value


def largest_remainder(total: int, weights: list[int]) -> list[int]:
    """The barest pass there is: whole shares, then one more to the largest remainders."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: total * weights[place] % whole, reverse=True)
    for place in order[: total - sum(shares)]:
        shares[place] += 1
    return shares


def measure() -> list[Row]:
    """What is promised in seconds stands in the place of a bare side."""
    gc.disable()  # as the command does: the process ends with its answer
    text = json.dumps(large_case(MEMBERS, ITEMS)).encode()
    start = time.perf_counter()
    answer = answer_case(text, allocate_json)
    whole = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result = json.loads(answer.line)
    reading_json, raw = timed("bare limit: json.loads", lambda: json.loads(text))
    writing_json, _ = timed("bare limit: json.dumps of the result", lambda: json.dumps(result))
    weights = [member["population"] for member in raw["members"]]
    one_pass, _ = timed("bare limit: one largest-remainder pass", lambda: largest_remainder(123_456_789, weights))
    reading, read = timed("reading the case into typed values", lambda: read_case(raw))
    rule, _ = timed("the rule", lambda: allocate(read.case))
    lines = ITEMS + len(KEYS) + 1 + 2 + 2
    small = [json.dumps(large_case(6, 2, seed)).encode() for seed in range(SMALL_CASES)]
    many, answers = timed(f"{SMALL_CASES} small cases of a .jsonl", lambda: list(answer_lines(small, allocate_json)))
    bare, _ = timed("bare limit: json.loads and json.dumps of them", lambda: [json.dumps(json.loads(s)) for s in small])
    assert not answer.failed
    assert not any(answer.failed for answer in answers), "none is refused"
    rows = [
        Row(f"rule, its {lines} lines beside bare passes", lines * one_pass, rule, 8),
        Row("rule with reading, beside 3 s", 3.0, rule + reading, 1),
        Row("JSON in, rule, JSON out", reading_json + writing_json, whole, 14, peak=memory, room=600),
        Row(f"{SMALL_CASES} small cases of a .jsonl", bare, many, 40),
    ]
    for row in rows:
        print(row, flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)
