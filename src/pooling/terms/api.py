"""Terms of actions, and answers to them, for programs."""

from datetime import date

from litestar import get, put

from pooling.actions.page import OnAction
from pooling.actions.permissions import may_write
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.terms import keeping
from pooling.terms.models import Position
from pooling.terms.page import OnAnswer
from pooling.terms.permissions import may_answer
from pooling.terms.queries import answer_of, terms_of
from pooling.terms.schemas import AnswerIn, EstimateIn, TermsIn
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import validated

TERMS = "/actions/{action:str}/terms"
ANSWER = "/actions/{action:str}/answers/{member:str}"


class TermsOut(ApiOut):
    """The terms of an action; empty where nobody wrote any. Amounts are cents without VAT, percents in hundredths."""

    mandate: str
    exit_clause: str
    answer_by: date | None
    """The last day to answer."""
    estimates: tuple[EstimateIn, ...]
    """The first is the one proposed, the others are variants."""


class TermsPut(TermsIn, ApiIn):
    """The terms of an action, all of them."""


class TermsAnswerOut(ApiOut):
    """What a member answers; no position: it has not."""

    position: Position | None
    condition: str
    quantity: int | None
    deliberation: str
    deliberated_on: date | None


class TermsAnswerPut(AnswerIn, ApiIn):
    """What a member answers to the terms of an action."""


def _terms(terms: TermsIn) -> TermsOut:
    return TermsOut(**vars(terms))


def _answer(answer: AnswerIn | None) -> TermsAnswerOut:
    if answer is None:
        return TermsAnswerOut(position=None, condition="", quantity=None, deliberation="", deliberated_on=None)
    return TermsAnswerOut(**vars(answer))


@endpoint(get, TERMS, right=Right.SEE_GROUP, tagged=True)
async def get_terms(here: Here[OnAction]) -> TermsOut:
    """The terms of an action."""
    return _terms(await terms_of(here.session, here.action.id))


@endpoint(put, TERMS, right=may_write, conflicts=("changed_meanwhile", "terms_closed"), tagged=True, matched=True)
async def write_terms(here: Here[OnAction], sent: TermsPut) -> TermsOut:
    """Write the terms of an action that is not agreed on yet. For whoever may write its sheet."""
    shown = None
    if wants_match(here.request):
        before = await terms_of(here.session, here.action.id)
        require_match(here.request, _terms(before))
        shown = version_of(before.model_dump(mode="json"))
    command = validated(TermsIn, sent.model_dump())
    reference = here.action.reference
    return _terms(await keeping.write_terms(here.session, here.caller, reference, command, here.now, shown=shown))


@endpoint(get, ANSWER, right=Right.SEE_GROUP, tagged=True)
async def get_terms_answer(here: Here[OnAnswer]) -> TermsAnswerOut:
    """What a member answers to the terms of an action."""
    return _answer(await answer_of(here.session, here.action.id, here.member.id))


@endpoint(
    put,
    ANSWER,
    right=may_answer,
    conflicts=("changed_meanwhile", "member_retired", "terms_closed"),
    tagged=True,
    matched=True,
)
async def answer_terms(here: Here[OnAnswer], sent: TermsAnswerPut) -> TermsAnswerOut:
    """Answer for a member, in place of what it said. For its référents, and the facilitator."""
    shown = None
    if wants_match(here.request):
        before = await answer_of(here.session, here.action.id, here.member.id)
        require_match(here.request, _answer(before))
        shown = version_of(keeping.said(before))
    command = validated(AnswerIn, sent.model_dump())
    return _answer(
        await keeping.answer_terms(
            here.session, here.caller, here.action.reference, here.member, command, here.now, shown=shown
        )
    )


ROUTES = [get_terms, write_terms, get_terms_answer, answer_terms]
