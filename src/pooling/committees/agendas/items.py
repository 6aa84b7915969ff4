"""What a committee will speak about, in order. Every change locks the committee: two people at once neither lose an
item nor get it twice.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.committees.agendas.rows import (
    forget_items,
    item_of,
    items_of,
    number_in,
    order_of,
    require_removable,
)
from pooling.committees.agendas.rules import moved_to, require_room
from pooling.committees.agendas.schemas import AgendaItemIn
from pooling.committees.locking import lock_committee, record_change, require_to_come
from pooling.committees.models import AgendaItem, Committee, Topic
from pooling.kernel.about import keys_to
from pooling.kernel.database import insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.members.features import features_for
from pooling.members.rights import Caller


async def add_titles(session: AsyncSession, committee_id: int, titles: Sequence[str]) -> None:
    """The first items of a new committee.

    Raises:
        Invalid: there are too many.
    """
    try:
        require_room(0, len(titles))
    except Conflict as full:
        raise Invalid({"agenda": full.message}) from None
    rows = [
        {"committee_id": committee_id, "position": position, "title": title, "topic": str(Topic.TYPED), "presenter": ""}
        for position, title in enumerate(titles, start=1)
    ]
    await insert_many(session, AgendaItem, rows)


async def add_item(
    session: AsyncSession, caller: Caller, committee_id: int, command: AgendaItemIn, now: datetime
) -> int:
    """A last item more; returns its id.

    Raises:
        Forbidden: the caller does not manage committees.
        NotFound: there is no such committee.
        Conflict: it is no longer to come, or its agenda is full.
        Invalid: the group has no such purchase.
    """
    committee = await _lock(session, caller, committee_id, now)
    order = await order_of(session, committee_id)
    require_room(len(order), 1)
    item = AgendaItem(
        group_id=committee.group_id,
        committee_id=committee_id,
        position=len(order) + 1,
        **await _content(session, command),
    )
    session.add(item)
    await session.flush()
    await number_in(session, [*order, item.id])
    record_change(session, caller, committee, "agenda_item_added", now, details={"title": item.title})
    return item.id


async def change_item(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    item_id: int,
    command: AgendaItemIn,
    now: datetime,
    *,
    place: int | None = None,
) -> None:
    """Says an item otherwise and, with `place` (from 1), puts it there.

    Raises: as `add_item`; NotFound when the agenda has no such item.
    """
    committee = await _lock(session, caller, committee_id, now)
    item = await item_of(session, committee_id, item_id)
    content = await _content(session, command)
    if item.topic != Topic.TYPED:
        content |= keys_to(item.about)  # what it comes from stays what it is about
    for name, value in content.items():
        setattr(item, name, value)
    await session.flush()
    if place is not None:
        await number_in(session, moved_to(await order_of(session, committee_id), item_id, place))
    record_change(session, caller, committee, "agenda_item_changed", now, details={"title": item.title})


async def shift_item(
    session: AsyncSession, caller: Caller, committee_id: int, item_id: int, by: int, now: datetime
) -> None:
    """Puts an item so many places further down, or up (negative), from where it stands now.

    Raises: as `add_item`; NotFound when the agenda has no such item.
    """
    committee = await _lock(session, caller, committee_id, now)
    item = await item_of(session, committee_id, item_id)
    before = await order_of(session, committee_id)
    after = moved_to(before, item_id, before.index(item_id) + 1 + by)
    if after != before:
        await number_in(session, after)
        record_change(session, caller, committee, "agenda_item_moved", now, details={"title": item.title})


async def remove_item(session: AsyncSession, caller: Caller, committee_id: int, item_id: int, now: datetime) -> None:
    """Takes an item off the agenda, with the files that go with it.

    Raises: as `add_item`; NotFound when the agenda has no such item; Conflict when it is a difficulty that is not
        settled: it stays until it is.
    """
    committee = await _lock(session, caller, committee_id, now)
    item = await item_of(session, committee_id, item_id)
    await require_removable(session, [item])
    await forget_items(session, [item_id])
    await number_in(session, await order_of(session, committee_id))
    record_change(session, caller, committee, "agenda_item_removed", now, details={"title": item.title})


async def replace_items(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    commands: Sequence[tuple[int | None, AgendaItemIn]],
    now: datetime,
) -> None:
    """The whole agenda anew, in this order. One with the id of an item that there is says it otherwise; those without
    are added; items left out are removed.

    Raises: as `remove_item`; NotFound when an id is not on the agenda; Invalid when it stands twice.
    """
    committee = await _lock(session, caller, committee_id, now)
    present = {item.id: item for item in await items_of(session, committee_id)}
    kept = [item_id for item_id, _ in commands if item_id is not None]
    if len(set(kept)) < len(kept):
        raise Invalid({"items": "Un même point figure deux fois."})
    if set(kept) - present.keys():
        raise NotFound
    require_room(0, len(commands))
    left_out = [item for item_id, item in present.items() if item_id not in kept]
    await require_removable(session, left_out)
    await forget_items(session, [item.id for item in left_out])
    subjects = await features_for(session).subjects.referred(session, [command for _, command in commands])
    for position, ((item_id, command), about) in enumerate(zip(commands, subjects, strict=True), start=1):
        item = present[item_id] if item_id is not None else AgendaItem(
            group_id=committee.group_id, committee_id=committee_id, position=position, title=""
        )  # fmt: skip
        item.position, item.title = position, command.title
        item.duration_minutes, item.presenter = command.duration_minutes, command.presenter
        if item.topic == Topic.TYPED:
            for key, value in keys_to(about).items():
                setattr(item, key, value)
        session.add(item)
    await session.flush()
    record_change(session, caller, committee, "agenda_written", now)


async def _lock(session: AsyncSession, caller: Caller, committee_id: int, now: datetime) -> Committee:
    committee = await lock_committee(session, caller, committee_id)
    require_to_come(committee, now)
    return committee


async def _content(session: AsyncSession, command: AgendaItemIn) -> dict[str, Any]:
    (about,) = await features_for(session).subjects.referred(session, [command])
    return {
        "title": command.title,
        "duration_minutes": command.duration_minutes,
        "presenter": command.presenter,
        **keys_to(about),
    }
