"""What a member is called where it buys: written down by its people, read by orders."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.kernel.text import Line
from pooling.kernel.versions import check_version
from pooling.members.locking import lock_group
from pooling.members.models import Member, MemberKind
from pooling.members.rights import Caller
from pooling.orders.models import OrderBuyer
from pooling.orders.permissions import may_describe_buyer
from pooling.suppliers.keeping import LONGEST_NUMBER, Lines
from pooling.suppliers.numbers import compact, fault_of, is_siret, siren_of


def _compact(value: object) -> object:
    return compact(value) if isinstance(value, str) and len(value) <= LONGEST_NUMBER else value


Number = Annotated[str, BeforeValidator(_compact)]


class BuyerIn(BaseModel):
    """A member as a buyer, see `OrderBuyer`."""

    model_config = ConfigDict(frozen=True)

    siret: Number = Field(default="", max_length=14)
    vat_number: Number = Field(default="", max_length=14)
    service_code: Line = Field(default="", max_length=100)
    service: Line = Field(default="", max_length=200)
    address: Lines = Field(default="", max_length=500)
    contact: Line = Field(default="", max_length=200)


@dataclass(frozen=True)
class BuyerShown:
    """A buyer as documents name it. A unit buys in the name of the legal person that it belongs to."""

    member_id: int
    name: str
    siren: str
    siret: str
    vat_number: str
    service_code: str
    service: str
    address: str
    contact: str

    @property
    def lacking(self) -> list[str]:
        """What its supplier would have to ask for."""
        return [name for name, known in (("SIRET", self.siret), ("adresse", self.address)) if not known]


async def buyer_shown(session: AsyncSession, member_id: int) -> BuyerShown:
    """A unit has what it says itself, otherwise what the legal person says."""
    parent, of_parent = aliased(Member), aliased(OrderBuyer)
    row: Any = (
        await session.execute(
            select(Member, OrderBuyer, parent, of_parent)
            .outerjoin(OrderBuyer, linked(OrderBuyer.member_id, Member.id))
            .outerjoin(parent, linked(parent.id, Member.parent_id))
            .outerjoin(of_parent, linked(of_parent.member_id, Member.parent_id))
            .where(col(Member.id) == member_id)
        )
    ).one()
    member, own, above, theirs = row

    def said(name: str) -> str:
        return next((str(found) for one in (own, theirs) if one is not None and (found := getattr(one, name))), "")

    return BuyerShown(
        member.id,
        member.name if above is None else f"{above.name} – {member.name}",
        (above or member).code,
        **{name: said(name) for name in BuyerIn.model_fields},
    )


def content_of(kept: OrderBuyer | None) -> dict[str, str]:
    return {name: getattr(kept, name, None) or "" for name in BuyerIn.model_fields}


async def find_buyer(session: AsyncSession, member_id: int) -> OrderBuyer | None:
    return await session.get(OrderBuyer, (group_of(session), member_id), populate_existing=True)


async def describe_buyer(
    session: AsyncSession,
    caller: Caller,
    member: Member,
    command: BuyerIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> OrderBuyer:
    """Writes down what the member is called where it buys. Orders that have left keep what they said.

    Raises:
        Forbidden: the caller speaks neither for the member nor for the group.
        ChangedMeanwhile: it is no longer as it was `shown`.
        Invalid: a number that cannot be, or of another legal person.
    """
    may_describe_buyer.require(caller, member)
    await lock_group(session)
    kept = await find_buyer(session, member.id)
    before = content_of(kept)
    check_version(before, shown)
    await _check(session, member, command)
    kept = kept or OrderBuyer(group_id=group_of(session), member_id=member.id)
    for name, value in command.model_dump().items():
        setattr(kept, name, value or None if name == "siret" else value)
    session.add(kept)
    after = content_of(kept)
    changed = {name: [before[name] or None, after[name] or None] for name in after if before[name] != after[name]}
    if changed:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("member", member.id),
            name="order_buyer.described",
            details={"changed": {name: said for name, said in changed.items() if name != "contact"}},
        )
    return kept


async def _check(session: AsyncSession, member: Member, command: BuyerIn) -> None:
    siren = member.code
    if member.kind == MemberKind.INTERNAL_UNIT:
        parent = await session.get_one(Member, (member.group_id, member.parent_id))
        siren = parent.code
    errors: dict[str, Any] = {}
    if command.siret and not is_siret(command.siret):
        errors["siret"] = "Ce n’est pas un numéro SIRET : quatorze chiffres, dont une clé."
    elif command.siret and command.siret[:9] != siren:
        errors["siret"] = f"Ce SIRET est d’une autre personne morale : celui-ci commence par {siren}."
    if command.vat_number and (fault := fault_of(command.vat_number)):
        errors["vat_number"] = fault
    elif command.vat_number and siren_of(command.vat_number) != siren:
        errors["vat_number"] = f"Ce numéro de TVA est d’une autre personne morale : celui-ci finit par {siren}."
    if errors:
        raise Invalid(errors)
