"""The facilitator's page of the group's settings."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get, post

from pooling.accounts.sessions import EnteredGroup
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.groups import GroupSettings, change_settings, read_settings
from pooling.members.page_parts import crumbs, sections
from pooling.members.rights import Caller, Right
from pooling.web.forms import Form, PostedForm, Redisplay, form_of
from pooling.web.layout import redirect, render
from pooling.web.services import services_of

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


@get("/reglages", right=Right.MANAGE_GROUP)
async def ask_settings(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    caller.require(Right.MANAGE_GROUP)
    present = await read_settings(session)
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
    return _page(request, caller, entered_group, form)


def _page(request: Request[Any, Any, Any], caller: Caller, group: EnteredGroup, form: Form) -> Response[str]:
    return render(
        request,
        "members/settings.html",
        breadcrumb=crumbs(group, ("Membres", "/membres"), ("Réglages du groupe", None)),
        tabs=sections(caller, group, "/reglages"),
        form=form,
        zones=_zones(group.timezone),
        cadences=CADENCES,
        school_zones=SCHOOL_ZONES,
        url=f"/g/{group.slug}/reglages",
    )


def _zones(present: str) -> list[tuple[str, str]]:
    """The zones of France, and the group's own if it is another."""
    known = dict(ZONES)
    return list(ZONES) if present in known else [*ZONES, (present, present)]


@post("/reglages", right=Right.MANAGE_GROUP)
async def do_settings(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,
) -> Response[Any]:
    months = form.choice("committee_every_months", [value for value, _ in CADENCES])
    wanted = GroupSettings(
        name=form.text("name", required="Donnez un nom au groupe."),
        timezone=form.choice("timezone", [zone for zone, _ in _zones(entered_group.timezone)]),
        second_factor_required=form.value("second_factor_required") == "1",
        lines_visible_to_all=form.value("lines_visible_to_all") == "1",
        committee_every_months=int(months) if months in dict(CADENCES) else 0,
        quorum_percent=form.integer("quorum_percent", largest=99) if form.text("quorum_percent") else None,
        school_zone=form.choice("school_zone", [zone for zone, _ in SCHOOL_ZONES]),
    )
    services = services_of(request)
    with form.redisplayed():
        form.check()
        await change_settings(
            session, caller, wanted, services.clock.now(), dated_ahead=features_of(request).dated_ahead
        )
    if form.has_errors:
        raise Redisplay(_page(request, caller, entered_group, form))
    return redirect(request, f"/g/{entered_group.slug}/reglages", done="Les réglages sont enregistrés.")


ROUTES = [ask_settings, do_settings]
