"""What members struggle with: listed, raised, settled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.idempotency import Made, answered_once
from pooling.committees.agendas.difficulties import difficulty_by_id, may_settle, raise_difficulty, settle_difficulty
from pooling.committees.agendas.difficulty_queries import DifficultyLine, difficulty_line, difficulty_page
from pooling.committees.agendas.schemas import DifficultyIn
from pooling.committees.models import DifficultyState
from pooling.kernel.errors import Forbidden, Invalid
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.members.subjects import reference_of
from pooling.web.api import ApiIn, ApiOut, Operation, PageIn, PageOut, page_of, unpack_after
from pooling.web.api_input import read_body, read_query
from pooling.web.services import services_of


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
    settlement: str
    settled_at: datetime | None


class DifficultiesIn(PageIn):
    state: Literal["raised", "settled"] = Field(default="raised", description="Open, or settled; the latest first.")


class NewDifficulty(ApiIn):
    content: str = Field(min_length=1, max_length=2000)
    purchase: str = Field(default="", max_length=40)
    """The reference of the purchase that it is about."""
    member: str = Field(default="", max_length=40)
    """The code of the member of yours that it is raised for; empty for the group."""


class DifficultySettlement(ApiIn):
    settlement: str = Field(min_length=1, max_length=500)
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
        settlement=line.settlement,
        settled_at=line.settled_at,
    )


@get(
    "/difficulties",
    right=Right.SEE_GROUP,
    api=Operation("list_difficulties", PageOut[DifficultyOut], query=DifficultiesIn),
)
async def list_difficulties(request: Request[Any, Any, Any], session: SessionHere) -> Response[Any]:
    """What members struggle with, open or settled."""
    page = read_query(request, DifficultiesIn)
    key = unpack_after(page.after, int)
    lines, next_id = await difficulty_page(
        session, settled=page.state == "settled", before_id=key[0] if key else None, size=page.limit
    )
    return page_of(request, [_out(line) for line in lines], None if next_id is None else (next_id,), page.limit)


@post(
    "/difficulties",
    right=Right.SEE_GROUP,
    api=Operation(
        "raise_difficulty",
        DifficultyOut,
        takes=NewDifficulty,
        status=201,
        conflicts=("too_many_difficulties",),
        once=True,
    ),
)
async def create_difficulty(request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere) -> Response[Any]:
    """Tell the group of a difficulty: it comes on the next committee's agenda."""

    async def make() -> Made[Any]:
        sent = await read_body(request, NewDifficulty)
        command = DifficultyIn(
            content=sent.content,
            purchase=sent.purchase,
            member_id=await _member(session, sent.member) if sent.member else None,
        )
        difficulty_id = await raise_difficulty(session, caller, command, services_of(request).clock.now())
        return Made(_out(await difficulty_line(session, difficulty_id)))

    return await answered_once(request, session, caller.person_id, make)


async def _member(session: AsyncSession, code: str) -> int:
    found = await session.execute(select(col(Member.id)).where(col(Member.code) == code))
    member_id = found.scalar_one_or_none()
    if member_id is None:
        raise Invalid({"member": "Le groupe n’a pas de membre de ce code."})
    return member_id


@post(
    "/difficulties/{difficulty_id:int}/settlement",
    right=Right.SEE_GROUP,
    status_code=200,
    api=Operation(
        "settle_difficulty", DifficultyOut, takes=DifficultySettlement, conflicts=("already_settled",), once=True
    ),
)
async def do_settlement(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, difficulty_id: FromPath[int]
) -> Response[Any]:
    """Say how a difficulty was settled: for the facilitator, who raised it, and who keeps the minutes where it is
    spoken of.
    """

    async def make() -> Made[Any]:
        if not await may_settle(session, caller, await difficulty_by_id(session, difficulty_id)):
            raise Forbidden
        sent = await read_body(request, DifficultySettlement)
        await settle_difficulty(session, caller, difficulty_id, sent.settlement, services_of(request).clock.now())
        return Made(_out(await difficulty_line(session, difficulty_id)))

    return await answered_once(request, session, caller.person_id, make, status=200)


ROUTES: Sequence[Any] = [list_difficulties, create_difficulty, do_settlement]
