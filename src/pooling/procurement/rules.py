"""What a purchase is worth to the law, which procedure that calls for, and when it can be signed. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pooling.procurement.configuration import Duty, Procedure, ProcurementConfiguration, SmallLots
from pooling.sharing.money import Cents

NEAR = 10
"""Percent below a threshold at which its nearness is told."""


@dataclass(frozen=True)
class Estimate:
    """The value of the need before VAT (CCP R2121-1 to R2121-8): of all members, lots, options and renewals, and of
    what the same family comes to otherwise this year.
    """

    base: Cents
    """What members need, with shared costs and discounts."""
    options: Cents = 0
    renewals: int = 0
    maximum: Cents | None = None
    """Of a framework agreement: it counts in place of what is needed now."""
    spent: Cents = 0
    """Bought or planned otherwise this year in the family, by all who take part."""

    @property
    def renewed(self) -> Cents:
        """What the renewals come to: each as much as the first time, options included."""
        return 0 if self.maximum is not None else self.renewals * (max(self.base, 0) + self.options)

    @property
    def contract(self) -> Cents:
        """Of this contract alone."""
        if self.maximum is not None:
            return max(self.maximum, self.base)
        return max(self.base, 0) + self.options + self.renewed

    @property
    def value(self) -> Cents:
        """What is compared with the thresholds."""
        return self.contract + self.spent


@dataclass(frozen=True)
class Guidance:
    """What applies to an estimate on a day."""

    procedure: Procedure | None
    """None: no threshold is known on that day."""
    next: Procedure | None
    duties: Sequence[Duty]
    unknown: Sequence[str]
    """Procedures whose threshold is not known on that day."""

    def missing_to_next(self, estimate: Estimate) -> Cents | None:
        """What is left below the next threshold, where it is near."""
        if self.next is None:
            return None
        left = self.next.cents - estimate.value
        return left if left * 100 <= self.next.cents * NEAR else None


def guide(configuration: ProcurementConfiguration, day: date, estimate: Estimate) -> Guidance:
    """The procedure whose threshold the value reaches, and the duties that hold for the contract."""
    procedures = configuration.procedures_on(day)
    reached = [procedure for procedure in procedures if procedure.cents <= estimate.value]
    framework = estimate.maximum is not None
    return Guidance(
        procedure=reached[-1] if reached else None,
        next=procedures[len(reached)] if len(reached) < len(procedures) else None,
        duties=[
            duty
            for duty in configuration.duties
            if duty.holds_on(day) and duty.holds_for(estimate.value, framework=framework)
        ],
        unknown=configuration.unknown_on(day),
    )


@dataclass(frozen=True)
class Calendar:
    """The earliest days: nothing here says how long a lead takes to compare offers."""

    notice: date
    offers: date
    signing: date


def earliest(procedure: Procedure, start: date) -> Calendar:
    """From the day of the notice on."""
    offers = start + timedelta(days=procedure.bids_days)
    return Calendar(start, offers, offers + timedelta(days=procedure.standstill_days))


def negligible_lots(rule: SmallLots | None, lots: Mapping[str, Cents], estimate: Estimate) -> list[str]:
    """The most lots that may go by a lighter procedure, the smallest first: each below the rule's amount, together
    within its share of what all the lots of the contract come to (CCP R2123-1, 2°).
    """
    if rule is None:
        return []
    found, together = [], 0
    for lot, cents in sorted(lots.items(), key=lambda one: (one[1], one[0])):
        if not 0 < cents < rule.below * 100 or (together + cents) * 100 > rule.together * estimate.contract:
            break
        found.append(lot)
        together += cents
    return found if len(found) < len(lots) else []


def outgrown(configuration: ProcurementConfiguration, launched: str, on: date, needed: Procedure | None) -> bool:
    """Whether the procedure under which a purchase was launched no longer suffices for what it is worth now."""
    known = {procedure.code: procedure.above for procedure in configuration.procedures_on(on)}
    return needed is not None and launched in known and known[launched] < known.get(needed.code, needed.above)
