"""The charter is read and signed for a member, and its signature withdrawn."""

from dataclasses import dataclass
from typing import Any, Self

from litestar import Response, get, post

from pooling.charters.pages import CHARTER, body_today
from pooling.charters.permissions import may_sign
from pooling.charters.queries import signatures_of, standing_of, version_of_text
from pooling.charters.schemas import LONGEST_REASON, SignatureIn
from pooling.charters.signing import sign_charter, withdraw_signature
from pooling.charters.text import signed_document
from pooling.members.changing import member_by_code
from pooling.members.group_page import GroupPage, Here, InGroup
from pooling.members.models import Member, MemberKind
from pooling.members.rights import Right
from pooling.web.forms import Form, PostedForm, form_of, longest_of

SIGNATURE = f"{CHARTER}/signatures/{{member:str}}"
_LONGEST = {name: longest_of(SignatureIn, name) for name in ("name", "function")}


@dataclass(frozen=True)
class OnSignature(InGroup):
    """A request about the charter as the member that the address names signs it."""

    member: Member

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), member=await member_by_code(here.session, here.named["member"]))


@dataclass(frozen=True)
class SignaturePage(OnSignature, GroupPage):
    """A page of it."""


@get(SIGNATURE, right=Right.SEE_GROUP)
async def ask_signature(here: Here[SignaturePage]) -> Response[str]:
    values = {"signed_on": here.today.isoformat(), "fingerprint": body_today(here).fingerprint}
    return await _page(here, form_of(values))


async def _page(here: SignaturePage, form: Form) -> Response[str]:
    """With the text as it reads: what is signed is what is shown."""
    body = body_today(here)
    if form.conflict or not form.value("fingerprint"):
        form.values["fingerprint"] = body.fingerprint
    version = await version_of_text(here.session, body.fingerprint)
    standing = await standing_of(here.session, here.member.id)
    document = signed_document(here.group.name, version, body.title, body.blocks, (), notice=None, at=here.now)
    return here.render(
        "charters/signature.html",
        ("Membres", "/membres"),
        ("Charte", CHARTER),
        here.member.name,
        form=form,
        member=here.member,
        version=version,
        standing=standing,
        past=await signatures_of(here.session, here.member.id),
        signs=may_sign(here.caller, here.member)
        and here.member.retired_on is None
        and here.member.kind == MemberKind.LEGAL_ENTITY,
        text=document.preview(under=2),
        longest=_LONGEST,
        longest_reason=LONGEST_REASON,
        target=f"{here.base}{CHARTER}/signatures/{here.member.code}",
        back=f"{here.base}{CHARTER}",
    )


@post(SIGNATURE, right=may_sign)
async def do_sign(here: Here[SignaturePage], form: PostedForm) -> Response[Any]:
    command = form.command(
        SignatureIn,
        {},
        name=form.text("name", required="Dites qui signe.", longest=_LONGEST["name"]),
        function=form.text("function", required="Dites à quel titre.", longest=_LONGEST["function"]),
        signed_on=form.date("signed_on") or here.today,
    )
    shown = form.value("fingerprint")
    async with form.submitted(lambda: _page(here, form), conflict=""):
        await sign_charter(here.session, here.caller, here.member, command, body_today(here), here.now, shown=shown)
    return here.redirect(CHARTER, done=f"La charte est signée pour {here.member.name}.")


@post(f"{SIGNATURE}/retrait", right=may_sign)
async def do_withdraw(here: Here[SignaturePage], form: PostedForm) -> Response[Any]:
    reason = form.text("reason", longest=LONGEST_REASON)
    async with form.submitted(lambda: _page(here, form), conflict=""):
        await withdraw_signature(here.session, here.caller, here.member, reason, here.now)
    return here.redirect(CHARTER, done="La signature est retirée ; elle reste dans l’historique avec sa raison.")


ROUTES = [ask_signature, do_sign, do_withdraw]
