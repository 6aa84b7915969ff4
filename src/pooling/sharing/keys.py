"""Allocation keys: from a key and a scope to the weight of every member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pooling.sharing.allocation_case import Basis, Charge, Key, MixKey, PartKey, PercentsKey, UnreadKey, WeightsKey
from pooling.sharing.errors import RuleError
from pooling.sharing.key_reading import check_percents
from pooling.sharing.money import Cents, half_up, over_common_denominator
from pooling.sharing.pool import Pool, added_up
from pooling.sharing.shares import Shares


@dataclass(frozen=True, slots=True)
class KeyContext:
    """What a charge's key is applied to: members in scope, the charge's items, each item's HT shares."""

    pool: Pool
    scope: Sequence[int]
    items: Sequence[str]
    item_shares: Mapping[str, Shares]
    field: str


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A charge and what each member bears of it, HT; for one in percent, what the percent is taken of."""

    charge: Charge
    shares: Shares
    base: Cents | None = None


def charge_line(charge: Charge, pool: Pool, item_shares: Mapping[str, Shares]) -> ChargeLine:
    """Share a charge by its key; raises what its scope, its items or its key deserve."""
    field = f"charges.{charge.id}"
    context = context_of(charge, pool, item_shares)
    amount, base = _amount_of(charge, context)
    if amount == 0:
        return ChargeLine(charge, Shares.nothing(pool.size), base)
    if isinstance(charge.key, UnreadKey):
        raise charge.key.error
    if charge.key is None:
        raise RuleError("malformed", f"{field}.key")
    return ChargeLine(charge, Shares.weighted(amount, weights_of(charge.key, context), field), base)


def _amount_of(charge: Charge, context: KeyContext) -> tuple[Cents, Cents | None]:
    """What is shared, and what its percent is taken of: the HT of the charge's items, whoever is in scope."""
    match charge.amount, charge.percent:
        case int(amount), None:
            return amount, None
        case None, Fraction() as percent:
            base = sum(context.item_shares[item].total for item in context.items)
            return half_up(percent / 100 * base), base
    raise RuleError("malformed", context.field)


def context_of(charge: Charge, pool: Pool, item_shares: Mapping[str, Shares]) -> KeyContext:
    """Check a charge's scope and items; raises `unknown_member`, `unknown_item`, `duplicate`."""
    field = f"charges.{charge.id}"
    scope = pool.scope(charge.scope, f"{field}.scope")
    return KeyContext(pool, scope, pool.items_of(charge.items, f"{field}.items"), item_shares, field)


def weights_of(key: Key, context: KeyContext) -> list[int]:
    """The weight of every member, in member order. Only their ratios mean anything."""
    if not isinstance(key, MixKey):
        return part_weights(key, context)
    check_percents((part.percent for part in key.parts), f"{context.field}.key.mix")
    columns, factors = [], []
    for part in key.parts:
        column = part_weights(part.key, context)
        whole = sum(column)
        if whole == 0:
            raise RuleError("no_basis", context.field)
        columns.append(column)
        factors.append(part.percent / whole)
    # Each part weighs percent × weight ÷ (sum of its weights), exactly: integers over a common denominator.
    multipliers, _ = over_common_denominator(factors)
    return added_up(
        ([multiplier * weight for weight in column] for multiplier, column in zip(multipliers, columns, strict=True)),
        context.pool.size,
    )


def part_weights(key: PartKey, context: KeyContext) -> list[int]:
    """The weights of a key that is not a mix."""
    match key:
        case PercentsKey(percents):
            numbers = _checked_numbers(percents, context, "percents")
            check_percents(percents.values(), f"{context.field}.key.percents")
            return _spread(numbers, range(context.pool.size), context.pool.size)
        case WeightsKey(weights):
            numbers = _checked_numbers(weights, context, "weights")
            return _spread(numbers, context.scope, context.pool.size)
        case Basis.EQUAL:
            return _spread(dict.fromkeys(context.scope, 1), context.scope, context.pool.size)
        case Basis.POPULATION | Basis.AGENTS:
            return _spread(_member_values(key, context), context.scope, context.pool.size)
    column = _amounts(context) if key is Basis.AMOUNT else context.pool.units(context.items)
    return _spread(dict(enumerate(column)), context.scope, context.pool.size)


def _member_values(key: Basis, context: KeyContext) -> dict[int, int]:
    values = {}
    for place in context.scope:
        member = context.pool.members[place]
        value = member.population if key is Basis.POPULATION else member.agents
        if value is None:
            raise RuleError("missing_weight", f"members.{member.id}.{key}")
        values[place] = value
    return values


def _amounts(context: KeyContext) -> list[int]:
    return added_up((context.item_shares[item].cents for item in context.items), context.pool.size)


def _checked_numbers(numbers: Mapping[str, Fraction], context: KeyContext, name: str) -> dict[int, int]:
    """Numbers given by hand, by place, over their common denominator."""
    places = context.pool.places
    for id_, number in numbers.items():
        if id_ not in places:
            raise RuleError("unknown_member", f"{context.field}.key.{name}.{id_}")
        if number < 0:
            raise RuleError("invalid_amount", f"{context.field}.key.{name}.{id_}")
    integers, _ = over_common_denominator(list(numbers.values()))
    return {places[id_]: integer for id_, integer in zip(numbers, integers, strict=True)}


def _spread(values: Mapping[int, int], scope: Sequence[int], size: int) -> list[int]:
    weights = [0] * size
    for place in scope:
        weights[place] = values.get(place, 0)
    return weights
