"""What a decision, an agenda item or a difficulty is about: a purchase, and whatever else a feature brings.

A row names its subject by one nullable key for each kind, of which it fills at most one. `KINDS` and `About` are the
one place where a new kind gets its column; a migration adds it to the tables.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import CheckConstraint
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import Constraint
from sqlmodel import SQLModel

from pooling.kernel.tables import foreign_id, within_group
from pooling.members.rights import Caller

KINDS: Mapping[str, str] = {"purchase": "purchases"}
"""The table of each kind; the key to it is `<kind>_id`."""

KEYS = ", ".join(f"{kind}_id" for kind in KINDS)
"""In SQL."""
Named = tuple[str, int]
"""A subject by its kind and id."""


class About(SQLModel):
    """What a table whose rows have a subject is made of too, with the constraints of `about`."""

    purchase_id: int | None = foreign_id(nullable=True)

    @property
    def about(self) -> Named | None:
        keys = ((kind, getattr(self, key_of(kind))) for kind in KINDS)
        return next(((kind, key) for kind, key in keys if key is not None), None)


def key_of(kind: str) -> str:
    return f"{kind}_id"


def keys_to(subject: Named | None) -> dict[str, int | None]:
    """The columns that name this subject, and no other."""
    return {key_of(kind): subject[1] if subject is not None and subject[0] == kind else None for kind in KINDS}


def about_one(kinds: Mapping[str, str] = KINDS) -> list[Constraint]:
    """Within the group, and one at most: of a single kind there is nothing to check."""
    constraints: list[Constraint] = [within_group(key_of(kind), table) for kind, table in kinds.items()]
    if len(kinds) > 1:
        keys = ", ".join(key_of(kind) for kind in kinds)
        constraints.append(CheckConstraint(f"num_nonnulls({keys}) <= 1", name="about_one"))
    return constraints


@dataclass(frozen=True)
class Subject:
    """One of them, as people meet it."""

    kind: str
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


ReadSubjects = Callable[[AsyncSession, Collection[int]], Awaitable[Mapping[int, Subject]]]
"""Those of these ids, in one statement."""


@dataclass(frozen=True)
class SubjectKind:
    """A kind of what one speaks about, declared by its feature."""

    name: str
    """`purchase`, whose id stands in `purchase_id`."""
    word: str
    """« Achat »."""
    the: str
    """« l’achat »."""
    asked: str
    """Who knows how it stands: « l’acheteur pilote »."""
    read: ReadSubjects
    run_by: Callable[[Caller], Collection[int]]
    """The ids of those that the caller runs."""
    running: Callable[[Caller, int], Caller]
    """The caller as if it ran this one, for a decision that it carries out."""

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
