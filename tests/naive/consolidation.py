"""The consolidation rule again, written another way: units are counted one by one, with none of its code."""

import re
from fractions import Fraction

from naive.allocation import Refused, boolean, cent, keys, listed, need, number, splitted, whole, written
from naive.case_book import Json


def naive_consolidation(case: Json) -> Json:
    label = case.get("case", "") if isinstance(case, dict) else ""
    label = label if isinstance(label, str) else ""
    try:
        return consolidated(case, label)
    except Refused as refused:
        return {"case": label, "error": {"code": str(refused)}}


def consolidated(case: Json, label: str) -> Json:
    keys(case, "item", "case needs rule incomplete_pack use_tolerance_for_tier")
    need(type(case.get("case", "")) is str)
    price, pack, minimum = read_item(case["item"])
    firm, up_to, when = read_needs(case)
    rule = case.get("rule", "proportional")
    need(type(rule) is str and rule in ("proportional", "first_come", "max_min"))
    incomplete = case.get("incomplete_pack", "round_down")
    need(type(incomplete) is str and incomplete in ("round_down", "round_up"))
    use_tolerance = boolean(case, "use_tolerance_for_tier", True)

    floor, most = sum(firm.values()), sum(up_to.values())
    order, surplus, status, missing = ordered(floor, most, pack, minimum, round_up=incomplete == "round_up")
    starts = sorted(tier["from"] for tier in listed(case["item"], "tiers"))
    if use_tolerance and status == "ok" and not surplus:
        allowed = [
            quantity
            for quantity in range(order, most + 1, pack)
            if quantity == order or any(quantity - pack < start <= quantity for start in starts)
        ]
        order = min(allowed, key=lambda quantity: (cent(quantity * price(quantity)), quantity))
    assigned = share_out(order - surplus, firm, up_to, when, rule)
    above = [start for start in starts if start > order]
    to_next = None
    if above:
        # The order is a whole number of packs, so packs added to it stay whole.
        reach = next(order + k * pack for k in range(above[0] + 1) if order + k * pack >= above[0])
        to_next = {"from": above[0], "missing": reach - order}
    return {
        "case": label,
        "order": order,
        "packs": order // pack,
        "firm": floor,
        "tolerance": most - floor,
        "surplus": surplus,
        "status": status,
        "missing": missing,
        "total": written(cent(order * price(order))),
        "assigned": assigned,
        "next_tier": to_next,
    }


def ordered(floor: int, most: int, pack: int, minimum: int, *, round_up: bool) -> tuple[int, int, str, int]:
    """Units, surplus, status and what is missing, before tiers."""
    if floor == 0:
        return 0, 0, "nothing_declared", 0
    order = pack * next(k for k in range(floor + 1) if k * pack >= floor)
    if order > most and not round_up:
        order -= pack
    surplus = max(0, order - most)
    if order < minimum:
        order = pack * next(k for k in range(minimum + 1) if k * pack >= minimum)
        surplus = 0
        if order > most:
            return 0, 0, "minimum_not_reached", order - most
    if order == 0:
        return 0, 0, "below_one_pack", pack - most
    return order, surplus, "ok", 0


def read_item(item: Json) -> tuple[Json, int, int]:
    keys(item, "unit_price", "id tiers pack minimum")
    need(type(item.get("id", "")) is str)
    starts = []
    for tier in listed(item, "tiers"):
        keys(tier, "from unit_price")
        starts.append(whole(tier["from"]))
    for n, start in enumerate(starts):
        need(start not in starts[:n], "duplicate")
        need(start >= 0)
    base = number(item["unit_price"], 4)
    prices = {tier["from"]: number(tier["unit_price"], 4) for tier in listed(item, "tiers")}
    pack, minimum = whole(item.get("pack", 1)), whole(item.get("minimum", 0))
    need(pack >= 1 and minimum >= 0, "invalid_quantity")

    def price(quantity: int) -> Fraction:
        result = base
        for start in sorted(prices):
            if start <= quantity:
                result = prices[start]
        return result

    return price, pack, minimum


def read_needs(case: Json) -> tuple[dict[str, int], dict[str, int], dict[str, str]]:
    firm, up_to, when = {}, {}, {}
    for want in listed(case, "needs"):
        keys(want, "member firm", "up_to declared_at")
        need(type(want["member"]) is str)
        least = whole(want["firm"])
        most = whole(want.get("up_to", least))
        if "declared_at" in want:
            stamp = want["declared_at"]
            need(type(stamp) is str and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp))
        need(0 <= least <= most, "invalid_quantity")
        need(want["member"] not in firm, "duplicate")
        firm[want["member"]], up_to[want["member"]] = least, most
        when[want["member"]] = want.get("declared_at", "9999")
    return firm, up_to, when


def share_out(
    units: int, firm: dict[str, int], up_to: dict[str, int], when: dict[str, str], rule: str
) -> dict[str, int]:
    given = dict.fromkeys(firm, 0)
    caps = firm
    if units >= sum(firm.values()):
        given = dict(firm)
        units -= sum(firm.values())
        caps = {member: up_to[member] - firm[member] for member in firm}
    got = dict.fromkeys(firm, 0)
    if rule == "proportional":
        shares = splitted(Fraction(units, 100), {member: Fraction(cap) for member, cap in caps.items()})
        got = {member: int(share * 100) for member, share in shares.items()}
    while sum(got.values()) < units:
        below = [member for member in caps if got[member] < caps[member]]
        if rule == "first_come":
            got[min(below, key=lambda member: (when[member], member))] += 1
        elif units - sum(got.values()) >= len(below):
            for member in below:
                got[member] += 1
        else:
            for member in sorted(below, key=lambda member: (-caps[member], member))[: units - sum(got.values())]:
                got[member] += 1
    return {member: given[member] + got[member] for member in firm}
