"""Who helps the group without being of it: known by a sheet that names them, corrected, taken away."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Contribution, Partner, PartnerKind
from pooling.actions.permissions import may_keep_partners
from pooling.actions.schemas import BringsIn, PartnerIn
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event, record_events
from pooling.kernel.tables import any_of
from pooling.kernel.text import folded_words, sort_key
from pooling.kernel.versions import check_version
from pooling.members.rights import Caller

NO_LETTERS = "Donnez un nom qui se lise : des lettres ou des chiffres."


def letters_of(name: str) -> str:
    """By which two names that read alike are one."""
    return " ".join(folded_words(name))


async def add_partner(session: AsyncSession, caller: Caller, command: PartnerIn, now: datetime) -> Partner:
    """A partner of the group.

    Raises:
        Forbidden: see `may_keep_partners`.
        Invalid: the group has one of this name, or its site is no address.
    """
    may_keep_partners.require(caller)
    _check(command)
    row = {"group_id": group_of(session), **_values(command)}
    made = await session.execute(insert(Partner).values(row).on_conflict_do_nothing().returning(col(Partner.id)))
    partner_id = made.scalar_one_or_none()
    if partner_id is None:
        raise Invalid({"name": "Le groupe a déjà un partenaire de ce nom."})
    _tell(session, caller, partner_id, "partner.added", now, {"name": command.name})
    return await find_partner(session, partner_id)


async def change_partner(
    session: AsyncSession,
    caller: Caller,
    partner_id: int,
    command: PartnerIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> Partner:
    """Makes this what is known of it. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: the group has no such partner.
        ChangedMeanwhile: it is no longer as it was shown.
        Forbidden, Invalid: as in `add_partner`.
    """
    may_keep_partners.require(caller)
    _check(command)
    partner = await find_partner(session, partner_id, locked=True)
    before = content_of(partner)
    check_version(before.model_dump(mode="json"), shown)
    if before == command:
        return partner
    twin = select(col(Partner.id)).where(
        col(Partner.letters) == letters_of(command.name), col(Partner.id) != partner_id
    )
    if (await session.execute(twin)).first() is not None:
        raise Invalid({"name": "Le groupe a déjà un partenaire de ce nom."})
    for name, value in _values(command).items():
        setattr(partner, name, value)
    _tell(session, caller, partner_id, "partner.changed", now, {"name": command.name})
    await session.flush()
    return partner


async def remove_partner(session: AsyncSession, caller: Caller, partner_id: int, now: datetime) -> str:
    """Takes away a partner that no action names any more; returns what it was called.

    Raises:
        NotFound: the group has no such partner.
        Forbidden: see `may_keep_partners`.
        Conflict: an action names it.
    """
    may_keep_partners.require(caller)
    partner = await find_partner(session, partner_id, locked=True)
    name = partner.name
    try:
        async with session.begin_nested():
            await session.execute(delete(Partner).where(col(Partner.id) == partner_id))
    except IntegrityError as held:
        raise Conflict(
            "Ce partenaire figure dans la fiche d’une action : retirez-l’en d’abord.", code="partner_in_use"
        ) from held
    _tell(session, caller, partner_id, "partner.removed", now, {"name": name})
    return name


async def find_partner(session: AsyncSession, partner_id: int, *, locked: bool = False) -> Partner:
    """Raises:
    NotFound: the group has no such partner.
    """
    statement = select(Partner).where(col(Partner.id) == partner_id).execution_options(populate_existing=True)
    found = (await session.execute(statement.with_for_update() if locked else statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


def content_of(partner: Partner) -> PartnerIn:
    return PartnerIn(
        name=partner.name,
        kind=PartnerKind(partner.kind),
        contact=partner.contact,
        website=partner.website,
        note=partner.note,
    )


async def write_contributions(
    session: AsyncSession, caller: Caller, action_id: int, brought: Sequence[BringsIn], now: datetime
) -> None:
    """What partners bring to an action, in place of what its sheet said. One that the group does not know is added."""
    await session.execute(delete(Contribution).where(col(Contribution.action_id) == action_id))
    ids = await _partners_named(session, caller, [one.partner for one in brought], now)
    await insert_many(
        session,
        Contribution,
        [
            {
                "action_id": action_id,
                "partner_id": ids[letters_of(one.partner)],
                **one.model_dump(exclude={"partner"}),
            }
            for one in brought
        ],
    )


def partner_errors(brought: Sequence[BringsIn]) -> dict[str, str]:
    letters = [letters_of(one.partner) for one in brought]
    if not all(letters):
        return {"partners": NO_LETTERS}
    if len(set(letters)) < len(letters):
        return {"partners": "Un même partenaire figure deux fois : réunissez ce qu’il apporte."}
    return {}


async def _partners_named(session: AsyncSession, caller: Caller, names: Sequence[str], now: datetime) -> dict[str, int]:
    """By their letters."""
    wanted = {letters_of(name): name for name in names}
    if not wanted:
        return {}
    known = select(col(Partner.letters), col(Partner.id)).where(any_of(col(Partner.letters), list(wanted)))
    found = {letters: key for letters, key in await session.execute(known)}
    lacking = [PartnerIn(name=name) for letters, name in wanted.items() if letters not in found]
    if lacking:
        rows = [{"group_id": group_of(session), **_values(one)} for one in lacking]
        made = await session.execute(
            insert(Partner).values(rows).on_conflict_do_nothing().returning(col(Partner.id), col(Partner.name))
        )
        told = {key: {"name": name} for key, name in made}
        await record_events(
            session, at=now, person_id=caller.person_id, kind="partner", name="partner.added", each=told
        )
        found = {letters: key for letters, key in await session.execute(known)}
    return found


def _check(command: PartnerIn) -> None:
    errors = {}
    if not letters_of(command.name):
        errors["name"] = NO_LETTERS
    if command.website and not _is_address(command.website):
        errors["website"] = "Indiquez une adresse entière, sans espace, qui commence par https://."
    if errors:
        raise Invalid(errors)


def _is_address(typed: str) -> bool:
    return typed.startswith(("https://", "http://")) and len(typed.split()) == 1 and len(typed) > len("https://")


def _values(command: PartnerIn) -> dict[str, object]:
    return {
        **command.model_dump(mode="json"),
        "letters": letters_of(command.name),
        "sort_key": sort_key(command.name),
    }


def _tell(
    session: AsyncSession, caller: Caller, partner_id: int, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(
        session, at=now, person_id=caller.person_id, subject=("partner", partner_id), name=name, details=details
    )
