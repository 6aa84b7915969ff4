"""Adding members from the directory: looking somebody up, choosing a commune, or a body with its communes."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.directory.joining import Joined, join_authorities, members_among
from pooling.directory.page import DIRECTORY, AuthorityPage
from pooling.directory.queries import (
    LONGEST,
    communes_of,
    current_year,
    search_directory,
    searched_words,
)
from pooling.kernel.errors import enumerated
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.bodies import LONG_FORM
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import plural

SHOWN_AT_MOST = 20
JOIN = "/ajout"
ALL, SOME = "all", "some"


@get(DIRECTORY, right=Right.MANAGE_MEMBERS)
async def search_authorities(here: Here[GroupPage], cherche: FromQuery[str] = "") -> Response[str]:
    typed = cherche[:LONGEST]
    found = await search_directory(here.session, typed, most=SHOWN_AT_MOST + 1)
    return here.render(
        "directory/search.html",
        ("Membres", "/membres"),
        "Ajouter",
        form=form_of({"cherche": typed}),
        searched=bool(searched_words(typed)),
        found=found[:SHOWN_AT_MOST],
        more=len(found) > SHOWN_AT_MOST,
        present=await members_among(here.session, [one.siren for one in found]),
        year=await current_year(here.session),
    )


@get(f"{DIRECTORY}/{{siren:str}}", right=Right.MANAGE_MEMBERS)
async def show_authority(here: Here[AuthorityPage]) -> Response[str]:
    return await _page(here, Form(values={"body": "1", "which": ALL}))


async def _page(here: AuthorityPage, form: Form) -> Response[str]:
    one = here.authority
    communes = await communes_of(here.session, one.siren) if one.is_body else []
    present = await members_among(here.session, [one.siren, *(commune.siren for commune in communes)])
    choices = [
        (commune.siren, commune.name, f"{plural(commune.population, 'habitant')} – {commune.postcodes_words}")
        for commune in communes
        if commune.siren not in present
    ]
    return here.render(
        "directory/authority.html",
        form=form,
        communes=communes,
        choices=choices,
        present=present,
        which=[
            (
                ALL,
                f"Toutes : {len(choices)}" if len(choices) == len(communes) else f"Toutes les autres : {len(choices)}",
            ),
            (SOME, "Seulement celles que je coche"),
        ],
    )


@post(f"{DIRECTORY}/{{siren:str}}{JOIN}", right=Right.MANAGE_MEMBERS, **LONG_FORM)
async def do_join(here: Here[AuthorityPage], form: PostedForm) -> Response[Any]:
    sirens = await _chosen(here, form)
    async with form.submitted(lambda: _page(here, form), fields={"sirens": "communes"}):
        joined = await join_authorities(here.session, here.caller, sirens, here.now)
    return here.to_group("/membres", done=_said(joined))


async def _chosen(here: AuthorityPage, form: Form) -> list[str]:
    """What is to join: the authority itself unless its box was left empty, and the communes."""
    one = here.authority
    if not one.is_body:
        return [one.siren]
    which = form.choice("which", [ALL, SOME])
    communes = await communes_of(here.session, one.siren)
    ticked = set(form.all("communes"))
    chosen = [commune.siren for commune in communes if which == ALL or commune.siren in ticked]
    if form.value("body"):
        chosen.insert(0, one.siren)
    if not chosen:
        form.refuse("communes", "Cochez au moins une commune, ou l’intercommunalité.")
    return chosen


def _said(joined: Joined) -> str:
    if joined.left and not joined.added:
        return f"A quitté le groupe : {enumerated([one.name for one in joined.left])}. Reprenez-le à sa page."
    if not joined.added:
        return "Rien à ajouter : déjà membres du groupe."
    if len(joined.added) == 1:
        return f"{joined.added[0].name} est membre du groupe."
    return f"{plural(len(joined.added), 'membre ajouté', 'membres ajoutés')}."


ROUTES = [search_authorities, show_authority, do_join]
