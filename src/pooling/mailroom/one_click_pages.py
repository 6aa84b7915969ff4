"""Doing without a kind of mail from the mail itself: one click, without signing in (RFC 8058).

A GET asks and changes nothing: mail programs and their filters open every link. The POST comes from a mail program,
so it carries no token of ours and no cookie: the key in the address is the proof.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy import exists, select, text
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import HOST, HOUR, Allowance, host_of
from pooling.kernel.errors import NotFound
from pooling.members.features import features_of
from pooling.members.models import Membership
from pooling.members.rights import Right
from pooling.reminders.kinds import CopiedMail, Kind
from pooling.reminders.opting_out import opt_in, opt_out, opted_out_kinds
from pooling.web.forms import PostedForm
from pooling.web.layout import redirect, render
from pooling.web.security import FROM_MAIL_PROGRAMS, KEY_IN_ADDRESS
from pooling.web.services import services_of

WRONG_KEYS = Allowance("mail-key", "Wrong keys in `/courriels/…`", HOST, 60, HOUR, __name__)
"""Right ones are not counted: one mail service asks for thousands."""
CHOICES = Allowance("mail-choice", "Kinds of mail declined or wanted again from a mail", "a person", 60, HOUR, __name__)
ADDRESS = "/courriels/{group:str}/{kind:str}/{key:str}"
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@dataclass(frozen=True)
class _Reader:
    """Who the key in the address stands for, and the kind of mail it is about."""

    group_id: int
    group_name: str
    person_id: int
    kind: Kind | CopiedMail


async def _reader(request: Request[Any, Any, Any], group: str, kind: str, key: str) -> _Reader:
    """Raises:
    NotFound: there is no such key, no such kind that one may do without, or the person never was in this group.
    TooMany: too many wrong ones came from there.
    """
    found = await _find(request, group, kind, key)
    if found is None:
        services = services_of(request)
        await WRONG_KEYS.count(services.database, host_of(request), at=services.clock.now())
        raise NotFound("Cette adresse n’existe pas ou n’est plus valable.")
    return found


async def _find(request: Request[Any, Any, Any], slug: str, kind_name: str, key: str) -> _Reader | None:
    services = services_of(request)
    kind = next((kind for kind in features_of(request).choices if kind.name == kind_name), None)
    if kind is None:
        return None
    async with services.database.transaction() as session:
        groups = await session.execute(
            text("SELECT id, name FROM group_by_slug(:slug) WHERE archived_at IS NULL"), {"slug": slug}
        )
        group = groups.first()
        people = await session.execute(select(col(Person.id)).where(col(Person.mail_key) == key))
        person_id = people.scalar_one_or_none()
    if group is None or person_id is None:
        return None
    async with services.database.transaction(group.id) as session:
        been_here = await session.scalar(select(exists().where(col(Membership.person_id) == person_id)))
    return _Reader(group.id, group.name, person_id, kind) if been_here else None


@get(ADDRESS, right=Right.ANYONE, opt={KEY_IN_ADDRESS: True})
async def ask_opt_out(
    request: Request[Any, Any, Any], group: FromPath[str], kind: FromPath[str], key: FromPath[str]
) -> Response[str]:
    reader = await _reader(request, group, kind, key)
    async with services_of(request).database.transaction(reader.group_id) as session:
        opted_out = kind in await opted_out_kinds(session, reader.person_id)
    return _page(request, reader, f"/courriels/{group}/{kind}/{key}", opted_out=opted_out)


def _page(request: Request[Any, Any, Any], reader: _Reader, url: str, *, opted_out: bool) -> Response[str]:
    page = render(request, "mailroom/opt_out.html", reader=reader, url=url, opted_out=opted_out)
    page.status_code = 200
    return page


@post(ADDRESS, right=Right.ANYONE, opt={FROM_MAIL_PROGRAMS: True, KEY_IN_ADDRESS: True})
async def do_opt_out(
    request: Request[Any, Any, Any],
    group: FromPath[str],
    kind: FromPath[str],
    key: FromPath[str],
    form: PostedForm,
) -> Response[str]:
    """Answers with a page and never with a redirection, which mail programs do not follow (RFC 8058, 3.1)."""
    reader = await _reader(request, group, kind, key)
    name, value = ONE_CLICK
    opted_out = form.value(name) == value
    if opted_out:
        await _count_change(request, reader)
        async with services_of(request).database.transaction(reader.group_id) as session:
            await opt_out(session, reader.person_id, reader.kind, services_of(request).clock.now())
    return _page(request, reader, f"/courriels/{group}/{kind}/{key}", opted_out=opted_out)


async def _count_change(request: Request[Any, Any, Any], reader: _Reader) -> None:
    services = services_of(request)
    await CHOICES.count(services.database, reader.person_id, at=services.clock.now())


@post(ADDRESS + "/reprise", right=Right.ANYONE, opt={KEY_IN_ADDRESS: True})
async def do_opt_in(
    request: Request[Any, Any, Any],
    group: FromPath[str],
    kind: FromPath[str],
    key: FromPath[str],
    form: PostedForm,  # noqa: ARG001 - for its token: this one comes from our page alone
) -> Response[Any]:
    reader = await _reader(request, group, kind, key)
    await _count_change(request, reader)
    async with services_of(request).database.transaction(reader.group_id) as session:
        await opt_in(session, reader.person_id, reader.kind, services_of(request).clock.now())
    return redirect(request, f"/courriels/{group}/{kind}/{key}", done="Vous recevrez de nouveau ces courriels.")


FRONT = [ask_opt_out, do_opt_out, do_opt_in]
