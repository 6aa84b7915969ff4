"""The charter as it reads today, who signed it, and the copies of both."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.charters.permissions import CharterRight
from pooling.charters.queries import (
    call_of,
    count_members,
    kept_version,
    signatures_listed,
    signed_by,
    signs,
    tally_of,
    version_of_text,
    versions_signed,
)
from pooling.charters.signing import ask_to_sign
from pooling.charters.text import MOST_NAMED, MOST_SHOWN, CharterBody, CharterText, body_of, charter_of, signed_document
from pooling.documents.document import FORMATS, Document, written
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Slice
from pooling.kernel.tables import known_id
from pooling.members.group_page import GroupPage, Here, InGroup
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after
from pooling.web.downloads import download
from pooling.web.forms import Form, PostedForm, form_of

CHARTER = "/charte"


def body_today(here: InGroup) -> CharterBody:
    """What is signed today."""
    return body_of(here.services.part(CharterText), here.group.name, here.now)


async def _charter(here: GroupPage, members: int, most: int = MOST_NAMED) -> Document:
    """Between the members of today, of whom there are so many, the first `most` by name."""
    rows = await here.session.execute(
        select(col(Member.name)).where(signs()).order_by(col(Member.sort_key), col(Member.id)).limit(most)
    )
    return charter_of(
        here.services.part(CharterText),
        here.group.name,
        list(rows.scalars()),
        more=max(members - MOST_NAMED, 0),
        notice=FICTIONAL if here.group.fictional else None,
        at=here.now,
    )


@get(CHARTER, right=Right.SEE_GROUP)
async def show_charter(here: Here[GroupPage], apres: FromQuery[str] = "") -> Response[str]:
    call = await call_of(here.session)
    return await _shown(here, form_of({"sign_by": call.sign_by.isoformat() if call else ""}), apres)


async def _shown(here: GroupPage, form: Form, after: str = "") -> Response[str]:
    version = await version_of_text(here.session, body_today(here).fingerprint)
    listed = await signatures_listed(here.session, Slice(after))
    base = f"{here.base}{CHARTER}"
    tally = await tally_of(here.session, version)
    return here.render(
        "charters/charter.html",
        ("Membres", "/membres"),
        "Charte",
        form=form,
        tabs=here.sections("/membres"),
        document=await _charter(here, tally.members, MOST_SHOWN),
        shown=MOST_SHOWN if tally.members > MOST_SHOWN else 0,
        named=min(tally.members, MOST_NAMED),
        files=[(kind.word, f"{base}.{name}") for name, kind in FORMATS.items()],
        version=version,
        tally=tally,
        lines=listed.items,
        signs={
            line.code for line in listed.items if here.caller.may(CharterRight.SIGN_CHARTER, member_id=line.member_id)
        },
        copies=[
            (number, [(kind.word, f"{base}/versions/{number}/charte.{name}") for name, kind in FORMATS.items()])
            for number in await versions_signed(here.session)
        ],
        asks=here.caller.may(CharterRight.ASK_TO_SIGN),
        call=await call_of(here.session),
        url=base,
        **pages_after(base, after, listed, {}),
    )


@post(f"{CHARTER}/demande", right=CharterRight.ASK_TO_SIGN)
async def do_ask(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    sign_by = form.date("sign_by") if form.value("sign_by").strip() else None
    async with form.submitted(lambda: _shown(here, form)):
        await ask_to_sign(here.session, here.caller, sign_by, body_today(here), here.now)
    done = "Les membres sont invités à signer." if sign_by else "Plus personne n’est relancé."
    return here.redirect(CHARTER, done=done)


@get([f"{CHARTER}.{kind}" for kind in FORMATS], right=Right.SEE_GROUP)
async def download_charter(here: Here[GroupPage]) -> Response[bytes]:
    kind = path_of(here.request).rpartition(".")[2]
    content = await written(await _charter(here, await count_members(here.session)), kind)
    return download(content, f"charte-{here.group.slug}.{kind}", FORMATS[kind].media_type)


@get([f"{CHARTER}/versions/{{charter_version:int}}/charte.{kind}" for kind in FORMATS], right=Right.SEE_GROUP)
async def download_signed(here: Here[GroupPage], charter_version: FromPath[int]) -> Response[bytes]:
    """A version as it read when it was signed, with who stands by it."""
    kind = path_of(here.request).rpartition(".")[2]
    return await signed_copy(here, charter_version, kind)


async def signed_copy(here: InGroup, number: int, kind: str) -> Response[bytes]:
    """Raises:
    NotFound: there is no such version.
    """
    kept = await kept_version(here.session, known_id(number))
    if kept is None:
        raise NotFound
    document = signed_document(
        here.group.name,
        kept.number,
        kept.title,
        kept.blocks,
        await signed_by(here.session, kept.number),
        notice=FICTIONAL if here.group.fictional else None,
        at=here.now,
    )
    name = f"charte-signee-{here.group.slug}-v{kept.number}.{kind}"
    return download(await written(document, kind), name, FORMATS[kind].media_type)


ROUTES = [show_charter, do_ask, download_charter, download_signed]
