"""From the lines of an allocation to what each member pays, the foot and the warnings."""

from collections.abc import Iterator, Sequence

from pooling.sharing.allocation_result import ItemShare, Lines, MemberResult, Totals, Warned
from pooling.sharing.money import Cents
from pooling.sharing.pool import added_up


def member_results(lines: Lines) -> tuple[MemberResult, ...]:
    """One result per member, in id order."""
    size = lines.pool.size
    items = [(id_, lines.pool.quantities[id_], line.shares.cents) for id_, line in lines.items.items()]
    charges = [(id_, line.shares.cents) for id_, line in lines.charges.items()]
    vat = [(rate, line.cents) for rate, line in lines.vat.items()]
    subsidies = [(id_, line.shares.cents) for id_, line in lines.subsidies.items()]
    ties = added_up((line.adjustment.cents for line in lines.vat.values() if line.adjustment), size)
    ht = added_up([*(cents for _, _, cents in items), *(cents for _, cents in charges), ties], size)
    vat_sums = added_up((cents for _, cents in vat), size)
    subsidised = added_up((cents for _, cents in subsidies), size)
    return tuple(
        MemberResult(
            id=member.id,
            items={id_: ItemShare(units[place], cents[place]) for id_, units, cents in items if units[place]},
            charges={id_: cents[place] for id_, cents in charges if cents[place]},
            adjustment=ties[place],
            ht=ht[place],
            vat_by_rate={rate: cents[place] for rate, cents in vat if cents[place]},
            vat=vat_sums[place],
            subsidies={id_: cents[place] for id_, cents in subsidies if cents[place]},
            subsidised=subsidised[place],
            fctva=lines.fctva[place],
        )
        for place, member in enumerate(lines.pool.members)
    )


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
    columns = (line.shares.cents for line in lines.subsidies.values() if line.subsidy.public)
    for member, public in zip(members, added_up(columns, lines.pool.size), strict=True):
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
