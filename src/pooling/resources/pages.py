"""The pages of shared resources: finding one, offering, the week of one, withdrawing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from sqlalchemy import select
from sqlmodel import col

from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.kernel.slices import Slice
from pooling.kernel.tables import any_of
from pooling.members.features import Part
from pooling.members.group_page import GroupPage, Here
from pooling.members.member_page import MemberPage
from pooling.members.models import Member, Role
from pooling.members.rights import Right
from pooling.resources.finding import find_resource, span_of, units_lent
from pooling.resources.models import RESOURCE as MACHINE
from pooling.resources.models import ResourceKind, ResourceState
from pooling.resources.offering import (
    ResourceWithdrawn,
    change_resource,
    content_of,
    offer_resource,
    version_of_resource,
    withdraw_resource,
)
from pooling.resources.page import LENDINGS, RESOURCE, RESOURCES, ResourcePage
from pooling.resources.permissions import ResourceRight, may_ask, may_keep, may_offer
from pooling.resources.queries import Wanted, lendings_listed, resources_listed
from pooling.resources.rules import DAY_NAMES, WEEK, days_in, mask_of, monday_of, week_from
from pooling.resources.schemas import LARGEST_PRICE, LONGEST_CONDITIONS, LONGEST_TITLE, MOST_UNITS, ResourceIn
from pooling.resources.words import KIND_WORDS, price_words, span_words, state_words, units_words
from pooling.sites.keeping import sites_in_use
from pooling.web.cursors import pages_after, with_query
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import date_long, of_name

NEW = "/membres/{member:str}/ressources/nouvelle"
LONGEST_PLACE = 100
DAY_CHOICES = [(str(number), name.capitalize()) for number, name in enumerate(DAY_NAMES, start=1)]
KIND_CHOICES = [(str(kind), word) for kind, word in KIND_WORDS.items()]
_LONGEST_DAY = 10
_FIELDS = ("site_id", "kind", "title", "quantity", "conditions", "from_day", "until_day")
WORDS: dict[str, Any] = {
    "span_words": span_words,
    "units_words": units_words,
    "price_words": price_words,
    "state_of": state_words,
}


@get(RESOURCES, right=Right.SEE_GROUP)
async def list_resources(
    here: Here[GroupPage],
    sorte: FromQuery[str] = "",
    lieu: FromQuery[str] = "",
    jour: FromQuery[str] = "",
    nombre: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    """What can be read of what is looked for is looked for; the rest is said beside its field."""
    base = here.base + RESOURCES
    typed = {"sorte": sorte, "lieu": lieu[:LONGEST_PLACE], "jour": jour[:40], "nombre": nombre[:40]}
    form = form_of(typed)
    day = form.date("jour") if typed["jour"] else None
    units = form.integer("nombre", smallest=1, largest=MOST_UNITS, default=1)
    kind = sorte if sorte in KIND_WORDS else ""
    found = await resources_listed(here.session, Wanted(kind, typed["lieu"], day, units), Slice(apres))
    return here.render(
        "resources/list.html",
        "Ressources partagées",
        form=form,
        searched=any(typed.values()),
        day=day,
        resources=found.items,
        kinds=KIND_CHOICES,
        base=base,
        offering=await own_members(here),
        follows=here.caller.may_somewhere(ResourceRight.FOLLOW_LENDINGS),
        lendings_url=here.base + LENDINGS,
        **WORDS,
        **pages_after(base, apres, found, typed),
    )


async def own_members(here: GroupPage, *, without: int = 0) -> Sequence[Member]:
    """Of those that the caller is a référent of."""
    found = await here.session.execute(
        select(Member)
        .where(
            any_of(col(Member.id), here.caller.members_as(Role.REFERENT)),
            col(Member.id) != without,
            col(Member.retired_on).is_(None),
        )
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return list(found.scalars())


async def resources_part(here: MemberPage) -> Part:
    """What the member's page says of what it offers."""
    found = await resources_listed(here.session, Wanted(owner=here.member.id), Slice(size=_ON_MEMBER))
    return Part(
        "resources/part.html",
        {
            "resources": found.items,
            "more": found.next is not None,
            "base": here.base + RESOURCES,
            "offers": may_offer(here.caller, here.member) and here.member.retired_on is None,
            **WORDS,
        },
    )


_ON_MEMBER = 20


@get(NEW, right=may_offer)
async def ask_offering(here: Here[MemberPage]) -> Response[str]:
    """On working days, from today."""
    known = await sites_in_use(here.session, here.member.id)
    main = next((site.id for site in known if site.is_main), "")
    form = form_of({"site_id": main, "kind": ResourceKind.DESK, "quantity": 1, "from_day": here.today})
    form.lists["days"] = [str(number) for number in range(1, 6)]
    return await _offering_page(here, form)


async def _offering_page(here: MemberPage, form: Form) -> Response[str]:
    return here.render(
        "resources/form.html",
        "Proposer une ressource",
        form=form,
        title="Proposer une ressource",
        action=f"{here.url}/ressources/nouvelle",
        cancel=here.url,
        to_site=f"{here.url}/sites/nouveau",
        owner=here.member,
        **await _choices(here, here.member.id),
    )


async def _choices(here: GroupPage, member_id: int) -> dict[str, Any]:
    sites = [(str(site.id), site.name) for site in await sites_in_use(here.session, member_id)]
    return {
        "sites": sites,
        "kinds": KIND_CHOICES,
        "days": DAY_CHOICES,
        "longest_title": LONGEST_TITLE,
        "longest_conditions": LONGEST_CONDITIONS,
    }


@post(NEW, right=may_offer)
async def do_offering(here: Here[MemberPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _offering_page(here, form)):
        found = await offer_resource(here.session, here.caller, here.member, command, here.now)
    return here.to_group(f"{RESOURCES}/{found.resource.id}", done="La ressource est proposée aux autres membres.")


def _read(form: Form) -> ResourceIn:
    price = form.decimal("price", largest=LARGEST_PRICE // 100) if form.value("price").strip() else 0
    days = [int(day) for day in form.all("days") if day in dict(DAY_CHOICES)]
    if not days:
        form.refuse("days", "Cochez au moins un jour de la semaine.")
    site = form.value("site_id")
    if not site.isascii() or not site.isdigit() or len(site) > 18:  # noqa: PLR2004 - digits of an id
        form.refuse("site_id", "Choisissez un site.")
    return form.command(
        ResourceIn,
        {},
        site_id=int(site) if "site_id" not in form.errors else 0,
        kind=form.choice("kind", list(ResourceKind)),
        title=form.text("title", required="Donnez un nom, par exemple\u00a0: Bureaux du premier étage."),
        quantity=form.integer("quantity", smallest=1, largest=MOST_UNITS),
        days=mask_of(days),
        price_cents=int(price * 100),
        conditions=form.lines("conditions", longest=LONGEST_CONDITIONS),
        from_day=form.date("from_day") or FIRST_DAY,
        until_day=form.date("until_day") if form.value("until_day").strip() else None,
    )


@dataclass(frozen=True)
class DayShown:
    """A day of the week that is shown."""

    day: date
    offered: int
    """Units; 0: it is not offered on this day."""
    lent: int

    @property
    def free(self) -> int:
        return max(self.offered - self.lent, 0)


async def _week(here: ResourcePage, monday: date) -> Sequence[DayShown]:
    days = week_from(monday)
    lent = await units_lent(here.session, here.resource.id, days[0], days[-1])
    span, offered = span_of(here.resource), here.resource.state == ResourceState.OFFERED
    return [DayShown(day, here.resource.quantity if offered and day in span else 0, lent.get(day, 0)) for day in days]


def _monday_asked(typed: str, today: date) -> date:
    """Of the week that an address names; of this one where it names none."""
    try:
        day = date.fromisoformat(typed[:_LONGEST_DAY])
    except ValueError:
        day = today
    if not FIRST_DAY + timedelta(days=WEEK) <= day <= LAST_DAY - timedelta(days=2 * WEEK):
        day = today
    return monday_of(day)


@get(RESOURCE, right=Right.SEE_GROUP)
async def show_resource(here: Here[ResourcePage], semaine: FromQuery[str] = "") -> Response[str]:
    resource = here.resource
    monday = _monday_asked(semaine, here.today)
    keeps = may_keep(here.caller, resource)
    offered = resource.state == ResourceState.OFFERED
    members = None if keeps else here.caller.members_as(Role.REFERENT)
    lendings = await lendings_listed(here.session, members, Slice(size=_LENDINGS_SHOWN), resource_id=resource.id)
    return here.render(
        "resources/resource.html",
        resource=resource,
        owner=here.owner,
        site=here.site,
        span=span_of(resource),
        state=(MACHINE.tag(resource.state), MACHINE.word(resource.state)),
        offered=offered,
        over=resource.until_day is not None and resource.until_day < here.today,
        keeps=keeps and offered,
        asks=offered and may_ask(here.caller, resource),
        week=await _week(here, monday),
        monday=monday,
        before_url=with_query(here.url, {"semaine": (monday - timedelta(days=WEEK)).isoformat()}),
        after_url=with_query(here.url, {"semaine": (monday + timedelta(days=WEEK)).isoformat()}),
        lendings=lendings.items,
        more_lendings=lendings.next is not None,
        lendings_url=here.base + LENDINGS,
        **WORDS,
    )


_LENDINGS_SHOWN = 20


@get(f"{RESOURCE}/fiche", right=may_keep)
async def ask_changing(here: Here[ResourcePage]) -> Response[str]:
    if here.resource.state != ResourceState.OFFERED:
        raise ResourceWithdrawn
    known = content_of(here.resource)
    cents = here.resource.price_cents
    price = f"{cents // 100},{cents % 100:02d}" if cents else ""
    form = form_of({**{name: known[name] for name in _FIELDS}, "price": price})
    form.lists["days"] = [str(day) for day in days_in(here.resource.days)]
    form.values["seen"] = version_of_resource(here.resource)
    return await _changing_page(here, form)


async def _changing_page(here: ResourcePage, form: Form) -> Response[str]:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    found = await find_resource(here.session, here.resource.id)
    if form.conflict:
        form.values["seen"] = version_of_resource(found.resource)
    choices = await _choices(here, here.owner.id)
    if str(found.site.id) not in dict(choices["sites"]):
        choices["sites"].append((str(found.site.id), f"{found.site.name} (archivé)"))
    return here.render(
        "resources/form.html",
        "Modifier",
        form=form,
        title=f"Modifier « {found.resource.title} »",
        action=f"{here.url}/fiche",
        cancel=here.url,
        to_site="",
        owner=here.owner,
        **choices,
    )


@post(f"{RESOURCE}/fiche", right=may_keep)
async def do_changing(here: Here[ResourcePage], form: PostedForm) -> Response[Any]:
    command, seen = _read(form), form.value("seen")
    async with form.submitted(lambda: _changing_page(here, form), conflict=""):
        await change_resource(here.session, here.caller, here.resource.id, command, here.now, here.today, seen=seen)
    return here.redirect(done="La ressource est modifiée.")


@get(f"{RESOURCE}/retrait", right=may_keep)
async def ask_withdrawing(here: Here[ResourcePage]) -> Response[str]:
    if here.resource.state != ResourceState.OFFERED:
        raise ResourceWithdrawn
    return await _withdrawing_page(here, Form())


async def _withdrawing_page(here: ResourcePage, form: Form) -> Response[str]:
    return here.ask(
        "Retirer",
        template="resources/reason.html",
        form=form,
        question=f"Ne plus proposer « {here.resource.title} » ?",
        consequences=[
            "Les autres membres ne la trouvent plus et ne peuvent plus la demander.",
            "Les demandes sans réponse sont refusées, avec la raison que vous donnez.",
            "Ce qui est accordé le reste : interrompez un accord sur sa page.",
        ],
        reason_hint=f"Lue par ceux qui attendent une réponse {of_name(here.owner.name)}.",
        action="/retrait",
        label="Ne plus la proposer",
    )


@post(f"{RESOURCE}/retrait", right=may_keep)
async def do_withdrawing(here: Here[ResourcePage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _withdrawing_page(here, form)):
        await withdraw_resource(here.session, here.caller, here.resource.id, reason, here.now)
    return here.redirect(done=f"La ressource n’est plus proposée depuis le {date_long(here.today)}.")


ROUTES = [
    list_resources,
    ask_offering,
    do_offering,
    show_resource,
    ask_changing,
    do_changing,
    ask_withdrawing,
    do_withdrawing,
]
