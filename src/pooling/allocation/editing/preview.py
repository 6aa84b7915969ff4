"""What a charge or a subsidy would change, before it is kept: every member's figures with and without it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import refusal_reason, refused_line, waits_for_needs
from pooling.allocation.case import PurchaseCase, charge_case, label_of, own_weights, read_purchase, subsidy_case
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.current import current_allocation
from pooling.allocation.key_choices import goes_by_size
from pooling.allocation.listing import SHOWN_AT_MOST
from pooling.allocation.models import Charge, CurrentShare, Subsidy
from pooling.kernel.apart import apart
from pooling.kernel.database import group_of
from pooling.purchases.models import Purchase
from pooling.purchases.size import has_many
from pooling.sharing.allocation_case import AmountSubsidy, Case, RateSubsidy
from pooling.sharing.allocation_case import Charge as CaseCharge
from pooling.sharing.allocation_result import Allocation, MemberResult
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents
from pooling.sharing.tying import allocate_billed

Kind = Literal["charges", "subsidies"]
CaseLine: TypeAlias = CaseCharge | RateSubsidy | AmountSubsidy


@dataclass(frozen=True)
class PreviewLine:
    """One member: its share of the line, what it pays now (None: not known) and would pay, in cents."""

    code: str
    name: str
    share: Cents
    before: Cents | None
    after: Cents

    @property
    def change(self) -> Cents | None:
        return None if self.before is None else self.after - self.before


@dataclass(frozen=True)
class Preview:
    """Charges are compared on the total with VAT, subsidies on what remains to pay. The foot is everybody's."""

    kind: Kind
    lines: list[PreviewLine]
    hidden: int
    share: Cents
    before: Cents | None
    after: Cents


@dataclass(frozen=True)
class Refused:
    """The rule refuses the purchase with the line: the field of its form that this is about, and why."""

    field: str
    sentence: str


async def preview_line(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, tried: Charge | Subsidy
) -> Preview | Refused:
    """The purchase with this line, added or in the place of the one of its code, beside its current shares: the rule
    runs once. Beyond `MANY` members, in a process apart.
    """
    line = {name: getattr(tried, name) for name in tried.__class__.model_fields}
    kind: Kind = "charges" if isinstance(tried, Charge) else "subsidies"
    if await has_many(session, purchase_id):
        return await apart(session, _preview, purchase_id, finance, kind, line)
    return await _preview(session, purchase_id, finance, kind, line)


async def _preview(
    session: AsyncSession, purchase_id: int, finance: FinanceConfiguration, kind: Kind, line: dict[str, Any]
) -> Preview | Refused:
    purchase = await session.get_one(Purchase, (group_of(session), purchase_id))
    current = await current_allocation(session, purchase_id, finance)
    before = None if current.refused else await _measured(session, purchase_id, kind)
    read = await read_purchase(session, purchase_id, label_of(purchase), finance)
    tried = _as_case(kind, line, read)
    try:
        after, _ = await asyncio.to_thread(
            allocate_billed, _with(read, kind, tried), read.bills, _apart(read, kind, tried.id, line)
        )
    except RuleError as error:
        return Refused(*blamed_field(error, read, tried, kind))
    return _compared(read, kind, tried, before, after)


def _apart(read: PurchaseCase, kind: Kind, code: str, line: Mapping[str, Any]) -> list[str]:
    """The charges that are on no bill, with the one that is tried."""
    paid = [charge for charge in read.paid_by if kind != "charges" or charge != code]
    return [*paid, code] if kind == "charges" and line["paid_by"] else paid


async def _measured(session: AsyncSession, purchase_id: int, kind: Kind) -> dict[str, Cents]:
    """What everybody pays now, by code, as far as `kind` compares it."""
    row: Any = CurrentShare
    measure = row.ht + row.vat if kind == "charges" else row.net
    found = await session.execute(select(row.member, measure).where(row.purchase_id == purchase_id))
    return {code: cents for code, cents in found}


def _as_case(kind: Kind, line: dict[str, Any], read: PurchaseCase) -> CaseLine:
    if kind == "charges":
        return charge_case(Charge(**line), own_weights(read.payers), [payer.code for payer in read.payers])
    return subsidy_case(Subsidy(**line))


def _compared(
    read: PurchaseCase, kind: Kind, line: CaseLine, before: Mapping[str, Cents] | None, after: Allocation
) -> Preview:
    found = [_line(read, kind, line.id, before, member) for member in after.members]
    order = {payer.code: n for n, payer in enumerate(read.payers)}
    touched = sorted(
        (shown for shown in found if shown.share or shown.after or shown.before),
        key=lambda shown: order.get(shown.code, len(order)),
    )
    return Preview(
        kind=kind,
        lines=touched[:SHOWN_AT_MOST],
        hidden=len(touched) - len(touched[:SHOWN_AT_MOST]),
        share=sum(shown.share for shown in found),
        before=None if before is None else sum(before.values()),
        after=sum(shown.after for shown in found),
    )


def _with(read: PurchaseCase, kind: Kind, line: CaseLine) -> Case:
    lines: tuple[CaseLine, ...] = getattr(read.case, kind)
    place = next((n for n, other in enumerate(lines) if other.id == line.id), len(lines))
    return replace(read.case, **{kind: (*lines[:place], line, *lines[place + 1 :])})  # type: ignore[arg-type]


def _line(
    read: PurchaseCase, kind: Kind, code: str, before: Mapping[str, Cents] | None, member: MemberResult
) -> PreviewLine:
    return PreviewLine(
        code=member.id,
        name=read.labels.member(member.id),
        share=(member.charges if kind == "charges" else member.subsidies).get(code, 0),
        before=None if before is None else before.get(member.id, 0),
        after=member.ttc if kind == "charges" else member.net,
    )


def blamed_field(error: RuleError, read: PurchaseCase, line: CaseLine, kind: Kind) -> tuple[str, str]:
    """The field of the line's form that the rule's refusal is about, and the sentence. Another line's fault has no
    field; a population that is missing is the fault of the key that looks at it.
    """
    tried = _with(read, kind, line)
    sentence = refusal_reason(error, read.labels, tried)
    sentence = sentence[0].upper() + sentence[1:]
    mine = f"{error.field}.".startswith(f"{kind}.{line.id}.")
    sized = isinstance(line, CaseCharge) and goes_by_size(line.key)
    if mine and waits_for_needs(error, tried):
        return "scope", f"{sentence} Vous pouvez déjà enregistrer ces frais."
    if mine or (error.code == "missing_weight" and sized):
        field = {"percent_sum": "percents", "unknown_item": "items", "unknown_member": "scope"}.get(error.code)
        return field or ("key" if kind == "charges" else "label"), sentence
    return "", f"{refused_line(error, read.labels)}\u00a0: {sentence[0].lower()}{sentence[1:]}"
