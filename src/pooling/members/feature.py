"""What features hand over to the pages that they share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.members.groups import DatedAhead
from pooling.members.people_queries import PersonShown, RoleShown
from pooling.members.rights import Caller, Right
from pooling.reminders.kinds import Kind
from pooling.web.services import services_of


@dataclass(frozen=True)
class Tab:
    """A page beside others: shown to whoever holds the right on what it shows."""

    label: str
    path: str
    right: Right


LeavingWarnings: TypeAlias = Callable[
    [AsyncSession, Caller, EnteredGroup, PersonShown, RoleShown, datetime], Awaitable[list[str]]
]
"""What the holder of a role has not finished, for who is about to take the role away."""


@dataclass(frozen=True)
class Features:
    kinds: Sequence[Kind]
    purchase_tabs: Sequence[Tab]
    committee_sections: Sequence[Tab]
    leaving: LeavingWarnings
    dated_ahead: DatedAhead


def features_of(request: Request[Any, Any, Any]) -> Features:
    return services_of(request).part(Features)
