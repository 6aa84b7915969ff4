"""From the lines of an allocation to what each member pays, the foot and the warnings."""

from collections.abc import Iterator, Sequence

from pooling.sharing.allocation_result import ItemShare, Lines, MemberResult, Totals, Warned
from pooling.sharing.money import Cents
from pooling.sharing.pool import added


def member_results(lines: Lines) -> tuple[MemberResult, ...]:
    """One result per member, in id order."""
    items = [(id_, lines.pool.quantities[id_], line.shares.cents) for id_, line in lines.items.items()]
    charges = [(id_, line.shares.cents) for id_, line in lines.charges.items()]
    vat = [(rate, line.cents) for rate, line in lines.vat.items()]
    subsidies = [(id_, line.shares.cents) for id_, line in lines.subsidies.items()]
    ties = added((line.adjustment.cents for line in lines.vat.values() if line.adjustment), lines.pool.size)
    results = []
    for place, member in enumerate(lines.pool.members):
        item_shares = {id_: ItemShare(units[place], ht[place]) for id_, units, ht in items if units[place]}
        charge_shares = _nonzero(charges, place)
        vat_shares = _nonzero(vat, place)
        subsidy_shares = _nonzero(subsidies, place)
        ht = sum(share.ht for share in item_shares.values()) + sum(charge_shares.values()) + ties[place]
        results.append(
            MemberResult(
                id=member.id,
                items=item_shares,
                charges=charge_shares,
                adjustment=ties[place],
                ht=ht,
                vat_by_rate=vat_shares,
                vat=sum(vat_shares.values()),
                subsidies=subsidy_shares,
                subsidised=sum(subsidy_shares.values()),
                fctva=lines.fctva[place],
            )
        )
    return tuple(results)


def totals_of(members: Sequence[MemberResult]) -> Totals:
    """The foot: sums over the members."""
    return Totals(
        ht=sum(member.ht for member in members),
        vat=sum(member.vat for member in members),
        subsidies=sum(member.subsidised for member in members),
        fctva=sum(member.fctva for member in members),
    )


def warnings_of(members: Sequence[MemberResult], lines: Lines) -> Iterator[Warned]:
    """What a funder or the prefect may object to, in member order."""
    private = {id_ for id_, line in lines.subsidies.items() if not line.subsidy.public}
    for member in members:
        public = sum(cents for id_, cents in member.subsidies.items() if id_ not in private)
        if member.subsidised > max(member.ht, 0):
            yield Warned("over_subsidised", member.id)
        elif _self_finances_too_little(member, public):
            yield Warned("self_financing_below_20", member.id)


def _self_finances_too_little(member: MemberResult, public: Cents) -> bool:
    """At least 20 % of an investment is paid by its owner (CGCT L1111-10).

    A member with a negative HT (a credit) finances nothing, so it is told even without a subsidy: the worked
    cases of the rule expect it.
    """
    return 5 * public > 4 * member.ht


def _nonzero(columns: Sequence[tuple[str, Sequence[Cents]]], place: int) -> dict[str, Cents]:
    return {name: cents[place] for name, cents in columns if cents[place]}
