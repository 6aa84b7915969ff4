"""Comparing groups, for programs."""

from collections.abc import Sequence
from datetime import date

from litestar import get

from pooling.hosting.reading import Outside, compared_groups
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.web.api import ApiOut


class ComparedFigureOut(ApiOut):
    code: str
    label: str
    words: str
    """As people read it; empty where there is nothing to say it of."""


class ComparedYearOut(ApiOut):
    year: int
    figures: Sequence[ComparedFigureOut]


class ComparedGroupOut(ApiOut):
    """A group that agrees to be compared."""

    name: str
    own: bool
    """It is the token's."""
    on: date
    """The day of its figures."""
    members: int
    years: Sequence[ComparedYearOut]


class GroupsComparedOut(ApiOut):
    groups: Sequence[ComparedGroupOut]
    """None, unless the group agrees to be compared itself."""


@endpoint(get, "/comparison", right=Right.SEE_GROUP)
async def compare_groups(here: Here[InGroup]) -> GroupsComparedOut:
    """The groups of the host that agree to be compared, this one among them."""
    return GroupsComparedOut(groups=[_out(group) for group in await compared_groups(here.session)])


def _out(group: Outside) -> ComparedGroupOut:
    return ComparedGroupOut(
        name=group.name,
        own=group.own,
        on=group.on,
        members=group.snapshot.members,
        years=[
            ComparedYearOut(
                year=one.year,
                figures=[
                    ComparedFigureOut(code=figure.code, label=figure.label, words=figure.words)
                    for figure in one.figures
                ],
            )
            for one in group.snapshot.years
        ],
    )


ROUTES = [compare_groups]
