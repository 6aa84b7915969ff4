"""What a charge or a subsidy would change, before it is kept: every member's figures with and without it."""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pooling.allocation.allocating import refusal_reason, refused_line, waits_for_needs
from pooling.allocation.case import PurchaseCase
from pooling.allocation.key_choices import goes_by_size
from pooling.sharing.allocation import allocate
from pooling.sharing.allocation_case import AmountSubsidy, Case, Charge, RateSubsidy
from pooling.sharing.allocation_result import Allocation, MemberResult
from pooling.sharing.errors import RuleError
from pooling.sharing.money import Cents

Kind = Literal["charges", "subsidies"]
CaseLine: TypeAlias = Charge | RateSubsidy | AmountSubsidy
SHOWN_AT_MOST = 200


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


def preview_line(read: PurchaseCase, kind: Kind, line: CaseLine) -> Preview:
    """The purchase with this line, added or in the place of the one of its id.

    Raises:
        RuleError: the rule refuses the purchase with this line.
    """
    after = allocate(_with(read, kind, line))
    before = _present(read)
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
        before=None if before is None else sum(_measure(kind, member) for member in before.members),
        after=sum(shown.after for shown in found),
    )


def _with(read: PurchaseCase, kind: Kind, line: CaseLine) -> Case:
    lines: tuple[CaseLine, ...] = getattr(read.case, kind)
    place = next((n for n, other in enumerate(lines) if other.id == line.id), len(lines))
    return replace(read.case, **{kind: (*lines[:place], line, *lines[place + 1 :])})  # type: ignore[arg-type]


def _present(read: PurchaseCase) -> Allocation | None:
    """The purchase as it stands, unless the rule refuses it."""
    try:
        return allocate(read.case)
    except RuleError:
        return None


def _line(read: PurchaseCase, kind: Kind, code: str, before: Allocation | None, member: MemberResult) -> PreviewLine:
    return PreviewLine(
        code=member.id,
        name=read.labels.member(member.id),
        share=(member.charges if kind == "charges" else member.subsidies).get(code, 0),
        before=None if before is None else _measure(kind, before.member(member.id)),
        after=_measure(kind, member),
    )


def _measure(kind: Kind, member: MemberResult) -> Cents:
    return member.ttc if kind == "charges" else member.net


def blamed_field(error: RuleError, read: PurchaseCase, line: CaseLine, kind: Kind) -> tuple[str, str]:
    """The field of the line's form that the rule's refusal is about, and the sentence. Another line's fault has no
    field; a population that is missing is the fault of the key that looks at it.
    """
    tried = _with(read, kind, line)
    sentence = refusal_reason(error, read.labels, tried)
    sentence = sentence[0].upper() + sentence[1:]
    mine = f"{error.field}.".startswith(f"{kind}.{line.id}.")
    sized = isinstance(line, Charge) and goes_by_size(line.key)
    if mine and waits_for_needs(error, tried):
        return "scope", f"{sentence} Vous pouvez déjà enregistrer ces frais."
    if mine or (error.code == "missing_weight" and sized):
        field = {"percent_sum": "percents", "unknown_item": "items", "unknown_member": "scope"}.get(error.code)
        return field or ("key" if kind == "charges" else "label"), sentence
    return "", f"{refused_line(error, read.labels)}\u00a0: {sentence[0].lower()}{sentence[1:]}"
