"""Which members and warnings of an allocation a page shows, and in what order."""

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar

from pooling.allocation.figures import Labels, warning_sentence
from pooling.sharing.money import Cents
from pooling.sharing.statement import Statement

SHOWN_AT_MOST = 200
"""Members on a page; the files have them all."""
WARNED_AT_MOST = 10


class Share(Protocol):
    """What one member pays, wherever it is read from."""

    @property
    def id(self) -> str: ...
    @property
    def ht(self) -> Cents: ...
    @property
    def vat(self) -> Cents: ...
    @property
    def ttc(self) -> Cents: ...
    @property
    def net(self) -> Cents: ...


AShare = TypeVar("AShare", bound=Share)


def shares_listed(members: Iterable[AShare], own: Collection[str] | None, *, also: Iterable[str] = ()) -> list[AShare]:
    """Who has a share (or is in `also`), the largest first; only `own` when given."""
    more = set(also)
    shown = [
        member
        for member in members
        if (member.ht or member.vat or member.id in more) and (own is None or member.id in own)
    ]
    return sorted(shown, key=lambda member: (-member.ttc, member.id))


def warnings_listed(result: Statement, labels: Labels, own: Collection[str] | None) -> list[str]:
    """What is to be verified, in sentences; only `own` members' when given."""
    mine = [warning for warning in result.warnings if own is None or warning.member in own]
    return [warning_sentence(warning, labels) for warning in mine[:WARNED_AT_MOST]]
