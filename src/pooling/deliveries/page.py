"""What the pages of deliveries share."""

from dataclasses import dataclass

from pooling.needs.page import DeclarationPage

SECTION = "/livraisons"
DELIVERIES = f"/achats/{{reference:str}}{SECTION}"


@dataclass(frozen=True)
class MemberDeliveryPage(DeclarationPage):
    """A page about where a participant is delivered: it stands behind the member's declaration."""

    @property
    def delivery_path(self) -> str:
        return f"{SECTION}/{self.member.code}"
