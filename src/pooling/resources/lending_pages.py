"""The pages of what is asked and agreed: asking, answering, ending, noting what was used."""

from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.kernel.clock import FIRST_DAY
from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Role
from pooling.resources.finding import find_lending, span_lent, span_of
from pooling.resources.lending import (
    Uses,
    agree,
    ask_for,
    end,
    most_used,
    note_use,
    refuse,
    take_back,
    uses_of,
    version_of_uses,
)
from pooling.resources.models import LENDING as MACHINE
from pooling.resources.models import LendingState, ResourceState
from pooling.resources.offering import ResourceWithdrawn
from pooling.resources.page import LENDING, LENDINGS, RESOURCE, RESOURCES, LendingPage, ResourcePage
from pooling.resources.pages import DAY_CHOICES, WORDS, own_members
from pooling.resources.permissions import ResourceRight, may_ask, may_follow, may_keep, may_take_back
from pooling.resources.queries import lendings_listed
from pooling.resources.rules import Span, days_in, mask_of
from pooling.resources.schemas import LONGEST_PURPOSE, MOST_UNITS, AskIn
from pooling.resources.words import month_words, state_words, units_words
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of
from pooling.web.typography import euros, of_name

STATES = tuple(LendingState)


@get(f"{RESOURCE}/demande", right=may_ask)
async def ask_asking(here: Here[ResourcePage], jour: FromQuery[str] = "") -> Response[str]:
    """With `jour`, for that day."""
    if here.resource.state != ResourceState.OFFERED:
        raise ResourceWithdrawn
    form = form_of({"units": 1, "first_day": jour[:10], "last_day": jour[:10]})
    form.lists["days"] = [str(day) for day in days_in(here.resource.days)]
    return await _asking_page(here, form)


async def _asking_page(here: ResourcePage, form: Form) -> Response[str]:
    members = await own_members(here, without=here.owner.id)
    form.values.setdefault("member", members[0].code if len(members) == 1 else "")
    offered = set(days_in(here.resource.days))
    return here.render(
        "resources/ask.html",
        "Demander",
        form=form,
        resource=here.resource,
        owner=here.owner,
        span=span_of(here.resource),
        members=[(member.code, member.name) for member in members],
        days=[(value, label) for value, label in DAY_CHOICES if int(value) in offered],
        longest_purpose=LONGEST_PURPOSE,
        **WORDS,
    )


@post(f"{RESOURCE}/demande", right=may_ask)
async def do_asking(here: Here[ResourcePage], form: PostedForm) -> Response[Any]:
    members = {member.code: member.id for member in await own_members(here, without=here.owner.id)}
    if len(members) == 1:
        form.values["member"] = next(iter(members))
    member = form.choice("member", list(members))
    command = _asked(form)
    async with form.submitted(lambda: _asking_page(here, form), conflict=""):
        found = await ask_for(
            here.session, here.caller, here.resource.id, members[member], command, here.now, here.today
        )
    done = f"La demande est envoyée : {here.owner.name} y répondra, un courriel vous le dira."
    return here.to_group(f"{LENDINGS}/{found.lending.id}", done=done)


def _asked(form: Form) -> AskIn:
    days = [int(day) for day in form.all("days") if day in dict(DAY_CHOICES)]
    first = form.date("first_day")
    last = form.date("last_day") if form.value("last_day").strip() else first
    # Of one day, boxes say nothing.
    single = first is not None and first == last
    return form.command(
        AskIn,
        {},
        units=form.integer("units", smallest=1, largest=MOST_UNITS),
        first_day=first or FIRST_DAY,
        last_day=last or FIRST_DAY,
        days=mask_of([first.isoweekday()] if single and first else days),
        purpose=form.lines("purpose", required="Dites en quelques mots à quoi cela servira.", longest=LONGEST_PURPOSE),
    )


@get(LENDINGS, right=ResourceRight.FOLLOW_LENDINGS)
async def list_lendings(here: Here[GroupPage], etat: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    """What concerns the caller's members; the facilitator sees all."""
    base, state = here.base + LENDINGS, etat if etat in STATES else ""
    everybody = here.caller.has(Role.FACILITATOR)
    members = None if everybody else here.caller.members_as(Role.REFERENT)
    listed = await lendings_listed(here.session, members, Slice(apres), state=state)
    return here.render(
        "resources/lendings.html",
        ("Ressources", RESOURCES),
        "Demandes et accords",
        form=form_of({"etat": state}),
        lendings=listed.items,
        states=[(str(one), MACHINE.words[one]) for one in STATES],
        base=base,
        lendings_url=base,
        everybody=everybody,
        **WORDS,
        **pages_after(base, apres, listed, {"etat": state}),
    )


@get(LENDING, right=may_follow)
async def show_lending(here: Here[LendingPage]) -> Response[str]:
    return await _lending_page(here, Form())


async def _lending_page(here: LendingPage, form: Form) -> Response[str]:
    found = await find_lending(here.session, here.lending.id)
    lending, resource = found.lending, found.resource
    uses = await uses_of(here.session, lending)
    used = sum(uses.values())
    agreed = lending.state in {LendingState.AGREED, LendingState.ENDED}
    return here.render(
        "resources/lending.html",
        form=form,
        lending=lending,
        resource=resource,
        owner=found.owner,
        borrower=found.borrower,
        site=found.site,
        span=Span(lending.first_day, lending.last_day, lending.days),
        state=state_words(lending, here.today),
        answers=lending.state == LendingState.ASKED and may_keep(here.caller, resource),
        takes_back=lending.state == LendingState.ASKED and may_take_back(here.caller, lending),
        ends=lending.state == LendingState.AGREED and lending.last_day > here.today,
        notes=agreed and bool(most_used(lending, here.today)),
        agreed=agreed,
        uses=[(month_words(month), value) for month, value in uses.items()],
        used=used,
        cost=euros(used * lending.price_cents) if used and lending.price_cents else "",
        resource_url=f"{here.base}{RESOURCES}/{resource.id}",
        **WORDS,
    )


@post(f"{LENDING}/accord", right=may_keep)
async def do_agreeing(here: Here[LendingPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _lending_page(here, form), conflict=""):
        await agree(here.session, here.caller, here.lending.id, here.now)
    what = units_words(here.resource.kind, here.lending.units)
    return here.redirect(done=f"Accordé : {what} à {here.borrower.name}, qui en reçoit un courriel.")


@get(f"{LENDING}/refus", right=may_keep)
async def ask_refusing(here: Here[LendingPage]) -> Response[str]:
    MACHINE.require(here.lending.state, LendingState.REFUSED)
    return await _refusing_page(here, Form())


async def _refusing_page(here: LendingPage, form: Form) -> Response[str]:
    return here.ask(
        "Refuser",
        template="resources/reason.html",
        form=form,
        question=f"Refuser la demande {of_name(here.borrower.name)} ?",
        consequences=[f"{here.borrower.name} reçoit un courriel avec votre raison, et peut demander autre chose."],
        reason_hint=f"Lue par {here.borrower.name}.",
        action="/refus",
        label="Refuser",
    )


@post(f"{LENDING}/refus", right=may_keep)
async def do_refusing(here: Here[LendingPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()
    async with form.submitted(lambda: _refusing_page(here, form)):
        await refuse(here.session, here.caller, here.lending.id, reason, here.now)
    return here.redirect(done=f"La demande {of_name(here.borrower.name)} est refusée.")


@post(f"{LENDING}/retrait", right=may_take_back)
async def do_taking_back(here: Here[LendingPage], form: PostedForm) -> Response[Any]:
    async with form.submitted(lambda: _lending_page(here, form), conflict=""):
        await take_back(here.session, here.caller, here.lending.id, here.now)
    return here.redirect(done="La demande est retirée.")


@get(f"{LENDING}/fin", right=may_follow)
async def ask_ending(here: Here[LendingPage]) -> Response[str]:
    MACHINE.require(here.lending.state, LendingState.ENDED)
    return await _ending_page(here, form_of({"on": here.today}))


async def _ending_page(here: LendingPage, form: Form) -> Response[str]:
    return here.ask(
        "Interrompre",
        template="resources/ending.html",
        form=form,
        question="Interrompre cet accord ?",
        consequences=[
            "Les jours qui suivent sont libres pour d’autres membres.",
            f"{here.owner.name} et {here.borrower.name} reçoivent un courriel avec votre raison.",
            "Ce qui a servi peut encore être noté.",
        ],
        reason_hint="Lue par les deux membres.",
        action="/fin",
        label="Interrompre l’accord",
    )


@post(f"{LENDING}/fin", right=may_follow)
async def do_ending(here: Here[LendingPage], form: PostedForm) -> Response[Any]:
    on, reason = form.date("on"), form.reason()
    async with form.submitted(lambda: _ending_page(here, form)):
        assert on is not None, "a date that cannot be read is refused"
        await end(here.session, here.caller, here.lending.id, on, reason, here.now, here.today)
    return here.redirect(done="L’accord est interrompu.")


@get(f"{LENDING}/usage", right=may_follow)
async def ask_use(here: Here[LendingPage]) -> Response[str]:
    uses = await uses_of(here.session, here.lending)
    form = form_of({_field(month): used for month, used in uses.items()})
    form.values["seen"] = version_of_uses(uses)
    return await _use_page(here, form)


async def _use_page(here: LendingPage, form: Form) -> Response[str]:
    if form.conflict:
        form.values["seen"] = version_of_uses(await uses_of(here.session, here.lending))
    possible = most_used(here.lending, here.today)
    return here.render(
        "resources/use.html",
        "Noter l’usage",
        form=form,
        resource=here.resource,
        borrower=here.borrower,
        span=span_lent(here.lending),
        months=[(_field(month), month_words(month), most) for month, most in possible.items()],
        **WORDS,
    )


def _field(month: date) -> str:
    return f"used-{month:%Y-%m}"


@post(f"{LENDING}/usage", right=may_follow)
async def do_use(here: Here[LendingPage], form: PostedForm) -> Response[Any]:
    uses: dict[date, int | None] = {}
    for month, most in most_used(here.lending, here.today).items():
        name = _field(month)
        uses[month] = form.integer(name, largest=most) if form.value(name).strip() else None
    read: Uses = uses
    async with form.submitted(lambda: _use_page(here, form), conflict=""):
        await note_use(here.session, here.caller, here.lending.id, read, here.now, here.today, seen=form.value("seen"))
    return here.redirect(done="Ce qui a servi est noté.")


ROUTES = [
    ask_asking,
    do_asking,
    list_lendings,
    show_lending,
    do_agreeing,
    ask_refusing,
    do_refusing,
    do_taking_back,
    ask_ending,
    do_ending,
    ask_use,
    do_use,
]
