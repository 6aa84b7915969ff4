"""The sites of a member, for programs."""

from collections.abc import Sequence

from litestar import get, post, put
from pydantic import Field

from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.member_page import OnMember
from pooling.members.rights import Right
from pooling.sites import keeping
from pooling.sites.keeping import lock_sites, version_of_site
from pooling.sites.models import Site
from pooling.sites.page import OnSite
from pooling.sites.permissions import may_keep_sites
from pooling.sites.queries import SiteShown, sites_of
from pooling.sites.schemas import POSTCODE, SiteIn
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import validated

LIST = "/members/{member:str}/sites"
SITE = f"{LIST}/{{site_id:int}}"


class SiteOut(ApiOut):
    """Where something may be delivered; what is not known of it is empty."""

    id: int
    name: str
    street: str
    postcode: str
    city: str
    contact: str
    opening_hours: str
    main: bool
    """Whatever nobody speaks of goes there."""
    archived: bool


class SitesOut(ApiOut):
    sites: Sequence[SiteOut]
    """The main one first, then by name; archived ones too."""


class SitePut(ApiIn):
    name: str = Field(min_length=1, max_length=120)
    street: str = Field(default="", max_length=200)
    postcode: str = Field(default="", pattern=POSTCODE)
    city: str = Field(default="", max_length=100)
    contact: str = Field(default="", max_length=200)
    opening_hours: str = Field(default="", max_length=300)
    main: bool = False
    """Makes it the main site; false leaves it as it is."""


def site_out(site: Site | SiteShown) -> SiteOut:
    archived = site.archived if isinstance(site, SiteShown) else site.archived_at is not None
    same = ("id", "name", "street", "postcode", "city", "contact", "opening_hours")
    return SiteOut(**{name: getattr(site, name) for name in same}, main=site.is_main, archived=archived)


@endpoint(get, LIST, right=Right.SEE_GROUP)
async def list_sites(here: Here[OnMember]) -> SitesOut:
    """Where a member is delivered."""
    return SitesOut(sites=[site_out(site) for site in await sites_of(here.session, here.member.id)])


@endpoint(post, LIST, right=may_keep_sites, status=201, once=True)
async def add_site(here: Here[OnMember], sent: SitePut) -> SiteOut:
    """Add a site; the first one is the main one. For the member's référents and the facilitator."""
    command = validated(SiteIn, sent.model_dump())
    return site_out(await keeping.add_site(here.session, here.caller, here.member, command, here.now))


@endpoint(get, SITE, right=Right.SEE_GROUP, tagged=True)
async def get_site(here: Here[OnSite]) -> SiteOut:
    """A site, also an archived one."""
    return site_out(here.site)


@endpoint(put, SITE, right=may_keep_sites, conflicts=("changed_meanwhile", "site_archived"), tagged=True, matched=True)
async def correct_site(here: Here[OnSite], sent: SitePut) -> SiteOut:
    """Correct a site. For the member's référents and the facilitator."""
    seen = await _matched(here)
    command = validated(SiteIn, sent.model_dump())
    return site_out(
        await keeping.correct_site(here.session, here.caller, here.member, here.site.id, command, here.now, seen=seen)
    )


@endpoint(
    post,
    f"{SITE}/archiving",
    right=may_keep_sites,
    conflicts=("site_archived",),
    once=True,
    tagged=True,
    matched=True,
)
async def archive_site(here: Here[OnSite]) -> SiteOut:
    """Take a site out of use: orders that left keep it. For the member's référents and the facilitator."""
    await _matched(here)
    return site_out(await keeping.archive_site(here.session, here.caller, here.member, here.site.id, here.now))


async def _matched(here: OnSite) -> str | None:
    """Compares with `If-Match` under the lock that edits take; gives the version that was compared."""
    if not wants_match(here.request):
        return None
    await lock_sites(here.session, here.member.id)
    site = await keeping.find_site(here.session, here.member, here.site.id)
    require_match(here.request, site_out(site))
    return version_of_site(site)


ROUTES = [list_sites, add_site, get_site, correct_site, archive_site]
