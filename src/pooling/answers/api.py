"""Answers: who takes part in a service, and a member's own answer."""

from datetime import datetime

from litestar import get, post, put
from pydantic import Field

from pooling.answers import answering
from pooling.answers.notices import send_receipt
from pooling.answers.queries import AnswerShown, answer_of, answers_listed
from pooling.answers.schemas import MOST_AGENTS, AnswerIn
from pooling.collections.finding import lock_collection
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.models import Role
from pooling.members.rights import Right
from pooling.needs.page import OnDeclaration
from pooling.needs.permissions import may_file, may_gather, may_see_declaration
from pooling.needs.schemas import LONGEST_COMMENT
from pooling.purchases.api import MemberRef
from pooling.purchases.page import OnPurchase
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match

LIST = "/purchases/{reference:str}/answers"
ANSWER = f"{LIST}/{{member:str}}"


class AnswerOut(ApiOut):
    """Whether a member takes part; `takes_part` null: it has not answered."""

    member: MemberRef
    takes_part: bool | None
    agents: int | None
    """Of those it takes part for; what the purchase supposes as long as it has not answered."""
    population: int | None
    comment: str
    answered_at: datetime | None
    author: str | None
    """Who answered; null for somebody who left."""


class AnswerPut(ApiIn):
    takes_part: bool
    agents: int | None = Field(default=None, ge=0, le=MOST_AGENTS)
    """Needed where it takes part."""
    comment: str = Field(default="", max_length=LONGEST_COMMENT)


class TelephonedAnswer(AnswerPut):
    """What a member answered by telephone."""

    caller: str = Field(min_length=1, max_length=200)
    """Who called: a name, a function."""
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    """Why it is answered for the member: its référents read it."""


@endpoint(get, LIST, right=Right.SEE_TOTALS)
async def list_answers(here: Here[OnPurchase], asked: PageIn) -> Listed[AnswerOut]:
    """Who takes part in a service: everybody for its lead buyer and the facilitator, their own for the others."""
    only = None
    if not here.caller.sees_all_lines(here.purchase.id):
        only = here.caller.members_as(Role.REFERENT, Role.FINANCE)
    return (await answers_listed(here.session, here.purchase.id, asked.slice, only=only)).each(_out)


@endpoint(get, ANSWER, right=may_see_declaration, tagged=True)
async def get_answer(here: Here[OnDeclaration]) -> AnswerOut:
    """Whether a member (its SIREN, or a unit's code) takes part in a service."""
    return await _answer(here)


@endpoint(put, ANSWER, right=may_file, conflicts=("collection_closed",), tagged=True, matched=True)
async def put_answer(here: Here[OnDeclaration], sent: AnswerPut) -> AnswerOut:
    """Say whether a member takes part in a service, and for how many agents. For its référent."""
    await _compare(here)
    command = AnswerIn(member_id=here.member.id, **sent.model_dump())
    answered = await answering.answer_for_own(here.session, here.caller, here.purchase.id, command, here.clock)
    await send_receipt(
        here.session, here.who, here.context, here.purchase, here.member, command,
        at=answered.at, closes_at=answered.closes_at,
    )  # fmt: skip
    return await _answer(here)


@endpoint(
    post,
    f"{ANSWER}/telephone",
    right=may_gather,
    conflicts=("collection_closed",),
    once=True,
    tagged=True,
    matched=True,
)
async def answer_for_member_by_telephone(here: Here[OnDeclaration], sent: TelephonedAnswer) -> AnswerOut:
    """Write down what a member answered by telephone; its référents are told. For the facilitator and lead buyer."""
    await _compare(here)
    command = AnswerIn(member_id=here.member.id, **sent.model_dump(exclude={"caller", "reason"}))
    await answering.answer_for_member(
        here.session, here.caller, here.purchase.id, command,
        by_whom=sent.caller, reason=sent.reason, clock=here.clock,
    )  # fmt: skip
    return await _answer(here)


async def _compare(here: OnDeclaration) -> None:
    """Compares with `If-Match`, if that was sent, under the locks that answering takes too."""
    if wants_match(here.request):
        await lock_collection(here.session, ("purchase", here.purchase.id), alone=False)
        await answering.lock_place(here.session, here.purchase.id, here.member.id)
        require_match(here.request, await _answer(here))


async def _answer(here: OnDeclaration) -> AnswerOut:
    return _out(await answer_of(here.session, here.purchase.id, here.member.id))


def _out(shown: AnswerShown) -> AnswerOut:
    return AnswerOut(
        member=MemberRef(code=shown.code, name=shown.name),
        takes_part=shown.takes_part,
        agents=shown.agents,
        population=shown.population,
        comment=shown.comment,
        answered_at=shown.answered_at,
        author=shown.author,
    )


ROUTES = [list_answers, get_answer, put_answer, answer_for_member_by_telephone]
