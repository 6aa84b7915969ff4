"""The charter is signed for a member, a signature is withdrawn, members are asked to sign."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.charters.models import CharterCall, CharterSignature, CharterVersion
from pooling.charters.permissions import CharterRight, may_sign
from pooling.charters.queries import call_of, standing_of, version_of_text
from pooling.charters.schemas import SignatureIn
from pooling.charters.text import CharterBody, CharterText, body_of
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.models import Group, Member, MemberKind
from pooling.members.rights import Caller

SIGNED, WITHDRAWN = "charter.signed", "charter.signature_withdrawn"


async def sign_charter(
    session: AsyncSession,
    caller: Caller,
    member: Member,
    command: SignatureIn,
    body: CharterBody,
    now: datetime,
    *,
    shown: str | None = None,
) -> CharterSignature:
    """Signs the text as it reads now. `shown` is the fingerprint of the text that the person read.

    Raises:
        Forbidden: see `may_sign`.
        Conflict: the text is another one by now, the member signed it already, left the group, or is a unit.
        Invalid: the day is to come.
    """
    may_sign.require(caller, member)
    if shown is not None and shown != body.fingerprint:
        told = "Le texte de la charte a changé depuis que vous l’avez lu : relisez-le, puis signez."
        raise Conflict(told, code="charter_changed")
    if member.retired_on is not None:
        raise Conflict("Ce membre a quitté le groupe : il ne signe plus.", code="member_retired")
    if member.kind != MemberKind.LEGAL_ENTITY:
        told = "Une composante ne signe pas : la personne morale dont elle dépend signe pour elle."
        raise Conflict(told, code="unit_does_not_sign")
    if command.signed_on > now.astimezone(await group_zone(session)).date():
        raise Invalid({"signed_on": "Une signature ne se date pas d’un jour à venir."})
    await lock_group(session)
    version = await _keep_version(session, body, now)
    standing = await standing_of(session, member.id)
    if standing is not None and standing.version == version:
        raise Conflict("Ce membre a déjà signé cette version.", code="charter_signed")
    signature = CharterSignature(
        group_id=group_of(session),
        member_id=member.id,
        version=version,
        noted_at=now,
        noted_by=caller.person_id,
        **command.model_dump(),
    )
    session.add(signature)
    _tell(session, caller, member, SIGNED, now, {"version": version, "name": command.name})
    await session.flush()
    return signature


async def withdraw_signature(
    session: AsyncSession, caller: Caller, member: Member, reason: str, now: datetime
) -> CharterSignature:
    """Withdraws the member's signature of the latest version that it stands by; it is kept with the reason.

    Raises:
        Forbidden: see `may_sign`.
        Conflict: it stands by none.
        Invalid: nobody says why.
    """
    may_sign.require(caller, member)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi la signature est retirée : le groupe le lira."})
    await lock_group(session)
    standing = await standing_of(session, member.id)
    if standing is None:
        raise Conflict("Ce membre n’a pas de signature à retirer.", code="charter_not_signed")
    standing.withdrawn_at, standing.withdrawn_because, standing.withdrawn_by = now, reason, caller.person_id
    _tell(session, caller, member, WITHDRAWN, now, {"version": standing.version}, reason)
    await session.flush()
    return standing


async def ask_to_sign(
    session: AsyncSession, caller: Caller, sign_by: date | None, body: CharterBody, now: datetime
) -> None:
    """Asks the members to sign the text as it reads, until this day; without one, asks no more.

    Raises:
        Forbidden: the caller is not the facilitator.
        Invalid: the day is past.
    """
    caller.require(CharterRight.ASK_TO_SIGN)
    if sign_by is not None and sign_by < now.astimezone(await group_zone(session)).date():
        raise Invalid({"sign_by": "Choisissez un jour à venir."})
    await lock_group(session)
    call = await call_of(session)
    if sign_by is None:
        if call is None:
            return
        await session.delete(call)
    else:
        version = await _keep_version(session, body, now)
        if call is not None and (call.version, call.sign_by) == (version, sign_by):
            return
        await _call(session, version, sign_by, now)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("group", group_of(session)),
        name="charter.asked" if sign_by is not None else "charter.asked_no_more",
        details={"sign_by": sign_by.isoformat()} if sign_by is not None else {},
    )
    await session.flush()


async def ask_for_the_text_of_today(session: AsyncSession, clock: Clock) -> int:
    """A chore: where members are asked still, and the text is another one by now, they are asked anew."""
    now, call = clock.now(), await call_of(session)
    if call is None or call.sign_by < now.astimezone(await group_zone(session)).date():
        return 0
    name = (await session.execute(select(col(Group.name)).where(col(Group.id) == group_of(session)))).scalar_one()
    body = body_of(features_for(session).configuration(CharterText), name, now)
    if await version_of_text(session, body.fingerprint) == call.version:
        return 0
    await lock_group(session)
    await _call(session, await _keep_version(session, body, now), call.sign_by, now)
    await session.flush()
    return 1


async def _call(session: AsyncSession, version: int, sign_by: date, now: datetime) -> None:
    said = {"version": version, "sign_by": sign_by, "asked_at": now}
    await session.execute(
        insert(CharterCall)
        .values(group_id=group_of(session), revision=1, **said)
        .on_conflict_do_update(index_elements=["group_id"], set_={**said, "revision": col(CharterCall.revision) + 1})
    )


async def _keep_version(session: AsyncSession, body: CharterBody, now: datetime) -> int:
    """The number of this text, which is kept from now on; the group is locked."""
    number = await version_of_text(session, body.fingerprint)
    await session.execute(
        insert(CharterVersion)
        .values(
            group_id=group_of(session),
            number=number,
            fingerprint=body.fingerprint,
            title=body.title,
            blocks=body.blocks,
            kept_at=now,
        )
        .on_conflict_do_nothing()
    )
    return number


def _tell(
    session: AsyncSession,
    caller: Caller,
    member: Member,
    name: str,
    now: datetime,
    details: dict[str, object],
    reason: str | None = None,
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("member", member.id),
        name=name,
        details=details,
        reason=reason,
    )
