"""Members from a list, with their people where it names them: a unit's line names the code of what it belongs to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.errors import Invalid
from pooling.kernel.list_reading import (
    BRIEF,
    BadLine,
    Line,
    read_list,
    read_pasted,
    told_to_nobody,
    without_blanks,
)
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import one_line, slug
from pooling.mail_addresses import read_address
from pooling.members.adding import LONGEST_CATEGORY, LONGEST_NAME, MemberIn, UnitIn, members_by_code
from pooling.members.admission import admit_members
from pooling.members.changing import FACTS, change_members
from pooling.members.inviting import InvitationIn, give_roles
from pooling.members.locking import lock_group
from pooling.members.mails import Sender
from pooling.members.models import Member, MemberKind, Membership, Role
from pooling.members.people_list import MembersTyped, reasons_against
from pooling.members.words import read_role
from pooling.reminders.kinds import Context

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
    "email": ("courriel", "adresse électronique", "adresse e-mail", "e-mail", "email", "mél"),
    "person": ("personne", "prénom et nom", "nom de la personne", "contact"),
    "function": ("fonction",),
    "role": ("rôle", "role"),
}
_OF_PERSON = ("email", "person", "function", "role")
WRONG = {
    "code": "le SIREN doit avoir neuf chiffres dont une clé valide (ou, pour une composante, un code sans espace)",
    "name": f"le nom manque ou dépasse {LONGEST_NAME} caractères",
    "category": f"le type dépasse {LONGEST_CATEGORY} caractères",
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
class PlannedPerson:
    """Somebody whom a line gives a role: of its member, or of the group where it names none."""

    number: int
    email: str
    name: str
    function: str
    role: Role
    code: str
    state: LineState = LineState.NEW
    """Unchanged: the role is held already."""


@dataclass(frozen=True)
class ListPlan:
    """What a list comes to before anything of it is written."""

    lines: Sequence[PlannedLine]
    bad: Sequence[BadLine]
    people: Sequence[PlannedPerson] = ()

    @property
    def invited(self) -> list[PlannedPerson]:
        return [one for one in self.people if one.state == LineState.NEW]

    def count(self, state: LineState) -> int:
        return sum(line.state == state for line in self.lines)

    @property
    def mark(self) -> str:
        """To tell whether it still comes to what somebody saw."""
        seen = [(line.number, line.member.code, line.state, sorted(line.changes.items())) for line in self.lines]
        return sha256(repr((seen, self.bad, self.people)).encode()).hexdigest()[:16]


async def plan_members(session: AsyncSession, lines: Sequence[Line]) -> ListPlan:
    """Looks at each line of a list. A unit may stand before what it belongs to; a line may name a person with its role,
    and the lines of one member as many as it has.
    """
    read = _Reading({row.code: row for row in await session.execute(_PRESENT)})
    for line in lines:
        if refused := read.take(line):
            read.bad.append(BadLine(line.number, refused))
    read.leave_out()
    people = await _with_states(session, read.people_kept())
    return ListPlan(read.kept(), sorted(read.bad, key=lambda line: line.number), people)


@dataclass
class _Reading:
    """A list as it is read, line by line."""

    present: Mapping[str, Any]
    good: list[PlannedLine] = field(default_factory=list)
    people: list[PlannedPerson] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    first: dict[str, Line] = field(default_factory=dict)
    """The line that says what a member is, by its code."""
    given: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """In which line somebody is given a role: by address, role and member."""
    named: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What somebody is called, and in which line, by address."""
    left_out: set[int] = field(default_factory=set)

    def take(self, line: Line) -> str | None:
        """Why the line cannot be taken; None once it is."""
        person = None
        if any(line[name] for name in _OF_PERSON):
            person, refused = self._person(line)
            if person is None:
                return refused
        return self._member(line, person) or (self._give(person) if person else None)

    def _member(self, line: Line, person: PlannedPerson | None) -> str | None:
        code = person.code if person else _code_of(line)
        if person and not code:
            return None if not line["name"] else WRONG["code"]
        if not code and slug(line["name"]).startswith("total"):
            return f"« {line['name']} » est une ligne de total, pas un membre : retirez-la"
        before = self.first.get(code)
        if before is not None:
            return self._again(line, before, with_person=person is not None)
        if person and not line["name"] and code in self.present:
            return None  # of a member that is there, and of which the line says nothing
        try:
            member = _member(line)
        except ValidationError as invalid:
            return _sentence(invalid)
        self.first[member.code] = line
        self.good.append(_planned(line.number, member, self.present.get(member.code)))
        return None

    def _again(self, line: Line, before: Line, *, with_person: bool) -> str | None:
        """A member that stands in an earlier line: with another person, and nothing else of the member."""
        if not with_person:
            return f"{_code_of(line)} est déjà à la ligne {before.number}"
        others = [name for name in COLUMNS if name not in _OF_PERSON and line[name] not in {"", before[name]}]
        return f"ce qui est dit du membre n’est pas ce que dit la ligne {before.number}" if others else None

    def _person(self, line: Line) -> tuple[PlannedPerson | None, str]:
        code = _code_of(line)
        cells = [line["email"], one_line(line["person"]), one_line(line["function"]), line["role"], code]
        known = MembersTyped({code: 0} if code else {}, frozenset())
        if reasons := reasons_against(cells, known):
            return None, " ; ".join(reasons)
        role = read_role(line["role"])
        assert role is not None, "checked before"
        return PlannedPerson(line.number, read_address(cells[0]), cells[1], cells[2], role, code), ""

    def _give(self, person: PlannedPerson) -> str | None:
        key = (person.email, str(person.role), person.code)
        if (number := self.given.setdefault(key, person.number)) != person.number:
            return f"{person.email} a déjà ce rôle à la ligne {number}"
        called, number = self.named.setdefault(person.email, (person.name, person.number))
        if called != person.name:
            return f"{person.email} est déjà à la ligne {number} sous un autre nom, « {called} »"
        self.people.append(person)
        return None

    def leave_out(self) -> None:
        """Lines whose member cannot be what they say, and those of people of such a member."""
        gone = {code for code, row in self.present.items() if row.retired_on is not None}
        entities = {code for code, row in self.present.items() if row.kind == MemberKind.LEGAL_ENTITY} - gone
        entities |= {line.member.code for line in self.good if line.member.parent is None}
        for line in self.good:
            row, parent = self.present.get(line.member.code), line.member.parent
            if line.member.code in gone:
                self._refuse(line.number, "ce membre a quitté le groupe : reprenez-le d’abord, à sa page")
            elif row is not None and row.kind != line.member.kind:
                self._refuse(line.number, "une liste ne change pas un établissement en composante")
            elif parent is not None and parent not in entities:
                self._refuse(line.number, f"rattachement inconnu : {parent}")
        kept = {line.member.code for line in self.kept()} | (self.present.keys() - gone)
        for person in self.people:
            if person.code and person.code not in kept and person.number not in self.left_out:
                self._refuse(person.number, f"{person.code} n’est pas un membre du groupe, ni de cette liste")

    def _refuse(self, number: int, reason: str) -> None:
        self.bad.append(BadLine(number, reason))
        self.left_out.add(number)

    def kept(self) -> list[PlannedLine]:
        return [line for line in self.good if line.number not in self.left_out]

    def people_kept(self) -> list[PlannedPerson]:
        return [one for one in self.people if one.number not in self.left_out]


def _code_of(line: Line) -> str:
    """As members have it: a SIREN without its blanks."""
    return line["code"] if line["parent"] else without_blanks(line["code"])


async def _with_states(session: AsyncSession, people: Sequence[PlannedPerson]) -> list[PlannedPerson]:
    """Who holds the role already is not invited again."""
    rows = await session.execute(
        select(col(Person.email), col(Membership.role), func.coalesce(col(Member.code), ""))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .outerjoin(Member, linked(Member.id, Membership.member_id))
        .where(any_of(col(Person.email), {one.email for one in people}), col(Membership.ended_at).is_(None))
    )
    held = {tuple(row) for row in rows}
    return [
        replace(one, state=LineState.UNCHANGED) if (one.email, str(one.role), one.code) in held else one
        for one in people
    ]


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


@dataclass(frozen=True)
class Inviting:
    """In whose name people of a list are invited."""

    person_id: int
    sender: Sender
    context: Context


async def carry_out(
    session: AsyncSession, plan: ListPlan, now: datetime, *, by: int | None, inviting: Inviting | None = None
) -> int:
    """Writes what is new and what changes, in a group that is locked, and invites the people; gives how many members
    that were.

    Raises:
        Invalid: people are to be invited, and in nobody's name.
        TooMany: the one in whose name invited too many today.
    """
    new = [line.member for line in plan.lines if line.state == LineState.NEW]
    await admit_members(session, new, now, by=by)
    wanted: dict[int, dict[str, Any]] = {}
    for line in plan.lines:
        if line.member_id is not None and line.changes:
            wanted[line.member_id] = {name: after for name, (_, after) in line.changes.items()}
            if "population" in line.changes:
                wanted[line.member_id]["population_year"] = None
    await change_members(session, wanted, now, by=by)
    if plan.invited:
        await _invite(session, plan.invited, inviting)
    return len(new) + len(wanted)


async def _invite(session: AsyncSession, people: Sequence[PlannedPerson], inviting: Inviting | None) -> None:
    if inviting is None:
        raise Invalid({"email": "Cette liste invite des personnes : dites au nom de qui."})
    ids = await members_by_code(session)
    invitations = [
        InvitationIn(one.email, one.name, one.role, one.function, ids[one.code] if one.code else None) for one in people
    ]
    await give_roles(session, inviting.person_id, invitations, inviting.sender, inviting.context)


async def import_members(
    session: AsyncSession,
    lines: Sequence[Line],
    now: datetime,
    *,
    skip_bad: bool = False,
    by: int | None = None,
    inviting: Inviting | None = None,
) -> tuple[int, int, list[BadLine]]:
    """Adds the members of a list, corrects those that are there, and invites its people; returns how many of each, and
    the lines refused. With bad lines and without `skip_bad`, nothing is written.

    Raises: as `carry_out`.
    """
    await lock_group(session)
    plan = await plan_members(session, lines)
    if plan.bad and not skip_bad:
        return 0, 0, list(plan.bad)
    written = await carry_out(session, plan, now, by=by, inviting=inviting)
    return written, len(plan.invited), list(plan.bad)


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
