"""Finding one person by what somebody types: among those invited, to give them a proxy; in the group, to invite them.

Nobody is taken for another: a whole name or address names one person, anything less is offered to choose from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.models import Invitation
from pooling.committees.queries import holds_a_role
from pooling.kernel.text import folded_words, without_accents
from pooling.mail_addresses import kept_address
from pooling.members.models import Membership
from pooling.web.forms import Form

MOST_FOUND = 8


@dataclass(frozen=True)
class FoundPerson:
    """Somebody that what was typed may mean."""

    person_id: int
    name: str
    function: str
    exact: bool
    """By their whole name or address."""


@dataclass(frozen=True)
class Chosen:
    """Who was meant, or who to choose from."""

    person_id: int | None = None
    offered: Sequence[FoundPerson] = ()


def choose_person(form: Form, name: str, found: Sequence[FoundPerson], *, nobody: str) -> Chosen:
    """Who was meant by the field `name`, or by the choice `{name}_id` that the page offered; refuses in the form
    what names nobody (with the sentence `nobody`) or several.
    """
    picked = [one for one in found if str(one.person_id) == form.value(f"{name}_id")]
    whole = [one for one in found if one.exact]
    if len(picked or whole) == 1:
        return Chosen((picked or whole)[0].person_id)
    if not found:
        form.refuse(name, nobody)
        return Chosen()
    if len(found) > MOST_FOUND:
        form.refuse(name, f"Plus de {MOST_FOUND} personnes portent ce nom : tapez le prénom et le nom.")
        return Chosen()
    form.refuse(
        name, "Choisissez la personne dans la liste ci-dessous." if len(found) > 1 else "Est-ce cette personne ?"
    )
    return Chosen(offered=found)


def people_offered(found: Sequence[FoundPerson]) -> list[tuple[int, str, str | None]]:
    """People to choose from, for the page's field."""
    return [(one.person_id, one.name, one.function or None) for one in found]


async def person_meant(session: AsyncSession, form: Form, name: str) -> Chosen:
    """The person of the group that the field `name` means; nobody when it is empty."""
    typed = form.text(name)
    if not typed:
        return Chosen()
    found = await in_group(session, typed)
    return choose_person(
        form, name, found, nobody="Personne ne porte ce nom dans le groupe. Tapez le prénom et le nom."
    )


async def among_invited(session: AsyncSession, committee_id: int, typed: str) -> list[FoundPerson]:
    """Those invited to a committee. Addresses are found whole only: they are not shown here."""
    return await _found(session, typed, _invited(committee_id))


async def in_group(session: AsyncSession, typed: str) -> list[FoundPerson]:
    """Those of the group."""
    return await _found(session, typed)


async def person_field(session: AsyncSession, person_id: int | None, name: str) -> dict[str, str]:
    """How a form shows somebody chosen before under the field `name`: found again even among namesakes."""
    if person_id is None:
        return {}
    found = await session.execute(select(col(Person.name)).where(col(Person.id) == person_id))
    return {name: found.scalar_one(), f"{name}_id": str(person_id)}


async def to_invite(session: AsyncSession, committee_id: int, typed: str) -> list[FoundPerson]:
    """Those of the group who are not invited yet."""
    return await _found(session, typed, ~_invited(committee_id))


async def may_be_invited(session: AsyncSession, committee_id: int, person_id: int) -> bool:
    """Whether this person is one of them."""
    found = exists().where(col(Person.id) == person_id, holds_a_role(col(Person.id)), ~_invited(committee_id))
    return bool((await session.execute(select(found))).scalar_one())


def _invited(committee_id: int) -> ColumnElement[bool]:
    return exists().where(col(Invitation.committee_id) == committee_id, col(Invitation.person_id) == col(Person.id))


async def _found(session: AsyncSession, typed: str, *within: ColumnElement[bool]) -> list[FoundPerson]:
    words = folded_words(typed)
    if not words:
        return []
    return [FoundPerson(*row) for row in await session.execute(named(typed, words, *within))]


def named(typed: str, words: Iterable[str], *within: ColumnElement[bool]) -> Select[int, str, str, bool]:
    """Those who hold a role, are called so or have this address, the whole name first; some more than are shown."""
    name = col(Person.folded_name)
    whole = or_(name == without_accents(typed).lower(), col(Person.email) == kept_address(typed))
    has_words: ColumnElement[bool] = true()
    for word in words:
        has_words &= name.contains(word, autoescape=True)
    # Asked of each: where PostgreSQL expects one person of that name and there are thousands, a join would look through
    # all roles for each of them.
    holds = select(col(Membership.id)).where(
        col(Membership.person_id) == col(Person.id), col(Membership.ended_at).is_(None)
    )
    return (
        select(col(Person.id), col(Person.name), col(Person.function), whole)
        .where(or_(whole, has_words), holds.offset(0).exists(), *within)
        .order_by(whole.desc(), name, col(Person.id))
        .limit(MOST_FOUND + 1)
    )
