"""The convocation of a committee as a document: who convenes, when and where, the agenda, a form to give power."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.committees.agendas.queries import AgendaLine, agenda_lines
from pooling.committees.models import Committee, CommitteeKind
from pooling.committees.words import KIND_WORDS, zone_words
from pooling.members.models import Membership, Role
from pooling.reminders.kinds import Context
from pooling.web.pdf import make_pdf
from pooling.web.typography import date_long, date_time_long, plural, time_short, typo

TEMPLATE = "committees/convocation.typ"


@dataclass(frozen=True)
class Convener:
    """Who convenes in the group's name."""

    name: str
    function: str
    email: str


async def convener_of(session: AsyncSession, person_id: int | None) -> Convener | None:
    """This person or, when the application does it at the date that was set, who has been facilitator the longest."""
    statement = select(col(Person.name), col(Person.function), col(Person.email))
    if person_id is not None:
        statement = statement.where(col(Person.id) == person_id)
    else:
        statement = (
            statement.join(Membership, col(Membership.person_id) == col(Person.id))
            .where(col(Membership.role) == Role.FACILITATOR, col(Membership.ended_at).is_(None))
            .order_by(col(Membership.id))
            .limit(1)
        )
    row = (await session.execute(statement)).first()
    return Convener(*row) if row is not None else None


async def convocation_pdf(
    session: AsyncSession, committee: Committee, context: Context, *, person_id: int | None, draft: bool = False
) -> bytes:
    """The document as of the context's moment; a draft says that it is one."""
    lines = await agenda_lines(session, committee, context.zone, context.now)
    convener = await convener_of(session, person_id)
    return await make_pdf(TEMPLATE, document(committee, lines, context, convener, draft=draft), at=context.now)


def document(
    committee: Committee, lines: list[AgendaLine], context: Context, convener: Convener | None, *, draft: bool
) -> dict[str, object]:
    """What the template sets, all of it as it is read."""
    zone = context.zone
    when = date_time_long(committee.starts_at, zone, with_year=True)
    day = date_long(context.now.astimezone(zone).date())
    where = [("Date", f"{when}, jusqu’à {time_short(committee.ends_at, zone)} ({zone_words(zone.key)})")]
    where += [(label, value) for label, value in (("Lieu", committee.place), ("Lien", committee.link)) if value]
    return {
        "title": "Projet de convocation" if draft else "Convocation",
        "group": context.group_name,
        "notice": context.notice,
        "reference": typo(f"{committee.title}, {when}"),
        "committee": typo(committee.title),
        "kind": KIND_WORDS[CommitteeKind(committee.kind)],
        "when": typo(when),
        "facts": [(label, typo(value) if label != "Lien" else value) for label, value in where],
        "link": committee.link or None,
        "dated": typo(f"Convocation établie le {day}" if not draft else f"Projet établi le {day}, non envoyé"),
        "convener": _signature(convener, context.group_name),
        "agenda": [_row(line, zone_time=_begins(line, context)) for line in lines],
        "total": _total(lines),
        "answer_url": context.url(f"comites/{committee.id}/reponse"),
        "contact": convener.email if convener is not None else None,
    }


def _signature(convener: Convener | None, group: str) -> list[str]:
    if convener is None:
        return [typo(group)]
    return [typo(line) for line in (convener.name, convener.function, f"pour {group}") if line]


def _begins(line: AgendaLine, context: Context) -> str:
    return time_short(line.begins_at, context.zone) if line.begins_at else ""


def _row(line: AgendaLine, *, zone_time: str) -> dict[str, object]:
    about = [line.presenter, line.subject.listed if line.subject else ""]
    return {
        "number": str(line.position),
        "time": zone_time,
        "title": typo(line.whole_title),
        "about": [typo(part) for part in about if part],
        "minutes": f"{line.duration_minutes} min" if line.duration_minutes else "",
        "pieces": typo(plural(len(line.files), "pièce jointe", "pièces jointes")) if line.files else "",
    }


def _total(lines: list[AgendaLine]) -> str:
    minutes = sum(line.duration_minutes or 0 for line in lines)
    return f"{minutes} min" if minutes else ""
