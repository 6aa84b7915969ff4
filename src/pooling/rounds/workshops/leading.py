"""What the facilitator does: opens a workshop, groups its notes, has them ranked, keeps what came of it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.catalogue import Catalogue
from pooling.actions.keeping import find_action, sheet_of, write_action
from pooling.actions.models import Action, Ease, FactorKind
from pooling.actions.schemas import MOST_FACTORS, FactorIn
from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.members.rights import Caller
from pooling.rounds.permissions import may_lead
from pooling.rounds.workshops.finding import find_workshop, new_code, themes_of
from pooling.rounds.workshops.models import (
    WORKSHOP,
    Workshop,
    WorkshopDot,
    WorkshopNote,
    WorkshopState,
    WorkshopTheme,
)
from pooling.rounds.workshops.rules import in_order
from pooling.rounds.workshops.schemas import MOST_HOURS, MOST_THEMES, Arrangement


async def open_workshop(session: AsyncSession, caller: Caller, reference: str, hours: int, now: datetime) -> Workshop:
    """For an action, for so many hours.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such action.
        Invalid: it would last too long.
    """
    may_lead.require(caller)
    action = await find_action(session, reference)
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid({"hours": f"Choisissez de 1 à {MOST_HOURS} heures."})
    found = Workshop(
        group_id=group_of(session),
        action_id=action.id,
        code=new_code(),
        opened_at=now,
        opened_by=caller.person_id,
        expires_at=now + timedelta(hours=hours),
    )
    session.add(found)
    await session.flush()
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("workshop", found.id),
        name="workshop.opened",
        change=(None, found.state),
        details={"action_id": action.id},
    )
    return found


async def move_workshop(
    session: AsyncSession, caller: Caller, workshop_id: int, state: WorkshopState, now: datetime
) -> Workshop:
    """From notes to ranks, and back.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such workshop.
        Conflict: it is closed, or has no theme to rank.
    """
    may_lead.require(caller)
    found = await find_workshop(session, workshop_id, locked=True)
    if state == WorkshopState.RANKING and not await themes_of(session, found):
        raise Conflict("Rangez d’abord des notes dans un thème : ce sont eux qu’on classe.", code="nothing_to_rank")
    details = {"action_id": found.action_id}
    if state == WorkshopState.COLLECTING:  # again
        WORKSHOP.move(session, found, state, at=now, person_id=caller.person_id, name="reopened", details=details)
    else:
        WORKSHOP.move(session, found, state, at=now, person_id=caller.person_id, details=details)
    await session.flush()
    return found


async def arrange(session: AsyncSession, caller: Caller, workshop_id: int, command: Arrangement) -> None:
    """Groups notes into themes. What came since the page was shown stays as it is.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such workshop.
        Conflict: it is closed.
        Invalid: there would be too many themes, a note’s theme is gone, or the new one that takes some has no name.
    """
    may_lead.require(caller)
    found = await find_workshop(session, workshop_id, locked=True)
    if found.state == WorkshopState.CLOSED:
        raise Conflict("Cet atelier est fini.", code="workshop_elsewhere")
    themes = {theme.id for theme in await themes_of(session, found)}
    gone = {theme for theme, said in command.themes.items() if said is None} & themes
    if command.new is not None and len(themes - gone) >= MOST_THEMES:
        raise Invalid({"new_title": f"{MOST_THEMES} thèmes au plus : réunissez-en."})
    if command.taken and command.new is None:
        raise Invalid({"new_title": "Nommez le thème qui réunit ces notes."})
    kept = {note: theme for note, theme in command.notes.items() if theme not in gone and note not in command.dropped}
    if not themes.issuperset(theme for theme in kept.values() if theme is not None):
        raise Invalid({"": "Un thème a disparu entre-temps : rechargez la page."})
    made = await _write_themes(session, found, command, themes, gone)
    kept |= dict.fromkeys(command.taken, made)
    await fetch(
        session,
        "UPDATE workshop_notes n SET theme_id = g.theme FROM unnest($3::bigint[], $4::bigint[]) g(note, theme) "
        "WHERE n.group_id = $1 AND n.workshop_id = $2 AND n.id = g.note",
        group_of(session),
        found.id,
        list(kept),
        list(kept.values()),
    )
    of_it = col(WorkshopNote.workshop_id) == found.id
    await session.execute(delete(WorkshopNote).where(of_it, any_of(col(WorkshopNote.id), command.dropped)))


async def _write_themes(
    session: AsyncSession, found: Workshop, command: Arrangement, themes: set[int], gone: set[int]
) -> int | None:
    """The id of the new one."""
    of_notes, of_it = col(WorkshopNote.workshop_id) == found.id, col(WorkshopTheme.workshop_id) == found.id
    await session.execute(
        update(WorkshopNote)
        .where(of_notes, any_of(col(WorkshopNote.theme_id), gone))
        .values(theme_id=None)
        .execution_options(synchronize_session=False)
    )
    await session.execute(delete(WorkshopTheme).where(of_it, any_of(col(WorkshopTheme.id), gone)))
    said = {theme: one for theme, one in command.themes.items() if one is not None and theme in themes}
    await fetch(
        session,
        "UPDATE workshop_themes t SET kind = g.kind, ease = g.ease, title = g.title "
        "FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[]) g(id, kind, ease, title) "
        "WHERE t.group_id = $1 AND t.workshop_id = $2 AND t.id = g.id",
        group_of(session),
        found.id,
        list(said),
        [str(one.kind) for one in said.values()],
        [str(one.ease) for one in said.values()],
        [one.title for one in said.values()],
    )
    if command.new is None:
        return None
    new = WorkshopTheme(group_id=found.group_id, workshop_id=found.id, **command.new.model_dump())
    session.add(new)
    await session.flush()
    return new.id


async def close_workshop(
    session: AsyncSession, caller: Caller, workshop_id: int, catalogue: Catalogue, now: datetime, *, keeping: bool
) -> Workshop:
    """Ends it; `keeping`, its themes become obstacles and opportunities of the action, those with most dots first among
    those that are as easy.

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such workshop.
        Conflict: it is closed already.
        Invalid: the action's sheet has no room for so many.
    """
    may_lead.require(caller)
    found = await find_workshop(session, workshop_id, locked=True)
    WORKSHOP.require(found.state, WorkshopState.CLOSED)
    if keeping:
        await _keep(session, caller, found, catalogue, now)
    await _end(session, [found.id])
    found.code = None
    WORKSHOP.move(
        session,
        found,
        WorkshopState.CLOSED,
        at=now,
        person_id=caller.person_id,
        details={"action_id": found.action_id, "kept": keeping},
    )
    await session.flush()
    return found


async def _keep(session: AsyncSession, caller: Caller, found: Workshop, catalogue: Catalogue, now: datetime) -> None:
    action = await session.get_one(Action, (found.group_id, found.action_id))
    sheet = await sheet_of(session, await find_action(session, action.reference, locked=True))
    said = {(one.kind, one.text) for one in sheet.factors}
    new = [
        FactorIn(kind=FactorKind(theme.kind), ease=Ease(theme.ease), text=theme.title)
        for _, theme in in_order(await themes_of(session, found))
    ]
    added = [one for one in new if (one.kind, one.text) not in said]
    if len(sheet.factors) + len(added) > MOST_FACTORS:
        raise Invalid({"": f"La fiche prend {MOST_FACTORS} freins et opportunités au plus : réunissez des thèmes."})
    command = sheet.model_copy(update={"factors": (*sheet.factors, *added)})
    await write_action(session, caller, action.reference, command, catalogue, now)


async def _end(session: AsyncSession, workshops: list[int]) -> None:
    """Counts the dots, and forgets which telephone did what."""
    await session.execute(
        text(
            "UPDATE workshop_themes t SET dots = (SELECT count(*) FROM workshop_dots d "
            "WHERE d.group_id = t.group_id AND d.workshop_id = t.workshop_id AND d.theme_id = t.id) "
            "WHERE t.group_id = :group AND t.workshop_id = ANY (:ids)"
        ),
        {"group": group_of(session), "ids": workshops},
    )
    await session.execute(delete(WorkshopDot).where(any_of(col(WorkshopDot.workshop_id), workshops)))
    await session.execute(
        update(WorkshopNote)
        .where(any_of(col(WorkshopNote.workshop_id), workshops))
        .values(browser_hash=None)
        .execution_options(synchronize_session=False)
    )


async def end_what_has_expired(session: AsyncSession, clock: Clock) -> list[int]:
    """The sweep's part: a workshop whose hours are over, and that nobody closed, ends as it is."""
    now = await clock.at_database(session)
    rows = await session.execute(
        select(Workshop)
        .where(col(Workshop.state) != WorkshopState.CLOSED, col(Workshop.expires_at) <= now - GRACE)
        .order_by(col(Workshop.id))
        .with_for_update(skip_locked=True)
    )
    ended = list(rows.scalars())
    await _end(session, [found.id for found in ended])
    for found in ended:
        found.code = None
        WORKSHOP.move(
            session, found, WorkshopState.CLOSED, at=now, person_id=None, details={"action_id": found.action_id}
        )
    await session.flush()
    return [found.id for found in ended]


GRACE = timedelta(days=2)
"""So long after its hours the facilitator may still keep what was said."""
