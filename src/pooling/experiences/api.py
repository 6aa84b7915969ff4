"""Experience for programs."""

from datetime import datetime

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.experiences import keeping
from pooling.experiences.keeping import content_of
from pooling.experiences.page import OnExperience
from pooling.experiences.permissions import may_correct, may_tell
from pooling.experiences.queries import ExperienceShown, SharedExperience, experiences_listed, shared_elsewhere
from pooling.experiences.schemas import ExperienceIn
from pooling.kernel.slices import Listed
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
    content = await content_of(here.session, here.experience)
    return ExperienceOut(id=here.experience.id, **content.model_dump())


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
    content = await content_of(here.session, experience)
    out = ExperienceOut(id=experience.id, **content.model_dump())
    return Made(out, f"{here.api_url}/experiences/{experience.id}")


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


@endpoint(get, "/shared-experiences", right=Right.SEE_GROUP)
async def list_shared_experiences(here: Here[InGroup], asked: SharedAsked) -> SharedExperiencesOut:
    """What other groups of the host consent to show, the latest first; fifty at most."""
    return SharedExperiencesOut(items=[_shared(one) for one in await shared_elsewhere(here.session, asked.q)])


ROUTES = [list_experiences, tell_experience, get_experience, correct_experience, list_shared_experiences]
