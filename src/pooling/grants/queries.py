"""Reads of files of subsidies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.records.latest import LATEST
from pooling.grants.models import Grant, GrantPayment
from pooling.grants.rules import GrantState, counted_on, gap_words, state_of
from pooling.kernel.database import group_of
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member
from pooling.sharing.money import Cents


@dataclass(frozen=True)
class GrantShown:
    """A file in a list, in cents."""

    id: int
    title: str
    funder: str
    member: str | None
    """Its name; None: the group's own."""
    asked_on: date
    asked: Cents
    granted: Cents | None
    paid: Cents
    state: GrantState


_paid = (
    select(func.coalesce(func.sum(col(GrantPayment.cents)), 0))
    .where(linked(GrantPayment.grant_id, Grant.id))
    .correlate(Grant)
    .scalar_subquery()
)
_GRANTED = col(Grant.granted_on).is_not(None)
_OF_STATE: Mapping[GrantState, Any] = {
    GrantState.ASKED: and_(~_GRANTED, col(Grant.refused_on).is_(None)),
    GrantState.GRANTED: and_(_GRANTED, _paid == 0),
    GrantState.PARTLY_PAID: and_(_GRANTED, _paid > 0, _paid < col(Grant.granted_cents)),
    GrantState.PAID: and_(_GRANTED, _paid >= col(Grant.granted_cents)),
    GrantState.REFUSED: col(Grant.refused_on).is_not(None),
}
"""`state_of`, by the database."""
_LATEST_FIRST = Order(col(Grant.asked_on), col(Grant.id), latest_first=True)


async def grants_listed(
    session: AsyncSession, wanted: Slice, only: Collection[int] | None, state: GrantState | None = None
) -> Listed[GrantShown]:
    """The latest first: all of them, or the group's own and those of `only` these members."""
    statement = (
        select(
            *(col(Grant.id), col(Grant.title), col(Grant.funder), col(Member.name), col(Grant.asked_on)),
            *(col(Grant.asked_cents), col(Grant.granted_cents), col(Grant.refused_on), _paid),
        )
        .outerjoin(Member, linked(Member.id, Grant.member_id))
        .where(
            true() if only is None else or_(col(Grant.member_id).is_(None), any_of(col(Grant.member_id), only)),
            true() if state is None else _OF_STATE[state],
        )
    )
    return (await _LATEST_FIRST.read(session, statement, wanted)).each(_shown)


def _shown(row: Sequence[Any]) -> GrantShown:
    id_, title, funder, member, asked_on, asked, granted, refused_on, paid = row
    state = state_of(refused_on, granted, int(paid))
    return GrantShown(id_, title, funder, member, asked_on, asked, granted, int(paid), state)


async def subsidies_offered(session: AsyncSession, reference: str) -> list[tuple[str, str]]:
    """What the allocation of a purchase takes off: codes and labels."""
    rows = await session.execute(
        text("""
            SELECT s.code, s.label FROM subsidies s JOIN purchases p ON p.group_id = s.group_id AND p.id = s.purchase_id
            WHERE s.group_id = :group AND p.reference = :reference ORDER BY s.label, s.code"""),
        {"group": group_of(session), "reference": reference},
    )
    return [(code, label) for code, label in rows]


# What the last frozen allocation takes off (or the current shares do), of a member for its own file.
_ASSUMED = f"""
    SELECT g.title, g.asked_cents, g.granted_cents, g.refused_on,
        CASE WHEN g.member_id IS NULL THEN CAST(line.value->>'total' AS bigint) ELSE COALESCE((
            SELECT CAST(sum(CAST(share.value->>1 AS bigint)) AS bigint)
            FROM (SELECT s.member, s.lines FROM allocation_shares s
                  WHERE s.group_id = :group AND s.allocation_id = h.allocation_id
                  UNION ALL
                  SELECT s.member, s.lines FROM current_shares s
                  WHERE s.group_id = :group AND s.purchase_id = g.purchase_id AND h.allocation_id IS NULL) s
            JOIN members m ON m.group_id = :group AND m.code = s.member
                AND COALESCE(m.merged_into_id, m.id) = g.member_id
            CROSS JOIN LATERAL jsonb_array_elements(s.lines) share
            WHERE CAST(share.value->>0 AS int) = line.place - 1), 0) END
    FROM grants g
    LEFT JOIN ({LATEST}) l ON l.purchase_id = g.purchase_id AND NOT CAST(:current AS boolean)
    LEFT JOIN current_allocations c ON c.group_id = :group AND c.purchase_id = g.purchase_id
    CROSS JOIN LATERAL (SELECT l.id AS allocation_id, COALESCE(l.stated, c.stated)->'lines' AS lines) h
    CROSS JOIN LATERAL jsonb_array_elements(h.lines) WITH ORDINALITY line (value, place)
    WHERE g.group_id = :group AND g.subsidy <> '' AND line.value->>'kind' = 'subsidy' AND line.value->>'id' = g.subsidy
        AND (g.id = CAST(:grant AS bigint) OR g.purchase_id = CAST(:purchase AS bigint))
    ORDER BY g.id"""  # noqa: S608 - ours


async def gaps_of(session: AsyncSession, *, grant_id: int | None = None, purchase_id: int | None = None) -> list[str]:
    """What an allocation takes off otherwise than a file brings, in sentences: of one file, beside the last frozen
    allocation; or of all files of a purchase, beside its current shares.
    """
    values = {"group": group_of(session), "grant": grant_id, "purchase": purchase_id, "current": grant_id is None}
    rows = await session.execute(text(_ASSUMED), values)
    said = [
        gap_words(title, counted_on(asked, granted, refused_on), assumed)
        for title, asked, granted, refused_on, assumed in rows
    ]
    return [one for one in said if one]


class GrantWhole(NamedTuple):
    """A file with all that is known of it. Amounts in cents, each by its own day: 0 where that is in another year than
    the one that is looked at.
    """

    code: str
    """Of its member; empty, as its name: the group's own."""
    member: str
    title: str
    funder: str
    about: str
    """The reference of its purchase or action."""
    asked_on: date
    asked: Cents
    granted_on: date | None
    granted: Cents
    paid: Cents
    state: GrantState
    """As it stands today."""
    answer_by: date | None
    justify_by: date | None
    justified_on: date | None
    pay_by: date | None
    documents: str
    """Their names."""


# Everybody's, or those of some members, with or without the group's own; of one year, what something happened to in it.
_WHOLE = """
    SELECT COALESCE(m.code, ''), COALESCE(m.name, ''), g.title, g.funder, COALESCE(p.reference, a.reference, ''),
        g.asked_on, g.asked_cents, g.granted_on, g.granted_cents, g.refused_on, CAST(r.ever AS bigint),
        CAST(r.paid AS bigint), g.answer_by, g.justify_by, g.justified_on, g.pay_by, COALESCE(d.names, '')
    FROM grants g
    LEFT JOIN members m ON m.group_id = g.group_id AND m.id = g.member_id
    LEFT JOIN purchases p ON p.group_id = g.group_id AND p.id = g.purchase_id
    LEFT JOIN actions a ON a.group_id = g.group_id AND a.id = g.action_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(cents), 0) AS ever, COALESCE(sum(cents) FILTER (
            WHERE CAST(:year AS int) IS NULL OR extract(year FROM paid_on) = :year), 0) AS paid
        FROM grant_payments WHERE group_id = g.group_id AND grant_id = g.id) r
    CROSS JOIN LATERAL (
        SELECT string_agg(f.name, ', ' ORDER BY f.id) AS names FROM grant_files k
        JOIN files f ON f.group_id = k.group_id AND f.id = k.file_id
        WHERE k.group_id = g.group_id AND k.grant_id = g.id) d
    WHERE g.group_id = :group
        AND (:everybody OR g.member_id = ANY(:members) OR (:group_too AND g.member_id IS NULL))
        AND (CAST(:year AS int) IS NULL OR r.paid > 0
            OR :year IN (extract(year FROM g.asked_on), extract(year FROM g.granted_on)))
    ORDER BY m.sort_key NULLS LAST, m.id, g.asked_on, g.id"""


async def grants_whole(
    session: AsyncSession, only: Collection[int] | None, year: int | None, *, group_too: bool
) -> list[GrantWhole]:
    """In the order of members, the group's own last: all of them, or those of `only` these members, and the group's
    own where `group_too`.
    """
    values = {"group": group_of(session), "everybody": only is None, "members": list(only or ()), "year": year}
    rows = await session.execute(text(_WHOLE), values | {"group_too": group_too})
    return [_whole(row, year) for row in rows]


def _whole(row: Sequence[Any], year: int | None) -> GrantWhole:
    code, member, title, funder, about, asked_on, asked, granted_on, granted, refused_on, ever, paid = row[:12]
    return GrantWhole(
        *(code, member, title, funder, about),
        asked_on,
        asked if year in {None, asked_on.year} else 0,
        granted_on,
        granted if granted_on and year in {None, granted_on.year} else 0,
        paid,
        state_of(refused_on, granted, ever),
        *row[12:],
    )


class Received(NamedTuple):
    """What a member asked for, was granted and received, in cents, each by its own day."""

    asked: Cents = 0
    granted: Cents = 0
    paid: Cents = 0


_RECEIVED = """
    SELECT member_id, CAST(sum(asked) AS bigint), CAST(sum(granted) AS bigint), CAST(sum(paid) AS bigint) FROM (
        SELECT member_id, asked_cents AS asked, 0 AS granted, 0 AS paid, asked_on AS day
        FROM grants WHERE group_id = :group
        UNION ALL
        SELECT member_id, 0, granted_cents, 0, granted_on FROM grants
        WHERE group_id = :group AND granted_on IS NOT NULL
        UNION ALL
        SELECT g.member_id, 0, 0, p.cents, p.paid_on FROM grant_payments p
        JOIN grants g ON g.group_id = p.group_id AND g.id = p.grant_id WHERE p.group_id = :group) one
    WHERE member_id = ANY(:members) AND (CAST(:year AS int) IS NULL OR extract(year FROM day) = :year)
    GROUP BY member_id"""


async def received_by(session: AsyncSession, members: Collection[int], year: int | None) -> dict[int, Received]:
    """By member, in one year or in all; without the group's own files."""
    values = {"group": group_of(session), "members": list(members), "year": year}
    return {member: Received(*sums) for member, *sums in await session.execute(text(_RECEIVED), values)}
