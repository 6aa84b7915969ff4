"""Prioritisation rounds for programs: of a secret one they are told what people are, nothing before it has closed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction

from litestar import get, post, put
from pydantic import AwareDatetime, Field, field_validator

from pooling.accounts.idempotency import Made
from pooling.collections.finding import lock_collection
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.doubts import LONGEST_REASON, Insistence
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.rounds import running
from pooling.rounds.finding import choices_of, collection_of, lock_round
from pooling.rounds.models import Mark, Method, Round, RoundState, Weighting
from pooling.rounds.page import OnBallot, OnRound
from pooling.rounds.permissions import may_lead, may_read_ballot, may_vote
from pooling.rounds.preparing import change_round, prepare_round
from pooling.rounds.queries import RoundShown, VoterShown, result_of, rounds_listed, turnout_of, voters_listed
from pooling.rounds.reminding import remind_voters
from pooling.rounds.schemas import (
    FEWEST_ACTIONS,
    HIGHEST_WEIGHT,
    LONGEST_CONTENT,
    MOST_ACTIONS,
    MOST_POINTS,
    RoundIn,
)
from pooling.rounds.voting import Ballot, ballot_of, file_ballot
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import validated

LIST = "/rounds"
ONE = f"{LIST}/{{round:str}}"
BALLOT = f"{ONE}/ballots/{{member:str}}"


class NotKnownYet(Conflict):
    code = "round_secret"

    def __init__(self) -> None:
        super().__init__("Le vote est secret jusqu’à sa clôture.")


class RoundLineOut(ApiOut):
    reference: str
    title: str
    state: RoundState
    secret: bool
    actions: int
    """How many it ranks."""
    closes_at: datetime
    """Until when it is open, or was."""


class RoundTurnoutOut(ApiOut):
    members: int
    """Who may vote."""
    voted: int
    weight: int
    weight_voted: int


class RoundActionOut(ApiOut):
    reference: str
    title: str
    rank: int | None
    """As it was adopted; null: it was not yet, or nobody chose the action."""


class RoundOut(ApiOut):
    reference: str
    title: str
    content: str
    state: RoundState
    method: Method
    budget: int
    """Points that each member spreads; 0 where criteria are marked."""
    impact_weight: int
    cost_weight: int
    ease_weight: int
    urgency_weight: int
    weighting: Weighting
    secret: bool
    turnout_shown: bool
    opens_at: datetime | None
    """When it opens by itself."""
    closes_at: datetime
    closed_at: datetime | None
    actions: Sequence[RoundActionOut]
    """In the order of the ballot."""
    turnout: RoundTurnoutOut | None
    """Null while nobody may know of it."""


class RoundPut(ApiIn):
    """What is ranked and how; it may change until the round opens."""

    title: str = Field(min_length=1, max_length=160)
    content: str = Field(default="", max_length=LONGEST_CONTENT)
    actions: Sequence[str] = Field(min_length=FEWEST_ACTIONS, max_length=MOST_ACTIONS)
    """References, in the order of the ballot."""
    method: Method = Method.POINTS
    budget: int = Field(default=10, ge=1, le=MOST_POINTS)
    impact_weight: int = Field(default=1, ge=0, le=HIGHEST_WEIGHT)
    cost_weight: int = Field(default=1, ge=0, le=HIGHEST_WEIGHT)
    ease_weight: int = Field(default=1, ge=0, le=HIGHEST_WEIGHT)
    urgency_weight: int = Field(default=1, ge=0, le=HIGHEST_WEIGHT)
    weighting: Weighting = Weighting.MEMBER
    secret: bool = True
    turnout_shown: bool = True
    opens_at: AwareDatetime | None = None
    """When it opens by itself; null: somebody opens it."""
    closes_at: AwareDatetime

    @field_validator("opens_at", "closes_at")
    @classmethod
    def _in_our_time(cls, value: datetime | None) -> datetime | None:
        return _of_our_time(value) if value is not None else None


class RoundOpening(ApiIn):
    closes_at: AwareDatetime | None = None
    """Another date than the one that was prepared."""
    confirmed: str = Field(default="", max_length=LONGEST_REASON)
    """Why it is to close then, once it was answered that the date may be a slip (code `doubtful`)."""

    @field_validator("closes_at")
    @classmethod
    def _in_our_time(cls, value: datetime | None) -> datetime | None:
        return _of_our_time(value) if value is not None else None


class RoundExtension(ApiIn):
    closes_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    confirmed: str = Field(default="", max_length=LONGEST_REASON)

    @field_validator("closes_at")
    @classmethod
    def _in_our_time(cls, value: datetime) -> datetime:
        return _of_our_time(value)


class VotersRemindedOut(ApiOut):
    """What leaves now, in the place of the next planned reminder."""

    reminders: int


class RoundClosure(ApiIn):
    reason: str = Field(default="", max_length=LONGEST_REASON)
    """Needed before the date that was announced."""


class RoundCancellation(ApiIn):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class VoterOut(ApiOut):
    member: str
    """Its code."""
    name: str
    weight: int
    voted: bool | None
    """Null while nobody may know of it."""
    filed_at: datetime | None


class BallotOut(ApiOut):
    """What a member gave: by the reference of an action, `points`, or a mark for each criterion."""

    member: str
    marks: Mapping[str, Mapping[Mark, int]]
    filed_at: datetime | None
    """Null: it has not voted."""


class BallotPut(ApiIn):
    """By the reference of an action: `{"points": 3}`, or a mark from 1 to 5 for each criterion of the round."""

    marks: Mapping[str, Mapping[Mark, int]] = Field(max_length=MOST_ACTIONS)

    @field_validator("marks")
    @classmethod
    def _within_bounds(cls, value: Mapping[str, Mapping[Mark, int]]) -> Mapping[str, Mapping[Mark, int]]:
        if any(not 0 <= given <= MOST_POINTS for of in value.values() for given in of.values()):
            raise ValueError(f"Donnez de 0 à {MOST_POINTS}")
        return value


class RankedOut(ApiOut):
    action: str
    title: str
    rank: int | None
    """Those that are equal share one; null: nobody chose it."""
    tied: bool
    score: str | None
    """Exact, as a fraction: points, times weights; or the mark out of five."""
    members: int
    """Who gave it something."""
    means: Mapping[Mark, str]
    """The mean mark of each criterion, exact."""


class RoundResultOut(ApiOut):
    turnout: RoundTurnoutOut
    actions: Sequence[RankedOut]
    """The first one first."""


def _of_our_time(value: datetime) -> datetime:
    if not FIRST_DAY <= value.date() <= LAST_DAY:
        raise ValueError("Choisissez une date de notre temps")
    return value.astimezone(UTC)  # as the database will give it back: the same representation, the same ETag


def _line(shown: RoundShown) -> RoundLineOut:
    return RoundLineOut(**{name: getattr(shown, name) for name in RoundLineOut.model_fields})


async def _out(here: InGroup, found: Round) -> RoundOut:
    collection = await collection_of(here.session, found.id)
    turnout = await turnout_of(here.session, found)
    same = set(RoundOut.model_fields) - {"actions", "turnout", "closes_at", "closed_at"}
    return RoundOut(
        **{name: getattr(found, name) for name in same},
        closes_at=collection.closes_at if collection else found.closes_at,
        closed_at=collection.closed_at if collection else None,
        actions=[
            RoundActionOut(reference=one.reference, title=one.title, rank=one.rank)
            for one in await choices_of(here.session, found.id)
        ],
        turnout=RoundTurnoutOut.model_validate(vars(turnout)) if turnout else None,
    )


async def _matched(here: OnRound) -> Round:
    """The round, locked, compared with `If-Match` if that was sent."""
    found = await lock_round(here.session, here.round.reference)
    if wants_match(here.request):
        require_match(here.request, await _out(here, found))
    return found


@endpoint(get, LIST, right=Right.SEE_GROUP)
async def list_rounds(here: Here[InGroup], asked: PageIn) -> Listed[RoundLineOut]:
    """The group's prioritisation rounds, the latest first."""
    return (await rounds_listed(here.session, asked.slice)).each(_line)


@endpoint(post, LIST, right=may_lead, status=201, once=True)
async def prepare_a_round(here: Here[InGroup], sent: RoundPut) -> Made[RoundOut]:
    """Prepare a round. For the facilitator."""
    found = await prepare_round(here.session, here.caller, _command(sent), here.now)
    return Made(await _out(here, found), f"{here.api_url}{LIST}/{found.reference}")


@endpoint(get, ONE, right=Right.SEE_GROUP, tagged=True)
async def get_round(here: Here[OnRound]) -> RoundOut:
    """A round: what it ranks, how, and until when."""
    return await _out(here, here.round)


@endpoint(put, ONE, right=may_lead, conflicts=("round_opened",), tagged=True, matched=True)
async def correct_round(here: Here[OnRound], sent: RoundPut) -> RoundOut:
    """Say otherwise what is ranked and how, before it opens. For the facilitator."""
    await _matched(here)
    found = await change_round(here.session, here.caller, here.round.reference, _command(sent), here.now)
    return await _out(here, found)


@endpoint(
    post, f"{ONE}/opening", right=may_lead, conflicts=("transition_refused",), once=True, tagged=True, matched=True
)
async def open_a_round(here: Here[OnRound], sent: RoundOpening) -> RoundOut:
    """Let members vote, until the date that was prepared or another. For the facilitator."""
    await _matched(here)
    found = await running.open_round(
        here.session,
        here.caller,
        here.round.reference,
        here.clock,
        closes_at=sent.closes_at,
        insistence=Insistence(sent.confirmed),
    )
    return await _out(here, found)


@endpoint(post, f"{ONE}/extension", right=may_lead, conflicts=("round_not_open",), once=True, tagged=True, matched=True)
async def extend_a_round(here: Here[OnRound], sent: RoundExtension) -> RoundOut:
    """Give an open round another closing date, with a reason. For the facilitator."""
    await _matched(here)
    found = await running.extend_round(
        here.session,
        here.caller,
        here.round.reference,
        sent.closes_at,
        here.clock,
        reason=sent.reason,
        insistence=Insistence(sent.confirmed),
    )
    return await _out(here, found)


@endpoint(
    post,
    f"{ONE}/reminding",
    right=may_lead,
    conflicts=("round_not_open", "already_reminded", "nothing_to_send"),
    once=True,
)
async def remind_voters_now(here: Here[OnRound]) -> VotersRemindedOut:
    """Remind now those who have not voted, once a day at most; all référents, of a round that does not show who has.
    For the facilitator.
    """
    count, _ = await remind_voters(
        here.session, here.caller, here.round.reference, here.features.kinds, here.context, here.clock
    )
    return VotersRemindedOut(reminders=count)


@endpoint(
    post, f"{ONE}/closure", right=may_lead, conflicts=("transition_refused",), once=True, tagged=True, matched=True
)
async def close_a_round(here: Here[OnRound], sent: RoundClosure) -> RoundOut:
    """End the vote; before its date, with a reason. For the facilitator."""
    await _matched(here)
    found = await running.close_round(here.session, here.caller, here.round.reference, here.clock, reason=sent.reason)
    return await _out(here, found)


@endpoint(
    post, f"{ONE}/cancellation", right=may_lead, conflicts=("transition_refused",), once=True, tagged=True, matched=True
)
async def cancel_a_round(here: Here[OnRound], sent: RoundCancellation) -> RoundOut:
    """Give a round up, with a reason: what was secret stays so. For the facilitator."""
    await _matched(here)
    found = await running.cancel_round(here.session, here.caller, here.round.reference, here.clock, reason=sent.reason)
    return await _out(here, found)


@endpoint(get, f"{ONE}/result", right=Right.SEE_GROUP, conflicts=("round_secret",), tagged=True)
async def get_round_result(here: Here[OnRound]) -> RoundResultOut:
    """What the ballots come to, once it is known: after the closing; of a vote that is not secret, at any time."""
    result = await result_of(here.session, here.round)
    if result is None:
        raise NotKnownYet
    return RoundResultOut(
        turnout=RoundTurnoutOut.model_validate(vars(result.turnout)),
        actions=[
            RankedOut(
                action=line.reference,
                title=line.title,
                rank=line.ranked.rank,
                tied=line.ranked.tied,
                score=_exact(line.ranked.score),
                members=line.ranked.members,
                means={mark: str(mean) for mark, mean in line.ranked.means.items()},
            )
            for line in result.lines
        ],
    )


def _exact(score: Fraction | None) -> str | None:
    return None if score is None else str(score)


@endpoint(get, f"{ONE}/ballots", right=Right.SEE_GROUP)
async def list_voters(here: Here[OnRound], asked: PageIn) -> Listed[VoterOut]:
    """Who may vote, by name, with what it weighs; who has, where that may be known."""
    return (await voters_listed(here.session, here.round, asked.slice)).each(_voter)


def _voter(shown: VoterShown) -> VoterOut:
    return VoterOut(member=shown.code, name=shown.name, weight=shown.weight, voted=shown.voted, filed_at=shown.filed_at)


@endpoint(get, BALLOT, right=may_read_ballot, tagged=True)
async def get_ballot(here: Here[OnBallot]) -> BallotOut:
    """A member's ballot: for its référents; for everybody once what was given is known."""
    return await _ballot(here, await ballot_of(here.session, here.round.id, here.member.id))


@endpoint(put, BALLOT, right=may_vote, conflicts=("round_not_open",), tagged=True, matched=True)
async def put_ballot(here: Here[OnBallot], sent: BallotPut) -> BallotOut:
    """Vote for a member, or correct its ballot, until the closing. For its référents."""
    seen = None
    if wants_match(here.request):
        await lock_collection(here.session, ("round", here.round.id), alone=False)
        present = await ballot_of(here.session, here.round.id, here.member.id)
        require_match(here.request, await _ballot(here, present))
        seen = present.version
    ids = {one.reference: one.id for one in await choices_of(here.session, here.round.id)}
    if not set(ids).issuperset(sent.marks):
        raise Invalid({"marks": "Ce bulletin nomme une action qui n’est pas de ce tour."})
    marks = {ids[action]: {mark: value for mark, value in of.items() if value} for action, of in sent.marks.items()}
    ballot = await file_ballot(
        here.session, here.caller, here.round.reference, here.member, marks, here.clock, seen=seen
    )
    return await _ballot(here, ballot)


async def _ballot(here: OnBallot, ballot: Ballot) -> BallotOut:
    references = {one.id: one.reference for one in await choices_of(here.session, here.round.id)}
    return BallotOut(
        member=here.member.code,
        marks={references[action]: dict(of) for action, of in sorted(ballot.marks.items())},
        filed_at=ballot.filed_at,
    )


def _command(sent: RoundPut) -> RoundIn:
    return validated(RoundIn, sent.model_dump())


ROUTES = [
    list_rounds,
    prepare_a_round,
    get_round,
    correct_round,
    open_a_round,
    extend_a_round,
    remind_voters_now,
    close_a_round,
    cancel_a_round,
    get_round_result,
    list_voters,
    get_ballot,
    put_ballot,
]
