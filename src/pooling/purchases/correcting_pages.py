"""Correcting a purchase in preparation, and deleting it."""

from typing import Any

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.group_page import Here
from pooling.members.models import Member
from pooling.purchases.adding import members_chosen
from pooling.purchases.buyers import buyers_of
from pooling.purchases.correcting import correct_purchase, delete_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_edit
from pooling.purchases.preparing_pages import KIND_CHOICES, TERMS, leads_and_members, read_terms
from pooling.purchases.queries import participants, purchase_items
from pooling.purchases.schemas import CorrectionIn
from pooling.web.forms import Form, PostedForm
from pooling.web.typography import plural

CORRECTION = "/achats/{reference:str}/modification"
DELETION = "/achats/{reference:str}/suppression"


def _require_draft(purchase: Purchase) -> None:
    if purchase.state != PurchaseState.DRAFT:
        raise Conflict("Cet achat n’est plus en préparation.", code="not_in_preparation")


@get(CORRECTION, right=may_edit)
async def ask_correction(here: Here[PurchasePage]) -> Response[str]:
    return await _page(here, await _form_of(here))


async def _form_of(here: PurchasePage) -> Form:
    purchase, session = here.purchase, here.session
    taking_part = await participants(session, purchase.id)
    everybody = await members_chosen(session, None, {})
    is_all = sorted(line.member_id for line in taking_part) == everybody
    return Form(
        values={
            "title": purchase.title,
            "description": purchase.description,
            "kind": purchase.kind,
            "lead_member": (await _lead(here)).code,
            "delivery": purchase.delivery_expected_on.isoformat() if purchase.delivery_expected_on else "",
            "participation": "all" if is_all else "some",
        },
        lists={"participants": [line.code for line in taking_part]},
    )


async def _lead(here: PurchasePage) -> Member:
    lead = await here.session.get(Member, (here.purchase.group_id, here.purchase.lead_member_id))
    assert lead is not None, "a foreign key holds it"
    return lead


async def _page(here: PurchasePage, form: Form) -> Response[str]:
    await here.session.refresh(here.purchase)  # a refused correction may have begun to change it
    _require_draft(here.purchase)
    leads, members = await leads_and_members(here.session, here.caller)
    lead = await _lead(here)
    if lead.code not in dict(leads):
        leads = [(lead.code, lead.name), *leads]  # who runs it may leave its lead as it is
    taking_part = [(line.code, line.name) for line in await participants(here.session, here.purchase.id)]
    members = [*members, *(line for line in taking_part if line not in members)] if members else []
    if not members and form.value("participation") == "some":
        form.values["participation"] = "same"
    return here.render(
        "purchases/correction.html",
        "Modifier",
        form=form,
        leads=leads,
        kinds=KIND_CHOICES,
        members=members,
        taking_part=len(taking_part),
    )


@post(CORRECTION, right=may_edit)
async def do_correction(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    same = form.value("participation") == "same"
    command = form.command(CorrectionIn, TERMS, same_participants=same, **read_terms(form))
    insistence = form.insistence()
    async with form.submitted(lambda: _page(here, form)):
        await correct_purchase(here.session, here.caller, here.purchase.id, command, here.now, insistence=insistence)
    return here.redirect(done="L’achat est modifié.")


@get(DELETION, right=may_edit)
async def ask_deletion(here: Here[PurchasePage]) -> Response[str]:
    _require_draft(here.purchase)
    return here.ask(
        "Supprimer",
        question=f"Supprimer l’achat {here.purchase.reference} «\u00a0{here.purchase.title}\u00a0»\u202f?",
        consequences=await _consequences(here),
        action="/suppression",
        label="Supprimer l’achat",
    )


async def _consequences(here: PurchasePage) -> list[str]:
    items, buyers = (
        await purchase_items(here.session, here.purchase.id),
        await buyers_of(here.session, here.purchase.id),
    )
    told = ["Rien n’a encore été demandé aux membres : personne ne perd de déclaration."]
    if items:
        gone = "est supprimé" if len(items) == 1 else "sont supprimés"
        told.append(f"{plural(len(items), 'article')} {gone} avec lui.")
    if buyers:
        named = ", ".join(buyer.name for buyer in buyers)
        told.append(f"{named}\u00a0: plus acheteur pilote de cet achat.")
    told.append("Le journal garde la trace de l’achat et de sa suppression\u00a0; sa référence ne servira plus.")
    return told


@post(DELETION, right=may_edit)
async def do_deletion(here: Here[PurchasePage]) -> Response[Any]:
    reference = here.purchase.reference
    await delete_purchase(here.session, here.caller, here.purchase.id, here.now)
    return here.to_group("/achats", done=f"L’achat {reference} est supprimé.")


ROUTES = [ask_correction, do_correction, ask_deletion, do_deletion]
