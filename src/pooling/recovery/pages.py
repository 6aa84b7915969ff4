"""What remains to recover of a purchase, member by member; noting titres and payments."""

from collections.abc import Sequence
from tempfile import NamedTemporaryFile
from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.allocation.permissions import may_see_every_share, may_see_share
from pooling.allocation.records.long_files import offer_of
from pooling.kernel.apart import apart
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Slice
from pooling.kernel.tables import id_typed
from pooling.kernel.text import whole_number
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.size import count_participants, has_many
from pooling.recovery.export import KIND, recovery_facts, recovery_name
from pooling.recovery.keeping import EntryIn, note_entry, withdraw_entry
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.recovery.page import RECOVERY, SECTION, TITLE, DebtorPage, RecoveryPage
from pooling.recovery.permissions import may_recover
from pooling.recovery.reading import Account, accounts_listed, accounts_of, entries_of, total_of, version_of
from pooling.recovery.rules import WORDS, Standing
from pooling.recovery.words import KINDS
from pooling.recovery.workbook import FILE_NAMES, write_accounts
from pooling.recovery.workbook import KINDS as BOOKS
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after
from pooling.web.downloads import streamed
from pooling.web.forms import Form, PostedForm
from pooling.web.numbers import read_cents
from pooling.web.typography import date_short, euros, euros_or_dash

_FIELDS = {name: name for name in EntryIn.model_fields}


@get(RECOVERY, right=Right.SEE_TOTALS)
async def show_recovery(here: Here[RecoveryPage], apres: FromQuery[str] = "") -> Response[str]:
    """Everybody's accounts and their totals; to people of a member, its own."""
    listed = await accounts_listed(here.session, here.purchase.id, here.today, Slice(apres), here.own)
    url = here.url + SECTION
    long = here.sees_all and await _is_long(here)
    total = await total_of(here.session, here.purchase.id, here.today) if here.sees_all else None
    return here.render(
        "recovery/recovery.html",
        TITLE,
        accounts=[
            (
                one.debtor_name,
                f"{url}/{one.debtor}" if here.own is None or one.debtor in here.own else None,
                (one.creditor_name, *_figures(here, one), WORDS[one.standing.state(here.smallest)]),
            )
            for one in listed.items
        ],
        total=total and _total(total),
        remaining=euros(total.remaining) if total and total.remaining > 0 else "",
        smallest=euros(here.smallest) if here.smallest else "",
        files=[{"label": kind.upper(), "url": f"{url}/{name}"} for kind, name in FILE_NAMES.items()]
        if here.sees_all and not long
        else [],
        offer=offer_of(here, KIND, {}, tuple(FILE_NAMES)) if long else None,
        **pages_after(url, apres, listed),
    )


async def _is_long(here: RecoveryPage) -> bool:
    """Whether its file is too long to be written while somebody waits: a row for each member, or almost."""
    most: int = here.services.settings.direct_workbook_rows
    return await count_participants(here.session, here.purchase.id, most + 1) > most


def _figures(here: RecoveryPage, account: Account) -> Sequence[str]:
    standing = account.standing
    sums = (standing.owed, standing.issued, standing.to_issue(here.smallest), standing.paid, standing.remaining)
    return [euros_or_dash(cents) for cents in sums]


def _total(total: Standing) -> Sequence[str]:
    owed, issued, paid, remaining = map(euros_or_dash, (total.owed, total.issued, total.paid, total.remaining))
    return ["", owed, issued, "", paid, remaining, ""]


@get([f"{RECOVERY}/{name}" for name in FILE_NAMES.values()], right=may_see_every_share)
async def download_recovery(here: Here[RecoveryPage]) -> Response[Any]:
    """Of many members it is written in a process apart."""
    kind = path_of(here.request).rpartition(".")[2]
    if await _is_long(here):
        return here.redirect(SECTION)
    facts = recovery_facts(here.purchase, here.group, here.now)
    notice = FICTIONAL if here.group.fictional else None
    file = NamedTemporaryFile(prefix="pooling-")  # noqa: SIM115 - it is gone once it is sent
    given = (file.name, here.purchase.id, here.today, here.smallest, facts, notice, kind)
    try:
        if await has_many(here.session, here.purchase.id):
            await apart(here.session, write_accounts, *given)
        else:
            await write_accounts(here.session, *given)
    except BaseException:
        file.close()
        raise
    return streamed(file, recovery_name(here.purchase, kind), BOOKS[kind])


@get(f"{RECOVERY}/{{member:str}}", right=may_see_share)
async def show_debtor(here: Here[DebtorPage]) -> Response[str]:
    """What one member owes, to whom, and all that was noted of it."""
    return await _debtor_page(here, Form(values={"dated_on": here.today.isoformat(), "kind": EntryKind.TITRE}))


async def _debtor_page(here: DebtorPage, form: Form) -> Response[str]:
    accounts = await accounts_of(here.session, here.purchase.id, here.today, here.debtor_id)
    entries = await entries_of(here.session, here.purchase.id, here.debtor_id)
    if not accounts and not entries:
        raise NotFound
    names = {one.creditor_id: one.creditor_name for one in accounts}
    return here.render(
        "recovery/debtor.html",
        here.debtor_name,
        form=form,
        path=here.url + here.path,
        accounts=[
            (one.creditor_name, *_figures(here, one), WORDS[one.standing.state(here.smallest)]) for one in accounts
        ],
        entries=[_shown(here, entry, names) for entry in entries],
        creditors=[(str(id_), name) for id_, name in names.items() if id_ in here.recovers],
        kinds=list(KINDS.items()),
        version=form.value("seen") or version_of(entries),
    )


def _shown(here: DebtorPage, entry: RecoveryEntry, names: dict[int, str]) -> dict[str, Any]:
    said = KINDS[entry.kind] + (f" {entry.number}" if entry.number else "")
    return {
        "id": entry.id,
        "said": said,
        "on": date_short(entry.dated_on),
        "creditor": names.get(entry.creditor_id, ""),
        "due_on": date_short(entry.due_on) if entry.due_on else "",
        "amount": euros(entry.cents) if entry.cents else "",
        "withdrawn": entry.withdrawn_because,
        "may_withdraw": entry.withdrawn_at is None and entry.creditor_id in here.recovers,
    }


@post(f"{RECOVERY}/{{member:str}}/ecritures", right=may_recover)
async def do_note(here: Here[DebtorPage], form: PostedForm) -> Response[Any]:
    kind = form.choice("kind", list(EntryKind))
    creditor_id, seen = id_typed(form.value("creditor")), whole_number(form.value("seen"), 6)
    if creditor_id is None:
        form.refuse("creditor", "Choisissez le créancier.")
    dated_on = form.date("dated_on")
    due_on = form.date("due_on") if form.value("due_on").strip() else None
    cents = read_cents(form, "cents") if form.value("cents").strip() else 0
    number = form.text("number", longest=40)
    async with form.submitted(lambda: _debtor_page(here, form), conflict=""):
        assert creditor_id is not None, "it was refused"
        command = form.command(
            EntryIn, _FIELDS, kind=kind, dated_on=dated_on, number=number, due_on=due_on, cents=cents
        )
        form.check()
        whose = (here.session, here.caller, here.purchase.id, here.debtor_id, creditor_id)
        seen = -1 if seen is None else seen
        await note_entry(*whose, command, here.now, here.today, seen=seen, smallest=here.smallest)
    return here.redirect(here.path, done="C’est noté.")


@post(f"{RECOVERY}/{{member:str}}/retrait", right=may_recover)
async def do_withdraw(here: Here[DebtorPage], form: PostedForm) -> Response[Any]:
    entry_id = id_typed(form.value("entry"))
    reason = form.reason(required="Dites pourquoi : la raison reste à côté de ce qui est retiré.")
    if entry_id is None:
        form.refuse("entry", "Choisissez ce qui est à retirer.")
    async with form.submitted(lambda: _debtor_page(here, form), conflict=""):
        assert entry_id is not None, "it was refused"
        whose = (here.session, here.caller, here.purchase.id, here.debtor_id, entry_id)
        await withdraw_entry(*whose, here.now, reason=reason)
    return here.redirect(here.path, done="C’est retiré : cela ne compte plus.")


ROUTES = [show_recovery, download_recovery, show_debtor, do_note, do_withdraw]
