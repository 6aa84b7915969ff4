"""The pages of subsidies: all files, and one with its documents."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.actions.queries import actions_offered
from pooling.grants.keeping import (
    MOST_FILES,
    ROOM,
    attach_to_grant,
    change_grant,
    content_of,
    detach_from_grant,
    files_of_grant,
    open_grant,
)
from pooling.grants.page import FINANCES, GRANTS, ONE, TITLE, GrantPage, own_members
from pooling.grants.permissions import GrantRight, keeps_for, may_keep_grant, may_see_grant
from pooling.grants.queries import gaps_of, grants_listed, subsidies_offered
from pooling.grants.rules import DEADLINES, TAGS, WORDS, Deadline, GrantState, state_of
from pooling.grants.schemas import DAYS, MOST_PAYMENTS, GrantIn, PaymentIn
from pooling.kernel.attached import FIELD
from pooling.kernel.clock import FIRST_DAY
from pooling.kernel.slices import Slice
from pooling.kernel.versions import version_of
from pooling.members.group_page import GroupPage, Here
from pooling.members.models import Member
from pooling.members.page_parts import member_suggestions
from pooling.purchases.queries import purchases_offered
from pooling.web.attaching import SENDING, added, files_part, handed_out
from pooling.web.cursors import pages_after, with_query
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.web.numbers import read_cents, read_optional_cents, typed_cents
from pooling.web.typography import date_short, euros

_FIELDS = {"asked_cents": "asked", "granted_cents": "granted", "payments": "paid-1"}
_LONGEST = {name: longest_of(GrantIn, name) for name in ("title", "funder", "program", "member", "decision", "note")}
_EMPTY_ROWS = 2


@get(GRANTS, right=GrantRight.KEEP_GRANTS)
async def list_grants(here: Here[GroupPage], etat: FromQuery[str] = "", apres: FromQuery[str] = "") -> Response[str]:
    """All files for the facilitator; for finance officers those of their members, and the group's own."""
    state, base = GrantState(etat) if etat in set(GrantState) else None, here.base + GRANTS
    listed = await grants_listed(here.session, Slice(apres), own_members(here.caller), state)
    kept = {"etat": str(state or "")}
    return here.render(
        "grants/list.html",
        ("Finances", FINANCES),
        TITLE,
        tabs=here.sections(FINANCES),
        grants=listed.items,
        words=WORDS,
        tags=TAGS,
        views=[
            {"label": word, "url": with_query(base, {"etat": str(one or "")}), "current": one is state}
            for one, word in [(None, "Toutes"), *WORDS.items()]
        ],
        base=base,
        **pages_after(base, apres, listed, kept),
    )


@get(f"{GRANTS}/nouveau", right=GrantRight.KEEP_GRANTS)
async def ask_grant(here: Here[GroupPage], achat: FromQuery[str] = "", action: FromQuery[str] = "") -> Response[str]:
    """With `achat` or `action`, about that one."""
    return await _new_page(here, form_of({"asked_on": here.today, "purchase": achat[:40], "action": action[:40]}))


async def _new_page(here: GroupPage, form: Form) -> Response[str]:
    return here.render(
        "grants/form.html",
        ("Finances", FINANCES),
        (TITLE, GRANTS),
        "Nouveau dossier",
        heading="Ouvrir un dossier de subvention",
        target=f"{here.base}{GRANTS}/nouveau",
        back=here.base + GRANTS,
        **await _fields(here, form),
    )


async def _fields(here: GroupPage, form: Form) -> dict[str, Any]:
    filled = [place for place in range(1, MOST_PAYMENTS + 1) if form.value(f"paid-{place}")]
    return {
        "form": form,
        "actions": await actions_offered(here.session, form.value("action")),
        "purchases": await purchases_offered(here.session, form.value("purchase")),
        "subsidies": await subsidies_offered(here.session, form.value("purchase")),
        "suggestions": await member_suggestions(here.session),
        "group_too": keeps_for(here.caller, None),
        "rows": range(1, min(max(filled, default=0) + _EMPTY_ROWS, MOST_PAYMENTS) + 1),
        "longest": _LONGEST,
    }


@post(f"{GRANTS}/nouveau", right=GrantRight.KEEP_GRANTS)
async def do_open_grant(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _new_page(here, form), fields=_FIELDS):
        _for_a_member(here, form, command)
        grant = await open_grant(here.session, here.caller, command, here.now)
    return here.redirect(f"{GRANTS}/{grant.id}", done="Le dossier est ouvert.")


def _for_a_member(here: GroupPage, form: Form, command: GrantIn) -> None:
    if not command.member and not keeps_for(here.caller, None):
        form.refuse("member", "Indiquez le membre qui demande.")
    form.check()


def _read(form: Form) -> GrantIn:
    return form.command(
        GrantIn,
        _FIELDS,
        title=form.text("title", required="Donnez un nom à cette subvention.", longest=_LONGEST["title"]),
        funder=form.text("funder", required="Indiquez le financeur.", longest=_LONGEST["funder"]),
        program=form.text("program", longest=_LONGEST["program"]),
        member=form.text("member", longest=_LONGEST["member"]),
        purchase=form.text("purchase", longest=40),
        action=form.text("action", longest=40),
        subsidy=form.text("subsidy", longest=120),
        asked_on=form.date("asked_on") or FIRST_DAY,
        asked_cents=read_cents(form, "asked"),
        granted_cents=read_optional_cents(form, "granted"),
        decision=form.text("decision", longest=_LONGEST["decision"]),
        note=form.lines("note", longest=_LONGEST["note"]),
        payments=tuple(_read_payments(form)),
        **{name: form.date(name) if form.value(name).strip() else None for name in DAYS},
    )


def _read_payments(form: Form) -> list[PaymentIn]:
    found = []
    for place in range(1, MOST_PAYMENTS + 1):
        day, amount = f"paid-on-{place}", f"paid-{place}"
        if not form.value(day).strip() and not form.value(amount).strip():
            continue
        paid_on, cents = form.date(day), read_cents(form, amount)
        if paid_on is not None and cents > 0:
            found.append(PaymentIn(paid_on=paid_on, cents=cents))
        elif paid_on is not None:
            form.refuse(amount, "Indiquez un montant de plus de 0 €.")
    return found


@get(ONE, right=may_see_grant)
async def show_grant(here: Here[GrantPage]) -> Response[str]:
    return await _page(here, Form())


async def _page(here: GrantPage, form: Form) -> Response[str]:
    grant, content = here.grant, await content_of(here.session, here.grant)
    files, paid = await files_of_grant(grant.id).listed(here.session), sum(one.cents for one in content.payments)
    state, keeps = state_of(grant.refused_on, grant.granted_cents, paid), may_keep_grant(here.caller, grant)
    return here.render(
        "grants/grant.html",
        form=form,
        grant=grant,
        content=content,
        member=await _member_name(here),
        state=(TAGS[state], WORDS[state]),
        amounts=[
            ("Demandé", euros(grant.asked_cents), date_short(grant.asked_on)),
            *([("Accordé", euros(grant.granted_cents or 0), date_short(grant.granted_on))] if grant.granted_on else []),
            *(("Versé", euros(one.cents), date_short(one.paid_on)) for one in content.payments),
            *([("Reste à recevoir", euros(grant.granted_cents - paid), "")] if grant.granted_cents else []),
        ],
        bars=_bars(grant.asked_cents, grant.granted_cents, paid),
        deadlines=_deadlines(here, state),
        gaps=await gaps_of(here.session, grant_id=grant.id) if grant.subsidy else [],
        keeps=keeps,
        kept=files_part(here.request, files, MOST_FILES, ROOM.hint, changes=keeps),
    )


async def _member_name(here: GrantPage) -> str:
    if here.grant.member_id is None:
        return "Le groupe"
    return (await here.session.get_one(Member, (here.group.id, here.grant.member_id))).name


def _bars(asked: int, granted: int | None, paid: int) -> list[dict[str, Any]]:
    rows = [("Demandé", asked), *([("Accordé", granted)] if granted is not None else []), ("Versé", paid)]
    return [{"label": label, "value": cents, "text": euros(cents), "detail": ""} for label, cents in rows]


def _deadlines(here: GrantPage, state: GrantState) -> Sequence[tuple[str, str, bool]]:
    """What is awaited until when, and whether that has gone by."""
    grant = here.grant
    asked, granted = state is GrantState.ASKED, state in {GrantState.GRANTED, GrantState.PARTLY_PAID}
    justifies = grant.granted_on is not None and grant.justified_on is None
    days: dict[Deadline, tuple[date | None, bool]] = {
        Deadline.ANSWER: (grant.answer_by, asked),
        Deadline.JUSTIFY: (grant.justify_by, justifies),
        Deadline.PAY: (grant.pay_by, granted),
    }
    return [
        (DEADLINES[which].capitalize(), date_short(day), day < here.today)
        for which, (day, awaited) in days.items()
        if awaited and day is not None
    ]


@get(f"{ONE}/fiche", right=may_keep_grant)
async def ask_grant_sheet(here: Here[GrantPage]) -> Response[str]:
    content = await content_of(here.session, here.grant)
    written = content.model_dump(mode="json")
    values = {name: value for name, value in written.items() if value is not None and name != "payments"}
    values |= {"asked": typed_cents(content.asked_cents), "version": version_of(written)}
    if content.granted_cents is not None:
        values["granted"] = typed_cents(content.granted_cents)
    for place, one in enumerate(content.payments, start=1):
        values |= {f"paid-on-{place}": one.paid_on.isoformat(), f"paid-{place}": typed_cents(one.cents)}
    return await _sheet_page(here, form_of(values))


async def _sheet_page(here: GrantPage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.grant)
    if form.conflict:
        form.values["version"] = version_of((await content_of(here.session, here.grant)).model_dump(mode="json"))
    return here.render(
        "grants/form.html",
        "Mettre à jour",
        heading=f"Mettre à jour « {here.grant.title} »",
        target=f"{here.url}/fiche",
        back=here.url,
        **await _fields(here, form),
    )


@post(f"{ONE}/fiche", right=may_keep_grant)
async def do_grant_sheet(here: Here[GrantPage], form: PostedForm) -> Response[Any]:
    command, shown = _read(form), form.value("version")
    async with form.submitted(lambda: _sheet_page(here, form), fields=_FIELDS, conflict=""):
        _for_a_member(here, form, command)
        await change_grant(here.session, here.caller, here.grant.id, command, here.now, shown=shown)
    return here.redirect(done="Le dossier est à jour.")


@post(f"{ONE}/pieces", right=may_keep_grant, **SENDING)
async def do_attach_to_grant(here: Here[GrantPage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _page(here, form)):
        await attach_to_grant(here.session, here.caller, here.grant.id, sent, here.now)
    return here.redirect(done=added("document", len(sent)))


@get(f"{ONE}/pieces/{{grant_file_id:int}}", right=may_see_grant)
async def download_grant_file(here: Here[GrantPage], grant_file_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await files_of_grant(here.grant.id).read(here.session, grant_file_id))


@post(f"{ONE}/pieces/{{grant_file_id:int}}/retrait", right=may_keep_grant)
async def do_detach_from_grant(here: Here[GrantPage], grant_file_id: FromPath[int]) -> Response[Any]:
    await detach_from_grant(here.session, here.caller, here.grant.id, grant_file_id, here.now)
    return here.redirect(done="Le document est retiré.")


ROUTES = [
    list_grants,
    ask_grant,
    do_open_grant,
    show_grant,
    ask_grant_sheet,
    do_grant_sheet,
    do_attach_to_grant,
    download_grant_file,
    do_detach_from_grant,
]
