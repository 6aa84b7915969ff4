"""The allocation rule: who pays what, to the cent.

`allocate` takes a typed case, `allocate_raw` and `allocate_json` any JSON value. Lines are computed in the order in
which a case is read, so that the first error met is the one told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pooling.sharing.allocation_case import Case
from pooling.sharing.allocation_members import member_results, totals_of, warnings_of
from pooling.sharing.allocation_reading import read_case
from pooling.sharing.allocation_result import Allocation, ItemLine, Lines
from pooling.sharing.errors import RuleError
from pooling.sharing.keys import ChargeLine, charge_line
from pooling.sharing.money import Cents, half_up_ratio, over_common_denominator
from pooling.sharing.pool import Pool, added_up, pool_needs
from pooling.sharing.reading import label_of
from pooling.sharing.shares import Shares
from pooling.sharing.subsidies import SubsidyLine, subsidy_line
from pooling.sharing.tiers import check_thresholds, line_total, price_at
from pooling.sharing.vat import TaxedLine, VatLine, vat_lines


def allocate(case: Case) -> Allocation:
    """Share a case; raises RuleError on the first thing that does not fit, in reading order."""
    pool = pool_needs(case)
    items = _item_lines(case, pool)
    item_shares = {id_: line.shares for id_, line in items.items()}
    charges = _charge_lines(case, pool, item_shares)
    vat = vat_lines(_taxed(items, charges), case.invoice, pool.size)
    subsidies = _subsidy_lines(case, pool, item_shares, {id_: line.shares for id_, line in charges.items()})
    if case.fctva_rate < 0:
        raise RuleError("invalid_amount", "fctva_rate")
    fctva = _fctva(case, items, charges, pool)
    return _result(case, Lines(pool, items, charges, {line.name: line for line in vat}, subsidies, fctva))


def _result(case: Case, lines: Lines) -> Allocation:
    members = member_results(lines)
    return Allocation(case, lines, members, totals_of(members), tuple(warnings_of(members, lines)))


def with_vat(plain: Allocation, case: Case, vat: Sequence[VatLine] | None = None) -> Allocation:
    """The same shares before VAT, then those of `vat`, or tied to the invoice of `case`: the one that was shared with
    an invoice, and further charges of 0.00. What `allocate` gives for it, without sharing anything twice.

    Raises:
        RuleError: `invoice_mismatch`, `no_basis`.
    """
    size = plain.lines.pool.size
    more = {charge.id: ChargeLine(charge, Shares.nothing(size)) for charge in case.charges[len(plain.case.charges) :]}
    charges = {**plain.lines.charges, **more}
    if vat is None:
        vat = vat_lines(_taxed(plain.lines.items, charges), case.invoice, size)
    return _result(case, replace(plain.lines, charges=charges, vat={line.name: line for line in vat}))


def allocate_raw(raw: object) -> Allocation:
    """Share a JSON case; raises RuleError on the first thing that does not fit, in reading order."""
    reading = read_case(raw)
    allocation = allocate(reading.case)
    if reading.error is not None:
        raise reading.error
    return allocation


def allocate_json(raw: object) -> dict[str, object]:
    """The result of a JSON case, or its error, as JSON; never raises, whatever `raw` is."""
    try:
        return allocate_raw(raw).to_json()
    except RuleError as error:
        return error.to_json(label_of(raw))


def _item_lines(case: Case, pool: Pool) -> dict[str, ItemLine]:
    lines = {}
    for item in case.items:
        field = f"items.{item.id}"
        check_thresholds([tier.threshold for tier in item.tiers], field)
        if min(item.unit_price, item.vat_rate, *(tier.unit_price for tier in item.tiers)) < 0:
            raise RuleError("invalid_amount", field)
        quantities = pool.quantities[item.id]
        pooled = sum(quantities)
        price = price_at(pooled, item.unit_price, item.tiers)
        lines[item.id] = ItemLine(item, pooled, price, Shares.weighted(line_total(pooled, price), quantities, field))
    return lines


def _charge_lines(case: Case, pool: Pool, item_shares: Mapping[str, Shares]) -> dict[str, ChargeLine]:
    lines: dict[str, ChargeLine] = {}
    for charge in case.charges:
        if charge.id in lines:
            raise RuleError("duplicate", f"charges.{charge.id}")
        if charge.vat_rate < 0:
            raise RuleError("invalid_amount", f"charges.{charge.id}.vat_rate")
        lines[charge.id] = charge_line(charge, pool, item_shares)
    return lines


def _subsidy_lines(
    case: Case, pool: Pool, item_shares: Mapping[str, Shares], shares_by_charge: Mapping[str, Shares]
) -> dict[str, SubsidyLine]:
    lines: dict[str, SubsidyLine] = {}
    for subsidy in case.subsidies:
        if subsidy.id in lines:
            raise RuleError("duplicate", f"subsidies.{subsidy.id}")
        lines[subsidy.id] = subsidy_line(subsidy, pool, item_shares, shares_by_charge)
    return lines


def _taxed(items: Mapping[str, ItemLine], charges: Mapping[str, ChargeLine]) -> Iterator[TaxedLine]:
    for item in items.values():
        yield TaxedLine(item.item.vat_rate, item.shares.cents, counts=item.quantity > 0)
    for charge in charges.values():
        yield TaxedLine(charge.charge.vat_rate, charge.shares.cents, counts=True)


def _fctva(case: Case, items: Mapping[str, ItemLine], charges: Mapping[str, ChargeLine], pool: Pool) -> Sequence[Cents]:
    """Each member's estimated FCTVA, rounded on its own because each claims its own (CGCT L1615-6); nothing for who
    gets none.
    """
    flagged = [(line.item.vat_rate, line.shares.cents) for line in items.values() if line.item.fctva]
    flagged += [(line.charge.vat_rate, line.shares.cents) for line in charges.values() if line.charge.fctva]
    ratios = [case.fctva_rate / 100 * (1 + rate / 100) for rate, _ in flagged]
    factors, denominator = over_common_denominator(ratios)
    columns = [[factor * cents for cents in column] for factor, (_, column) in zip(factors, flagged, strict=True)]
    return [
        half_up_ratio(numerator, denominator) if member.fctva else 0
        for member, numerator in zip(pool.members, added_up(columns, pool.size), strict=True)
    ]
