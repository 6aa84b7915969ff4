"""A typed allocation case as JSON, as `allocation_reading` reads it: for files and for what is kept."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from pooling.sharing.allocation_case import (
    AmountSubsidy,
    Basis,
    Case,
    Charge,
    Item,
    Key,
    Member,
    MixKey,
    PartKey,
    PercentsKey,
    RateSubsidy,
    UnreadKey,
    WeightsKey,
)
from pooling.sharing.money import format_cents, format_decimal


def case_head(case: Case) -> dict[str, object]:
    """The case without the lists that may be long."""
    return {
        "case": case.label,
        "items": [_item(item) for item in case.items],
        "charges": [_charge(charge) for charge in case.charges],
        "subsidies": [_subsidy(subsidy) for subsidy in case.subsidies],
        "fctva_rate": format_decimal(case.fctva_rate),
        **(_invoice(case) if case.invoice else {}),
    }


def case_lists(case: Case) -> dict[str, Iterator[dict[str, object]]]:
    """Those lists, each element made as it is asked for. Needs stand in the order of members and items."""
    return {
        "members": (_member(member) for member in case.members),
        "needs": ({"member": member, "item": item, "quantity": units} for member, item, units in sorted(case.needs)),
    }


def _member(member: Member) -> dict[str, object]:
    sizes = {"population": member.population, "agents": member.agents}
    known = {name: size for name, size in sizes.items() if size is not None}
    return {"id": member.id, **known, **({} if member.fctva else {"fctva": False})}


def _item(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "unit_price": format_decimal(item.unit_price),
        "vat_rate": format_decimal(item.vat_rate),
        "fctva": item.fctva,
        "tiers": [{"from": tier.threshold, "unit_price": format_decimal(tier.unit_price)} for tier in item.tiers],
    }


def _charge(charge: Charge) -> dict[str, object]:
    return {
        "id": charge.id,
        **_size(charge),
        "vat_rate": format_decimal(charge.vat_rate),
        "key": _key(charge.key),
        "scope": charge.scope if isinstance(charge.scope, str) else list(charge.scope),
        "fctva": charge.fctva,
        **({} if charge.items is None else {"items": list(charge.items)}),
    }


def _size(charge: Charge) -> dict[str, str]:
    sizes = {
        "amount": None if charge.amount is None else format_cents(charge.amount),
        "percent": None if charge.percent is None else format_decimal(charge.percent),
    }
    return {name: size for name, size in sizes.items() if size is not None}


def _key(key: Key | UnreadKey | None) -> object:
    """A charge of nothing may be without a key: any will do, as the rule does not look at it."""
    if isinstance(key, UnreadKey):
        key = None
    if isinstance(key, MixKey):
        parts = [{"percent": format_decimal(part.percent), "key": _part_key(part.key)} for part in key.parts]
        return {"mix": parts}
    return _part_key(key or Basis.EQUAL)


def _part_key(key: PartKey) -> object:
    match key:
        case WeightsKey(weights):
            return {"weights": _numbers(weights)}
        case PercentsKey(percents):
            return {"percents": _numbers(percents)}
    return str(key)


def _numbers(numbers: Mapping[str, Fraction]) -> dict[str, str]:
    return {id_: format_decimal(number) for id_, number in numbers.items()}


def _subsidy(subsidy: RateSubsidy | AmountSubsidy) -> dict[str, object]:
    written: dict[str, object] = {"id": subsidy.id, "charges": list(subsidy.charges), "public": subsidy.public}
    if isinstance(subsidy, AmountSubsidy):
        written |= {"kind": "amount", "amount": format_cents(subsidy.amount)}
    else:
        written |= {"kind": "rate", "rate": format_decimal(subsidy.rate)}
        caps = {"cap_per_unit": subsidy.cap_per_unit, "cap_total": subsidy.cap_total}
        written |= {name: format_cents(cents) for name, cents in caps.items() if cents is not None}
    lists = {"items": subsidy.items, "members": subsidy.members}
    return written | {name: list(ids) for name, ids in lists.items() if ids is not None}


def _invoice(case: Case) -> dict[str, object]:
    lines = [
        {"vat_rate": format_decimal(rate), "ht": format_cents(line.ht), "vat": format_cents(line.vat)}
        for rate, line in case.invoice.items()
    ]
    return {"invoice": lines}
