"""The facilitator answers requests for access."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from litestar import Response, get, post

from pooling.kernel.errors import Conflict
from pooling.members.answering import accept_request, asker_of, find_request, refuse_request, require_pending
from pooling.members.asking import pending_requests
from pooling.members.group_page import GroupPage, Here, InGroup
from pooling.members.models import AccessRequest, Member
from pooling.members.page_parts import member_suggestion, member_suggestions, read_role_fields
from pooling.members.rights import Right
from pooling.members.words import ROLE_CHOICES, ROLE_WORDS
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.layout import Link

LIST = "/demandes"
REQUEST = LIST + "/{request_id:int}"


@dataclass(frozen=True)
class RequestPage(GroupPage):
    """A page of one request for access."""

    asked: AccessRequest

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), asked=await find_request(here.session, here.named["request_id"]))

    @property
    def url(self) -> str:
        return f"{self.base}{LIST}/{self.asked.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Membres", f"{self.base}/membres"), Link("Demandes d’accès", self.base + LIST)]


@get(LIST, right=Right.MANAGE_MEMBERS)
async def list_requests(here: Here[GroupPage]) -> Response[str]:
    return here.render(
        "members/requests.html",
        ("Membres", "/membres"),
        "Demandes d’accès",
        tabs=here.sections("/membres"),
        requests=await pending_requests(here.session),
        words=ROLE_WORDS,
        url=here.url + LIST,
    )


@get(REQUEST, right=Right.MANAGE_MEMBERS)
async def show_request(here: Here[RequestPage]) -> Response[Any]:
    try:
        return await _page(here)
    except Conflict as answered:
        return here.to_group(LIST, done=answered.message)


async def _page(here: RequestPage, form: Form | None = None) -> Response[str]:
    asked = here.asked
    require_pending(asked)
    member = await here.session.get(Member, (here.group.id, asked.member_id)) if asked.member_id else None
    wished = {"role": asked.role, "member": member_suggestion(member.name, member.code) if member else ""}
    return here.render(
        "members/request.html",
        asked.name,
        form=form or form_of(wished),
        asker=await asker_of(here.session, asked),
        words=ROLE_WORDS,
        wished=wished,
        choices=ROLE_CHOICES,
        suggestions=await member_suggestions(here.session),
        list_url=here.base + LIST,
    )


@post(REQUEST + "/accord", right=Right.MANAGE_MEMBERS)
async def do_accept(here: Here[RequestPage], form: PostedForm) -> Response[Any]:
    role, member_id = await read_role_fields(here.session, form)
    async with form.submitted(lambda: _page(here, form), fields={"email": "role"}):
        await accept_request(here.session, here.caller, here.asked.id, role, member_id, here.sender, here.context)
    return here.to_group(LIST, done="L’accès est donné", mailed="un courriel part à la personne")


@post(REQUEST + "/refus", right=Right.MANAGE_MEMBERS)
async def do_refuse(here: Here[RequestPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _page(here, form)):
        await refuse_request(here.session, here.caller, here.asked.id, reason, here.sender, here.context)
    return here.to_group(LIST, done="La demande est refusée", mailed="la réponse part par courriel")


ROUTES = [list_requests, show_request, do_accept, do_refuse]
