"""Terms of actions, and answers to them, for programs."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from litestar import Response, get, post, put
from litestar.params import FromPath
from pydantic import Field

from pooling.actions.page import OnAction
from pooling.actions.permissions import may_write
from pooling.kernel.errors import Invalid
from pooling.kernel.files import LARGEST_FILE, Upload
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.procurement.models import Mandate
from pooling.purchases.models import PurchaseKind
from pooling.terms import keeping
from pooling.terms.beginning import begin_purchase
from pooling.terms.files import attach_to_answer, detach_from_answer, files_of_answer
from pooling.terms.models import Position
from pooling.terms.page import OnAnswer
from pooling.terms.permissions import may_answer, may_begin
from pooling.terms.queries import answer_of, answers_given, purchase_begun, terms_of, terms_row
from pooling.terms.schemas import AnswerIn, EstimateIn, TermsIn, TermsItemIn
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import validated
from pooling.web.downloads import download
from pooling.web.scanning import scan_body

TERMS = "/actions/{action:str}/terms"
PURCHASE = "/actions/{action:str}/purchase"
ANSWER = "/actions/{action:str}/answers/{member:str}"
FILES = f"{ANSWER}/files"
_BYTES = "application/octet-stream"


class TermsOut(ApiOut):
    """The terms of an action; empty where nobody wrote any. Amounts are cents without VAT, percents in hundredths."""

    kind: PurchaseKind
    """What kind of purchase would follow."""
    mandate: str
    coordination: Mandate
    """The pilot's mandate as the convention puts it."""
    exit_clause: str
    answer_by: date | None
    """The last day to answer: référents of members that are silent are reminded of it."""
    order_by: date | None
    deliver_by: date | None
    items: tuple[TermsItemIn, ...]
    estimates: tuple[EstimateIn, ...]
    """The first is the one proposed, the others are variants."""


class TermsPut(TermsIn, ApiIn):
    """The terms of an action, all of them."""


class AnswerFileOut(ApiOut):
    """A file that goes with an answer."""

    id: int
    name: str
    size: int


class TermsAnswerOut(ApiOut):
    """What a member answers; no position: it has not."""

    position: Position | None
    condition: str
    quantities: Mapping[str, int]
    """The units that it counts for itself, by the codes of items."""
    deliberation: str
    deliberated_on: date | None
    files: Sequence[AnswerFileOut]


class TermsAnswerPut(AnswerIn, ApiIn):
    """What a member answers to the terms of an action."""


class AnswerGivenOut(ApiOut):
    """What a member answered once; quantities by the codes of items of then."""

    at: datetime
    by: str | None
    position: Position
    condition: str
    quantities: Mapping[str, int]
    deliberation: str
    deliberated_on: date | None


class AnswersGivenOut(ApiOut):
    answers: Sequence[AnswerGivenOut]
    """The latest first."""


class AnswerFileAsked(ApiIn):
    name: str = Field(default="deliberation", max_length=200, description="What the file is called.")


class PurchaseOfTermsOut(ApiOut):
    """The purchase that was prepared from terms."""

    reference: str | None
    """null: none is."""


def _terms(terms: TermsIn) -> TermsOut:
    return TermsOut(**vars(terms))


async def _answer(here: OnAnswer, answer: AnswerIn | None) -> TermsAnswerOut:
    files = await files_of_answer(here.action.id, here.member.id).listed(here.session)
    said: dict[str, Any] = {"condition": "", "quantities": {}, "deliberation": "", "deliberated_on": None}
    said = {"position": None, **said} if answer is None else vars(answer)
    return TermsAnswerOut(**said, files=[AnswerFileOut(id=file.id, name=file.name, size=file.size) for file in files])


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


@endpoint(get, PURCHASE, right=Right.SEE_GROUP)
async def get_purchase_of_terms(here: Here[OnAction]) -> PurchaseOfTermsOut:
    """The purchase that was prepared from the terms of an action, if it stands."""
    row = await terms_row(here.session, here.action.id)
    found = await purchase_begun(here.session, row.purchase_reference if row else "")
    return PurchaseOfTermsOut(reference=found.reference if found else None)


@endpoint(post, PURCHASE, right=may_begin, conflicts=("not_ready", "purchase_kind"), once=True)
async def begin_purchase_of_terms(here: Here[OnAction]) -> PurchaseOfTermsOut:
    """Prepare the purchase of an action that is agreed on, with all that its terms say; the one that it has already.

    For the facilitator, and référents and purchasing staff of its member.
    """
    purchase = await begin_purchase(here.session, here.caller, here.action.reference, here.now)
    return PurchaseOfTermsOut(reference=purchase.reference)


@endpoint(get, ANSWER, right=Right.SEE_GROUP, tagged=True)
async def get_terms_answer(here: Here[OnAnswer]) -> TermsAnswerOut:
    """What a member answers to the terms of an action."""
    return await _answer(here, await answer_of(here.session, here.action.id, here.member.id))


@endpoint(get, f"{ANSWER}/given", right=Right.SEE_GROUP)
async def list_terms_answers_given(here: Here[OnAnswer]) -> AnswersGivenOut:
    """All that a member answered to the terms of an action, the latest 50."""
    found = await answers_given(here.session, here.action.id, here.member.id)
    empty: dict[str, Any] = {"condition": "", "quantities": {}, "deliberation": "", "deliberated_on": None}
    given = [{name: one.said.get(name, otherwise) for name, otherwise in empty.items()} for one in found]
    return AnswersGivenOut(
        answers=[
            AnswerGivenOut(at=one.at, by=one.by, position=Position(one.said["position"]), **said)
            for one, said in zip(found, given, strict=True)
        ]
    )


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
        require_match(here.request, await _answer(here, before))
        shown = version_of(keeping.said(before))
    command = validated(AnswerIn, sent.model_dump())
    answer = await keeping.answer_terms(
        here.session, here.caller, here.action.reference, here.member, command, here.now, shown=shown
    )
    return await _answer(here, answer)


@endpoint(
    post,
    FILES,
    right=may_answer,
    status=201,
    once=True,
    sends=(_BYTES,),
    conflicts=("not_answered", "terms_closed"),
    request_max_body_size=LARGEST_FILE,
)
async def add_answer_file(here: Here[OnAnswer], asked: AnswerFileAsked) -> TermsAnswerOut:
    """Send a file that goes with a member's answer, its deliberation: the body is the file itself."""
    content = await here.request.body()
    if not content:
        raise Invalid({"file": "Envoyez le fichier dans le corps de la requête."})
    await scan_body(here.request, asked.name, content)
    sent = [Upload(asked.name, content)]
    await attach_to_answer(here.session, here.caller, here.action.reference, here.member, sent, here.now)
    return await _answer(here, await answer_of(here.session, here.action.id, here.member.id))


@endpoint(get, f"{FILES}/{{answer_file_id:int}}", right=Right.SEE_GROUP, media=_BYTES)
async def get_answer_file(here: Here[OnAnswer], answer_file_id: FromPath[int]) -> Response[bytes]:
    """A file that goes with a member's answer."""
    file, content = await files_of_answer(here.action.id, here.member.id).read(here.session, answer_file_id)
    return download(content, file.name, _BYTES)


@endpoint(post, f"{FILES}/{{answer_file_id:int}}/removal", right=may_answer, conflicts=("terms_closed",))
async def remove_answer_file(here: Here[OnAnswer], answer_file_id: FromPath[int]) -> TermsAnswerOut:
    """Remove a file from a member's answer."""
    await detach_from_answer(here.session, here.caller, here.action.reference, here.member, answer_file_id, here.now)
    return await _answer(here, await answer_of(here.session, here.action.id, here.member.id))


ROUTES = [
    get_terms,
    write_terms,
    get_purchase_of_terms,
    begin_purchase_of_terms,
    get_terms_answer,
    list_terms_answers_given,
    answer_terms,
    add_answer_file,
    get_answer_file,
    remove_answer_file,
]
