"""What a decision can do: acts, each declared by the feature that has the use case.

An act is asked for on a page, kept with the decision as its terms, said in words, and carried out once by the use case
of whoever runs its subject.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.errors import Invalid
from pooling.members.rights import Caller
from pooling.web.forms import Form


class Terms(BaseModel):
    """What an act needs to know: a closing date, another lead member…"""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoTerms(Terms):
    """Nothing more to say."""


T = TypeVar("T", bound=Terms)


@dataclass(frozen=True)
class Order(Generic[T]):
    """An act to carry out: on what, for whom, and what is said of it."""

    session: AsyncSession
    caller: Caller
    """Empowered by the decision to run its subject; the person is the one who clicks."""
    subject_id: int
    terms: T
    reason: str
    zone: ZoneInfo
    clock: Clock


class Fields:
    """What a page asks for an act: from stored terms to what is typed, and back. These ask nothing."""

    template: ClassVar[str] = ""
    """The part of a page that shows them; it finds `form` and what `shown` gives."""

    async def typed(self, session: AsyncSession, terms: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG002
        """The fields' values that show these stored terms; none, where the act is new to the decision."""
        return {}

    def begin(self, form: Form) -> bool:  # noqa: ARG002
        """Whether what was chosen needs fields that the page did not show. They are filled with what stands today."""
        return False

    def shown(self, form: Form) -> Mapping[str, Any]:  # noqa: ARG002
        return {}

    def labels(self) -> Mapping[str, str]:
        """Of fields that an error's sentence alone does not name."""
        return {}

    @property
    def in_steps(self) -> bool:
        """Whether a choice on the page may ask for more fields."""
        return False

    async def read(self, session: AsyncSession, form: Form) -> Mapping[str, Any]:  # noqa: ARG002
        """The terms as typed, for `Act.read`.

        Raises:
            Invalid: at least one field was refused.
        """
        return {}


async def _no_fields(session: AsyncSession, subject_id: int) -> Fields:  # noqa: ARG001 - as the others
    return Fields()


async def _no_doubts(*_: object) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Act(Generic[T]):
    """Something that a decision does to its subject once somebody carries it out."""

    name: str
    """As decisions keep it."""
    label: str
    """« Clôturer la collecte »."""
    subject: str
    """The kind of subject that it acts on."""
    possible: Collection[str]
    """In which of its states: what pages say beforehand. The use case decides."""
    terms: type[T]
    carry_out: Callable[[Order[T]], Awaitable[None]]
    consequences: Callable[[T], Sequence[str]]
    """What carrying it out brings about, for who is asked to confirm."""
    asks: Callable[[AsyncSession, int], Awaitable[Fields]] = _no_fields
    """Given the subject's id."""
    says: Callable[[AsyncSession, Sequence[tuple[int, T]]], Awaitable[Sequence[str]]] | None = None
    """What it does to each of these subjects with these terms, in words, in a fixed number of statements. None: its
    label.
    """
    doubts: Callable[[AsyncSession, int, T, ZoneInfo, datetime], Awaitable[Sequence[str]]] = _no_doubts
    """What had better be looked at before these terms are chosen and carried out, each in a French sentence."""
    did: Mapping[str, str] = field(default_factory=dict)
    """What its events mean, as sentences; a gap is filled by a detail of the event, or of what is `after` it."""
    incomplete: str = "Précisez ce que la décision change."
    danger: bool = False
    """Whether it cannot be undone."""

    def read(self, raw: Mapping[str, Any]) -> T:
        """The terms, as they are stored.

        Raises:
            Invalid: they are not what the act needs.
        """
        try:
            return self.terms.model_validate(dict(raw))
        except ValidationError as error:
            where = str((error.errors()[0]["loc"] or ("act",))[0])
            raise Invalid({where: self.incomplete}) from error

    async def in_words(self, session: AsyncSession, effects: Sequence[tuple[int, T]]) -> Sequence[str]:
        return await self.says(session, effects) if self.says else [self.label] * len(effects)


def each(say: Callable[[T], str]) -> Callable[[AsyncSession, Sequence[tuple[int, T]]], Awaitable[Sequence[str]]]:
    """Says each act from its terms alone."""

    async def says(session: AsyncSession, effects: Sequence[tuple[int, T]]) -> Sequence[str]:  # noqa: ARG001 - as the others
        return [say(terms) for _, terms in effects]

    return says
