"""VAT, computed once per rate on everybody's lines as a supplier does, and tied to its invoice."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pooling.sharing.allocation_case import InvoiceLine
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents, format_decimal, half_up
from pooling.sharing.pool import added_up
from pooling.sharing.shares import Shares


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """What VAT sees of a line; a line of 0.00 counts for the invoice, an item that nobody takes does not."""

    rate: Fraction
    cents: Sequence[Cents]
    counts: bool


@dataclass(frozen=True, slots=True)
class VatLine:
    """One VAT rate: all members' bases, their VAT, and what ties both to the invoice (None without one)."""

    rate: Fraction
    bases: Sequence[Cents]
    computed: Shares
    adjustment: Shares | None = None
    vat_adjustment: Shares | None = None
    own: bool = False
    """Each member is adjusted to its own bill, not all of them to one."""

    @property
    def name(self) -> str:
        """The rate as results write it, without trailing zeros."""
        return format_decimal(self.rate)

    @property
    def adjusted_bases(self) -> Sequence[Cents]:
        """The bases on which VAT is computed."""
        return self.bases if self.adjustment is None else added_up([self.bases, self.adjustment.cents], len(self.bases))

    @property
    def cents(self) -> Sequence[Cents]:
        """Each member's VAT at this rate, ties included."""
        if self.vat_adjustment is None:
            return self.computed.cents
        return added_up([self.computed.cents, self.vat_adjustment.cents], len(self.bases))


def vat_lines(lines: Iterable[TaxedLine], invoice: Mapping[Fraction, InvoiceLine], members: int) -> tuple[VatLine, ...]:
    """One line per rate of the case or the invoice, in text order; `invoice_mismatch`, `no_basis`."""
    by_rate: dict[Fraction, list[TaxedLine]] = {rate: [] for rate in invoice}
    for line in lines:
        by_rate.setdefault(line.rate, []).append(line)
    result = []
    for rate in sorted(by_rate, key=format_decimal):
        found = by_rate[rate]
        bases = added_up((line.cents for line in found), members)
        computed = VatLine(rate, bases, computed_vat(rate, bases))
        if invoice:
            tolerance = sum(line.counts for line in found)
            computed = _tied(computed, invoice.get(rate, InvoiceLine(0, 0)), tolerance)
        result.append(computed)
    return tuple(result)


def computed_vat(rate: Fraction, bases: Sequence[Cents]) -> Shares:
    """VAT on all bases together, each bearing that of its own."""
    ratio = rate / 100
    return Shares.exact(half_up(sum(bases) * ratio), [base * ratio.numerator for base in bases], ratio.denominator)


def _tied(line: VatLine, invoiced: InvoiceLine, tolerance: int) -> VatLine:
    """Adjust one rate to the invoice; more than one cent per line apart is an error, not a rounding."""
    field = f"invoice.{line.name}"
    difference = invoiced.ht - sum(line.bases)
    if max(abs(difference), abs(invoiced.vat - line.computed.total)) > tolerance:
        raise RuleError("invoice_mismatch", field)
    adjustment = Shares.weighted(difference, [abs(base) for base in line.bases], field)
    adjusted = added_up([line.bases, adjustment.cents], len(line.bases))
    computed = computed_vat(line.rate, adjusted)
    rest = Shares.weighted(invoiced.vat - computed.total, [abs(base) for base in adjusted], field)
    return VatLine(line.rate, line.bases, computed, adjustment, rest)
