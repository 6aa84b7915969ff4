"""Files of subsidies are opened, kept up to date and given documents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action
from pooling.allocation.models import Subsidy
from pooling.grants.models import Grant, GrantFile, GrantPayment
from pooling.grants.permissions import keeps_for, may_keep_grant
from pooling.grants.schemas import GrantIn, PaymentIn
from pooling.kernel.attached import FilesOf, Room
from pooling.kernel.database import group_of, insert_many, one_row
from pooling.kernel.errors import Forbidden, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.files import Upload
from pooling.kernel.limits import limit
from pooling.kernel.tables import known_id, linked
from pooling.kernel.versions import check_version
from pooling.members.models import Member
from pooling.members.people_list import find_members
from pooling.members.rights import Caller
from pooling.purchases.models import Purchase

OPENED, CHANGED = "grant.opened", "grant.changed"
ATTACHED, REMOVED = "grant.document_added", "grant.document_removed"
MOST_FILES = limit(20, "Documents of a subsidy's file", __name__)
ROOM = Room(MOST_FILES, "Un dossier")


async def open_grant(session: AsyncSession, caller: Caller, command: GrantIn, now: datetime) -> Grant:
    """A file of its own.

    Raises:
        Forbidden: the caller keeps none for this member.
        Invalid: the group has no such member, purchase, action or subsidy, or what is said does not go together.
    """
    values = await _values(session, command)
    if not keeps_for(caller, values["member_id"]):
        raise Forbidden
    grant = Grant(group_id=group_of(session), changed_at=now, **values)
    session.add(grant)
    await session.flush()
    await _write_payments(session, grant.id, command.payments)
    _tell(session, caller, grant, OPENED, now)
    return grant


async def change_grant(
    session: AsyncSession, caller: Caller, grant_id: int, command: GrantIn, now: datetime, *, shown: str | None = None
) -> Grant:
    """Makes this all that is known of it. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: the group has no such file.
        ChangedMeanwhile: it is no longer as it was shown.
        Forbidden, Invalid: as in `open_grant`.
    """
    grant = await find_grant(session, grant_id, locked=True)
    may_keep_grant.require(caller, grant)
    before = await content_of(session, grant)
    check_version(before.model_dump(mode="json"), shown)
    if before == command:
        return grant
    values = await _values(session, command)
    if not keeps_for(caller, values["member_id"]):
        raise Forbidden
    for name, value in values.items():
        setattr(grant, name, value)
    grant.changed_at = now
    await session.execute(delete(GrantPayment).where(col(GrantPayment.grant_id) == grant.id))
    await _write_payments(session, grant.id, command.payments)
    _tell(session, caller, grant, CHANGED, now)
    await session.flush()
    return grant


async def _write_payments(session: AsyncSession, grant_id: int, payments: Sequence[PaymentIn]) -> None:
    rows = [{"grant_id": grant_id, "position": place, **one.model_dump()} for place, one in enumerate(payments)]
    if rows:
        await insert_many(session, GrantPayment, rows)


async def find_grant(session: AsyncSession, grant_id: int, *, locked: bool = False) -> Grant:
    """Raises:
    NotFound: the group has no such file.
    """
    statement = select(Grant).where(col(Grant.id) == known_id(grant_id)).execution_options(populate_existing=True)
    return await one_row(session, statement.with_for_update() if locked else statement)


async def payments_of(session: AsyncSession, grant_id: int) -> list[PaymentIn]:
    rows = await session.execute(
        select(col(GrantPayment.paid_on), col(GrantPayment.cents))
        .where(col(GrantPayment.grant_id) == grant_id)
        .order_by(col(GrantPayment.position))
    )
    return [PaymentIn(paid_on=paid_on, cents=cents) for paid_on, cents in rows]


async def content_of(session: AsyncSession, grant: Grant) -> GrantIn:
    """The file as it is written."""
    row = await session.execute(
        select(col(Member.code), col(Purchase.reference), col(Action.reference))
        .select_from(Grant)
        .outerjoin(Member, linked(Member.id, Grant.member_id))
        .outerjoin(Purchase, linked(Purchase.id, Grant.purchase_id))
        .outerjoin(Action, linked(Action.id, Grant.action_id))
        .where(col(Grant.id) == grant.id)
    )
    member, purchase, action = row.one()
    named = {"member": member or "", "purchase": purchase or "", "action": action or ""}
    plain = {name: getattr(grant, name) for name in GrantIn.model_fields if name not in {*named, "payments"}}
    return GrantIn(**plain, **named, payments=tuple(await payments_of(session, grant.id)))


async def _values(session: AsyncSession, command: GrantIn) -> dict[str, Any]:
    errors = _errors(command)
    keys = {"member_id": await _member_named(session, command.member, errors)}
    for name, table, sentence in (
        ("purchase", Purchase, "Choisissez un achat du groupe."),
        ("action", Action, "Choisissez une action du groupe."),
    ):
        found = await session.execute(select(col(table.id)).where(col(table.reference) == getattr(command, name)))
        keys[f"{name}_id"] = found.scalar_one_or_none()
        if getattr(command, name) and keys[f"{name}_id"] is None:
            errors[name] = sentence
    its = select(col(Subsidy.id)).where(
        col(Subsidy.purchase_id) == keys["purchase_id"], col(Subsidy.code) == command.subsidy
    )
    if command.subsidy and (await session.execute(its)).first() is None:
        errors.setdefault("subsidy", "La répartition de cet achat n’a pas cette subvention.")
    if errors:
        raise Invalid(errors)
    return {**command.model_dump(exclude={"member", "purchase", "action", "payments"}), **keys}


async def _member_named(session: AsyncSession, typed: str, errors: dict[str, str]) -> int | None:
    """Its id; None: nobody is named, or none of the group."""
    if not typed:
        return None
    named = await find_members(session, [typed])
    refusal = named.refusal(typed)
    if refusal is not None:
        errors["member"] = f"{refusal[0].upper()}{refusal[1:]}."
    return named.found.get(typed)


def _errors(command: GrantIn) -> dict[str, str]:
    """What does not go together."""
    errors = {}
    if (command.granted_on is None) != (command.granted_cents is None):
        empty = "granted_on" if command.granted_on is None else "granted_cents"
        errors[empty] = "Indiquez le jour et le montant accordé, ou ni l’un ni l’autre."
    if command.granted_on is not None and command.refused_on is not None:
        errors["refused_on"] = "Une subvention est accordée ou refusée."
    if command.granted_on is not None and command.granted_on < command.asked_on:
        errors["granted_on"] = "La décision vient après la demande."
    if command.refused_on is not None and command.refused_on < command.asked_on:
        errors["refused_on"] = "La décision vient après la demande."
    if command.purchase and command.action:
        errors["action"] = "Choisissez un achat ou une action."
    if command.subsidy and not command.purchase:
        errors["subsidy"] = "Choisissez aussi l’achat dont la répartition la déduit."
    if sum(one.cents for one in command.payments) > (command.granted_cents or 0):
        errors["payments"] = "Les versements dépassent ce qui est accordé."
    return errors


async def attach_to_grant(
    session: AsyncSession, caller: Caller, grant_id: int, sent: Sequence[Upload], now: datetime
) -> list[int]:
    """Keeps these documents with a file; returns their ids. All or none.

    Raises:
        NotFound: the group has no such file.
        Forbidden: see `may_keep_grant`.
        Invalid: one is empty, too large or of no kind that is accepted, or they are too many.
    """
    grant = await find_grant(session, grant_id, locked=True)
    may_keep_grant.require(caller, grant)
    files = await files_of_grant(grant_id).add(session, sent, now, ROOM, person_id=caller.person_id)
    _tell(session, caller, grant, ATTACHED, now)
    return [file.id for file in files]


async def detach_from_grant(session: AsyncSession, caller: Caller, grant_id: int, file_id: int, now: datetime) -> None:
    """Removes one of them.

    Raises: as `attach_to_grant`; NotFound when it has no such document.
    """
    grant = await find_grant(session, grant_id, locked=True)
    may_keep_grant.require(caller, grant)
    await files_of_grant(grant_id).remove(session, file_id)
    _tell(session, caller, grant, REMOVED, now)


def files_of_grant(grant_id: int) -> FilesOf:
    return FilesOf(GrantFile, {"grant_id": grant_id})


def _tell(session: AsyncSession, caller: Caller, grant: Grant, name: str, now: datetime) -> None:
    keys = {key: getattr(grant, key) for key in ("member_id", "purchase_id", "action_id")}
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("grant", grant.id),
        name=name,
        details={"title": grant.title, **{key: value for key, value in keys.items() if value}},
    )
