"""The facilitator's pages of reminders: what leaves, what left, to whom, with what words; sending before the time."""

from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.mailroom.occasions import TABS, OccasionShown, OccasionState, occasion_of, occasions_page
from pooling.mailroom.queries import MailShown, file_names, find_reminder, has_failed, mail_of, people_of_occasion
from pooling.mailroom.sending_now import kind_named, preview_mail, send_occasion
from pooling.mailroom.words import EXPLAINED, STATES, offset_word
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.page_parts import context_of, section_links
from pooling.members.rights import Caller, Right
from pooling.outbox.failures import failure_words, is_hopeless
from pooling.outbox.mail import render_text, subject_line
from pooling.reminders.kinds import Kind
from pooling.web.cursors import pages_after, unpack_key
from pooling.web.forms import PostedForm, form_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import date_time_long, plural

SECTION = "/relances"
FAILED = f"{SECTION}/echecs"
SETTINGS = f"{SECTION}/reglages"


def crumbs(base: str, *entries: tuple[str, str | None]) -> list[Link]:
    above: list[tuple[str, str | None]] = [("Comités", "/comites"), ("Relances", SECTION)]
    if not entries:
        above[-1] = ("Relances", None)
    return [
        Link("À faire", base),
        *(Link(label, base + path if path else None) for label, path in (*above, *entries)),
    ]


def shared(request: Request[Any, Any, Any], caller: Caller, group: EnteredGroup, here: str) -> dict[str, Any]:
    """What every list of this section shows: the section's tabs, and its own pages."""
    base = f"/g/{group.slug}"
    pages = [
        *((label, f"{SECTION}?etat={tab}", here == tab) for tab, (label, _) in TABS.items()),
        ("En échec", FAILED, here == FAILED),
        ("Réglages", SETTINGS, here == SETTINGS),
    ]
    return {
        "tabs": section_links(features_of(request).sections("/comites"), caller, group, SECTION),
        "pages": [Link(label, base + path, current) for label, path, current in pages],
        "base": base,
        "zone": ZoneInfo(group.timezone),
    }


@get(SECTION, right=Right.MANAGE_REMINDERS)
async def list_occasions(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    etat: FromQuery[str] = "a-venir",
    sorte: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    kinds = features_of(request).kinds
    tab = etat if etat in TABS else "a-venir"
    kind = sorte if kind_named(kinds, sorte) else ""
    occasions, next_key = await occasions_page(session, kinds, tab, kind=kind, after=unpack_key(apres))
    base = f"/g/{entered_group.slug}"
    here = {"etat": tab, "sorte": kind}
    return render(
        request,
        "mailroom/reminders.html",
        breadcrumb=crumbs(base),
        form=form_of(here),
        tab=tab,
        occasions=occasions,
        kinds=[(each.name, each.label) for each in kinds],
        failed=tab == "parties" and await has_failed(session),
        offset_word=offset_word,
        shown=OccasionState,
        url=base + SECTION,
        **pages_after(base + SECTION, apres, next_key, here),
        **shared(request, caller, entered_group, tab),
    )


@get(SECTION + "/{reminder_id:int}", right=Right.MANAGE_REMINDERS)
async def show_occasion(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reminder_id: FromPath[int],
    etat: FromQuery[str] = "",
    cherche: FromQuery[str] = "",
    apres: FromQuery[str] = "",
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    kinds = features_of(request).kinds
    occasion = await occasion_of(session, kinds, reminder_id)
    state = etat if etat in {str(each) for each in OccasionState} else ""
    here = {"etat": state, "cherche": cherche[:200]}
    people, next_key = await people_of_occasion(
        session, occasion, state=state, search=here["cherche"], after=unpack_key(apres)
    )
    base = f"/g/{entered_group.slug}"
    url = f"{base}{SECTION}/{reminder_id}"
    return render(
        request,
        "mailroom/occasion.html",
        breadcrumb=crumbs(base, (_title(occasion), None)),
        form=form_of(here),
        occasion=occasion,
        title=_title(occasion),
        people=people,
        states=STATES,
        explained=EXPLAINED,
        choices=[(str(each), STATES[each][1]) for each in OccasionState if occasion.counts.get(each)],
        may_send=_may_send(kind_named(kinds, occasion.kind), occasion),
        why=failure_words,
        url=url,
        filtered=bool(state or cherche),
        **pages_after(url, apres, next_key, here),
        **shared(request, caller, entered_group, ""),
    )


def _may_send(kind: Kind | None, occasion: OccasionShown) -> bool:
    """What a rule dates, such as a convocation, leaves by an act of its own."""
    return kind is not None and not kind.lawful and occasion.counts.get(OccasionState.PLANNED, 0) > 0


def _title(occasion: OccasionShown) -> str:
    return f"{occasion.label}, {offset_word(occasion.offset_days)}"


@get(SECTION + "/{reminder_id:int}/courriel", right=Right.MANAGE_REMINDERS)
async def show_mail(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reminder_id: FromPath[int],
) -> Response[str]:
    """What was written to one person, or what would be now."""
    caller.require(Right.MANAGE_REMINDERS)
    reminder = await find_reminder(session, reminder_id)
    occasion = await occasion_of(session, features_of(request).kinds, reminder_id)
    mail = (
        await _previewed(request, session, entered_group, reminder_id)
        if reminder.state is OccasionState.PLANNED
        else await mail_of(session, reminder.message_id)
        if reminder.message_id is not None
        else None
    )
    base = f"/g/{entered_group.slug}"
    return render(
        request,
        "mailroom/reminder_mail.html",
        breadcrumb=crumbs(base, (_title(occasion), f"{SECTION}/{reminder_id}"), (reminder.name, None)),
        reminder=reminder,
        mail=mail,
        tag=STATES[reminder.state],
        explained=EXPLAINED.get(reminder.state, ""),
        reason=failure_words(reminder.error) if reminder.error and reminder.state is OccasionState.FAILED else "",
        hopeless=is_hopeless(reminder.error or ""),
        planned=reminder.state is OccasionState.PLANNED,
        retry_url=f"{base}{FAILED}/{reminder.message_id}/nouvel-envoi",
        **shared(request, caller, entered_group, ""),
    )


async def _previewed(
    request: Request[Any, Any, Any], session: AsyncSession, group: EnteredGroup, reminder_id: int
) -> MailShown | None:
    kinds = features_of(request).kinds
    mail = await preview_mail(session, kinds, reminder_id, context_of(request, group))
    if mail is None:
        return None
    return MailShown(mail.recipient, subject_line(mail), render_text(mail), await file_names(session, mail))


@get(SECTION + "/{reminder_id:int}/envoi", right=Right.MANAGE_REMINDERS)
async def ask_sending(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reminder_id: FromPath[int],
) -> Response[str]:
    caller.require(Right.MANAGE_REMINDERS)
    kinds = features_of(request).kinds
    occasion = await occasion_of(session, kinds, reminder_id)
    may_send = _may_send(kind_named(kinds, occasion.kind), occasion)
    planned = occasion.counts.get(OccasionState.PLANNED, 0) if may_send else 0
    base = f"/g/{entered_group.slug}"
    url = f"{base}{SECTION}/{reminder_id}"
    due = date_time_long(occasion.due_at, ZoneInfo(entered_group.timezone))
    about = f" à propos de « {occasion.subject.label} »" if occasion.subject else ""
    consequences = [
        f"{plural(planned, 'personne reçoit', 'personnes reçoivent')} ce courriel tout de suite{about}.",
        f"Il devait partir {due} : il ne partira pas une seconde fois.",
    ]
    return render(
        request,
        "confirm_page.html",
        breadcrumb=crumbs(base, (_title(occasion), f"{SECTION}/{reminder_id}"), ("Envoyer maintenant", None)),
        question="Envoyer ces relances maintenant ?" if planned else "Il n’y a plus rien à envoyer",
        consequences=consequences if planned else ["Tout est déjà parti, ou n’a plus lieu d’être."],
        action_url=f"{url}/envoi",
        action_label="Envoyer maintenant",
        cancel_url=url,
    )


@post(SECTION + "/{reminder_id:int}/envoi", right=Right.MANAGE_REMINDERS)
async def do_sending(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reminder_id: FromPath[int],
    form: PostedForm,  # noqa: ARG001 - for its token
) -> Response[Any]:
    caller.require(Right.MANAGE_REMINDERS)
    services = services_of(request)
    occasion = await occasion_of(session, features_of(request).kinds, reminder_id)
    context = context_of(request, entered_group)
    count, written = await send_occasion(session, caller, features_of(request).kinds, occasion, context)
    done = "Les relances ne sont plus attendues à leur date" if count else "Il n’y avait plus rien à envoyer."
    mailed = plural(count, "part maintenant", "partent maintenant") if count else ""
    answer = redirect(request, f"/g/{entered_group.slug}{SECTION}/{reminder_id}", done=done, mailed=mailed)
    # Once the answer has left, the rows are committed: a bell that rang earlier would wake who finds nothing.
    answer.background = BackgroundTask(services.bell.ring, "deliver" if written == count else "sweep")
    return answer


ROUTES = [list_occasions, show_occasion, show_mail, ask_sending, do_sending]
