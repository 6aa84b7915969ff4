"""What the pages of finances share: the year that is looked at, whose figures the caller sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pooling.finances.permissions import FinanceRight
from pooling.finances.rules import Figures, OfYear, Position, summed
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.database import group_of
from pooling.kernel.text import whole_number
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.member_page import OnMember
from pooling.members.models import Member, Role
from pooling.members.rights import Caller
from pooling.web.cursors import with_query
from pooling.web.layout import Link
from pooling.web.typography import euros, euros_or_dash

FINANCES = "/finances"
TITLE = "Finances"
NAMES = ("xlsx", "ods", "csv")
_YEAR_DIGITS = 4


def year_typed(typed: str) -> int | None:
    """The year that an address names; None: all of them."""
    year = whole_number(typed, _YEAR_DIGITS)
    return year if year is not None and FIRST_DAY.year <= year <= LAST_DAY.year else None


def own_members(caller: Caller) -> list[int] | None:
    """Ids of the members whose finances the caller sees; None: everybody's."""
    if caller.has(Role.FACILITATOR):
        return None
    return caller.members_as(*(role for role in FinanceRight.SEE_FINANCES.roles if role is not Role.FACILITATOR))


@dataclass(frozen=True)
class OnFinances(OnMember):
    """A request about one member's finances: of the one that it became, where it is no more."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnMember.load(here)
        return cls(**{**vars(about), "member": await _present(about)})


async def _present(about: OnMember) -> Member:
    became = about.member.merged_into_id
    if became is None:
        return about.member
    return await about.session.get_one(Member, (group_of(about.session), became))


@dataclass(frozen=True)
class FinancesPage(OnFinances, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{FINANCES}/{self.member.code}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(TITLE, self.base + FINANCES), Link(self.member.name, self.url)]


@dataclass(frozen=True)
class Columns:
    """Of the tables of a page: what is planned has none where nothing is."""

    planned: bool

    @classmethod
    def of(cls, years: Sequence[OfYear]) -> Self:
        return cls(any(one.figures.ttc for one in years if not one.engaged))

    def heads(self, first: str, *more: str) -> list[dict[str, Any]]:
        """Planned, engaged, invoiced, subsidies, FCTVA, net."""
        taxed = [("Prévu", "TTC")] * self.planned + [("Engagé", "TTC"), ("Facturé", "TTC")]
        titled = [*taxed, ("Subventions", ""), ("FCTVA", "estimé"), *((title, "") for title in ("Coût net", *more))]
        return [{"label": first}, *({"label": title, "numeric": True, "unit": unit} for title, unit in titled)]

    def cells(self, position: Position) -> list[str]:
        engaged = position.engaged
        return [
            *[euros_or_dash(position.planned.ttc)] * self.planned,
            *map(euros_or_dash, (engaged.ttc, position.invoiced, engaged.subsidies, engaged.fctva, engaged.net)),
        ]


def as_position(figures: Figures, *, engaged: bool) -> Position:
    return Position().plus(figures, engaged=engaged)


def year_rows(columns: Columns, url: str, years: Sequence[OfYear], chosen: int | None) -> list[dict[str, Any]]:
    """One row for each year, the latest first: a link to look at it alone."""
    numbers = sorted({one.year for one in years}, reverse=True)
    return [
        {
            "year": number,
            "url": with_query(url, {"annee": str(number)}),
            "chosen": number == chosen,
            "cells": columns.cells(summed(years, number)),
        }
        for number in numbers
    ]


def year_bars(years: Sequence[OfYear]) -> list[dict[str, Any]]:
    """What is engaged in each year, by who pays it in the end; nothing where there is but one year."""
    bars = []
    for number in sorted({one.year for one in years}):
        engaged = summed(years, number).engaged
        parts = (engaged.net, engaged.fctva, engaged.subsidies)
        bars.append(
            {
                "label": str(number),
                "values": [max(part, 0) for part in parts],
                "text": euros(engaged.ttc),
                "detail": f"Coût net {euros(engaged.net)}, FCTVA estimé {euros(engaged.fctva)}, "
                f"subventions {euros(engaged.subsidies)}.",
            }
        )
    return bars if len(bars) > 1 else []


def files(url: str, year: int | None) -> list[dict[str, str]]:
    asked = {"annee": str(year) if year else ""}
    return [{"label": kind.upper(), "url": with_query(f"{url}/liste.{kind}", asked)} for kind in NAMES]


def kept_year(year: int | None) -> Mapping[str, str]:
    return {"annee": str(year) if year else ""}
