"""A purchase as what decisions, agenda items and difficulties are about."""

from dataclasses import replace

from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.members.subjects import SubjectKind
from pooling.purchases.models import Purchase
from pooling.purchases.rules import PURCHASE


def _as_lead_buyer(caller: Caller, purchase_id: int) -> Caller:
    """One role more, in memory, for this purchase."""
    return replace(caller, roles=(*caller.roles, HeldRole(Role.LEAD_BUYER, purchase_id=purchase_id)))


SUBJECT = SubjectKind(
    name="purchase",
    word="Achat",
    the="l’achat",
    field="Achat concerné",
    one_of_the_group="un achat du groupe",
    unknown="Le groupe n’a pas d’achat de cette référence.",
    asked="l’acheteur pilote",
    table=Purchase,
    states=PURCHASE,
    path="/achats/{reference}",
    run_by=Caller.purchases_led,
    running=_as_lead_buyer,
)
