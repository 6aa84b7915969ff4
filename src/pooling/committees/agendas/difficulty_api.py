"""What members struggle with: listed, raised, settled."""

from datetime import datetime
from typing import Literal

from litestar import get, post
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas import difficulties
from pooling.committees.agendas.difficulty_queries import DifficultyLine, difficulty_line, difficulty_page
from pooling.committees.agendas.page import OnDifficulty
from pooling.committees.agendas.permissions import may_settle
from pooling.committees.agendas.schemas import LONGEST_DIFFICULTY, DifficultyIn
from pooling.committees.models import DifficultyState
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.members.subjects import LONGEST_REFERENCE, reference_of
from pooling.web.api import ApiIn, ApiOut, PageIn


class DifficultyOut(ApiOut):
    """What a member struggles with: on the next committee's agenda until it is settled."""

    id: int
    content: str
    state: DifficultyState
    raised_at: datetime
    raised_by: str
    """The name of who raised it."""
    member: str | None
    """The name of the member it was raised for; null for the group."""
    purchase: str | None
    """The reference of the purchase that it is about."""
    round: str | None
    """The reference of the round that it is about."""
    action: str | None
    """The reference of the action that it is about."""
    settlement: str
    settled_at: datetime | None


class DifficultiesIn(PageIn):
    state: Literal["raised", "settled"] = Field(default="raised", description="Open, or settled; the latest first.")


class NewDifficulty(ApiIn):
    content: str = Field(min_length=1, max_length=LONGEST_DIFFICULTY)
    purchase: str = Field(default="", max_length=LONGEST_REFERENCE)
    """The reference of the purchase that it is about."""
    round: str = Field(default="", max_length=LONGEST_REFERENCE)
    """The reference of the round that it is about."""
    action: str = Field(default="", max_length=LONGEST_REFERENCE)
    """The reference of the action that it is about, where it is about no purchase."""
    member: str = Field(default="", max_length=40)
    """The code of the member of yours that it is raised for; empty for the group."""


class DifficultySettlement(ApiIn):
    settlement: str = Field(min_length=1, max_length=LONGEST_REASON)
    """How it was settled, or why it is withdrawn."""


def _out(line: DifficultyLine) -> DifficultyOut:
    return DifficultyOut(
        id=line.id,
        content=line.content,
        state=DifficultyState(line.state),
        raised_at=line.raised_at,
        raised_by=line.raiser,
        member=line.member,
        purchase=reference_of(line.subject, "purchase"),
        round=reference_of(line.subject, "round"),
        action=reference_of(line.subject, "action"),
        settlement=line.settlement,
        settled_at=line.settled_at,
    )


@endpoint(get, "/difficulties", right=Right.SEE_GROUP)
async def list_difficulties(here: Here[InGroup], asked: DifficultiesIn) -> Listed[DifficultyOut]:
    """What members struggle with, open or settled."""
    return (await difficulty_page(here.session, asked.slice, settled=asked.state == "settled")).each(_out)


@endpoint(post, "/difficulties", right=Right.SEE_GROUP, status=201, conflicts=("too_many_difficulties",), once=True)
async def raise_difficulty(here: Here[InGroup], sent: NewDifficulty) -> DifficultyOut:
    """Tell the group of a difficulty: it comes on the next committee's agenda."""
    member_id = await _member(here.session, sent.member) if sent.member else None
    about = sent.model_dump(include={"purchase", "round", "action"})
    command = DifficultyIn(content=sent.content, **about, member_id=member_id)
    difficulty_id = await difficulties.raise_difficulty(here.session, here.caller, command, here.now)
    return _out(await difficulty_line(here.session, difficulty_id))


async def _member(session: AsyncSession, code: str) -> int:
    found = await session.execute(select(col(Member.id)).where(col(Member.code) == code))
    member_id = found.scalar_one_or_none()
    if member_id is None:
        raise Invalid({"member": "Le groupe n’a pas de membre de ce code."})
    return member_id


@endpoint(
    post,
    "/difficulties/{difficulty_id:int}/settlement",
    right=may_settle,
    conflicts=("already_settled",),
    once=True,
)
async def settle_difficulty(here: Here[OnDifficulty], sent: DifficultySettlement) -> DifficultyOut:
    """Say how a difficulty was settled: for the facilitator, who raised it, and who keeps the minutes where it is
    spoken of.
    """
    await difficulties.settle_difficulty(here.session, here.caller, here.difficulty.id, sent.settlement, here.now)
    return _out(await difficulty_line(here.session, here.difficulty.id))


ROUTES = [list_difficulties, raise_difficulty, settle_difficulty]
