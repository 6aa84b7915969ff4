"""The indicators of a year as a workbook: one line for each figure, another sheet with what they are made of."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from pooling.actions.models import Action
from pooling.indicators.figures import Figure, Theme, Unit
from pooling.indicators.figures import Value as Measure
from pooling.indicators.report import Reported
from pooling.indicators.rules import Year
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value, workbook_of
from pooling.members.group_page import InGroup
from pooling.outbox.mail import FICTIONAL
from pooling.sharing.savings import saving_of
from pooling.web.typography import date_short

_FIGURES = (
    Column("Thème", width=26),
    Column("Indicateur", width=40),
    Column("Valeur", ColumnKind.NUMBER, 16),
    Column("Unité", width=14),
    Column("Attendu", ColumnKind.NUMBER, 14),
    Column("Atteint", width=10),
    Column("Note", width=80),
)
_PIECES = (
    Column("Indicateur", width=40),
    Column("Détail", width=48),
    Column("Valeur", width=24),
    Column("Note", width=60),
)
_TO_IMPROVE = (Column("D’où cela vient", width=44), Column("Ce qui est à améliorer", width=90))
_PURCHASES = (
    Column("Référence", ColumnKind.CODE, 14),
    Column("Achat", width=56),
    Column("Membres", ColumnKind.INTEGER, 10),
    Column("Dépense TTC", ColumnKind.AMOUNT, 16),
    Column("Subventions", ColumnKind.AMOUNT, 16),
    Column("Économies connues HT", ColumnKind.AMOUNT, 22),
)
_ACTIONS = (Column("Référence", ColumnKind.CODE, 14), Column("Action", width=64), Column("Où elle en est", width=16))
_UNITS: Mapping[Unit, str] = {
    Unit.COUNT: "nombre",
    Unit.CENTS: "€",
    Unit.RATE: "%",
    Unit.DAYS: "jours",
    Unit.KILOGRAMS: "kg de CO₂",
}
_KEPT = {True: "oui", False: "non", None: ""}


async def indicators_file(here: InGroup, year: Year, themes: Sequence[Theme], action: Action | None = None) -> bytes:
    """Written beside the event loop."""
    notice = FICTIONAL if here.group.fictional else None
    facts = {
        "Groupe": here.group.name,
        "Année": "toutes" if year.many else str(year.number),
        "Le": date_short(here.today),
    }
    if action is not None:
        facts["Action"] = f"{action.reference} · {action.title}"
    return await asyncio.to_thread(_written, themes, facts, notice)


def _written(themes: Sequence[Theme], facts: Mapping[str, str], notice: str | None) -> bytes:
    sheets = (
        SheetTable("Indicateurs", _FIGURES, _rows(themes)),
        SheetTable("De quoi ils sont faits", _PIECES, _pieces(themes)),
    )
    return workbook_of(sheets, facts, notice)


async def report_workbook(here: InGroup, reported: Reported) -> bytes:
    """The report of a year, its figures beside those of the year before; written beside the event loop."""
    year = reported.year
    facts = {"Groupe": here.group.name, "Document": f"Bilan {year.number}", "Le": date_short(here.today)}
    return await asyncio.to_thread(_reported, reported, facts, FICTIONAL if here.group.fictional else None)


def _reported(reported: Reported, facts: Mapping[str, str], notice: str | None) -> bytes:
    number = reported.year.number
    before = Column(str(number - 1), ColumnKind.NUMBER, 16)
    figures = (*_FIGURES[:2], Column(str(number), ColumnKind.NUMBER, 16), before, *_FIGURES[3:])
    sheets = (
        SheetTable("Bilan", figures, _compared(reported)),
        SheetTable("À améliorer", _TO_IMPROVE, _to_improve(reported)),
        SheetTable("Achats", _PURCHASES, _purchases(reported)),
        SheetTable("Actions", _ACTIONS, ([one.reference, one.title, one.state] for one in reported.actions)),
        SheetTable("De quoi ils sont faits", _PIECES, _pieces(reported.themes)),
    )
    return workbook_of(sheets, facts, notice)


def _compared(reported: Reported) -> Iterator[list[Value]]:
    codes = (one.code for theme in reported.themes for one in theme.figures)
    for code, row in zip(codes, _rows(reported.themes), strict=True):
        earlier = reported.figure_before(code)
        yield [*row[:3], _number(earlier, earlier.value) if earlier else None, *row[3:]]


def _to_improve(reported: Reported) -> Iterator[list[Value]]:
    for line in reported.improvements:
        yield ["Indicateurs", line]
    for one in reported.told:
        yield [one.title, one.differently]


def _purchases(reported: Reported) -> Iterator[list[Value]]:
    for one in reported.purchases:
        saving = saving_of(one.bought)
        yield [
            *(one.reference, one.title, one.members, one.ht + one.vat, one.subsidies),
            saving.cents if saving.known else None,
        ]


def _rows(themes: Sequence[Theme]) -> Iterator[list[Value]]:
    for theme in themes:
        for one in theme.figures:
            values: list[Value] = [theme.label, one.label, _number(one, one.value), _UNITS[one.unit]]
            yield [*values, _number(one, one.target), _KEPT[one.kept], one.note]


def _number(figure: Figure, value: Measure | None) -> Value:
    """Euros, percents of a hundred, other numbers as they are; two decimals are enough."""
    if value is None:
        return None
    exact = Fraction(value)
    scaled = exact * 100 if figure.unit is Unit.RATE else exact / 100 if figure.unit is Unit.CENTS else exact
    return Decimal(round(scaled * 100)) / 100


def _pieces(themes: Sequence[Theme]) -> Iterator[list[Value]]:
    for theme in themes:
        for figure in theme.figures:
            for piece in figure.pieces:
                yield [figure.label, piece.label, piece.words, piece.note]
