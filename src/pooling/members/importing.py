"""Members from a list: one line each, a unit's line naming the code of what it belongs to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.list_reading import (
    BRIEF,
    BadLine,
    Line,
    read_list,
    read_pasted,
    told_to_nobody,
    without_blanks,
)
from pooling.kernel.text import one_line, slug
from pooling.members.adding import MemberIn, UnitIn
from pooling.members.admission import admit_members
from pooling.members.changing import FACTS, change_members
from pooling.members.locking import lock_group
from pooling.members.models import Member, MemberKind

COLUMNS = {
    "code": ("siren", "code", "siren ou code", "n° siren", "numéro siren", "no siren"),
    "name": ("nom", "name", "membre", "nom de la commune", "nom de la collectivité", "commune", "collectivité"),
    "category": ("type", "kind", "catégorie"),
    "insee": ("insee", "code insee", "insee de la commune", "code commune"),
    "population": ("population", "population municipale", "population totale"),
    "agents": ("agents", "effectif", "agents_fictional"),
    "parent": ("rattachement", "parent"),
    "budget": ("budget", "code budget"),
    "budget_label": ("libellé budget", "budget_label"),
}
WRONG = {
    "code": "le SIREN doit avoir neuf chiffres dont une clé valide (ou, pour une composante, un code sans espace)",
    "name": "le nom manque ou dépasse 200 caractères",
    "category": "le type dépasse 100 caractères",
    "insee": "le code INSEE doit ressembler à 33009 ou 2A004",
    "population": "la population doit être un nombre entier, positif ou nul",
    "agents": "l’effectif doit être un nombre entier, positif ou nul",
}


class LineState(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class PlannedLine:
    """What a line of a list comes to."""

    number: int
    member: MemberIn | UnitIn
    state: LineState
    member_id: int | None = None
    """Of a member that is there already."""
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """What it was and what it will be, by fact. An empty cell says nothing."""


@dataclass(frozen=True)
class ListPlan:
    """What a list comes to before anything of it is written."""

    lines: Sequence[PlannedLine]
    bad: Sequence[BadLine]

    def count(self, state: LineState) -> int:
        return sum(line.state == state for line in self.lines)

    @property
    def mark(self) -> str:
        """To tell whether it still comes to what somebody saw."""
        seen = [(line.number, line.member.code, line.state, sorted(line.changes.items())) for line in self.lines]
        return sha256(repr((seen, self.bad)).encode()).hexdigest()[:16]


async def plan_members(session: AsyncSession, lines: Sequence[Line]) -> ListPlan:
    """Looks at each line of a list. A unit may stand before what it belongs to."""
    present = {row.code: row for row in await session.execute(_PRESENT)}
    good: list[PlannedLine] = []
    bad: list[BadLine] = []
    first: dict[str, int] = {}
    for line in lines:
        if not line["code"] and slug(line["name"]).startswith("total"):
            bad.append(BadLine(line.number, f"« {line['name']} » est une ligne de total, pas un membre : retirez-la"))
            continue
        try:
            member = _member(line)
        except ValidationError as invalid:
            bad.append(BadLine(line.number, _sentence(invalid)))
            continue
        if first.setdefault(member.code, line.number) != line.number:
            bad.append(BadLine(line.number, f"{member.code} est déjà à la ligne {first[member.code]}"))
        else:
            good.append(_planned(line.number, member, present.get(member.code)))
    gone = {code for code, row in present.items() if row.retired_on is not None}
    entities = {code for code, row in present.items() if row.kind == MemberKind.LEGAL_ENTITY} - gone
    entities |= {line.member.code for line in good if line.member.parent is None}
    orphans = {
        line.number: parent for line in good if (parent := line.member.parent) is not None and parent not in entities
    }
    strangers = {
        line.number
        for line in good
        if line.member_id and line.member.code not in gone and present[line.member.code].kind != line.member.kind
    }
    bad += [BadLine(number, f"rattachement inconnu : {parent}") for number, parent in orphans.items()]
    retired = {line.number for line in good if line.member.code in gone}
    bad += [BadLine(number, "ce membre a quitté le groupe : reprenez-le d’abord, à sa page") for number in retired]
    bad += [BadLine(number, "une liste ne change pas un établissement en composante") for number in strangers]
    left_out = orphans.keys() | strangers | retired
    return ListPlan([line for line in good if line.number not in left_out], sorted(bad, key=lambda line: line.number))


_PRESENT = select(
    col(Member.id), col(Member.code), col(Member.kind), col(Member.retired_on), *(getattr(Member, n) for n in FACTS)
)


def _planned(number: int, member: MemberIn | UnitIn, row: Any) -> PlannedLine:  # noqa: ANN401 - a row of _PRESENT
    if row is None:
        return PlannedLine(number, member, LineState.NEW)
    given = {name: getattr(member, name) for name in ("name", "category", "insee", "population", "agents")}
    changes = {
        name: (getattr(row, name), value)
        for name, value in given.items()
        if value not in {None, "", getattr(row, name)} and not (name == "category" and _is_default(member))
    }
    return PlannedLine(number, member, LineState.CHANGED if changes else LineState.UNCHANGED, row.id, changes)


def _is_default(member: MemberIn | UnitIn) -> bool:
    """Whether nobody said of what type it is."""
    return "category" not in member.model_fields_set


async def carry_out(session: AsyncSession, plan: ListPlan, now: datetime, *, by: int | None) -> int:
    """Writes what is new and what changes, in a group that is locked; gives how many lines that were."""
    new = [line.member for line in plan.lines if line.state == LineState.NEW]
    await admit_members(session, new, now, by=by)
    wanted: dict[int, dict[str, Any]] = {}
    for line in plan.lines:
        if line.member_id is not None and line.changes:
            wanted[line.member_id] = {name: after for name, (_, after) in line.changes.items()}
            if "population" in line.changes:
                wanted[line.member_id]["population_year"] = None
    await change_members(session, wanted, now, by=by)
    return len(new) + len(wanted)


async def import_members(
    session: AsyncSession, lines: Sequence[Line], now: datetime, *, skip_bad: bool = False, by: int | None = None
) -> tuple[int, list[BadLine]]:
    """Adds the members of a list, and corrects those that are there; returns how many, and the lines refused. With bad
    lines and without `skip_bad`, nothing is written.
    """
    await lock_group(session)
    plan = await plan_members(session, lines)
    if plan.bad and not skip_bad:
        return 0, list(plan.bad)
    return await carry_out(session, plan, now, by=by), list(plan.bad)


def _member(line: Line) -> MemberIn | UnitIn:
    values: dict[str, Any] = {
        "name": one_line(line["name"]),
        **({"category": line["category"]} if line["category"] else {}),
        "population": without_blanks(line["population"]) or None,
        "agents": without_blanks(line["agents"]) or None,
        "budgets": {line["budget"]: line["budget_label"] or line["budget"]} if line["budget"] else {},
    }
    if line["parent"]:
        return UnitIn(code=line["code"], parent=without_blanks(line["parent"]), **values)
    return MemberIn(code=without_blanks(line["code"]), insee=_insee(line["insee"]), **values)


def _insee(typed: str) -> str | None:
    """A spreadsheet that takes 01004 for a number keeps 1004."""
    code = without_blanks(typed)
    return code.zfill(5) if code.isdigit() else code or None


def _sentence(invalid: ValidationError) -> str:
    fields = {str(error["loc"][0]) for error in invalid.errors()}
    return " ; ".join(WRONG.get(name, name) for name in sorted(fields))


def read_members(path: Path, told: Callable[[str], None] = told_to_nobody) -> list[Line]:
    return read_list(path, COLUMNS, required=("code", "name"), told=told)


def read_sent(content: bytes, longest: int) -> list[Line]:
    """The lines of a file that was sent to a page.

    Raises:
        UnreadableListError: it cannot be read, or not soon enough.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(content)
        return read_list(path, COLUMNS, ("code", "name"), longest=longest, effort=BRIEF)


def read_again(carried: str, longest: int) -> list[Line]:
    """The lines that `carried` wrote, as a page brought them back."""
    return read_pasted(carried, COLUMNS, ("code", "name"), longest=longest)


def carried(lines: Sequence[Line]) -> str:
    """The lines as a form carries them from what was looked at to what is confirmed: tabs between cells, our headings.
    Lines that were empty leave a blank one, so that numbers stay what they were.
    """
    written = {line.number: "\t".join(_cell(line[name]) for name in COLUMNS) for line in lines}
    last = max(written, default=1)
    return "\n".join(
        ["\t".join(headings[0] for headings in COLUMNS.values()), *(written.get(n, "") for n in range(2, last + 1))]
    )


def _cell(text: str) -> str:
    """What a cell holds, on one line and in quotation marks where it has one itself."""
    plain = " ".join(text.split())
    return '"' + plain.replace('"', '""') + '"' if '"' in plain else plain
