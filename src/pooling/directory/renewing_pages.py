"""Where members differ from the directory, and renewing those that are ticked."""

from typing import Any

from litestar import Response, get, post

from pooling.directory.page import ABOVE
from pooling.directory.queries import current_year
from pooling.directory.renewing import Difference, differences, renew_members
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import number, plural

PATH = "/populations"
TICKED_AT_MOST = 500
"""Members to tick one by one; where more differ, all of them are renewed at once."""
ALL, SOME = "all", "some"


@get(PATH, right=Right.MANAGE_MEMBERS)
async def ask_renewal(here: Here[GroupPage]) -> Response[str]:
    return await _page(here, Form(values={"which": ALL}))


async def _page(here: GroupPage, form: Form) -> Response[str]:
    found = await differences(here.session, most=TICKED_AT_MOST + 1)
    choices = [(one.siren, one.name, _said(one)) for one in found] if len(found) <= TICKED_AT_MOST else []
    return here.render(
        "directory/renewal.html",
        ABOVE[0],
        "Populations",
        form=form,
        found=found[:TICKED_AT_MOST],
        choices=choices,
        which=[
            (ALL, "Tous les membres qui diffèrent"),
            *([(SOME, "Seulement ceux que je coche")] if choices else []),
        ],
        year=await current_year(here.session),
    )


def _said(one: Difference) -> str:
    """« 1 208 habitants (2025) → 1 137 »."""
    known = "population inconnue" if one.population is None else plural(one.population, "habitant")
    of_year = f" ({one.population_year})" if one.population_year else ""
    told = f"{known}{of_year} → {number(one.listed)}"
    return told if one.insee == one.listed_insee else f"{told} ; code INSEE {one.listed_insee or 'aucun'}"


@post(PATH, right=Right.MANAGE_MEMBERS, **LONG_FORM)
async def do_renewal(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    which = form.choice("which", [ALL, SOME])
    ticked = form.all("members")
    if which == SOME and not ticked:
        form.refuse("members", "Cochez au moins un membre.")
    async with form.submitted(lambda: _page(here, form)):
        renewed = await renew_members(here.session, here.caller, ticked if which == SOME else None, here.now)
    done = f"{plural(renewed, 'fiche renouvelée', 'fiches renouvelées')}." if renewed else "Rien à renouveler."
    return here.redirect("/membres", done=done)


ROUTES = [ask_renewal, do_renewal]
