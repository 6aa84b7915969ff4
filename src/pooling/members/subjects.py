"""What a decision, an agenda item or a difficulty is about, as people meet it: declared by its feature, shown beside
the row, offered and read in forms. The keys that rows have to it are in `kernel/about.py`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.about import KINDS, About, Named, key_of
from pooling.kernel.errors import Invalid
from pooling.kernel.states import StateMachine
from pooling.kernel.tables import any_of, id_typed, linked
from pooling.members.rights import Caller
from pooling.web.forms import Form

_COLUMNS = 4
OFFERED_AT_MOST = 100
LONGEST_REFERENCE = 40
ONE_ALONE = "Choisissez un seul objet."


class AboutIn(BaseModel):
    """What a command is made of too, that names a subject by its reference."""

    purchase: str = Field(default="", max_length=LONGEST_REFERENCE)
    """The reference of the purchase that it is about: `AG-2027-001`."""
    round: str = Field(default="", max_length=LONGEST_REFERENCE)
    """The reference of the round that it is about: `TP-2027-001`."""
    action: str = Field(default="", max_length=LONGEST_REFERENCE)
    """The reference of the action that it is about, of a row that is about no purchase: `FA-2027-003`."""


def reference_of(subject: "Subject | None", kind: str) -> str | None:
    """What an interface for programs says in the field of this kind."""
    return subject.reference if subject is not None and subject.kind == kind else None


@dataclass(frozen=True)
class Subject:
    """One of them, as people meet it."""

    kind: str
    word: str
    """What it is: « Achat »."""
    id: int
    reference: str
    title: str
    state: str
    state_word: str
    path: str
    """From the group's address on."""

    @property
    def called(self) -> str:
        """« Arceaux et abris (AG-2027-001) »."""
        return f"{self.title} ({self.reference})"

    @property
    def listed(self) -> str:
        """« AG-2027-001 · Arceaux et abris »."""
        return f"{self.reference} · {self.title}"


class SubjectTable(Protocol):
    """What the table of a kind has."""

    group_id: int
    id: int
    reference: str
    title: str
    state: str


@dataclass(frozen=True)
class SubjectKind:
    """A kind of what one speaks about, declared by its feature."""

    name: str
    """`purchase`, whose id stands in `purchase_id`."""
    word: str
    """« Achat »."""
    the: str
    """« l’achat »."""
    field: str
    """What a form asks: « Achat concerné »."""
    one_of_the_group: str
    """« un achat du groupe »."""
    unknown: str
    """Told who names one that is not there."""
    asked: str
    """Who knows how it stands: « l’acheteur pilote »."""
    table: type[SubjectTable]
    states: StateMachine[Any]
    path: str
    """Where it is, from the group's address on: `/achats/{reference}`."""
    run_by: Callable[[Caller], Collection[int]]
    """The ids of those that the caller runs."""
    running: Callable[[Caller, int], Caller]
    """The caller as if it ran this one, for a decision that it carries out."""
    over: Collection[str] = ()
    """Its states in which nothing goes on although it may be taken up again: those that end its life are known."""

    @property
    def beginning(self) -> str:
        """A sentence about one: « L’achat »."""
        return self.the[0].upper() + self.the[1:]

    @property
    def to_the(self) -> str:
        return self._after("à", "au")

    @property
    def of_the(self) -> str:
        return self._after("de", "du")

    def _after(self, word: str, contracted: str) -> str:
        noun = self.the.removeprefix("le ")
        return f"{word} {self.the}" if noun == self.the else f"{contracted} {noun}"

    @property
    def columns(self) -> tuple[Any, ...]:
        """Those of `shown`."""
        return tuple(getattr(self.table, name) for name in ("id", "reference", "title", "state"))

    def shown(self, key: int, reference: str, title: str, state: str) -> Subject:
        path = self.path.format(reference=reference)
        return Subject(self.name, self.word, key, reference, title, state, self.states.word(state), path)


@dataclass(frozen=True)
class Subjects:
    """All kinds, by their names."""

    kinds: Mapping[str, SubjectKind]

    def __getitem__(self, name: str) -> SubjectKind:
        return self.kinds[name]

    def runs(self, caller: Caller, subject: Named | None) -> bool:
        """Whether the caller runs this subject."""
        return subject is not None and subject[1] in self[subject[0]].run_by(caller)

    def run_by(self, caller: Caller, table: type[About]) -> ColumnElement[bool]:
        """The rows of this table whose subject the caller runs."""
        return or_(
            false(), *(any_of(col(getattr(table, key_of(name))), kind.run_by(caller)) for name, kind in self._kept)
        )

    @property
    def _kept(self) -> list[tuple[str, SubjectKind]]:
        """Those that tables have a key to, in its order."""
        return [(name, self[name]) for name in KINDS if name in self.kinds]

    def joined(self, statement: Any, table: type[Any]) -> Any:  # noqa: ANN401 - a SELECT of any columns
        """The statement on this table with what each row is about, for `in_row`: no statement more."""
        for name, kind in self._kept:
            other: Any = kind.table
            statement = statement.add_columns(*kind.columns).outerjoin(
                other, linked(other.id, getattr(table, key_of(name)))
            )
        return statement

    def in_row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The row of a joined statement with, in place of what joining added, its subject or None."""
        width = len(self._kept) * _COLUMNS
        asked, added = tuple(row)[: len(row) - width], tuple(row)[len(row) - width :]
        for place, (_, kind) in enumerate(self._kept):
            found = added[place * _COLUMNS : (place + 1) * _COLUMNS]
            if found[0] is not None:
                return *asked, kind.shown(*found)
        return *asked, None

    async def find(self, session: AsyncSession, subject: Named) -> Subject | None:
        """It as it stands now."""
        kind = self[subject[0]]
        row = (await session.execute(select(*kind.columns).where(kind.columns[0] == subject[1]))).one_or_none()
        return kind.shown(*row) if row is not None else None

    async def referred(self, session: AsyncSession, commands: Sequence[AboutIn]) -> list[Named | None]:
        """What these commands are about, one statement for each kind that they name.

        Raises:
            Invalid: the group has not one of them, or a command names more than one.
        """
        ids: dict[tuple[str, str], Named] = {}
        for name, kind in self._kept:
            wanted = {reference for command in commands if (reference := getattr(command, name))}
            if wanted:
                key, reference, *_ = kind.columns
                rows = (await session.execute(select(reference, key).where(any_of(reference, wanted)))).all()
                if len(rows) < len(wanted):
                    raise Invalid({name: kind.unknown})
                ids |= {(name, called): (name, found) for called, found in rows}
        return [
            _one([ids[name, getattr(command, name)] for name, _ in self._kept if getattr(command, name)])
            for command in commands
        ]

    async def referred_in(self, session: AsyncSession, form: Form) -> dict[str, Any]:
        """What a form refers to, for an `AboutIn`; what the group has not is refused."""
        typed: dict[str, Any] = {name: form.text(name, longest=LONGEST_REFERENCE) for name, _ in self._kept}
        with form.joined():
            await self.referred(session, [form.command(AboutIn, {}, **typed)])
        return typed

    async def chosen(self, session: AsyncSession, form: Form) -> Named | None:
        """What was chosen in a form among `choices`, by id; what the group has not is refused."""
        named = []
        for name, kind in self._kept:
            typed = form.text(name, longest=20)
            key = id_typed(typed)
            if key is not None and await self.find(session, (name, key)) is not None:
                named.append((name, key))
            elif typed:
                form.refuse(name, f"Choisissez {kind.one_of_the_group}.")
        if len(named) > 1:
            form.refuse(named[1][0], ONE_ALONE)
        return named[0] if named else None

    async def choices(self, session: AsyncSession, form: Form, present: Subject | None = None) -> "list[Choice]":
        """What a form offers: of each kind the latest that are going on, and first what is chosen or present."""
        return [Choice(kind, await _offered(session, kind, form.value(name), present)) for name, kind in self._kept]


async def _offered(session: AsyncSession, kind: SubjectKind, typed: str, present: Subject | None) -> list[Subject]:
    key, reference, _, state = kind.columns
    ended = [str(one) for one in kind.states.states if kind.states.is_end(one) or one in kind.over]
    chosen = or_(
        reference == typed,
        key == (id_typed(typed) or 0),
        key == (present.id if present is not None and present.kind == kind.name else 0),
    )
    rows = await session.execute(
        select(*kind.columns)
        .where(or_(state.not_in(ended), chosen))
        .order_by(chosen.desc(), key.desc())
        .limit(OFFERED_AT_MOST)
    )
    return [kind.shown(*row) for row in rows]


def _one(named: Sequence[Named]) -> Named | None:
    if len(named) > 1:
        raise Invalid({named[1][0]: ONE_ALONE})
    return named[0] if named else None


@dataclass(frozen=True)
class Choice:
    """The field of a form that asks for a subject of one kind."""

    kind: SubjectKind
    subjects: Sequence[Subject]

    @property
    def ids(self) -> list[tuple[str, str]]:
        return [(str(one.id), one.listed) for one in self.subjects]

    @property
    def references(self) -> list[tuple[str, str]]:
        return [(one.reference, one.listed) for one in self.subjects]
