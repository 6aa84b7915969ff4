"""The pages of the group's partners."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.actions.models import PartnerKind
from pooling.actions.page import ACTIONS, PARTNERS, PartnerPage
from pooling.actions.partners import add_partner, change_partner, content_of, remove_partner
from pooling.actions.permissions import may_keep_partners
from pooling.actions.queries import actions_of_partner, partners_counted, partners_listed
from pooling.actions.rules import PARTNER_WORDS, brought_words, days_words
from pooling.actions.schemas import PartnerIn
from pooling.kernel.slices import Slice
from pooling.kernel.versions import version_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of, longest_of

ONE = f"{PARTNERS}/{{partner_id:int}}"
_LONGEST_SEARCH = 200
_LONGEST = {name: longest_of(PartnerIn, name) for name in ("name", "contact", "website", "note")}
_KINDS = [(str(kind), word) for kind, word in PARTNER_WORDS.items()]


@get(PARTNERS, right=Right.SEE_GROUP)
async def list_partners(
    here: Here[GroupPage], cherche: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    typed, base = cherche[:_LONGEST_SEARCH], here.base + PARTNERS
    listed = await partners_listed(here.session, Slice(apres), search=typed)
    return here.render(
        "actions/partners.html",
        ("Actions", ACTIONS),
        "Partenaires",
        tabs=here.sections(ACTIONS),
        form=form_of({"cherche": typed}),
        searched=bool(typed.strip()),
        partners=listed.items,
        counted=await partners_counted(here.session),
        words=PARTNER_WORDS,
        days=days_words,
        keeps=may_keep_partners(here.caller),
        base=base,
        **pages_after(base, apres, listed, {"cherche": typed}),
    )


@get(f"{PARTNERS}/nouveau", right=may_keep_partners)
async def ask_partner(here: Here[GroupPage]) -> Response[str]:
    return await _new_page(here, form_of({"kind": PartnerKind.ASSOCIATION}))


async def _new_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "actions/partner_form.html",
        ("Actions", ACTIONS),
        ("Partenaires", PARTNERS),
        "Ajouter",
        form=form,
        heading="Ajouter un partenaire",
        kinds=_KINDS,
        longest=_LONGEST,
        target=f"{here.base}{PARTNERS}/nouveau",
        back=here.base + PARTNERS,
    )


@post(f"{PARTNERS}/nouveau", right=may_keep_partners)
async def do_partner(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _new_page(here, form)):
        partner = await add_partner(here.session, here.caller, command, here.now)
    return here.redirect(f"{PARTNERS}/{partner.id}", done=f"{partner.name} est ajouté aux partenaires.")


@get(ONE, right=Right.SEE_GROUP)
async def show_partner(here: Here[PartnerPage]) -> Response[str]:
    return here.render(
        "actions/partner.html",
        partner=here.partner,
        word=PARTNER_WORDS[PartnerKind(here.partner.kind)],
        actions=await actions_of_partner(here.session, here.partner.id),
        brought=brought_words,
        keeps=may_keep_partners(here.caller),
    )


@get(f"{ONE}/fiche", right=may_keep_partners)
async def ask_partner_sheet(here: Here[PartnerPage]) -> Response[str]:
    content = content_of(here.partner).model_dump(mode="json")
    return await _sheet_page(here, form_of({**content, "version": version_of(content)}))


async def _sheet_page(here: PartnerPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.partner)
    if form.conflict:
        form.values["version"] = version_of(content_of(here.partner).model_dump(mode="json"))
    return here.render(
        "actions/partner_form.html",
        "Corriger",
        form=form,
        heading=f"Corriger {here.partner.name}",
        kinds=_KINDS,
        longest=_LONGEST,
        target=f"{here.url}/fiche",
        back=here.url,
    )


@post(f"{ONE}/fiche", right=may_keep_partners)
async def do_partner_sheet(here: Here[PartnerPage], form: PostedForm) -> Response[Any]:
    command, shown = _read(form), form.value("version")
    async with form.submitted(lambda: _sheet_page(here, form), conflict=""):
        await change_partner(here.session, here.caller, here.partner.id, command, here.now, shown=shown)
    return here.redirect(done="La fiche du partenaire est corrigée.")


@get(f"{ONE}/retrait", right=may_keep_partners)
async def ask_partner_removal(here: Here[PartnerPage]) -> Response[str]:
    return await _removal_page(here, Form())


async def _removal_page(here: PartnerPage, form: Form) -> Response[str]:
    return here.ask(
        "Retirer",
        form=form,
        question=f"Retirer {here.partner.name} des partenaires du groupe ?",
        consequences=["Cela ne se peut que si aucune fiche d’action ne le nomme.", "Le journal en garde la trace."],
        action="/retrait",
        label="Retirer ce partenaire",
    )


@post(f"{ONE}/retrait", right=may_keep_partners)
async def do_partner_removal(here: Here[PartnerPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _removal_page(here, form), conflict=""):
        name = await remove_partner(here.session, here.caller, here.partner.id, here.now)
    return here.to_group(PARTNERS, done=f"{name} n’est plus parmi les partenaires.")


def _read(form: Form) -> PartnerIn:
    kind = form.choice("kind", list(PartnerKind))
    return form.command(
        PartnerIn,
        {},
        name=form.text("name", required="Donnez le nom du partenaire.", longest=_LONGEST["name"]),
        kind=PartnerKind(kind) if kind else PartnerKind.OTHER,
        contact=form.text("contact", longest=_LONGEST["contact"]),
        website=form.text("website", longest=_LONGEST["website"]),
        note=form.lines("note", longest=_LONGEST["note"]),
    )


ROUTES = [
    list_partners,
    ask_partner,
    do_partner,
    show_partner,
    ask_partner_sheet,
    do_partner_sheet,
    ask_partner_removal,
    do_partner_removal,
]
