"""Preparing a purchase: what is bought, who leads it, who takes part; its items as long as it is in preparation."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.catalogue import TypicalItem
from pooling.actions.keeping import find_action
from pooling.actions.models import Action
from pooling.actions.page import catalogue_of
from pooling.actions.queries import actions_offered, lead_of
from pooling.kernel.errors import enumerated
from pooling.kernel.tables import any_of
from pooling.mail_addresses import is_address
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Member, MemberKind, Role
from pooling.members.rights import Caller, Right
from pooling.purchases.adding import rewrite_items
from pooling.purchases.finding import find_purchase
from pooling.purchases.item_form import form_of_items, read_items, rows_of, usual_rates, with_more_rows
from pooling.purchases.kinds import KINDS, kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseKind
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_edit
from pooling.purchases.preparing import check_purchase, prepare_purchase
from pooling.purchases.queries import participants, purchase_items
from pooling.purchases.schemas import PurchaseIn
from pooling.purchases.serving import action_served
from pooling.purchases.typical import described, form_of_typical
from pooling.web.forms import Form, PostedForm, Redisplay, longest_of

NEW = "/achats/nouveau"
ITEMS = "/achats/{reference:str}/articles"
CHOSEN_AT_MOST = 300
"""Members to tick one by one; in a larger group everybody takes part."""
TERMS = {"delivery_expected_on": "delivery"}
"""What the form calls otherwise than the command."""
KIND_CHOICES = [(str(kind.name), kind.label, kind.hint) for kind in KINDS.values()]


@get(NEW, right=Right.PREPARE_PURCHASE)
async def ask_purchase(
    here: Here[GroupPage], modele: FromQuery[str] = "", action: FromQuery[str] = ""
) -> Response[str]:
    """Blank, filled after another purchase, or with what an action is about."""
    form = Form(values={"kind": PurchaseKind.GOODS, "participation": "all", **usual_rates()})
    if modele:
        await _fill_after(here, form, await find_purchase(here.session, modele))
    elif action:
        await _fill_for(here, form, await find_action(here.session, action))
    return await _page(here, form)


async def _fill_for(here: GroupPage, form: Form, action: Action) -> None:
    """What the catalogue has on an action of its kind: what is bought, its usual items."""
    lead, (leads, _) = await lead_of(here.session, action), await leads_and_members(here.session, here.caller)
    form.values |= {
        "action": action.reference,
        "title": action.title,
        "lead_member": lead.code if lead is not None and lead.code in dict(leads) else "",
    }
    system = (await catalogue_of(here)).find(action.system)
    if system is not None and system.kind:
        kind = PurchaseKind(system.kind)
        form.values["kind"] = kind
        if kind_of(kind).has(Part.ITEMS):
            form.values |= form_of_typical(system.items)


async def _fill_after(here: GroupPage, form: Form, model: Purchase) -> None:
    """What the model was, to be changed before it is kept. Who takes part is asked anew in a large group."""
    lead = await here.session.get_one(Member, (model.group_id, model.lead_member_id))
    leads, members = await leads_and_members(here.session, here.caller)
    taking_part = [line.code for line in await participants(here.session, model.id)]
    served = await action_served(here.session, model.id)
    form.values |= {
        "like": model.reference,
        "title": model.title,
        "description": model.description,
        "kind": model.kind,
        "lead_member": lead.code if lead.code in dict(leads) else "",
        "action": served.reference if served else "",
        **form_of_items(await purchase_items(here.session, model.id)),
    }
    if members and set(taking_part) != set(dict(members)):
        form.values["participation"] = "some"
        form.lists["participants"] = taking_part


async def _page(here: GroupPage, form: Form) -> Response[str]:
    leads, members = await leads_and_members(here.session, here.caller)
    if len(leads) == 1 and not form.value("lead_member"):
        form.values["lead_member"] = leads[0][0]
    return here.render(
        "purchases/new.html",
        ("Achats groupés", "/achats"),
        "Préparer un achat",
        form=form,
        leads=leads,
        kinds=KIND_CHOICES,
        members=members,
        rows=rows_of(form),
        actions=await actions_offered(here.session, form.value("action")),
    )


async def leads_and_members(
    session: AsyncSession, caller: Caller
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who may lead, for this caller, and who may be ticked to take part: (code, name) in French order."""
    statement = select(
        col(Member.id), col(Member.code), col(Member.name), col(Member.kind), col(Member.parent_id)
    ).where(col(Member.retired_on).is_(None))
    found = (await session.execute(statement.order_by(col(Member.sort_key)).limit(CHOSEN_AT_MOST + 1))).all()
    led = None if caller.has(Role.FACILITATOR) else set(caller.members_as(Role.REFERENT, Role.PURCHASING))
    parents = {row.parent_id for row in found}
    if led is not None:
        own = await session.execute(statement.where(any_of(col(Member.id), led)).order_by(col(Member.sort_key)))
        leads = [(row.code, row.name) for row in own]
    else:
        leads = [(row.code, row.name) for row in found if row.kind == MemberKind.LEGAL_ENTITY]
    members = [(row.code, row.name) for row in found if row.id not in parents]
    return leads, members if len(found) <= CHOSEN_AT_MOST else []


@post(NEW, right=Right.PREPARE_PURCHASE)
async def do_purchase(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    if form.value("ajouter"):
        raise Redisplay(await _page(here, with_more_rows(form)))
    command, buyers = await _read(here, form)
    with form.joined():
        await check_purchase(here.session, command, buyers)
    insistence = form.insistence()
    async with form.submitted(lambda: _page(here, form)):
        purchase = await prepare_purchase(
            here.session,
            here.caller,
            command,
            here.now,
            lead_buyers=buyers,
            like=form.value("like"),
            insistence=insistence,
        )
    return here.redirect(f"/achats/{purchase.reference}", done=f"L’achat {purchase.reference} est en préparation.")


async def _read(here: GroupPage, form: Form) -> tuple[PurchaseIn, list[str]]:
    emails = form.value("lead_buyers").replace(";", " ").replace(",", " ").split()
    wrong = [email[:60] for email in emails if not is_address(email)]
    if wrong:
        form.refuse(
            "lead_buyers",
            f"Indiquez des adresses électroniques séparées par des virgules : {enumerated(wrong)} n’en est pas une.",
        )
    action = form.text("action", longest=longest_of(PurchaseIn, "action"))
    items = described(read_items(form), await _typical(here, action))
    command = form.command(PurchaseIn, TERMS, action=action, items=items, **read_terms(form))
    return command, emails


async def _typical(here: GroupPage, action: str) -> Sequence[TypicalItem]:
    """The usual items of what the action is about, if the catalogue has any."""
    found = await here.session.execute(select(col(Action.system)).where(col(Action.reference) == action))
    system = (await catalogue_of(here)).find(found.scalar_one_or_none() or "")
    return system.items if system is not None else ()


def read_terms(form: Form) -> dict[str, Any]:
    """What a purchase is, who leads it and who takes part: the fields that preparing and correcting share."""
    everybody = form.value("participation") != "some"
    participants = form.all("participants")
    if not everybody and not participants:
        form.refuse("participants", "Cochez au moins un membre, ou choisissez « Tous les membres ».")
    kind = form.value("kind")
    if kind and kind not in list(PurchaseKind):
        form.refuse("kind", "Choisissez ce qui est acheté.")
    return {
        **({"kind": PurchaseKind(kind)} if kind in list(PurchaseKind) else {}),
        "title": form.text("title", required="Donnez un titre à cet achat, par exemple « Arceaux à vélos »."),
        "description": form.lines("description", longest=longest_of(PurchaseIn, "description")),
        "lead_member": form.text("lead_member", required="Choisissez la collectivité qui pilote cet achat."),
        "participants": None if everybody else tuple(participants),
        "delivery_expected_on": form.date("delivery") if form.value("delivery").strip() else None,
    }


@get(ITEMS, right=may_edit)
async def ask_items(here: Here[PurchasePage]) -> Response[str]:
    items = await purchase_items(here.session, here.purchase.id)
    return await _items_page(here, Form(values=form_of_items(items)))


async def _items_page(here: PurchasePage, form: Form) -> Response[str]:
    return here.render("purchases/items.html", "Articles", form=form, rows=rows_of(form))


@post(ITEMS, right=may_edit)
async def do_items(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    if form.value("ajouter"):
        raise Redisplay(await _items_page(here, with_more_rows(form)))
    items, insistence = read_items(form), form.insistence()
    async with form.submitted(lambda: _items_page(here, form)):
        await rewrite_items(here.session, here.caller, here.purchase.id, items, here.now, insistence=insistence)
    return here.redirect(done="Les articles sont enregistrés.")


ROUTES = [ask_purchase, do_purchase, ask_items, do_items]
