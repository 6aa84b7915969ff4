"""What the pages and calls about one site of a member share."""

from dataclasses import dataclass
from typing import Self

from pooling.kernel.tables import known_id
from pooling.members.group_page import InGroup
from pooling.members.member_page import MemberPage, OnMember
from pooling.sites.keeping import find_site
from pooling.sites.models import Site

SITES = "/membres/{member:str}/sites"
SITE = f"{SITES}/{{site_id:int}}"


@dataclass(frozen=True)
class OnSite(OnMember):
    site: Site

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnMember.load(here)
        site = await find_site(about.session, about.member, known_id(about.named["site_id"]))
        return cls(**vars(about), site=site)


@dataclass(frozen=True)
class SitePage(OnSite, MemberPage):
    """A page of it."""

    @property
    def path(self) -> str:
        """From the member on."""
        return f"/sites/{self.site.id}"
