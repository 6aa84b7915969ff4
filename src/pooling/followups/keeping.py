"""What is known of a purchase run elsewhere is written down by its lead buyer."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.followups.models import FollowUpCost, FollowUpDate
from pooling.followups.queries import FollowUpShown, followup_of
from pooling.followups.schemas import LARGEST_COST, FollowUpIn
from pooling.kernel.database import insert_many
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import clean
from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Participation, Purchase
from pooling.purchases.permissions import may_run
from pooling.purchases.rules import OVER
from pooling.web.typography import date_short, euros


async def lock_followed(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    """The purchase, locked, for its lead buyer.

    Raises:
        Forbidden: the caller does not run it.
        NotFound: it is run here.
        Conflict: it is over.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    kind = kind_of(purchase.kind)
    kind.require(Part.FOLLOWED)
    if purchase.state in OVER:
        word = kind.word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word} : son suivi ne change plus.", code="followup_closed")
    return purchase


async def keep_followup(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: FollowUpIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Writes down all that is known. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden, NotFound: as `lock_followed`.
        Conflict: it is over, or somebody else wrote since.
        Invalid: one day is there twice, a member does not take part, or what each paid is not what all did.
    """
    await lock_followed(session, caller, purchase_id)
    before = await followup_of(session, purchase_id)
    if shown is not None and shown != version_of(before.content.model_dump()):
        raise ChangedMeanwhile
    members = await _participants(session, purchase_id)
    _check(command, members)
    kept = before.kept
    kept.organiser, kept.joining = clean(command.organiser), clean(command.joining)
    kept.total_cents = command.total_cents
    session.add(kept)
    await session.flush()
    await _keep_dates(session, before, command, now)
    await session.execute(delete(FollowUpCost).where(col(FollowUpCost.purchase_id) == purchase_id))
    await insert_many(
        session,
        FollowUpCost,
        [
            {"purchase_id": purchase_id, "member_id": members[code], "cents": cents}
            for code, cents in command.costs.items()
        ],
    )
    former, present = _said(before.content), _said(command)
    if changed := {name: [former[name], present[name]] for name in present if former[name] != present[name]}:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name="followup.written",
            details={"changed": changed},
        )


async def _participants(session: AsyncSession, purchase_id: int) -> dict[str, int]:
    rows = await session.execute(
        select(col(Member.code), col(Member.id))
        .join(Participation, linked(Participation.member_id, Member.id))
        .where(col(Participation.purchase_id) == purchase_id)
    )
    return {code: member_id for code, member_id in rows}


def _check(command: FollowUpIn, members: Mapping[str, int]) -> None:
    errors: dict[str, str] = {}
    if len({(one.day, one.label) for one in command.dates}) < len(command.dates):
        errors["dates"] = "La même date est indiquée deux fois."
    if unknown := sorted(set(command.costs) - set(members)):
        errors["costs"] = f"Ne participe pas à cet achat : {enumerated(unknown)}."
    if any(not 0 <= cents <= LARGEST_COST for cents in command.costs.values()):
        errors["costs"] = "Un coût est négatif ou trop élevé."
    together = sum(command.costs.values())
    if command.costs and command.total_cents is not None and together != command.total_cents:
        errors["total_cents"] = (
            f"Les coûts des membres font {euros(together)}, pas {euros(command.total_cents)} : corrigez-les, ou "
            "laissez le total vide."
        )
    if errors:
        raise Invalid(errors)


async def _keep_dates(session: AsyncSession, before: FollowUpShown, command: FollowUpIn, now: datetime) -> None:
    """Those that stay are the same rows, with the reminders that were sent."""
    wanted = {(one.day, one.label) for one in command.dates}
    stays = {(one.day, one.label) for one in before.dates}
    gone = [one.id for one in before.dates if (one.day, one.label) not in wanted]
    await session.execute(delete(FollowUpDate).where(any_of(col(FollowUpDate.id), gone)))
    purchase_id = before.kept.purchase_id
    await insert_many(
        session,
        FollowUpDate,
        [
            {"purchase_id": purchase_id, "day": day, "label": label, "set_at": now}
            for day, label in sorted(wanted - stays)
        ],
    )


def _said(content: FollowUpIn) -> dict[str, str | None]:
    """What the journal compares."""
    return {
        "organiser": content.organiser or None,
        "joining": content.joining or None,
        "dates": " ; ".join(f"{date_short(one.day)} {one.label}" for one in content.dates) or None,
        "total_cents": None if content.total_cents is None else euros(content.total_cents),
        "costs": f"{len(content.costs)} : {euros(sum(content.costs.values()))}" if content.costs else None,
    }
