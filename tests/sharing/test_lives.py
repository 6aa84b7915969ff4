"""Ten thousand random lives of a purchase, as values: ordered, received, refused, invoiced in parts, credited, adjusted
and frozen again. In every version what members pay is, to the cent, what accepted bills ask for; who owes whom ties.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

from pooling.sharing.allocation_case import Basis, Case, Charge, Item, Member, Need
from pooling.sharing.money import Cents, half_up
from pooling.sharing.owing import SUPPLIERS, Debt, PaidApart, borne, debts, netted, told_by_supplier
from pooling.sharing.tying import Billed, Bills, Tying, allocate_billed, charge_vat

LIVES = 10_000
_RATES = (Fraction(20), Fraction("5.5"))
_MEMBERS = ("a", "b", "c")


@dataclass
class Life:
    """What has happened so far."""

    random: Random
    each_pays: bool
    items: tuple[Item, ...]
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Units that members took and keep, by member and item."""
    bills: dict[str, list[list[tuple[Fraction, Cents]]]] = field(default_factory=lambda: defaultdict(list))
    """Accepted bills by who is asked to pay (empty: the lead), each of lines (rate, net)."""
    charges: tuple[Charge, ...] = ()
    payers: dict[str, str] = field(default_factory=dict)

    def bill(self, units: Counter[tuple[str, str]], sign: int = 1) -> None:
        """The supplier invoices what was accepted of one delivery, or gives back what was returned of it."""
        by_payer: dict[str, Counter[str]] = defaultdict(Counter)
        for (member, item), many in units.items():
            by_payer[member if self.each_pays else ""][item] += many
        for payer, wanted in by_payer.items():
            lines = [
                (item.vat_rate, sign * half_up(wanted[item.id] * item.unit_price * 100))
                for item in self.items
                if wanted[item.id]
            ]
            if lines:
                self.bills[payer].append(lines)

    def deliver(self) -> None:
        """Units come; some are refused, some come in excess: what is accepted is taken, and invoiced."""
        came: Counter[tuple[str, str]] = Counter()
        for member in _MEMBERS:
            for item in self.items:
                accepted = self.random.randrange(4)
                if accepted:
                    came[member, item.id] = accepted
        self.taken.update(came)
        self.bill(came)

    def give_back(self) -> None:
        """Units are returned for a credit note."""
        back = Counter({line: 1 for line, many in self.taken.items() if many and self.random.random() < 0.4})
        self.taken.subtract(back)
        self.bill(back, -1)

    def correct_price(self) -> None:
        """What was invoiced is credited whole, and invoiced again at another price."""
        everything = +self.taken
        for payer in list(self.bills):
            self.bills[payer] += [[(rate, -net) for rate, net in lines] for lines in self.bills[payer]]
        self.items = tuple(
            Item(item.id, Fraction(self.random.randrange(1, 10**5), 1000), item.vat_rate) for item in self.items
        )
        self.bill(everything)

    @property
    def case(self) -> Case:
        needs = tuple(Need(member, item, many) for (member, item), many in sorted(self.taken.items()) if many)
        return Case("", tuple(map(Member, _MEMBERS)), self.items, needs, self.charges)

    @property
    def accepted(self) -> Bills:
        by_payer = {payer: together(lines) for payer, lines in self.bills.items()}
        common = by_payer.pop("", {})
        return Bills(common, by_payer)


def together(bills: list[list[tuple[Fraction, Cents]]]) -> dict[Fraction, Billed]:
    """Bills by rate: each rounds its VAT once for each."""
    found: dict[Fraction, Billed] = {}
    for lines in bills:
        bases: dict[Fraction, list[Cents]] = defaultdict(list)
        for rate, net in lines:
            bases[rate].append(net)
        for rate, nets in bases.items():
            known = found.get(rate, Billed(0, 0, 0))
            base = sum(nets)
            found[rate] = Billed(known.ht + base, known.vat + charge_vat(base, rate), known.lines + len(nets))
    return found


def born(random: Random) -> Life:
    items = tuple(
        Item(f"i{place}", Fraction(random.randrange(1, 10**6), 10 ** random.choice([2, 4])), random.choice(_RATES))
        for place in range(random.choice([1, 1, 2]))
    )
    life = Life(random, random.random() < 0.5, items)
    if random.random() < 0.5:
        payer = random.choice(_MEMBERS)
        life.charges = (Charge("c", random.randrange(-900, 9_000), random.choice(_RATES), Basis.EQUAL),)
        life.payers = {"c": payer}
    return life


def versions(life: Life) -> Iterator[None]:
    """Its moments at which a version is frozen: every delivery is invoiced, every return credited."""
    for _ in range(life.random.choice([1, 1, 2])):
        life.deliver()
    if not +life.taken:
        return
    yield
    if life.random.random() < 0.6:
        life.random.choice([life.deliver, life.give_back, life.give_back, life.correct_price])()
        if +life.taken:
            yield


def check(life: Life) -> None:
    shared, tie = allocate_billed(life.case, life.accepted, tuple(life.payers))
    assert tie.whole, (life, tie)
    assert tie.to is (Tying.OWN if life.each_pays else Tying.COMMON)
    paid: Counter[str] = Counter()
    apart = []
    for charge in life.charges:
        line = shared.lines.charges[charge.id]
        apart.append(PaidApart(charge.id, life.payers[charge.id], charge.vat_rate, line.shares.cents))
        paid[life.payers[charge.id]] += apart[-1].paid
    asked = sum(one.ht + one.vat for one in life.accepted.common.values())
    asked += sum(one.ht + one.vat for each in life.accepted.own.values() for one in each.values())
    ttc = [member.ttc for member in shared.members]
    assert sum(ttc) == asked + sum(paid.values())
    found = debts(_MEMBERS, ttc, apart, lead="a", each_pays=life.each_pays)
    named = told_by_supplier(found, {member: {1: life.random.randrange(-99, 999), 2: 7, 3: 0} for member in _MEMBERS})
    assert all((debt.supplier > 0) is (debt.creditor == SUPPLIERS) for debt in named)
    assert len({debt[:3] + debt[4:] for debt in named}) == len(named)
    assert borne(named, paid) == borne(found, paid)
    check_debts(life, found, dict(zip(_MEMBERS, ttc, strict=True)), paid, asked)


def check_debts(life: Life, found: list[Debt], ttc: dict[str, Cents], paid: Counter[str], asked: Cents) -> None:
    """Once all debts are settled each has borne its share; suppliers get what they ask for, of each its own bills."""
    owes = {member: cents for member, cents in ttc.items() if cents}
    assert borne(found, paid) == owes
    assert borne(netted(found), paid) == owes
    to_suppliers = {debt.debtor: debt.cents for debt in found if debt.creditor == SUPPLIERS}
    assert sum(to_suppliers.values()) == asked
    if life.each_pays:
        for member, rates in life.accepted.own.items():
            assert to_suppliers.get(member, 0) == sum(one.ht + one.vat for one in rates.values())
    net = netted(found)
    pairs = [frozenset((debt.debtor, debt.creditor)) for debt in net if debt.creditor != SUPPLIERS]
    assert len(pairs) == len(set(pairs)), "two members owe each other one way only"
    assert all(debt.cents > 0 for debt in net if debt.creditor != SUPPLIERS)


def test_in_every_version_of_every_life_members_pay_what_bills_ask_for() -> None:
    random = Random(2027)
    frozen = 0
    for _ in range(LIVES):
        life = born(random)
        for _ in versions(life):
            check(life)
            frozen += 1
    assert frozen > LIVES
