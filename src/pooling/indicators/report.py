"""The yearly report of a group, from its indicators: what was done, what it cost and saved, what to improve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import col

from pooling.actions.models import Action
from pooling.actions.rules import ACTION
from pooling.documents.document import Document, document_of
from pooling.documents.texts import DocumentText, read_text
from pooling.experiences.models import Experience
from pooling.indicators.configuration import IndicatorConfiguration, read_indicators
from pooling.indicators.figures import Figure, Theme
from pooling.indicators.measuring import measure_years
from pooling.indicators.queries import Paid
from pooling.indicators.rules import Year
from pooling.members.group_page import InGroup
from pooling.outbox.mail import FICTIONAL
from pooling.sharing.savings import saving_of
from pooling.web.typography import date_short, euros, plural

TEXT = "bilan"
MOST_NAMED = 200
MOST_TOLD = 20
HEADLINES = (
    "purchases",
    "members",
    "costs",
    "savings",
    "subsidies",
    "meetings",
    "lent",
    "taken_up",
    "partner_money",
    "partner_days",
    "carbon",
    "satisfied",
)
_FIGURE = {"label": "Réunions tenues", "words": "4", "before": "3", "target": "4"}


@dataclass(frozen=True)
class Indicating:
    """What the feature reads at start: what the law asks, and the text of the report."""

    configuration: IndicatorConfiguration
    report: DocumentText


def read_indicating(config_dir: Path) -> Indicating:
    """Raises:
    ConfigurationError: a file is not right; the message says where.
    """
    return Indicating(read_indicators(config_dir), read_text(config_dir, TEXT, list(samples())))


def samples() -> Iterator[Mapping[str, Any]]:
    """What the text is tried with: all that it may say, and as little as it may."""
    for much in (True, False):
        purchase = {"title": "Arceaux", "reference": "AG-2027-001", "members": 3, "spent": "1 €", "saved": "1 €"}
        yield {
            "group": "Bassin d’Arcachon",
            "year": 2027,
            "today": "28/11/2027",
            "under_way": much,
            "headlines": ["Achats groupés : 3"] if much else [],
            "themes": [{"label": "Réunions", "figures": [_FIGURE]}] if much else [],
            "purchases": [purchase] if much else [],
            "actions": [{"title": "Vélos", "reference": "FA-2027-001", "state": "En cours"}] if much else [],
            "improvements": ["Présence : 40 %"] if much else [],
            "told": [{"title": "La borne", "differently": "La demander avant."}] if much else [],
            "notes": [{"label": "Présence", "text": "3 présents."}] if much else [],
        }


class Told(NamedTuple):
    """What an experience of the year would do otherwise."""

    title: str
    differently: str


class Acted(NamedTuple):
    title: str
    reference: str
    state: str
    """In words."""


@dataclass(frozen=True)
class Reported:
    """What the report of a year says, in whichever format."""

    year: Year
    themes: Sequence[Theme]
    before: Sequence[Theme]
    """Of the year before."""
    purchases: Sequence[Paid]
    """Those of the year."""
    actions: Sequence[Acted]
    """Those that had been proposed by the end of it, as they stand."""
    told: Sequence[Told]

    @property
    def improvements(self) -> list[str]:
        without = saving_of(item for one in self.purchases for item in one.bought).without
        return improvements(self.themes, without)

    def figure_before(self, code: str) -> Figure | None:
        return next((one for theme in self.before for one in theme.figures if one.code == code), None)


async def report_on(here: InGroup, year: Year, configuration: IndicatorConfiguration) -> Reported:
    """As things stand."""
    both = [year, Year(year.number - 1, year.zone, year.today)]
    (themes, before), purchases, _ = await measure_years(here.session, both, configuration)
    actions = await here.session.execute(
        select(col(Action.title), col(Action.reference), col(Action.state))
        .where(col(Action.proposed_at) < year.ends)
        .order_by(col(Action.id))
        .limit(MOST_NAMED)
    )
    told = await here.session.execute(
        select(col(Experience.title), col(Experience.differently))
        .where(
            col(Experience.told_at) >= year.begins,
            col(Experience.told_at) < year.ends,
            col(Experience.differently) != "",
        )
        .order_by(col(Experience.told_at), col(Experience.id))
        .limit(MOST_TOLD)
    )
    return Reported(
        year,
        themes,
        before,
        [one for one in purchases if year.counts(one.year)],
        [Acted(title, reference, ACTION.word(state)) for title, reference, state in actions],
        [Told(title, " ".join(differently.split())) for title, differently in told],
    )


async def report_of(here: InGroup, reported: Reported, text: DocumentText) -> Document:
    """As a document."""
    year, themes = reported.year, reported.themes
    values = {
        "group": here.group.name,
        "year": year.number,
        "today": date_short(here.today),
        "under_way": year.under_way,
        "headlines": headlines(themes),
        "themes": [_theme(theme, reported) for theme in themes],
        "purchases": [_purchase(one) for one in reported.purchases[:MOST_NAMED]],
        "actions": [one._asdict() for one in reported.actions],
        "improvements": reported.improvements,
        "told": [one._asdict() for one in reported.told],
        "notes": [
            {"label": figure.label, "text": figure.note} for theme in themes for figure in theme.figures if figure.note
        ],
    }
    return document_of(
        text,
        values,
        author=here.group.name,
        reference=f"{here.group.name}, bilan {year.number}",
        notice=FICTIONAL if here.group.fictional else None,
        at=here.now,
    )


def _theme(theme: Theme, reported: Reported) -> dict[str, Any]:
    return {
        "label": theme.label,
        "figures": [
            {
                "label": figure.label,
                "words": _words(figure),
                "before": _words(reported.figure_before(figure.code)),
                "target": figure.target_words or "–",
            }
            for figure in theme.figures
        ],
    }


def _words(figure: Figure | None) -> str:
    return figure.words if figure is not None and figure.value is not None else "–"


def _purchase(one: Paid) -> dict[str, Any]:
    saving = saving_of(one.bought)
    return {
        "title": one.title,
        "reference": one.reference,
        "members": one.members,
        "spent": euros(one.ht + one.vat),
        "saved": euros(saving.cents) if saving.known else "–",
    }


def headlines(themes: Sequence[Theme]) -> list[str]:
    """What a council reads first: those of the figures that say something."""
    found = {figure.code: figure for theme in themes for figure in theme.figures}
    return [f"{found[code].label} : {found[code].words}" for code in HEADLINES if code in found and found[code].value]


def improvements(themes: Sequence[Theme], without: int = 0) -> list[str]:
    """What is expected and not reached, and what cannot be said for want of a ground: of so many items that were bought
    nobody noted what they cost alone.
    """
    missed = [
        f"{figure.label} : {figure.words}, {figure.target_words} attendu. {figure.note}".strip()
        for theme in themes
        for figure in theme.figures
        if figure.kept is False
    ]
    found = {figure.code: figure for theme in themes for figure in theme.figures}
    bought = "units" in found and bool(found["units"].value)
    if bought and "savings" in found and found["savings"].value is None:
        missed.append("Économies : aucun article acheté n’a de prix de référence ; relevez-en avant le prochain achat.")
    elif without:
        lacks = "n’a pas" if without == 1 else "n’ont pas"
        counts = "n’y compte pas" if without == 1 else "n’y comptent pas"
        items = plural(without, "article acheté", "articles achetés")
        missed.append(f"Économies : {items} {lacks} de prix de référence, et {counts}.")
    return missed
