"""What members say of their lines beside the units: a note, a budget, an engagement number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.tables import any_of, linked
from pooling.members.models import Budget, Member
from pooling.needs.models import Declaration, DeclarationState, NeedDetail
from pooling.purchases.models import Item

SHOWN_AT_MOST = 200


@dataclass(frozen=True)
class Detail:
    """What was said of one line, as pages and files show it."""

    note: str = ""
    budget: str = ""
    """The code of a budget of the member; empty: the one that it takes part on."""
    budget_label: str = ""
    engagement: str = ""
    budget_id: int | None = None

    @property
    def budget_words(self) -> str:
        return f"{self.budget} {self.budget_label}" if self.budget_label != self.budget else self.budget

    @property
    def facts(self) -> list[str]:
        """« engagement E-2027-14 », each that is said."""
        return [
            *([self.note] if self.note else []),
            *([f"budget {self.budget_words}"] if self.budget else []),
            *([f"engagement {self.engagement}"] if self.engagement else []),
        ]

    @property
    def words(self) -> str:
        return " · ".join(self.facts)

    def to_json(self) -> dict[str, str]:
        return {
            "note": self.note,
            "budget": self.budget,
            "budget_label": self.budget_label,
            "engagement": self.engagement,
        }


NOTHING_SAID = Detail()


@dataclass(frozen=True)
class SaidLine:
    """What a member said of its line of an item."""

    item: str
    """Its code."""
    member: str
    """Its code."""
    name: str
    detail: Detail

    def to_json(self) -> dict[str, str]:
        return {"item": self.item, "member": self.member, "name": self.name, **self.detail.to_json()}

    @classmethod
    def from_json(cls, kept: Mapping[str, str]) -> Self:
        detail = Detail(kept["note"], kept["budget"], kept["budget_label"], kept["engagement"])
        return cls(kept["item"], kept["member"], kept["name"], detail)


async def budgets_of(session: AsyncSession, member_id: int) -> Sequence[Budget]:
    """A member's budgets, by code."""
    rows = await session.execute(select(Budget).where(col(Budget.member_id) == member_id).order_by(col(Budget.code)))
    return rows.scalars().all()


async def filed_details(
    session: AsyncSession,
    purchase_id: int,
    *,
    item_id: int | None = None,
    members: Collection[str] | None = None,
    most: int | None = None,
) -> list[SaidLine]:
    """Those of filed declarations, of all members or of these, in the order of the items, then in French order of the
    members.
    """
    statement = (
        select(
            col(Item.code), col(Member.code), col(Member.name), col(NeedDetail.note), col(Budget.code),
            col(Budget.label), col(NeedDetail.engagement), col(Budget.id),
        )
        .select_from(NeedDetail)
        .join(Declaration, linked(Declaration.id, NeedDetail.declaration_id))
        .join(Member, linked(Member.id, Declaration.member_id))
        .join(Item, linked(Item.id, NeedDetail.item_id))
        .outerjoin(Budget, linked(Budget.id, NeedDetail.budget_id))
        .where(col(Declaration.purchase_id) == purchase_id, col(Declaration.state) == DeclarationState.FILED)
        .order_by(col(Item.position), col(Item.id), col(Member.sort_key), col(Member.id))
        .limit(most)
    )  # fmt: skip
    if item_id is not None:
        statement = statement.where(col(NeedDetail.item_id) == item_id)
    if members is not None:
        statement = statement.where(any_of(col(Member.code), members))
    return [
        SaidLine(item, member, name, Detail(note, budget or "", label or "", engagement, budget_id))
        for item, member, name, note, budget, label, engagement, budget_id in await session.execute(statement)
    ]


def by_item(lines: Iterable[SaidLine]) -> dict[str, dict[str, dict[str, str]]]:
    """As a consolidation keeps them: by item's code, then by member's code."""
    kept: dict[str, dict[str, dict[str, str]]] = {}
    for line in lines:
        kept.setdefault(line.item, {})[line.member] = line.detail.to_json()
    return kept
