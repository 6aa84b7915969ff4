"""From a purchase to who pays what: `case.py` puts the case together, the rule in `pooling.sharing` decides."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import PurchaseCase, read_purchase
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.figures import Labels
from pooling.allocation.models import PARTICIPANTS
from pooling.allocation.words import fctva_in_words
from pooling.kernel.errors import Conflict
from pooling.kernel.tables import any_of
from pooling.members.models import Member, Role
from pooling.members.rights import Caller, Right
from pooling.purchases.models import Participation
from pooling.sharing.allocation_case import Case
from pooling.sharing.errors import RuleError
from pooling.sharing.statement import Statement, state_allocation
from pooling.sharing.tying import Bills, Tie, allocate_billed
from pooling.web.typography import of_name


@dataclass(frozen=True)
class StatedPurchase:
    """Who pays what of a purchase, as it stands or as a record keeps it, with the names that its ids stand for."""

    result: Statement
    labels: Labels
    basis: str
    """In French, for the page and the exports: declared or consolidated quantities."""
    keys_frozen_at: datetime | None
    fctva: str | None
    """The rate of the estimate, its source, in French; None: there is none."""
    budgets: Mapping[str, str]
    """On which each member's share is charged, by its code."""
    tie: Tie = field(default_factory=Tie)
    """How it stands to accepted bills."""
    paid_by: Mapping[str, str] = field(default_factory=dict)
    """Who paid each charge that is on none of them, by their codes."""


@dataclass(frozen=True)
class PurchaseAllocation(StatedPurchase):
    """As it stands: the case that was shared too."""

    case: Case = field(default_factory=Case)
    members: Mapping[str, int] = field(default_factory=dict)
    """Member ids by code."""


async def allocate_purchase(
    session: AsyncSession, purchase_id: int, label: str, finance: FinanceConfiguration | None = None
) -> PurchaseAllocation:
    """Who pays what, with what is known now. Reads a fixed number of statements whatever the number of members.

    Raises:
        Conflict: the rule refuses the purchase's charges or subsidies; the message says which, in French.
    """
    return await allocate_read(await read_purchase(session, purchase_id, label, finance or FinanceConfiguration()))


async def allocate_read(read: PurchaseCase) -> PurchaseAllocation:
    """The same for what was read.

    Raises:
        Conflict: as `allocate_purchase`.
    """
    result, case, tie = await apply_rule(read.case, read.labels, read.bills, tuple(read.paid_by))
    return PurchaseAllocation(
        result=result,
        labels=read.labels,
        basis=read.basis,
        keys_frozen_at=read.keys_frozen_at,
        fctva=fctva_in_words(read.fctva),
        budgets=read.budgets,
        tie=tie,
        paid_by=read.paid_by,
        case=case,
        members=read.members,
    )


async def apply_rule(
    case: Case, labels: Labels, bills: Bills | None = None, apart: Sequence[str] = ()
) -> tuple[Statement, Case, Tie]:
    """The rule on a case, tied to accepted bills where it can be; with the case as it was shared. Beside the event
    loop: thousands of members take seconds, and others are waiting.

    Raises:
        Conflict: it refuses the case.
    """
    try:
        return await asyncio.to_thread(_stated, case, bills or Bills(), apart)
    except RuleError as error:
        raise Conflict(
            f"{refused_line(error, labels)}\u00a0: {refusal_reason(error, labels, case)}", code=error.code
        ) from error


def _stated(case: Case, bills: Bills, apart: Sequence[str]) -> tuple[Statement, Case, Tie]:
    allocation, tie = allocate_billed(case, bills, apart)
    return state_allocation(allocation), allocation.case, tie


_REASONS = {
    "no_basis": "la clé ne donne de poids à personne (personne n’a encore de quantité, ou tous les poids sont nuls).",
    "percent_sum": "les pourcentages ne font pas exactement 100\u00a0%.",
    "invoice_mismatch": "la facture du fournisseur s’écarte trop des lignes.",
    "unknown_member": "un des membres désignés ne participe pas à cet achat.",
    "unknown_item": "un des articles désignés n’existe plus.",
    "unknown_charge": "un des frais désignés n’existe plus.",
}


def refused_line(error: RuleError, labels: Labels) -> str:
    """The name of the charge or subsidy that the rule refuses: `« Livraison »`."""
    kind, _, rest = error.field.partition(".")
    names = {"charges": labels.charges, "subsidies": labels.subsidies}.get(kind, {})
    code = max((code for code in names if f"{rest}.".startswith(f"{code}.")), key=len, default="")
    return f"«\u00a0{names[code]}\u00a0»" if code else "La répartition ne peut pas être calculée"


def waits_for_needs(error: RuleError, case: Case) -> bool:
    """Whether the rule refuses a charge only because those who take something share it, and nobody does yet."""
    if error.code != "no_basis" or case.needs:
        return False
    waiting = [charge.id for charge in case.charges if charge.scope == PARTICIPANTS]
    return any(f"{error.field}.".startswith(f"charges.{code}.") for code in waiting)


def refusal_reason(error: RuleError, labels: Labels, case: Case) -> str:
    """Why the rule refuses the case, and whose value is missing."""
    if waits_for_needs(error, case):
        return "personne ne prend encore d’unité. Le calcul se fera dès qu’un membre aura déclaré un besoin."
    if error.code == "missing_weight":
        code, _, what = error.field.removeprefix("members.").rpartition(".")
        value = "la population" if what == "population" else "l’effectif"
        return f"il manque {value} {of_name(labels.member(code))}. Complétez sa fiche, ou choisissez une autre clé."
    return _REASONS.get(error.code, error.sentence)


async def own_codes(session: AsyncSession, caller: Caller, *roles: Role) -> set[str]:
    """The codes of the members that the caller has a role of, or one of these roles."""
    members = caller.members_as(*(roles or Role))
    found = await session.execute(select(col(Member.code)).where(any_of(col(Member.id), members)))
    return set(found.scalars())


async def sees_all_costs(session: AsyncSession, caller: Caller, purchase_id: int) -> bool:
    """Whether the caller sees every member's share: who sees all lines, and the finance officers of those who take
    part. The others see the totals and their own.
    """
    if caller.sees_all_lines(purchase_id) or caller.may(Right.SEE_ALL_COSTS, purchase_id=purchase_id):
        return True
    paying = await session.execute(
        select(col(Participation.member_id))
        .where(
            col(Participation.purchase_id) == purchase_id,
            any_of(col(Participation.member_id), caller.members_as(Role.FINANCE)),
        )
        .limit(1)
    )
    return paying.first() is not None
