"""One committee in full, answering its invitation, who is invited and what they answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from litestar import Request, Response, get, put
from litestar.params import FromPath
from pydantic import Field, model_validator

from pooling.committees.attendance_rules import Quorum
from pooling.committees.invitations.answering import answer_invitation
from pooling.committees.invitations.choosing import among_invited
from pooling.committees.models import Answer, Committee, CommitteeKind, CommitteeState
from pooling.committees.people import (
    Invited,
    count_people,
    invited_page,
    invited_person,
    quorum_percent,
)
from pooling.committees.queries import agendas_of, committee_by_id
from pooling.kernel.errors import Forbidden, Invalid
from pooling.mail_addresses import LONGEST
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, Operation, PageIn, PageOut, json_answer, page_of
from pooling.web.api_input import read_body, read_query
from pooling.web.services import services_of


class AnswersOut(ApiOut):
    """How many people are invited, and what they answered."""

    invited: int
    yes: int
    no: int
    proxy: int
    silent: int


class QuorumOut(ApiOut):
    """Of a formal committee: reached when more than `percent` of those invited are there; proxies do not count."""

    percent: int
    needed: int
    present: int
    reached: bool


class PersonOut(ApiOut):
    id: int
    name: str


class OwnAnswerOut(ApiOut):
    """What one answered; `answer` is null as long as one has not."""

    answer: Answer | None
    proxy: PersonOut | None
    """Who was given the power to speak and vote."""
    answered_at: datetime | None


class InvitationOut(OwnAnswerOut):
    person: PersonOut
    email: str
    function: str
    present: bool | None
    """On the attendance sheet; null while nobody has ticked it."""


class ItemOut(ApiOut):
    title: str
    duration_minutes: int | None
    presenter: str


class WholeCommitteeOut(ApiOut):
    id: int
    kind: CommitteeKind
    title: str
    state: CommitteeState
    starts_at: datetime
    ends_at: datetime
    place: str
    link: str
    clear_days: int
    """Of a formal committee: the clear days between its convocation and the meeting."""
    convened_at: datetime | None
    revision: int
    """Raised whenever it is moved or cancelled."""
    agenda: Sequence[ItemOut]
    answers: AnswersOut
    quorum: QuorumOut | None
    own: OwnAnswerOut | None
    """The caller's own answer; null for who is not invited."""


class AnswerIn(ApiIn):
    """Whether one comes. By proxy: somebody else who is invited speaks and votes in one's name."""

    answer: Answer
    proxy: str = Field(default="", max_length=LONGEST)
    """The e-mail address of who is given the power; with `proxy` alone."""

    @model_validator(mode="after")
    def _goes_with_proxy(self) -> Self:
        if self.proxy and self.answer is not Answer.PROXY:
            raise ValueError("Une personne ne se nomme qu’avec un pouvoir")
        return self


@get(
    "/committees/{committee_id:int}",
    right=Right.SEE_GROUP,
    api=Operation("get_committee", WholeCommitteeOut),
)
async def get_committee(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[Any]:
    """A committee with its agenda, what was answered, and one's own answer."""
    committee = await committee_by_id(session, committee_id)
    counts = await count_people(session, committee, services_of(request).clock.now())
    own = await invited_person(session, committee_id, caller.person_id)
    agenda = (await agendas_of(session, [committee_id]))[committee_id]
    percent = await quorum_percent(session) if committee.kind == CommitteeKind.FORMAL else None
    return json_answer(
        WholeCommitteeOut(
            **_facts(committee),
            agenda=[
                ItemOut(title=item.title, duration_minutes=item.duration_minutes, presenter=item.presenter)
                for item in agenda
            ],
            answers=AnswersOut(
                invited=counts.invited, yes=counts.yes, no=counts.no, proxy=counts.proxy, silent=counts.silent
            ),
            quorum=None if percent is None else _quorum(Quorum(percent, counts.invited, counts.present)),
            own=None if own is None else OwnAnswerOut(**_answered(own)),
        )
    )


_FACTS = (
    *("id", "kind", "title", "state", "starts_at", "ends_at", "place", "link"),
    *("clear_days", "convened_at", "revision"),
)


def _facts(committee: Committee) -> dict[str, Any]:
    return {name: getattr(committee, name) for name in _FACTS}


def _quorum(quorum: Quorum) -> QuorumOut:
    return QuorumOut(percent=quorum.percent, needed=quorum.needed, present=quorum.present, reached=quorum.reached)


def _answered(one: Invited) -> dict[str, Any]:
    proxy = None
    if one.proxy_id is not None and one.proxy is not None:
        proxy = PersonOut(id=one.proxy_id, name=one.proxy)
    return {"answer": one.answer, "proxy": proxy, "answered_at": one.answered_at}


@put(
    "/committees/{committee_id:int}/answer",
    right=Right.SEE_GROUP,
    api=Operation("answer_invitation", OwnAnswerOut, takes=AnswerIn, conflicts=("not_to_come",)),
)
async def put_answer(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, committee_id: FromPath[int]
) -> Response[Any]:
    """Say whether one comes. It may be changed until the meeting starts."""
    sent = await read_body(request, AnswerIn)
    await committee_by_id(session, committee_id)
    if await invited_person(session, committee_id, caller.person_id) is None:
        raise Forbidden
    proxy_id = None
    if sent.proxy:
        found = [one for one in await among_invited(session, committee_id, sent.proxy) if one.exact]
        if len(found) != 1:
            raise Invalid({"proxy": "Personne parmi les invités n’a cette adresse."})
        proxy_id = found[0].person_id
    clock = services_of(request).clock
    await answer_invitation(session, caller, committee_id, sent.answer, clock, proxy_id=proxy_id)
    own = await invited_person(session, committee_id, caller.person_id)
    assert own is not None, "it has just answered"
    return json_answer(OwnAnswerOut(**_answered(own)))


@get(
    "/committees/{committee_id:int}/invitations",
    right=Right.MANAGE_COMMITTEES,
    api=Operation("list_invitations", PageOut[InvitationOut], query=PageIn),
)
async def list_invitations(
    request: Request[Any, Any, Any], session: SessionHere, committee_id: FromPath[int]
) -> Response[Any]:
    """Who is invited, in the order of their names. For the facilitator."""
    page = read_query(request, PageIn)
    committee = await committee_by_id(session, committee_id)
    listed = await invited_page(session, committee, services_of(request).clock.now(), page.slice)
    shown = listed.each(
        lambda one: InvitationOut(
            **_answered(one),
            person=PersonOut(id=one.person_id, name=one.name),
            email=one.email,
            function=one.function,
            present=one.present,
        )
    )
    return page_of(request, shown, page.limit)


ROUTES: Sequence[Any] = [get_committee, put_answer, list_invitations]
