"""Where the pages of an offer are, and of what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pooling.needs.page import DeclarationPage
from pooling.web.layout import Link

SECTION, ACCOUNT = "/offre", "/bilan"
OFFER = f"/achats/{{reference:str}}{SECTION}"
UPTAKES = f"/achats/{{reference:str}}{ACCOUNT}"
UPTAKE = f"{UPTAKES}/{{member:str}}"


@dataclass(frozen=True)
class UptakePage(DeclarationPage):
    """A page about how many agents of a member bought."""

    @property
    def path(self) -> str:
        """From the purchase on."""
        return f"{ACCOUNT}/{self.member.code}"

    @property
    def above(self) -> Sequence[Link]:
        *purchase, _, member = super().above
        return [*purchase, Link("Bilan", self.url + ACCOUNT), member]
