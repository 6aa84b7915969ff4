"""The charter as it reads today, and as a file to sign."""

from litestar import Response, get
from sqlalchemy import func, select
from sqlmodel import col

from pooling.charters.text import MOST_NAMED, CharterText, charter_of
from pooling.documents.document import FORMATS, Document, written
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Member
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.web.addresses import path_of
from pooling.web.downloads import download

CHARTER = "/charte"


async def _charter(here: GroupPage) -> Document:
    """Between the members of today, by name."""
    present = col(Member.retired_on).is_(None)
    rows = await here.session.execute(
        select(col(Member.name), func.count().over())
        .where(present)
        .order_by(col(Member.sort_key), col(Member.id))
        .limit(MOST_NAMED)
    )
    found = rows.all()
    return charter_of(
        here.services.part(CharterText),
        here.group.name,
        [name for name, _ in found],
        more=found[0][1] - len(found) if found else 0,
        notice=FICTIONAL if here.group.fictional else None,
        at=here.now,
    )


@get(CHARTER, right=Right.SEE_GROUP)
async def show_charter(here: Here[GroupPage]) -> Response[str]:
    return here.render(
        "charters/charter.html",
        ("Membres", "/membres"),
        "Charte",
        tabs=here.sections("/membres"),
        document=await _charter(here),
        files=[(kind.word, f"{here.base}{CHARTER}.{name}") for name, kind in FORMATS.items()],
    )


@get([f"{CHARTER}.{kind}" for kind in FORMATS], right=Right.SEE_GROUP)
async def download_charter(here: Here[GroupPage]) -> Response[bytes]:
    kind = path_of(here.request).rpartition(".")[2]
    content = await written(await _charter(here), kind)
    return download(content, f"charte-{here.group.slug}.{kind}", FORMATS[kind].media_type)


ROUTES = [show_charter, download_charter]
