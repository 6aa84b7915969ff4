"""The facilitator's page of the group's settings."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post

from pooling.members.group_page import GroupPage, Here
from pooling.members.groups import GroupSettings, change_settings, read_settings
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, form_of

PATH = "/reglages"
ZONES: Sequence[tuple[str, str]] = (
    ("Europe/Paris", "Paris"),
    ("America/Guadeloupe", "Guadeloupe"),
    ("America/Martinique", "Martinique"),
    ("America/Cayenne", "Guyane"),
    ("Indian/Reunion", "La Réunion"),
    ("Indian/Mayotte", "Mayotte"),
    ("America/Miquelon", "Saint-Pierre-et-Miquelon"),
    ("Pacific/Noumea", "Nouvelle-Calédonie"),
    ("Pacific/Tahiti", "Tahiti"),
    ("Pacific/Wallis", "Wallis-et-Futuna"),
)
CADENCES: Sequence[tuple[str, str]] = (
    ("1", "Un par mois"),
    ("2", "Un tous les deux mois"),
    ("3", "Un par trimestre"),
    ("4", "Un tous les quatre mois"),
    ("6", "Un par semestre"),
    ("12", "Un par an"),
)
SCHOOL_ZONES: Sequence[tuple[str, str]] = (
    ("", "Ne pas en tenir compte"),
    ("A", "Zone A"),
    ("B", "Zone B"),
    ("C", "Zone C"),
)


@get(PATH, right=Right.MANAGE_GROUP)
async def ask_settings(here: Here[GroupPage]) -> Response[str]:
    present = await read_settings(here.session)
    form = form_of(
        {
            "name": present.name,
            "timezone": present.timezone,
            "second_factor_required": "1" if present.second_factor_required else "",
            "lines_visible_to_all": "1" if present.lines_visible_to_all else "",
            "committee_every_months": present.committee_every_months,
            "quorum_percent": present.quorum_percent,
            "school_zone": present.school_zone,
        }
    )
    return await _page(here, form)


async def _page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "members/settings.html",
        ("Membres", "/membres"),
        "Réglages du groupe",
        tabs=here.sections("/membres"),
        form=form,
        zones=_zones(here.group.timezone),
        cadences=CADENCES,
        school_zones=SCHOOL_ZONES,
        url=here.base + PATH,
    )


def _zones(present: str) -> list[tuple[str, str]]:
    """The zones of France, and the group's own if it is another."""
    known = dict(ZONES)
    return list(ZONES) if present in known else [*ZONES, (present, present)]


@post(PATH, right=Right.MANAGE_GROUP)
async def do_settings(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    months = form.choice("committee_every_months", [value for value, _ in CADENCES])
    wanted = GroupSettings(
        name=form.text("name", required="Donnez un nom au groupe."),
        timezone=form.choice("timezone", [zone for zone, _ in _zones(here.group.timezone)]),
        second_factor_required=form.value("second_factor_required") == "1",
        lines_visible_to_all=form.value("lines_visible_to_all") == "1",
        committee_every_months=int(months) if months in dict(CADENCES) else 0,
        quorum_percent=form.integer("quorum_percent", largest=99) if form.text("quorum_percent") else None,
        school_zone=form.choice("school_zone", [zone for zone, _ in SCHOOL_ZONES]),
    )
    async with form.submitted(lambda: _page(here, form)):
        dated_ahead = here.features.dated_ahead
        await change_settings(here.session, here.caller, wanted, here.now, dated_ahead=dated_ahead)
    return here.redirect(PATH, done="Les réglages sont enregistrés.")


ROUTES = [ask_settings, do_settings]
