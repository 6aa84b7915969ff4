"""The charter for programs: its version, who signed it, signing, withdrawing, asking to sign."""

from datetime import date

from litestar import get, post, put
from pydantic import Field

from pooling.charters.pages import body_today
from pooling.charters.permissions import CharterRight, may_sign
from pooling.charters.queries import Signed, call_of, signatures_listed, tally_of, version_of_text
from pooling.charters.schemas import LONGEST_REASON, SignatureIn
from pooling.charters.signature_pages import OnSignature
from pooling.charters.signing import ask_to_sign, sign_charter, withdraw_signature
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.web.api import ApiIn, ApiOut, PageIn
from pooling.web.api_input import validated

CHARTER = "/charter"
ONE = f"{CHARTER}/signatures/{{member:str}}"


class CharterOut(ApiOut):
    """The charter as it reads today."""

    title: str
    version: int
    fingerprint: str
    """SHA-256 of its text: send it to sign what you read."""
    signed: int
    """Members that signed this version."""
    earlier: int
    """Members that signed an earlier one alone."""
    unsigned: int
    sign_by: date | None
    """Until when members are asked to sign, and reminded; null: nobody is."""


class CharterCallPut(ApiIn):
    sign_by: date | None = None
    """null: nobody is asked any more."""


class CharterSignatureOut(ApiOut):
    """A member, and the latest version that it signed and stands by; version null: none."""

    code: str
    name: str
    version: int | None
    by: str | None
    function: str | None
    on: date | None


class CharterSignaturePost(SignatureIn, ApiIn):
    """Who signs for a member, as what, and when."""

    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the text that was read."""


class CharterWithdrawalPost(ApiIn):
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class CharterSigningOut(ApiOut):
    """The signature as it is kept."""

    version: int
    name: str
    function: str
    signed_on: date
    withdrawn: bool


async def _out(here: InGroup) -> CharterOut:
    body, call = body_today(here), await call_of(here.session)
    version = await version_of_text(here.session, body.fingerprint)
    tally = await tally_of(here.session, version)
    return CharterOut(
        title=body.title,
        version=version,
        fingerprint=body.fingerprint,
        signed=tally.signed,
        earlier=tally.earlier,
        unsigned=tally.none,
        sign_by=call.sign_by if call else None,
    )


def _line(one: Signed) -> CharterSignatureOut:
    return CharterSignatureOut(**{name: getattr(one, name) for name in CharterSignatureOut.model_fields})


@endpoint(get, CHARTER, right=Right.SEE_GROUP)
async def get_charter(here: Here[InGroup]) -> CharterOut:
    """The charter as it reads today, and how many members signed it."""
    return await _out(here)


@endpoint(put, f"{CHARTER}/call", right=CharterRight.ASK_TO_SIGN)
async def ask_to_sign_charter(here: Here[InGroup], sent: CharterCallPut) -> CharterOut:
    """Ask the members to sign until a day, or ask no more. For the facilitator."""
    await ask_to_sign(here.session, here.caller, sent.sign_by, body_today(here), here.now)
    return await _out(here)


@endpoint(get, f"{CHARTER}/signatures", right=Right.SEE_GROUP)
async def list_charter_signatures(here: Here[InGroup], asked: PageIn) -> Listed[CharterSignatureOut]:
    """The members of today by name, and what each signed."""
    return (await signatures_listed(here.session, asked.slice)).each(_line)


@endpoint(
    post,
    ONE,
    right=may_sign,
    status=201,
    once=True,
    conflicts=("charter_changed", "charter_signed", "member_retired"),
)
async def sign_charter_for_member(here: Here[OnSignature], sent: CharterSignaturePost) -> CharterSigningOut:
    """Sign the charter for a member. For its référents, and the facilitator."""
    command = validated(SignatureIn, sent.model_dump(exclude={"fingerprint"}))
    made = await sign_charter(
        here.session, here.caller, here.member, command, body_today(here), here.now, shown=sent.fingerprint
    )
    return CharterSigningOut(
        version=made.version, name=made.name, function=made.function, signed_on=made.signed_on, withdrawn=False
    )


@endpoint(post, f"{ONE}/withdrawal", right=may_sign, conflicts=("charter_not_signed",))
async def withdraw_charter_signature(here: Here[OnSignature], sent: CharterWithdrawalPost) -> CharterSigningOut:
    """Withdraw a member's signature of the latest version that it stands by; it is kept with the reason."""
    gone = await withdraw_signature(here.session, here.caller, here.member, sent.reason.strip(), here.now)
    return CharterSigningOut(
        version=gone.version, name=gone.name, function=gone.function, signed_on=gone.signed_on, withdrawn=True
    )


ROUTES = [
    get_charter,
    ask_to_sign_charter,
    list_charter_signatures,
    sign_charter_for_member,
    withdraw_charter_signature,
]
