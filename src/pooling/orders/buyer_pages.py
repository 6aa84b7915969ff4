"""What a member is called where it buys: on its page, and the form behind."""

from typing import Any

from litestar import Response, get, post

from pooling.kernel.versions import ChangedMeanwhile, version_of
from pooling.members.features import Part
from pooling.members.group_page import Here
from pooling.members.member_page import MemberPage
from pooling.orders.buyers import BuyerIn, buyer_shown, content_of, describe_buyer, find_buyer
from pooling.orders.permissions import may_describe_buyer
from pooling.web.forms import Form, PostedForm, form_of, longest_of

BUYER = "/membres/{member:str}/acheteur"
PATH = "/acheteur"


async def buyer_part(here: MemberPage) -> Part:
    """What the member's page says of it."""
    return Part(
        "orders/buyer_part.html",
        {
            "buyer": await buyer_shown(here.session, here.member.id),
            "keeps": may_describe_buyer(here.caller, here.member),
        },
    )


@get(BUYER, right=may_describe_buyer)
async def ask_buyer(here: Here[MemberPage]) -> Response[str]:
    kept = content_of(await find_buyer(here.session, here.member.id))
    return await _page(here, form_of({**kept, "version": version_of(kept)}))


async def _page(here: MemberPage, form: Form) -> Response[str]:
    if form.conflict == ChangedMeanwhile.code:
        form.values["version"] = version_of(content_of(await find_buyer(here.session, here.member.id)))
    return here.render(
        "orders/buyer.html",
        "Pour commander",
        form=form,
        member=here.member,
        longest={name: longest_of(BuyerIn, name) for name in BuyerIn.model_fields},
    )


@post(BUYER, right=may_describe_buyer)
async def do_buyer(here: Here[MemberPage], form: PostedForm) -> Response[Any]:
    command = form.command(BuyerIn, {}, **{name: form.value(name) for name in BuyerIn.model_fields})
    async with form.submitted(lambda: _page(here, form), conflict=""):
        await describe_buyer(here.session, here.caller, here.member, command, here.now, shown=form.value("version"))
    return here.redirect(done="C’est noté : les prochains bons de commande le diront.")


ROUTES = [ask_buyer, do_buyer]
