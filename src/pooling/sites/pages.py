"""Where a member is delivered: on its page, and the forms behind."""

from typing import Any

from litestar import Response, get, post

from pooling.kernel.list_reading import without_blanks
from pooling.members.features import Part
from pooling.members.group_page import Here
from pooling.members.member_page import MemberPage
from pooling.sites.keeping import (
    SiteArchived,
    add_site,
    archive_site,
    content_of,
    correct_site,
    find_site,
    sites_in_use,
    version_of_site,
)
from pooling.sites.page import SITE, SITES, SitePage
from pooling.sites.permissions import may_keep_sites
from pooling.sites.queries import sites_of
from pooling.sites.schemas import SiteIn
from pooling.web.forms import Form, PostedForm, form_of

FIELDS = ("name", "street", "postcode", "city", "contact", "opening_hours")
TOWN_HALL = "Mairie"


async def sites_part(here: MemberPage) -> Part:
    """What the member's page says of its sites."""
    known = await sites_of(here.session, here.member.id)
    return Part(
        "sites/part.html",
        {
            "sites": [site for site in known if not site.archived],
            "archived": [site.name for site in known if site.archived],
            "keeps": may_keep_sites(here.caller, here.member),
        },
    )


@get(f"{SITES}/nouveau", right=may_keep_sites)
async def ask_site(here: Here[MemberPage]) -> Response[str]:
    """Of a commune it is the town hall that comes first to mind."""
    known = await sites_in_use(here.session, here.member.id)
    if known:
        return await _adding_page(here, Form())
    commune = here.member.insee is not None
    return await _adding_page(
        here,
        form_of({"name": TOWN_HALL if commune else here.member.name, "city": here.member.name if commune else ""}),
    )


async def _adding_page(here: MemberPage, form: Form) -> Response[str]:
    others = len(await sites_in_use(here.session, here.member.id))
    title = "Ajouter un site" if others else "Adresse de livraison"
    return here.render(
        "sites/form.html",
        title,
        form=form,
        title=title,
        action=f"{here.url}/sites/nouveau",
        others=others,
        is_main=False,
    )


@post(f"{SITES}/nouveau", right=may_keep_sites)
async def do_adding(here: Here[MemberPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _adding_page(here, form)):
        site = await add_site(here.session, here.caller, here.member, command, here.now)
    return here.redirect(done=f"« {site.name} » est enregistré.")


@get(SITE, right=may_keep_sites)
async def ask_correcting(here: Here[SitePage]) -> Response[str]:
    known = content_of(here.site)
    if here.site.archived_at is not None:
        raise SiteArchived
    values = {name: getattr(known, name) for name in FIELDS}
    return await _correcting_page(here, form_of({**values, "seen": version_of_site(here.site)}))


async def _correcting_page(here: SitePage, form: Form) -> Response[str]:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    site = await find_site(here.session, here.member, here.site.id)
    if form.conflict:
        form.values["seen"] = version_of_site(site)
    return here.render(
        "sites/form.html",
        site.name,
        form=form,
        title=f"Corriger « {site.name} »",
        action=here.url + here.path,
        others=len(await sites_in_use(here.session, here.member.id)) - 1,
        is_main=site.is_main,
        archiving=f"{here.url}{here.path}/archivage",
    )


@post(SITE, right=may_keep_sites)
async def do_correcting(here: Here[SitePage], form: PostedForm) -> Response[Any]:
    command, seen = _read(form), form.value("seen")
    async with form.submitted(lambda: _correcting_page(here, form), conflict=""):
        await correct_site(here.session, here.caller, here.member, here.site.id, command, here.now, seen=seen)
    return here.redirect(done="Le site est corrigé.")


def _read(form: Form) -> SiteIn:
    return form.command(
        SiteIn,
        {},
        name=form.text("name", required="Indiquez un nom, par exemple : Mairie, école, centre technique.", longest=120),
        street=form.text("street"),
        postcode=_postcode(form),
        city=form.text("city", longest=100),
        contact=form.text("contact"),
        opening_hours=form.text("opening_hours", longest=300),
        main=form.value("main") == "1",
    )


def _postcode(form: Form) -> str:
    typed = without_blanks(form.value("postcode"))
    if typed and not (len(typed) == 5 and typed.isascii() and typed.isdigit()):  # noqa: PLR2004 - as all in France
        form.refuse("postcode", "Un code postal a cinq chiffres, par exemple 33120.")
        return ""
    return typed


@get(f"{SITE}/archivage", right=may_keep_sites)
async def ask_archiving(here: Here[SitePage]) -> Response[str]:
    if here.site.archived_at is not None:
        raise SiteArchived
    others = [site for site in await sites_in_use(here.session, here.member.id) if site.id != here.site.id]
    return await _archiving_page(here, others[0].name if others and here.site.is_main else "", alone=not others)


async def _archiving_page(here: SitePage, next_main: str, *, alone: bool) -> Response[str]:
    return here.ask(
        (here.site.name, here.path),
        "Archiver",
        question=f"Archiver « {here.site.name} » ?",
        consequences=[
            *([f"« {next_main} » devient le site principal."] if next_main else []),
            *(["Il n’y aura plus d’adresse de livraison : indiquez-en une autre."] if alone else []),
            "Ce qui devait y être livré, des commandes qui ne sont pas parties, ira aux autres sites."
            if not alone
            else "Ce qui devait y être livré, des commandes qui ne sont pas parties, n’aura plus de lieu.",
            "Les commandes déjà parties gardent ce lieu.",
        ],
        action=f"{here.path}/archivage",
        label="Archiver le site",
    )


@post(f"{SITE}/archivage", right=may_keep_sites)
async def do_archiving(here: Here[SitePage]) -> Response[Any]:
    await archive_site(here.session, here.caller, here.member, here.site.id, here.now)
    return here.redirect(done=f"« {here.site.name} » est archivé.")


ROUTES = [ask_site, do_adding, ask_correcting, do_correcting, ask_archiving, do_archiving]
