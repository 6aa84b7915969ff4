"""How fast the allocation rule is, next to the bare limits of this machine: `python benchmarks/allocation.py`.

A territory of 35 000 members takes 8 items, bears 5 charges and receives 2 subsidies. The bare limits, measured in the
same run: reading and writing the same JSON with the standard library, and one largest-remainder pass over as many
members. Then 500 small cases of a `.jsonl` file.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import MEGABYTE, ROUNDS, Row, forget_peak, peak
from pooling.sharing.allocation import allocate, allocate_json
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.case_files import answer_case, answer_lines

MEMBERS, ITEMS, SMALL_CASES = 35_000, 8, 500
ROOM = 550
"""Megabytes above the program itself, which is some fifty."""
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


def in_turn(*works: Callable[[], object]) -> list[list[float]]:
    """Seconds of each, one round after the other."""
    took: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, seconds in zip(works, took, strict=True):
            gc.collect()
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
    return took


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
    raw = large_case(MEMBERS, ITEMS)
    text = json.dumps(raw).encode()
    held = forget_peak()
    answer = answer_case(text, allocate_json)
    memory = (peak() - held) / MEGABYTE
    assert not answer.failed
    result = json.loads(answer.line)
    whole, bare_json = in_turn(lambda: answer_case(text, allocate_json), lambda: (json.loads(text), json.dumps(result)))
    case = read_case(raw).case
    weights = [member["population"] for member in raw["members"]]
    lines = ITEMS + len(KEYS) + 1 + 2 + 2
    rule, passes, reading = in_turn(
        lambda: allocate(case),
        lambda: [largest_remainder(123_456_789, weights) for _ in range(lines)],
        lambda: read_case(raw),
    )
    small = [json.dumps(large_case(6, 2, seed)).encode() for seed in range(SMALL_CASES)]
    assert not any(answer.failed for answer in answer_lines(small, allocate_json)), "none is refused"
    many, bare_many = in_turn(
        lambda: list(answer_lines(small, allocate_json)), lambda: [json.dumps(json.loads(s)) for s in small]
    )
    both = [one + other for one, other in zip(rule, reading, strict=True)]
    rows = [
        row(f"rule, its {lines} lines beside bare passes", rule, passes, 8),
        row("rule with reading, beside 3 s", both, [3.0], 1),
        replace(row("JSON in, rule, JSON out", whole, bare_json, 14), peak=memory, room=ROOM),
        row(f"{SMALL_CASES} small cases of a .jsonl", many, bare_many, 40),
    ]
    for one in rows:
        print(one, flush=True)
    return rows


def row(name: str, ours: list[float], bare: list[float], wanted: float) -> Row:
    return Row(name, median(bare), median(ours), wanted, (min(ours), max(ours)), len(ours))


if __name__ == "__main__":
    sys.exit(0 if all(row.kept for row in measure()) else 1)
