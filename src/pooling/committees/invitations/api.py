"""One committee in full, answering its invitation, who is invited and what they answered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from litestar import get, put
from pydantic import Field, model_validator

from pooling.committees.attendance_rules import Quorum
from pooling.committees.invitations import answering
from pooling.committees.invitations.choosing import among_invited
from pooling.committees.invitations.page import OnOwnInvitation
from pooling.committees.invitations.permissions import may_answer
from pooling.committees.models import Answer, Committee, CommitteeKind, CommitteeState
from pooling.committees.page import OnCommittee
from pooling.committees.people import Invited, count_people, invited_page, invited_person, quorum_percent
from pooling.committees.queries import agendas_of
from pooling.kernel.errors import Invalid
from pooling.kernel.slices import Listed
from pooling.mail_addresses import LONGEST
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn


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


class ItemAhead(ApiOut):
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
    agenda: Sequence[ItemAhead]
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


@endpoint(get, "/committees/{committee_id:int}", right=Right.SEE_GROUP)
async def get_committee(here: Here[OnOwnInvitation]) -> WholeCommitteeOut:
    """A committee with its agenda, what was answered, and one's own answer."""
    session, committee = here.session, here.committee
    counts = await count_people(session, committee, here.now)
    percent = await quorum_percent(session) if committee.kind == CommitteeKind.FORMAL else None
    agenda = (await agendas_of(session, [committee.id]))[committee.id]
    return WholeCommitteeOut(
        **_facts(committee),
        agenda=[
            ItemAhead(title=item.title, duration_minutes=item.duration_minutes, presenter=item.presenter)
            for item in agenda
        ],
        answers=AnswersOut(
            invited=counts.invited, yes=counts.yes, no=counts.no, proxy=counts.proxy, silent=counts.silent
        ),
        quorum=None if percent is None else _quorum(Quorum(percent, counts.invited, counts.present)),
        own=None if here.own is None else OwnAnswerOut(**_answered(here.own)),
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


@endpoint(put, "/committees/{committee_id:int}/answer", right=may_answer, conflicts=("not_to_come",))
async def answer_invitation(here: Here[OnOwnInvitation], sent: AnswerIn) -> OwnAnswerOut:
    """Say whether one comes. It may be changed until the meeting starts."""
    committee_id = here.committee.id
    proxy_id = await _proxy(here, sent.proxy) if sent.proxy else None
    await answering.answer_invitation(
        here.session, here.caller, committee_id, sent.answer, here.clock, proxy_id=proxy_id
    )
    own = await invited_person(here.session, committee_id, here.caller.person_id)
    assert own is not None, "it has just answered"
    return OwnAnswerOut(**_answered(own))


async def _proxy(here: OnCommittee, email: str) -> int:
    """Who is given the power.

    Raises:
        Invalid: nobody who is invited has this address.
    """
    found = [one for one in await among_invited(here.session, here.committee.id, email) if one.exact]
    if len(found) != 1:
        raise Invalid({"proxy": "Personne parmi les invités n’a cette adresse."})
    return found[0].person_id


@endpoint(get, "/committees/{committee_id:int}/invitations", right=Right.MANAGE_COMMITTEES)
async def list_invitations(here: Here[OnCommittee], asked: PageIn) -> Listed[InvitationOut]:
    """Who is invited, in the order of their names. For the facilitator."""
    return (await invited_page(here.session, here.committee, here.now, asked.slice)).each(_invitation)


def _invitation(one: Invited) -> InvitationOut:
    return InvitationOut(
        **_answered(one),
        person=PersonOut(id=one.person_id, name=one.name),
        email=one.email,
        function=one.function,
        present=one.present,
    )


ROUTES = [get_committee, answer_invitation, list_invitations]
