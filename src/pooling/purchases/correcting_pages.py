"""Correcting a purchase in preparation, and deleting it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Conflict
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Caller, Right
from pooling.purchases.adding import members_chosen
from pooling.purchases.buyers import buyers_of
from pooling.purchases.correcting import correct_purchase, delete_purchase
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage
from pooling.purchases.preparing_pages import edited_purchase, leads_and_members, read_terms
from pooling.purchases.queries import participants, purchase_items
from pooling.purchases.schemas import CorrectionIn
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import plural

PATH = "/achats/{reference:str}"


async def _in_preparation(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str
) -> PurchasePage:
    frame = await edited_purchase(request, session, caller, reference)
    if frame.purchase.state != PurchaseState.DRAFT:
        raise Conflict("Cet achat n’est plus en préparation.", code="not_in_preparation")
    return frame


@get(f"{PATH}/modification", right=Right.EDIT_PURCHASE)
async def ask_correction(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _in_preparation(request, session, caller, reference)
    return await _page(request, session, caller, frame, await _form_of(session, frame))


async def _form_of(session: AsyncSession, frame: PurchasePage) -> Form:
    purchase = frame.purchase
    taking_part = await participants(session, purchase.id)
    everybody = await members_chosen(session, None, {})
    lead = await session.get(Member, (purchase.group_id, purchase.lead_member_id))
    assert lead is not None, "a foreign key holds it"
    is_all = sorted(line.member_id for line in taking_part) == everybody
    return Form(
        values={
            "title": purchase.title,
            "description": purchase.description,
            "lead_member": lead.code,
            "delivery": purchase.delivery_expected_on.isoformat() if purchase.delivery_expected_on else "",
            "participation": "all" if is_all else "some",
        },
        lists={"participants": [line.code for line in taking_part]},
    )


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, frame: PurchasePage, form: Form
) -> Response[str]:
    leads, members = await leads_and_members(session, caller)
    lead = await session.get(Member, (frame.purchase.group_id, frame.purchase.lead_member_id))
    assert lead is not None, "a foreign key holds it"
    if lead.code not in dict(leads):
        leads = [(lead.code, lead.name), *leads]  # who runs it may leave its lead as it is
    taking_part = [(line.code, line.name) for line in await participants(session, frame.purchase.id)]
    members = [*members, *(line for line in taking_part if line not in members)] if members else []
    if not members and form.value("participation") == "some":
        form.values["participation"] = "same"
    return render(
        request,
        "purchases/correction.html",
        breadcrumb=[*frame.breadcrumb, Link("Modifier", None)],
        form=form,
        frame=frame,
        leads=leads,
        members=members,
        taking_part=len(taking_part),
    )


@post(f"{PATH}/modification", right=Right.EDIT_PURCHASE)
async def do_correction(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _in_preparation(request, session, caller, reference)
    command = CorrectionIn.model_construct(same_participants=form.value("participation") == "same", **read_terms(form))
    if not form.has_errors:
        with form.redisplayed():
            now, insistence = services_of(request).clock.now(), form.insistence()
            await correct_purchase(session, caller, frame.purchase.id, command, now, insistence=insistence)
    if form.has_errors:
        await session.refresh(frame.purchase)
        raise Redisplay(await _page(request, session, caller, frame, form))
    return redirect(request, frame.url, done="L’achat est modifié.")


@get(f"{PATH}/suppression", right=Right.EDIT_PURCHASE)
async def ask_deletion(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _in_preparation(request, session, caller, reference)
    items, buyers = await purchase_items(session, frame.purchase.id), await buyers_of(session, frame.purchase.id)
    consequences = ["Rien n’a encore été demandé aux membres : personne ne perd de déclaration."]
    if items:
        gone = "est supprimé" if len(items) == 1 else "sont supprimés"
        consequences.append(f"{plural(len(items), 'article')} {gone} avec lui.")
    if buyers:
        named = ", ".join(buyer.name for buyer in buyers)
        consequences.append(f"{named}\u00a0: plus acheteur pilote de cet achat.")
    consequences.append(
        "Le journal garde la trace de l’achat et de sa suppression\u00a0; sa référence ne servira plus."
    )
    return render(
        request,
        "confirm_page.html",
        breadcrumb=[*frame.breadcrumb, Link("Supprimer", None)],
        question=f"Supprimer l’achat {frame.purchase.reference} «\u00a0{frame.purchase.title}\u00a0»\u202f?",
        consequences=consequences,
        action_url=f"{frame.url}/suppression",
        action_label="Supprimer l’achat",
        cancel_url=frame.url,
        danger=True,
    )


@post(f"{PATH}/suppression", right=Right.EDIT_PURCHASE)
async def do_deletion(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    form: PostedForm,  # noqa: ARG001 - for its token
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _in_preparation(request, session, caller, reference)
    await delete_purchase(session, caller, frame.purchase.id, services_of(request).clock.now())
    done = f"L’achat {reference} est supprimé."
    return redirect(request, f"/g/{entered_group.slug}/achats", done=done)


ROUTES = [ask_correction, do_correction, ask_deletion, do_deletion]
