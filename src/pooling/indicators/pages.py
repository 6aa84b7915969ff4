"""The pages of indicators: a year at a glance, what a figure is made of, the days noted, what is assumed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.documents.document import FORMATS, written
from pooling.indicators.export import indicators_file, report_workbook
from pooling.indicators.figures import MOST_DRAWN, Unit
from pooling.indicators.keeping import (
    assume,
    assumption_of,
    find_item,
    note_days,
    withdraw_assumption,
    withdraw_days,
    written_down,
)
from pooling.indicators.lists import days_listed, items_listed
from pooling.indicators.page import (
    ALL_YEARS,
    ASSUMPTIONS,
    DAYS,
    INDICATORS,
    configuration_of,
    looked_at,
    measure,
    one_figure,
    titled,
    typed_of,
    year_of,
    years_of,
    years_shown,
)
from pooling.indicators.permissions import IndicatorRight, may_assume, may_note
from pooling.indicators.queries import Paid, actions_to_look_at, by_year
from pooling.indicators.report import Indicating, report_of, report_on
from pooling.indicators.rules import Year
from pooling.indicators.schemas import LONGEST_WHAT, MOST_DAYS, MOST_KILOMETRES, AssumptionIn, DaysIn
from pooling.kernel.clock import FIRST_DAY
from pooling.kernel.sheet_writing import XLSX
from pooling.kernel.slices import Slice
from pooling.kernel.tables import any_of, known_id
from pooling.kernel.versions import ChangedMeanwhile, differences, version_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Member, Role
from pooling.members.rights import Right
from pooling.sharing.savings import saving_of
from pooling.web.cursors import pages_after, with_query
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import Link
from pooling.web.typography import euros

REPORT = f"{INDICATORS}/bilan"
REPORTS = {**{kind: (form.media_type, form.word) for kind, form in FORMATS.items()}, "xlsx": (XLSX, "XLSX")}
"""Media type and name of each format of the report."""
_WORDS = {"replaced": "Trajet remplacé", "replaced_by": "Par", "kilometres": "Kilomètres", "source": "Source"}


@get(INDICATORS, right=Right.SEE_GROUP)
async def show_indicators(
    here: Here[GroupPage], annee: FromQuery[str] = "", action: FromQuery[str] = ""
) -> Response[str]:
    """With `action`, of that one and what serves it alone."""
    year, looked = years_of(here, annee), await looked_at(here, action)
    measured = await measure(here, year, looked)
    base = here.base + INDICATORS
    reference = looked.reference if looked else ""
    return here.render(
        "indicators/year.html",
        titled("Indicateurs", year),
        tabs=here.sections(INDICATORS),
        title=titled("Indicateurs", year),
        year=year,
        typed=typed_of(year),
        years=_year_links(base, year, years_shown(here, measured), reference),
        themes=measured.years[0],
        base=base,
        query=with_query("", {"annee": typed_of(year), "action": reference}),
        form=form_of({"action": reference}),
        actions=await actions_to_look_at(here.session, reference),
        looked=looked,
        trend=_trend(measured.purchases, here.today.year),
        notes=here.caller.may_somewhere(IndicatorRight.NOTE_DAYS),
        assumes=here.caller.may(IndicatorRight.ASSUME),
    )


def _year_links(base: str, year: Year, numbers: Sequence[int], action: str) -> list[Link]:
    """One year each, then all of them, where there are several."""
    typed = [(str(one), str(one)) for one in numbers] + [("Toutes", ALL_YEARS)]
    return [
        Link(label, with_query(base, {"annee": one, "action": action}), one == typed_of(year)) for label, one in typed
    ]


def _trend(purchases: Sequence[Paid], until: int) -> dict[str, Any]:
    """What was spent before VAT, and saved, in each year from the first on; nothing of one year alone."""
    grouped = by_year(purchases)
    if len(grouped) < 2:  # noqa: PLR2004 - one bar says nothing
        return {}
    years = range(max(min(grouped), until - 9), until + 1)
    spent = [sum(one.ht for one in grouped.get(number, [])) for number in years]
    saved = [saving_of(item for one in grouped.get(number, []) for item in one.bought).cents for number in years]
    drawn = (("depenses", "Dépense HT des achats groupés", spent), ("economies", "Économies connues", saved))
    return {
        "charts": [
            (
                name,
                label,
                [
                    {"label": str(number), "value": max(cents, 0), "text": euros(cents), "detail": ""}
                    for number, cents in zip(years, all_cents, strict=True)
                ],
                max(all_cents),
            )
            for name, label, all_cents in drawn
            if max(all_cents) > 0
        ],
        "rows": [(str(number), euros(one), euros(two)) for number, one, two in zip(years, spent, saved, strict=True)],
    }


@get(f"{INDICATORS}/indicateurs.xlsx", right=Right.SEE_GROUP)
async def export_indicators(
    here: Here[GroupPage], annee: FromQuery[str] = "", action: FromQuery[str] = ""
) -> Response[bytes]:
    year, looked = years_of(here, annee), await looked_at(here, action)
    themes = (await measure(here, year, looked)).years[0]
    content = await indicators_file(here, year, themes, looked)
    named = looked.reference if looked else here.group.slug
    return download(content, f"indicateurs-{named}-{typed_of(year)}.xlsx", XLSX)


@get(REPORT, right=Right.SEE_GROUP)
async def show_report(here: Here[GroupPage], annee: FromQuery[str] = "") -> Response[str]:
    """As it will be printed."""
    year = year_of(here, annee)
    indicating = here.services.part(Indicating)
    document = await report_of(here, await report_on(here, year, indicating.configuration), indicating.report)
    return here.render(
        "indicators/report.html",
        ("Indicateurs", f"{INDICATORS}?annee={year.number}"),
        "Bilan",
        document=document,
        files=[(word, f"{here.base}{REPORT}.{kind}?annee={year.number}") for kind, (_, word) in REPORTS.items()],
    )


@get([f"{REPORT}.{kind}" for kind in REPORTS], right=Right.SEE_GROUP)
async def download_report(here: Here[GroupPage], annee: FromQuery[str] = "") -> Response[bytes]:
    kind, year = here.request.url.path.rpartition(".")[2], year_of(here, annee)
    indicating = here.services.part(Indicating)
    reported = await report_on(here, year, indicating.configuration)
    if kind in FORMATS:
        content = await written(await report_of(here, reported, indicating.report), kind)
    else:
        content = await report_workbook(here, reported)
    return download(content, f"bilan-{here.group.slug}-{year.number}.{kind}", REPORTS[kind][0])


@get(f"{INDICATORS}/{{figure:str}}", right=Right.SEE_GROUP)
async def show_figure(
    here: Here[GroupPage], figure: FromPath[str], annee: FromQuery[str] = "", action: FromQuery[str] = ""
) -> Response[str]:
    """What it is made of."""
    year, looked = years_of(here, annee), await looked_at(here, action)
    theme, found = await one_figure(here, year, figure, looked)
    base = here.base + INDICATORS
    whose = {"action": looked.reference} if looked else {}
    return here.render(
        "indicators/figure.html",
        ("Indicateurs", with_query(INDICATORS, {"annee": typed_of(year), **whose})),
        found.label,
        when=titled(theme.label, year),
        looked=looked,
        figure=found,
        most=MOST_DRAWN,
        year=year,
        beside=[
            Link(str(number), with_query(f"{base}/{found.code}", {"annee": str(number), **whose}), current=False)
            for number in (year.number - 1, year.number + 1)
            if number <= here.today.year and not year.many
        ],
        assumes=found.unit is Unit.KILOGRAMS and here.caller.may(IndicatorRight.ASSUME),
        notes=found.code == "agent_days" and here.caller.may_somewhere(IndicatorRight.NOTE_DAYS),
        base=base,
    )


@get(DAYS, right=may_note)
async def list_days(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    return await _days_page(here, form_of({"spent_on": here.today}), apres)


async def _days_page(here: GroupPage, form: Form, after: str = "") -> Response[str]:
    listed = await days_listed(here.session, Slice(after), here.features.subjects)
    base = here.base + DAYS
    return here.render(
        "indicators/days.html",
        ("Indicateurs", INDICATORS),
        "Temps des agents",
        form=form,
        noted=listed.items,
        members=[(member.code, member.name) for member in await _own_members(here)],
        choices=await here.features.subjects.choices(here.session, form),
        may=lambda member_id: here.caller.may(IndicatorRight.NOTE_DAYS, member_id=member_id),
        most=MOST_DAYS,
        longest=LONGEST_WHAT,
        base=base,
        **pages_after(base, after, listed),
    )


async def _own_members(here: GroupPage) -> Sequence[Member]:
    """Those that the caller may note days of."""
    statement = select(Member).where(col(Member.retired_on).is_(None)).order_by(col(Member.sort_key), col(Member.id))
    if not here.caller.has(Role.FACILITATOR):
        statement = statement.where(any_of(col(Member.id), here.caller.members_as(Role.REFERENT)))
    return list((await here.session.execute(statement.limit(_MOST_OFFERED))).scalars())


_MOST_OFFERED = 500


@post(DAYS, right=may_note)
async def do_note_days(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _days_page(here, form)):
        about = await here.features.subjects.referred_in(here.session, form)
        command = form.command(
            DaysIn,
            {},
            member=form.text("member", required="Choisissez un membre.", longest=40),
            spent_on=form.date("spent_on") or FIRST_DAY,
            days=form.decimal("days", places=2, largest=MOST_DAYS) or Decimal(1),
            what=form.text("what", required="Dites à quoi ce temps a servi.", longest=LONGEST_WHAT),
            **about,
        )
        await note_days(here.session, here.caller, command, here.now, here.today)
    return here.to_group(DAYS, done="Le temps est noté.")


@post(f"{DAYS}/{{noted_id:int}}/retrait", right=may_note)
async def do_withdraw_days(here: Here[GroupPage], noted_id: FromPath[int]) -> Response[Any]:
    await withdraw_days(here.session, here.caller, known_id(noted_id), here.now)
    return here.to_group(DAYS, done="La note est retirée.")


@get(ASSUMPTIONS, right=may_assume)
async def list_assumptions(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    """Items that were bought, with what is assumed of their journeys."""
    listed = await items_listed(here.session, Slice(apres))
    base = here.base + ASSUMPTIONS
    return here.render(
        "indicators/assumptions.html",
        ("Indicateurs", INDICATORS),
        "Hypothèses de trajets",
        items=listed.items,
        labels=configuration_of(here).labels(),
        base=base,
        **pages_after(base, apres, listed),
    )


@get(f"{ASSUMPTIONS}/{{item_id:int}}", right=may_assume)
async def ask_assumption(here: Here[GroupPage], item_id: FromPath[int]) -> Response[str]:
    assumed = written_down(await assumption_of(here.session, known_id(item_id)))
    return await _assumption_page(here, item_id, Form(values={**assumed, "version": version_of(assumed)}))


async def _assumption_page(
    here: GroupPage, item_id: int, form: Form, conflict: list[tuple[str, str, str]] | None = None
) -> Response[str]:
    item, purchase = await find_item(here.session, known_id(item_id))
    return here.render(
        "indicators/assumption.html",
        ("Indicateurs", INDICATORS),
        ("Hypothèses de trajets", ASSUMPTIONS),
        item.name,
        item=item,
        purchase=purchase,
        form=form,
        factors=list(configuration_of(here).labels().items()),
        conflict=conflict,
        known=await assumption_of(here.session, item.id) is not None,
        most=MOST_KILOMETRES,
        longest=LONGEST_WHAT,
        base=here.base + ASSUMPTIONS,
    )


@post(f"{ASSUMPTIONS}/{{item_id:int}}", right=may_assume)
async def do_assume(here: Here[GroupPage], item_id: FromPath[int], form: PostedForm) -> Response[Any]:
    known = list(configuration_of(here).labels())
    async with form.submitted(lambda: _assumption_page(here, item_id, form), conflict=""):
        command = form.command(
            AssumptionIn,
            {},
            replaced=form.choice("replaced", known),
            replaced_by=form.choice("replaced_by", known),
            kilometres=form.integer("kilometres", smallest=1, largest=MOST_KILOMETRES) or 1,
            source=form.text("source", required="Dites d’où vient ce kilométrage.", longest=LONGEST_WHAT),
        )
        try:
            whose = (here.session, here.caller, known_id(item_id))
            await assume(*whose, command, configuration_of(here), here.now, shown=form.value("version"))
        except ChangedMeanwhile as changed:
            raise Redisplay(await _both(here, item_id, form, command, changed)) from changed
    return here.to_group(ASSUMPTIONS, done="L’hypothèse est enregistrée.")


async def _both(
    here: GroupPage, item_id: int, form: Form, command: AssumptionIn, changed: ChangedMeanwhile
) -> Response[str]:
    """Both versions: what is stored now, and what was typed, which a second press keeps."""
    stored = written_down(await assumption_of(here.session, known_id(item_id)))
    form.refuse("", changed.message)
    form.values["version"] = version_of(stored)
    labels = configuration_of(here).labels()
    named = [
        {_WORDS[name]: labels.get(str(value), str(value)) for name, value in one.items()}
        for one in (stored, command.model_dump())
    ]
    return await _assumption_page(here, item_id, form, differences(*named))


@post(f"{ASSUMPTIONS}/{{item_id:int}}/retrait", right=may_assume)
async def do_withdraw_assumption(here: Here[GroupPage], item_id: FromPath[int]) -> Response[Any]:
    await withdraw_assumption(here.session, here.caller, known_id(item_id), here.now)
    return here.to_group(ASSUMPTIONS, done="L’hypothèse est retirée.")


ROUTES = [
    show_indicators,
    export_indicators,
    show_report,
    download_report,
    list_days,
    do_note_days,
    do_withdraw_days,
    list_assumptions,
    ask_assumption,
    do_assume,
    do_withdraw_assumption,
    show_figure,
]
