"""How a purchase is bought is written down by its lead, and by each member for itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel import versions
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.text import clean
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.procurement.configuration import ProcurementConfiguration
from pooling.procurement.models import Environment, Mandate, ProcurementPlan, ProcurementShare
from pooling.procurement.permissions import may_plan, may_state
from pooling.procurement.reading import ShareShown, plan_of, share_of
from pooling.procurement.words import ENVIRONMENTS, MANDATES, money
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase
from pooling.purchases.rules import OVER
from pooling.sharing.money import Cents
from pooling.web.typography import date_short


@dataclass(frozen=True)
class PlanIn:
    """What the lead says; amounts are cents before VAT, see `ProcurementPlan`."""

    family: str = ""
    options_cents: Cents = 0
    renewals: int = 0
    maximum_cents: Cents | None = None
    procedure: str = ""
    launched_on: date | None = None
    mandate: str = Mandate.UNDECIDED
    convention_signed_on: date | None = None
    environment: str = Environment.UNDECIDED


@dataclass(frozen=True)
class ShareIn:
    """What a member says of itself, see `ProcurementShare`."""

    spent_cents: Cents | None = None
    deliberated_on: date | None = None
    deliberation: str = ""


def content_of(plan: ProcurementPlan) -> PlanIn:
    return PlanIn(**{name: getattr(plan, name) for name in PlanIn.__dataclass_fields__})


def said_by(share: ShareShown) -> ShareIn:
    return ShareIn(share.spent, share.deliberated_on, share.deliberation)


def version_of(said: PlanIn | ShareIn) -> str:
    """Stands for what was shown; travels in the form, hidden."""
    return versions.version_of(asdict(said))


async def keep_plan(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: PlanIn,
    configuration: ProcurementConfiguration,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Writes down what the lead says. `shown` is the version that it had before its eyes.

    Raises:
        Forbidden: the caller neither runs the purchase nor prepares for its lead member.
        Conflict: it is settled or cancelled, or somebody else has changed the plan since it was shown.
        Invalid: a procedure without its day, or one that was not known on that day.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_plan.require(caller, purchase)
    _require_under_way(purchase)
    _check(command, configuration)
    plan = await plan_of(session, purchase_id)
    before = content_of(plan)
    versions.check_version(asdict(before), shown, versions.OF_A_PAGE)
    for name, value in asdict(command).items():
        setattr(plan, name, clean(value) if name == "family" else value)
    session.add(plan)
    changed = _differences(plan_in_words(before), plan_in_words(content_of(plan)))
    if changed:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name="procurement.planned",
            details={"changed": changed},
        )


async def keep_share(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    member: str,
    command: ShareIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> ShareShown:
    """Writes down what a member, by its code, says of its year and of its deliberation. `shown` as in `keep_plan`.

    Raises:
        NotFound: the member does not take part.
        Forbidden: the caller does not speak for it.
        Conflict: the purchase is settled or cancelled, or somebody else has said otherwise since.
        Invalid: a deliberation of tomorrow, without its day, or of a unit, which has none of its own.
    """
    purchase = await lock_purchase(session, purchase_id)
    share = await share_of(session, purchase_id, member)
    if share is None:
        raise NotFound
    may_state.require(caller, purchase, share.member_id)
    _require_under_way(purchase)
    today = now.astimezone(await group_zone(session)).date()
    _check_share(command, today, is_unit=share.is_unit)
    versions.check_version(asdict(said_by(share)), shown, versions.OF_A_PAGE)
    values = {**asdict(command), "deliberation": clean(command.deliberation)}
    written = insert(ProcurementShare).values(
        group_id=group_of(session), purchase_id=purchase_id, member_id=share.member_id, **values
    )
    await session.execute(
        written.on_conflict_do_update(index_elements=["group_id", "purchase_id", "member_id"], set_=values)
    )
    now_said = ShareShown(*share[:4], command.spent_cents, command.deliberated_on, values["deliberation"])
    changed = _differences(share_in_words(said_by(share)), share_in_words(said_by(now_said)))
    if changed:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name="procurement.stated",
            details={"member_id": share.member_id, "changed": changed},
        )
    return now_said


def _require_under_way(purchase: Purchase) -> None:
    kind_of(purchase.kind).require(Part.PROCEDURE)
    if purchase.state in OVER:
        word = kind_of(purchase.kind).word(purchase.state).lower()
        raise Conflict(f"Cet achat est {word} : sa procédure ne change plus.", code="procurement_closed")


def _check(command: PlanIn, configuration: ProcurementConfiguration) -> None:
    errors: dict[str, str] = {}
    if command.procedure and command.launched_on is None:
        errors["launched_on"] = "Indiquez le jour de l’avis, ou de la première demande d’offre."
    if command.launched_on is not None:
        known = {procedure.code for procedure in configuration.procedures_on(command.launched_on)}
        if not command.procedure:
            errors["procedure"] = "Choisissez la procédure sous laquelle l’achat a été lancé."
        elif command.procedure not in known:
            errors["procedure"] = "Cette procédure n’existait pas à cette date."
    if errors:
        raise Invalid(errors)


def _check_share(command: ShareIn, today: date, *, is_unit: bool) -> None:
    errors: dict[str, str] = {}
    if is_unit and (command.deliberated_on or command.deliberation):
        errors["deliberated_on"] = "Une composante ne délibère pas : son établissement le fait."
    elif command.deliberated_on is not None and command.deliberated_on > today:
        errors["deliberated_on"] = "Indiquez le jour où la délibération a été prise : celui-ci est à venir."
    elif command.deliberation and command.deliberated_on is None:
        errors["deliberated_on"] = "Indiquez le jour de cette délibération."
    if errors:
        raise Invalid(errors)


def plan_in_words(plan: PlanIn) -> dict[str, str]:
    """In words that stay, for the journal."""
    return {
        "family": plan.family,
        "options": money(plan.options_cents) if plan.options_cents else "",
        "renewals": str(plan.renewals) if plan.renewals else "",
        "maximum": "" if plan.maximum_cents is None else money(plan.maximum_cents),
        "procedure": plan.procedure,
        "launched_on": _day(plan.launched_on),
        "mandate": MANDATES[Mandate(plan.mandate)] if plan.mandate else "",
        "convention_signed_on": _day(plan.convention_signed_on),
        "environment": ENVIRONMENTS[Environment(plan.environment)] if plan.environment else "",
    }


def share_in_words(said: ShareIn) -> dict[str, str]:
    return {
        "spent": "" if said.spent_cents is None else money(said.spent_cents),
        "deliberation": " ".join(part for part in (said.deliberation, _day(said.deliberated_on)) if part),
    }


def _day(day: date | None) -> str:
    return date_short(day) if day else ""


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    return {name: [before[name] or None, after[name] or None] for name in after if before[name] != after[name]}
