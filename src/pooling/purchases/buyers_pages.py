"""Naming and removing the lead buyers of a purchase."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.kernel.errors import NotFound
from pooling.members.group_page import Here
from pooling.members.page_parts import NAME_NEEDED
from pooling.members.people_queries import find_person
from pooling.purchases.buyers import BuyerShown, buyers_of, name_buyer, remove_buyer
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_name_buyers
from pooling.web.forms import Form, PostedForm

SECTION = "/acheteurs"
PATH = f"/achats/{{reference:str}}{SECTION}"
REMOVAL = f"{PATH}/{{membership_id:int}}/retrait"


@get(PATH, right=may_name_buyers)
async def show_buyers(here: Here[PurchasePage]) -> Response[str]:
    return await _page(here, Form())


async def _page(here: PurchasePage, form: Form) -> Response[str]:
    buyers = await buyers_of(here.session, here.purchase.id)
    return here.render("purchases/buyers.html", "Acheteurs", form=form, buyers=buyers)


@post(PATH, right=may_name_buyers)
async def do_name(here: Here[PurchasePage], form: PostedForm) -> Response[Any]:
    email, name = form.email("email"), form.text("name", required=NAME_NEEDED)
    function = form.text("function")
    async with form.submitted(lambda: _page(here, form)):
        await name_buyer(here.session, here.caller, here.purchase, email, name, function, here.sender, here.context)
    return here.redirect(SECTION, done=f"{name} pilote cet achat", mailed=f"un courriel part à {email}")


@get(REMOVAL, right=may_name_buyers)
async def ask_removal(here: Here[PurchasePage], membership_id: FromPath[int]) -> Response[str]:
    buyers = await buyers_of(here.session, here.purchase.id)
    buyer = next((one for one in buyers if one.membership_id == membership_id), None)
    if buyer is None:
        raise NotFound
    return here.ask(
        ("Acheteurs", SECTION),
        "Retirer",
        question=f"Retirer {buyer.name} des acheteurs de cet achat ?",
        consequences=await _consequences(here, buyer, is_last=len(buyers) == 1),
        action=f"{SECTION}/{membership_id}/retrait",
        label="Retirer",
        cancel=SECTION,
    )


async def _consequences(here: PurchasePage, buyer: BuyerShown, *, is_last: bool) -> list[str]:
    told = [f"{buyer.name} ne pilote plus « {here.purchase.title} », dès maintenant."]
    if is_last:
        told.append("Cet achat n’aura plus d’acheteur : nommez-en un autre pour qu’il puisse avancer.")
    person = await find_person(here.session, buyer.person_id)
    role = next(role for role in person.roles if role.id == buyer.membership_id)
    return told + await here.features.on_leaving(here.session, here.caller, here.group, person, role, here.now)


@post(REMOVAL, right=may_name_buyers)
async def do_removal(here: Here[PurchasePage], membership_id: FromPath[int]) -> Response[Any]:
    await remove_buyer(here.session, here.caller, here.purchase, membership_id, here.now)
    return here.redirect(SECTION, done="Cette personne ne pilote plus l’achat.")


ROUTES = [show_buyers, do_name, ask_removal, do_removal]
