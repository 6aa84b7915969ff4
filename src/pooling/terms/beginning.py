"""The purchase of what was agreed on: prepared by one click, with all that the terms say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.keeping import find_action
from pooling.actions.models import Action, ActionState
from pooling.actions.queries import lead_of
from pooling.allocation.locking import code_for
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.procurement.models import Mandate, ProcurementPlan, ProcurementShare
from pooling.purchases.adding import add_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase
from pooling.purchases.schemas import DetailsIn, ItemIn, PurchaseIn
from pooling.terms.models import Position, Terms, TermsAnswer
from pooling.terms.permissions import may_begin
from pooling.terms.queries import purchase_begun, terms_of, terms_row
from pooling.terms.rules import bought_in, charges_of, counted_by
from pooling.terms.schemas import EstimateIn, TermsIn, TermsItemIn
from pooling.web.typography import date_short

READY = frozenset({ActionState.AGREED, ActionState.UNDER_WAY})
"""States in which what was agreed on may be bought."""


@dataclass(frozen=True)
class _Joining:
    """A member that is in, with its deliberation."""

    member: Member
    deliberation: str
    deliberated_on: date | None


async def begin_purchase(session: AsyncSession, caller: Caller, reference: str, now: datetime) -> Purchase:
    """Prepares the purchase of an action from its terms, between the members that are in, under a condition or not.
    Where it was prepared already, that one, unless it was cancelled or deleted since.

    Raises:
        NotFound: the group has no such action.
        Forbidden: see `may_begin`.
        Conflict: the action is not agreed on, nobody looks after it, it has no terms, or no member is in.
    """
    action = await find_action(session, reference, locked=True)
    may_begin.require(caller, action)
    row = await terms_row(session, action.id)
    begun = await purchase_begun(session, row.purchase_reference if row else "")
    if begun is not None:
        return begun
    terms, lead = await terms_of(session, action.id), await lead_of(session, action)
    joining = await _joining(session, action.id)
    if reason := lacking(action, terms, lead, len(joining)):
        raise Conflict(reason, code="not_ready")
    assert lead is not None
    await lock_group(session)
    purchase = await add_purchase(session, _command(action, terms, lead, joining), now, caller.person_id)
    await _add_costs(session, purchase, terms)
    await _add_procedure(session, purchase, terms, joining, now)
    await session.execute(
        update(Terms).where(col(Terms.action_id) == action.id).values(purchase_reference=purchase.reference)
    )
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("action", action.id),
        name="action.purchase_begun",
        details={"purchase_id": purchase.id, "reference": purchase.reference},
    )
    await session.flush()
    return purchase


def lacking(action: Action, terms: TermsIn, lead: Member | None, joining: int) -> str:
    """Why its purchase cannot be prepared yet, in a sentence; empty: nothing stands against it."""
    if action.state not in READY:
        return "L’achat se prépare quand l’action est convenue."
    if lead is None:
        return "Dites d’abord, sur la fiche de l’action, quel membre la pilote."
    if not terms.estimates:
        return "Les modalités n’ont pas d’estimation : préparez l’achat depuis la fiche de l’action."
    return "" if joining else "Aucun membre n’a répondu qu’il participe."


async def _joining(session: AsyncSession, action_id: int) -> list[_Joining]:
    rows = await session.execute(
        select(Member, col(TermsAnswer.deliberation), col(TermsAnswer.deliberated_on))
        .join(TermsAnswer, linked(TermsAnswer.member_id, Member.id))
        .where(
            col(TermsAnswer.action_id) == action_id,
            col(TermsAnswer.position) != Position.OUT,
            col(Member.retired_on).is_(None),
        )
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [_Joining(*row) for row in rows]


def _command(action: Action, terms: TermsIn, lead: Member, joining: Sequence[_Joining]) -> PurchaseIn:
    items = bought_in(terms, terms.estimates[0]) if kind_of(terms.kind).has(Part.ITEMS) else ()
    said = (
        f"Mandat du pilote : {terms.mandate}" if terms.mandate else "",
        f"Sortie : {terms.exit_clause}" if terms.exit_clause else "",
        f"Commande souhaitée le {date_short(terms.order_by)}." if terms.order_by else "",
    )
    return PurchaseIn(
        title=action.title,
        description="\n\n".join(part for part in said if part),
        kind=terms.kind,
        lead_member=lead.code,
        participants=tuple(one.member.code for one in joining),
        delivery_expected_on=terms.deliver_by,
        action=action.reference,
        items=tuple(_item(one) for one in items),
    )


def _item(item: TermsItemIn) -> ItemIn:
    alone = item.price_alone_cents
    return ItemIn(
        code=item.code,
        name=item.name,
        unit=item.unit,
        unit_price=_hundredths(item.unit_price_cents),
        vat_rate=_hundredths(item.vat_hundredths),
        details=DetailsIn(
            cpv=item.cpv,
            account=item.account,
            price_alone=None if alone is None else _hundredths(alone),
            price_source=item.price_source,
            priced_on=item.priced_on,
        ),
    )


def _hundredths(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)


async def _add_costs(session: AsyncSession, purchase: Purchase, terms: TermsIn) -> None:
    """The charges and the subsidies of the estimate that was agreed on, shared as the simulation shared them."""
    if not kind_of(purchase.kind).has(Part.COSTS):
        return
    own: dict[str, Any] = {"group_id": group_of(session), "purchase_id": purchase.id}
    estimate: EstimateIn = terms.estimates[0]
    taken = {item.code for item in bought_in(terms, estimate)} if kind_of(purchase.kind).has(Part.ITEMS) else set()
    charges, codes = charges_of(terms, estimate), dict[str, str]()
    for one in charges:
        codes[one.code] = code_for(one.label, codes.values(), else_="frais")
        session.add(
            Charge(
                **own,
                code=codes[one.code],
                label=one.label,
                amount_cents=one.cents,
                vat_rate=_hundredths(one.vat_hundredths),
                key=str(estimate.charges_key),
            )
        )
    subsidies: list[str] = []
    for aid in estimate.aids:
        items, shared = counted_by(aid, taken, charges)
        if items == () and not shared:
            continue
        subsidies.append(code_for(aid.label, subsidies, else_="subvention"))
        session.add(
            Subsidy(
                **own,
                code=subsidies[-1],
                label=aid.label,
                rate=None if aid.rate_hundredths is None else _hundredths(aid.rate_hundredths),
                amount_cents=aid.amount_cents,
                cap_per_unit_cents=aid.cap_per_unit_cents,
                cap_total_cents=aid.cap_total_cents,
                items=None if items is None else list(items),
                charges=[codes[code] for code in shared],
            )
        )


async def _add_procedure(
    session: AsyncSession, purchase: Purchase, terms: TermsIn, joining: Sequence[_Joining], now: datetime
) -> None:
    """The pilot's mandate, and the deliberations of members that have one of their own."""
    if not kind_of(purchase.kind).has(Part.PROCEDURE):
        return
    own: dict[str, Any] = {"group_id": group_of(session), "purchase_id": purchase.id}
    if terms.coordination is not Mandate.UNDECIDED:
        session.add(ProcurementPlan(**own, mandate=str(terms.coordination)))
    today = now.astimezone(await group_zone(session)).date()
    session.add_all(
        ProcurementShare(
            **own, member_id=one.member.id, deliberated_on=one.deliberated_on, deliberation=one.deliberation
        )
        for one in joining
        if one.deliberated_on and one.deliberated_on <= today and one.member.parent_id is None
    )
