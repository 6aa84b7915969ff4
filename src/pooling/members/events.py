"""How a feature says its events in French, for the journal."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.events import Event
from pooling.web.typography import date_short

NamesOf = Callable[[AsyncSession, Collection[int]], Awaitable[dict[int, str]]]
"""What these ids are called now, in one statement; those that are gone are left out."""


@dataclass(frozen=True)
class Subject:
    """What events are about, or name in their details."""

    kind: str
    label: str = ""
    """What people choose from a list of subjects: « Achats »."""
    otherwise: str = ""
    """What one is called whose name is gone."""
    keys: Sequence[str] = ()
    """Details that hold the id of one."""
    states: Mapping[Any, str] = field(default_factory=dict)
    """Its states in words."""
    named: NamesOf | None = None


@dataclass(frozen=True)
class Names:
    """What the ids in events are called now, by the kind of their subject."""

    called: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def of(self, kind: str, key: object, otherwise: str = "") -> str:
        return self.called.get(kind, {}).get(key, otherwise) if isinstance(key, int) else otherwise


Gap = Callable[[Event, Names], str]
"""What stands in a gap of a sentence."""
Change = Callable[[Event, Names], tuple[str, str]]
"""What was, and what is."""


@dataclass(frozen=True)
class EventWords:
    """A feature's events as sentences, from the verb on: « a clos la collecte de {purchase} ».

    A gap that bears the name of a kind of subject is what this one is called; another is filled by `gaps`, or is a
    detail as it was recorded.
    """

    sentences: Mapping[str, str] = field(default_factory=dict)
    subjects: Sequence[Subject] = ()
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)
    """Of the events whose two sides are more than states, settings or moments."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the settings are called that events say have changed."""


def named_by(key: Any, *columns: Any, said: str = "{}") -> NamesOf:  # noqa: ANN401 - columns of models
    """Reads names from a table. The ids are one array: a statement takes no more than 32 767 parameters."""

    async def named(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
        wanted = any_(cast(sorted(ids), ARRAY(BigInteger)))
        rows = await session.execute(select(col(key), *(col(column) for column in columns)).where(col(key) == wanted))
        return {found: said.format(*called) for found, *called in rows}

    return named


def each_differing(event: Event, said: Callable[[Any], object]) -> tuple[str, str]:
    """Details before and after, by code, where they differ: « arceau : 4 »."""
    before, after = event.details.get("before"), event.details.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "", ""
    return _differing(before, after, said), _differing(after, before, said)


def _differing(side: Mapping[str, Any], other: Mapping[str, Any], said: Callable[[Any], object]) -> str:
    return " ; ".join(f"{code} : {said(value)}" for code, value in side.items() if other.get(code) != value)


def day_in_words(written: object) -> str:
    """« pour le 31/03/2027 »; nothing where no day was written."""
    try:
        return f"pour le {date_short(date.fromisoformat(str(written)))}"
    except ValueError:
        return ""
