"""Answering: behind the link of a mail, whose address has a key that says who, or signed in."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.database import enter_group, group_of
from pooling.kernel.errors import NotFound
from pooling.members.models import Membership
from pooling.satisfaction.audiences import attendants, is_asked, receivers
from pooling.satisfaction.models import Opinion
from pooling.satisfaction.naming import titles_of
from pooling.satisfaction.rules import BEST, About

LONGEST_COMMENT = 1000
NOT_ASKED = "Un avis n’est demandé qu’après une livraison que l’on a reçue, ou un comité où l’on était."


class OpinionIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    first: int = Field(ge=1, le=BEST)
    second: int = Field(ge=1, le=BEST)
    comment: str = Field(default="", max_length=LONGEST_COMMENT)


@dataclass(frozen=True)
class Asked:
    """Somebody who may say what it thinks of something; the transaction is in its group."""

    person_id: int
    about: About
    subject_id: int
    title: str
    group_name: str
    said: OpinionIn | None
    """What it said before."""


async def enter_by_mail_key(session: AsyncSession, slug: str, about: str, subject_id: int, key: str) -> Asked:
    """Goes into the group, if the person of this key is asked there about this.

    Raises:
        NotFound: it is not, or there is no such key, group or thing.
    """
    groups = await session.execute(
        text("SELECT id, name FROM group_by_slug(:slug) WHERE archived_at IS NULL"), {"slug": slug}
    )
    group = groups.first()
    people = await session.execute(select(col(Person.id)).where(col(Person.mail_key) == key))
    person_id = people.scalar_one_or_none()
    if group is None or person_id is None or about not in list(About):
        raise NotFound
    await enter_group(session, group.id)
    if not await session.scalar(select(exists().where(col(Membership.person_id) == person_id))):
        raise NotFound
    return await asked_of(session, person_id, About(about), subject_id, group.name)


async def asked_of(session: AsyncSession, person_id: int, about: About, subject_id: int, group_name: str) -> Asked:
    """What this person is asked in the transaction's group, and what it said.

    Raises:
        NotFound: it is not asked about this.
    """
    asked = receivers() if about is About.PURCHASE else attendants()
    if (await session.execute(is_asked(asked, subject_id, person_id))).first() is None:
        raise NotFound(NOT_ASKED)
    title = (await titles_of(session, about, [subject_id]))[subject_id]
    before = (
        await session.execute(select(Opinion).where(_key(about) == subject_id, col(Opinion.person_id) == person_id))
    ).scalar_one_or_none()
    said = None if before is None else OpinionIn(first=before.first, second=before.second, comment=before.comment)
    return Asked(person_id, about, subject_id, title, group_name, said)


def _key(about: About) -> Mapped[int | None]:
    return col(Opinion.purchase_id if about is About.PURCHASE else Opinion.committee_id)


async def say(session: AsyncSession, asked: Asked, command: OpinionIn, now: datetime) -> None:
    """In place of what was said before, whoever presses twice."""
    column = "purchase_id" if asked.about is About.PURCHASE else "committee_id"
    values = {**command.model_dump(), "given_at": now}
    whose = {"group_id": group_of(session), column: asked.subject_id, "person_id": asked.person_id}
    await session.execute(
        insert(Opinion)
        .values(**whose, **values)
        .on_conflict_do_update(index_elements=["group_id", column, "person_id"], set_=values)
    )
