"""What the pages of an answer share, and the calls of programs about one: the member that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from pooling.needs.page import DeclarationPage
from pooling.web.layout import Link

SECTION = "/participation"
ANSWER = f"/achats/{{reference:str}}{SECTION}/{{member:str}}"


@dataclass(frozen=True)
class AnswerPage(DeclarationPage):
    """A page about whether a member takes part."""

    @property
    def path(self) -> str:
        """Of the answer, from the purchase on."""
        return f"{SECTION}/{self.member.code}"

    @property
    def above(self) -> Sequence[Link]:
        *purchase, _, member = super().above
        return [*purchase, Link("Participation", self.url + SECTION), member]
