"""From a request to a transaction in the group that the address names, and to what its handler stands on there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any
from urllib.parse import quote

from litestar import Request
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.idempotency import sent_once
from pooling.accounts.sessions import EnteredGroup, SignedIn
from pooling.accounts.tokens import Holder
from pooling.accounts.who import signed_in
from pooling.kernel.database import enter_by, group_of
from pooling.kernel.errors import Forbidden, NotFound, SignInRequired
from pooling.members.group_page import InGroup
from pooling.members.models import Role
from pooling.members.permissions import Permission
from pooling.members.rights import AnyRight, Caller, HeldRole, require_entry
from pooling.web.services import services_of


def administrator(request: Request[Any, Any, Any]) -> SignedIn:
    """Who is signed in, for the pages of the installation's administrator (`Right.ADMINISTER`).

    Raises:
        SignInRequired: nobody is.
        SignInRequired: the administrator has not given a second factor, or has none yet.
        NotFound: somebody else is.
    """
    person = signed_in(request)
    if not person.administrator:
        raise NotFound
    if not person.second_factor_given and not services_of(request).demonstration:
        raise SignInRequired("/compte/second-facteur")
    return person


async def provide_here(request: Request[Any, Any, Any], group: FromPath[str]) -> AsyncIterator[InGroup]:
    """What a page's handler stands on, as its annotation wants it."""
    person = signed_in(request)
    async with (
        entered(request, _group_of(person, group), person) as here,
        sent_once(request, here.session, person.person_id),
    ):
        yield here


def _group_of(person: SignedIn, slug: str) -> EnteredGroup:
    """The group in the address, if the person may enter it: otherwise it does not exist, and asking for access is
    offered in the same words whether it does or not.
    """
    group = person.group(slug)
    if group is None:
        refused = NotFound("Ce groupe n’existe pas, ou vous n’y avez pas accès.")
        refused.way_on = ("Demander un accès à ce groupe", f"/demande-acces?groupe={quote(slug, safe='')}")
        raise refused
    return group


@asynccontextmanager
async def entered(
    request: Request[Any, Any, Any], group: EnteredGroup, who: SignedIn | Holder
) -> AsyncIterator[InGroup]:
    """One request, one transaction, in one group, and what the handler stands on there. Commits after the answer is
    made, before it is sent.

    Whatever may refuse stands inside: the right that the route names must be held somewhere in the group, and once the
    subject of the address is looked up its permission is asked. (A dependency that refused after another one had opened
    its transaction would leave it open: Litestar closes generators only once all dependencies are there.)
    """
    request.scope["state"]["group"] = group
    services, named = services_of(request), request.route_handler.opt["right"]
    found: list[Caller] = []

    async def enter(session: AsyncSession, group_id: int | None) -> None:
        assert group_id is not None, "it is the group's"
        found.append(await _enter_as(session, group_id, who.person_id))

    async with services.database.transaction(group.id, enter=enter) as session:
        (caller,) = found
        require_entry(caller.roles)
        request.scope["state"] |= {"caller": caller, "who": who}
        if isinstance(who, SignedIn) and _owes_second_factor(who, caller, group):
            raise SignInRequired("/compte/second-facteur")
        if not caller.may_somewhere(named.right if isinstance(named, Permission) else named):
            raise Forbidden
        bare = InGroup(request, session, caller, group, services.clock.now())
        here = await kind_of_here(request.route_handler).load(bare)
        if isinstance(named, Permission):
            named.require_of(here)
        yield here


def _owes_second_factor(person: SignedIn, caller: Caller, group: EnteredGroup) -> bool:
    return group.second_factor_required and caller.needs_second_factor and not person.second_factor_given


def kind_of_here(handler: BaseRouteHandler) -> type[InGroup]:
    """The type that a handler wants `here` to be."""
    kind: type[InGroup] = handler.parsed_fn_signature.parameters["here"].annotation
    return kind


def require_whole_rights(handler: BaseRouteHandler) -> None:
    """That the right in a group that a route names is asked, and all there is to it.

    Raises:
        ImproperlyConfiguredException: the handler takes no `here`, so that nothing asks it; there is nothing that its
            permission could look at; or it names a right that counts for some members or purchases only, of which its
            address names one.
    """
    named = handler.opt.get("right")
    if not (isinstance(named, Permission) or (isinstance(named, AnyRight) and named.roles)):
        return  # of no group
    if "here" not in handler.parsed_fn_signature.parameters:
        raise ImproperlyConfiguredException(f"{handler}: nothing asks {named} where no `here` is taken")
    kind = kind_of_here(handler)
    if isinstance(named, Permission):
        known = {one.name for one in fields(kind)} | set(dir(kind))
        if not known.issuperset(named.subjects):
            raise ImproperlyConfiguredException(f"{handler}: nothing there for {named} to look at")
    elif not named.of_group and len(fields(kind)) > len(fields(InGroup)):
        raise ImproperlyConfiguredException(f"{handler}: name a permission, {named} is of some members or purchases")


async def _enter_as(session: AsyncSession, group_id: int, person_id: int) -> Caller:
    """Binds the transaction to the group: what this person is there, now."""
    rows = await enter_by(session, group_id, "SELECT * FROM enter_group_as($1, $2)", group_id, person_id)
    return Caller(
        person_id=person_id,
        group_id=group_id,
        roles=tuple(HeldRole(Role(row["role"]), row["member_id"], row["purchase_id"]) for row in rows),
        lines_visible_to_all=any(row["lines_visible_to_all"] for row in rows),
    )


async def caller_of(session: AsyncSession, person_id: int, group_id: int) -> Caller:
    """What this person is in the transaction's group, now."""
    assert group_id == group_of(session), "a transaction is of one group"
    return await _enter_as(session, group_id, person_id)
