"""The allocation rule again, written another way: one pass, fractions everywhere, ids and no places.

It shares no code with the project. It is slow and plain on purpose: the real rule is compared with it.
"""

import re
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from naive.case_book import Json

SIMPLE = ("equal", "quantity", "amount", "population", "agents")


class Refused(Exception):
    """The code of the first error met."""


def naive_allocation(case: Json) -> Json:
    label = case.get("case", "") if isinstance(case, dict) else ""
    label = label if isinstance(label, str) else ""
    try:
        return Sheet(case, label).result()
    except Refused as refused:
        return {"case": label, "error": {"code": str(refused)}}


def need(condition: object, code: str = "malformed") -> None:
    if not condition:
        raise Refused(code)


def number(text: Json, decimals: int, *, minus: bool = False) -> Fraction:
    need(type(text) is str, "invalid_amount")
    sign = "-?" if minus else ""
    need(re.fullmatch(rf"{sign}[0-9]+(\.[0-9]{{1,{decimals}}})?", text, re.ASCII), "invalid_amount")
    return Fraction(Decimal(text))


def keys(record: Json, must: str, may: str = "") -> None:
    need(type(record) is dict)
    need(set(must.split()) <= set(record) <= set((must + " " + may).split()))


def listed(record: Json, name: str) -> list[Json]:
    value = record.get(name, [])
    need(type(value) is list)
    return list(value)


def ids(record: Json, name: str) -> list[str] | None:
    if name not in record:
        return None
    found: list[str] = []
    need(all(type(value) is str for value in listed(record, name)))
    for value in record[name]:
        need(value not in found, "duplicate")
        found.append(value)
    return found


def boolean(record: Json, name: str, default: bool) -> bool:
    need(type(record.get(name, default)) is bool)
    return bool(record.get(name, default))


def whole(value: Json, least: int | None = None) -> int:
    need(type(value) is int)
    need(least is None or value >= least)
    return int(value)


def cent(value: Fraction) -> Fraction:
    """To the nearest cent, halves away from zero."""
    size = abs(value) * 100
    cents = int(size)
    if size - cents >= Fraction(1, 2):
        cents += 1
    return Fraction(cents if value > 0 else -cents, 100)


def apportioned(total: Fraction, exact: dict[str, Fraction]) -> dict[str, Fraction]:
    shares = {id_: Fraction(int(share * 100), 100) for id_, share in exact.items()}
    while (rest := total - sum(shares.values())) != 0:
        sign = 1 if rest > 0 else -1
        waiting = [
            (-abs(exact[id_] - shares[id_]), -abs(exact[id_]), id_)
            for id_ in exact
            if (exact[id_] - shares[id_]) * sign > 0
        ]
        shares[min(waiting)[2]] += Fraction(sign, 100)
    return shares


def splitted(total: Fraction, weights: dict[str, Fraction]) -> dict[str, Fraction]:
    if total == 0:
        return dict.fromkeys(weights, Fraction(0))
    need(sum(weights.values()) != 0, "no_basis")
    return apportioned(total, {id_: total * weight / sum(weights.values()) for id_, weight in weights.items()})


def written(value: Fraction) -> str:
    assert (value * 100).denominator == 1
    return f"{Decimal(int(value * 100)).scaleb(-2):.2f}"


def shortest(value: Fraction, least: int) -> str:
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):.10f}".rstrip("0")
    whole_part, _, decimals = text.partition(".")
    decimals = decimals.ljust(least, "0")
    return f"{whole_part}.{decimals}" if decimals else whole_part


class Sheet:
    """One case, read and shared in one go."""

    def __init__(self, case: Json, label: str) -> None:
        self.label = label
        keys(case, "", "case members items needs charges subsidies fctva_rate invoice")
        need(type(case.get("case", "")) is str)
        self.members: dict[str, Json] = {}
        self.lines: list[tuple[str, str, Fraction, bool, dict[str, Fraction], bool]] = []
        for member in listed(case, "members"):
            keys(member, "id", "population agents fctva")
            boolean(member, "fctva", True)
            need(type(member["id"]) is str)
            for name in ("population", "agents"):
                need(name not in member or whole(member[name], 0) >= 0)
            need(member["id"] not in self.members, "duplicate")
            self.members[member["id"]] = member
        self.read_items(case)
        self.read_needs(case)
        self.price_items()
        self.charges: dict[str, dict[str, Fraction]] = {}
        for charge in listed(case, "charges"):
            self.read_charge(charge)
        self.tie(case)
        self.subsidies: dict[str, tuple[bool, dict[str, Fraction]]] = {}
        for subsidy in listed(case, "subsidies"):
            self.read_subsidy(subsidy)
        self.fctva_rate = number(case.get("fctva_rate", "16.404"), 6)

    def read_items(self, case: Json) -> None:
        self.items: dict[str, Json] = {}
        for item in listed(case, "items"):
            keys(item, "id unit_price vat_rate", "fctva tiers")
            need(type(item["id"]) is str)
            boolean(item, "fctva", False)
            starts: list[int] = []
            for tier in listed(item, "tiers"):
                keys(tier, "from unit_price")
                starts.append(whole(tier["from"]))
            for n, start in enumerate(starts):
                need(start not in starts[:n], "duplicate")
                need(start >= 0)
            need(item["id"] not in self.items, "duplicate")
            self.items[item["id"]] = item

    def read_needs(self, case: Json) -> None:
        self.taken: dict[tuple[str, str], int] = {}
        for want in listed(case, "needs"):
            keys(want, "member item quantity")
            need(type(want["member"]) is str and type(want["item"]) is str)
            whole(want["quantity"])
            need(want["member"] in self.members, "unknown_member")
            need(want["item"] in self.items, "unknown_item")
            need(want["quantity"] >= 0, "negative_quantity")
            need((want["member"], want["item"]) not in self.taken, "duplicate")
            self.taken[want["member"], want["item"]] = want["quantity"]
        self.participants = {member for (member, _), quantity in self.taken.items() if quantity > 0}

    def units(self, member: str, items: list[str]) -> int:
        return sum(self.taken.get((member, item), 0) for item in items)

    def price_items(self) -> None:
        self.item_ht: dict[str, dict[str, Fraction]] = {}
        self.item_summary: dict[str, Json] = {}
        for id_, item in self.items.items():
            price = number(item["unit_price"], 4)
            rate = number(item["vat_rate"], 2)
            pooled = sum(self.units(member, [id_]) for member in self.members)
            best = -1
            for tier in listed(item, "tiers"):
                tier_price = number(tier["unit_price"], 4)
                if best < tier["from"] <= pooled:
                    best, price = tier["from"], tier_price
            ht = cent(pooled * price)
            shares = splitted(ht, {member: Fraction(self.units(member, [id_])) for member in self.members})
            self.item_ht[id_] = shares
            self.item_summary[id_] = {"quantity": pooled, "unit_price": shortest(price, 2), "ht": written(ht)}
            self.lines.append(("item", id_, rate, item.get("fctva", False), shares, pooled > 0))

    def read_charge(self, charge: Json) -> None:
        need(type(charge) is dict)
        by_percent = "percent" in charge
        keys(charge, f"id {'percent' if by_percent else 'amount'} vat_rate key", "scope items fctva")
        need(type(charge["id"]) is str)
        amount = Fraction(0) if by_percent else number(charge["amount"], 2, minus=True)
        percent = number(charge["percent"], 6, minus=True) if by_percent else Fraction(0)
        rate = number(charge["vat_rate"], 2)
        scope = charge.get("scope", "participants")
        if scope not in ("participants", "all"):
            scope = ids(charge, "scope")
        items = ids(charge, "items")
        fctva = boolean(charge, "fctva", False)
        if amount:
            self.look_at_key(charge["key"])
        need(charge["id"] not in self.charges, "duplicate")
        if scope == "participants":
            scope = sorted(self.participants)
        elif scope == "all":
            scope = sorted(self.members)
        need(set(scope) <= set(self.members), "unknown_member")
        items = list(self.items) if items is None else items
        need(set(items) <= set(self.items), "unknown_item")
        if by_percent:
            base = sum((sum(self.item_ht[item].values()) for item in items), Fraction(0))
            amount = cent(base * percent / 100)
            if amount:
                self.look_at_key(charge["key"])
        weights = self.weigh(charge["key"], scope, items) if amount else dict.fromkeys(self.members, Fraction(0))
        self.charges[charge["id"]] = splitted(amount, weights)
        self.lines.append(("charge", charge["id"], rate, fctva, self.charges[charge["id"]], True))

    def look_at_key(self, key: Json, inside: bool = False) -> None:
        if type(key) is str:
            need(key in SIMPLE)
            return
        need(type(key) is dict and len(key) == 1)
        ((kind, value),) = key.items()
        if kind == "mix" and not inside:
            need(type(value) is list)
            for part in value:
                keys(part, "percent key")
            need(sum(number(part["percent"], 6) for part in value) == 100, "percent_sum")
            for part in value:
                self.look_at_key(part["key"], inside=True)
            return
        need(kind in ("weights", "percents") and type(value) is dict)
        for text in value.values():
            number(text, 6)

    def weigh(self, key: Json, scope: list[str], items: list[str]) -> dict[str, Fraction]:
        weights = dict.fromkeys(self.members, Fraction(0))
        if type(key) is str:
            return {**weights, **{member: self.base_value(key, member, items) for member in scope}}
        ((kind, value),) = key.items()
        if kind == "mix":
            for part in value:
                inner = self.weigh(part["key"], scope, items)
                need(sum(inner.values()), "no_basis")
                for member, weight in inner.items():
                    weights[member] += Fraction(part["percent"]) * weight / sum(inner.values())
            return weights
        need(set(value) <= set(self.members), "unknown_member")
        for member in set(value) if kind == "percents" else set(value) & set(scope):
            weights[member] = Fraction(value[member])
        need(kind == "weights" or sum(weights.values()) == 100, "percent_sum")
        return weights

    def base_value(self, key: str, member: str, items: list[str]) -> Fraction:
        if key == "equal":
            return Fraction(1)
        if key == "quantity":
            return Fraction(self.units(member, items))
        if key == "amount":
            return sum((self.item_ht[item][member] for item in items), Fraction(0))
        need(key in self.members[member], "missing_weight")
        return Fraction(self.members[member][key])

    def tie(self, case: Json) -> None:
        invoice: dict[Fraction, tuple[Fraction, Fraction]] = {}
        for line in listed(case, "invoice"):
            keys(line, "vat_rate ht vat")
            rate = number(line["vat_rate"], 2)
            amounts = number(line["ht"], 2, minus=True), number(line["vat"], 2, minus=True)
            need(rate not in invoice, "duplicate")
            invoice[rate] = amounts
        self.adjustment = dict.fromkeys(self.members, Fraction(0))
        self.vat: dict[str, dict[str, Fraction]] = {}
        rates = {line[2] for line in self.lines} | set(invoice)
        for rate in sorted(rates, key=lambda rate: shortest(rate, 0)):
            lines = [line for line in self.lines if line[2] == rate]
            base = {member: sum((line[4][member] for line in lines), Fraction(0)) for member in self.members}
            if invoice:
                told = invoice.get(rate, (Fraction(0), Fraction(0)))
                shares = self.tied(rate, base, told, Fraction(sum(line[5] for line in lines), 100))
            else:
                shares = self.taxed(rate, base)
            self.vat[shortest(rate, 0)] = shares

    def taxed(self, rate: Fraction, base: dict[str, Fraction]) -> dict[str, Fraction]:
        vat = cent(sum(base.values(), Fraction(0)) * rate / 100)
        return apportioned(vat, {member: ht * rate / 100 for member, ht in base.items()})

    def tied(
        self, rate: Fraction, base: dict[str, Fraction], told: tuple[Fraction, Fraction], most: Fraction
    ) -> dict[str, Fraction]:
        gap = told[0] - sum(base.values())
        vat_gap = told[1] - sum(self.taxed(rate, base).values())
        need(abs(gap) <= most and abs(vat_gap) <= most, "invoice_mismatch")
        moves = splitted(gap, {member: abs(ht) for member, ht in base.items()})
        base = {member: ht + moves[member] for member, ht in base.items()}
        shares = self.taxed(rate, base)
        more = splitted(told[1] - sum(shares.values()), {member: abs(ht) for member, ht in base.items()})
        for member in self.members:
            self.adjustment[member] += moves[member]
            shares[member] += more[member]
        return shares

    def read_subsidy(self, subsidy: Json) -> None:
        need(type(subsidy) is dict and subsidy.get("kind") in ("rate", "amount"))
        if subsidy["kind"] == "rate":
            keys(subsidy, "id kind rate", "cap_per_unit cap_total items charges members public")
        else:
            keys(subsidy, "id kind amount", "items charges members public")
        need(type(subsidy["id"]) is str)
        items, charges, members = (ids(subsidy, name) for name in ("items", "charges", "members"))
        public = boolean(subsidy, "public", True)
        figures = {
            name: number(subsidy[name], 6 if name == "rate" else 2, minus=name == "amount")
            for name in ("amount", "rate", "cap_per_unit", "cap_total")
            if name in subsidy
        }
        need(subsidy["id"] not in self.subsidies, "duplicate")
        items = list(self.items) if items is None else items
        need(set(items) <= set(self.items), "unknown_item")
        need(set(charges or []) <= set(self.charges), "unknown_charge")
        members = list(self.members) if members is None else members
        need(set(members) <= set(self.members), "unknown_member")
        claims: dict[str, Fraction] = dict.fromkeys(self.members, Fraction(0))
        for member in members:
            cost = sum((self.item_ht[item][member] for item in items), Fraction(0))
            cost += sum((self.charges[charge][member] for charge in charges or []), Fraction(0))
            claim = max(cost, Fraction(0))
            if "rate" in figures:
                claim *= figures["rate"] / 100
            if "cap_per_unit" in figures:
                claim = min(claim, figures["cap_per_unit"] * self.units(member, items))
            claims[member] = claim
        total = cent(sum(claims.values(), Fraction(0)))
        for ceiling in ("amount", "cap_total"):
            if ceiling in figures and total > figures[ceiling]:
                total = figures[ceiling]
        self.subsidies[subsidy["id"]] = public, splitted(total, claims)

    def result(self) -> Json:
        members, warnings = [], []
        sums: dict[str, Fraction] = defaultdict(Fraction)
        for member in sorted(self.members):
            row, ht, subsidised, public = self.row(member)
            members.append(row)
            if subsidised > 0 and subsidised > ht:
                warnings.append({"code": "over_subsidised", "member": member})
            elif public > ht * Fraction(80, 100):
                warnings.append({"code": "self_financing_below_20", "member": member})
            sums["subsidies"] += subsidised
            for name in ("ht", "vat", "ttc", "fctva", "net"):
                sums[name] += Fraction(Decimal(row[name]))
        names = ("ht", "vat", "ttc", "subsidies", "fctva", "net")
        return {
            "case": self.label,
            "members": members,
            "items": self.item_summary,
            "totals": {name: written(sums[name]) for name in names},
            "warnings": warnings,
        }

    def row(self, member: str) -> tuple[Json, Fraction, Fraction, Fraction]:
        ht = self.adjustment[member] + sum((line[4][member] for line in self.lines), Fraction(0))
        vat = sum((shares[member] for shares in self.vat.values()), Fraction(0))
        subsidised = sum((shares[member] for _, shares in self.subsidies.values()), Fraction(0))
        public = sum((shares[member] for public, shares in self.subsidies.values() if public), Fraction(0))
        flagged = sum((line[4][member] * (1 + line[2] / 100) for line in self.lines if line[3]), Fraction(0))
        fctva = cent(self.fctva_rate / 100 * flagged) if self.members[member].get("fctva", True) else Fraction(0)
        row = {
            "id": member,
            "items": {
                item: {"quantity": self.taken[member, item], "ht": written(self.item_ht[item][member])}
                for item in self.items
                if self.taken.get((member, item))
            },
            "charges": {id_: written(shares[member]) for id_, shares in self.charges.items() if shares[member]},
            "adjustment": written(self.adjustment[member]),
            "ht": written(ht),
            "vat": written(vat),
            "ttc": written(ht + vat),
            "vat_by_rate": {rate: written(shares[member]) for rate, shares in self.vat.items() if shares[member]},
            "subsidies": {
                id_: written(shares[member]) for id_, (_, shares) in self.subsidies.items() if shares[member]
            },
            "fctva": written(fctva),
            "net": written(ht + vat - subsidised - fctva),
        }
        return row, ht, subsidised, public
