"""An action's sheet as a document to print, and all of them as a workbook."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.catalogue import Catalogue
from pooling.actions.files import files_of_action
from pooling.actions.keeping import sheet_of
from pooling.actions.models import Action, ActionFactor, ActionPhase, ActionState, Contribution, Partner
from pooling.actions.queries import lead_of
from pooling.actions.rules import (
    ACTION,
    EASE_ORDER,
    EASE_WORDS,
    FACTOR_WORDS,
    PARTNER_WORDS,
    brought_words,
    quarters_words,
)
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value, workbook_of
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.reminders.kinds import Context
from pooling.web.pdf import make_pdf
from pooling.web.typography import date_long, date_short, typo

TEMPLATE = "actions/sheet.typ"
MOST = 2_000
"""Actions that the workbook has, the latest."""


async def sheet_pdf(session: AsyncSession, action: Action, catalogue: Catalogue, context: Context) -> bytes:
    return await make_pdf(TEMPLATE, await document(session, action, catalogue, context), at=context.now)


async def document(session: AsyncSession, action: Action, catalogue: Catalogue, context: Context) -> dict[str, Any]:
    """What the template sets, all of it as it is read."""
    sheet, lead, system = await sheet_of(session, action), await lead_of(session, action), catalogue.find(action.system)
    day = context.now.astimezone(context.zone).date()
    facts = [
        ("Référence", action.reference),
        ("État", ACTION.word(action.state)),
        ("Pilote", lead.name if lead else "Personne pour l’instant"),
        ("Dans le catalogue", system.name if system else "Proposée librement"),
        ("Calendrier", quarters_words(sheet.starts_on, sheet.ends_on) or "Pas encore dit"),
        ("Écartée", action.set_aside_because),
    ]
    return {
        "title": typo(action.title),
        "group": context.group_name,
        "notice": context.notice,
        "reference": typo(f"Fiche-action {action.reference}, au {date_long(day)}"),
        "facts": [(label, typo(value)) for label, value in facts if value],
        "texts": [
            (title, [typo(line) for line in text.splitlines() if line.strip()])
            for title, text in (
                ("Contenu", sheet.content),
                ("Moyens existants", sheet.resources),
                ("Leviers de financement", sheet.levers),
            )
            if text
        ],
        "lists": [
            (title, [typo(line) for line in text.splitlines() if line.strip()])
            for title, text in (("Indicateurs", sheet.indicators), ("Points de vigilance", sheet.vigilance))
            if text
        ],
        "phases": [(typo(one.label), date_short(one.begins_on), date_short(one.ends_on)) for one in sheet.phases],
        "partners": [(typo(one.partner), typo(brought_words(one))) for one in sheet.partners],
        "factors": [(typo(one.text), FACTOR_WORDS[one.kind], EASE_WORDS[one.ease]) for one in sheet.factors],
        "files": [typo(file.name) for file in await files_of_action(action.id).listed(session)],
        "url": context.url(f"actions/{action.reference}"),
    }


async def actions_workbook(session: AsyncSession, catalogue: Catalogue, context: Context) -> bytes:
    """All sheets, one to a row, with what hangs on them on sheets of their own."""
    tables = [
        _actions(await _rows_of_actions(session), catalogue),
        SheetTable(
            "Calendrier",
            (Column("Action"), Column("Étape", width=50), Column("Du", width=12), Column("Au", width=12)),
            [(reference, label, _day(begins), _day(ends)) for reference, label, begins, ends in await _phases(session)],
        ),
        _brought(await _contributions(session)),
        SheetTable(
            "Freins et opportunités",
            (Column("Action"), Column("Sorte", width=14), Column("Difficulté", width=12), Column("Quoi", width=80)),
            [
                (reference, FACTOR_WORDS[kind], EASE_WORDS[ease], said)
                for reference, kind, ease, said in sorted(
                    await _factors(session), key=lambda row: (row[0], row[1], EASE_ORDER.index(row[2]))
                )
            ],
        ),
    ]
    day = context.now.astimezone(context.zone).date()
    facts = {"Groupe": context.group_name, "État au": date_short(day)}
    return await asyncio.to_thread(workbook_of, tables, facts, context.notice)


async def _rows_of_actions(session: AsyncSession) -> Sequence[tuple[Action, str | None]]:
    rows = await session.execute(
        select(Action, col(Member.name))
        .outerjoin(Member, linked(Member.id, Action.lead_member_id))
        .order_by(col(Action.id).desc())
        .limit(MOST)
    )
    return [(action, lead) for action, lead in rows]


_SAID = ("content", "resources", "levers", "indicators", "vigilance", "set_aside_because")


def _actions(rows: Sequence[tuple[Action, str | None]], catalogue: Catalogue) -> SheetTable:
    def lines() -> Iterator[list[Value]]:
        for action, lead in rows:
            system = catalogue.find(action.system)
            yield [
                action.reference,
                action.title,
                ACTION.word(ActionState(action.state)),
                lead or "",
                system.name if system else "",
                _day(action.starts_on),
                _day(action.ends_on),
                *(getattr(action, name) for name in _SAID),
            ]

    columns = (
        Column("Référence"),
        Column("Titre", width=50),
        Column("État"),
        Column("Pilote", width=30),
        Column("Catalogue", width=30),
        Column("Début", width=12),
        Column("Fin", width=12),
        *(
            Column(title, width=50)
            for title in ("Contenu", "Moyens existants", "Leviers", "Indicateurs", "Vigilance", "Pourquoi écartée")
        ),
    )
    return SheetTable("Actions", columns, lines())


def _brought(rows: Sequence[tuple[str, str, str, int, int, str]]) -> SheetTable:
    columns = (
        Column("Action"),
        Column("Partenaire", width=40),
        Column("Sorte", width=26),
        Column("Somme (€)", ColumnKind.AMOUNT, summed=True),
        Column("Demi-journées", ColumnKind.INTEGER, summed=True),
        Column("Locaux, matériel, savoir-faire", width=50),
    )
    said = [
        (reference, name, PARTNER_WORDS[kind], cents, half_days, premises)  # type: ignore[index]
        for reference, name, kind, cents, half_days, premises in rows
    ]
    return SheetTable("Partenaires", columns, said)


async def _phases(session: AsyncSession) -> Sequence[Any]:
    rows = await session.execute(
        select(col(Action.reference), col(ActionPhase.label), col(ActionPhase.begins_on), col(ActionPhase.ends_on))
        .join(Action, linked(Action.id, ActionPhase.action_id))
        .order_by(col(Action.id).desc(), col(ActionPhase.begins_on), col(ActionPhase.id))
    )
    return rows.all()


async def _factors(session: AsyncSession) -> Sequence[Any]:
    rows = await session.execute(
        select(col(Action.reference), col(ActionFactor.kind), col(ActionFactor.ease), col(ActionFactor.text)).join(
            Action, linked(Action.id, ActionFactor.action_id)
        )
    )
    return rows.all()


async def _contributions(session: AsyncSession) -> Sequence[Any]:
    rows = await session.execute(
        select(
            col(Action.reference),
            col(Partner.name),
            col(Partner.kind),
            col(Contribution.amount_cents),
            col(Contribution.half_days),
            col(Contribution.premises),
        )
        .join(Action, linked(Action.id, Contribution.action_id))
        .join(Partner, linked(Partner.id, Contribution.partner_id))
        .order_by(col(Action.id).desc(), col(Partner.sort_key), col(Partner.id))
    )
    return rows.all()


def _day(day: date | None) -> str:
    return date_short(day) if day else ""
