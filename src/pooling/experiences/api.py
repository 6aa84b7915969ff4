"""Experience for programs."""

from datetime import datetime

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.experiences import keeping
from pooling.experiences.keeping import content_of
from pooling.experiences.models import Experience
from pooling.experiences.page import OnExperience
from pooling.experiences.permissions import may_correct, may_share, may_tell
from pooling.experiences.queries import (
    ExperienceShown,
    QuestionShown,
    SharedExperience,
    experiences_listed,
    questions_of,
    shared_elsewhere,
)
from pooling.experiences.schemas import LONGEST_QUESTION, ExperienceIn
from pooling.kernel.slices import Listed
from pooling.kernel.tables import known_id
from pooling.kernel.text import clean
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import validated

ONE = "/experiences/{experience_id:int}"


class ExperienceLineOut(ApiOut):
    id: int
    title: str
    told_at: datetime
    result: str
    shared: bool
    """Whether the host's other groups may read it."""
    questions: int
    """How many nobody has answered yet."""


class ExperienceOut(ApiOut):
    """A sheet. Amounts are cents, with VAT."""

    id: int
    title: str
    context: str
    done: str
    cost_cents: int | None
    result: str
    differently: str
    figures: str
    contact: str
    """Whom to ask, by role."""
    action: str
    purchase: str
    supplier_id: int | None
    shared: bool
    """Whether the host's other groups may read it."""


class ExperienceSharing(ApiIn):
    shared: bool
    """Whether the host's other groups may read it, without its questions and documents."""


class QuestionOut(ApiOut):
    """A question under an experience."""

    id: int
    content: str
    asked_at: datetime
    asker: str | None
    answer: str
    answered_at: datetime | None
    """Null: nobody has answered yet."""


class QuestionsOut(ApiOut):
    items: list[QuestionOut]
    """In the order in which they were asked."""


class QuestionPost(ApiIn):
    content: str = Field(min_length=1, max_length=LONGEST_QUESTION)


class AnswerPost(ApiIn):
    answer: str = Field(min_length=1, max_length=LONGEST_QUESTION)


class SharedExperienceOut(ApiOut):
    """What another group of the host consents to show."""

    id: int
    group_name: str
    title: str
    told_at: datetime
    context: str
    done: str
    cost_cents: int | None
    result: str
    differently: str
    figures: str
    contact: str


class SharedExperiencesOut(ApiOut):
    items: list[SharedExperienceOut]


class ExperiencePut(ExperienceIn, ApiIn):
    """A sheet, whole. People are named by their role alone."""


class ExperiencesAsked(PageIn):
    q: str = Field(default="", max_length=200, description="Words of the sheet, in French.")


class SharedAsked(ApiIn):
    q: str = Field(default="", max_length=200, description="Words of the sheet, in French.")


async def _out(here: OnExperience) -> ExperienceOut:
    return await _said(here, here.experience)


async def _said(here: InGroup, experience: Experience) -> ExperienceOut:
    content = await content_of(here.session, experience)
    return ExperienceOut(id=experience.id, shared=experience.shared, **content.model_dump())


def _line(shown: ExperienceShown) -> ExperienceLineOut:
    return ExperienceLineOut(**vars(shown))


def _shared(shown: SharedExperience) -> SharedExperienceOut:
    return SharedExperienceOut(**vars(shown))


@endpoint(get, "/experiences", right=Right.SEE_GROUP)
async def list_experiences(here: Here[InGroup], asked: ExperiencesAsked) -> Listed[ExperienceLineOut]:
    """What the group learnt, the latest first."""
    return (await experiences_listed(here.session, asked.slice, search=asked.q)).each(_line)


@endpoint(post, "/experiences", right=may_tell, status=201, once=True)
async def tell_experience(here: Here[InGroup], sent: ExperiencePut) -> Made[ExperienceOut]:
    """Tell the group of an experience."""
    command = validated(ExperienceIn, sent.model_dump())
    experience = await keeping.tell_experience(here.session, here.caller, command, here.now)
    return Made(await _said(here, experience), f"{here.api_url}/experiences/{experience.id}")


@endpoint(get, ONE, right=Right.SEE_GROUP, tagged=True)
async def get_experience(here: Here[OnExperience]) -> ExperienceOut:
    """An experience of the group."""
    return await _out(here)


@endpoint(put, ONE, right=may_correct, conflicts=("changed_meanwhile",), tagged=True, matched=True)
async def correct_experience(here: Here[OnExperience], sent: ExperiencePut) -> ExperienceOut:
    """Correct an experience. For who told it, and the facilitator."""
    shown = None
    if wants_match(here.request):
        require_match(here.request, await _out(here))
        shown = version_of((await content_of(here.session, here.experience)).model_dump(mode="json"))
    command = validated(ExperienceIn, sent.model_dump())
    await keeping.correct_experience(here.session, here.caller, here.experience.id, command, here.now, shown=shown)
    return await _out(here)


@endpoint(put, f"{ONE}/sharing", right=may_share)
async def share_an_experience(here: Here[OnExperience], sent: ExperienceSharing) -> ExperienceOut:
    """Let the host's other groups read an experience, or no longer. For the facilitator."""
    await keeping.share_experience(here.session, here.caller, here.experience.id, here.now, shared=sent.shared)
    return await _out(here)


@endpoint(get, f"{ONE}/questions", right=Right.SEE_GROUP)
async def list_questions(here: Here[OnExperience]) -> QuestionsOut:
    """What was asked under an experience, and what was answered."""
    return QuestionsOut(items=[_question(one) for one in await questions_of(here.session, here.experience.id)])


@endpoint(post, f"{ONE}/questions", right=may_tell, status=201, conflicts=("too_many_questions",), once=True)
async def ask_a_question(here: Here[OnExperience], sent: QuestionPost) -> Made[QuestionOut]:
    """Ask a question under an experience."""
    experience_id, content = here.experience.id, clean(sent.content)
    asked = await keeping.ask_question(here.session, here.caller, experience_id, content, here.now)
    return Made(await _one_question(here, asked), f"{here.api_url}/experiences/{experience_id}/questions")


@endpoint(
    post, f"{ONE}/questions/{{question_id:int}}/answer", right=may_tell, conflicts=("already_answered",), once=True
)
async def answer_a_question(here: Here[OnExperience], sent: AnswerPost) -> QuestionOut:
    """Answer a question, once."""
    question_id = known_id(here.named["question_id"])
    answer = clean(sent.answer)
    await keeping.answer_question(here.session, here.caller, here.experience.id, question_id, answer, here.now)
    return await _one_question(here, question_id)


async def _one_question(here: OnExperience, question_id: int) -> QuestionOut:
    found = await questions_of(here.session, here.experience.id)
    return _question(next(one for one in found if one.id == question_id))


def _question(shown: QuestionShown) -> QuestionOut:
    return QuestionOut(**vars(shown))


@endpoint(get, "/shared-experiences", right=Right.SEE_GROUP)
async def list_shared_experiences(here: Here[InGroup], asked: SharedAsked) -> SharedExperiencesOut:
    """What other groups of the host consent to show, the latest first; fifty at most."""
    return SharedExperiencesOut(items=[_shared(one) for one in await shared_elsewhere(here.session, asked.q)])


ROUTES = [
    list_experiences,
    tell_experience,
    get_experience,
    correct_experience,
    share_an_experience,
    list_questions,
    ask_a_question,
    answer_a_question,
    list_shared_experiences,
]
