"""Partners for programs."""

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.actions import partners
from pooling.actions.models import Partner, PartnerKind
from pooling.actions.page import OnPartner
from pooling.actions.partners import content_of
from pooling.actions.permissions import may_keep_partners
from pooling.actions.queries import PartnerShown, partners_listed
from pooling.actions.schemas import PartnerIn
from pooling.kernel.slices import Listed
from pooling.kernel.versions import version_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match

ONE = "/partners/{partner_id:int}"


class PartnerLineOut(ApiOut):
    """Who helps the group without being of it, with what it brings to all actions together."""

    id: int
    name: str
    kind: PartnerKind
    contact: str
    website: str
    actions: int
    amount_cents: int
    half_days: int
    premises: str
    """Premises, material or knowledge."""


class PartnerOut(ApiOut):
    id: int
    name: str
    kind: PartnerKind
    contact: str
    """Whom one talks to there, by role."""
    website: str
    note: str


class PartnerPut(PartnerIn, ApiIn):
    """A partner as it is to be known. People are named by their role alone."""


class PartnersAsked(PageIn):
    q: str = Field(default="", max_length=200, description="Words of the name.")


class RemovedPartnerOut(ApiOut):
    """A partner that is no longer there."""

    name: str


def _out(partner: Partner) -> PartnerOut:
    return PartnerOut(id=partner.id, **content_of(partner).model_dump())


def _line(shown: PartnerShown) -> PartnerLineOut:
    return PartnerLineOut(**{name: getattr(shown, name) for name in PartnerLineOut.model_fields})


@endpoint(get, "/partners", right=Right.SEE_GROUP)
async def list_partners(here: Here[InGroup], asked: PartnersAsked) -> Listed[PartnerLineOut]:
    """The group's partners, by name."""
    return (await partners_listed(here.session, asked.slice, search=asked.q)).each(_line)


@endpoint(post, "/partners", right=may_keep_partners, status=201, once=True)
async def add_partner(here: Here[InGroup], sent: PartnerPut) -> Made[PartnerOut]:
    """Add a partner. For the facilitator and the people of members."""
    command = PartnerIn.model_validate(sent.model_dump())
    partner = await partners.add_partner(here.session, here.caller, command, here.now)
    return Made(_out(partner), f"{here.api_url}/partners/{partner.id}")


@endpoint(get, ONE, right=Right.SEE_GROUP, tagged=True)
async def get_partner(here: Here[OnPartner]) -> PartnerOut:
    """A partner."""
    return _out(here.partner)


@endpoint(put, ONE, right=may_keep_partners, conflicts=("changed_meanwhile",), tagged=True, matched=True)
async def correct_partner(here: Here[OnPartner], sent: PartnerPut) -> PartnerOut:
    """Correct what is known of a partner. For the facilitator and the people of members."""
    shown = None
    if wants_match(here.request):
        require_match(here.request, _out(here.partner))
        shown = version_of(content_of(here.partner).model_dump(mode="json"))
    command = PartnerIn.model_validate(sent.model_dump())
    return _out(
        await partners.change_partner(here.session, here.caller, here.partner.id, command, here.now, shown=shown)
    )


@endpoint(post, f"{ONE}/removal", right=may_keep_partners, conflicts=("partner_in_use",))
async def remove_partner(here: Here[OnPartner]) -> RemovedPartnerOut:
    """Take away a partner that no action names. For the facilitator and the people of members."""
    name = await partners.remove_partner(here.session, here.caller, here.partner.id, here.now)
    return RemovedPartnerOut(name=name)


ROUTES = [list_partners, add_partner, get_partner, correct_partner, remove_partner]
