"""Random cases, right and wrong, to compare the rules with the naive ones. A seed gives one case."""

import copy
from random import Random

from naive.case_book import Json

RATES = ["20", "20.00", "10", "5.5", "8.5", "0"]
ODD = [None, True, -1, 0, 1.5, "", "x", "1e3", "-1", "0.001", "abc", "99", [], ["a"], {}, {"a": "1"}, 300]


def amount(random: Random, most: int = 50_000, *, minus: bool = False) -> str:
    cents = random.choice([0, 1, 2, random.randrange(most), random.randrange(most), random.randrange(most)])
    return f"{'-' if minus and random.random() < 0.3 else ''}{cents // 100}.{cents % 100:02d}"


def price(random: Random) -> str:
    return random.choice([amount(random), f"{random.randrange(300)}", f"0.{random.randrange(10_000):04d}"])


def some(random: Random, values: list[str]) -> list[str]:
    return random.sample(values, random.randint(0, len(values)))


def parts_of_100(random: Random, count: int) -> list[str]:
    """Percents, of up to two decimals, that sum to 100."""
    cuts = sorted(random.randint(0, 10_000) for _ in range(count - 1))
    return [f"{(b - a) / 100:.2f}" for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]


def random_part_key(random: Random, members: list[str]) -> Json:
    kind = random.choice(["equal", "quantity", "amount", "population", "agents", "weights", "percents"])
    if kind == "weights":
        return {"weights": {id_: random.choice(["0", "1", "2.5", "0.000001"]) for id_ in some(random, members)}}
    if kind == "percents" and members:
        named = random.sample(members, random.randint(1, len(members)))
        return {"percents": dict(zip(named, parts_of_100(random, len(named)), strict=True))}
    return kind if kind != "percents" else "equal"


def random_key(random: Random, members: list[str]) -> Json:
    if random.random() < 0.7:
        return random_part_key(random, members)
    count = random.randint(1, 3)
    return {
        "mix": [
            {"percent": percent, "key": random_part_key(random, members)} for percent in parts_of_100(random, count)
        ]
    }


def random_item(random: Random, number: int) -> Json:
    item: Json = {"id": f"i{number}", "unit_price": price(random), "vat_rate": random.choice(RATES)}
    if random.random() < 0.5:
        starts = random.sample([0, 1, 2, 5, 10, 25], random.randint(0, 3))
        item["tiers"] = [{"from": start, "unit_price": price(random)} for start in starts]
    if random.random() < 0.5:
        item["fctva"] = random.random() < 0.7
    return item


def random_charge(random: Random, number: int, members: list[str], items: list[str]) -> Json:
    charge: Json = {
        "id": f"c{number}",
        "amount": amount(random, minus=True),
        "vat_rate": random.choice(RATES),
    }
    if random.random() < 0.3:
        del charge["amount"]
        charge["percent"] = random.choice(["0", "-2.5", "-100", "0.333333", "-0.000001", "7", "12.5", "250"])
    charge["key"] = random_key(random, members)
    if random.random() < 0.6:
        charge["scope"] = random.choice(["all", "all", "participants", some(random, members)])
    if random.random() < 0.3:
        charge["items"] = some(random, items)
    if random.random() < 0.3:
        charge["fctva"] = True
    return charge


def random_subsidy(random: Random, number: int, members: list[str], items: list[str], charges: list[str]) -> Json:
    subsidy: Json = {"id": f"s{number}", "kind": "amount", "amount": amount(random, 90_000)}
    if random.random() < 0.6:
        subsidy = {
            "id": f"s{number}",
            "kind": "rate",
            "rate": random.choice(["10", "33.333333", "80", "120"]),
        }
        for cap in ("cap_per_unit", "cap_total"):
            if random.random() < 0.4:
                subsidy[cap] = amount(random, 20_000)
    for name, values in (("members", members), ("items", items), ("charges", charges)):
        if random.random() < 0.3:
            subsidy[name] = some(random, values)
    if random.random() < 0.3:
        subsidy["public"] = random.random() < 0.5
    return subsidy


def random_allocation(seed: int) -> Json:
    random = Random(seed)
    members = random.sample(["10", "9", "a", "b", "é", "Z", "33009"], random.randint(1, 6))
    items = [random_item(random, number) for number in range(random.randint(0, 3))]
    item_ids = [item["id"] for item in items]
    charges = [random_charge(random, n, members, item_ids) for n in range(random.randint(0, 4))]
    case: Json = {
        "case": f"seed {seed}",
        "members": [{"id": id_, "population": random.randrange(9), "agents": random.randrange(99)} for id_ in members],
        "items": items,
        "needs": [
            {"member": member, "item": item, "quantity": random.choice([0, 1, 2, 3, random.randrange(40)])}
            for member in members
            for item in item_ids
            if random.random() < 0.7
        ],
        "charges": charges,
        "subsidies": [
            random_subsidy(random, number, members, item_ids, [charge["id"] for charge in charges])
            for number in range(random.randint(0, 2))
        ],
    }
    random.shuffle(case["needs"])
    if random.random() < 0.2:
        case["fctva_rate"] = random.choice(["0", "16.404", "100"])
    if random.random() < 0.1:
        del random.choice(case["members"])[random.choice(["population", "agents"])]
    return case


def with_invoice(case: Json, lines: dict[str, tuple[int, int]], seed: int) -> Json:
    """The case with the supplier's invoice: `lines` holds HT and VAT in cents by rate, moved a little."""
    random = Random(seed)
    moves = [-3, -1, 0, 0, 0, 0, 1, 1, 2]
    invoice = []
    for rate, amounts in lines.items():
        moved = [cents + random.choice(moves) for cents in amounts]
        texts = [f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}" for cents in moved]
        invoice.append({"vat_rate": rate, "ht": texts[0], "vat": texts[1]})
    if random.random() < 0.2:
        invoice.pop(random.randrange(len(invoice)))
    return {**case, "invoice": invoice}


def random_consolidation(seed: int) -> Json:
    random = Random(seed)
    needs = []
    for member in random.sample(["10", "9", "a", "b", "é", "Z"], random.randint(0, 6)):
        need: Json = {"member": member, "firm": random.choice([0, 1, 3, random.randrange(20)])}
        if random.random() < 0.6:
            need["up_to"] = need["firm"] + random.choice([0, 1, 5, random.randrange(12)])
        if random.random() < 0.8:
            need["declared_at"] = f"2027-01-{random.randint(1, 4):02d}T09:00:00Z"
        needs.append(need)
    case: Json = {"case": f"seed {seed}", "item": packed_item(random), "needs": needs}
    case["rule"] = random.choice(["proportional", "first_come", "max_min"])
    if random.random() < 0.7:
        case["incomplete_pack"] = random.choice(["round_up", "round_down"])
    if random.random() < 0.5:
        case["use_tolerance_for_tier"] = random.random() < 0.7
    return case


def packed_item(random: Random) -> Json:
    item: Json = {"id": "x", "unit_price": price(random)}
    if random.random() < 0.7:
        item["pack"] = random.choice([1, 2, 5, 7, 10])
    if random.random() < 0.5:
        item["minimum"] = random.choice([0, 5, 20, 60])
    if random.random() < 0.7:
        starts = random.sample([0, 1, 5, 10, 25, 26, 50], random.randint(0, 3))
        item["tiers"] = [{"from": start, "unit_price": price(random)} for start in starts]
    return item


def spoilt(case: Json, seed: int) -> Json:
    """The case with one to three things wrong: a value of another kind, a stranger, a key lost or twice."""
    random = Random(seed)
    case = copy.deepcopy(case)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        places = list(_places(case))
        holder, key = random.choice(places)
        match random.choice(["odd", "lose", "unknown", "repeat", "stranger", "stranger", "stranger"]):
            case "odd":
                holder[key] = copy.deepcopy(random.choice(ODD))
            case "lose":
                del holder[key]
            case "stranger" if isinstance(holder[key], str):
                holder[key] = "nobody"
            case "unknown" if isinstance(holder, dict):
                holder["zzz"] = "1"
            case _ if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
        if not case:
            break
    return case


def _places(value: Json) -> Json:
    """Every place of a JSON value that can be changed: its holder and its key or index."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inside:
        yield value, key
        yield from _places(child)
