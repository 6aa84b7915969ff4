"""Who is asked, and may answer: those who received something, those who were there."""

from typing import Any

from sqlalchemy import Select, and_, func, literal, select
from sqlmodel import col

from pooling.committees.models import Committee, CommitteeState, Invitation
from pooling.kernel.events import Event
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership, Role
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.satisfaction.models import Opinion

DELIVERED = "purchase.delivered"
OVER = (PurchaseState.DELIVERED, PurchaseState.SETTLED)
HELD = (CommitteeState.HELD, CommitteeState.MINUTED)


def delivered_at() -> Any:  # noqa: ANN401 - a scalar of the statement's purchase
    """When the purchase of the statement was last delivered."""
    return (
        select(func.max(col(Event.at)))
        .where(
            col(Event.group_id) == col(Purchase.group_id),
            col(Event.subject_kind) == "purchase",
            col(Event.subject_id) == col(Purchase.id),
            col(Event.name) == DELIVERED,
        )
        .correlate(Purchase)
        .scalar_subquery()
    )


def receivers() -> Select[Any]:
    """Référents of members that took part in a delivered purchase: (subject_id, revision, person_id, since)."""
    statement: Select[Any] = (
        select(
            col(Purchase.id).label("subject_id"),
            literal(1).label("revision"),
            col(Membership.person_id).label("person_id"),
            func.greatest(func.min(col(Membership.started_at))).label("since"),
        )
        .select_from(Purchase)
        .join(Participation, linked(Participation.purchase_id, Purchase.id))
        .join(
            Membership,
            and_(
                linked(Membership.member_id, Participation.member_id),
                col(Membership.role) == Role.REFERENT,
                col(Membership.ended_at).is_(None),
            ),
        )
        .where(any_of(col(Purchase.state), OVER), col(Participation.takes_part).is_not(False))
        .group_by(col(Purchase.id), col(Membership.person_id))
    )
    return statement


def attendants() -> Select[Any]:
    """Those who were present at a committee, and are still of the group."""
    statement: Select[Any] = (
        select(
            col(Committee.id).label("subject_id"),
            literal(1).label("revision"),
            col(Invitation.person_id).label("person_id"),
            func.greatest(func.min(col(Invitation.invited_at))).label("since"),
        )
        .select_from(Committee)
        .join(Invitation, linked(Invitation.committee_id, Committee.id))
        .join(
            Membership, and_(col(Membership.person_id) == col(Invitation.person_id), col(Membership.ended_at).is_(None))
        )
        .where(any_of(col(Committee.state), HELD), col(Invitation.present).is_(True))
        .group_by(col(Committee.id), col(Invitation.person_id))
    )
    return statement


def silent(asked: Select[Any], key: Any) -> Select[Any]:  # noqa: ANN401 - a column of opinions
    """Of those, who has not answered: `key` says of what."""
    who = asked.subquery()
    statement: Select[Any] = select(who).where(
        ~select(col(Opinion.id)).where(key == who.c.subject_id, col(Opinion.person_id) == who.c.person_id).exists()
    )
    return statement


def is_asked(asked: Select[Any], subject_id: int, person_id: int) -> Select[Any]:
    """Whether this person is among them: a row, or none."""
    who = asked.subquery()
    statement: Select[Any] = select(who.c.subject_id).where(
        who.c.subject_id == subject_id, who.c.person_id == person_id
    )
    return statement
