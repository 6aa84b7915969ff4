"""The pages about what a group lets out: consenting, comparing, and the page that everybody may read."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.hosting.consenting import LONGEST_INTRODUCTION, ConsentIn, consent, consent_of
from pooling.hosting.reading import Outside, compared_groups, public_group
from pooling.hosting.snapshots import SHOWN, figure_in
from pooling.indicators.page import INDICATORS
from pooling.kernel.versions import version_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import Link, render
from pooling.web.services import services_of
from pooling.web.typography import percent

CONSENT = "/reglages/partage"
COMPARISON = f"{INDICATORS}/comparaison"
PUBLIC = "/groupes"
DRAWN = "savings_rate"


@get(CONSENT, right=Right.MANAGE_GROUP)
async def ask_consent(here: Here[GroupPage]) -> Response[str]:
    present = await consent_of(here.session)
    form = form_of(
        {
            "compared": "1" if present.compared else "",
            "public": "1" if present.public else "",
            "introduction": present.introduction,
            "version": version_of(present.model_dump()),
        }
    )
    return await _consent_page(here, form)


async def _consent_page(here: GroupPage, form: Form) -> Response[str]:
    present = await consent_of(here.session)
    return here.render(
        "hosting/consent.html",
        ("Membres", "/membres"),
        "Partage",
        tabs=here.sections("/membres"),
        form=form,
        url=here.base + CONSENT,
        public_url=f"{here.services.settings.base_url}{PUBLIC}/{here.group.slug}" if present.public else "",
        longest=LONGEST_INTRODUCTION,
    )


@post(CONSENT, right=Right.MANAGE_GROUP)
async def do_consent(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _consent_page(here, form), conflict=""):
        command = form.command(
            ConsentIn,
            {},
            compared=form.value("compared") == "1",
            public=form.value("public") == "1",
            introduction=form.lines("introduction", longest=LONGEST_INTRODUCTION),
        )
        await consent(here.session, here.caller, command, here.now, shown=form.value("version"))
    return here.to_group(CONSENT, done="C’est enregistré.")


@get(COMPARISON, right=Right.SEE_GROUP)
async def show_comparison(here: Here[GroupPage], annee: FromQuery[str] = "") -> Response[str]:
    """Groups beside each other; who does not agree to be compared sees nobody."""
    present, before = here.today.year, here.today.year - 1
    year = before if annee == str(before) else present
    groups = await compared_groups(here.session)
    base = here.base + COMPARISON
    return here.render(
        "hosting/comparison.html",
        ("Indicateurs", INDICATORS),
        "Comparaison",
        tabs=here.sections(INDICATORS),
        groups=groups,
        year=year,
        years=[Link(str(one), f"{base}?annee={one}", one == year) for one in (present, before)],
        rows=_rows(groups, year),
        bars=_bars(groups, year),
        consent_url=here.base + CONSENT if here.caller.may(Right.MANAGE_GROUP) else "",
    )


def _rows(groups: Sequence[Outside], year: int) -> list[tuple[str, list[str]]]:
    """By figure, what each group says."""
    rows = []
    for code in SHOWN:
        figures = [figure_in(group.snapshot, code, year) for group in groups]
        label = next((figure.label for figure in figures if figure), "")
        if label:
            rows.append((label, [figure.words if figure and figure.words else "–" for figure in figures]))
    return rows


def _bars(groups: Sequence[Outside], year: int) -> list[dict[str, Any]]:
    """The share that each has saved, where it is known and not negative."""
    found = [(group, figure_in(group.snapshot, DRAWN, year)) for group in groups]
    return [
        {"label": group.name, "value": figure.part, "text": figure.words, "detail": "Votre groupe" if group.own else ""}
        for group, figure in found
        if figure is not None and figure.part is not None and figure.part >= 0
    ]


@get(f"{PUBLIC}/{{slug:str}}", right=Right.ANYONE)
async def show_public_group(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
    """What the group lets everybody read: its actions and its figures, as they stood on a day."""
    async with services_of(request).database.transaction() as session:
        group = await public_group(session, slug[:_LONGEST_SLUG])
    years = [one for one in group.snapshot.years if any(figure.words for figure in one.figures)]
    return render(request, "hosting/public.html", group=group, years=years, percent=percent)


_LONGEST_SLUG = 200

FRONT = [show_public_group]
ROUTES = [ask_consent, do_consent, show_comparison]
