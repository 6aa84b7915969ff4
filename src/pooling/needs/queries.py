"""Reads about needs: one declaration, how far the collection is, and what the filed needs add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, any_, exists, false, func, literal, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import folded_words
from pooling.members.models import Member
from pooling.members.queries import MEMBERS_BY_NAME
from pooling.needs.details import Detail
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.needs.schemas import DetailIn
from pooling.purchases.models import Item, Participation
from pooling.web.typography import number


def declares(
    declaration: type[Declaration], taking_part: type[Participation | Declaration], state: DeclarationState
) -> ColumnElement[bool]:
    """Joins, or correlates, the declaration in this state of who takes part, or of who made the other declaration."""
    return and_(
        linked(declaration.purchase_id, taking_part.purchase_id),
        col(declaration.member_id) == col(taking_part.member_id),
        col(declaration.state) == state,
    )


@dataclass(frozen=True)
class DeclarationShown:
    """A declaration with its quantities by item id, and who last wrote it. An item that a draft has not answered is not
    among them: that is not the same as needing none of it.
    """

    id: int
    state: str
    comment: str
    updated_at: datetime
    filed_at: datetime | None
    author: str | None
    quantities: dict[int, int]
    most: dict[int, int]
    no_need: bool = False
    """It is filed, and answers that nothing is needed."""
    details: Mapping[int, Detail] = field(default_factory=dict)
    """What is said of lines, by item id."""

    @property
    def as_command(self) -> tuple[DetailIn, ...]:
        """Its details, to be written again."""
        return tuple(
            DetailIn(item_id=item_id, note=said.note, budget_id=said.budget_id, engagement=said.engagement)
            for item_id, said in self.details.items()
        )


_DECLARED = """
SELECT d.id, d.state, d.comment, d.updated_at, d.filed_at, d.no_need, p.name AS author, n.item_id, n.quantity, n.up_to,
    (SELECT json_object_agg(s.item_id, json_build_array(s.note, b.code, b.label, s.engagement, b.id))
     FROM need_details s LEFT JOIN budgets b ON b.group_id = s.group_id AND b.id = s.budget_id
     WHERE s.group_id = d.group_id AND s.declaration_id = d.id) AS details
FROM declarations d
LEFT JOIN needs n ON n.group_id = d.group_id AND n.declaration_id = d.id -- a draft may have answered nothing yet
LEFT JOIN people p ON p.id = d.updated_by
WHERE d.group_id = $1 AND d.purchase_id = $2 AND d.member_id = $3"""


async def declarations_of_member(
    session: AsyncSession, purchase_id: int, member_id: int
) -> dict[str, DeclarationShown]:
    """The member's draft and filed declarations, by state."""
    found: dict[str, DeclarationShown] = {}
    for row in await fetch(session, _DECLARED, group_of(session), purchase_id, member_id):
        shown = found.setdefault(
            row["state"],
            DeclarationShown(
                id=row["id"],
                state=row["state"],
                comment=row["comment"],
                updated_at=row["updated_at"],
                filed_at=row["filed_at"],
                author=row["author"],
                quantities={},
                most={},
                no_need=row["no_need"],
                details=_details(row["details"]),
            ),
        )
        if row["item_id"] is not None:
            shown.quantities[row["item_id"]] = row["quantity"]
            shown.most[row["item_id"]] = row["up_to"]
    return found


def _details(kept: Mapping[str, Sequence[Any]] | None) -> dict[int, Detail]:
    return {
        int(item_id): Detail(note, budget or "", label or "", engagement, budget_id)
        for item_id, (note, budget, label, engagement, budget_id) in (kept or {}).items()
    }


def latest_of(declarations: Mapping[str, DeclarationShown]) -> DeclarationShown | None:
    """The one written last."""
    return max(declarations.values(), key=lambda declaration: declaration.updated_at, default=None)


def stamp_of(declarations: Mapping[str, DeclarationShown]) -> str:
    """Tells one version of a member's declarations from the next."""
    latest = latest_of(declarations)
    return stamp(latest.state, latest.updated_at) if latest else stamp(None, None)


def stamp(state: str | None, updated_at: datetime | None) -> str:
    """The same of the version written last; None: there is none."""
    return f"{state} {updated_at.isoformat()}" if updated_at else "none"


@dataclass(frozen=True)
class Totals:
    """What the filed declarations add up to, by item."""

    by_item: dict[int, int]
    most_by_item: dict[int, int]
    members_by_item: dict[int, int]


def filed_lines(purchase_id: int) -> tuple[ColumnElement[bool], ...]:
    """Of needs: they are of this purchase's items, and in no draft. There are few drafts where there are many needs,
    and to meet the declaration of each need would take as long as adding them up.
    """
    items = select(col(Item.id)).where(col(Item.purchase_id) == purchase_id).scalar_subquery()
    drafts = select(col(Declaration.id)).where(col(Declaration.purchase_id) == purchase_id, is_draft(Declaration))
    # Compared with an array of the few items: to be met by each need in a join would take longer.
    return col(Need.item_id) == any_(func.array(items)), col(Need.declaration_id).not_in(drafts)


def is_draft(declaration: type[Declaration]) -> ColumnElement[bool]:
    """As the statement says it, not as a parameter: an index holds these alone."""
    return col(declaration.state) == literal_column(f"'{DeclarationState.DRAFT}'")


async def consolidate_needs(session: AsyncSession, purchase_id: int) -> Totals:
    """Sums the filed needs of a purchase by item, in one statement."""
    rows = await session.execute(
        select(
            col(Need.item_id),
            func.sum(col(Need.quantity)),
            func.sum(col(Need.up_to)),
            func.count().filter(col(Need.quantity) > 0),
        )
        .where(*filed_lines(purchase_id))
        .group_by(col(Need.item_id))
    )
    totals = Totals({}, {}, {})
    for item_id, quantity, most, buyers in rows:
        totals.by_item[item_id] = quantity
        totals.most_by_item[item_id] = most
        totals.members_by_item[item_id] = buyers
    return totals


@dataclass(frozen=True)
class Coverage:
    """How many of those who take part have filed, are preparing, or have said nothing."""

    participants: int
    filed: int
    drafts: int
    no_need: int
    """Of those who have filed: they answered that they need nothing."""

    @property
    def silent(self) -> int:
        return self.participants - self.filed - self.drafts

    @property
    def in_need(self) -> int:
        return self.filed - self.no_need

    @property
    def among_them(self) -> str:
        """« , dont 2 sans besoin »; nothing where everybody needs something."""
        return f", dont {number(self.no_need)} sans besoin" if self.no_need else ""


async def coverage(session: AsyncSession, purchase_id: int) -> Coverage:
    taking_part = select(func.count()).where(col(Participation.purchase_id) == purchase_id).scalar_subquery()
    filed, draft = _filed_and_draft()
    has_filed = exists().where(declares(filed, draft, DeclarationState.FILED))
    drafts = select(func.count()).where(col(draft.purchase_id) == purchase_id, is_draft(draft))
    row = await session.execute(
        select(
            taking_part,
            func.count(),
            drafts.scalar_subquery(),
            drafts.where(~has_filed).scalar_subquery(),
            func.count().filter(col(Declaration.no_need)),
        ).where(col(Declaration.purchase_id) == purchase_id)
    )
    participants, declarations, all_drafts, alone, no_need = row.one()
    return Coverage(participants, declarations - all_drafts, alone, no_need)


NAMED_AT_MOST = 30


async def silent_members(session: AsyncSession, purchase_id: int) -> list[str]:
    """Names of participants that have filed nothing, the first thirty in French order."""
    filed = aliased(Declaration)
    rows = await session.execute(
        select(col(Member.name))
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .where(
            col(Participation.purchase_id) == purchase_id,
            ~exists().where(declares(filed, Participation, DeclarationState.FILED)),
        )
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(NAMED_AT_MOST)
    )
    return list(rows.scalars())


async def members_without_need(session: AsyncSession, purchase_id: int) -> list[tuple[str, str]]:
    """Codes and names of those who answered that they need nothing, in French order."""
    rows = await session.execute(
        select(col(Member.code), col(Member.name))
        .select_from(Declaration)
        .join(Member, linked(Member.id, Declaration.member_id))
        .where(col(Declaration.purchase_id) == purchase_id, col(Declaration.no_need))
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return [(code, name) for code, name in rows]


REMARKS_AT_MOST = 200


@dataclass(frozen=True)
class Remark:
    """What a member said beside its quantities, for who buys: where to install, which colour."""

    code: str
    member: str
    said: str


async def remarks_of(session: AsyncSession, purchase_id: int, most: int | None = REMARKS_AT_MOST) -> list[Remark]:
    """Those of filed declarations, in French order of the members."""
    rows = await session.execute(
        select(col(Member.code), col(Member.name), col(Declaration.comment))
        .select_from(Declaration)
        .join(Member, linked(Member.id, Declaration.member_id))
        .where(
            col(Declaration.purchase_id) == purchase_id,
            col(Declaration.state) == DeclarationState.FILED,
            col(Declaration.comment) != "",
        )
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(most)
    )
    return [Remark(*row) for row in rows]


def _filed_and_draft() -> tuple[type[Declaration], type[Declaration]]:
    return aliased(Declaration, name="filed"), aliased(Declaration, name="draft")


def _declares(
    declaration: type[Declaration], page: Subquery, purchase_id: int, state: DeclarationState
) -> ColumnElement[bool]:
    return and_(
        linked(declaration.member_id, page.c.id),
        col(declaration.purchase_id) == purchase_id,
        col(declaration.state) == state,
    )


class Answered(StrEnum):
    """What a participant has answered so far: what lists are filtered by."""

    FILED = "filed"
    """What it needs."""
    NO_NEED = "no_need"
    DRAFT = "draft"
    SILENT = "silent"


def _answered(answer: Answered) -> ColumnElement[bool]:
    """Of a participation: this is what its member has answered."""
    filed, draft = _filed_and_draft()
    has_filed = exists().where(declares(filed, Participation, DeclarationState.FILED))
    if answer in {Answered.FILED, Answered.NO_NEED}:
        return has_filed.where(col(filed.no_need) == (answer == Answered.NO_NEED))
    has_draft = exists().where(declares(draft, Participation, DeclarationState.DRAFT))
    return and_(~has_filed, has_draft if answer == Answered.DRAFT else ~has_draft)


def _named_like(search: str) -> list[ColumnElement[bool]]:
    """The member's name has every word searched, or its beginning: the letters of a sort key are folded already."""
    letters = literal(" ").concat(func.split_part(col(Member.sort_key), "\x01", 1))
    return [letters.contains(f" {word}") for word in folded_words(search)]


@dataclass(frozen=True)
class MemberLine:
    """A participant in the lead buyer's list, with what it has filed."""

    member_id: int
    name: str
    filed_at: datetime | None
    draft_at: datetime | None
    quantities: dict[int, int] = field(default_factory=dict)
    """Units by item id; empty when nothing is filed."""
    amount: Decimal = Decimal(0)
    """Euros before VAT at the items' plain price."""
    code: str = ""
    no_need: bool = False
    """What it filed answers that it needs nothing."""

    @property
    def state(self) -> str:
        if self.filed_at is not None:
            return "filed"
        return "draft" if self.draft_at is not None else "silent"


async def member_page(
    session: AsyncSession,
    purchase_id: int,
    wanted: Slice,
    *,
    only: list[int] | None = None,
    answer: Answered | None = None,
    search: str = "",
) -> Listed[MemberLine]:
    """Participants in French order with their filed quantities; `only` these members (a référent sees its own), that
    gave this answer, whose name is searched.
    """
    asked = [*([_answered(answer)] if answer else []), *_named_like(search)]
    page = _participants_page(purchase_id, wanted, only, asked)
    filed, draft = _filed_and_draft()
    lines = func.jsonb_object_agg(col(Need.item_id), col(Need.quantity)).filter(col(Need.item_id).is_not(None))
    amount = func.coalesce(func.sum(col(Need.quantity) * col(Item.unit_price)), 0)
    statement = (
        select(
            page.c.id,
            page.c.name,
            col(filed.filed_at),
            col(draft.updated_at),
            lines,
            amount,
            page.c.code,
            func.coalesce(col(filed.no_need), false()),
            page.c.sort_key,
            page.c.id,
        )
        .select_from(page)
        .outerjoin(filed, _declares(filed, page, purchase_id, DeclarationState.FILED))
        .outerjoin(draft, _declares(draft, page, purchase_id, DeclarationState.DRAFT))
        .outerjoin(Need, linked(Need.declaration_id, filed.id))
        .outerjoin(Item, linked(Item.id, Need.item_id))
        .group_by(
            page.c.id,
            page.c.code,
            page.c.name,
            page.c.sort_key,
            col(filed.filed_at),
            col(filed.no_need),
            col(draft.updated_at),
        )
        .order_by(page.c.sort_key, page.c.id)
    )
    found = MEMBERS_BY_NAME.listed((await session.execute(statement)).all(), wanted)
    return found.each(lambda row: _line(*row))


def _line(
    member_id: int,
    name: str,
    filed_at: datetime | None,
    draft_at: datetime | None,
    quantities: Mapping[str, int] | None,
    amount: Decimal,
    code: str,
    no_need: bool,  # noqa: FBT001 - a column
) -> MemberLine:
    by_item = {int(item): quantity for item, quantity in (quantities or {}).items()}
    return MemberLine(member_id, name, filed_at, draft_at, by_item, amount, code, no_need)


def _participants_page(
    purchase_id: int, wanted: Slice, only: list[int] | None, asked: Sequence[ColumnElement[bool]]
) -> Subquery:
    """The members of one page, chosen before anything is added up."""
    statement = (
        select(col(Member.group_id), col(Member.code), col(Member.name))
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .where(col(Participation.purchase_id) == purchase_id, *asked)
    )
    if only is not None:
        statement = statement.where(any_of(col(Member.id), only))
    return MEMBERS_BY_NAME.cut(statement, wanted).subquery("page")
