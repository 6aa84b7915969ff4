"""Shares tied to accepted bills: each member's own, or those of who buys for all; or said by how much not."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_case import Basis, Case, Charge, Item, Member, Need
from pooling.sharing.money import Cents, half_up
from pooling.sharing.tying import Billed, Bills, Tying, Untied, allocate_billed, charge_vat

RATES = (Fraction(20), Fraction("5.5"), Fraction("2.1"))


def random_case(random: Random) -> tuple[Case, list[str]]:
    """Members, items, needs, charges; and which of these were paid apart."""
    members = [f"m{place}" for place in range(random.randint(1, 5))]
    items = tuple(
        Item(f"i{place}", Fraction(random.randrange(1, 10**7), 10**4), random.choice(RATES))
        for place in range(random.randint(1, 4))
    )
    needs = tuple(
        Need(member, item.id, random.randint(1, 40)) for member in members for item in items if random.random() < 0.8
    ) or (Need(members[0], items[0].id, 3),)
    charges = tuple(
        Charge(f"c{place}", random.randrange(-5_000, 90_000), random.choice(RATES), random.choice([*Basis][:3]))
        for place in range(random.randint(0, 3))
    )
    case = Case("", tuple(map(Member, members)), items, needs, charges)
    return case, [charge.id for charge in charges if random.random() < 0.5]


def invoiced(lines: list[tuple[Fraction, Cents]]) -> dict[Fraction, Billed]:
    """One bill as a supplier makes it: lines are rounded, VAT once for each rate."""
    bases: dict[Fraction, list[Cents]] = defaultdict(list)
    for rate, cents in lines:
        bases[rate].append(cents)
    return {rate: Billed(sum(nets), charge_vat(sum(nets), rate), len(nets)) for rate, nets in bases.items()}


def together(bills: list[dict[Fraction, Billed]]) -> dict[Fraction, Billed]:
    added: dict[Fraction, Billed] = {}
    for bill in bills:
        for rate, one in bill.items():
            added[rate] = Billed(*map(sum, zip(added.get(rate, (0, 0, 0)), one, strict=True)))
    return added


def in_parts(random: Random, price: Fraction, units: int) -> list[Cents]:
    """The nets of an item over partial deliveries, and what was invoiced too much and credited."""
    cuts = sorted(random.choices(range(units + 1), k=random.choice([0, 0, 1, 3])))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, units], strict=True) if after > before]
    nets = [half_up(part * price * 100) for part in parts]
    if random.random() < 0.2:
        back = half_up(random.randint(1, units) * price * 100)
        nets += [back, -back]
    return nets


def bills_of(random: Random, case: Case, shares: dict[str, dict[str, Cents]]) -> dict[Fraction, Billed]:
    """Of these needs and these cents of charges, over as many bills as it takes."""
    prices = {item.id: item for item in case.items}
    units: dict[str, int] = defaultdict(int)
    for need in case.needs:
        units[need.item] += need.quantity
    bills: dict[int, list[tuple[Fraction, Cents]]] = defaultdict(list)
    for item, many in units.items():
        for place, net in enumerate(in_parts(random, prices[item].unit_price, many)):
            bills[place].append((prices[item].vat_rate, net))
    for charge in case.charges:
        for cents in shares.get(charge.id, {}).values():
            bills[0].append((charge.vat_rate, cents))
    return together([invoiced(lines) for lines in bills.values()])


@pytest.mark.parametrize("seed", range(300))
def test_the_bills_of_who_buys_for_all_are_met_by_the_rule_itself(seed: int) -> None:
    random = Random(seed)
    case, apart = random_case(random)
    plain = allocate(case)
    billed = {
        charge.id: {"": plain.lines.charges[charge.id].shares.total}
        for charge in case.charges
        if charge.id not in apart
    }
    bills = bills_of(random, case, billed)
    tied, tie = allocate_billed(case, Bills(bills), apart)
    assert tie.whole, tie
    paid_apart = [(plain.lines.charges[id_].shares.total, plain.lines.charges[id_].charge.vat_rate) for id_ in apart]
    assert tied.totals.ttc == sum(one.ht + one.vat for one in bills.values()) + sum(
        total + charge_vat(total, rate) for total, rate in paid_apart
    )
    assert tied.to_json() == allocate(tied.case).to_json(), "whoever wants to may compute it again"


@pytest.mark.parametrize("seed", range(300))
def test_each_member_pays_its_own_bills_and_its_share_of_what_was_paid_apart(seed: int) -> None:
    random = Random(seed)
    case, apart = random_case(random)
    plain = allocate(case)
    lines = plain.lines
    own: dict[str, dict[Fraction, Billed]] = {}
    for member in plain.members:
        mine = replace(case, needs=tuple(need for need in case.needs if need.member == member.id))
        shares = {id_: {"": cents} for id_, cents in member.charges.items() if id_ not in apart}
        if bills := bills_of(random, mine, shares):
            own[member.id] = bills
    tied, tie = allocate_billed(case, Bills(own=own), apart)
    assert tie.whole, tie
    for place, member in enumerate(tied.members):
        mine_ht = sum(one.ht for one in own.get(member.id, {}).values())
        apart_ht = sum(lines.charges[id_].shares.cents[place] for id_ in apart)
        assert member.ht == mine_ht + apart_ht
        assert {id_: one.ht for id_, one in member.items.items()} == {
            id_: one.ht for id_, one in plain.members[place].items.items()
        }
    paid_apart = sum(
        lines.charges[id_].shares.total
        + charge_vat(lines.charges[id_].shares.total, lines.charges[id_].charge.vat_rate)
        for id_ in apart
    )
    assert tied.totals.ttc == sum(one.ht + one.vat for each in own.values() for one in each.values()) + paid_apart
    if not apart:
        for member in tied.members:
            assert member.vat == sum(one.vat for one in own.get(member.id, {}).values())


ITEM = Item("arceau", Fraction(180), Fraction(20))
CASE = Case("", (Member("a"), Member("b")), (ITEM,), (Need("a", "arceau", 10), Need("b", "arceau", 5)))


@pytest.mark.parametrize(
    ("bills", "said"),
    [
        (Bills({Fraction(20): Billed(180_000, 36_000, 1)}), [Untied("", -90_000, -18_000)]),
        (Bills({Fraction(20): Billed(270_000, 54_500, 1)}), [Untied("", 0, 500)]),
        (
            Bills({Fraction(20): Billed(270_000, 54_000, 1), Fraction(10): Billed(1_000, 100, 1)}),
            [Untied("", 1_000, 100)],
        ),
        (Bills(own={"a": {Fraction(20): Billed(180_000, 36_100, 1)}}), [Untied("a", 0, 100)]),
        (Bills(own={"gone": {Fraction(20): Billed(180, 36, 1)}}), [Untied("gone", 180, 36)]),
    ],
)
def test_what_does_not_tie_is_said_and_shared_as_without_bills(bills: Bills, said: list[Untied]) -> None:
    shared, tie = allocate_billed(CASE, bills)
    assert list(tie.untied) == said
    assert not tie.whole
    assert [member.ttc for member in shared.members] == [member.ttc for member in allocate(CASE).members]


def test_some_members_bills_are_there_and_others_not_yet() -> None:
    """Who has none yet shares the VAT of those who are alike; who has one pays it."""
    shared, tie = allocate_billed(CASE, Bills(own={"a": {Fraction(20): Billed(180_001, 36_000, 2)}}))
    assert (tie.to, tie.tied, tie.waiting, tie.whole) == (Tying.OWN, 1, 1, False)
    assert [member.ttc for member in shared.members] == [216_001, 108_000]
