"""What the host adds to the catalogue, or says in the place of an entry of the file: versions that stay, of which the
last one counts. Every group reads them; an administrator of the installation writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.actions.catalogue import Catalogue, System
from pooling.actions.models import CatalogueVersion
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.limits import Readers, limit
from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.text import slug, sort_key
from pooling.kernel.versions import OF_A_PAGE, ChangedMeanwhile

MOST_ENTRIES = limit(200, "Entries that a host adds to the catalogue of actions", __name__, Readers.OPERATORS)
LONGEST_CODE = 40
_LATEST = Order(
    *(col(CatalogueVersion.written_at), col(CatalogueVersion.code), col(CatalogueVersion.number)), latest_first=True
)
_WRITE = text("SELECT write_catalogue_version(:code, :after, :content, :withdrawn, :now, :author)").bindparams(
    bindparam("content", type_=JSONB), bindparam("now", type_=TIMESTAMP(timezone=True))
)


@dataclass(frozen=True)
class Entry:
    """An entry as it stands."""

    system: System
    number: int
    """Of the host's last version; 0: it is the file's alone."""
    shipped: bool
    """The file has it too."""
    withdrawn: bool

    @property
    def offered(self) -> bool:
        """Whether groups find it in their catalogue."""
        return self.shipped or not self.withdrawn

    @property
    def of_the_host(self) -> bool:
        """Whether what groups read of it was written in the pages."""
        return self.number > 0 and not self.withdrawn


@dataclass(frozen=True)
class Written:
    """A version, as the host's journal tells it."""

    code: str
    name: str
    number: int
    withdrawn: bool
    written_at: datetime
    author: str
    changed: tuple[str, ...]
    """Parts that differ from the version before, by their names in a `System`."""


async def entries(session: AsyncSession, file: Catalogue) -> list[Entry]:
    """All of them: those of the file in its order, then those that the host adds, in French order."""
    latest = await _latest(session)
    shipped = [_entry(latest.get(system.code), system) for system in file.systems]
    codes = {system.code for system in file.systems}
    added = [_entry(version, None) for code, version in latest.items() if code not in codes]
    return [*shipped, *sorted(added, key=lambda entry: (sort_key(entry.system.name), entry.system.code))]


async def _latest(session: AsyncSession) -> Mapping[str, CatalogueVersion]:
    statement = (
        select(CatalogueVersion)
        .ext(distinct_on(col(CatalogueVersion.code)))
        .order_by(col(CatalogueVersion.code), col(CatalogueVersion.number).desc())
    )
    return {version.code: version for version in (await session.execute(statement)).scalars()}


def _entry(version: CatalogueVersion | None, shipped: System | None) -> Entry:
    if version is None:
        assert shipped is not None, "an entry stands somewhere"
        return Entry(shipped, 0, shipped=True, withdrawn=False)
    own = System.model_validate(version.content)
    system = shipped if version.withdrawn and shipped is not None else own
    return Entry(system, version.number, shipped=shipped is not None, withdrawn=version.withdrawn)


async def whole_catalogue(session: AsyncSession, file: Catalogue) -> Catalogue:
    """What groups propose from: the file's entries and the host's."""
    found = await entries(session, file)
    return Catalogue(
        systems=tuple(entry.system for entry in found if entry.offered),
        former=(*file.former, *(entry.system for entry in found if not entry.offered)),
    )


async def find_entry(session: AsyncSession, file: Catalogue, code: str) -> Entry:
    """Raises:
    NotFound: neither the file nor the host has it.
    """
    found = next((entry for entry in await entries(session, file) if entry.system.code == code), None)
    if found is None:
        raise NotFound
    return found


def code_of(name: str) -> str:
    """What an entry of this name is known by; empty where the name begins with no letter."""
    code = slug(name)[:LONGEST_CODE].rstrip("-")
    return code if code[:1].isalpha() else ""


async def add_entry(session: AsyncSession, file: Catalogue, entry: System, author: int, now: datetime) -> None:
    """Raises:
    Conflict: the catalogue has an entry of this code.
    Invalid: the host has as many as it may.
    """
    found = await entries(session, file)
    if any(one.system.code == entry.code for one in found) or file.find(entry.code) is not None:
        raise Conflict("Le catalogue a déjà une entrée de ce nom, peut-être retirée.", code="entry_exists")
    if sum(not one.shipped for one in found) >= MOST_ENTRIES:
        raise Invalid({"name": f"{MOST_ENTRIES} entrées au plus s’ajoutent au catalogue."})
    await _write(session, entry, author, now, after=0, withdrawn=False)


async def change_entry(
    session: AsyncSession, file: Catalogue, entry: System, author: int, now: datetime, *, shown: int
) -> None:
    """Writes a further version, which is offered; of what stands already, none. `shown` is the number of the version
    that the person had before its eyes.

    Raises:
        NotFound: there is no such entry.
        ChangedMeanwhile: another version came since.
    """
    present = await find_entry(session, file, entry.code)
    if present.number != shown:
        raise ChangedMeanwhile(OF_A_PAGE)
    if entry != present.system or (present.withdrawn and not present.shipped):
        await _write(session, entry, author, now, after=shown, withdrawn=False)


async def withdraw_entry(
    session: AsyncSession, file: Catalogue, code: str, author: int, now: datetime, *, shown: int
) -> None:
    """Takes the host's words away: groups propose from the entry no longer, or find that of the file again.

    Raises:
        NotFound: there is no such entry.
        ChangedMeanwhile: another version came since.
        Conflict: nothing of it is the host's.
    """
    present = await find_entry(session, file, code)
    if present.number != shown:
        raise ChangedMeanwhile(OF_A_PAGE)
    if not present.of_the_host:
        raise Conflict("Cette entrée n’est pas de la plateforme, ou elle est déjà retirée.", code="already_withdrawn")
    await _write(session, present.system, author, now, after=shown, withdrawn=True)


async def _write(
    session: AsyncSession, entry: System, author: int, now: datetime, *, after: int, withdrawn: bool
) -> None:
    """By the one function that may: it asks again whether the author is an administrator."""
    said = {"code": entry.code, "content": entry.model_dump(mode="json"), "withdrawn": withdrawn}
    done = await session.execute(_WRITE, {**said, "after": after, "now": now, "author": author})
    if done.scalar_one() is None:
        raise ChangedMeanwhile(OF_A_PAGE)


async def written(session: AsyncSession, wanted: Slice) -> Listed[Written]:
    """The journal of the catalogue, the latest first. In a transaction of no group, where all people are known."""
    before = select(col(CatalogueVersion.content), col(CatalogueVersion.code), col(CatalogueVersion.number)).subquery()
    statement = (
        select(CatalogueVersion, col(Person.name), before.c.content)
        .join(Person, col(Person.id) == col(CatalogueVersion.written_by))
        .outerjoin(
            before,
            (before.c.code == col(CatalogueVersion.code)) & (before.c.number == col(CatalogueVersion.number) - 1),
        )
    )
    return (await _LATEST.read(session, statement, wanted)).each(lambda row: _written(*row))


def _written(version: CatalogueVersion, author: str, before: Mapping[str, object] | None) -> Written:
    content = version.content
    changed = () if before is None else tuple(name for name in content if content[name] != before.get(name))
    name = str(content["name"])
    return Written(version.code, name, version.number, version.withdrawn, version.written_at, author, changed)
